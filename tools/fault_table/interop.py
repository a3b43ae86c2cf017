"""Faults that both ends of ours would share, and that a library of others sees."""

from __future__ import annotations

from tools.fault_table.fault import Fault

FAULTS: tuple[Fault, ...] = (
    Fault(
        name="sar parameters under numbers of our own",
        breaks="a long text arrives in a jumble at everybody who reads the specification",
        file="src/payamak/smpp/constants.py",
        old="    SAR_TOTAL_SEGMENTS = 0x020E\n    SAR_SEGMENT_SEQNUM = 0x020F\n",
        new="    SAR_TOTAL_SEGMENTS = 0x020F\n    SAR_SEGMENT_SEQNUM = 0x020E\n",
        tests=("tests/interop/test_others_as_customer.py",),
    ),
)
