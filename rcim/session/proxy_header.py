"""The PROXY protocol header, versions 1 and 2: where a connection that a proxy hands on really comes from (OP-01).

Specification: https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt

1. The header is the first thing on the connection, before TLS. It is text of at most 107 bytes that ends with CRLF
   (version 1: nginx), or binary, with its length in it (version 2: HAProxy, AWS, Envoy).
2. `LOCAL` (version 2), `UNKNOWN` (version 1) and addresses that are not TCP over IP name nobody: the connection is the
   proxy's own, such as a health check.
3. Fields after the addresses of version 2 (TLVs) are skipped, the checksum among them: TCP has checked the bytes already.
4. What the specification does not assign is refused.
"""

from __future__ import annotations

import ipaddress
from typing import NamedTuple

V1_PREFIX = b"PROXY "
V1_BYTES_MAX = 107
"""Of the line with its CRLF (section 2.1)."""
V1_BYTES_MIN = len(b"PROXY UNKNOWN\r\n")
V2_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
V2_FIXED_BYTES = 16
"""Signature, version and command, family, length."""
V2_BYTES_MAX = 2048
"""Of a whole header of version 2. The addresses take 36 bytes; the rest is TLVs, of which cloud load balancers send some
dozens of bytes and HAProxy, with all that it can say of a TLS session, a few hundred."""
LOCAL, PROXY = 0, 1
TCP4, TCP6 = 0x11, 0x21
ADDRESS_BYTES = {TCP4: 12, TCP6: 36}
FAMILIES, TRANSPORTS = range(4), range(3)
"""What is assigned: unspecified, IPv4, IPv6, Unix; unspecified, stream, datagram."""
PORT_MAX = 65535


class ProxyHeaderError(ValueError):
    """This is no header, or none that may be sent. The text says why."""


class Source(NamedTuple):
    """Where a connection comes from. `host` is empty if the header names nobody: it is the proxy's own."""

    host: str
    port: int


NOBODY = Source("", 0)


class ProxyHeaderReader:
    """Reads one header. Give it what has come by `receive` until it returns something."""

    __slots__ = ("_data", "rest")

    def __init__(self) -> None:
        self._data = b""
        self.rest = b""
        """What came after the header. Empty if never more than `wanted` bytes were received."""

    @property
    def wanted(self) -> int:
        """So many bytes can be read without reading beyond the header; at least 1 until it is whole."""
        data, size = self._data, len(self._data)
        if data[:1] == V2_SIGNATURE[:1]:
            return (_v2_size(data) if size >= V2_FIXED_BYTES else V2_FIXED_BYTES) - size
        if size < V1_BYTES_MIN:
            return V1_BYTES_MIN - size
        return 1 if data.endswith(b"\r") else 2

    def receive(self, data: bytes) -> Source | None:
        """Take what has come next; the source once the header is whole, before that None. Raises ProxyHeaderError at the
        first byte that no header can have there."""
        self._data += data
        whole = self._data
        if V2_SIGNATURE.startswith(whole[: len(V2_SIGNATURE)]):
            size = _v2_size(whole) if len(whole) >= V2_FIXED_BYTES else 0
            if not size or len(whole) < size:
                return None
            self.rest = whole[size:]
            return _v2(whole[:size])
        if V1_PREFIX.startswith(whole[: len(V1_PREFIX)]):
            return self._line(whole)
        raise ProxyHeaderError("it does not begin with a PROXY protocol header")

    def _line(self, whole: bytes) -> Source | None:
        line, end, rest = whole[:V1_BYTES_MAX].partition(b"\r\n")
        if end:
            self.rest = rest + whole[V1_BYTES_MAX:]
            return _v1(line)
        if len(whole) >= V1_BYTES_MAX:
            raise ProxyHeaderError(f"the header of version 1 has no end within {V1_BYTES_MAX} bytes")
        if b"\n" in line or b"\r" in line[:-1]:
            raise ProxyHeaderError("the header of version 1 has to end with CR and LF")
        return None


def _v1(line: bytes) -> Source:
    """Raises ProxyHeaderError."""
    kind, *fields = line[len(V1_PREFIX) :].split(b" ")
    if kind == b"UNKNOWN":
        return NOBODY
    address: type[ipaddress.IPv4Address] | type[ipaddress.IPv6Address]
    address = ipaddress.IPv6Address if kind == b"TCP6" else ipaddress.IPv4Address
    if kind not in (b"TCP4", b"TCP6") or len(fields) != 4:
        raise ProxyHeaderError("the header of version 1 has to be TCP4 or TCP6 with two addresses and two ports")
    try:
        texts = [field.decode("ascii") for field in fields]
        host, _ = _plain(address(texts[0])), address(texts[1])
        port, _ = _port(texts[2]), _port(texts[3])
    except ValueError as error:  # UnicodeDecodeError and AddressValueError are such
        raise ProxyHeaderError(f"the header of version 1 has a wrong address or port: {error}") from None
    return Source(host, port)


def _port(text: str) -> int:
    """Raises ValueError."""
    if not text.isdigit() or (len(text) > 1 and text[0] == "0") or len(text) > 5 or int(text) > PORT_MAX:
        raise ValueError(f"{text[:8]!r} is no port")
    return int(text)


def _v2_size(data: bytes) -> int:
    """How many bytes a header of version 2 has that begins so. Raises ProxyHeaderError."""
    size = V2_FIXED_BYTES + int.from_bytes(data[14:V2_FIXED_BYTES])
    if data[12] >> 4 != 2:
        raise ProxyHeaderError(f"version {data[12] >> 4} of the PROXY protocol is unknown")
    if size > V2_BYTES_MAX:
        raise ProxyHeaderError(f"the header of version 2 has {size} bytes, at most {V2_BYTES_MAX} are read")
    return size


def _v2(data: bytes) -> Source:
    """Raises ProxyHeaderError."""
    command, family = data[12] & 0xF, data[13]
    if command == LOCAL:
        return NOBODY  # its family is to be ignored (section 2.2)
    if command != PROXY:
        raise ProxyHeaderError(f"command {command} of the PROXY protocol is unknown")
    if family >> 4 not in FAMILIES or family & 0xF not in TRANSPORTS:
        raise ProxyHeaderError(f"family {family:#04x} of the PROXY protocol is unknown")
    size = ADDRESS_BYTES.get(family)
    if size is None:
        return NOBODY
    block = data[V2_FIXED_BYTES : V2_FIXED_BYTES + size]
    if len(block) < size:
        raise ProxyHeaderError(f"the header of version 2 has {len(block)} bytes of addresses instead of {size}")
    half = (size - 4) // 2
    port = int.from_bytes(block[2 * half : 2 * half + 2])
    return Source(_plain(ipaddress.ip_address(block[:half])), port)


def _plain(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """The address as everything else names it: an IPv4 address inside an IPv6 one as IPv4, so that it counts as one."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)
