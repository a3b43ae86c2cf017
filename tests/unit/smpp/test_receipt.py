"""What delivery receipts say, in the spellings met in the field."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.smpp.strategies import tlvs

from payamak.smpp.constants import Tag
from payamak.smpp.pdu import DataSm, DeliverSm, Tlv, tlv
from payamak.smpp.receipt import Receipt, Stat, format_receipt, parse_receipt, receipt_time, receipt_tlvs

APPENDIX_B = (
    b"id:0123456789 sub:001 dlvrd:001 submit date:2012311200 done date:2012311201 stat:DELIVRD err:000 text:hello id:9"
)


def parse(text: bytes, *parameters: Tlv, esm_class: int = 4, data_coding: int = 0) -> Receipt:
    """The receipt in a deliver_sm."""
    pdu = DeliverSm(esm_class=esm_class, data_coding=data_coding, short_message=text, tlvs=parameters)
    receipt = parse_receipt(pdu)
    assert receipt is not None
    return receipt


def test_appendix_b() -> None:
    """The text of Appendix B gives every field; what follows `text:` is text."""
    expected = Receipt(
        operator_id="0123456789",
        stat=Stat.DELIVERED,
        stat_text="DELIVRD",
        err="000",
        err_text="000",
        submit_date="2012311200",
        done_date="2012311201",
        text="hello id:9",
    )
    assert expected == parse(APPENDIX_B)
    assert datetime(2020, 12, 31, 12, 1) == expected.done_time  # noqa: DTZ001  # the zone is not told
    assert expected.is_final


_WORDS = st.text(alphabet="0123456789ABCDEFabcdefxyz", min_size=1, max_size=20)
_DIGITS = st.text(alphabet="0123456789", min_size=1, max_size=14)


@given(
    values=st.tuples(_WORDS, _DIGITS, _DIGITS, _DIGITS, _DIGITS, st.text(alphabet="DELIVRUNdeliv", min_size=1), _WORDS),
    text=st.binary(max_size=40) | st.sampled_from([b"id:7 stat:EXPIRED", b"\r\n\0 err:9", b""]),
    key=st.sampled_from(["text", "Text"]),
)
def test_the_usual_form_is_read_as_any_other(values: tuple[str, ...], text: bytes, key: str) -> None:
    """Appendix B's text to the letter says what it says with one key written otherwise, which is read key by key."""
    form = "id:{} sub:{} dlvrd:{} submit date:{} done date:{} stat:{} err:{} "
    octets = f"{form.format(*values)}{key}:".encode() + text
    assert parse(octets) == parse(octets.replace(b" sub:", b" SUB:", 1))


@pytest.mark.parametrize(
    ("text", "operator_id", "stat", "err"),
    [
        (b"ID:7F STAT:undeliv ERR:0A1", "7F", Stat.UNDELIVERABLE, "0A1"),
        (b"id: 55 stat: REJECTD err: 27", "55", Stat.REJECTED, "27"),
        (b"id:5 Submit_Date:200101000000 done_date:200101000000 stat:EXPIRED", "5", Stat.EXPIRED, None),
        (b"stat:ACCEPTD", "", Stat.ACCEPTED, None),
        (b"id:5 stat:FILTERED err:Blacklist", "5", Stat.OTHER, "Blacklist"),
        (b"id: sub:001 stat: err:", "", Stat.OTHER, None),
        (b"id:1 id:2 stat:DELIVRD stat:EXPIRED", "1", Stat.DELIVERED, None),
        (b"id:abc-1:2 stat:BUFFRED", "abc-1:2", Stat.ENROUTE, None),
        (b"id:5\0 stat:DELETED\0", "5", Stat.DELETED, None),
        (b"", "", Stat.OTHER, None),
        (b"\xff\xfe nothing of it", "", Stat.OTHER, None),
        (b"id:5 stat:NOT DELIVERED err:1", "5", Stat.UNDELIVERABLE, "1"),
        (b"id:5 stat:un-delivered", "5", Stat.UNDELIVERABLE, None),
        (b"id:5 stat:NOT FOUND", "5", Stat.OTHER, None),
    ],
)
def test_spellings(text: bytes, operator_id: str, stat: Stat, err: str | None) -> None:
    """Letter case, blanks, missing fields and foreign words are met halfway."""
    receipt = parse(text)
    assert (operator_id, stat, err) == (receipt.operator_id, receipt.stat, receipt.err)


@pytest.mark.parametrize(
    ("words", "stat"),
    [
        ("DELIVRD DELIVERED DELIVERD DELIVRED", Stat.DELIVERED),
        ("UNDELIV UNDELIVRD UNDELIVERED UNDELIVERD NOTDELIV NOTDELIVRD FAILED", Stat.UNDELIVERABLE),
        ("EXPIRED EXPIRD", Stat.EXPIRED),
        ("REJECTD REJECTED REJECT", Stat.REJECTED),
        ("UNKNOWN", Stat.UNKNOWN),
        ("BUFFRED BUFFERD ENROUTE SCHEDULED", Stat.ENROUTE),
        ("ACKED PENDING QUEUED SENT SUBMITD RETRY OK 0 DELIVERY DELIVERING", Stat.OTHER),
    ],
)
def test_misspelt_words(words: str, stat: Stat) -> None:
    """Ends are read as the field misspells them; a word in no table says nothing, and is no end."""
    assert {parse(f"id:5 stat:{word}".encode()).stat for word in words.split()} == {stat}


@pytest.mark.parametrize(
    ("state", "word", "stat"),
    [
        (9, "", Stat.OTHER),
        (200, "", Stat.OTHER),
        (7, "", Stat.UNKNOWN),
        (7, "SENT", Stat.OTHER),
        (200, "DELIVRD", Stat.DELIVERED),
        (2, "SENT", Stat.DELIVERED),
        (1, "DELIVRD", Stat.ENROUTE),
    ],
)
def test_states_in_no_table(state: int, word: str, stat: Stat) -> None:
    """A message_state beyond the table says nothing, nor does 7; where there is a word, that counts."""
    assert parse(f"id:5 stat:{word}".encode(), tlv(Tag.MESSAGE_STATE, state)).stat is stat


def test_every_id_is_carried() -> None:
    """The ids of the parameter, the text and the payload, in this order; a blank short_message hides no payload."""
    payload = tlv(Tag.MESSAGE_PAYLOAD, b"id:3 stat:DELIVRD err:7")
    assert parse(b"id:2", tlv(Tag.RECEIPTED_MESSAGE_ID, "1"), payload).ids == ("1", "2", "3")
    hidden = parse(b" \0", payload)
    assert (hidden.operator_id, hidden.ids, hidden.stat, hidden.err) == ("3", ("", "", "3"), Stat.DELIVERED, "7")


def test_a_header_that_is_not_there() -> None:
    """esm_class speaks of a header, and the text begins at once: it is read all the same."""
    assert parse(b"id:42 stat:DELIVRD", esm_class=0x44).operator_id == "42"
    assert parse(b"\x00id:42 stat:DELIVRD", esm_class=0x44).stat is Stat.DELIVERED


def test_foreign_word_is_kept() -> None:
    """A word in no table is unknown to us and still there to be seen."""
    assert parse(b"id:5 stat:FILTERED").stat_text == "FILTERED"


def test_parameters_go_first() -> None:
    """Optional parameters count more than the text, which stays readable beside them."""
    receipt = parse(
        APPENDIX_B,
        tlv(Tag.RECEIPTED_MESSAGE_ID, "1f"),
        tlv(Tag.MESSAGE_STATE, 5),
        tlv(Tag.NETWORK_ERROR_CODE, b"\x03\0\x1b"),
    )
    assert (receipt.operator_id, receipt.stat, receipt.err) == ("1f", Stat.UNDELIVERABLE, "027")
    assert (receipt.err_text, receipt.stat_text) == ("000", "DELIVRD")


def test_other_wrappings() -> None:
    """The text is found in UCS-2, behind a user data header, and in the payload of a data_sm."""
    assert parse("id:42 stat:DELIVRD".encode("utf-16-be"), data_coding=8).operator_id == "42"
    assert parse(b"\x02\x70\x00id:42", esm_class=0x44).operator_id == "42"
    receipt = parse_receipt(DataSm(esm_class=4, tlvs=(tlv(Tag.MESSAGE_PAYLOAD, b"id:42"),)))
    assert receipt is not None
    assert receipt.operator_id == "42"


@pytest.mark.parametrize(
    ("esm_class", "parameters", "expected"),
    [
        (0, (), False),
        (3, (), False),
        (0x40, (), False),
        (0x08, (), False),
        (0x10, (tlv(Tag.MESSAGE_STATE, 2),), False),
        (4, (), True),
        (7, (), True),
        (0x20, (), True),
        (0, (tlv(Tag.RECEIPTED_MESSAGE_ID, "1"),), True),
        (0, (tlv(Tag.MESSAGE_STATE, 2),), True),
    ],
)
def test_what_is_a_receipt(esm_class: int, parameters: tuple[Tlv, ...], expected: bool) -> None:
    """esm_class or the parameters make a receipt; a text that looks like one is somebody's message."""
    pdu = DeliverSm(esm_class=esm_class, short_message=APPENDIX_B, tlvs=parameters)
    assert expected is (parse_receipt(pdu) is not None)


def test_final() -> None:
    """Enroute, accepted and every intermediate notification leave the end open."""
    assert {Stat.ENROUTE, Stat.ACCEPTED, Stat.OTHER} == {
        stat for stat in Stat if not parse(f"stat:{stat}".encode()).is_final
    }
    assert not parse(APPENDIX_B, esm_class=0x20).is_final


def test_times() -> None:
    """Dates of 10, 12 and 14 digits are read, everything else is no time."""
    noon = datetime(2021, 2, 3, 12, 0)  # noqa: DTZ001  # the zone is not told
    assert [noon] * 3 == [receipt_time(text) for text in ("2102031200", "210203120000", "20210203120000")]
    assert [receipt_time(text) for text in (None, "", "2113031200", "21020312", "۲۱۰۲۰۳۱۲۰۰")] == [None] * 5


@given(
    st.text(st.characters(categories=("Lu", "Ll", "Nd"), max_codepoint=255), min_size=1, max_size=64),
    st.sampled_from(sorted(set(Stat) - {Stat.OTHER})),
    st.text("0123456789ABCDEF", min_size=1, max_size=3),
    st.text(st.characters(max_codepoint=255), max_size=20),
)
def test_round_trip(operator_id: str, stat: Stat, err: str, text: str) -> None:
    """What the SMSC end writes, the ESME end reads."""
    octets = format_receipt(operator_id, stat, submit_date="2101010000", done_date="2101010001", err=err, text=text)
    for parameters in ((), receipt_tlvs(operator_id, stat)):
        receipt = parse(octets, *parameters)
        assert (operator_id, stat, err, text) == (
            receipt.operator_id,
            receipt.stat,
            receipt.err,
            receipt.text,
        )
        assert (receipt.submit_date, receipt.done_date) == ("2101010000", "2101010001")


@given(st.integers(0, 255), st.integers(0, 255), st.binary(max_size=254), tlvs)
def test_never_raises(esm_class: int, data_coding: int, text: bytes, parameters: tuple[Tlv, ...]) -> None:
    """No octets in a receipt can raise."""
    pdu = DeliverSm(esm_class=esm_class, data_coding=data_coding, short_message=text, tlvs=parameters)
    receipt = parse_receipt(pdu)
    assert receipt is None or isinstance(receipt.is_final, bool)
