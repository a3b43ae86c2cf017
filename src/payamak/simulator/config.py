"""What a simulator can be told at its start. Every field has a default that lets it run at once."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from payamak.simulator.behaviour import Timing
from payamak.simulator.receipts import IdFormat, ReceiptStyle
from payamak.simulator.rules import Rule
from payamak.simulator.trouble import Trouble


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What the operator puts up with; None = no limit.

    `submits_per_s`: beyond it, within one second of a connection, ESME_RTHROTTLED. `binds`: live
    connections per system_id, beyond it ESME_RALYBND. `receipts_kept`: receipts and MO that wait for an
    acknowledgement, in all; beyond it new ones are dropped and counted. `receipt_window`: unacknowledged
    ones per connection. `receipt_tries`: how often one is sent before it is dropped and counted; None = for
    ever.
    """

    submits_per_s: int | None = None
    binds: int | None = None
    receipts_kept: int = 200_000
    receipt_window: int = 100
    receipt_tries: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class SimulatorConfig:
    """All settings of one simulated operator.

    `port` 0 picks a free one. `accounts`: system_id to password; an empty table grants every bind. `rules`
    come before the table of last digits, which `digits=False` leaves out. `refuse_lines` and
    `advertising_lines` give that table's scopes. `receipt_ids` None = as in the answer. `receipt_retry_ms`:
    wait before an unacknowledged or refused receipt is sent again; `receipt_timeout_s`: how long its answer
    may take. `troubles` are counted from the start; `seed` is that of their chance. `keep=False` keeps counters only.
    """

    host: str = "127.0.0.1"
    port: int = 0
    system_id: str = "SIMULATOR"
    accounts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    rules: tuple[Rule, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    seed: int = 0
    digits: bool = True
    refuse_lines: frozenset[str] = frozenset()
    advertising_lines: frozenset[str] = frozenset()
    timing: Timing = field(default_factory=Timing)
    limits: Limits = field(default_factory=Limits)
    answer_ids: IdFormat = IdFormat.DECIMAL
    receipt_ids: IdFormat | None = None
    receipt_style: ReceiptStyle = ReceiptStyle.FULL
    receipt_retry_ms: int = 1_000
    receipt_timeout_s: float = 5.0
    ledger_path: Path | None = None
    keep: bool = True
    tls: ssl.SSLContext | None = None
