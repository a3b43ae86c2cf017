"""What a face (the command line, a page) holds of the store: the store as it is opened, and the values that it answers.

A face imports them from here and never from the store: so it knows no engine and no rule.
"""

from payamak.store.base import Mode, Store
from payamak.store.records import (
    AuditRow,
    AuditSearch,
    By,
    Credit,
    Credited,
    MovePlan,
    OptOut,
    PartRecord,
    ProvenAccount,
    PutBack,
    QueueRow,
    ReceivedSearch,
    Search,
    Statement,
    StatusCount,
    Story,
    TakenBack,
    TextReceipts,
    Traffic,
    UsageSearch,
    UsageSum,
)

__all__ = [
    "AuditRow",
    "AuditSearch",
    "By",
    "Credit",
    "Credited",
    "Mode",
    "MovePlan",
    "OptOut",
    "PartRecord",
    "ProvenAccount",
    "PutBack",
    "QueueRow",
    "ReceivedSearch",
    "Search",
    "Statement",
    "StatusCount",
    "Store",
    "Story",
    "TakenBack",
    "TextReceipts",
    "Traffic",
    "UsageSearch",
    "UsageSum",
]
