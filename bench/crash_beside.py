"""What `rcim-bench crash` does to the server besides killing it: a backup and a reload every second (ST-03, OP-03)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rcim_bench.backing_up import back_up, restored

from rcim.actor.records import Message
from rcim.app.processes.process import ServerProcess
from rcim.store import keys
from rcim.store.values import unpack

EVERY_S = 1.0
Journal = Callable[[], dict[tuple[str, int], str]]
"""What is acknowledged by now: (conversation, SEQ) to client message id."""


class Beside:
    """Backups and reloads until `end`. The server may be running, starting, or dead."""

    def __init__(self, *, backup: bool, reload: bool) -> None:
        self._backup, self._reload = backup, reload
        self.folder = Path(tempfile.mkdtemp(prefix="rcim-crash-backups-"))
        self.up = False
        """The server has said that it is ready, and is not to be killed yet: before that, SIGHUP ends it."""
        self._tasks: list[asyncio.Task[None]] = []
        self._before: dict[tuple[str, int], str] = {}
        """What was acknowledged when the newest complete backup began."""
        self.backups = self.reloads = 0
        self.failed: list[str] = []

    def begin(self, process: ServerProcess, journal: Journal) -> None:
        """From now on."""
        if self._backup:
            self._tasks.append(asyncio.create_task(self._back_up(process.data, journal)))
        if self._reload:
            self._tasks.append(asyncio.create_task(self._reload_again(process)))

    async def end(self) -> None:
        """No more of it; a backup that is being made goes on to its end."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _back_up(self, data: Path, journal: Journal) -> None:
        while True:
            if (data / "store" / "data.mdb").exists():
                before = journal()
                try:
                    await back_up(data, self.folder, "--keep", "2", "--mib-per-s", "0")
                    self._before = before
                    self.backups += 1
                except ValueError as error:
                    self.failed.append(str(error))
            await asyncio.sleep(EVERY_S)

    async def _reload_again(self, process: ServerProcess) -> None:
        while True:
            await asyncio.sleep(EVERY_S / 10)
            if self.up:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGHUP)
                    self.reloads += 1
                await asyncio.sleep(EVERY_S)

    def compare(self) -> dict[str, Any]:
        """The newest complete backup, restored, against what was acknowledged before it began."""
        found: dict[str, Any] = {
            "backups": self.backups,
            "reloads": self.reloads,
            "backups_failed": len(self.failed) + (self._backup and not self.backups),
            "backup_errors": self.failed[:5],
            "backup_missing": 0,
            "backup_faults": [],
        }
        if not self.backups:
            return found
        backend, faults = restored(self.folder, self.folder / "restored")
        try:
            with backend.read() as view:
                for (conversation, seq), name in self._before.items():
                    data = view.get("messages", keys.message(conversation, seq))
                    found["backup_missing"] += data is None or unpack(data, Message).client_msg_id != name
        finally:
            backend.close()
        return found | {"backup_faults": faults[:20]}
