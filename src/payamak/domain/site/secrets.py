"""Secrets as they are configured: in clear, or as `env:NAME`, the variable of the environment that has them.

The one place that knows how such a name is written. Pure: whoever asks brings the environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_PREFIX: Final = "env:"


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
        raise ValueError(f"the environment variable {variable_of(secret)} is not set, but {whose} names it")
    return environment[variable_of(secret)] if is_named(secret) else secret
