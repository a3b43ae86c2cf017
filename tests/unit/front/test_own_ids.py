"""A caller's own ids: the same body is answered alike, another one refused (P6)."""

import pytest
from msgspec.structs import replace as changed
from tests.unit.batches import ALI, BATCH, REZA, SARA, Desk, kept, refusal, send_batch
from tests.unit.house import ACCOUNT, CALLER, CREDIT, LINES, NOW, A, B, T

from payamak.codes import Code
from payamak.dialects.soap.arrays import ToldBatch
from payamak.domain.site import TemplateDocument

BY_ID = changed(BATCH, check_ids=[11, 12])


async def test_own_ids_never_send_twice(desk: Desk) -> None:
    """Repeated, the call is answered alike and costs nothing; a fresh id among them is sent."""
    house, front = desk
    first = await send_batch(front, BY_ID)
    again = await send_batch(front, BY_ID)
    assert again == ToldBatch(outcomes=first.outcomes, count=0, parts=0, cost_rial=0)
    mixed = await send_batch(front, changed(BY_ID, recipients=[SARA, REZA], check_ids=[12, 13]))
    assert mixed.outcomes[0] == first.outcomes[1]
    assert (mixed.count, len(await kept(house))) == (1, 3)


@pytest.mark.parametrize(
    "other",
    [
        {"recipients": [REZA, SARA]},
        {"recipients": ["1", SARA]},
        {"texts": ["hello!", "hello"]},
        {"texts": ["hello ", "hello"]},
        {"texts": ["", "hello"]},
        {"texts": ["x" * 1_531, "hello"]},
    ],
)
async def test_another_body_under_an_own_id_is_refused(desk: Desk, other: dict[str, object]) -> None:
    """24 in its place, before any money is looked at; the others go, and what was sent before is told (P6)."""
    house, front = desk
    first = await send_batch(front, BY_ID)
    await house.store.credit("shop", 200 - CREDIT, "test", NOW)
    told = await send_batch(front, changed(BY_ID, **other))
    assert told == ToldBatch(outcomes=(24, first.outcomes[1]), count=0, parts=0, cost_rial=0)
    assert (await send_batch(front, BY_ID)).outcomes == first.outcomes
    assert (len(await kept(house)), (await front.asking.purse(CALLER))[1]) == (2, 0)


async def test_another_line_under_own_ids_is_refused(desk: Desk) -> None:
    """Also where it refuses all: 24 is about each message, the call itself was good."""
    house, front = desk
    await send_batch(front, BY_ID)
    for line in (B, None):
        told = await send_batch(front, changed(BY_ID, line=line))
        assert told == ToldBatch(outcomes=(24, 24), count=0, parts=0, cost_rial=0)
    assert len(await kept(house)) == 2


@pytest.mark.parametrize(
    "alike",
    [
        {"recipients": ["+98 912 000-0001", "۰۹۱۲۰۰۰۰۰۰۲"]},
        {"line": "3000123"},
        {"line": "+983000123"},
        {"texts": ["hello", "hello"]},
        {"encodings": ["2"], "classes": ["1"], "udhs": ["0"]},
    ],
)
async def test_the_same_body_in_another_spelling(desk: Desk, alike: dict[str, object]) -> None:
    """Numbers are compared as they are meant; what changes nothing of what is sent is no part of the body."""
    house, front = desk
    first = await send_batch(front, BY_ID)
    assert (await send_batch(front, changed(BY_ID, **alike))).outcomes == first.outcomes
    assert len(await kept(house)) == 2


async def test_the_default_line_by_its_name(desk: Desk) -> None:
    """A call that names the default line and one that names none ask for the same, whatever the default is later."""
    house, front = desk
    unnamed, named = changed(BY_ID, line=None), changed(BY_ID, line=B)
    first = await send_batch(front, unnamed)
    assert (await send_batch(front, named)).outcomes == first.outcomes
    await house.put(changed(ACCOUNT, default_line=A), 0)
    assert (await send_batch(front, unnamed)).outcomes == first.outcomes
    assert (await send_batch(front, named)).outcomes == first.outcomes
    assert (await send_batch(front, changed(BY_ID, line=A))).outcomes == (24, 24)


async def test_a_template_and_its_value(desk: Desk) -> None:
    """On a service line the value alone and the whole text are one text; another value is another."""
    house, front = desk
    value = changed(BY_ID, line=T, texts=["1234"])
    first = await send_batch(front, value)
    assert (await send_batch(front, changed(value, texts=["Code: 1234"]))).outcomes == first.outcomes
    assert (await send_batch(front, changed(value, texts=["1235"]))).outcomes == (24, 24)
    assert {text for _, _, text in await kept(house)} == {"Code: 1234"}


async def test_a_repeated_call_whose_site_has_changed(desk: Desk) -> None:
    """What was accepted stays so: the same call is told its ids though it would go otherwise now, or not at all."""
    house, front = desk
    value = changed(BY_ID, line=T, texts=["1234"], check_ids=[21, 22])
    first, second = await send_batch(front, BY_ID), await send_batch(front, value)
    for lines, account in [
        ([changed(LINES[0], footer="لغو۱۱")], ACCOUNT),
        ([changed(LINES[0], hours="03:00-03:01")], ACCOUNT),
        ([], changed(ACCOUNT, templates=(TemplateDocument(number=1, text="Your code is {code}"),))),
        ([], changed(ACCOUNT, templates=())),
        ([], changed(ACCOUNT, max_parts=1)),
        ([], changed(ACCOUNT, lines=(), default_line=None, service_line=None)),
    ]:
        await house.put(account, 0)
        await house.store.put_documents(lines, [], NOW)
        assert (await send_batch(front, BY_ID)).outcomes == first.outcomes
        assert (await send_batch(front, value)).outcomes == second.outcomes
    assert await refusal(front, changed(BY_ID, check_ids=[31, 32])) is Code.LINE_INVALID
    mixed = await send_batch(front, changed(BY_ID, check_ids=[11, 32]))
    assert mixed.outcomes == (first.outcomes[0], 2)
    assert len(await kept(house)) == 4


async def test_an_own_id_twice_in_one_call(desk: Desk) -> None:
    """The same body is one message, told in both places; another one is refused in its place."""
    house, front = desk
    batch = changed(BATCH, recipients=[ALI, "0" + ALI[1:], SARA, ALI], check_ids=[11, 11, 11, 12])
    told = await send_batch(front, batch)
    first, again, other, last = told.outcomes
    assert (again, other, told.count, told.cost_rial) == (first, 24, 2, 200)
    assert [recipient for recipient, _, _ in await kept(house)] == ["989120000001"] * 2
    assert last != first
    assert (await send_batch(front, batch)).outcomes == told.outcomes
