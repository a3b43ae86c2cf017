"""The wire, without I/O: requests of wsSend and wsStates as forms, answers as models or exceptions.

Writing is strict: exactly the manual's fields. Reading is lenient where servers of this family are known to
be loose (a comma too many, a BOM, numbers as strings) and strict where a guess could misreport a message.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, TypeAlias, TypeVar
from urllib.parse import urlencode, urlsplit

from payamak.client.errors import UnexpectedAnswer, refusal
from payamak.client.models import Chelcheleh, Fallback, MessageState, Route, SecondLine, Sent, ServiceLine
from payamak.client.scrub import WITHHELD, excerpt
from payamak.codes import LONGEST_LIFE_MINUTES, SUCCESS

T = TypeVar("T")

HEADERS: Final = {
    "Accept": "application/json",
    # The charset is for servers whose form encoding is a setting, as in ASP.NET.
    "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
    "User-Agent": "payamak-client",
}

_SMALLEST_ID: Final = 1001  # Contract §1: smaller numbers are error codes in this family.
_LARGEST: Final = 2**63 - 1  # What a database holds; no id or code of this family comes near it.
_BLANKS: Final = "\ufeff\0 \t\r\n"
_INTEGER: Final = re.compile(r"[+-]?\d{1,20}")
# A string, taken whole so that its commas are passed over (an unclosed one runs to the end and never
# backtracks), or a comma before a closing bracket.
_STRING_OR_TRAILING_COMMA: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?|,(?=\s*[}\]])', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who calls. `line` is the line of sends that name none."""

    username: str = field(repr=False)
    password: str = field(repr=False)
    line: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """The two addresses of a server."""

    send: str
    states: str

    @classmethod
    def at(cls, base_url: str) -> "Doors":
        """Find the doors: below `/api` of a bare host, else in the folder that the address names.

        Raises ValueError (without the address, it may hold a secret) unless it is a plain http or https one.
        """
        parts, is_whole = None, False
        with suppress(ValueError):  # Whose words may repeat the address.
            parts = urlsplit(base_url.strip())
            is_whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        if parts is None or not is_whole:
            raise ValueError("the server's address must be http:// or https://, a host and perhaps a port")
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError("the server's address must hold no user, password, query or fragment")
        path = parts.path.rstrip("/") or "/api"
        if path.lower().endswith((".ashx", ".aspx")):
            path = path.rpartition("/")[0]
        folder = f"{parts.scheme}://{parts.netloc}{path}"
        # Contract §5: the /services folder has its own ending for the states.
        ending = "ashx" if path.lower().endswith("/services") else "aspx"
        return cls(send=f"{folder}/wsSend.ashx", states=f"{folder}/wsStates.{ending}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One POST. `body` and `secrets` hold what must never be shown, so the repr leaves them out."""

    url: str
    body: bytes = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    is_send: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back over HTTP."""

    http_status: int
    body: bytes = field(repr=False)


Reader: TypeAlias = Callable[[Request, Reply], T]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What a caller asks to send."""

    recipient: str | int = field(repr=False)
    text: str = field(repr=False)
    line: str | int | None = None
    fallback: Fallback | Sequence[Fallback] | None = None
    via: Route | None = None
    life_time_minutes: int | None = None


def send_request(doors: Doors, account: Account, wanted: Submission) -> Request:
    """Build the wsSend request. Raises ValueError if the contract has no words for what is wanted."""
    fields = {
        "username": account.username,
        "password": account.password,
        "mobile": str(wanted.recipient),
        "message": wanted.text,
        **_route_fields(account, wanted),
    }
    life_time = wanted.life_time_minutes
    if life_time is not None:
        if not 1 <= life_time <= LONGEST_LIFE_MINUTES:  # a server ignores what is above: a silent surprise
            raise ValueError(f"life_time_minutes must be 1 to {LONGEST_LIFE_MINUTES}, not {life_time}")
        fields["life_time"] = str(life_time)
    secrets = (account.username, account.password, wanted.text)
    return Request(url=doors.send, body=_form(fields), secrets=secrets, is_send=True)


def states_request(doors: Doors, account: Account, ids: Sequence[int]) -> Request:
    """Build the wsStates request for one batch. Raises ValueError for an id that is no positive integer."""
    if any(type(each) is not int or each <= 0 for each in ids):
        raise ValueError("a message id is a positive integer")
    fields = {
        "username": account.username,
        "password": account.password,
        "message_ids": ",".join(map(str, ids)),
    }
    secrets = (account.username, account.password)
    return Request(url=doors.states, body=_form(fields), secrets=secrets, is_send=False)


def sent_reader(wanted: Submission) -> Reader[Sent]:
    """Return the function that reads the answer to `wanted`."""

    def read(request: Request, reply: Reply) -> Sent:
        data = _data(request, reply)
        message_id = _integer(data.get("message_id"))
        if message_id is None or message_id < _SMALLEST_ID:
            raise _unexpected(request, reply, "expected a message_id above 1000")
        # Accepted is accepted: an id is not thrown away because something beside it is missing.
        line, recipient = _integer(data.get("line")), _integer(data.get("mobile"))
        return Sent(
            message_id=message_id,
            line=str(line) if line else None,
            recipient=str(recipient or wanted.recipient),
        )

    return read


def states_reader(ids: Sequence[int]) -> Reader[dict[int, MessageState]]:
    """Return the function that reads the answer about `ids`: a state for each, in their order."""

    def read(request: Request, reply: Reply) -> dict[int, MessageState]:
        data = _data(request, reply)
        codes = _integers(data.get("states"))
        echoed = list(ids) if data.get("msgIds") is None else _integers(data.get("msgIds"))
        if codes is None or echoed is None:
            raise _unexpected(request, reply, "expected msgIds and states as numbers joined by commas")
        if len(codes) != len(echoed) or set(echoed) != set(ids):
            raise _unexpected(request, reply, f"expected {len(ids)} states for the ids asked, got {len(codes)}")
        # Pair by pair with the ids that the server names, as the manual says, whatever their order.
        found = {each: MessageState(code) for each, code in zip(echoed, codes, strict=True)}
        return {each: found[each] for each in ids}

    return read


def loads(text: str) -> object:
    """Read JSON, taking a comma before a closing bracket as the slip it is. Raises ValueError."""
    text = text.strip(_BLANKS)
    try:
        try:
            # strict=False: a raw line break inside a string is met in answers composed by hand.
            loaded: object = json.loads(text, strict=False)
        except ValueError:
            loaded = json.loads(_without_trailing_commas(text), strict=False)
    except RecursionError:
        raise ValueError("nested too deep") from None
    return loaded


def _without_trailing_commas(text: str) -> str:
    return _STRING_OR_TRAILING_COMMA.sub(lambda found: "" if found[0] == "," else found[0], text)


def _route_fields(account: Account, wanted: Submission) -> dict[str, str]:
    """Contract §1's table, read from right to left: a plan as line, line2, type and template."""
    match wanted.fallback:
        case None:
            steps: tuple[Fallback, ...] = ()
        case SecondLine() | Chelcheleh() | ServiceLine() as single:
            steps = (single,)
        case several:
            steps = tuple(several)
    if wanted.via is not None:
        if wanted.line is not None or steps:
            raise ValueError("via replaces the line: give neither line nor fallback with it")
        return _kind_fields(wanted.via)
    line = account.line if wanted.line is None else _number(wanted.line)
    fields = {} if line is None else {"line": line}
    if steps and line is None:
        # line2 or type without a line means that way alone, not a fallback of the account's default line.
        raise ValueError("a fallback needs a line before it: name the line here or for the client")
    match steps:
        case ():
            return fields
        case (SecondLine(number),):
            return fields | {"line2": _number(number)}
        case ((Chelcheleh() | ServiceLine()) as route,):
            return fields | _kind_fields(route)
        case (SecondLine(number), (Chelcheleh() | ServiceLine()) as route):
            return fields | {"line2": _number(number)} | _kind_fields(route)
        case _:
            raise ValueError("a fallback is a SecondLine, then or instead one Chelcheleh or ServiceLine")


def _kind_fields(route: Route) -> dict[str, str]:
    match route:
        case Chelcheleh():
            return {"type": "1"}
        case ServiceLine(template):
            return {"type": "2", "template": str(template)}


def _number(line: str | int) -> str:
    number = str(line).strip()
    if not number:
        # An empty line counts as not given and would change the plan in silence.
        raise ValueError("a line is a number, not an empty string")
    return number


def _form(fields: Mapping[str, str]) -> bytes:
    with suppress(UnicodeEncodeError):
        return urlencode(fields, encoding="utf-8").encode("ascii")
    # Raised out here: the suppressed error holds the text, and would hang on this one as its context.
    raise ValueError("a field holds half of a surrogate pair, which UTF-8 cannot carry")


def _data(request: Request, reply: Reply) -> Mapping[str, object]:
    """Return the answer's `data`. Raises Refusal or UnexpectedAnswer."""
    answer: object = None
    with suppress(ValueError):  # Whose text holds the body, so nothing is raised while it is at hand.
        answer = loads(reply.body.decode("utf-8"))
    if not isinstance(answer, dict):
        raise _unexpected(request, reply, _no_object_reason(reply.http_status))
    status = _integer(answer.get("status"))
    if status is not None and status > 0:
        said = excerpt(str(answer.get("msg") or ""), request.secrets)
        raise refusal(status, "" if said in (WITHHELD, "empty") else said)
    if status != SUCCESS:
        raise _unexpected(request, reply, "expected a status of -1 or a positive code")
    data = answer.get("data")
    if not isinstance(data, dict):
        raise _unexpected(request, reply, "expected an object as data beside status -1")
    return data


def _no_object_reason(http_status: int) -> str:
    if 300 <= http_status < 400:
        return "expected a JSON object, got a redirect, which is not followed: give the address it leads to"
    return "expected a JSON object"


def _unexpected(request: Request, reply: Reply, reason: str) -> UnexpectedAnswer:
    # Under 4xx the door was not reached. A redirect tells nothing: some servers send one to their error page
    # after a fault.
    is_refused = 400 <= reply.http_status < 500 and reply.http_status != 408
    shown = excerpt(reply.body.decode("utf-8", errors="replace").strip(_BLANKS), request.secrets)
    return UnexpectedAnswer(reason, reply.http_status, shown, request.is_send and not is_refused)


def _integer(value: object) -> int | None:
    """Read a number given as number or string, Latin or Persian digits; None if it is neither, or beyond 63 bits."""
    match value:
        case bool():
            return None
        case int():
            number = value
        case float() if value.is_integer():
            number = int(value)
        case str() if _INTEGER.fullmatch(value.strip(_BLANKS)):
            number = int(value.strip(_BLANKS))
        case _:
            return None
    return number if abs(number) <= _LARGEST else None


def _integers(value: object) -> list[int] | None:
    """Read numbers joined by commas (a comma at the end tolerated), a list of numbers, or a single one."""
    items: list[object]
    match value:
        case str():
            items = list(value.strip(_BLANKS).removesuffix(",").split(","))
        case list():
            items = value
        case _:
            items = [value]
    numbers = [_integer(item) for item in items]
    known = [number for number in numbers if number is not None]
    return known if len(known) == len(numbers) else None
