"""Envelopes in and out: a hardened reader of calls, a writer of answers, both led by the table of operations. Pure.

The reader trusts nothing. The body's size is limited before anything is parsed; then any doctype is refused (so there
are no entities of the sender's making and nothing to fetch), as are depth and number of elements beyond any real call,
each as soon as it shows: the parser is fed in pieces and stops within one. Of a stranger's envelope only the beginning
is read, up to the password and STRANGERS_OCTETS at most: the rest waits until it is proven. Namespaces and prefixes are
not looked at, since programs in the field send `http://tempuri.org/` and none; only the envelope's tells SOAP 1.1 from
1.2.

Answers are written as the vendor's server does: the envelope with the prefix `soap`, everything in the body in the
real namespace without prefixes, which programs that read by regular expressions rely on.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, NoReturn, TypeAlias
from xml.sax.saxutils import escape

from lxml import etree

from payamak.dialects.soap.schema import BY_NAME, NAMESPACE, Array, Element, Operation, RecordType, Scalar
from payamak.http.charsets import xml_codec

LARGEST_DEPTH: Final = 100
"""Elements within each other; a real call has five."""

MOST_ELEMENTS: Final = 12_000
"""Elements of one call: ten thousand ids for GetMessageStatus and room to spare; 30 ms of work."""

LARGEST_OCTETS: Final = 1 << 20
"""An envelope's size; the application refuses larger bodies before they come here."""

STRANGERS_OCTETS: Final = 16 << 10
STRANGERS_ELEMENTS: Final = 256
"""What is read of a call before its password is proven: about a millisecond's work, whatever stands in it. In a longer
one the user name and the password come first, as the schema has them."""

_PIECE_OCTETS: Final = 8 << 10
_FIRST_PIECE_OCTETS: Final = 1 << 10
LONGEST_TAG_OCTETS: Final = 8 << 10
"""Of one start tag, attributes included; a real one has a few namespaces. The parser compares them with each other."""
_DEPTH_OF_PARAMETERS: Final = 3
"""Envelope, Body and the operation are open around a parameter."""

_XSI_NIL: Final = "{http://www.w3.org/2001/XMLSchema-instance}nil"
# XML 1.0 §2.2: what no document may hold, not even escaped. A handset's text may.
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class SoapVersion(Enum):
    """A version of SOAP: the envelope's namespace and the content type."""

    V11 = ("http://schemas.xmlsoap.org/soap/envelope/", "text/xml; charset=utf-8")
    V12 = ("http://www.w3.org/2003/05/soap-envelope", "application/soap+xml; charset=utf-8")

    def __init__(self, namespace: str, content_type: str) -> None:
        self.namespace = namespace
        self.content_type = content_type


class NotReadable(Exception):
    """No call of ours; the text says why, in English, and holds nothing of what the caller wrote.

    `version` is the envelope's, if there is one.
    """

    def __init__(self, reason: str, version: SoapVersion | None = None) -> None:
        super().__init__(reason)
        self.version = version


class _Node:
    """An element: local name, text before and between its children, children; whether it is xsi:nil."""

    __slots__ = ("children", "is_nil", "name", "namespace", "pieces")

    def __init__(self, name: str, namespace: str, *, is_nil: bool) -> None:
        self.name = name
        self.namespace = namespace
        self.is_nil = is_nil
        self.pieces: list[str] = []
        self.children: list[_Node] = []

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def child(self, name: str) -> _Node | None:
        return next((child for child in self.children if child.name == name), None)

    def leaves(self) -> Iterator[_Node]:
        """The elements below that have none below them."""
        for child in self.children:
            if child.children:
                yield from child.leaves()
            else:
                yield child


class _Target:
    """What the parser tells of; raises NotReadable at the first sign of an attack."""

    def __init__(self) -> None:
        self.root: _Node | None = None
        self._open: list[_Node] = []
        self.count = 0
        self.heard = 0
        self.ended_parameters: set[str] = set()

    def doctype(self, *_: object) -> NoReturn:
        raise NotReadable("a document type declaration is not taken")

    def start(self, tag: str | bytes, attrib: Mapping[str | bytes, str | bytes]) -> None:
        self.count += 1
        self.heard += 1
        if len(self._open) >= LARGEST_DEPTH or self.count > MOST_ELEMENTS:
            raise NotReadable("too many elements")
        namespace, _, name = str(tag).rpartition("}")
        is_nil = bool(attrib) and attrib.get(_XSI_NIL, "") in ("true", "1")  # most have none, and to ask is dear
        node = _Node(name, namespace[1:], is_nil=is_nil)
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)

    def end(self, tag: str | bytes) -> None:
        self.heard += 1
        node = self._open.pop()
        if len(self._open) == _DEPTH_OF_PARAMETERS:
            self.ended_parameters.add(node.name.lower())

    def data(self, data: str | bytes) -> None:
        self.heard += 1
        self._open[-1].pieces.append(str(data))

    def comment(self, text: str | bytes) -> None:
        """Part of the parser's protocol."""

    def close(self) -> None:
        """Part of the parser's protocol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoapCall:
    """One call of an operation; its parameters by their names in lower case, in whatever order; others are not read."""

    operation: Operation
    version: SoapVersion
    parameters: Mapping[str, Sequence[_Node]]

    def text(self, name: str) -> str | None:
        """A parameter as text; None if it is missing, empty or nil. Of doubled ones the first counts."""
        for node in self.parameters.get(name.lower(), ()):
            return None if node.is_nil else node.text or None
        return None

    def texts(self, name: str) -> list[str]:
        """The items of an array, whatever their elements are named; a nil item is the empty string.

        An array without elements but with text is one item, for calls written by hand. One that is given
        several times is one array: a caller that repeats `mobiles` means them all.
        """
        items: list[str] = []
        for node in self.parameters.get(name.lower(), ()):
            if node.children:
                items += ["" if leaf.is_nil else leaf.text for leaf in node.leaves()]
            elif node.text.strip() and not node.is_nil:
                items.append(node.text)
        return items

    def __repr__(self) -> str:
        return f"Call(operation={self.operation.name!r})"


class CallReader:
    """Reads one envelope, the beginning first. Every method raises NotReadable."""

    def __init__(self, body: bytes, charset: str = "") -> None:
        """`charset` is what the Content-Type says, or ""."""
        if len(body) > LARGEST_OCTETS:
            raise NotReadable("too large")
        try:
            codec, start = xml_codec(body, charset)
        except LookupError:
            raise NotReadable("not well-formed XML") from None
        self._decoder = codecs.getincrementaldecoder(codec)()
        self._octets = memoryview(body)[start:]
        self._read = 0
        self._has_begun = False
        self._silent_octets = 0
        self._target = _Target()
        self._parser = etree.XMLParser(
            target=self._target,
            encoding="utf-8",  # whatever the declaration says: the text is decoded before
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
            recover=False,
        )

    @property
    def is_whole(self) -> bool:
        """Whether all of it has been read."""
        return self._read >= len(self._octets)

    def begin(self) -> SoapCall:
        """Read until user name and password have come, or the end; STRANGERS_OCTETS at most. The call as far as read.

        Raises NotReadable if neither came: the whole of a call is read for whoever proves himself.
        """
        while not self.is_whole and self._read < STRANGERS_OCTETS:
            self._feed(min(_FIRST_PIECE_OCTETS, STRANGERS_OCTETS - self._read))
            if not self.is_whole and {"pusername", "ppassword"} <= self._target.ended_parameters:
                return self._call()
            if self._target.count > STRANGERS_ELEMENTS:
                break
        if not self.is_whole:
            raise NotReadable("in a long call pUsername and pPassword come first")
        return self.rest()

    def rest(self) -> SoapCall:
        """Read what is left: the whole call."""
        while not self.is_whole:
            self._feed(_PIECE_OCTETS)
        try:
            self._parser.close()
        except (etree.XMLSyntaxError, LookupError, UnicodeError):
            raise NotReadable("not well-formed XML") from None
        return self._call()

    def _feed(self, octets: int) -> None:
        piece = self._octets[self._read : self._read + octets]
        self._read += len(piece)
        heard = self._target.heard
        try:
            text = self._decoder.decode(piece, self.is_whole)
            if not self._has_begun:
                text = text.lstrip("\t\n\r ")  # a line break before the declaration, as here-documents have it
                self._has_begun = bool(text)
            self._parser.feed(text.encode())
        except (etree.XMLSyntaxError, LookupError, UnicodeError):
            raise NotReadable("not well-formed XML") from None
        # The parser says nothing of a tag until it has all of it.
        self._silent_octets = 0 if self._target.heard != heard else self._silent_octets + len(piece)
        if self._silent_octets > LONGEST_TAG_OCTETS + _PIECE_OCTETS:
            raise NotReadable("a tag too long")

    def _call(self) -> SoapCall:
        envelope = self._target.root
        if envelope is None:
            raise NotReadable("no XML")
        content = envelope.child("Body") if envelope.name == "Envelope" else None
        if content is None or not content.children:
            raise NotReadable("no SOAP envelope with a body")
        called = content.children[0]
        version = SoapVersion.V12 if envelope.namespace == SoapVersion.V12.namespace else SoapVersion.V11
        operation = BY_NAME.get(called.name.lower())
        if operation is None:
            raise NotReadable("no operation of this service", version)
        parameters: dict[str, list[_Node]] = {field.name.lower(): [] for field in operation.inputs}
        for node in called.children:
            if (nodes := parameters.get(node.name.lower())) is not None:
                nodes.append(node)
        return SoapCall(operation=operation, version=version, parameters=parameters)


def read_call(body: bytes, charset: str = "") -> SoapCall:
    """Read an envelope of either version, whole; `charset` as in CallReader. Raises NotReadable."""
    return CallReader(body, charset).rest()


# ------------------------------------------------------------------------------------------- answers

Value: TypeAlias = "str | int | bool | Sequence[Value] | Mapping[str, Value] | None"
"""What an answer is made of: scalars, arrays and records; dates as text."""

NO_DATE: Final = "0001-01-01T00:00:00"
"""A date that must be there but has no value, as .NET writes it."""

_EMPTY: Final[dict[Scalar, str]] = {Scalar.BOOLEAN: "false", Scalar.DATE_TIME: NO_DATE}


def write_answer(call: SoapCall, values: Mapping[str, Value]) -> bytes:
    """The envelope of an answer, in the version of the call.

    An optional field without a value is left out; a required one is 0, false or the first day of year 1.
    """
    operation = call.operation
    fields = "".join(_write(field, values.get(field.name)) for field in operation.outputs)
    name = operation.response_name
    return _envelope(call.version, f'<{name} xmlns="{NAMESPACE}">{fields}</{name}>')


def write_fault(version: SoapVersion, reason: str) -> bytes:
    """The envelope of a fault that is the caller's: what was sent is no call of ours."""
    reason = escaped(reason)
    if version is SoapVersion.V12:
        code = "<soap:Code><soap:Value>soap:Sender</soap:Value></soap:Code>"
        told = f'{code}<soap:Reason><soap:Text xml:lang="en">{reason}</soap:Text></soap:Reason><soap:Detail />'
    else:
        told = f"<faultcode>soap:Client</faultcode><faultstring>{reason}</faultstring><detail />"
    return _envelope(version, f"<soap:Fault>{told}</soap:Fault>")


def _envelope(version: SoapVersion, content: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap:Envelope xmlns:soap="{version.namespace}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soap:Body>{content}</soap:Body></soap:Envelope>'
    ).encode()


def _write(field: Element, value: Any) -> str:
    name, kind = field.name, field.kind
    if value is None and field.is_optional:
        return ""
    match kind:
        case Array():
            item = Element(kind.item_name, kind.item)
            inner = "".join(_write(item, "" if each is None else each) for each in value)
        case RecordType():
            inner = "".join(_write(each, value.get(each.name)) for each in kind.fields)
        case Scalar():
            inner = _EMPTY.get(kind, "0") if value is None else _scalar(value)
    return f"<{name}>{inner}</{name}>"


def _scalar(value: str | int | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return escaped(value) if isinstance(value, str) else str(int(value))


def escaped(text: str) -> str:
    """Escaped; a character that XML cannot hold becomes U+FFFD, a carriage return survives the parser."""
    return escape(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text), {"\r": "&#13;"})
