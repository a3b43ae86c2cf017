"""Who counts as one caller where something is shared out by address."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address
from typing import Final

_HEX_OF_IPV6: Final = 16


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


def masked_address(address: str) -> str:
    """An address as a log may have it: of IPv4 the network of 256, of IPv6 the /48; what is none is hidden."""
    place = neighbourhood(address)
    if place.count(".") == 3:
        return f"{place.rpartition('.')[0]}.*"
    if len(place) == _HEX_OF_IPV6 and ":" in address:
        return f"{place[:4]}:{place[4:8]}:{place[8:12]}:*"
    return "***"


@lru_cache(maxsize=4096)
def circles(place: str) -> tuple[str, ...]:
    """The networks that a neighbourhood lies in, the widest first, itself last: what one provider or customer may have.

    Of IPv4 /16 and /24, of IPv6 /32 and /48: whoever is given a /48 has 65,536 neighbourhoods in it.
    """
    if place.count(".") == 3:
        first, second, third, _ = place.split(".")
        return f"{first}.{second}.", f"{first}.{second}.{third}.", place
    if len(place) == _HEX_OF_IPV6 and "." not in place:
        return place[:8], place[:12], place
    return (place,)
