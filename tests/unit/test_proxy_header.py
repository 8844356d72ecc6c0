"""The PROXY protocol header: whole, cut at every byte, with bytes left over, and what is no header (OP-01)."""

from __future__ import annotations

import ipaddress
import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rcim.session.proxy_header import (
    NOBODY,
    V1_BYTES_MAX,
    V2_BYTES_MAX,
    ProxyHeaderError,
    ProxyHeaderReader,
    Source,
)
from tests.amount import some

SIGNATURE = bytes.fromhex("0d0a0d0a000d0a515549540a")
DOC_7 = bytes.fromhex("20010db8000000000000000000000007")
DOC_1 = bytes.fromhex("20010db8000000000000000000000001")
MAPPED = bytes.fromhex("00000000000000000000ffffc0000209")
TLV_ALPN_H2 = bytes.fromhex("01 0002 6832")
AWS_VPCE = bytes.fromhex("ea 0017 01") + b"vpce-08d2bf15fac5001c9"
GOOD = {
    # version 1: section 2.1 and its examples
    "v1 IPv4": (b"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", Source("255.255.255.255", 65535)),
    "v1 IPv4, shortest": (b"PROXY TCP4 1.2.3.4 1.1.1.1 1 1\r\n", Source("1.2.3.4", 1)),
    "v1 IPv6": (b"PROXY TCP6 2001:db8::7 2001:db8::1 56324 443\r\n", Source("2001:db8::7", 56324)),
    "v1 IPv6, shortest": (b"PROXY TCP6 :: :: 0 0\r\n", Source("::", 0)),
    "v1 IPv4 in IPv6": (b"PROXY TCP6 ::ffff:192.0.2.9 ::1 5 6\r\n", Source("192.0.2.9", 5)),
    "v1 unknown": (b"PROXY UNKNOWN\r\n", NOBODY),
    "v1 unknown, longest": (
        b"PROXY UNKNOWN " + b" ".join([b"ffff:" * 7 + b"ffff"] * 2) + b" 65535 65535\r\n",
        NOBODY,
    ),
    # version 2: section 2.2, byte by byte: signature, version and command, family, length, addresses, ports, TLVs
    "v2 IPv4": (SIGNATURE + bytes.fromhex("21 11 000c c0000209 c6336401 c350 01bb"), Source("192.0.2.9", 50000)),
    "v2 IPv6": (
        SIGNATURE
        + bytes.fromhex("21 21 0024 20010db8000000000000000000000007 20010db8000000000000000000000001 0001 01bb"),
        Source("2001:db8::7", 1),
    ),
    "v2 IPv4 in IPv6": (
        SIGNATURE
        + bytes.fromhex("21 21 0024")
        + bytes(10)
        + bytes.fromhex("ffff c0000209")
        + bytes(16)
        + bytes.fromhex("0007 01bb"),
        Source("192.0.2.9", 7),
    ),
    "v2 with TLVs": (
        SIGNATURE + bytes.fromhex("21 11 002b c0000209 c6336401 c350 01bb") + TLV_ALPN_H2 + AWS_VPCE,
        Source("192.0.2.9", 50000),
    ),
    "v2 local": (SIGNATURE + bytes.fromhex("20 00 0000"), NOBODY),
    "v2 local, with addresses": (SIGNATURE + bytes.fromhex("20 11 000c c0000209 c6336401 c350 01bb"), NOBODY),
    "v2 local, family of nobody": (SIGNATURE + bytes.fromhex("20 ff 0001 00"), NOBODY),
    "v2 unspecified": (SIGNATURE + bytes.fromhex("21 00 0003 010203"), NOBODY),
    "v2 datagrams": (SIGNATURE + bytes.fromhex("21 12 000c c0000209 c6336401 c350 01bb"), NOBODY),
    "v2 Unix": (SIGNATURE + bytes.fromhex("21 31 00d8") + bytes(216), NOBODY),
    "v2, longest": (SIGNATURE + bytes.fromhex("20 00 07f0") + bytes(V2_BYTES_MAX - 16), NOBODY),
}
BAD = {
    "TLS": bytes.fromhex("160301"),
    "HTTP": b"GET / HTTP/1.1\r\n\r\n",
    "POST, which begins as PROXY does": b"POST / HTTP/1.1\r\n\r\n",
    "empty line": b"\r\n\r\n\r\n",
    "v1, lower case": b"proxy TCP4 1.2.3.4 1.1.1.1 1 1\r\n",
    "v1, no kind": b"PROXY  1.2.3.4 1.1.1.1 1 1\r\n",
    "v1, other kind": b"PROXY UDP4 1.2.3.4 1.1.1.1 1 1\r\n",
    "v1, IPv6 as TCP4": b"PROXY TCP4 ::1 ::1 1 1\r\n",
    "v1, IPv4 as TCP6": b"PROXY TCP6 1.2.3.4 1.1.1.1 1 1\r\n",
    "v1, leading zero": b"PROXY TCP4 01.2.3.4 1.1.1.1 1 1\r\n",
    "v1, port with a leading zero": b"PROXY TCP4 1.2.3.4 1.1.1.1 01 1\r\n",
    "v1, port too large": b"PROXY TCP4 1.2.3.4 1.1.1.1 65536 1\r\n",
    "v1, port negative": b"PROXY TCP4 1.2.3.4 1.1.1.1 -1 1\r\n",
    "v1, other port wrong": b"PROXY TCP4 1.2.3.4 1.1.1.1 1 x\r\n",
    "v1, other address wrong": b"PROXY TCP4 1.2.3.4 1.1.1 1 1\r\n",
    "v1, one field short": b"PROXY TCP4 1.2.3.4 1.1.1.1 1\r\n",
    "v1, one field more": b"PROXY TCP4 1.2.3.4 1.1.1.1 1 1 1\r\n",
    "v1, two spaces": b"PROXY TCP4  1.2.3.4 1.1.1.1 1 1\r\n",
    "v1, not ASCII": b"PROXY TCP4 1.2.3.\xb2 1.1.1.1 1 1\r\n",
    "v1, LF alone": b"PROXY TCP4 1.2.3.4 1.1.1.1 1 1\n",
    "v1, no end": b"PROXY TCP4 " + b"1" * (V1_BYTES_MAX - 11),
    "v1, end too late": b"PROXY UNKNOWN " + b"x" * (V1_BYTES_MAX - 15) + b"\r\n",
    "v2, version 1": SIGNATURE + bytes.fromhex("11 11 000c"),
    "v2, version 3": SIGNATURE + bytes.fromhex("31 11 000c"),
    "v2, other command": SIGNATURE + bytes.fromhex("22 11 000c c0000209 c6336401 c350 01bb"),
    "v2, other family": SIGNATURE + bytes.fromhex("21 41 000c c0000209 c6336401 c350 01bb"),
    "v2, other transport": SIGNATURE + bytes.fromhex("21 13 000c c0000209 c6336401 c350 01bb"),
    "v2, addresses too short": SIGNATURE + bytes.fromhex("21 11 000b c0000209 c6336401 c350 01"),
    "v2, IPv6 too short": SIGNATURE + bytes.fromhex("21 21 0023") + bytes(35),
    "v2, too long": SIGNATURE + bytes.fromhex("21 11 07f1"),
    "v2, as long as can be said": SIGNATURE + bytes.fromhex("21 11 ffff"),
}  # fmt: skip


def read_exactly(data: bytes) -> tuple[Source | None, int]:
    """As the listener reads: never more than is wanted. Returns the source and how many bytes were read."""
    reader, at = ProxyHeaderReader(), 0
    while at < len(data):
        wanted = reader.wanted
        assert wanted > 0
        found = reader.receive(data[at : at + wanted])
        at += min(wanted, len(data) - at)
        if found is not None:
            assert not reader.rest
            return found, at
    return None, at


@pytest.mark.parametrize("name", GOOD)
def test_a_header_is_read_however_it_comes(name: str) -> None:  # OP-01
    data, source = GOOD[name]
    for rest in (b"", b"\x16", b"\x16\x03\x01" * 100, b"\r\n", data):
        reader = ProxyHeaderReader()
        assert (reader.receive(data + rest), reader.rest) == (source, rest), "whole, with what comes after it"
        assert read_exactly(data + rest) == (source, len(data)), "and nothing beyond it is read"
    for cut in range(1, len(data)):
        reader = ProxyHeaderReader()
        assert reader.receive(data[:cut]) is None, f"cut at {cut}"
        assert 0 < reader.wanted <= len(data) - cut
        assert (reader.receive(data[cut:]), reader.rest) == (source, b""), f"cut at {cut}"
    reader = ProxyHeaderReader()
    assert [reader.receive(bytes([byte])) for byte in data] == [None] * (len(data) - 1) + [source], "byte by byte"


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_header_is_refused_with_the_reason(name: str) -> None:
    data = BAD[name]
    with pytest.raises(ProxyHeaderError) as error:
        ProxyHeaderReader().receive(data)
    assert str(error.value)
    reader = ProxyHeaderReader()
    with pytest.raises(ProxyHeaderError):
        for byte in data:
            assert reader.receive(bytes([byte])) is None, "no part of it is taken for a header"
    with pytest.raises(ProxyHeaderError):
        read_exactly(data)


def test_the_first_wrong_byte_is_enough() -> None:
    for data in (b"\x16", b"G", b"\r\r", b"PROXX", SIGNATURE[:-1] + b"\r"):
        with pytest.raises(ProxyHeaderError):
            ProxyHeaderReader().receive(data)


@settings(max_examples=some(300, of=5000))
@given(st.binary(max_size=80), st.sampled_from([b"", SIGNATURE, SIGNATURE + b"\x21", b"PROXY TCP4 ", b"PROXY TCP6 "]))
def test_no_bytes_do_anything_else_than_a_source_or_a_refusal(data: bytes, begin: bytes) -> None:
    outcomes = []
    for read in (lambda all_: ProxyHeaderReader().receive(all_), lambda all_: read_exactly(all_)[0]):
        try:
            outcomes.append(read(begin + data))
        except ProxyHeaderError:
            outcomes.append("refused")
    assert outcomes[0] == outcomes[1], "however much is read at a time"


@settings(max_examples=some(100, of=3000))
@given(st.ip_addresses(), st.ip_addresses(), st.integers(0, 65535), st.booleans(), st.binary(max_size=300))
def test_every_address_is_read_as_it_was_written(
    source: ipaddress.IPv4Address | ipaddress.IPv6Address,
    target: ipaddress.IPv4Address | ipaddress.IPv6Address,
    port: int,
    binary: bool,
    tlvs: bytes,
) -> None:
    if source.version != target.version:
        target = source
    if binary:
        family = "11" if source.version == 4 else "21"
        block = source.packed + target.packed + port.to_bytes(2) + bytes(2) + tlvs
        data = SIGNATURE + bytes.fromhex("21" + family) + len(block).to_bytes(2) + block
    else:
        data = f"PROXY TCP{source.version} {source} {target} {port} 1\r\n".encode()
    mapped = source.ipv4_mapped if isinstance(source, ipaddress.IPv6Address) else None
    found = ProxyHeaderReader().receive(data)
    assert found == Source(str(mapped or source), port)
    family_of_host = socket.AF_INET if "." in found.host and ":" not in found.host else socket.AF_INET6
    assert socket.inet_pton(family_of_host, found.host), "it can be written as an address again"
