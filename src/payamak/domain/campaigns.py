"""The whole life of a campaign: one pure function over one table of states, its guard, and how many rows are fed.

    advance(campaign, event, now) -> campaign

A campaign is rows, each of which becomes one message at most, and a feeder that makes them (front/feeder.py). What
becomes of a message afterwards is the message's own life (states.py); the campaign only counts it.

* **Start** is compare-and-set: of two presses, two tabs or two people one starts it. It takes the sum that the person
  saw; where it would be another now, nothing starts.
* **Held** is the sum of the dearest steps of all rows, set aside at the start: no row is refused for money later, and
  the bill is never more. What a row did not need goes back as its message is made, the rest with the last row. Money
  has no events of its own: what is set aside is what `held_rial` says, and whoever keeps the row moves the difference.
* **Pause** bites at the feeder and at what waits; **cancel** takes back what waits and leaves out what is pending. What
  is on the wire goes its way.
* **The guard** feeds a first handful and judges it before it feeds more: a list of dead numbers stops after 250, not
  after 100,000.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from payamak.language import Words

FIRST_FED: Final = 200
"""Rows that are fed before anything is judged."""

FIRST_FINAL: Final = 150
"""Messages that are final before more than the first rows are fed."""

FIRST_WAIT_MS: Final = 60_000
"""How long the feeder waits for that: receipts may come late, and then it goes on and judges as they come."""

JUDGE_AGAIN: Final = 200
"""Final messages at which the guard judges for the second time."""

JUDGE_EACH: Final = 500
"""Final messages from one of its later judgements to the next."""

GUARD_SHARE: Final = 0.5
"""Of the final messages, how many may be rejected or undeliverable: a campaign's own setting replaces it."""

MOST_WAITING: Final = 2_000
"""Messages of a campaign that wait at once, so that pause and cancel bite, and bulk never buries others."""

WAITING_S: Final = 30
"""Or so many seconds of its pace, if that is less."""

AT_ONCE: Final = 100
"""Rows that become messages in one transaction."""


class CampaignState(StrEnum):
    """Where a campaign is; the values are what the store keeps and what the command line shows."""

    DRAFT = "draft"
    CHECKING = "checking"
    FAILED = "failed"
    READY = "ready"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


ENDED: Final = frozenset((CampaignState.FINISHED, CampaignState.CANCELLED))


class PauseReason(StrEnum):
    """Why a campaign is paused; LINE, ACCOUNT and WINDOW end by themselves, the others by a person."""

    BY_HAND = "by_hand"
    FAILURES = "too_many_failures"
    RESTORED = "restored"
    LINE = "line_suspended"
    ACCOUNT = "account_inactive"
    WINDOW = "outside_window"


BY_THEMSELVES: Final = frozenset((PauseReason.LINE, PauseReason.ACCOUNT, PauseReason.WINDOW))

STOPS_WAITING: Final = frozenset(PauseReason) - {PauseReason.LINE, PauseReason.WINDOW}
"""Where messages that wait are stopped one by one: those of a line that rests, or outside its hours, wait anyway."""


class Campaign(Struct, frozen=True, kw_only=True):
    """A campaign as the store keeps it.

    What is sent: `text` with the names of `columns` (a JSON array) in braces, by `ways`, to the rows of a file of this
    `digest`. Counts of `rows`: `pending`, left out (`excluded`), `made`, `refused`; of its messages: those that are
    `final`, and of these the `failed`: rejected or undeliverable, but for opt-outs. `fed_to` is the last row that was
    fed. `most_rial` and `likely_rial` are what the check has found, by the site of `checked_version` with these
    `tariffs` (JSON, by line), which hold from then on. `held_rial` is set aside and no message's yet. `first_fed_at`:
    when the guard's first rows had all been fed; `judged`: the number of final messages at its last judgement. `owner`:
    whose feeder fed it last; one with a smaller number is dead.
    """

    id: int = 0
    account_id: int
    name: str
    text: str
    columns: str
    ways: tuple[str, ...] = ()
    template: int | None = None
    pace_per_minute: int | None = None
    validity_ms: int
    guard_share: float = GUARD_SHARE
    digest: str = ""
    created_by: str = ""
    created_at: int
    state: CampaignState = CampaignState.DRAFT
    reason: PauseReason | None = None
    version: int = 0
    rows: int = 0
    pending: int = 0
    excluded: int = 0
    made: int = 0
    refused: int = 0
    final: int = 0
    failed: int = 0
    fed_to: int = 0
    held_rial: int = 0
    most_rial: int = 0
    likely_rial: int = 0
    checked_version: int = -1
    tariffs: str = "{}"
    send_at: int | None = None
    started_at: int | None = None
    finished_at: int | None = None
    first_fed_at: int | None = None
    judged: int = 0
    owner: int = 0

    @property
    def is_ended(self) -> bool:
        """Whether nothing more can become of it."""
        return self.state in ENDED


class IllegalCampaignMove(ValueError):
    """The table has no such move; nothing was changed."""

    def __init__(self, campaign: Campaign, event: str) -> None:
        state = campaign.state.value
        said = Words(
            f"campaign {campaign.id} is {state}, and takes no {event} in this state",
            f"ارسال گروهی {campaign.id} در وضعیت {state} است و در این وضعیت {event} نمی‌پذیرد",
        )
        super().__init__(said)
        self.state = campaign.state


class OtherVersion(ValueError):
    """Somebody else has changed the campaign, or the site, since it was shown; nothing was changed."""

    def __init__(self, campaign: Campaign) -> None:
        said = Words(
            f"campaign {campaign.id}, or the site, was changed since it was shown: look at it again",
            f"ارسال گروهی {campaign.id}، یا پیکربندی، پس از آن‌که نشان داده شد تغییر کرده است: دوباره ببینیدش",
        )
        super().__init__(said)


class OtherSum(ValueError):
    """The campaign would cost another sum than the person saw; nothing was changed."""

    def __init__(self, campaign: Campaign) -> None:
        rial = campaign.most_rial
        said = Words(
            f"it would take at most {rial:,} rial now, another sum than was shown: nothing was started",
            f"اکنون حداکثر {rial:,} ریال می‌شود که مبلغ نشان‌داده‌شده نیست: چیزی آغاز نشد",
        )
        super().__init__(said)
        self.rial = rial


# ----------------------------------------------------------------------------------------------- events


class RowsRead(Struct, frozen=True):
    """All rows of the file are there."""

    rows: int


class CheckBegun(Struct, frozen=True):
    """The rows are being looked at; what was found before holds no more."""


class RowsChecked(Struct, frozen=True, kw_only=True):
    """Every row was looked at: so many would go, at this sum, so many are left out. `version` is that of CheckBegun."""

    version: int
    pending: int
    excluded: int
    most_rial: int
    likely_rial: int
    site_version: int
    tariffs: str


class CampaignStarted(Struct, frozen=True, kw_only=True):
    """A person starts what he was shown in this version, for the sum that he was shown; the site is `site_version`."""

    version: int
    seen_rial: int
    site_version: int
    send_at: int | None = None


class TimeCame(Struct, frozen=True):
    """The instant for which it was scheduled is here."""


class RowsFed(Struct, frozen=True, kw_only=True):
    """Rows up to `fed_to` became messages, were refused or left out, in one transaction; so much of what is held became
    reservations, and so much more is not needed by them."""

    made: int
    refused: int
    excluded: int
    reserved_rial: int
    freed_rial: int
    fed_to: int
    owner: int


class TurnCame(Struct, frozen=True):
    """The feeder looks at what was told of its messages: the guard judges, and what has come to its end ends."""


class CampaignPaused(Struct, frozen=True):
    """It shall stop, for this reason."""

    reason: PauseReason


class CampaignResumed(Struct, frozen=True):
    """It shall go on: because a person says so (None), or because this reason is over."""

    reason: PauseReason | None = None


class CampaignCancelled(Struct, frozen=True):
    """It shall end now."""


CampaignEvent: TypeAlias = (
    RowsRead
    | CheckBegun
    | RowsChecked
    | CampaignStarted
    | TimeCame
    | RowsFed
    | TurnCame
    | CampaignPaused
    | CampaignResumed
    | CampaignCancelled
)


def advance(campaign: Campaign, event: CampaignEvent, now: int) -> Campaign:
    """Answer what `event` makes of the campaign at instant `now`.

    Pure. Raises IllegalCampaignMove for a pair that TABLE does not list, OtherVersion and OtherSum for a start of
    something else than the person saw. The version grows by one with each change; an unchanged campaign comes back as
    itself.
    """
    move = TABLE.get((campaign.state, type(event)))
    if move is None:
        raise IllegalCampaignMove(campaign, type(event).__name__)
    after = move(campaign, event, now)
    return campaign if after == campaign else replace(after, version=campaign.version + 1)


def _read(c: Campaign, event: RowsRead, now: int) -> Campaign:
    if c.rows:
        raise IllegalCampaignMove(c, "RowsRead")
    return replace(c, rows=event.rows)


def _check_begun(c: Campaign, event: CheckBegun, now: int) -> Campaign:
    if not c.rows:  # whoever read the file has not come to its end
        raise IllegalCampaignMove(c, "CheckBegun")
    return replace(c, state=CampaignState.CHECKING, checked_version=-1, pending=0, excluded=0)


def _checking_again(c: Campaign, event: CheckBegun, now: int) -> Campaign:
    """Another check goes on in the place of one whose process may be dead: the earlier one's word counts no more."""
    return replace(c, version=c.version + 1)


def _checked(c: Campaign, event: RowsChecked, now: int) -> Campaign:
    if event.version != c.version:
        raise OtherVersion(c)
    return replace(
        c,
        state=CampaignState.READY if event.pending else CampaignState.FAILED,
        pending=event.pending,
        excluded=event.excluded,
        most_rial=event.most_rial,
        likely_rial=event.likely_rial,
        checked_version=event.site_version,
        tariffs=event.tariffs,
    )


def _started(c: Campaign, event: CampaignStarted, now: int) -> Campaign:
    if event.seen_rial != c.most_rial:
        raise OtherSum(c)
    if event.version != c.version or event.site_version != c.checked_version:
        raise OtherVersion(c)
    is_later = event.send_at is not None and event.send_at > now
    state = CampaignState.SCHEDULED if is_later else CampaignState.SENDING
    return replace(c, state=state, held_rial=c.most_rial, send_at=event.send_at, started_at=int(now))


def _fed(c: Campaign, event: RowsFed, now: int) -> Campaign:
    after = replace(
        c,
        pending=c.pending - event.made - event.refused - event.excluded,
        made=c.made + event.made,
        refused=c.refused + event.refused,
        excluded=c.excluded + event.excluded,
        held_rial=c.held_rial - event.reserved_rial - event.freed_rial,
        fed_to=event.fed_to,
        owner=event.owner,
    )
    if after.first_fed_at is None and after.made >= FIRST_FED:
        after = replace(after, first_fed_at=int(now))
    return after if after.pending else replace(after, held_rial=0)


def _looked(c: Campaign, event: TurnCame, now: int) -> Campaign:
    if c.state is CampaignState.SENDING and c.final >= next_judgement(c):
        c = replace(c, judged=c.final)
        if c.failed > c.guard_share * c.final and c.pending:
            return replace(c, state=CampaignState.PAUSED, reason=PauseReason.FAILURES)
    if c.pending or c.final < c.made:
        return c
    return replace(c, state=CampaignState.FINISHED, reason=None, finished_at=int(now))


def _paused(c: Campaign, event: CampaignPaused, now: int) -> Campaign:
    return replace(c, state=CampaignState.PAUSED, reason=event.reason)


def _paused_again(c: Campaign, event: CampaignPaused, now: int) -> Campaign:
    """What a person, or the guard, has stopped does not go on because something else is over."""
    return c if c.reason not in BY_THEMSELVES else replace(c, reason=event.reason)


def _resumed(c: Campaign, event: CampaignResumed, now: int) -> Campaign:
    if event.reason is not None and event.reason is not c.reason:
        return c
    is_later = c.send_at is not None and c.send_at > now
    state = CampaignState.SCHEDULED if is_later else CampaignState.SENDING
    return replace(c, state=state, reason=None, judged=c.judged if event.reason else c.final)


def _cancelled(c: Campaign, event: CampaignCancelled, now: int) -> Campaign:
    """Rows that are pending are left out; money that no message has goes back."""
    return replace(
        c,
        state=CampaignState.CANCELLED,
        reason=None,
        pending=0,
        excluded=c.excluded + c.pending,
        held_rial=0,
        finished_at=int(now),
    )


_S = CampaignState

TABLE: Final[dict[tuple[CampaignState, type[Any]], Callable[[Campaign, Any, int], Campaign]]] = {
    (_S.DRAFT, RowsRead): _read,
    **{(state, CheckBegun): _check_begun for state in (_S.DRAFT, _S.FAILED, _S.READY)},
    (_S.CHECKING, CheckBegun): _checking_again,
    (_S.CHECKING, RowsChecked): _checked,
    (_S.READY, CampaignStarted): _started,
    (_S.SCHEDULED, TimeCame): lambda c, event, now: replace(c, state=CampaignState.SENDING),
    (_S.SENDING, RowsFed): _fed,
    (_S.SENDING, CampaignPaused): _paused,
    (_S.SCHEDULED, CampaignPaused): _paused,
    (_S.SENDING, TurnCame): _looked,
    (_S.PAUSED, TurnCame): _looked,
    (_S.PAUSED, CampaignPaused): _paused_again,
    (_S.PAUSED, CampaignResumed): _resumed,
    **{(state, CampaignCancelled): _cancelled for state in CampaignState if state not in ENDED},
}
"""State and event -> what it makes. A pair that is not here is an IllegalCampaignMove."""


# --------------------------------------------------------------------------------------- guard and feeder


def next_judgement(campaign: Campaign) -> int:
    """The number of final messages at which the guard judges next."""
    if campaign.judged < FIRST_FINAL:
        return FIRST_FINAL
    return JUDGE_AGAIN if campaign.judged < JUDGE_AGAIN else campaign.judged + JUDGE_EACH


def has_to_be_looked_at(campaign: Campaign) -> bool:
    """Whether a TurnCame may change anything."""
    if campaign.state not in (CampaignState.SENDING, CampaignState.PAUSED):
        return False
    is_at_end = not campaign.pending and campaign.final >= campaign.made
    is_judged = campaign.state is CampaignState.SENDING and campaign.final >= next_judgement(campaign)
    return is_at_end or is_judged


def rows_to_feed(campaign: Campaign, waiting: int, now: int) -> int:
    """How many rows may become messages now, while `waiting` of the campaign's messages wait for the wire.

    0: none, until something is told or time has passed. The guard's first rows go alone: the others wait until enough
    of them are final, or for FIRST_WAIT_MS.
    """
    if campaign.state is not CampaignState.SENDING:
        return 0
    pace = campaign.pace_per_minute
    room = MOST_WAITING if pace is None else min(MOST_WAITING, max(pace * WAITING_S // 60, 1))
    most = min(AT_ONCE, campaign.pending, room - waiting)
    if campaign.final < FIRST_FINAL:
        fed_at = campaign.first_fed_at
        if campaign.made < FIRST_FED:
            most = min(most, FIRST_FED - campaign.made)
        elif fed_at is None or now - fed_at < FIRST_WAIT_MS:
            return 0
    return max(most, 0)
