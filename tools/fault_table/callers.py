"""Faults in what callers' words and octets are taken for."""

from __future__ import annotations

from tools.fault_table.fault import Fault

_TEMPLATES = "src/payamak/domain/templates.py"

FAULTS: tuple[Fault, ...] = (
    Fault(
        name="a whole text as the value",
        breaks="contract §4: an approved text with a slip in it goes out inside itself, and is charged",
        file=_TEMPLATES,
        old=" or self.means_whole(message):\n",
        new=":\n",
        tests=("tests/unit/domain/test_templates.py",),
    ),
    Fault(
        name="texts compared as they are",
        breaks="contract §4: a mark that no reader sees decides whether a text is the approved one",
        file=_TEMPLATES,
        old="for fold_by in (fold, fold_blanks)))\n",
        new="for fold_by in ()))\n",
        tests=("tests/unit/domain/test_templates.py",),
    ),
    Fault(
        name="more fields than columns",
        breaks="a text with a comma that nobody quoted is sent up to its comma",
        file="src/payamak/sheets/sheet.py",
        old="        if len(row) > width:\n",
        new="        if False:\n",
        tests=("tests/unit/sheets/test_sheet.py",),
    ),
    Fault(
        name="rows within a field",
        breaks="a quote that never closed sends one person the texts and numbers of others",
        file="src/payamak/sheets/rows.py",
        old="            if number and len(pieces)",
        new="            if False and len(pieces)",
        tests=("tests/unit/sheets/test_sheet.py",),
    ),
    Fault(
        name="nine digits behind a 9",
        breaks="contract §5: a line of 3000 that sends is a mobile: relayed, answered and charged as another number",
        file="src/payamak/domain/numbers.py",
        old=" if found and (prefixes is None or found[2] in prefixes) else None\n",
        new=" if found else None\n",
        tests=(
            "tests/unit/domain/test_numbers.py",
            "tests/unit/upstreams/test_mo.py",
            "tests/unit/front/test_accept.py",
        ),
    ),
    Fault(
        name="marks count in names",
        breaks="contract §5: a mark that was pasted along with a user name is a wrong password",
        file="src/payamak/domain/site/snapshot.py",
        old="self.accounts.get(text) or self.accounts_by_key.get(without_marks(text))",
        new="self.accounts.get(text)",
        tests=("tests/unit/front/test_accept.py",),
    ),
    Fault(
        name="the label of plain octets",
        breaks="contract §5: ASCII under a label that nobody knows is refused, or read as something else",
        file="src/payamak/http/charsets.py",
        old='    if octets.isascii():\n        return octets.decode("ascii")\n    return octets.decode(_BELIEVED',
        new='    if not label.isascii():\n        return ""\n    return octets.decode(_OF_XML',
        tests=("tests/unit/http/test_forms.py",),
    ),
    Fault(
        name="the Content-Type of XML",
        breaks="contract §9: the declaration is believed against the Content-Type: a text is garbled, sent and charged",
        file="src/payamak/http/charsets.py",
        old='    codec = _OF_XML.get(_plain(label), "utf-8" if label else "")\n',
        new='    codec = ""\n',
        tests=("tests/unit/dialects/test_soap_xml.py",),
    ),
    Fault(
        name="a bomb of gzip",
        breaks="contract §5: the limit counts what came in, and a kilobyte fills the memory",
        file="src/payamak/http/coding.py",
        old="        if len(whole) > most_octets:\n",
        new="        if len(body) > most_octets:\n",
        tests=("tests/unit/http/test_coding.py",),
    ),
    Fault(
        name="a page to a handset",
        breaks="contract §6: an error page of the customer's server is sent to a handset, and charged",
        file="src/payamak/posts/relay.py",
        old="        if posted.is_page:\n",
        new="        if False:\n",
        tests=("tests/unit/posts/test_relay.py",),
    ),
    Fault(
        name="a year of another calendar",
        breaks="an account that ends in 1406 ends six centuries ago",
        file="src/payamak/hands/sitefile.py",
        old="    check_written(value if isinstance(value, str) else value.isoformat())\n",
        new="",
        tests=("tests/unit/cli/test_sitefile.py",),
    ),
)
