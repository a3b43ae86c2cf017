"""The examination: a gateway looked at from its machine to its links, everything in the order in which it is told."""

from __future__ import annotations

from msgspec import Struct

from payamak.errors import StoreFailed
from payamak.hands.doctor import links
from payamak.hands.doctor.finding import Finding, grave
from payamak.hands.doctor.life import life
from payamak.hands.doctor.machine import folder, machine
from payamak.hands.doctor.patient import Heard, Patient
from payamak.hands.doctor.records import integrity, ledger, records
from payamak.hands.doctor.server import log, server, work
from payamak.hands.opening import Mode, opened
from payamak.store.base import Store
from payamak.store.records import ProvenAccount
from payamak.texts import signs


class Examined(Struct, frozen=True, kw_only=True):
    """What was found, and the books of the accounts where they were proven."""

    findings: list[Finding]
    books: tuple[ProvenAccount, ...] = ()

    @property
    def is_well(self) -> bool:
        """True if nothing has to be done."""
        return all(finding.is_well for finding in self.findings)


async def examine(patient: Patient, *, with_ledger: bool) -> Examined:
    """Look at all of it, and change nothing; `with_ledger`: also prove every account's money, slow on a big store."""
    first = [*machine(patient), *folder(patient.path)]
    heard = patient.heard or Heard()
    last = [server(patient.readiness, is_offline=patient.is_offline), *work(patient.heard), *links.told(heard)]
    kept = integrity(patient.path)
    if not all(finding.is_well for finding in kept):
        return Examined(findings=[*first, *kept, *last, *log(heard)])
    try:
        async with opened(patient.path, Mode.LOOK) as store:
            stored, books = await _stored(store, patient, with_ledger=with_ledger)
            full = links.windows(heard, store.site, await store.queue(), patient.now)
            return Examined(findings=[*first, *kept, *stored, *last, *full, *log(heard)], books=books)
    except StoreFailed as error:
        unread = grave(signs.STORE_UNREAD, error=str(error))
        return Examined(findings=[*first, unread, *last, *log(heard)])


async def _stored(
    store: Store, patient: Patient, *, with_ledger: bool
) -> tuple[list[Finding], tuple[ProvenAccount, ...]]:
    findings = [*await records(store, patient), *await life(store, patient)]
    proven, books = await ledger(store) if with_ledger else ([], ())
    return [*findings, *proven, *await links.links(store.site, patient.environment, patient.heard)], books
