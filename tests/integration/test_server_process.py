"""A server as a process of its own: a fault that ends it is not taken for the end that was asked for."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from rcim.app.processes.process import ServerFailed, ServerProcess
from tests.kit import until

READY = """
import json, os, signal, sys
print(json.dumps({"host": "127.0.0.1", "port": 1, "pid": os.getpid(), "tls": False}), flush=True)
signal.pause()
"""


async def started(folder: Path, monkeypatch: pytest.MonkeyPatch) -> ServerProcess:
    (folder / "ready_server.py").write_text(READY, encoding="utf-8")
    monkeypatch.chdir(folder)
    made = ServerProcess(folder / "data", module="ready_server")
    await made.start()
    return made


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT])
async def test_a_fault_of_its_own_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    for end in (ServerProcess.kill, ServerProcess.stop):
        made = await started(tmp_path, monkeypatch)
        os.kill(made.pid, number)
        await until(lambda made=made: not made.running)
        with pytest.raises(ServerFailed, match=number.name):
            await end(made)


async def test_what_was_asked_for_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await started(tmp_path, monkeypatch)
    await made.kill()
    made = await started(tmp_path, monkeypatch)
    assert await made.stop() == -signal.SIGTERM
    assert await made.stop() == 0  # there is none any more
