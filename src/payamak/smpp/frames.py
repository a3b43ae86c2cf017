"""Octets from a stream into whole PDUs (section 3.2, command_length)."""

from __future__ import annotations

import struct
from typing import Final

from payamak.smpp.constants import HEADER_OCTETS
from payamak.smpp.errors import BrokenStream

FRAME_LIMIT_OCTETS: Final = 65536
_LENGTH: Final = struct.Struct(">I")


class FrameBuffer:
    """Keeps what is not yet a whole PDU. However the octets are cut, the same frames come out."""

    def __init__(self, limit_octets: int = FRAME_LIMIT_OCTETS) -> None:
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
