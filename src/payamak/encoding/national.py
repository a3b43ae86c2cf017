"""National language tables of the GSM 7-bit alphabet (3GPP TS 23.038 §6.2.1.2 and annex A): octets to text. Pure.

A user data header may name two of them: a *locking* table, which takes the place of the default alphabet, and a
*single* shift table, which takes the place of the extension behind the escape (3GPP TS 23.040 §9.2.3.24.15 and .16).
Here are those of Turkish (1), Spanish (2, single only), Portuguese (3) and Urdu (13), each written as what differs from
the default one, or as code points. They were compared, septet by septet, with the tables of the Go module
github.com/warthog618/sms (encoding/gsm7/charset, v0.3), and once more with oFono's src/util.c (1 to 3), Mozilla's
dom/system/gonk/ril_consts.js (13, single) and a GSM-7 operation for CyberChef, made from V16.0.0 (13, locking): no
difference but for the escape and control characters, which are shown as a blank here.

What is in no table is never guessed: it is shown as a mark with its octets.
"""

from __future__ import annotations

from typing import Final

from payamak.encoding.gsm7 import BASIC, ESCAPE, EXTENSION

DEFAULT: Final = 0
"""Instead of a table's number: the default alphabet, the default extension."""

_PLAIN: Final = BASIC.replace(chr(ESCAPE), " ")
_EXTENSION: Final = {septet: char for char, septet in EXTENSION.items()}


def _changed(differences: dict[int, str]) -> str:
    """The default alphabet with runs of other characters, each from its septet on."""
    table = list(_PLAIN)
    for start, run in differences.items():
        table[start : start + len(run)] = run
    return "".join(table)


def _points(codes: str) -> str:
    return "".join(chr(int(code, 16)) for code in codes.split())


_TURKISH: Final = _changed({0x04: "€", 0x07: "ı", 0x0B: "Ğğ", 0x1C: "Şş", 0x40: "İ", 0x60: "ç"})
"""A.3.1."""

_PORTUGUESE: Final = _changed(
    {
        0x04: "ê",
        0x06: "úíóç",
        0x0B: "Ôô",
        0x0E: "Áá",
        0x12: "ªÇÀ∞^\\€Ó|",
        0x1C: "ÂâÊ",
        0x24: "º",
        0x40: "Í",
        0x5B: "ÃÕÚ",
        0x60: "~",
        0x7B: "ãõ`",
    }
)
"""A.3.3."""

_URDU: Final = (
    _points("0627 0622 0628 067B 0680 067E 06A6 062A 06C2 067F 000A 0679 067D 000D 067A 067C")
    + _points("062B 062C 0681 0684 0683 0685 0686 0687 062D 062E 062F 0020 068C 0688 0689 068A")
    + _points("0020 0021 068F 068D 0630 0631 0691 0693 0029 0028 0699 0632 002C 0696 002E 0698")
    + "0123456789:;"
    + _points("069A 0633 0634 003F 0635 0636 0637 0638 0639 0641 0642 06A9 06AA 06AB 06AF 06B3")
    + _points("06B1 0644 0645 0646 06BA 06BB 06BC 0648 06C4 06D5 06C1 06BE 0621 06CC 06D0 06D2")
    + _points("064D 0650 064F 0657 0654")
    + "abcdefghijklmnopqrstuvwxyz"
    + _points("0655 0651 0653 0656 0670")
)
"""A.3.13."""

LOCKING: Final[dict[int, str]] = {DEFAULT: _PLAIN, 1: _TURKISH, 3: _PORTUGUESE, 13: _URDU}
"""The readable locking tables: 128 characters each, the escape as a blank."""

_VOWELS: Final = {0x49: "Í", 0x4F: "Ó", 0x55: "Ú", 0x69: "í", 0x6F: "ó", 0x75: "ú"}

_URDU_SINGLE: Final = (
    "@£$¥¿\"¤%&'\f*+ -/<=>¡^¡_#*"
    + _points("0600 0601 0020 06F0 06F1 06F2 06F3 06F4 06F5 06F6 06F7 06F8 06F9 060C 060D 007B 007D")
    + _points("060E 060F 0610 0611 0612 005C 0613 0614 061B 061F 0640 0652 0658 066B 066C 0672 0673 06CD")
    + "[~]"
    + _points("06D4 007C")
    + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

SINGLE: Final[dict[int, dict[int, str]]] = {
    DEFAULT: _EXTENSION,
    # A.2.1
    1: _EXTENSION | dict(zip(b"GISgis", "ĞİŞğış", strict=True)) | {0x63: "ç"},
    # A.2.2
    2: _EXTENSION | _VOWELS | {0x09: "ç", 0x41: "Á", 0x61: "á"},
    # A.2.3
    3: _EXTENSION
    | _VOWELS
    | {0x05: "ê", 0x09: "ç", 0x0B: "Ô", 0x0C: "ô", 0x0E: "Á", 0x0F: "á", 0x1F: "Ê", 0x41: "À", 0x61: "Â"}
    | dict(zip(range(0x12, 0x1A), "ΦΓ^ΩΠΨΣΘ", strict=True))
    | {0x5B: "Ã", 0x5C: "Õ", 0x7B: "ã", 0x7C: "õ", 0x7F: "â"},
    # A.2.13
    13: dict(enumerate(_URDU_SINGLE)) | {0x65: "€"},
}
"""The readable single shift tables, by the septet that follows the escape."""


def is_readable(locking: int, single: int) -> bool:
    """Whether both tables are here."""
    return locking in LOCKING and single in SINGLE


def decode(septets: bytes, locking: int, single: int) -> str:
    """The text of unpacked septets under these tables; a mark in the place of what one of them is needed for.

    An escape before a septet that the single table lacks shows the main table's character; one before another escape,
    or at the end, a blank (§6.2.1.2.2, §6.2.1.1). Raises ValueError on an octet above 0x7F.
    """
    if not septets.isascii():
        raise ValueError("an octet above 0x7F is no unpacked septet")
    main = LOCKING.get(locking)
    if main is None:
        return mark(locking, septets) if septets else ""
    head, *escaped = septets.split(bytes((ESCAPE,)))
    shown, unread = [_shown(head, main)], bytearray()
    for run in escaped:
        if single not in SINGLE and run:
            unread += bytes((ESCAPE, run[0]))  # neighbours share a mark
            if len(run) == 1:
                continue
        if unread:
            shown.append(mark(single, unread))
            unread = bytearray()
        elif not run:
            shown.append(" ")
        else:
            shown.append(SINGLE[single].get(run[0], main[run[0]]))
        shown.append(_shown(run[1:], main))
    return "".join([*shown, mark(single, unread)] if unread else shown)


def mark(table: int, octets: bytes | bytearray) -> str:
    """What stands in the place of octets that a table is needed for which is not here."""
    return f"[national table {table}, not readable: {octets.hex(' ')}]"


def _shown(septets: bytes, main: str) -> str:
    return septets.decode("ascii").translate(main)
