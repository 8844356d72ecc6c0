"""The listener for back ends under attack: odd and hostile requests, each with its answer (AB-02)."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import zlib
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.kit import TestCluster, TestServer
from tests.kit_http import HTTP_ON, back_end
from tests.kit_raw_http import RawHttp, request

UNKNOWN, FAULTY, LARGE, METHOD_FAULTY = 60009, 60002, 93000, 60002
SLOW = 60008
"""Tencent's codes: an unknown command, a request that is no good HTTP, a body that is too large or too slow."""


class Row(NamedTuple):
    """A request, and what becomes of it. Tencent's API answers with status 200; other paths are nobody's."""

    raw: bytes
    status: int = 200
    code: int = FAULTY
    closed: bool = True
    """Whether the server closes the connection, because nothing after it can be trusted."""


def good(raw: bytes, code: int = UNKNOWN, status: int = 200) -> Row:
    """Its framing is good: the connection goes on."""
    return Row(raw, status, code, closed=False)


def get(target: str, *lines: str, version: str = "1.1") -> bytes:
    """A request without a body."""
    return "\r\n".join([f"GET {target} HTTP/{version}", "Host: a", *lines, "", ""]).encode("latin-1")


def post(*lines: str, body: bytes = b"", version: str = "1.1") -> bytes:
    """A request that says about its body what the lines say."""
    return "\r\n".join([f"POST /v4/x HTTP/{version}", "Host: a", *lines, "", ""]).encode() + body


CHUNKED = "Transfer-Encoding: chunked"
BOMB = gzip.compress(bytes(20 << 20))
PACKED = zlib.compress(b"{}")
ROWS = {
    # where the path leads
    "unknown command": good(get("/v4/x")),
    "with a query": good(get("/v4/x?usersig=1&a=b#c")),
    "nobody's path": good(get("/x"), 0, 404),
    "the root": good(get("/"), 0, 404),
    "two slashes": good(get("/v4//x")),
    "two slashes at the beginning": good(get("//v4/x"), 0, 404),
    "dots": good(get("/v4/../v1/x")),
    "encoded dots": good(get("/v4/%2e%2e/%2e%2e/etc/passwd")),
    "encoded NUL": good(get("/v4/%00x")),
    "encoded line ends": good(get("/v4/x%0d%0aSet-Cookie:%20a")),
    "no encoding at all": good(get("/v4/%zz%ff%")),
    "8,000 characters": good(get("/v4/" + "x" * 8000)),
    "absolute form": good(get("http://other.example/v4/x")),
    "asterisk form": good(b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 0, 404),
    "absolute form, broken": Row(get("http://[/v4/x")),
    "9,000 characters": Row(get("/v4/" + "x" * 9000)),
    "9,000 characters, nobody's": Row(get("/" + "x" * 9000), 431, 0),
    "NUL": Row(get("/v4/\0x")),
    "not ASCII": Row(get("/v4/\xff")),
    "backslash": Row(get("\\v4\\x"), 400, 0),
    "relative": Row(get("v4/x"), 400, 0),
    "51 fields in the query": good(get("/v4/im_open_login_svc/account_check?" + "&" * 50), FAULTY),
    "51 fields, of a file": good(get("/v4/open_msg_svc/file?" + "&" * 50), FAULTY),
    # methods
    "GET with a body": good(request(method="GET", body=b"{}")),
    "PUT": good(request(method="PUT", body=b"{}"), METHOD_FAULTY),
    "OPTIONS": good(request(method="OPTIONS"), METHOD_FAULTY),
    "CONNECT": Row(b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n" + get("/v4/x"), 405, 0),
    "TRACE": Row(request(method="TRACE")),
    "unknown method": Row(b"BREW /v4/x HTTP/1.1\r\nHost: a\r\n\r\n"),
    "small letters": Row(b"get /v4/x HTTP/1.1\r\nHost: a\r\n\r\n"),
    # versions
    "HTTP/1.0": Row(get("/v4/x", version="1.0"), code=UNKNOWN),
    "HTTP/1.0, chunked": Row(post(CHUNKED, body=b"0\r\n\r\n", version="1.0")),
    "HTTP/0.9": Row(b"GET /v4/x\r\n\r\n"),
    "HTTP/0.9, told": Row(get("/v4/x", version="0.9")),
    "HTTP/1.2": Row(get("/v4/x", version="1.2")),
    "HTTP/1.10": Row(get("/v4/x", version="1.10")),
    "HTTP/2.0": Row(get("/v4/x", version="2.0")),
    "HTTP/2.0, nobody's": Row(get("/x", version="2.0"), 400, 0),
    "HTTP/2.0, absolute form": Row(get("http://other.example/v4/x", version="2.0")),
    "HTTP/2.0, asterisk form": Row(b"OPTIONS * HTTP/2.0\r\nHost: a\r\n\r\n", 400, 0),
    "HTTP/3": Row(get("/v4/x", version="3")),
    "http/1.1": Row(b"GET /v4/x http/1.1\r\nHost: a\r\n\r\n"),
    "tabs": Row(b"GET\t/v4/x\tHTTP/1.1\r\nHost: a\r\n\r\n"),
    "a space before": Row(b" GET /v4/x HTTP/1.1\r\nHost: a\r\n\r\n"),
    "a space after": Row(b"GET /v4/x HTTP/1.1 \r\nHost: a\r\n\r\n"),
    "two spaces": good(b"GET  /v4/x  HTTP/1.1\r\nHost: a\r\n\r\n"),
    "an asterisk for GET": Row(get("*"), 400, 0),
    "authority form": Row(get("a:80"), 400, 0),
    "absolute form without a path": good(get("http://other.example"), 0, 404),
    "absolute form without a host": Row(get("http:///v4/x")),
    "no version and no path": Row(b"GET\r\n\r\n", 400, 0),
    "an empty path": Row(b"GET \r\n\r\n", 400, 0),
    "an empty line, then NUL": Row(b"\r\n\0\r\n\r\n", 400, 0),
    "HTTP/2 preface": Row(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, 0),
    "TLS to a plain port": Row(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 600, 400, 0),
    # two readings of where a request ends
    "both lengths": Row(post("Content-Length: 5", CHUNKED, body=b"0\r\n\r\n")),
    "both lengths, the other way": Row(post(CHUNKED, "Content-Length: 5", body=b"0\r\n\r\n")),
    "two lengths": Row(post("Content-Length: 1", "Content-Length: 2", body=b"ab")),
    "the same length twice": Row(post("Content-Length: 1", "Content-Length: 1", body=b"a")),
    "a list of lengths": Row(post("Content-Length: 1, 1", body=b"a")),
    "a signed length": Row(post("Content-Length: +1", body=b"a")),
    "a negative length": Row(post("Content-Length: -1")),
    "an enormous length": Row(post("Content-Length: 99999999999999999999999")),
    "chunked is not the last": Row(post("Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n")),
    "two encodings": Row(post(CHUNKED, "Transfer-Encoding: identity", body=b"0\r\n\r\n")),
    "nearly chunked": Row(post("Transfer-Encoding: xchunked", body=b"0\r\n\r\n")),
    "chunks without a size": Row(post(CHUNKED, body=b"zz\r\n{}\r\n0\r\n\r\n")),
    "chunks of a negative size": Row(post(CHUNKED, body=b"-1\r\n{}\r\n0\r\n\r\n")),
    "chunks with bare LF": Row(post(CHUNKED, body=b"2\n{}\n0\n\n")),
    "bare LF": Row(b"GET /v4/x HTTP/1.1\nHost: a\n\n"),
    "bare CR": Row(b"GET /v4/x HTTP/1.1\rHost: a\r\r"),
    "a folded header": Row(get("/v4/x", "X: a", " b")),
    "a space before the colon": Row(get("/v4/x", "X : a")),
    "NUL in a header": Row(get("/v4/x", "X: a\0b")),
    "no Host": Row(b"GET /v4/x HTTP/1.1\r\n\r\n"),
    "a Host with a path": good(b"GET /v4/x HTTP/1.1\r\nHost: a/b?c\r\n\r\n", FAULTY),
    "a Host of other characters": good(b"GET /v4/x HTTP/1.1\r\nHost: \xff\r\n\r\n", FAULTY),
    "an empty Host": good(b"GET /v4/x HTTP/1.1\r\nHost:\r\n\r\n"),
    "two Hosts": Row(get("/v4/x", "Host: b")),
    # headers
    "9,000 bytes of a header": Row(get("/v4/x", "X: " + "x" * 9000)),
    "2,000 headers": Row(get("/v4/x", *["X: x"] * 2000)),
    "an unknown expectation": Row(post("Expect: tea", "Content-Length: 2", body=b"{}")),
    "websocket": Row(get("/v4/x", "Connection: Upgrade", "Upgrade: websocket") + get("/v4/y"), code=UNKNOWN),
    "HTTP/2 offered": good(request("/v4/x", "Connection: Upgrade", "Upgrade: h2c", body=b"{}")),
    # bodies
    "chunks": good(post(CHUNKED, body=b"2;a=b\r\n{}\r\n0\r\nX: y\r\n\r\n")),
    "10 MB announced": Row(post("Content-Length: 10000000"), code=LARGE),
    "10 MB announced, 100-continue": Row(post("Content-Length: 10000000", "Expect: 100-continue"), code=LARGE),
    "2 MB of chunks": Row(post(CHUNKED, body=b"200000\r\n" + bytes(0x200000) + b"\r\n0\r\n\r\n"), code=LARGE),
    "a gzip bomb": good(request("/v4/x", "Content-Encoding: gzip", body=BOMB), LARGE),
    "no gzip": good(request("/v4/x", "Content-Encoding: gzip", body=b"{}"), FAULTY),
    "half a deflate": good(request("/v4/x", "Content-Encoding: deflate", body=PACKED[:-4]), FAULTY),
    "deflate": good(request("/v4/x", "Content-Encoding: deflate", body=PACKED)),
    "unknown encoding": good(request("/v4/x", "Content-Encoding: identity")),
    "brotli": Row(request("/v4/x", "Content-Encoding: br", body=b"{}")),
}


async def check_all(port: int, server: TestServer) -> None:
    """Each row, on a connection of its own."""
    for name, row in ROWS.items():
        raw = await RawHttp.dial(port, server.trust())
        raw.write(row.raw)
        answer = await raw.answer()
        assert (answer.status, answer.code) == (row.status, row.code), (name, answer)
        assert answer.version == ("HTTP/1.0" if b" HTTP/1.0" in row.raw else "HTTP/1.1"), (name, answer)
        assert answer.headers["server"] == "rcim" and answer.headers["x-request-id"], name
        if row.closed:
            assert await raw.ended(), name
        else:
            raw.write(get("/v4/next"))
            assert (await raw.answer()).code == UNKNOWN, f"{name}: the next request"
        raw.close()


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
async def test_every_odd_request_has_its_answer(tmp_path: Path, tls: bool) -> None:
    server = TestServer(tmp_path, tls=tls, flags=HTTP_ON)
    await server.start()
    await check_all(server.http_port, server)
    async with server.client("alice") as alice:
        await alice.create_group("lobby")
    await server.stop()


async def test_in_each_gateway_too(tmp_path: Path) -> None:
    cluster = TestCluster(tmp_path, flags=HTTP_ON)
    await cluster.start()
    for front, _ in cluster.gateways:
        await check_all(front.http_port, cluster)
    await cluster.stop()


async def test_several_requests_at_once_are_answered_in_their_order(tmp_path: Path) -> None:
    server = TestServer(tmp_path, tls=False, flags=HTTP_ON)
    await server.start()
    raw = await RawHttp.dial(server.http_port)
    raw.write(b"".join(request(f"/v4/{i}", f"X-Request-ID: r{i}") for i in range(200)))
    answers = [await raw.answer() for _ in range(200)]
    assert [one.headers["x-request-id"] for one in answers] == [f"r{i}" for i in range(200)]
    raw.write(request("/v4/x", method="HEAD"))
    head = await raw.answer(bodiless=True)
    assert head.status == 200 and int(head.headers["content-length"]) > 0
    raw.write(request("/v4/x", "X-Request-ID: r"))
    own = {"date": "", "x-request-id": "r", "content-length": ""}
    assert (await raw.answer()).headers | own == head.headers | own, "written by us and by aiohttp"
    raw.write(request("/v4/x", "X-Request-ID: a\tb", body=b"{}"))
    assert len((await raw.answer()).headers["x-request-id"]) == 16, "one of ours in place of a bad one"
    raw.write(request("/v4/x", "Expect: 100-continue", body=b"{}")[:-2])
    assert (await raw.answer()).status == 100
    raw.write(b"{}")
    assert (await raw.answer()).code == UNKNOWN
    raw.write(request("/v4/x", "Connection: close"))
    assert (await raw.answer()).headers["connection"] == "close" and await raw.ended()
    await server.stop()


async def test_a_port_that_is_taken_leaves_nothing_open(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        server = TestServer(tmp_path, tls=False, flags=("http.on=true", f"http.port={taken.getsockname()[1]}"))
        with pytest.raises(OSError, match="in use"):
            await server.start()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", server.server.port)


async def test_what_costs_much_to_parse_arrives_whole(tmp_path: Path) -> None:
    """A body in chunks of one byte, longer than the buffers, and requests in one piece with it: all in their order."""
    async with back_end(tmp_path) as app:
        path = f"/v4/im_open_login_svc/account_import?{app.tencent_query()}"
        body = b'{"UserID":"alice"' + b" " * 50_000 + b',"Nick":"Alice"}'
        head = f"POST {path} HTTP/1.1\r\nHost: a\r\n".encode()
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
        plain = b"Content-Length: %d\r\n\r\n" % len(body) + body
        reader, writer = await asyncio.open_connection("127.0.0.1", app.server.http_port)
        writer.write(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + (head + plain) * 3)
        for _ in range(4):
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 200"), answer
            length = next(int(line[15:]) for line in answer.split(b"\r\n") if line.startswith(b"Content-Length:"))
            assert json.loads(await reader.readexactly(length))["ErrorCode"] == 0
        writer.close()
        await writer.wait_closed()
        async with app.server.client("bob") as bob:
            assert (await bob.profile("alice")).nickname == "Alice"
