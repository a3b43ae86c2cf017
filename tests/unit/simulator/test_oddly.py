"""How centres write what they bring: each habit as octets, and over TCP as a client reads it."""

from __future__ import annotations

import pytest
from tests.unit.simulator.esme import LINE, Esme
from tests.unit.simulator.test_server import DIGITS, running

from payamak.domain.mo import join
from payamak.encoding.alphabets import alphabet_of
from payamak.encoding.user_data import Septets, read_user_data
from payamak.simulator.behaviour import ODDITIES, REPLIES, Behaviour
from payamak.simulator.oddly import Oddity, Said, written
from payamak.smpp.codec import decode, encode
from payamak.smpp.constants import EsmClass, Tag
from payamak.smpp.errors import BadPdu
from payamak.smpp.pdu import DeliverSm, Unread, tlv

PDU = DeliverSm(source_addr="989120000001", destination_addr=LINE, short_message=b"hello", tlvs=(tlv(Tag(0x427), 2),))
READ_AS_ALL = {
    Oddity.NULS_BEHIND: "nuls_behind",
    Oddity.TEXT_BEHIND: "text_behind",
    Oddity.TEXT_SHORT: "text_short",
    Oddity.CUT_PARAMETER: "cut_parameter",
}
TEXTS = {
    Behaviour.REPLIES_TURKISH: "Şişli ğ",
    Behaviour.REPLIES_TURKISH_LOCKING: "aıb",
    Behaviour.REPLIES_URDU: "سلام ۱",
    Behaviour.REPLIES_HINDI: "[national table 6, not readable: 35 28]",
    Behaviour.REPLIES_BARE_HEADER_BIT: "Hello, is the price still 5000?",
    Behaviour.REPLIES_PACKED: "hello",
    Behaviour.REPLIES_LITTLE_ENDIAN: "سلام",
    Behaviour.REPLIES_WAITING: "a@b",
    Behaviour.REPLIES_COMPRESSED: "[compressed text, not readable: 1f 8b 00]",
    Behaviour.REPLIES_OPT_OUT: "\u200fلغو\u200f",
}


@pytest.mark.parametrize("oddity", READ_AS_ALL)
def test_an_oddity_is_odd(oddity: Oddity) -> None:
    """A strict reader refuses it; a lenient one reads what was meant, and says what was odd."""
    octets = encode(written(PDU, oddity), 7)
    with pytest.raises(BadPdu):
        decode(octets)
    read = decode(octets, is_lenient=True)
    assert (read, tuple(one.value for one in read.odd)) == (
        decode(encode(PDU, 7), is_lenient=True),
        (READ_AS_ALL[oddity],),
    )


def test_other_habits() -> None:
    """None changes nothing, a bit is a bit, and a body that is cut cannot be read."""
    assert written(PDU, Oddity.NONE) is PDU
    assert isinstance(decode(encode(written(PDU, Oddity.CUT_BODY)), is_lenient=True), Unread)
    bare = decode(encode(written(PDU, Oddity.BARE_HEADER_BIT)))
    assert isinstance(bare, DeliverSm)
    assert bare.esm_class == EsmClass.UDHI
    assert set(Oddity) == {*READ_AS_ALL, Oddity.NONE, Oddity.CUT_BODY, Oddity.BARE_HEADER_BIT}


def text_of(said: Said) -> str:
    """What our reader makes of it."""
    septets = Septets.PACKED_BEHIND_HEADER if said is REPLIES[Behaviour.REPLIES_PACKED] else Septets.UNPACKED
    alphabet = alphabet_of(said.data_coding)
    data = read_user_data(said.octets, alphabet, has_header=said.has_header, septets=septets)
    return join([(1, data.alphabet, data.octets)])


def test_what_handsets_say() -> None:
    """Each reply is what its row says."""
    assert {one: text_of(said) for one, said in REPLIES.items() if said.oddity is Oddity.NONE} == TEXTS
    assert set(REPLIES) - set(TEXTS) == {Behaviour.REPLIES_CUT_BODY}


async def test_over_tcp() -> None:
    """Every receipt and every reply arrives, and is acknowledged, whatever it is written like."""
    unread = {Behaviour.CUT_BODY, Behaviour.REPLIES_CUT_BODY}
    async with running() as simulator, Esme(simulator) as esme:
        for behaviour in (*ODDITIES, *REPLIES):
            await esme.submit(DIGITS[behaviour])
        await esme.until(lambda: esme.count("receipt") == len(ODDITIES) + len(REPLIES) - 1)
        await esme.until(lambda: esme.count("mo") == len(REPLIES) - 1)
        await esme.until(lambda: esme.count("unread") == len(unread))
        assert {receipt.stat_text for receipt in esme.receipts} == {"DELIVRD"}
        texts = [pdu.short_message for pdu in esme.delivered if pdu.source_addr == DIGITS[Behaviour.REPLIES_TURKISH]]
        assert texts[1:] == [REPLIES[Behaviour.REPLIES_TURKISH].octets]
