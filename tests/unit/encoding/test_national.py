"""The national tables: each character of the golden file, what escapes do, what no table is here for."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from payamak.encoding import gsm7
from payamak.encoding.alphabets import National, decode, decode_pieces
from payamak.encoding.national import LOCKING, SINGLE, is_readable

TABLES = tomllib.loads((Path(__file__).parents[2] / "golden" / "alphabets" / "national.toml").read_text("utf-8"))


@pytest.mark.parametrize("number", [int(number) for number in TABLES["locking"]])
def test_locking(number: int) -> None:
    """Each septet of a locking table is the character that the sources have there."""
    points = [int(point, 16) for point in TABLES["locking"][str(number)].split()]
    assert len(points) == 128
    septets = bytes(septet for septet in range(128) if septet != gsm7.ESCAPE)
    assert decode(septets, National(locking=number)) == "".join(
        chr(point) for septet, point in enumerate(points) if septet != gsm7.ESCAPE
    )


@pytest.mark.parametrize("number", [int(number) for number in TABLES["single"]])
def test_single(number: int) -> None:
    """Behind the escape stands what the sources have, and the default alphabet's character where they have nothing."""
    table = {int(septet, 16): chr(int(point, 16)) for septet, point in TABLES["single"][str(number)].items()}
    for septet in range(128):
        if septet != gsm7.ESCAPE:
            expected = table.get(septet, gsm7.BASIC[septet])
            assert decode(bytes((gsm7.ESCAPE, septet)), National(single=number)) == expected, hex(septet)


def test_which_are_readable() -> None:
    """Turkish, Spanish, Portuguese, Urdu, and the default."""
    assert set(LOCKING) == {0, *map(int, TABLES["locking"])} == {0, 1, 3, 13}
    assert set(SINGLE) == {0, *map(int, TABLES["single"])} == {0, 1, 2, 3, 13}
    assert is_readable(1, 2)
    assert not is_readable(2, 0)
    assert not is_readable(0, 6)


@pytest.mark.parametrize(
    ("octets", "locking", "single", "text"),
    [
        ("1B 53 69 1B 73 6C 69 20 1B 67", 0, 1, "Şişli ğ"),
        ("61 07 62", 1, 0, "aıb"),
        ("1B 65 1B 1B 65 1B", 1, 1, "€ € "),
        ("1B 53 1C", 1, 1, "ŞŞ"),
        ("1B 41 04", 3, 2, "Áê"),
        ("61 62", 6, 0, "[national table 6, not readable: 61 62]"),
        ("61 62", 0, 6, "ab"),
        ("61 1B 41 1B 42 63 1B 44", 0, 6, "a[national table 6, not readable: 1b 41 1b 42]c"
         "[national table 6, not readable: 1b 44]"),
        ("61 1B 65", 0, 14, "a[national table 14, not readable: 1b 65]"),
        ("61 1B", 0, 6, "a "),
        ("", 6, 6, ""),
        ("C3 28", 1, 0, "[no septets, not readable: c3 28]"),
    ],
)  # fmt: skip
def test_texts(octets: str, locking: int, single: int, text: str) -> None:
    """Escapes under national tables; what a table is not here for is marked with its octets, and nothing else is."""
    assert decode(bytes.fromhex(octets), National(locking=locking, single=single)) == text


def test_an_escape_between_two_parts() -> None:
    """A pair that a handset has cut in two is whole again."""
    assert decode_pieces([b"a\x1b", b"\x53b"], National(single=1)) == "aŞb"
