"""Faults in the doors: who may see what, who gets in first, what a stranger costs."""

from __future__ import annotations

from tools.fault_table.fault import Fault

FAULTS: tuple[Fault, ...] = (
    Fault(
        name="every path is folded",
        breaks="Security: a proxy that closes /metrics leaves /METRICS open",
        file="src/payamak/api/url.py",
        old="    if path is None or (route := routes.get(path)) is None or not route.is_folded:\n",
        new="    if path is None or (route := routes.get(path)) is None:\n",
        tests=("tests/unit/api/test_url.py",),
    ),
    Fault(
        name="a proxy beside us is this machine",
        breaks="Security: metrics are open through a proxy that speaks for strangers",
        file="src/payamak/api/app.py",
        old="        if not head.is_forwarded:\n            return True\n",
        new="        if True:\n            return True\n",
        tests=("tests/unit/api/test_health.py",),
    ),
    Fault(
        name="a name's failures lock its owner out",
        breaks="Security: whoever knows a name shuts its owner out",
        file="src/payamak/api/guesses.py",
        old="        return self._of_names.is_spent(one.name, now_s) and self._of_strangers.is_spent(one, now_s)\n",
        new="        return self._of_names.is_spent(one.name, now_s)\n",
        tests=("tests/unit/api/test_auth.py",),
    ),
    Fault(
        name="nobody is known",
        breaks="Security: where the name got in lately waits behind a flood of fresh addresses",
        file="src/payamak/api/guesses.py",
        old="        return at_s is not None and now_s - at_s <= self._limits.lately_s\n",
        new="        return False\n",
        tests=("tests/unit/api/test_auth_floods.py",),
    ),
    Fault(
        name="a secret of one letter signs",
        breaks="Security: posts are signed by what anyone guesses",
        file="src/payamak/domain/site/secrets.py",
        old="    if len(key) < SHORTEST_KEY_OCTETS:\n",
        new="    if not key:\n",
        tests=("tests/unit/delivery/test_posting.py",),
    ),
    Fault(
        name="bare answers are bare",
        breaks="Security: what is no call is answered without the headers of every answer",
        file="src/payamak/api/shared.py",
        old="            *SAFETY_HEADERS,\n",
        new="            *(SAFETY_HEADERS if answer.body else ()),\n",
        tests=("tests/unit/api/test_headers.py",),
    ),
)
