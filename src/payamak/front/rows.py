"""From a row of a campaign to the message that it would be: for the check that counts, and the feeder that makes it.

Both go by the same function and the campaign's own prices, so that what was shown is what is held, and what is held is
what the bill cannot pass.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import msgspec
from msgspec.structs import replace

from payamak.codes import Code
from payamak.domain.campaign_rows import CampaignRow, RowBar, TextMould, columns_of
from payamak.domain.campaigns import Campaign
from payamak.domain.message import Lane
from payamak.domain.money import Tariff
from payamak.domain.numbers import line_key, parse_recipient
from payamak.domain.plan import choose_ways, reservation
from payamak.domain.site import Account, Site
from payamak.errors import Refused
from payamak.front.wanted import WantedMessage, plan
from payamak.store.records import NewMessage, PlannedRow, RowVerdict

SOURCE: Final = "campaign"
"""The door by which messages of a campaign came."""

_tariffs = msgspec.json.Decoder(dict[str, Tariff]).decode


def tariffs_of(site: Site, account: Account, campaign: Campaign) -> str:
    """What a part costs on the campaign's lines now, as the campaign keeps it. Raises Refused with 22 or 2."""
    lines = [line for line, _ in choose_ways(site, account, campaign.ways)]
    return msgspec.json.encode({line.number: line.tariff for line in lines}).decode()


def priced_site(site: Site, tariffs: str) -> Site:
    """The site with the prices that a campaign keeps, whatever its lines cost by now."""
    kept = _tariffs(tariffs)
    lines = {
        number: replace(line, gsm7_rial=kept[number].gsm7_rial, ucs2_rial=kept[number].ucs2_rial)
        if number in kept
        else line
        for number, line in site.lines.items()
    }
    return replace(site, lines=lines, lines_by_key={line_key(number): line for number, line in lines.items()})


class RowPlanner:
    """Makes the messages of a campaign's rows, as of one instant and one site. What rows share is made once."""

    def __init__(self, site: Site, account: Account, campaign: Campaign, now: int, prefixes: Collection[str]) -> None:
        """`site`: with the campaign's prices; `prefixes`: the first two digits behind 98 that mobiles have."""
        self._site = site
        self._account = account
        self._campaign = campaign
        self._now = now
        self._prefixes = prefixes
        self._mould = TextMould(campaign.text, columns_of(campaign.columns))
        self._own = {parse_recipient(number, None) for number in site.lines} - {None}
        self._last: tuple[str, NewMessage | Code, int] | None = None

    def plan(self, row: CampaignRow) -> PlannedRow:
        """The message of a row, with what is held for it; or why there is none."""
        recipient = parse_recipient(row.recipient, self._prefixes)
        if recipient is None:
            return self._left_out(row, RowBar.NO_NUMBER, int(Code.RECIPIENT_INVALID))
        if recipient in self._own:
            return self._left_out(row, RowBar.OWN_NUMBER)
        text = self._mould.fill(row.texts)
        if text is None:
            return self._left_out(row, RowBar.FIELD_EMPTY)
        made, rial = self._of_text(text)
        if isinstance(made, Code):
            return PlannedRow(n=row.n, planned=made)
        return PlannedRow(n=row.n, planned=replace(made, recipient=recipient), rial=rial)

    def _left_out(self, row: CampaignRow, why: RowBar, code: int | None = None) -> PlannedRow:
        return PlannedRow(n=row.n, planned=RowVerdict(n=row.n, why=why.value, code=code))

    def _of_text(self, text: str) -> tuple[NewMessage | Code, int]:
        if self._last is not None and self._last[0] == text:
            return self._last[1], self._last[2]
        campaign = self._campaign
        wanted = WantedMessage(
            recipient="",
            text=text,
            source=SOURCE,
            ways=campaign.ways,
            template=campaign.template,
            valid_for_ms=campaign.validity_ms,
        )
        made: NewMessage | Code
        try:
            found = plan(self._site, self._account, wanted, campaign.ways, self._now, lane=Lane.BULK, holds=True)
            made, rial = replace(found, campaign_id=campaign.id), reservation(found.plan)
        except Refused as refused:
            made, rial = refused.code, 0
        self._last = text, made, rial
        return made, rial
