"""Backups of a server that a bench runs: made by the command itself, as a timer does, and looked at afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rcim.app.settings.all_settings import Settings
from rcim.app.settings.sources import load
from rcim.operate import manifest
from rcim.operate.checking import check_file
from rcim.operate.restore import restore
from rcim.store.backend import LmdbBackend


async def back_up(
    data: Path, folder: Path, *options: str, started: Callable[[int], None] | None = None
) -> dict[str, Any]:
    """Run `rcim backup` as the timer of docs/operate/backup.md does; what it reports. `started` is told the number of its
    process group. Raises ValueError if it failed."""
    command = (
        "-n",
        "19",
        sys.executable,
        "-m",
        "rcim",
        "backup",
        str(folder),
        "--data",
        str(data),
        "--json",
        *options,
    )
    process = await asyncio.create_subprocess_exec(
        "nice", *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, start_new_session=True
    )
    with contextlib.suppress(OSError):  # the generator's processor is not what it is to take
        os.sched_setaffinity(process.pid, range(os.cpu_count() or 1))
    if started is not None:
        started(process.pid)
    try:
        out, error = await process.communicate()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.communicate()
        raise
    if process.returncode:
        raise ValueError(f"the backup failed: {error.decode(errors='replace').strip()}")
    found: dict[str, Any] = json.loads(out)
    return found


def restored(folder: Path, to: Path) -> tuple[LmdbBackend, list[str]]:
    """The newest backup of `folder`, restored to the data directory `to`: its store, and what `rcim check` finds wrong
    with it. Raises BackupError."""
    settings: Settings = load(None, {}, [f"server.data={to}"])
    restore(settings, manifest.complete(folder)[-1])
    faults = check_file(to / "store", settings.store.map_bytes).faults
    return LmdbBackend(to / "store", settings.store.map_bytes), faults
