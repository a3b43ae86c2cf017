"""What a site is made of: accounts, lines, links and templates, as typed documents.

Every field says what it means, its unit and what is allowed (payamak.setting); the faults, the help and the
reference are made of that. A Site is an immutable snapshot of all documents. Money in rial, times in UTC.
"""

from payamak.domain.site.accounts import Account, AnswerTypes, TemplateDocument
from payamak.domain.site.fault import BadDocuments, Fault, FaultKind
from payamak.domain.site.faults import faults_of
from payamak.domain.site.kinds import KINDS, NAME_FIELDS, SECRETS, STORES_OWN, Document, name_of
from payamak.domain.site.lines import (
    ADVERTISING_HOURS,
    DAY_MS,
    HOUR_MS,
    SIM_MESSAGES_PER_MINUTE,
    Keyword,
    LaneName,
    Line,
    LineKind,
    LinkUse,
    OnLateOptOut,
    OutsideHours,
)
from payamak.domain.site.links import (
    LONGEST_RESPONSE_TIMEOUT_S,
    BindMode,
    Link,
    LinkKind,
    ReceiptsPer,
    ReceiptWord,
)
from payamak.domain.site.snapshot import Site, build_site

__all__ = [
    "ADVERTISING_HOURS",
    "DAY_MS",
    "HOUR_MS",
    "KINDS",
    "LONGEST_RESPONSE_TIMEOUT_S",
    "NAME_FIELDS",
    "SECRETS",
    "SIM_MESSAGES_PER_MINUTE",
    "STORES_OWN",
    "Account",
    "AnswerTypes",
    "BadDocuments",
    "BindMode",
    "Document",
    "Fault",
    "FaultKind",
    "Keyword",
    "LaneName",
    "Line",
    "LineKind",
    "Link",
    "LinkKind",
    "LinkUse",
    "OnLateOptOut",
    "OutsideHours",
    "ReceiptWord",
    "ReceiptsPer",
    "Site",
    "TemplateDocument",
    "build_site",
    "faults_of",
    "name_of",
]
