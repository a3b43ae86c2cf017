"""The habits of operators' receipts, each played by the simulated one, with the gateway as a process."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
from tests import site
from tests.scenarios.house import POLL_S, house

from payamak.domain.message import PartState, State
from payamak.domain.site import Document, Link, ReceiptsPer
from payamak.simulator.behaviour import TABLE, Behaviour

DIGITS = {entry.behaviour: "98912000" + entry.digits for entry in TABLE}
LONG = "A text of two parts. " * 10
ENDS = {
    Behaviour.MISSPELT: 2,
    Behaviour.NACKS: 1,
    Behaviour.THROTTLED_TAKEN: 1,
    Behaviour.HYPHENS: 1,
    Behaviour.HEX_PREFIX: 1,
    Behaviour.TWO_IDS: 1,
    Behaviour.IN_PAYLOAD: 1,
    Behaviour.NUL_HEADER: 1,
    Behaviour.ONE_ID: 1,
    Behaviour.NO_ID: 1,
    Behaviour.UNMARKED: 1,
}
LONG_ONES = (Behaviour.ONE_ID, Behaviour.NO_ID, Behaviour.HYPHENS)


def habits(document: Document) -> Document:
    """One operator with all of them; one of its links says that its receipts are about texts."""
    if not isinstance(document, Link):
        return document
    per = ReceiptsPer.MESSAGE if document.name == "busy" else None
    return msgspec.structs.replace(
        document, echoes_reference=True, receipts_without_esm_class=True, receipts_per=per, trial_after=1_000
    )


async def test_every_habit_ends_as_the_operator_says(tmp_path: Path) -> None:
    """Delivered is delivered however it is told, nothing is sent twice, and a text's one receipt is as it is set."""
    async with house(tmp_path, habits) as home:
        sent = await asyncio.gather(
            *(home.send(mobile=DIGITS[b], message=LONG if b in LONG_ONES else "Salam", line=site.LINE) for b in ENDS),
            home.send(mobile=DIGITS[Behaviour.ONE_RECEIPT], message=LONG, line=site.BUSY_LINE),
            home.send(mobile=DIGITS[Behaviour.ONE_RECEIPT], message=LONG, line=site.LINE),
            home.send(mobile=DIGITS[Behaviour.UNKNOWN_STAT], message="Salam", line=site.LINE),
        )
        ids = [int(answer["data"]["message_id"]) for answer in sent]  # type: ignore[index]
        *of_habits, for_text, for_parts, unheard = ids
        ends = await asyncio.gather(*(home.final_state(i, last=(1, 2, 16)) for i in (*of_habits, for_text)))
        assert dict(zip(ENDS, ends[:-1], strict=True)) == ENDS
        assert ends[-1] == 1, "one receipt for a text"
        async with home.store() as store:
            while not (story := await store.story(unheard)) or not story.receipts:  # noqa: ASYNC110 - another process
                await asyncio.sleep(POLL_S)
            assert story.message.state is State.ENROUTE, "a word in no table moves nothing"
            partly = await store.story(for_parts)
            assert partly is not None
            assert (partly.message.state, set(partly.message.parts[0])) == (State.ENROUTE, {*"td"})
            for message_id in of_habits:
                story = await store.story(message_id)
                assert story is not None
                assert story.message.copies == 0
                assert set(story.message.parts[-1]) <= {PartState.DELIVERED, PartState.UNDELIVERABLE}
            assert await store.unmatched(9) == []
