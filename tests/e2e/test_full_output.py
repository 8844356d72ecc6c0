"""Standard output on a full disk: what is done is done, and what can't be printed is said (ST-04)."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from rcim.app.files.datadir import DataDir
from rcim.store.backend import LmdbBackend
from tests.e2e.test_commands import BIN, QUICK, run
from tests.kit import PATIENCE_S
from tests.unit.test_store import KEY, Kit, created, kept

FULL = Path("/dev/full")
pytestmark = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")


def filled(path: Path) -> None:
    """A data directory with a group and a message."""
    data = DataDir(path)
    data.prepare()
    data.release()
    backend = LmdbBackend(data.store)
    Kit(backend).append(created(KEY, "bob"), kept(1))
    backend.close()


async def into_full(folder: Path, *command: str) -> tuple[int, str]:
    """Exit status and standard error of a command whose standard output is on a full disk."""
    with FULL.open("wb") as full:
        process = await asyncio.create_subprocess_exec(
            str(BIN / command[0]), *command[1:], cwd=folder, stdout=full, stderr=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(PATIENCE_S):
            _, error = await process.communicate()
    return process.returncode or 0, error.decode()


@pytest.mark.parametrize(
    "command",
    [
        ("rcim", "--help"),
        ("rcim", "--version"),
        ("rcim", "example-config"),
        ("rcim", "token", "--user", "bob", "--data", "data"),
        ("rcim", "check", "--data", "data"),
        ("rcim", "rotate-key", "--data", "data"),
        ("rcim-admin", "--help"),
    ],
    ids=" ".join,
)
async def test_what_can_not_be_printed_is_said(command: tuple[str, ...], tmp_path: Path) -> None:
    filled(tmp_path / "data")
    said = f"{command[0]}: standard output can't be written: No space left on device\n"
    assert await into_full(tmp_path, *command) == (3, said)


async def test_a_restore_that_can_not_say_so_is_done(tmp_path: Path) -> None:
    filled(tmp_path / "data")
    code, _, error = await run("rcim", "backup", "b", "--data", "data", cwd=tmp_path)
    assert code == 0, error
    backup = next(path.parent for path in tmp_path.glob("b/*/manifest.json"))
    code, error = await into_full(tmp_path, "rcim", "restore", str(backup), "--data", "new")
    assert code == 3 and "Traceback" not in error
    code, out, error = await run("rcim", "check", "--data", "new", cwd=tmp_path)
    assert code == 0 and "0 faults" in out, error


@pytest.mark.parametrize("form", [("--json",), ()])
async def test_a_server_goes_on(form: tuple[str, ...], tmp_path: Path) -> None:
    command = ["-m", "rcim", "serve", "--data", "data", "--set", "server.port=0", "--set", QUICK[0], *form]
    with FULL.open("wb") as full:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *command, cwd=tmp_path, stdout=full, stderr=asyncio.subprocess.PIPE
        )
    assert process.stderr is not None
    async with asyncio.timeout(PATIENCE_S):
        while "standard output can't be written" not in (line := (await process.stderr.readline()).decode()):
            assert line, "it has ended"
    code, _, error = await run("rcim-admin", "--data", "data", "stats", cwd=tmp_path)
    assert code == 0, error
    process.send_signal(signal.SIGTERM)
    _, said = await process.communicate()
    assert process.returncode == 0 and b"Traceback" not in said
