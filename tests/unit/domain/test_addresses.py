"""Which addresses a customer's URL may lead to: none that is special in any registry, whatever Python runs us."""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Network, IPv6Network

import pytest

from payamak.domain.addresses import GLOBAL_UNICAST, SPECIAL, SPECIAL_IPV6, is_public


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),
        *("224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1", "ff02::1"),
        *("::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "192.0.2.1"),
        *("fec0::1", "64:ff9b:1::808:808", "::808:808", "5f00::1", "4000::1", "0.1.2.3", "240.0.0.1"),
        *("192.0.0.192", "168.63.129.16", "100.100.100.200", "fd00:ec2::254"),
        *("3fff::1", "3fff:fff:ffff::1", "2001::1", "2001:db8::1", "2001:1::1", "2001:20::1", "2620:4f:8000::1"),
        *("192.88.99.1", "192.31.196.1", "192.52.193.1", "192.175.48.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"),
        *("100::1", "100:0:0:1::1", "::ffff:0:10.0.0.1", "2001:0:5ef5:79fb:0:1::1"),
    ],
)
def test_not_public(address: str) -> None:
    """Private, loopback, link-local, shared, multicast, documentation, reserved: also within IPv6."""
    assert not is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("5.160.0.1", "8.8.8.8", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"),
        *("2001:200::1", "2001:4860::1", "3ffe::1", "192.0.1.1", "100.128.0.1", "172.32.0.1", "198.20.0.1"),
    ],
)
def test_public(address: str) -> None:
    """The open Internet, up to the edges of what is special."""
    assert is_public(address)


SIX_TO_FOUR = IPv6Network("2002::/16")


def networks_of_this_python() -> list[IPv4Network | IPv6Network]:
    """What the running interpreter's `ipaddress` calls private or reserved: the table behind `is_global`."""
    of4 = getattr(ipaddress, "_IPv4Constants")  # noqa: B009 - no public name has them
    of6 = getattr(ipaddress, "_IPv6Constants")  # noqa: B009
    return [*of4._private_networks, of4._reserved_network, *of6._private_networks, *of6._reserved_networks]


@pytest.mark.parametrize("network", networks_of_this_python(), ids=str)
def test_no_python_knows_more(network: IPv4Network | IPv6Network) -> None:
    """A range that this Python's ipaddress calls special is in our table: one that knows more makes this red.

    Newer ones call all of 6to4 special; we judge it by the address of IPv4 within.
    """
    if isinstance(network, IPv4Network):
        assert any(network.subnet_of(known) for known in SPECIAL)
    else:
        known6 = network == SIX_TO_FOUR or any(network.subnet_of(known) for known in SPECIAL_IPV6)
        assert known6 or not network.overlaps(GLOBAL_UNICAST)


def test_what_python_thinks_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer is our table's: a Python that calls everything public opens nothing."""
    for kind in (ipaddress.IPv4Address, ipaddress.IPv6Address):
        monkeypatch.setattr(kind, "is_global", True)
        monkeypatch.setattr(kind, "is_private", False)
    assert not any(map(is_public, ("10.0.0.1", "3fff::1", "fd00::1", "192.88.99.1")))
