"""What the peer can get wrong."""

from __future__ import annotations


class ProtocolError(Exception):
    """The peer broke SMPP 3.4. Everything the codec raises on octets from outside is one of these."""


class BadPdu(ProtocolError):
    """One PDU cannot be read, the stream is still in step: answer with `status` and carry on.

    `command_id` and `sequence` are those of the header, so that the answer finds its request.
    """

    def __init__(self, detail: str, *, status: int, command_id: int, sequence: int) -> None:
        super().__init__(f"{detail} (command 0x{command_id:08x}, sequence {sequence})")
        self.status = status
        self.command_id = command_id
        self.sequence = sequence


class BrokenStream(ProtocolError):
    """The octets are no SMPP any more, nobody knows where the next PDU starts: close the connection.

    `frames` are the whole PDUs that came before the break in the same piece of input.
    """

    def __init__(self, detail: str, frames: tuple[bytes, ...] = ()) -> None:
        super().__init__(detail)
        self.frames = frames
