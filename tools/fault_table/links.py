"""Faults in how a link speaks to its operator."""

from __future__ import annotations

from tools.fault_table.fault import Fault

FAULTS: tuple[Fault, ...] = (
    Fault(
        name="a full handset slows the link",
        breaks="the others of a link wait for one recipient whose store is full",
        file="src/payamak/domain/verdicts.py",
        old='    "recipient": Reason.RECIPIENT_BUSY,\n',
        new='    "recipient": Reason.THROTTLED,\n',
        tests=("tests/unit/upstreams/test_verdicts.py",),
    ),
    Fault(
        name="every refused number is the caller's",
        breaks="a wrong TON tells all customers that their numbers are invalid",
        file="src/payamak/upstreams/verdicts.py",
        old="    if status == Status.ESME_RINVDSTADR and lately.has_taken_another(recipient):\n",
        new="    if status == Status.ESME_RINVDSTADR:\n",
        tests=("tests/unit/upstreams/test_verdicts.py",),
    ),
    Fault(
        name="links of a line write differently",
        breaks="P5: parts and price of acceptance are not those that are sent",
        file="src/payamak/domain/site/faults.py",
        old="    if len({link.wire_alphabet for link in known}) > 1:\n",
        new="    if False:\n",
        tests=("tests/unit/domain/test_site.py",),
    ),
    Fault(
        name="a slow bind is given up with the connection",
        breaks="a centre that answers binds after twelve seconds never comes up",
        file="src/payamak/upstreams/smpp.py",
        old="        bind_timeout_s=link.bind_timeout_s,\n",
        new="",
        tests=("tests/unit/upstreams/test_smpp.py",),
    ),
    Fault(
        name="whoever is alone has broken the link",
        breaks="P2: a message is ended as poison because links broke long after it, or on binds that answer nobody",
        file="src/payamak/upstreams/smpp.py",
        old="lost.alone and not is_ours and lost.age_s <= BREAK_AFTER_S and self.answered_since_bind > 0\n",
        new="lost.alone\n",
        tests=("tests/unit/upstreams/test_smpp.py",),
    ),
)
