"""Public addresses: which there are, and how a client connects to no others (CB-01).

Every address that a host stands for has to be public, however it is written (a name, 127.1, 0x7f000001): what the name
resolves to is checked, and each address once more where the socket for it is made. So nothing is connected to that was
not checked.
"""

from __future__ import annotations

import errno
import ipaddress
import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import AddrInfoType

from rcim.web.names import Names

GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
IPV4_WITHIN = (ipaddress.ip_network("2002::/16"), ipaddress.ip_network("2001::/32"))
"""6to4 and Teredo: what they lead to is in the address."""


class PrivateAddress(OSError):
    """The URL leads to an address that is not public."""


class Resolver(AbstractResolver):
    """Resolves names (names.py)."""

    def __init__(self) -> None:
        self._names = Names()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises OSError."""
        numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return [
            ResolveResult(
                hostname=host, host=one.host, port=one.port, family=one.family, proto=one.proto, flags=numeric
            )
            for one in await self._names.look_up(host, port, family)
        ]

    async def close(self) -> None:
        """A lookup that is under way ends by itself."""


class PublicOnly(Resolver):
    """Resolves names, and refuses those that lead anywhere private."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Raises PrivateAddress, OSError."""
        found = await super().resolve(host, port, family)
        for one in found:
            if not is_public(one["host"]):
                raise PrivateAddress(f"{host} is {one['host']}, which is not a public address")
        return found


def public_socket(address: AddrInfoType) -> socket.socket:
    """A socket for this address and no other. Raises PrivateAddress, OSError."""
    family, kind, protocol, _, place = address
    if not is_public(place[0]):
        raise PrivateAddress(errno.EACCES, f"{place[0]} is not a public address")
    return socket.socket(family, kind, protocol)


def is_public(address: str) -> bool:
    """True for an IP address that is reachable from everywhere."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip not in GLOBAL_UNICAST or any(ip in network for network in IPV4_WITHIN):
            return False
    return ip.is_global and not ip.is_multicast
