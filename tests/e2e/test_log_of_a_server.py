"""The log as an operator gets it: lines of JSON from every process, and a reader that has stopped (OP-02)."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil

from rcim.client import Client
from rcim.client.trust import client_context
from tests.e2e.test_commands import BIN, DEADLINE_S, QUICK
from tests.kit import until


@asynccontextmanager
async def serving(folder: Path, stderr: Any, *more: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """A server that writes its log to `stderr`, and its port."""
    flags = [flag for one in QUICK for flag in ("--set", one)]
    process = await asyncio.create_subprocess_exec(
        str(BIN / "rcim"), "serve", "--json", "--port", "0", *flags, *more, cwd=folder, stdout=-1, stderr=stderr
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(DEADLINE_S):
            ready = json.loads(await process.stdout.readline())
        yield process, ready["port"]
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.communicate()


async def send_one(folder: Path, port: int) -> int:
    """Log in, make a group and send a message; returns its SEQ."""
    data = folder / "rcim-data"
    sig = (await asyncio.to_thread((data / "admin.usersig").read_text, "utf-8")).strip()
    tls = client_context(data / "cert.pem")
    async with Client("127.0.0.1", port, user_id="administrator", user_sig=sig, tls=tls) as client:
        group = await client.create_group("test", type_="ChatRoom")
        return (await client.send(group, "hello")).seq


async def test_a_reader_that_has_stopped_stops_no_server(tmp_path: Path) -> None:
    end, begin = os.pipe()
    try:
        os.set_blocking(begin, False)
        try:
            while True:
                os.write(begin, b"x" * 4096)
        except BlockingIOError:
            os.set_blocking(begin, True)
        async with serving(tmp_path, begin) as (process, port):
            assert await send_one(tmp_path, port) == 1
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
    finally:
        os.close(end)
        os.close(begin)


async def test_every_line_of_every_process_is_json(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with log.open("wb") as file:
        async with serving(tmp_path, file, "--gateways", "2", "--set", "log.format=json") as (process, _):
            gateway = next(p for p in psutil.Process(process.pid).children() if "gateway" in p.cmdline())
            gateway.kill()
            await until(lambda: b"is started again" in log.read_bytes())
            process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert all({"time", "level", "logger", "event", "process"} <= line.keys() for line in lines)
    (ended,) = [line for line in lines if line["event"] == "a process ended and is started again"]
    assert (ended["process"], ended["role"], ended["exit_status"]) == ("supervisor", "gateway", -9)
    stopped = [line for line in lines if line["event"] == "stopped"]
    assert {line["process_number"] for line in stopped} <= {1, 2} and stopped


PROGRAM = """
import asyncio, gc, logging, threading, warnings
from rcim.app.log.logs import begin_logging, counting
begin_logging("debug", "json")
handler = logging.getLogger().handlers[0]
handler.said, inner = [], handler.emit
handler.emit = lambda record: (handler.said.append(1), inner(record))
async def main():
    loop = asyncio.get_running_loop()
    with counting(loop):
        threading.Thread(target=lambda: 1 / 0, name="worker").start()
        loop.call_soon(lambda: {}["missing"])
        warnings.warn("something is old")
        class Broken:
            def __del__(self):
                raise ValueError("at the end")
        Broken()
        gc.collect()
        while len(logging.getLogger().handlers[0].said) < 5:
            await asyncio.sleep(0.001)
asyncio.run(main())
"""


async def test_faults_that_nobody_caught_are_lines_too(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "default", "-c", PROGRAM, cwd=tmp_path, stderr=-1
    )
    _, error = await process.communicate()
    assert process.returncode == 0
    lines = [json.loads(line) for line in error.decode().splitlines()]
    by_event = {line["event"]: line for line in lines}
    assert "ZeroDivisionError" in by_event["a thread failed"]["exception"]
    assert by_event["a thread failed"]["thread"] == "worker"
    assert "KeyError" in by_event["an error reached the event loop"]["exception"]
    assert "ValueError" in by_event["an error could not be raised"]["exception"]
    assert any("something is old" in event for event in by_event)
