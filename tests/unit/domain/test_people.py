"""People: names as they are compared, passwords that are none, roles and what they may do."""

from __future__ import annotations

import pytest

from payamak.domain.people import (
    HOUSE,
    RIGHTS,
    Right,
    UserRole,
    check_name,
    check_person_password,
    name_key,
    proven_as,
)
from payamak.domain.site.secrets import UnfitSecret


@pytest.mark.parametrize(
    ("one", "other"), [("Sara", "sara "), ("علي", "علی"), ("كاوه", "کاوه"), ("نیم‌فاصله", "نیمفاصله"), ("a1", "A۱")]
)
def test_names_that_are_one(one: str, other: str) -> None:
    """Letter case, Arabic twins, joiners, digits of any script."""
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize("name", ["", " ", "a", "x" * 65, "a\nb", "\u200c\u200d"])
def test_what_is_no_name(name: str) -> None:
    """Empty, one letter, too long, of several lines, nothing that is seen."""
    with pytest.raises(UnfitSecret):
        check_name(name)


@pytest.mark.parametrize(
    "password", ["short", "1234567890", "۱۲۳۴۵۶۷۸۹۰", "Password123", "aaaaaaaaaaaaaa", "sara-sara-sara", "x" * 2_000]
)
def test_what_is_no_password(password: str) -> None:
    """Short, among a guesser's first, in digits of any script, of one letter, of one's own name, endless."""
    with pytest.raises(UnfitSecret):
        check_person_password("Sara", password)


def test_a_password_may_be_persian() -> None:
    """Whichever way its letters are composed, it is the same."""
    composed, apart = "آب و آینه و گل", "\u0627\u0653ب و \u0627\u0653ینه و گل"
    assert check_person_password("Sara", apart) == proven_as(composed) == composed


def test_every_role_has_its_rights() -> None:
    """The house sees no account's messages, an account no other customer, a viewer no text."""
    assert set(RIGHTS) == set(UserRole)
    for role, rights in RIGHTS.items():
        assert (Right.CUSTOMERS in rights) is (role in HOUSE)
        assert (Right.MESSAGES in rights) is (role not in HOUSE)
    assert not {Right.FULL, Right.SEND, Right.OPT_OUTS} & RIGHTS[UserRole.VIEWER]
    assert RIGHTS[UserRole.OBSERVER] == {Right.CUSTOMERS}
