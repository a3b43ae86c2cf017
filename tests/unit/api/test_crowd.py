"""Who stays and who goes when there are too many connections."""

import time

from payamak.api.crowd import Crowd


def crowd_of(most: int, *names: str) -> Crowd[str]:
    """A crowd; each name's first letter is its address."""
    crowd = Crowd[str](most)
    for name in names:
        assert crowd.enter(name, name[0]) is None
    return crowd


def test_room() -> None:
    """While there is room nobody goes; who has left makes room."""
    crowd = crowd_of(2, "a1", "a2")
    crowd.leave("a1")
    assert crowd.enter("a3", "a") is None
    assert len(crowd) == 2


def test_the_oldest_of_the_same_address_goes_first() -> None:
    """A newcomer pushes out who waits longest at its own address, though others wait longer."""
    crowd = crowd_of(4, "b1", "a1", "a2", "b2")
    assert crowd.enter("a3", "a") == "a1"
    assert crowd.enter("a4", "a") == "a2"
    assert crowd.enter("b3", "b") == "b1"


def test_the_oldest_of_all() -> None:
    """A newcomer from a new address pushes out who waits longest of all."""
    crowd = crowd_of(3, "b1", "a1", "a2")
    assert crowd.enter("c1", "c") == "b1"
    assert len(crowd) == 3


def test_waiting_anew() -> None:
    """Who did something begins to wait anew."""
    crowd = crowd_of(2, "a1", "a2")
    crowd.wait("a1")
    assert crowd.enter("a3", "a") == "a2"


def test_the_served_stay() -> None:
    """Whoever is being answered never goes; where all are, the newcomer does."""
    crowd = crowd_of(2, "a1", "a2")
    crowd.serve("a1")
    assert crowd.enter("a3", "a") == "a2"
    crowd.serve("a3")
    assert crowd.enter("a4", "a") == "a4"
    assert len(crowd) == 2


def test_who_is_gone_is_forgotten() -> None:
    """A connection that was told to go and still says something does not come back."""
    crowd = crowd_of(1, "a1")
    assert crowd.enter("a2", "a") == "a1"
    crowd.wait("a1")
    crowd.serve("a1")
    crowd.leave("a1")
    assert crowd.enter("a3", "a") == "a2"


def test_a_flood_costs_the_same_at_each_step() -> None:
    """A hundred thousand newcomers where ten thousand may be: no step looks at all the others."""
    crowd = Crowd[int](10_000)
    began_s = time.thread_time()
    for number in range(100_000):
        crowd.enter(number, str(number % 7))
    assert len(crowd) == 10_000
    assert time.thread_time() - began_s < 5
