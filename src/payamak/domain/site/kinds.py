"""The kinds of documents that a site is made of: their words, their names, and which of their fields are whose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from payamak.domain.site.accounts import Account, TemplateDocument
from payamak.domain.site.lines import Keyword, Line, LinkUse
from payamak.domain.site.links import Link
from payamak.setting import Field, fields_of

Document = Account | Line | Link

KINDS: Final[dict[str, type[Account] | type[Line] | type[Link]]] = {"link": Link, "line": Line, "account": Account}
"""The kinds by their word, in the order in which a site file is written: what is referred to comes first."""

NAME_FIELDS: Final = {"link": "name", "line": "number", "account": "username"}

STORES_OWN: Final = frozenset({"id", "credential_version"})
"""Fields of an account that the store gives; a person who names them is refused."""

SECRETS: Final = frozenset({"password", "password_hash"})
"""Fields that are shown masked unless they name a variable."""

MASK: Final = "••••••"
"""What is shown of a secret."""

HIDDEN: Final = SECRETS | {"relay_secret", "webhook_secret"}
"""Fields of which no fault repeats the value: what should have been a variable's name may be the secret itself."""

INNER: Final[dict[str, type[Struct]]] = {"template": TemplateDocument, "link of a line": LinkUse, "keyword": Keyword}
"""What stands inside documents, by the words of a page."""


OLD_NAMES: Final[Mapping[tuple[str, str], tuple[str, Mapping[Any, str]]]] = {
    ("link", "split"): ("long_text", {"udh8": "udh"}),
    ("link", "sends_validity"): ("validity", {True: "relative", False: "none"}),
}
"""Fields that had another name, and what values were called: files and stores that have the old one are read."""


def by_new_name(kind: str, name: str, value: Any) -> tuple[str, Any]:
    """A field as it is called now, whatever it was called when it was written."""
    new, values = OLD_NAMES.get((kind, name), (name, {}))
    return new, values.get(value, value) if values and isinstance(value, str | bool) else value


def name_of(document: Document) -> tuple[str, str]:
    """The kind and the name under which a document is kept."""
    match document:
        case Account():
            return "account", document.username
        case Line():
            return "line", document.number
        case Link():
            return "link", document.name


def settable(kind: str) -> dict[str, Field]:
    """The fields of a kind that a person may set."""
    return {name: field for name, field in fields_of(KINDS[kind]).items() if name not in STORES_OWN}


def default_of(kind: str, name: str) -> Any:
    """What counts where nothing is said; msgspec.NODEFAULT for the name of a document."""
    return fields_of(KINDS[kind])[name].default
