"""The session of either end, played in memory with a clock that the test holds."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.unit.smpp.sessions import CONFIG, pair, status_of, written
from tests.unit.smpp.strategies import chunked, pdus, unknowns

from payamak.smpp import pdu as p
from payamak.smpp.codec import encode
from payamak.smpp.config import SessionConfig
from payamak.smpp.constants import MAX_SEQUENCE, CommandId, Status
from payamak.smpp.events import (
    AlertReceived,
    BindRefused,
    BindRequested,
    Bound,
    DeadReason,
    LateResponse,
    LinkDead,
    PduRefused,
    RequestReceived,
    ResponseOverdue,
    ResponseReceived,
    UnbindRequested,
    Unbound,
)
from payamak.smpp.pdu import REQUESTS, Pdu, response_to
from payamak.smpp.session import NotBound, Session, WindowFull
from payamak.smpp.states import LEGAL, STATE_OF_MODE, TAKEN, BindType, Role, SessionState

MODES = list(BindType)


@pytest.mark.parametrize("mode", MODES)
def test_bind(mode: BindType) -> None:
    """A bind that is taken puts both ends into the state of its mode."""
    esme, smsc = pair(mode)
    assert STATE_OF_MODE[mode] is esme.state is smsc.state
    assert mode is esme.mode is smsc.mode
    assert esme.window_free == 2


def test_bind_refused() -> None:
    """A refused bind leaves both ends open, and another may follow."""
    esme, smsc = pair(None)
    esme.bind(p.BindReceiver(), 0)
    with pytest.raises(NotBound):
        esme.bind(p.BindReceiver(), 0)
    (asked,) = smsc.receive(esme.data_to_send(), 0)
    assert isinstance(asked, BindRequested)
    smsc.answer_bind(asked.pdu, Status.ESME_RINVPASWD, 0)
    assert [BindRefused(status=Status.ESME_RINVPASWD)] == esme.receive(smsc.data_to_send(), 0)
    assert SessionState.OPEN is esme.state is smsc.state
    esme.bind(p.BindTransmitter(), 1)
    assert isinstance(smsc.receive(esme.data_to_send(), 1)[0], BindRequested)


def test_bind_nacked() -> None:
    """A generic_nack for the bind refuses it."""
    esme, _ = pair(None)
    sequence = esme.bind(p.BindReceiver(), 0)
    nack = encode(p.GenericNack(sequence=sequence, status=Status.ESME_RINVCMDID))
    assert [BindRefused(status=Status.ESME_RINVCMDID)] == esme.receive(nack, 0)


def test_bind_twice() -> None:
    """Who asks again, before or after the answer, is told that it is already bound."""
    _, smsc = pair(None)
    (asked, refused) = smsc.receive(encode(p.BindReceiver(sequence=1)) + encode(p.BindReceiver(sequence=2)), 0)
    assert isinstance(asked, BindRequested)
    assert status_of(refused) == Status.ESME_RALYBND
    smsc.answer_bind(asked.pdu, 0, 0)
    assert status_of(smsc.receive(encode(p.BindReceiver(sequence=3)), 0)[0]) == Status.ESME_RALYBND


def test_messages_both_ways() -> None:
    """Requests and responses find each other in both directions under their own numbers."""
    esme, smsc = pair()
    for asking, other, request in (
        (esme, smsc, p.SubmitSm(short_message=b"hi")),
        (smsc, esme, p.DeliverSm(short_message=b"ho")),
    ):
        sequence = asking.request(request, 1)
        (event,) = other.receive(asking.data_to_send(), 1)
        assert isinstance(event, RequestReceived)
        assert other.respond(event.pdu, response_to(event.pdu, 0x444))
        expected = response_to(request, 0x444).__class__(sequence=sequence, status=0x444)
        assert [ResponseReceived(sequence, expected)] == asking.receive(other.data_to_send(), 1)
        assert asking.outstanding == 0


def test_window() -> None:
    """A full window refuses the next request without using a number; an answer frees a place."""
    esme, _ = pair()
    first, second = esme.request(p.SubmitSm(), 1), esme.request(p.SubmitSm(), 1)
    esme.data_to_send()
    with pytest.raises(WindowFull):
        esme.request(p.SubmitSm(), 1)
    assert esme.data_to_send() == b""
    esme.receive(encode(p.SubmitSmResp(sequence=first)), 1)
    assert esme.window_free == 1
    assert second + 1 == esme.request(p.SubmitSm(), 1)


def test_request_that_cannot_be_encoded() -> None:
    """A request that does not fit the specification leaves no trace."""
    esme, _ = pair()
    with pytest.raises(ValueError, match="destination_addr"):
        esme.request(p.SubmitSm(destination_addr="9" * 40), 1)
    assert (esme.outstanding, esme.data_to_send()) == (0, b"")


def test_overdue_and_late() -> None:
    """An answer that does not come in time frees its place; if it comes later it is told as late, once."""
    esme, _ = pair()
    sequence = esme.request(p.SubmitSm(), 1)
    esme.data_to_send()
    esme.receive(encode(p.EnquireLink(sequence=9)), 50)
    assert esme.tick(60.9) == []
    assert [ResponseOverdue(sequence=sequence)] == esme.tick(61)
    assert esme.window_free == 2
    late = p.SubmitSmResp(sequence=sequence, message_id="x")
    assert [LateResponse(sequence=sequence, pdu=late)] == esme.receive(encode(late), 62)
    assert esme.receive(encode(late), 62) == []
    assert esme.unmatched_responses == 1


def test_response_to_nothing() -> None:
    """A response that answers nothing we asked, or the wrong kind, is counted and dropped."""
    esme, _ = pair()
    sequence = esme.request(p.SubmitSm(), 1)
    for stray in (p.SubmitSmResp(sequence=999), p.DataSmResp(sequence=sequence), p.GenericNack(sequence=0)):
        assert esme.receive(encode(stray), 1) == []
    assert (esme.unmatched_responses, esme.outstanding) == (3, 1)
    nack = p.GenericNack(sequence=sequence, status=3)
    assert [ResponseReceived(sequence, nack)] == esme.receive(encode(nack), 1)


def test_sequence_wraps() -> None:
    """After 0x7fffffff comes 1."""
    esme = Session(Role.ESME, CONFIG, now=0, first_sequence=MAX_SEQUENCE)
    assert esme.bind(p.BindTransmitter(), 0) == MAX_SEQUENCE
    esme.receive(encode(p.BindTransmitterResp(sequence=MAX_SEQUENCE)), 0)
    assert esme.request(p.SubmitSm(), 0) == 1


def test_enquire_link() -> None:
    """After silence the session asks; any PDU is a sign of life; silence after that is death."""
    esme, smsc = pair()
    assert esme.next_timer() == 30
    assert esme.tick(29.9) == []
    assert esme.data_to_send() == b""
    assert esme.tick(30) == []
    (asked,) = written(esme)
    assert isinstance(asked, p.EnquireLink)
    assert smsc.receive(encode(asked), 30) == []
    assert [p.EnquireLinkResp(sequence=asked.sequence)] == written(smsc)
    assert esme.next_timer() == 60
    assert esme.receive(encode(p.DeliverSm(short_message=b"alive"))[:10], 40) == []
    assert [LinkDead(reason=DeadReason.NO_ANSWER, detail="")] == esme.tick(60)
    assert SessionState.CLOSED is esme.state
    assert esme.next_timer() is None


def test_a_bind_that_must_always_ask() -> None:
    """With `enquires_always` traffic does not put the question off: it is asked each time the span is over."""
    esme, _ = pair(config=replace(CONFIG, enquires_always=True))
    for now in (10.0, 20.0, 29.0):
        esme.receive(encode(p.EnquireLink(sequence=int(now))), now)
    written(esme)
    assert esme.next_timer() == 30
    esme.tick(30)
    (asked,) = written(esme)
    assert isinstance(asked, p.EnquireLink)
    esme.receive(encode(p.EnquireLinkResp(sequence=asked.sequence)), 31)
    assert esme.next_timer() == 60


def test_traffic_is_life() -> None:
    """A peer that leaves enquire_link unanswered but sends PDUs lives, and its late answer is not counted."""
    esme, _ = pair()
    esme.tick(30)
    (asked,) = written(esme)
    esme.receive(encode(p.DeliverSm()), 59)
    assert esme.tick(60) == []
    assert esme.next_timer() == 89
    assert esme.receive(encode(p.EnquireLinkResp(sequence=asked.sequence)), 61) == []
    assert esme.unmatched_responses == 0


def test_inactivity() -> None:
    """Only enquire_link for too long ends the session."""
    esme, _ = pair()
    for now in range(20, 300, 20):
        esme.receive(encode(p.EnquireLink(sequence=now)), now)
    assert [LinkDead(reason=DeadReason.INACTIVE)] == esme.tick(300)


@pytest.mark.parametrize("role", Role)
def test_bind_timeout(role: Role) -> None:
    """Without a bind's answer, or without a bind, the session ends after the bind timer."""
    session = Session(role, CONFIG, now=0)
    if role is Role.ESME:
        assert session.next_timer() is None
        session.bind(p.BindReceiver(), 0)
    assert session.next_timer() == 10
    assert session.tick(9) == []
    assert [LinkDead(reason=DeadReason.BIND_TIMEOUT)] == session.tick(10)
    assert session.tick(11) == []


def test_timers_off() -> None:
    """A timer of 0 seconds never fires."""
    off = SessionConfig(response_timeout_s=0, enquire_link_s=0, inactivity_s=0, bind_timeout_s=0)
    esme, smsc = pair(config=off)
    esme.request(p.SubmitSm(), 0)
    assert (esme.next_timer(), smsc.next_timer()) == (None, None)
    assert esme.tick(1e9) == []


def test_unbind() -> None:
    """Unbind waits for its response; meanwhile outstanding answers still arrive, new requests do not leave."""
    esme, smsc = pair()
    sequence = esme.request(p.SubmitSm(), 1)
    esme.unbind(1)
    with pytest.raises(NotBound):
        esme.request(p.SubmitSm(), 1)
    refused = esme.receive(encode(p.DeliverSm(sequence=5)), 1)
    assert [status_of(event) for event in refused] == [Status.ESME_RX_T_APPN]
    asked, told = smsc.receive(esme.data_to_send(), 1)
    assert isinstance(asked, RequestReceived)
    assert told == UnbindRequested()
    answer = p.SubmitSmResp(sequence=sequence)
    assert smsc.respond(asked.pdu, answer)
    assert [Unbound(by_peer=True)] == smsc.tick(1)
    assert [ResponseReceived(sequence, answer), Unbound(by_peer=False)] == esme.receive(smsc.data_to_send(), 1)
    assert SessionState.CLOSED is esme.state is smsc.state
    assert not smsc.respond(p.SubmitSm(), p.SubmitSmResp())


def test_unbinds_cross() -> None:
    """When both ends unbind at once, both close in good order."""
    esme, smsc = pair()
    esme.unbind(1)
    smsc.unbind(1)
    to_smsc, to_esme = esme.data_to_send(), smsc.data_to_send()
    assert [Unbound(by_peer=True)] == smsc.receive(to_smsc, 1)
    assert [Unbound(by_peer=True)] == esme.receive(to_esme, 1)
    assert [p.UnbindResp] == [type(pdu) for pdu in written(smsc)]


def test_unbind_unanswered() -> None:
    """An unbind without a response ends by the timer."""
    esme, _ = pair()
    esme.unbind(1)
    assert [LinkDead(reason=DeadReason.UNBIND_TIMEOUT)] == esme.tick(11)


def _in_state(role: Role, state: SessionState) -> Session:
    modes = {reached: mode for mode, reached in STATE_OF_MODE.items()}
    esme, smsc = pair(modes.get(state, None if state is SessionState.OPEN else BindType.TRANSCEIVER))
    session = esme if role is Role.ESME else smsc
    if state is SessionState.UNBINDING:
        session.unbind(0)
    elif state is SessionState.LEAVING:
        session.receive(encode(p.Unbind(sequence=66)) + encode(p.DataSm(sequence=67)), 0)
    elif state is SessionState.CLOSED:
        session.close()
    session.data_to_send()
    return session


@pytest.mark.parametrize("state", SessionState)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("known", [request for request, _ in REQUESTS], ids=lambda known: known.__name__)
def test_table_of_states(role: Role, state: SessionState, known: type[Pdu]) -> None:
    """In every state each request is taken or refused exactly as the table says, and always answered."""
    session = _in_state(role, state)
    request = known(sequence=77)
    events = session.receive(encode(request), 0)
    answers = written(session)
    if state is SessionState.CLOSED:
        assert (events, answers) == ([], [])
        return
    if state is SessionState.LEAVING:  # the peer has unbound, and may finish what it has begun
        state = SessionState.BOUND_TRX
        if known is p.Unbind:
            assert (events, answers) == ([], [])  # until what is under way is done
            return
    is_legal = state in TAKEN.get((role.peer, request.command_id), ()) and known is not p.Outbind
    assert is_legal is not any(isinstance(event, PduRefused) for event in events)
    if is_legal:
        assert (answers == [response_to(request)]) is (known in (p.EnquireLink, p.Unbind))
        return
    assert status_of(events[0]) != Status.ESME_ROK
    expected = [] if known is p.AlertNotification else [response_to(request, status_of(events[0]))]
    assert expected == answers


@pytest.mark.parametrize("state", SessionState)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("known", [p.SubmitSm, p.DeliverSm, p.DataSm, p.QuerySm], ids=lambda known: known.__name__)
def test_table_of_states_for_us(role: Role, state: SessionState, known: type[Pdu]) -> None:
    """We ourselves write only what the table allows."""
    session = _in_state(role, state)
    if state in LEGAL.get((role, known().command_id), ()):
        session.request(known(), 0)
        assert len(written(session)) == 1
    else:
        with pytest.raises(NotBound):
            session.request(known(), 0)
        assert session.data_to_send() == b""


def test_alert_and_outbind() -> None:
    """An alert is told and not answered; an outbind is refused with a generic_nack and the bind goes on."""
    esme, smsc = pair(None)
    smsc.notify(p.Outbind(system_id="smsc"))
    (refused,) = esme.receive(smsc.data_to_send(), 0)
    assert status_of(refused) == Status.ESME_RINVBNDSTS
    assert [p.GenericNack(sequence=1, status=Status.ESME_RINVBNDSTS)] == written(esme)
    esme, smsc = pair()
    smsc.notify(p.AlertNotification(source_addr="989"))
    (event,) = esme.receive(smsc.data_to_send(), 0)
    assert isinstance(event, AlertReceived)
    assert esme.data_to_send() == b""
    with pytest.raises(NotBound):
        smsc.notify(p.Outbind())


def test_unreadable_requests() -> None:
    """A request that a server cannot read is answered by its own response, an unknown one by generic_nack."""
    _, smsc = pair()
    cut = _cut(p.SubmitSm(sequence=5, short_message=b"hello"), 3)
    unknown = encode(p.Unknown(sequence=6, command_id=CommandId.SUBMIT_MULTI))
    events = smsc.receive(cut + unknown, 0)
    assert [status_of(event) for event in events] == [Status.ESME_RINVMSGLEN, Status.ESME_RINVCMDID]
    assert [
        p.SubmitSmResp(sequence=5, status=Status.ESME_RINVMSGLEN),
        p.GenericNack(sequence=6, status=Status.ESME_RINVCMDID),
    ] == written(smsc)
    assert smsc.is_bound


def _cut(pdu: Pdu, octets: int) -> bytes:
    """A PDU without its last octets, its command_length put right."""
    cut = encode(pdu)[:-octets]
    return len(cut).to_bytes(4, "big") + cut[4:]


@pytest.mark.parametrize("known", [p.DeliverSm, p.DataSm])
@pytest.mark.parametrize("missing", [1, 2, 3, 9])
def test_a_client_refuses_nothing_for_its_form(known: type[p.DeliverSm | p.DataSm], missing: int) -> None:
    """What a centre brings is handed on, read or not: whoever stores it answers; what is unknown gets generic_nack."""
    esme, _ = pair()
    cut = _cut(known(sequence=5, source_addr="989"), missing)
    events = esme.receive(cut + encode(p.Unknown(sequence=6, command_id=CommandId.SUBMIT_MULTI)), 0)
    assert isinstance(events[0], RequestReceived)
    assert (type(events[0].pdu), events[0].pdu.octets) == (p.Unread, cut)
    assert status_of(events[1]) == Status.ESME_RINVCMDID
    assert [p.GenericNack(sequence=6, status=Status.ESME_RINVCMDID)] == written(esme)
    esme.respond(events[0].pdu, response_to(events[0].pdu))
    assert [response_to(known(sequence=5))] == written(esme)


def test_an_octet_between_two_pdus() -> None:
    """A centre that ends each PDU with an octet that command_length does not count is heard; a client is not."""
    esme, smsc = pair()
    events = esme.receive(encode(p.DeliverSm(sequence=5)) + b"\0" + encode(p.DeliverSm(sequence=6)) + b"\0", 0)
    assert [event.pdu.sequence for event in events if isinstance(event, RequestReceived)] == [5, 6]
    assert (len(events), esme.skipped_octets) == (2, 1)
    assert isinstance(smsc.receive(b"\0" + encode(p.SubmitSm(sequence=5)), 0)[0], LinkDead)


@pytest.mark.parametrize("is_cut", [False, True])
@pytest.mark.parametrize("known", [p.DeliverSm, p.DataSm])
def test_before_the_bind_is_answered(known: type[p.DeliverSm | p.DataSm], is_cut: bool) -> None:
    """A centre that brings what it has before it answers our bind is told to bring it again, not that it must not."""
    esme = Session(Role.ESME, CONFIG, now=0)
    esme.bind(p.BindTransceiver(system_id="me"), 0)
    esme.data_to_send()
    brought = known(sequence=5, source_addr="989")
    (refused,) = esme.receive(_cut(brought, 2) if is_cut else encode(brought), 0)
    assert status_of(refused) == Status.ESME_RX_T_APPN
    assert [response_to(brought, Status.ESME_RX_T_APPN)] == written(esme)
    bound, taken = esme.receive(encode(p.BindTransceiverResp(sequence=1)) + encode(brought), 0)
    assert isinstance(bound, Bound)
    assert isinstance(taken, RequestReceived)


def test_broken_stream() -> None:
    """Octets that are no SMPP are answered by generic_nack and end the session; what came before them counts."""
    esme, _ = pair()
    events = esme.receive(encode(p.DeliverSm()) + b"GET / HTTP/1.1\r\n", 0)
    assert isinstance(events[0], RequestReceived)
    assert isinstance(events[1], LinkDead)
    assert DeadReason.BROKEN_STREAM is events[1].reason
    assert [p.GenericNack(status=Status.ESME_RINVCMDLEN)] == written(esme)
    assert esme.receive(encode(p.DeliverSm()), 0) == []


streams = st.lists(
    st.one_of(
        st.one_of(pdus(), unknowns).map(encode),
        st.binary(max_size=30).map(
            lambda body: (16 + len(body)).to_bytes(4, "big") + bytes(3) + b"\4" + bytes(8) + body
        ),
        st.binary(max_size=30),
    ),
    max_size=6,
).map(b"".join)


@given(st.sampled_from(Role), st.sampled_from((None, *BindType)), streams, st.data())
def test_any_chunking(role: Role, mode: BindType | None, stream: bytes, data: st.DataObject) -> None:
    """However octets are cut, good ones or garbage, the events and the answers are the same; nothing raises.

    But for an unbind when nothing is under way: what stands behind it in the same octets is read before the end.
    """
    whole, pieces = (pair(mode)[role is Role.SMSC] for _ in range(2))
    expected = whole.receive(stream, 1)
    assume(not any(isinstance(event, Unbound) for event in expected))
    seen = [event for piece in data.draw(chunked(stream)) for event in pieces.receive(piece, 1)]
    assert expected == seen
    assert whole.data_to_send() == pieces.data_to_send()
    assert (whole.state, whole.unmatched_responses) == (pieces.state, pieces.unmatched_responses)


@given(st.lists(st.tuples(st.sampled_from(("submit", "deliver", "data")), st.floats(0, 100)), max_size=30))
def test_every_request_has_one_end(steps: list[tuple[str, float]]) -> None:
    """Whatever the timing, each request ends exactly once: answered, or overdue and then perhaps late."""
    esme, smsc = pair(config=SessionConfig(window=5, response_timeout_s=60))
    asked, ended, now = set(), [], 0.0
    for what, pause_s in steps:
        now += pause_s
        events = esme.tick(now)
        smsc.tick(now)
        if esme.window_free and what == "submit":
            asked.add(esme.request(p.SubmitSm(), now))
        events += esme.receive(smsc.data_to_send(), now)
        ended += [event.sequence for event in events if isinstance(event, ResponseReceived | ResponseOverdue)]
        for event in smsc.receive(esme.data_to_send(), now):
            if isinstance(event, RequestReceived) and what != "data":
                smsc.respond(event.pdu, p.SubmitSmResp())
    assert len(ended) == len(set(ended))
    assert len(asked) == len(ended) + esme.outstanding
