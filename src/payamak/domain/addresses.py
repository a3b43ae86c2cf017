"""Which addresses are of the open Internet: our own table, so that no Python of another age says otherwise. Pure.

What Python's `ipaddress` knows of special ranges differs from one release to the next (3.11 takes fec0::/10 and
3fff::/20 for public), and a customer's URL must not reach inwards because the machine has an older one. A test holds
the running Python against this table: what a newer one has learned is missing here, and seen.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

SPECIAL: Final = tuple(
    map(
        IPv4Network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
            *("192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24"),
            *("192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24"),
            *("224.0.0.0/4", "240.0.0.0/4"),
            "168.63.129.16/32",
        ),
    )
)
"""IANA's IPv4 special-purpose registry as it stood in 2025, also what it calls globally reachable: no customer's server
is there; multicast; and Azure's inner address, which looks public. Oracle's metadata are within 192.0.0.0/24."""

GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
"""All of IPv6 that IANA has given out; what is outside is local, or of tomorrow."""

SPECIAL_IPV6: Final = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20")))
"""Of that what its IPv6 registry calls special, but for 6to4: protocols (Teredo among them), documentation, AS112."""

NAT64: Final = IPv6Network("64:ff9b::/96")
"""RFC 6052 §2.1: an IPv4 address in the last four octets."""


def is_public(address: str) -> bool:
    """Whether an address is one of the open Internet; an IPv4 one that an IPv6 one holds must be so too."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in SPECIAL)
    within = _within(ip)
    if within is not None:
        return is_public(str(within))
    return ip in GLOBAL_UNICAST and not any(ip in network for network in SPECIAL_IPV6)


def _within(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address to which one of IPv6 leads: mapped, 6to4 or by NAT64."""
    if ip in NAT64:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour
