"""A simulated operator: a real SMPP 3.4 server on a port, for demo, tests and benchmarks.

behaviour   what it does with one submit, as a table and as plans of timed actions (pure)
trouble     what is wrong with the operator as a whole, and when (pure)
rules       which behaviour a submit meets: a script, or the recipient's last digits (pure)
reading     the text and the place of a part (pure)
receipts    ids and receipt texts as operators write them (pure)
ledger      what was received, answered, sent and acknowledged; in memory and as JSON lines
outbox      receipts and received messages, each kept until acknowledged
server      the SMSC itself
door        a person's hands on one that runs
report      counters as a table or JSON
"""

from payamak.simulator.behaviour import (
    OPTED_OUT_ALL,
    OPTED_OUT_LINE,
    TABLE,
    Behaviour,
    Timing,
    Words,
    describe,
)
from payamak.simulator.config import Limits, SimulatorConfig
from payamak.simulator.ledger import Counters, Entry, Ledger, Whole, read_ledger
from payamak.simulator.receipts import IdFormat, ReceiptStyle
from payamak.simulator.report import format_table, to_dict, to_json
from payamak.simulator.rules import Rule, ScriptError, load_rules, parse_rules
from payamak.simulator.server import Simulator
from payamak.simulator.trouble import Trouble, TroubleError, What, parse_trouble

__all__ = [
    "OPTED_OUT_ALL",
    "OPTED_OUT_LINE",
    "TABLE",
    "Behaviour",
    "Counters",
    "Entry",
    "IdFormat",
    "Ledger",
    "Limits",
    "ReceiptStyle",
    "Rule",
    "ScriptError",
    "Simulator",
    "SimulatorConfig",
    "Timing",
    "Trouble",
    "TroubleError",
    "What",
    "Whole",
    "Words",
    "describe",
    "format_table",
    "load_rules",
    "parse_rules",
    "parse_trouble",
    "read_ledger",
    "to_dict",
    "to_json",
]
