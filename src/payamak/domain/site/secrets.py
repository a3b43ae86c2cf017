"""Secrets as they are configured: in clear, or as `env:NAME`, the variable of the environment that has them.

The one place that knows how such a name is written. Pure: whoever asks brings the environment.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final

from payamak.language import Words

SHORTEST_PASSWORD: Final = 8
"""Characters of a new web-service password (NIST SP 800-63B §5.1.1.2). What is stored already goes on."""

LONGEST_PASSWORD_OCTETS: Final = 1_024
"""Of a new one: as many as payamak.front.callers.LONGEST_OCTETS verifies."""

SHORTEST_KEY_OCTETS: Final = 16
"""Of what signs a post: 128 bits; what is shorter can be guessed from one signed post, without asking us."""

_PREFIX: Final = "env:"
_BASE64: Final = "whsec_"


def is_named(secret: str) -> bool:
    """True for `env:NAME`: such a text may be shown, for it is no secret itself."""
    return secret.startswith(_PREFIX)


def variable_of(secret: str) -> str:
    """The name of the variable in `env:NAME`; empty for a secret in clear."""
    return secret[len(_PREFIX) :] if is_named(secret) else ""


def is_missing(secret: str, environment: Mapping[str, str]) -> bool:
    """True if it names a variable that is not set, or is empty."""
    return is_named(secret) and not environment.get(variable_of(secret))


def resolve(secret: str, environment: Mapping[str, str], whose: str, *, may_be_empty: bool = False) -> str:
    """The secret itself. Raises ValueError if the variable that it names is not set; `whose` says who names it."""
    if is_missing(secret, environment) and not (may_be_empty and variable_of(secret) in environment):
        raise ValueError(
            Words(
                f"the environment variable {variable_of(secret)} is not set, but {whose} names it",
                f"متغیر محیطی {variable_of(secret)} مقدار ندارد، اما {whose} آن را نام می‌برد",
            )
        )
    return environment[variable_of(secret)] if is_named(secret) else secret


class UnfitSecret(ValueError):
    """A secret that proves nothing; the words are ours and quote nothing."""


def check_new_password(password: str) -> None:
    """Raises UnfitSecret unless it may become an account's web-service password, by whatever door it comes."""
    if len(password) < SHORTEST_PASSWORD or len(password.encode()) > LONGEST_PASSWORD_OCTETS:
        raise UnfitSecret(
            Words(
                f"a new password has at least {SHORTEST_PASSWORD} characters and at most {LONGEST_PASSWORD_OCTETS} "
                "octets",
                f"گذرواژهٔ تازه دست‌کم {SHORTEST_PASSWORD} نویسه و حداکثر {LONGEST_PASSWORD_OCTETS} بایت دارد",
            )
        )


def signing_key(secret: str) -> bytes:
    """The octets that sign a post: a secret written `whsec_…` is base64 (Standard Webhooks). Raises UnfitSecret."""
    key = secret.encode()
    if secret.startswith(_BASE64):
        octets = secret.removeprefix(_BASE64)
        try:
            key = base64.b64decode(octets + "=" * (-len(octets) % 4), validate=True)
        except ValueError:
            raise UnfitSecret(
                Words("the secret is no base64 after whsec_", "راز پس از whsec_ به شکل base64 نیست")
            ) from None
    if len(key) < SHORTEST_KEY_OCTETS:
        raise UnfitSecret(
            Words(
                f"the secret is shorter than {SHORTEST_KEY_OCTETS} octets, so others can guess it",
                f"راز کوتاه‌تر از {SHORTEST_KEY_OCTETS} بایت است و دیگران می‌توانند حدسش بزنند",
            )
        )
    return key
