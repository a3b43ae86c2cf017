"""Splitting a text into parts, and counting them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from payamak.encoding import (
    MAX_PARTS,
    Encoding,
    SplitMethod,
    TooManyParts,
    choose,
    count_parts,
    gsm7,
    joined,
    split,
    ucs2,
)

GSM7, UCS2 = Encoding.GSM7, Encoding.UCS2
UDH8, UDH16, PAYLOAD = SplitMethod.UDH8, SplitMethod.UDH16, SplitMethod.PAYLOAD
LIMITS = {(GSM7, UDH8): 153, (GSM7, UDH16): 152, (UCS2, UDH8): 134, (UCS2, UDH16): 132}
ALONE = {GSM7: 160, UCS2: 140}

texts = st.one_of(
    st.text(max_size=600),
    st.text("abc 12€{}[", max_size=600),
    st.text("سلام ‌یک😀", max_size=600),
    st.integers(0, 600).map("ب".__mul__),
)


@pytest.mark.parametrize(
    ("text", "method", "lengths"),
    [
        ("", UDH8, [0]),
        ("a" * 160, UDH8, [160]),
        ("a" * 161, UDH8, [153, 8]),
        ("a" * 306, UDH8, [153, 153]),
        ("a" * 307, UDH8, [153, 153, 1]),
        ("a" * 161, UDH16, [152, 9]),
        ("a" * 305, UDH16, [152, 152, 1]),
        ("€" * 80, UDH8, [80]),
        ("€" * 81, UDH8, [76, 5]),
        ("a" * 159 + "€", UDH8, [153, 7]),
        ("a" * 158 + "€", UDH8, [159]),
        ("a" * 152 + "€" + "a" * 10, UDH8, [152, 11]),
        ("a" * 151 + "€" + "a" * 10, UDH8, [152, 10]),
        ("ب" * 70, UDH8, [70]),
        ("ب" * 71, UDH8, [67, 4]),
        ("ب" * 134, UDH8, [67, 67]),
        ("ب" * 135, UDH8, [67, 67, 1]),
        ("ب" * 71, UDH16, [66, 5]),
        ("ب" * 133, UDH16, [66, 66, 1]),
        ("a" * 69 + "ب", UDH8, [70]),
        ("a" * 70 + "ب", UDH8, [67, 4]),
        ("😀" * 35, UDH8, [35]),
        ("😀" * 36, UDH8, [33, 3]),
        ("😀" * 70, UDH8, [33, 33, 4]),
        ("ب" * 66 + "😀" * 3, UDH8, [66, 3]),
        ("ب" * 65 + "😀" * 3, UDH8, [66, 2]),
    ],
)
def test_a_text_is_cut_where_the_table_says(text: str, method: SplitMethod, lengths: list[int]) -> None:
    """The parts have these lengths in characters; no escape pair or surrogate pair is cut."""
    parts = split(text, choose(text), 1, method)
    assert [len(part.text) for part in parts] == lengths
    assert count_parts(text, method=method) == len(lengths)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [("Hello {€}", GSM7), ("Code: 1\n", GSM7), ("Hello ی", UCS2), ("سلام", UCS2), ("`", UCS2), ("", GSM7)],
)
def test_one_character_outside_the_alphabet_decides(text: str, encoding: Encoding) -> None:
    """A text goes as GSM-7 if all of it can, else as UCS-2."""
    assert choose(text) is encoding


def test_a_header_names_reference_total_and_number() -> None:
    """The headers are those of GSM 03.40; a reference beyond their room is taken by its low bits."""
    text = "a" * 170
    assert [part.udh.hex() for part in split(text, GSM7, 0x1AB, UDH8)] == ["050003ab0201", "050003ab0202"]
    assert [part.udh.hex() for part in split(text, GSM7, 0x301AB, UDH16)] == [
        "06080401ab0201",
        "06080401ab0202",
    ]
    assert split("a", GSM7, 7, UDH16)[0].udh == b""


def test_one_payload_is_counted_as_its_parts() -> None:
    """Under message_payload a long text is one PDU without a header, counted as UDH8 would cut it."""
    text = "ب" * 200
    (part,) = split(text, UCS2, 7, PAYLOAD)
    assert (part.number, part.total, part.udh, part.text, part.payload) == (
        1,
        1,
        b"",
        text,
        ucs2.encode(text),
    )
    assert count_parts(text, UCS2, PAYLOAD) == count_parts(text, UCS2, UDH8) == 3


@pytest.mark.parametrize("method", SplitMethod)
def test_more_parts_than_a_header_can_number_are_refused(method: SplitMethod) -> None:
    """255 parts are the most; they can still be counted beyond."""
    limit = 152 if method is UDH16 else 153
    split("a" * limit * MAX_PARTS, GSM7, 1, method)
    with pytest.raises(TooManyParts, match="256"):
        split("a" * (limit * MAX_PARTS + 1), GSM7, 1, method)
    assert count_parts("a" * (limit * MAX_PARTS + 1), GSM7, method) == MAX_PARTS + 1


def test_a_text_that_cannot_be_encoded_is_refused() -> None:
    """Neither splitting nor counting lets a text through that could not be sent."""
    for broken in ("\ud83d", "ب" * 100 + "\ude00"):
        with pytest.raises(ucs2.LoneSurrogate):
            split(broken, UCS2, 1, UDH8)
        with pytest.raises(ucs2.LoneSurrogate):
            count_parts(broken)
    with pytest.raises(gsm7.NotGsm7):
        count_parts("سلام", GSM7)


def test_parts_join_in_any_order() -> None:
    """The number decides, not the order of arrival."""
    text = "".join(f"{number} " for number in range(300))
    assert joined(reversed(split(text, GSM7, 1, UDH8))) == text


@given(text=texts, method=st.sampled_from([UDH8, UDH16]), reference=st.integers(0, 1 << 20))
@example(text="😀" * 70, method=UDH8, reference=0)
@example(text="a" * 152 + "€" * 80, method=UDH8, reference=0)
def test_parts_give_the_text_and_none_is_too_long(text: str, method: SplitMethod, reference: int) -> None:
    """Parts joined give the text; none is too long or could have held one more; each can be read alone."""
    encoding = choose(text)
    codec = gsm7 if encoding is GSM7 else ucs2
    parts = split(text, encoding, reference, method)

    assert joined(parts) == text
    assert b"".join(part.payload for part in parts) == codec.encode(text)
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    assert count_parts(text, method=method) == count_parts(text, encoding, method) == len(parts)
    limit = LIMITS[encoding, method] if len(parts) > 1 else ALONE[encoding]
    for part, after in zip(parts, (*parts[1:], None), strict=True):
        assert part.total == len(parts)
        assert len(part.payload) <= limit
        assert codec.decode(part.payload) == part.text
        assert codec.encode(part.text) == part.payload
        assert after is None or len(codec.encode(part.text + after.text[0])) > limit


@given(texts)
def test_a_text_in_one_piece_has_no_header(text: str) -> None:
    """The header is there exactly when there are several parts, and fits beside the payload in 140 octets."""
    for method in SplitMethod:
        parts = split(text, choose(text), 1, method)
        for part in parts:
            assert bool(part.udh) == (len(parts) > 1 and method is not SplitMethod.SAR)
            septets_or_octets = len(part.payload) * (7 if part.encoding is GSM7 else 8)
            assert method is PAYLOAD or len(part.udh) * 8 + septets_or_octets <= 140 * 8


@pytest.mark.parametrize(
    ("text", "default", "encoding"),
    [
        ("info@shop.ir a_b {x} 5", Encoding.LATIN_1, Encoding.LATIN_1),
        ("info@shop.ir a_b {x} €5", Encoding.LATIN_1, UCS2),
        ("ç", Encoding.LATIN_1, Encoding.LATIN_1),
        ("ç", Encoding.ASCII, UCS2),
        ("a`b", Encoding.ASCII, Encoding.ASCII),
        ("سلام", Encoding.ASCII, UCS2),
    ],
)
def test_a_centre_with_another_default_alphabet(text: str, default: Encoding, encoding: Encoding) -> None:
    """A text goes in the centre's own alphabet if all of it can, octet for character, else as UCS-2."""
    assert choose(text, default) is encoding
    (part,) = split(text, encoding, 1, UDH8)
    assert part.payload == text.encode("utf-16-be" if encoding is UCS2 else encoding.value)


@pytest.mark.parametrize(
    ("text", "method", "lengths"),
    [
        ("a" * 160, UDH8, [160]),
        ("a" * 161, UDH8, [153, 8]),
        ("a" * 161, UDH16, [152, 9]),
        ("a" * 158 + "{", UDH8, [159]),
        ("a" * 159 + "{", UDH8, [153, 7]),
        ("a" * 152 + "{" + "a" * 10, UDH8, [152, 11]),
        ("{" * 81, UDH8, [76, 5]),
    ],
)
def test_a_text_of_octets_is_cut_as_the_centre_will(text: str, method: SplitMethod, lengths: list[int]) -> None:
    """On the air it is GSM 7-bit: what needs the extension table costs two septets there."""
    for encoding in (Encoding.LATIN_1, Encoding.ASCII):
        parts = split(text, encoding, 1, method)
        assert [len(part.payload) for part in parts] == lengths
        assert count_parts(text, encoding, method) == len(lengths)
        assert joined(parts) == text


def test_parameters_take_the_headers_place() -> None:
    """Under sar the parts are those of UDH8, without a header: the operator writes it."""
    text = "a" * 200
    told = split(text, GSM7, 7, SplitMethod.SAR)
    headed = split(text, GSM7, 7, UDH8)
    assert [(part.number, part.total, part.payload) for part in told] == [
        (part.number, part.total, part.payload) for part in headed
    ]
    assert {part.udh for part in told} == {b""}
