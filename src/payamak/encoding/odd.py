"""Odd: what was not as the standards have it in something from outside that was read all the same. Pure.

The words are those of the log, of the metric `payamak_link_odd_total` and of docs/guide/received.md.
"""

from __future__ import annotations

from enum import StrEnum


class Odd(StrEnum):
    """One oddity of a PDU or of the user data in it."""

    NULS_BEHIND = "nuls_behind"
    """Octets of nothing behind the text, or behind the last optional parameter."""
    TEXT_BEHIND = "text_behind"
    """The text is longer than its length says."""
    TEXT_SHORT = "text_short"
    """The text is shorter than its length says."""
    CUT_PARAMETER = "cut_parameter"
    """The last optional parameter is not whole; only a text is taken from such a one."""
    NO_HEADER = "no_header"
    """A user data header is announced, and there is none."""
    HEADER_LENGTH = "header_length"
    """The header's elements end elsewhere than its length says."""
    NATIONAL_TABLE = "national_table"
    """A national table that is not readable here."""
    COMPRESSED = "compressed"
    """A compressed text, which is not readable here."""
    NO_SEPTETS = "no_septets"
    """Octets above 0x7F where unpacked septets are announced."""
