"""Who stays and who goes when there are too many connections."""

import random
import time
from collections import Counter

from payamak.http.crowd import Crowd


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
    """Of addresses that hold as many as any the newcomer's own gives way, though others wait longer."""
    crowd = crowd_of(4, "b1", "a1", "a2", "b2")
    assert crowd.enter("a3", "a") == "a1"
    assert crowd.enter("a4", "a") == "a2"
    assert crowd.enter("b3", "b") == "b1"


def test_a_flood_makes_room_for_others() -> None:
    """A newcomer, known or not, pushes out the oldest of the address that holds most, though others wait longer."""
    crowd = crowd_of(5, "b1", "a1", "a2", "a3", "a4")
    assert crowd.enter("c1", "c") == "a1"
    assert crowd.enter("b2", "b") == "a2"
    assert crowd.enter("a5", "a") == "a3"
    assert len(crowd) == 5


def test_the_heaviest_has_nobody_who_waits() -> None:
    """Then the one that waits longest of all goes."""
    crowd = crowd_of(4, "b1", "a1", "a2", "c1")
    crowd.serve("a1")
    crowd.serve("a2")
    assert crowd.enter("c2", "c") == "b1"


def test_weights_come_and_go() -> None:
    """Against a count made anew at every step, over thousands of comings and goings: who goes is of the heaviest."""
    choice = random.Random(7)
    crowd = Crowd[str](20)
    here: list[str] = []
    for number in range(5_000):
        if here and choice.random() < 0.3:
            crowd.leave(here.pop(choice.randrange(len(here))))
            continue
        newcomer = f"{choice.choice('aaabbc')}{number}"
        held = Counter(one[0] for one in here)
        leaver = crowd.enter(newcomer, newcomer[0])
        here.append(newcomer)
        if leaver is None:
            assert len(here) <= 20
            continue
        assert held[leaver[0]] == max(held.values())
        assert leaver == next(one for one in here if one[0] == leaver[0])
        here.remove(leaver)
    assert len(crowd) == len(here)


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
