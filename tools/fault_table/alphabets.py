"""Faults in what centres bring: how far it is read, headers, alphabets, words that opt out."""

from __future__ import annotations

from tools.fault_table.fault import Fault

_UDH = "src/payamak/encoding/udh.py"
_ALPHABETS = "src/payamak/encoding/alphabets.py"
_BROUGHT = ("tests/unit/upstreams/test_brought.py",)

FAULTS: tuple[Fault, ...] = (
    Fault(
        name="a client as strict as a server",
        breaks="P2: a receipt with an octet too many is refused for good, and lost",
        file="src/payamak/smpp/session.py",
        old="decode(frame, is_lenient=self.role is Role.ESME)",
        new="decode(frame)",
        tests=("tests/unit/smpp/test_session.py",),
    ),
    Fault(
        name="a cut id is an id",
        breaks="P8: a receipt whose id is cut names another message",
        file="src/payamak/smpp/lenient.py",
        old='int.from_bytes(rest[:2], "big") == Tag.MESSAGE_PAYLOAD\n    return (Tlv(Tag.MESSAGE_PAYLOAD, ',
        new='True\n    return (Tlv(int.from_bytes(rest[:2], "big"), ',
        tests=_BROUGHT,
    ),
    Fault(
        name="what cannot be read is acknowledged and gone",
        breaks="P2: nobody ever sees what the operator brought",
        file="src/payamak/upstreams/smpp.py",
        old="            await self._unhandled.keep_unread(kind, _as_came(pdu), why)\n",
        new="            pass\n",
        tests=_BROUGHT,
    ),
    Fault(
        name="too early is refused for good",
        breaks="P2: what comes before the bind is answered is not brought again",
        file="src/payamak/smpp/session.py",
        old="        if is_brought and self._state_for_peer in (SessionState.UNBINDING, SessionState.OPEN):\n",
        new="        if is_brought and self._state_for_peer is SessionState.UNBINDING:\n",
        tests=("tests/unit/smpp/test_session.py",),
    ),
    Fault(
        name="an octet between two PDUs breaks the link",
        breaks="P2: a centre that ends each PDU with a NUL is bound for a moment, again and again",
        file="src/payamak/smpp/session.py",
        old="skips_nuls=role is Role.ESME)",
        new="skips_nuls=False)",
        tests=("tests/unit/smpp/test_session.py",),
    ),
    Fault(
        name="a header because a bit says so",
        breaks="P2: the text is taken for a header, and stored empty",
        file=_UDH,
        old="    if said <= len(octets) and _fill(octets[1:said]):\n",
        new="    if True:\n",
        tests=("tests/unit/encoding/test_udh.py",),
    ),
    Fault(
        name="half a character before the text",
        breaks="P2: a text in UCS-2 is read one octet too late, every letter another one",
        file=_UDH,
        old="    return next(whole, readings[0]) if is_ucs2 else readings[0]\n",
        new="    return readings[0]\n",
        tests=("tests/unit/encoding/test_udh.py",),
    ),
    Fault(
        name="an unknown table is the default one",
        breaks="contract §6: a text is relayed in other letters than were sent",
        file="src/payamak/encoding/national.py",
        old="    main = LOCKING.get(locking)\n",
        new="    main = LOCKING.get(locking, _PLAIN)\n",
        tests=("tests/unit/encoding/test_national.py",),
    ),
    Fault(
        name="groups of data_coding that are not read",
        breaks="contract §6: what lights a lamp, or is to be deleted after reading, comes in other letters",
        file=_ALPHABETS,
        old="    if group == 0b1110:",
        new="    if group >= 0b1100:",
        tests=("tests/unit/encoding/test_alphabets.py",),
    ),
    Fault(
        name="a byte order mark is a letter",
        breaks="contract §8: «لغو» in little-endian order opts nobody out",
        file=_ALPHABETS,
        old="        yield _swapped(octets) if is_little else octets\n",
        new="        yield octets\n",
        tests=("tests/unit/encoding/test_alphabets.py",),
    ),
    Fault(
        name="septets are never packed",
        breaks="contract §6: where a centre hands over what came from the air nobody can read it",
        file="src/payamak/encoding/user_data.py",
        old="            text = gsm7.unpack(text, behind_octets=header.octets)\n",
        new="            pass\n",
        tests=("tests/unit/encoding/test_user_data.py",),
    ),
    Fault(
        name="a NUL keeps an opt-out from counting",
        breaks="contract §8: a person says stop, and goes on being sent to",
        file="src/payamak/domain/mo.py",
        old='_UNSEEN = {"Cf": "", "Cc": " ", ',
        new="_UNSEEN = {",
        tests=("tests/unit/domain/test_mo.py",),
    ),
)
