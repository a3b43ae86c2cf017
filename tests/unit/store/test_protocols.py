"""The store is asked by several, and each protocol is what one of them needs."""

from __future__ import annotations

import pytest

from payamak.store import base

PARTS = [part for part in base.Store.__mro__ if part.__module__ == base.__name__ and part is not base.Store]


def methods(part: type) -> list[str]:
    """What a protocol says itself."""
    return [name for name, value in vars(part).items() if callable(value) and not name.startswith("_")]


def test_the_store_is_nothing_but_its_parts() -> None:
    """Whoever adds a method says who asks it."""
    assert methods(base.Store) == []
    assert {part.__name__ for part in PARTS} >= {"Intake", "Wire", "Inbox", "Posts", "Hands"}


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_a_part_is_small(part: type) -> None:
    """At most fifteen methods, each of one asker's."""
    assert 1 <= len(methods(part)) <= 15


def test_no_method_is_asked_by_two() -> None:
    """A method stands in one place."""
    names = [name for part in PARTS for name in methods(part)]
    assert sorted(names) == sorted(set(names))


def test_a_wait_goes_as_a_number() -> None:
    """What front and back ask of the store names no wait of theirs: another process could not keep it."""
    said = [str(getattr(part, name).__annotations__) for part in PARTS for name in methods(part)]
    assert [each for each in said if "Watch" in each] == []
    assert any("ticket" in each for each in said)
