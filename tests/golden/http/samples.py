"""The golden exchanges: files with a sentence, a request, a line `---`, and the answer that must come.

Heads are written with plain line ends and sent with CR LF; in a body, `\\r\\n` and `\\n` are written out. `{length}`
is the length of the body below it, `{date}` any HTTP date, `{id}` any message id; other names in braces are filled
in by the test on both sides.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.http"))
VERSIONS = ("1.0", "1.1")

_DATE = rb"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"
_ID = rb"[1-9]\d{3,15}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One exchange; the texts are as in the file."""

    request: str
    answer: str

    def request_octets(self, version: str, values: Mapping[str, object]) -> bytes:
        """What to write. What is not HTTP at all has no version to set."""
        return _octets(_filled(self.request.replace(" HTTP/1.1\n", f" HTTP/{version}\n", 1), values))

    def is_answered_by(self, octets: bytes, values: Mapping[str, object]) -> bool:
        """Whether the answer is this one, octet for octet but for ids and the date."""
        text = _filled(self.answer, values)
        wanted_id = re.search(_ID, octets.partition(b"\r\n\r\n")[2])
        expected = _octets(text.replace("{id}", wanted_id[0].decode() if wanted_id else "{id}"))
        return re.fullmatch(re.escape(expected).replace(rb"\{date\}", _DATE), octets) is not None


def read_sample(name: str) -> Sample:
    """Read one file. Raises ValueError if it has not two sides."""
    text = (FOLDER / f"{name}.http").read_text(encoding="utf-8")
    request, answer = text.split("\n---\n")
    return Sample(request=request.partition("\n")[2], answer=answer.removesuffix("\n"))


def _filled(text: str, values: Mapping[str, object]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


def _octets(text: str) -> bytes:
    head, _, body = text.partition("\n\n")
    octets = body.replace("\\r", "\r").replace("\\n", "\n").encode()
    return head.replace("{length}", str(len(octets))).replace("\n", "\r\n").encode() + b"\r\n\r\n" + octets
