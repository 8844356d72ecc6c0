"""Callers over HTTP that are slow, many, or never done: each meets its bound, and the others go on (AB-02)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.kit import PATIENCE_S, SteadyClock, TestServer, until
from tests.kit_http import HTTP_ON, BackEnd, back_end
from tests.kit_raw_http import Answer, RawHttp, request

SLOW, BUSY, TOO_OFTEN = 60008, 60011, 10006
UNKNOWN = 60009
TEXT = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello"}}]


@asynccontextmanager
async def listening(data: Path, *flags: str, tls: bool = False) -> AsyncIterator[TestServer]:
    """A server that listens for back ends."""
    server = TestServer(data, tls=tls, flags=(*HTTP_ON, *flags))
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def asked(server: TestServer) -> int:
    """The code that an ordinary request gets."""
    raw = await RawHttp.dial(server.http_port, server.trust())
    try:
        raw.write(request(body=b"{}"))
        return (await raw.answer()).code
    finally:
        raw.close()


async def free_again(server: TestServer) -> None:
    """Returns when there is room for an ordinary request."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                assert await asked(server) == UNKNOWN
                return
            except (asyncio.IncompleteReadError, OSError):
                await asyncio.sleep(0)


async def answered(server: TestServer, part: bytes) -> tuple[RawHttp, Answer]:
    """A connection on which this part of a request was sent, and its answer. On a slow machine the time of the headers
    may be over before any of it has arrived: then nothing is said, and it is tried again."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                raw = await RawHttp.dial(server.http_port, server.trust())
            except (OSError, ssl.SSLError):
                await asyncio.sleep(0)
                continue
            raw.write(part)
            try:
                return raw, await raw.answer()
            except (asyncio.IncompleteReadError, OSError):
                raw.close()


async def refused(server: TestServer, part: bytes, status: int, code: int) -> None:
    """This part of a request is answered so, and its connection is closed."""
    raw, answer = await answered(server, part)
    assert (answer.status, answer.code) == (status, code), part
    assert await raw.ended()


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
async def test_what_does_not_arrive_is_not_waited_for(tmp_path: Path, tls: bool) -> None:
    flags = ("http.headers_ms=150", "http.body_ms=150", "http.idle_ms=400")
    async with listening(tmp_path, *flags, tls=tls) as server:
        whole = request(body=b"{}")
        chunks = request("/v4/x", "Transfer-Encoding: chunked") + b"2\r\n{}\r\n"
        await asyncio.gather(
            *(
                refused(server, *row)
                for row in (
                    (whole[:20], 200, SLOW),
                    (whole[:-4], 200, SLOW),
                    (whole[:-1], 200, SLOW),
                    (chunks, 200, SLOW),
                    (b"POST /nobody HTTP/1.1\r\nHost", 408, 0),
                    (b"GE", 408, 0),
                )
            )
        )
        silent = await RawHttp.dial(server.http_port, server.trust())
        assert await silent.ended(), "nothing is said to who has said nothing"
        again, answer = await answered(server, whole)
        assert answer.code == UNKNOWN
        again.write(whole[:20])
        assert (await again.answer()).code == SLOW, "the second request of a connection has the same deadline"
        again.close()


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
async def test_a_body_that_comes_after_its_headers_has_no_deadline_of_theirs(tmp_path: Path, tls: bool) -> None:
    async with listening(tmp_path, "http.headers_ms=150", "http.idle_ms=600", tls=tls) as server:
        raw, answer = await answered(server, request("/v4/x", "Expect: 100-continue", body=b"{}")[:-2])
        assert answer.status == 100, "the headers have arrived"
        raw.write(b"{}")
        assert (await raw.answer()).code == UNKNOWN
        assert await raw.ended(), "nothing is said until the idle connection ends"


async def test_a_byte_at_a_time_does_not_help(tmp_path: Path) -> None:
    async with listening(tmp_path, "http.headers_ms=200") as server, asyncio.timeout(PATIENCE_S):
        said = None
        while said is None:  # on a slow machine the time may be over before the first byte has arrived
            raw = await RawHttp.dial(server.http_port)
            answer = asyncio.create_task(raw.answer())
            for byte in request("/v4/" + "x" * 4000):
                if answer.done():
                    break
                raw.write(bytes([byte]))
                await asyncio.sleep(0.002)
            with contextlib.suppress(asyncio.IncompleteReadError, OSError):
                said = (await answer).code
            assert await raw.ended()
        assert said == SLOW


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
async def test_who_does_not_read_is_cut_off(tmp_path: Path, tls: bool) -> None:
    async with listening(tmp_path, "http.write_ms=150", tls=tls) as server:
        raw = await RawHttp.dial(server.http_port, server.trust())
        raw.writer.transport.pause_reading()  # type: ignore[attr-defined]
        asks = request("/v4/" + "x" * 8000) * 100
        with pytest.raises(ConnectionError):
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    raw.write(asks)
                    await raw.writer.drain()
        raw.close()
        assert await asked(server) == UNKNOWN


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS, nobody shakes hands"])
async def test_connections_are_bounded_for_each_address(tmp_path: Path, tls: bool) -> None:
    flags = ("http.connections_per_address_max=3", "http.connections_max=5")
    async with listening(tmp_path, *flags, tls=tls) as server:

        async def dial(host: str) -> RawHttp:
            return RawHttp(*await asyncio.open_connection("127.0.0.1", server.http_port, local_addr=(host, 0)))

        first = [await dial("127.0.0.1") for _ in range(3)]
        assert await (await dial("127.0.0.1")).ended()
        others = [await dial("127.0.0.2") for _ in range(2)]
        assert await (await dial("127.0.0.2")).ended(), "five in all"
        for raw in (*first, *others):
            raw.close()
        await free_again(server)


async def test_large_bodies_are_bounded_together(tmp_path: Path) -> None:
    """Half of the bytes for one address; what is small is answered all the same."""
    async with listening(tmp_path, "http.body_bytes_in_flight_max=400000") as server:
        whole = request(body=bytes(150_000))
        pair = [await RawHttp.dial(server.http_port) for _ in range(2)]
        answers = [asyncio.create_task(raw.answer()) for raw in pair]
        for raw in pair:
            raw.write(whole[:-1])
        (refused,), (waiting,) = await asyncio.wait(answers, return_when=asyncio.FIRST_COMPLETED)
        assert refused.result().code == BUSY
        assert await asked(server) == UNKNOWN
        pair[answers.index(waiting)].write(whole[-1:])
        assert (await waiting).code == UNKNOWN
        again = await RawHttp.dial(server.http_port)
        again.write(whole)
        assert (await again.answer()).code == UNKNOWN, "the bytes are given back"
        for raw in (*pair, again):
            raw.close()


async def test_json_that_is_meant_to_hurt(tmp_path: Path) -> None:
    async with back_end(tmp_path) as app:
        command = "group_open_http_svc/destroy_group"
        for body in (
            b"[" * 1000 + b"]" * 1000,
            b'{"GroupId":' * 1000 + b"1" + b"}" * 1000,
            b'{"a":' + b"[" * 500_000,
            b'{"a":[' + b"[]," * 300_000 + b"1]}",
            b'{"a":"' + b'\\"' * 400_000,
            b'{"a":"\xff\xfe"}',
            b'{"a":NaN}',
            b"\x00" * 1000,
            b"",
            b"[{}]",
            b'{"GroupId":"a","GroupId":"b"}',
        ):
            said = await app.tencent(command, body)
            assert said["ErrorCode"] == 60003, body[:20]
        deep = b'{"GroupId":"a","x":' + b"[" * 60 + b"]" * 60 + b"}"
        assert (await app.tencent(command, deep))["ErrorCode"] == 10010


async def send(app: BackEnd, number: int) -> dict[str, Any]:
    """A message of the app's back end."""
    body = {"GroupId": "lobby", "From_Account": "alice", "Random": number, "MsgBody": TEXT}
    return await app.tencent("group_open_http_svc/send_group_msg", body)


async def test_sends_wait_in_their_queue_and_nothing_else_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # LI-02, WI-07
    """When the server stops, what waits is refused, and that answer still arrives."""
    SteadyClock(monkeypatch)  # all of it is in one second, however long it takes
    flags = ("limits.backend_sends_per_s=1", "limits.backend_queue_max=4")
    async with back_end(tmp_path, *flags) as app:
        await app.tencent("im_open_login_svc/account_import", {"UserID": "alice"})
        await app.tencent(
            "group_open_http_svc/create_group",
            {"Type": "Public", "GroupId": "lobby", "Name": "Lobby", "Owner_Account": "alice"},
        )
        sends = [asyncio.create_task(send(app, number)) for number in range(30)]
        await until(lambda: sum(one.done() for one in sends) >= 15, "answers to what goes beyond the queue")
        read = await app.tencent("im_open_login_svc/account_import", {"UserID": "bob"})
        assert read["ErrorCode"] == 0 and any(not one.done() for one in sends), "it has waited for none of them"
        await app.server.drain()
        codes = [(await one)["ErrorCode"] for one in sends]
        assert codes.count(TOO_OFTEN) == 25 and codes.count(0) == 1
        stopped = [code for code in codes if code not in (0, TOO_OFTEN)]
        assert len(stopped) == 4 and len(set(stopped)) == 1
    carried_out = codes.count(0)
    async with back_end(tmp_path, *flags) as app, app.server.client("administrator") as root:
        page = await root.history("lobby")
        assert len(page) == carried_out, "what was answered as refused was not carried out later"


async def test_a_second_request_beyond_those_under_way_is_refused(tmp_path: Path) -> None:
    async with back_end(tmp_path, "limits.backend_sends_per_s=1", "http.in_flight_max=3") as app:
        sends = [asyncio.create_task(send(app, number)) for number in range(20)]
        for one in asyncio.as_completed(sends):
            if (await one)["ErrorCode"] == BUSY:
                break
        else:
            raise AssertionError("none was refused")
        for left in sends:
            left.cancel()
        await asyncio.gather(*sends, return_exceptions=True)


async def test_the_access_log_says_no_secret_and_begins_no_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "rcim.http.access")
    async with back_end(tmp_path) as app:
        body = {"UserID": "alice", "Nick": "a secret"}
        assert (await app.tencent("im_open_login_svc/account_import", body))["ErrorCode"] == 0
        raw = await RawHttp.dial(app.server.http_port)
        for one in (
            request("/v4/x%0d%0a2026-01-01%20forged%1b[31m", "X-Request-ID: mine", "Authorization: Bearer secret"),
            request("/v4/" + "y" * 7000),
        ):
            raw.write(one)
            await raw.answer()
        raw.write(b"GET /v4/%0aforged?usersig=secret HTTP/1.1\r\nBroken header\r\n\r\n")
        await raw.answer()
        raw.close()
        await until(
            lambda: len([text for text in caplog.messages if text.startswith("request address=127.0.0.1")]) == 4
        )
    imported, forged, long, broken = [
        text for text in caplog.messages if text.startswith("request address=127.0.0.1")
    ]
    assert "method=POST path=/v4/im_open_login_svc/account_import status=200 " in imported and imported.endswith(
        " note=0"
    )
    assert " request_id=mine " in forged and "\n" not in forged and "\x1b" not in forged
    assert len(long) < 400 and "method=- " in broken and "\n" not in broken
    assert "secret" not in caplog.text and "usersig" not in caplog.text


async def test_without_an_access_log_nothing_is_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "rcim.http.access")
    async with listening(tmp_path, "http.access_log=false") as server:
        assert await asked(server) == UNKNOWN
    assert not [text for text in caplog.messages if "/v4/x" in text]


async def test_callers_that_go_away_leave_nothing_behind(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """In the middle of a line, a body, a chunk; with a reset."""
    async with listening(tmp_path, "http.connections_per_address_max=4") as server:
        whole = request(body=json.dumps({"a": "b" * 5000}).encode())
        for part in (whole[:10], whole[:200], request("/v4/x", "Transfer-Encoding: chunked") + b"5\r\nab"):
            for _ in range(20):
                made = socket.create_connection(("127.0.0.1", server.http_port))
                made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                made.sendall(part)
                made.close()
                await asyncio.sleep(0)
        await free_again(server)
    assert not [one for one in caplog.records if one.levelno >= logging.ERROR], "it is nobody's fault here"
