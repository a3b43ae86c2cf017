"""What an operator's octets may do: frames, PDUs, sessions of both ends, receipts, parts of received messages."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Final

from fuzz.reading import Octets, bounded
from payamak.domain import mo
from payamak.encoding import gsm7
from payamak.encoding.alphabets import Alphabet, AnyAlphabet, National
from payamak.encoding.alphabets import decode as decode_text
from payamak.encoding.parts import Encoding, SplitMethod, joined, split
from payamak.encoding.user_data import Septets, read_user_data
from payamak.simulator.reading import read_part, read_text
from payamak.smpp.codec import decode, encode
from payamak.smpp.config import SessionConfig
from payamak.smpp.errors import BrokenStream, ProtocolError
from payamak.smpp.events import BindRequested, Event, LinkDead, RequestReceived
from payamak.smpp.frames import FRAME_LIMIT_OCTETS, FrameBuffer
from payamak.smpp.pdu import BindTransceiver, DataSm, DeliverSm, EnquireLink, SubmitSm, Tlv, Unread, response_to
from payamak.smpp.receipt import format_receipt, parse_receipt, receipt_time
from payamak.smpp.session import NotBound, Session, WindowFull
from payamak.smpp.states import Role

_ALPHABETS: Final = tuple(Alphabet)
_SEPTETS: Final = tuple(Septets)
_KEYWORDS: Final = ("کد", "reg", "11", "لغو")


def pdu(data: bytes) -> None:
    """Any octets are a PDU or a ProtocolError; what was read is written and read again as the same.

    A client reads whatever a server reads, and the same in it.
    """
    with suppress(ProtocolError):
        lenient = bounded(partial(decode, is_lenient=True), data)
        assert lenient.octets == (data if isinstance(lenient, DeliverSm | DataSm | Unread) else b"")
    try:
        read = bounded(decode, data)
    except ProtocolError:
        return
    assert decode(data, is_lenient=True) == read
    try:
        written = encode(read)
    except ValueError:
        return  # longer than the specification lets us write; read all the same
    assert decode(written) == read
    if isinstance(read, SubmitSm):
        place, octets = read_part(read)
        assert isinstance(read_text(octets, read.data_coding), str)
        assert place.total >= 0


def _frames(pieces: list[bytes]) -> tuple[list[bytes], bool]:
    buffer, frames = FrameBuffer(), list[bytes]()
    for piece in pieces:
        try:
            frames += buffer.feed(piece)
        except BrokenStream as error:
            return [*frames, *error.frames], True
    return frames, False


def frames(data: bytes) -> None:
    """However a stream is cut, the same PDUs come out; they are what went in, and none is over the limit."""
    octets = Octets(data)
    pieces = octets.pieces(stream := octets.rest())
    whole, is_broken = _frames([stream])
    assert bounded(_frames, pieces) == (whole, is_broken)
    assert stream.startswith(b"".join(whole))
    assert all(16 <= len(frame) <= FRAME_LIMIT_OCTETS for frame in whole)


def _session(role: Role) -> Session:
    config = SessionConfig(window=4, response_timeout_s=5, enquire_link_s=10, bind_timeout_s=10)
    one = Session(role, config, now=0.0)
    if role is Role.ESME:
        one.bind(BindTransceiver(system_id="x", password="y"), 0.0)
    return one


def _play(role: Role, pieces: list[bytes], is_bound: bool) -> tuple[list[Event], bytes]:
    """Feed one session; a server answers each bind, a client asks while it can."""
    one = _session(role)
    events: list[Event] = []
    out = [one.data_to_send()]
    if is_bound:
        opening = BindTransceiver(sequence=1, system_id="x")
        pieces = [encode(response_to(opening) if role is Role.ESME else opening), *pieces]
    for piece in pieces:
        for event in one.receive(piece, 1.0):
            events.append(event)
            if isinstance(event, BindRequested):
                one.answer_bind(event.pdu, 0, 1.0, system_id="s")
                with suppress(NotBound, WindowFull):
                    one.request(DeliverSm(), 1.0)
            elif isinstance(event, RequestReceived):
                one.respond(event.pdu, response_to(event.pdu))
        out.append(one.data_to_send())
    for now in (2.0, 6.5, 11.5, 30.0):
        events += one.tick(now)
        out.append(one.data_to_send())
    return events, b"".join(out)


def session(data: bytes) -> None:
    """A session of either end takes any octets in any pieces: same events, whole PDUs out, no exception."""
    octets = Octets(data)
    role, is_bound = (Role.ESME, Role.SMSC)[octets.number(2)], bool(octets.number(2))
    pieces = octets.pieces(stream := octets.rest())
    events, out = bounded(_play, role, [stream], is_bound)
    again, out_again = _play(role, pieces, is_bound)
    # A bind is answered by the program around the session, so what comes with it in one piece waits for that.
    if is_bound or role is Role.ESME:
        assert again == events
        assert out_again == out
    written, is_broken = _frames([out])
    assert b"".join(written) == out
    assert not is_broken
    for frame in written:
        decode(frame)
    assert sum(isinstance(event, LinkDead) for event in events) <= 1
    assert encode(EnquireLink())  # the codec holds no state that a peer could have spoilt


def receipt(data: bytes) -> None:
    """A deliver_sm of any content gives a receipt or none, and nothing raises; its values are bounded by it."""
    octets = Octets(data)
    esm_class, data_coding = octets.number(), octets.number()
    tlvs = tuple(
        Tlv(int.from_bytes(octets.take(2), "big"), octets.sized()) for _ in range(min(octets.number(6), len(data)))
    )
    text = octets.repeated(FRAME_LIMIT_OCTETS)
    in_payload = len(text) > 254
    carried = DeliverSm(
        esm_class=esm_class,
        data_coding=data_coding,
        short_message=b"" if in_payload else text,
        tlvs=(*tlvs, Tlv(0x0424, text)) if in_payload else tlvs,
    )
    found = bounded(parse_receipt, carried)
    if found is None:
        return
    assert found.is_final in (True, False)
    assert found.done_time == receipt_time(found.done_date)
    assert len(found.operator_id) <= max(len(text), *(len(value) for _, value in tlvs), 0)
    if found.operator_id.isalnum() and found.operator_id.isascii():
        line = format_receipt(found.operator_id, found.stat, submit_date="2001010000", done_date="2001010000")
        again = parse_receipt(DeliverSm(esm_class=4, short_message=line[:254]))
        assert len(line) > 254 or (again is not None and again.operator_id == found.operator_id)


def received(data: bytes) -> None:
    """Parts from handsets are joined whatever they hold; the order in which they came changes nothing."""
    octets = Octets(data)
    came: dict[int, tuple[int, AnyAlphabet, bytes]] = {}
    for number in range(octets.number(6)):
        alphabet, septets = _ALPHABETS[octets.number(len(_ALPHABETS))], _SEPTETS[number % len(_SEPTETS)]
        one = read_user_data(octets.sized(), alphabet, has_header=True, septets=septets)
        part = one.place.part if one.place else number
        came.setdefault(part, (part, one.alphabet, one.octets))
    text = mo.join(came.values())
    assert mo.join(reversed(came.values())) == text
    many = octets.repeated(FRAME_LIMIT_OCTETS)
    long = bounded(decode_text, many, _ALPHABETS[0])
    national = bounded(decode_text, many, National(locking=len(many) % 8, single=len(many) % 7))
    assert len(bounded(gsm7.unpack, many)) <= len(many) * 8 // 7
    for said in (text, long, national):
        keyword = bounded(mo.keyword_of, said, _KEYWORDS)
        assert keyword is None or keyword in _KEYWORDS
        assert bounded(mo.is_one_of, said, _KEYWORDS) in (True, False)
        folded = mo.fold(said)
        assert mo.fold(folded) == folded


def parts(data: bytes) -> None:
    """A text that can be encoded is cut into parts that fit and that give it back; GSM-7 reads any septets."""
    octets = Octets(data)
    method = tuple(SplitMethod)[octets.number(len(SplitMethod))]
    encoding = tuple(Encoding)[octets.number(len(Encoding))]
    raw = octets.repeated(1 << 16)
    if raw.isascii():
        shown = bounded(gsm7.decode, raw)
        assert gsm7.decode(gsm7.encode(shown)) == shown
    try:
        text = raw.decode("utf-8", "surrogatepass")
        cut = bounded(split, text, encoding, len(data), method)
    except ValueError:
        return
    assert joined(cut) == text
    if method is not SplitMethod.PAYLOAD:
        assert all(len(part.udh) + len(part.payload) <= 160 for part in cut)
