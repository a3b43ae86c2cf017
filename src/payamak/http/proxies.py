"""Who calls, where others hand requests on: trusted proxies are believed, and nobody else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from payamak.http.request import Network


class Proxies:
    """The proxies that are believed."""

    def __init__(self, trusted: Iterable[Network] = ()) -> None:
        self.believe(trusted)

    def believe(self, trusted: Iterable[Network]) -> None:
        """From now on these are trusted with what their callers are and wrote, and no others."""
        self._trusted = tuple(trusted)
        self._is_trusted = lru_cache(maxsize=4096)(self._find_trusted)

    def client_address(self, peer: str, forwarded_for: str | None) -> str:
        """Return the caller's address: the peer's, unless it is a trusted proxy.

        Then it is the right-most address of X-Forwarded-For that is no trusted proxy itself; if one that we
        would have to believe cannot be read, the last trusted one stands. IPv4 in IPv6 is written as IPv4.
        """
        if forwarded_for is None or not self._trusted:
            return _written(peer)
        address = _parse_address(peer)
        if address is None:
            return peer
        for hop in reversed(forwarded_for.split(",")):
            if not self._is_trusted(address):
                break
            parsed = _parse_address(_strip_port(hop.strip()))
            if parsed is None:
                break
            address = parsed
        return str(address)

    def is_own_word(self, peer: str, address: str, forwarded_for: str | None) -> bool:
        """Whether the address is known to be the caller's own, where somebody says that he speaks for another.

        Not if we do not believe him, nor if he does not say for whom: then it is the proxy's address, and loopback if
        it runs beside us.
        """
        proxy, caller = _parse_address(peer), _parse_address(address)
        if forwarded_for is None or proxy is None or caller is None:
            return False
        return self._is_trusted(proxy) and not self._is_trusted(caller)

    def scheme(self, peer: str, headers: Mapping[str, str]) -> str:
        """The scheme that the caller wrote: `https` only by the word of a trusted proxy."""
        told = headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
        proxy = _parse_address(peer)
        return "https" if told == "https" and proxy is not None and self._is_trusted(proxy) else "http"

    def _find_trusted(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._trusted)


@lru_cache(maxsize=4096)
def _parse_address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


@lru_cache(maxsize=4096)
def _written(text: str) -> str:
    """An address in its one spelling; what is none as it is."""
    address = _parse_address(text)
    return text if address is None else str(address)


def _strip_port(hop: str) -> str:
    """`[2001:db8::1]:443` and `192.0.2.1:443` as proxies write them, without the port."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
