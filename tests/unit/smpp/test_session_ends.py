"""How a session ends, and what is under way then: played in memory with a clock that the test holds."""

import pytest
from tests.unit.smpp.sessions import CONFIG, pair, status_of, written

from payamak.smpp import pdu as p
from payamak.smpp.codec import encode
from payamak.smpp.config import SessionConfig
from payamak.smpp.constants import Status
from payamak.smpp.events import (
    LateResponse,
    RequestReceived,
    ResponseReceived,
    UnbindRequested,
    Unbound,
)
from payamak.smpp.overdue import OVERDUE_KEPT_S, Overdue
from payamak.smpp.session import UNBINDS_KEPT, NotBound, Session
from payamak.smpp.states import Role

PATIENT = SessionConfig(window=9, response_timeout_s=60, enquire_link_s=30, unbind_wait_s=1.5)


def test_the_peers_unbind_waits_for_what_is_under_way() -> None:
    """Answers that still come are taken, new requests do not leave, and only then unbind_resp is written."""
    esme, smsc = pair(config=PATIENT)
    first, second = esme.request(p.SubmitSm(), 1), esme.request(p.SubmitSm(), 1)
    esme.data_to_send()
    smsc.unbind(1)
    unbind = smsc.data_to_send()
    assert esme.receive(unbind, 1) == [UnbindRequested()]
    assert (esme.is_bound, esme.window_free) == (False, 0)
    with pytest.raises(NotBound):
        esme.request(p.SubmitSm(), 1)
    assert esme.next_timer() == 2.5
    assert esme.receive(encode(p.EnquireLink(sequence=70)), 2) == []
    assert [p.EnquireLinkResp(sequence=70)] == written(esme)
    assert esme.receive(encode(p.SubmitSmResp(sequence=first)), 2)
    assert esme.receive(encode(p.SubmitSmResp(sequence=second)), 2)[-1] == Unbound(by_peer=True)
    assert smsc.receive(esme.data_to_send(), 2) == [Unbound(by_peer=False)]


def test_what_the_peer_still_brings_after_its_unbind_is_taken_and_answered() -> None:
    """A receipt after the unbind is handed over; the goodbye leaves after its answer, a second unbind gets one too."""
    esme, _ = pair(config=PATIENT)
    esme.request(p.SubmitSm(), 1)
    esme.data_to_send()
    esme.receive(encode(p.Unbind(sequence=50)), 1)
    (event,) = esme.receive(encode(p.DeliverSm(sequence=51)), 1)
    assert isinstance(event, RequestReceived)
    assert esme.receive(encode(p.Unbind(sequence=52)), 1) == []
    assert esme.receive(encode(p.SubmitSmResp(sequence=2)), 1) == [ResponseReceived(2, p.SubmitSmResp(sequence=2))]
    assert written(esme) == []
    assert esme.respond(event.pdu, p.DeliverSmResp())
    assert esme.next_timer() == 0.0
    assert esme.tick(1) == [Unbound(by_peer=True)]
    assert written(esme) == [p.DeliverSmResp(sequence=51), p.UnbindResp(sequence=50), p.UnbindResp(sequence=52)]


def test_an_unbind_and_what_comes_with_it() -> None:
    """What is in the same octets as an unbind, behind it, is read before the session ends."""
    esme, _ = pair(config=PATIENT)
    sequence = esme.request(p.SubmitSm(), 1)
    esme.data_to_send()
    together = encode(p.Unbind(sequence=50)) + encode(p.SubmitSmResp(sequence=sequence)) + encode(p.DeliverSm())
    events = esme.receive(together, 1)
    assert [type(event) for event in events] == [ResponseReceived, RequestReceived, UnbindRequested]


def test_an_unbind_does_not_wait_for_ever() -> None:
    """After `unbind_wait_s` the goodbye is written; the requests without an answer are then overdue, not forgotten."""
    esme, _ = pair(config=PATIENT)
    sequence = esme.request(p.SubmitSm(), 1)
    esme.data_to_send()
    esme.receive(encode(p.Unbind(sequence=50)), 1)
    for number in range(1_000):
        esme.receive(encode(p.Unbind(sequence=100 + number)), 1)
    assert esme.tick(2.4) == []
    assert esme.tick(2.5) == [Unbound(by_peer=True)]
    assert len(written(esme)) == UNBINDS_KEPT
    esme.lose(3, ())
    assert sequence in esme._overdue


def test_an_answer_after_our_own_unbind_was_answered() -> None:
    """A centre that answers our unbind before it has answered all else is waited for as well."""
    esme, _ = pair(config=PATIENT)
    sequence = esme.request(p.SubmitSm(), 1)
    esme.unbind(1)
    unbind = written(esme)[-1]
    assert esme.receive(encode(p.UnbindResp(sequence=unbind.sequence)), 1) == []
    assert [status_of(event) for event in esme.receive(encode(p.DeliverSm()), 1)] == [Status.ESME_RX_T_APPN]
    answer = p.SubmitSmResp(sequence=sequence)
    assert esme.receive(encode(answer), 2) == [ResponseReceived(sequence, answer), Unbound(by_peer=False)]


def test_an_unbind_while_the_bind_is_pending() -> None:
    """A centre that has changed its mind ends the session at once; a bind_resp behind that revives nothing."""
    esme, _ = pair(None)
    sequence = esme.bind(p.BindTransceiver(), 0)
    esme.data_to_send()
    both = encode(p.Unbind(sequence=9)) + encode(p.BindTransceiverResp(sequence=sequence))
    assert esme.receive(both, 0) == [Unbound(by_peer=True)]
    assert written(esme) == [p.UnbindResp(sequence=9)]


def test_an_answer_over_a_later_bind() -> None:
    """What a lost session has asked and written is answered late over the next one, once; its numbers run on."""
    overdue: Overdue[int] = Overdue()
    first = Session(Role.ESME, CONFIG, now=0, first_sequence=40, overdue=overdue)
    first.bind(p.BindTransmitter(), 0)
    first.receive(encode(p.BindTransmitterResp(sequence=40)), 0)
    sequence, unwritten = first.request(p.SubmitSm(), 0), first.request(p.SubmitSm(), 0)
    first.lose(1, {unwritten})
    second = Session(Role.ESME, CONFIG, now=1, first_sequence=first.next_sequence, overdue=overdue)
    assert second.bind(p.BindTransmitter(), 1) == unwritten + 1
    second.receive(encode(p.BindTransmitterResp(sequence=unwritten + 1)), 1)
    late = p.SubmitSmResp(sequence=sequence, message_id="x")
    assert second.receive(encode(p.DataSmResp(sequence=sequence)), 2) == []
    assert second.receive(encode(late), 2) == [LateResponse(sequence=sequence, pdu=late)]
    assert second.receive(encode(late) + encode(p.SubmitSmResp(sequence=unwritten)), 2) == []


def test_what_is_overdue_is_bounded_in_number_and_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest is forgotten first, and nothing is remembered longer than `OVERDUE_KEPT_S`."""
    monkeypatch.setattr("payamak.smpp.overdue.OVERDUE_KEPT", 3)
    overdue: Overdue[str] = Overdue()
    for sequence in range(5):
        overdue.keep(sequence, "known", 0)
    assert [sequence in overdue for sequence in range(5)] == [False, False, True, True, True]
    assert overdue.take(2, OVERDUE_KEPT_S - 1) == "known"
    assert (overdue.take(2, 1), overdue.take(3, OVERDUE_KEPT_S)) == (None, None)
    overdue.keep(9, "known", OVERDUE_KEPT_S)
    assert len(overdue) == 1
