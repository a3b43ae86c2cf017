"""Receipts in the forms of many operators say what they say."""

from datetime import datetime

import pytest
from tests.golden.receipts.samples import NAMES, form, receipt_pdu

from payamak.smpp.codec import decode, encode
from payamak.smpp.pdu import DataSm, DeliverSm
from payamak.smpp.receipt import parse_receipt, receipt_time


@pytest.mark.parametrize("name", NAMES)
def test_form(name: str) -> None:
    """The receipt, once over the wire, gives every field that is in it, and nothing that is not."""
    expected = form(name).expected
    pdu = decode(encode(receipt_pdu(form(name).pdu), 1))
    assert isinstance(pdu, DeliverSm | DataSm)
    receipt = parse_receipt(pdu)
    assert receipt is not None
    times = [receipt_time(written) for written in (receipt.submit_date, receipt.done_date)]
    assert (expected.operator_id, expected.stat, expected.stat_text, expected.err) == (
        receipt.operator_id,
        receipt.stat.name,
        receipt.stat_text,
        receipt.err,
    )
    assert [None if time is None else time.isoformat() for time in times] == [expected.submit, expected.done]
    assert (receipt.text, receipt.is_final) == (expected.text, expected.is_final)
    if expected.err_text is not None:
        assert receipt.err_text == expected.err_text
    assert receipt.done_time == (None if expected.done is None else datetime.fromisoformat(expected.done))


def test_there_are_enough() -> None:
    """Ten operators at the very least, and each form says whose it is."""
    assert len(NAMES) >= 20
    assert len({form(name).about for name in NAMES}) == len(NAMES)
