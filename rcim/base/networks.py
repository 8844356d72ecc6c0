"""Networks of addresses, as settings name them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def networks_of(texts: Iterable[str]) -> list[Network]:
    """The networks, each a text such as `10.0.0.0/8`, or an address alone. Raises ValueError with the reason."""
    return [ipaddress.ip_network(text) for text in texts]


def in_one_of(networks: Iterable[Network], host: str) -> bool:
    """True if the address `host` is in one of the networks. Raises ValueError if it is no address."""
    address = ipaddress.ip_address(host)
    return any(address in network for network in networks)
