"""Requests to the app's back end (CB-01): signed, kept alive, bounded in time, size and number, to public addresses only.

1. Every address that the host stands for has to be public, however it is written (a name, 127.1, 0x7f000001), unless
   private ones are allowed: what it resolves to is checked, and once more each address where the socket for it is made,
   so that none is connected to that was not checked. Redirects are not followed: they could lead anywhere. Proxies of the
   environment are not used.
2. The whole of it, connecting and reading, has `timeout_ms`. Of an answer ANSWER_BYTES_MAX are read and no more.
"""

from __future__ import annotations

import errno
import hashlib
import ipaddress
import json
import socket
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import AddrInfoType

from rcim.base import clock
from rcim.hooks.events import BadAnswer, Json

ANSWER_BYTES_MAX = 64 * 1024
CONNECTIONS_MAX = 100
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
IPV4_WITHIN = (ipaddress.ip_network("2002::/16"), ipaddress.ip_network("2001::/32"))
"""6to4 and Teredo: what they lead to is in the address."""


class PrivateAddress(OSError):
    """The URL leads to an address that is not public."""


class PublicOnly(AbstractResolver):
    """Resolves names, and refuses those that lead anywhere private."""

    def __init__(self) -> None:
        self._inner = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        for one in found:
            if not is_public(one["host"]):
                raise PrivateAddress(f"{host} is {one['host']}, which is not a public address")
        return found

    async def close(self) -> None:
        await self._inner.close()


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


def signature(token: str, request_time: int) -> str:
    """The vendor's `Sign`."""
    return hashlib.sha256(f"{token}{request_time}".encode()).hexdigest()


class WebhookClient:
    """Posts callbacks to one URL, in the loop; `close` at the end."""

    def __init__(self, url: str, sdkappid: int, token: str, timeout_ms: int, allow_private: bool) -> None:
        self._url = url
        self._sdkappid = sdkappid
        self._token = token
        self._timeout = aiohttp.ClientTimeout(total=timeout_ms / 1000)
        self._allow_private = allow_private
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    def _open(self) -> aiohttp.ClientSession:
        """The session; made with the first request. Raises OSError after `close`."""
        if self._closed:
            raise OSError("it is closed")
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=CONNECTIONS_MAX,
                resolver=None if self._allow_private else PublicOnly(),
                socket_factory=None if self._allow_private else public_socket,
                use_dns_cache=False,
            )
            self._session = aiohttp.ClientSession(
                connector=connector, timeout=self._timeout, trust_env=False, auto_decompress=False
            )
        return self._session

    async def close(self) -> None:
        """Give back its connections, and make no more."""
        self._closed = True
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def post(self, command: str, fields: Json, *, answered: bool = True) -> Any:
        """The answer, as JSON; with `answered` false it is not looked at. Raises BadAnswer, OSError, TimeoutError or
        aiohttp.ClientError."""
        session = self._open()
        data = json.dumps(fields, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        async with session.post(
            self._url, params=self._query(command), data=data, headers=headers, allow_redirects=False
        ) as response:
            if response.status != 200:
                raise BadAnswer(f"HTTP status {response.status}")
            found = bytearray()
            async for part in response.content.iter_chunked(ANSWER_BYTES_MAX):
                found += part
                if len(found) > ANSWER_BYTES_MAX:
                    raise BadAnswer(f"it is longer than {ANSWER_BYTES_MAX} bytes")
        if not answered:
            return None
        try:
            return json.loads(found)
        except (ValueError, RecursionError):
            raise BadAnswer("it is no JSON") from None

    def _query(self, command: str) -> dict[str, str]:
        query = {
            "SdkAppid": str(self._sdkappid),
            "CallbackCommand": command,
            "contenttype": "json",
            "ClientIP": "",
            "OptPlatform": "Unknown",
        }
        if self._token:
            now_s = clock.wall_ms() // 1000
            query |= {"Sign": signature(self._token, now_s), "RequestTime": str(now_s)}
        return query
