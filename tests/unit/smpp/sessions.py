"""Two sessions that are bound to each other, and what they write."""

from payamak.smpp.codec import decode
from payamak.smpp.config import SessionConfig
from payamak.smpp.events import (
    BindRequested,
    Bound,
    Event,
    PduRefused,
)
from payamak.smpp.frames import FrameBuffer
from payamak.smpp.pdu import Pdu
from payamak.smpp.session import Session
from payamak.smpp.states import BINDS, BindType, Role

CONFIG = SessionConfig(window=2, response_timeout_s=60, enquire_link_s=30, inactivity_s=300, bind_timeout_s=10)


def written(session: Session) -> list[Pdu]:
    """What the session wants to be written, read as PDUs."""
    return [decode(frame) for frame in FrameBuffer().feed(session.data_to_send())]


def pair(mode: BindType | None = BindType.TRANSCEIVER, config: SessionConfig = CONFIG) -> tuple[Session, Session]:
    """An ESME and an SMSC at time 0, bound to each other unless `mode` is None."""
    esme, smsc = Session(Role.ESME, config, now=0), Session(Role.SMSC, config, now=0)
    if mode is not None:
        esme.bind(BINDS[mode](system_id="me"), 0)
        (asked,) = smsc.receive(esme.data_to_send(), 0)
        assert isinstance(asked, BindRequested)
        smsc.answer_bind(asked.pdu, 0, 0, system_id="smsc")
        (bound,) = esme.receive(smsc.data_to_send(), 0)
        assert isinstance(bound, Bound)
    return esme, smsc


def status_of(event: Event) -> int:
    """The status with which the session has refused something."""
    assert isinstance(event, PduRefused)
    return event.status
