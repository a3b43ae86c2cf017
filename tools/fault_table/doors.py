"""Faults in the doors: who may see what, who gets in first, what a stranger costs."""

from __future__ import annotations

from tools.fault_table.fault import Fault

FAULTS: tuple[Fault, ...] = (
    Fault(
        name="every path is folded",
        breaks="Security: a proxy that closes /metrics leaves /METRICS open",
        file="src/payamak/http/url.py",
        old="        if path is not None and (route := self._listed.get(path)) is not None and route.is_folded:\n",
        new="        if path is not None and (route := self._listed.get(path)) is not None:\n",
        tests=("tests/unit/http/test_url.py",),
    ),
    Fault(
        name="a proxy beside us is this machine",
        breaks="Security: metrics are open through a proxy that speaks for strangers",
        file="src/payamak/http/app.py",
        old="            is_own_word=not exchange.is_forwarded\n",
        new="            is_own_word=True\n",
        tests=("tests/unit/http/test_health.py",),
    ),
    Fault(
        name="a name's failures lock its owner out",
        breaks="Security: whoever knows a name shuts its owner out",
        file="src/payamak/front/guesses.py",
        old="        return self._of_names.is_spent(one.name, now_s) and self._of_strangers.is_spent(one, now_s)\n",
        new="        return self._of_names.is_spent(one.name, now_s)\n",
        tests=("tests/unit/front/test_callers.py",),
    ),
    Fault(
        name="nobody is known",
        breaks="Security: where the name got in lately waits behind a flood of fresh addresses",
        file="src/payamak/front/guesses.py",
        old="        return at_s is not None and now_s - at_s <= self._limits.lately_s\n",
        new="        return False\n",
        tests=("tests/unit/front/test_callers_floods.py",),
    ),
    Fault(
        name="a secret of one letter signs",
        breaks="Security: posts are signed by what anyone guesses",
        file="src/payamak/domain/site/secrets.py",
        old="    if len(key) < SHORTEST_KEY_OCTETS:\n",
        new="    if not key:\n",
        tests=("tests/unit/posts/test_post.py",),
    ),
    Fault(
        name="bare answers are bare",
        breaks="Security: what is no call is answered without the headers of every answer",
        file="src/payamak/http/answers.py",
        old="_CLOSING_END if closes else _PLAIN_END, body)\n",
        new='(_CLOSING_END if closes else _PLAIN_END) if body else b"\\r\\n\\r\\n", body)\n',
        tests=("tests/unit/http/test_headers.py",),
    ),
    Fault(
        name="a stranger's envelope is read whole",
        breaks="Security: a megabyte of XML costs whoever has no password nothing and everybody else a lot",
        file="src/payamak/dialects/soap/door.py",
        old="            call = reader.begin()\n",
        new="            call = reader.rest()\n",
        tests=("tests/unit/dialects/test_soap.py",),
    ),
    Fault(
        name="bodies are parsed as they come",
        breaks="Overload: bodies in tiny chunks hold everybody else",
        file="src/payamak/http/connection.py",
        old="        if self._is_taking_body or octets > _SLICE_OCTETS:\n            return self._turns.is_late\n",
        new="        if self._is_taking_body:\n            return False\n",
        tests=("tests/unit/http/test_server_floods.py",),
    ),
    Fault(
        name="answers have no turns",
        breaks="Overload: callers who ask on and on hold everybody else",
        file="src/payamak/http/connection.py",
        old="        if (self._open or self._unparsed) and not self._turns.has_time() and "
        "not self.transport.is_closing():\n",
        new="        if False:\n",
        tests=("tests/unit/http/test_server_floods.py",),
    ),
    Fault(
        name="one connection is accepted a turn",
        breaks="Overload: who comes behind a crowd waits for as many full turns as it has heads",
        file="src/payamak/http/server.py",
        old="ACCEPTED_A_TURN: Final = 16\n",
        new="ACCEPTED_A_TURN: Final = 1\n",
        tests=("tests/unit/http/test_server_floods.py",),
    ),
    Fault(
        name="Python says what is public",
        breaks="Security: posts go inwards where an older Python does not know a range",
        file="src/payamak/domain/addresses.py",
        old="    return ip in GLOBAL_UNICAST and not any(ip in network for network in SPECIAL_IPV6)\n",
        new="    return ip in GLOBAL_UNICAST and ip.is_global\n",
        tests=("tests/unit/domain/test_addresses.py",),
    ),
    Fault(
        name="a new password of one letter",
        breaks="Security: an account is guessed at the first tries",
        file="src/payamak/domain/site/secrets.py",
        old="    if len(password) < SHORTEST_PASSWORD or len(password.encode()) > LONGEST_PASSWORD_OCTETS:\n",
        new="    if not password or len(password.encode()) > LONGEST_PASSWORD_OCTETS:\n",
        tests=("tests/unit/cli/test_sitefile.py",),
    ),
)
