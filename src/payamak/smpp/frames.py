"""Octets from a stream into whole PDUs (section 3.2, command_length)."""

from __future__ import annotations

import struct
from typing import Final

from payamak.smpp.constants import COMMAND_NAMES, HEADER_OCTETS
from payamak.smpp.errors import BrokenStream

FRAME_LIMIT_OCTETS: Final = 65536
_LENGTH: Final = struct.Struct(">I")
_HEAD: Final = struct.Struct(">II")


class FrameBuffer:
    """Keeps what is not yet a whole PDU. However the octets are cut, the same frames come out.

    With `skips_nuls` octets of nothing between two PDUs break nothing: some centres end what they write with one that
    command_length does not count. `skipped` says how many there were.
    """

    def __init__(self, limit_octets: int = FRAME_LIMIT_OCTETS, *, skips_nuls: bool = False) -> None:
        self.skipped = 0
        self._skips_nuls = skips_nuls
        self._limit_octets = limit_octets
        self._rest = b""
        self._needed_octets = 4

    @property
    def missing(self) -> int:
        """Octets that the PDU at hand lacks: of its length as far as that is known."""
        return self._needed_octets - len(self._rest)

    def feed(self, data: bytes) -> list[bytes]:
        """The PDUs that are whole now, often none.

        Raises BrokenStream if a command_length is under 16 or over the limit; it carries the PDUs before it.
        """
        if self._rest:
            data = self._rest + data
        size = len(data)
        if size < self._needed_octets:
            self._rest = data
            return []
        frames: list[bytes] = []
        position = 0
        self._needed_octets = 4
        while size - position >= 4:
            (length,) = _LENGTH.unpack_from(data, position)
            if length < HEADER_OCTETS and self._skips_nuls:
                if length and size - position <= _HEAD.size:
                    self._needed_octets = _HEAD.size + 1
                    break
                if not length or self._begins(data, position + 1):
                    position += 1
                    self.skipped += 1
                    continue
            if not HEADER_OCTETS <= length <= self._limit_octets:
                detail = f"command_length: expected {HEADER_OCTETS} to {self._limit_octets}, got {length}"
                self._rest = data[position:]
                raise BrokenStream(detail, tuple(frames))
            if size - position < length:
                self._needed_octets = length
                break
            frames.append(bytes(data[position : position + length]))
            position += length
        self._rest = data[position:]
        return frames

    def _begins(self, data: bytes, position: int) -> bool:
        """Whether a PDU that we know begins here."""
        length, command_id = _HEAD.unpack_from(data, position)
        return HEADER_OCTETS <= length <= self._limit_octets and command_id in COMMAND_NAMES
