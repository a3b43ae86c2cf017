"""Who counts as one caller where something is shared out by address."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address


@lru_cache(maxsize=4096)
def neighbourhood(address: str) -> str:
    """The address; of IPv6 its /64, which one customer has for himself; of IPv4 written as IPv6 the IPv4."""
    if ":" not in address:
        return address
    try:
        parsed = IPv6Address(address)
    except ValueError:
        return address
    return str(parsed.ipv4_mapped) if parsed.ipv4_mapped is not None else parsed.packed[:8].hex()
