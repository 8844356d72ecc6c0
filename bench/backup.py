"""`rcim-bench backup`: what users notice of a backup, and whether everything that was acknowledged before is in it.

1. A store is filled to a size, so that a backup takes a while.
2. At a steady rate messages are sent, each in its turn whatever became of those before. Backups follow each other, and
   are stopped (SIGSTOP) for every other window: short windows without and with a backup alternate (A B A B), so that
   what else changes on the machine concerns both.
3. At the end one more backup is made under the same rate and restored. `acknowledged_missing` counts the messages that
   were acknowledged before it began, and are not in the restored store.

`send_p99_ratio` compares the 99th percentiles of the windows with a backup with those of the windows without, of each the
median: so a window that something else has disturbed does not decide it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from rcim_bench.backing_up import back_up, restored
from rcim_bench.latency import percentiles_ms
from rcim_bench.load import Load, stop_all
from rcim_bench.rig import ADMIN, Rig, facts, rig

from rcim.actor.records import Message
from rcim.base.errors import RcimError
from rcim.base.terms import ApplyJoinOption, group_conversation
from rcim.load.swarm import LATENCY_STEP_NS, SwarmMember, stamped
from rcim.store import keys
from rcim.store.values import unpack
from rcim.wire import frames
from rcim.wire.schema import Frame

RATIO_MAX = 1.2
GROUPS = 20
FILL_BODY_BYTES = 7900
FILL_WINDOW = 64
BODY_BYTES = 200
ANSWER_S = 20.0


class Steady:
    """Sends at a steady rate, and what became of them."""

    def __init__(self, members: list[SwarmMember], conversations: list[str], rate: float) -> None:
        self._members = members
        self._conversations = conversations
        self._step_ns = int(1e9 / rate)
        self.counts: Counter[int] = Counter()
        """Of the window that is measured: latencies in steps of LATENCY_STEP_NS."""
        self.acknowledged: dict[tuple[str, int], str] = {}
        self.refused = 0
        self.under_way = 0
        self._stopping = False

    async def run(self) -> None:
        """Until `stop`."""
        due_ns = time.monotonic_ns()
        number = 0
        while not self._stopping:
            due_ns += self._step_ns
            wait_ns = due_ns - time.monotonic_ns()
            if wait_ns > 0:
                await asyncio.sleep(wait_ns / 1e9)
            number += 1
            self._send(number, due_ns)

    def stop(self) -> None:
        """Send no more."""
        self._stopping = True

    def _send(self, number: int, due_ns: int) -> None:
        conversation = self._conversations[number % len(self._conversations)]
        name = f"steady-{number}"
        counts = self.counts
        self.under_way += 1

        def answered(found: Frame | RcimError) -> None:
            self.under_way -= 1
            if isinstance(found, frames.SendOk):
                counts[(time.monotonic_ns() - due_ns) // LATENCY_STEP_NS] += 1
                self.acknowledged[(conversation, found.seq)] = name
            else:
                self.refused += 1

        member = self._members[number % len(self._members)]
        member.send(conversation, name, stamped(due_ns, number, BODY_BYTES), answered)


async def run(
    mib: int, rate: float, seconds: float, rounds: int, mib_per_s: float, say: Callable[[str], None]
) -> dict[str, Any]:
    """Measure `rounds` pairs of windows of `seconds`. Raises RcimError, OSError or ValueError."""
    folder = Path(tempfile.mkdtemp(prefix="rcim-bench-backups-"))
    try:
        async with rig() as made:
            bench = _Bench(made, folder, mib_per_s, say)
            await bench.fill(mib)
            return await bench.measure(rate, seconds, rounds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Bench:
    def __init__(self, made: Rig, folder: Path, mib_per_s: float, say: Callable[[str], None]) -> None:
        self._rig = made
        self._folder = folder
        self._options = ("--mib-per-s", str(mib_per_s), "--keep", "1")
        self._say = say
        self._swarm = made.swarm()
        self._conversations = [group_conversation(f"b{i}") for i in range(GROUPS)]
        self._made: list[dict[str, Any]] = []
        self._group = 0
        """The process group of the backup that is being made; 0: none is."""
        self._may_run = asyncio.Event()

    async def fill(self, mib: int) -> None:
        """Groups, and messages until the store has so many MiB."""
        await self._swarm.connect(["owner", *[ADMIN] * 4])
        owner, *senders = self._swarm.members
        for conversation in self._conversations:
            name = conversation.partition(":")[2]
            await owner.ask(frames.GroupCreate(name, "ChatRoom", name, "", "", "", ApplyJoinOption.FREE_ACCESS, []))
        file = self._rig.data.store / "data.mdb"
        body = stamped(0, 0, FILL_BODY_BYTES)
        loads = [Load(m, self._conversations, FILL_WINDOW, body, f"fill-{i}") for i, m in enumerate(senders)]
        self._say(f"filling the store to {mib} MiB")
        for load in loads:
            load.start()
        while file.stat().st_blocks * 512 < mib << 20:
            await asyncio.sleep(0.05)
        await stop_all(loads)

    async def measure(self, rate: float, seconds: float, rounds: int) -> dict[str, Any]:
        steady = Steady(self._swarm.members[1:], self._conversations, rate)
        sending = asyncio.create_task(steady.run())
        rows: list[dict[str, Any]] = []
        both: tuple[Counter[int], Counter[int]] = (Counter(), Counter())
        try:
            await asyncio.sleep(min(1.0, seconds))
            backups = asyncio.create_task(self._back_up_again_and_again())
            for number in range(rounds):
                if number % 10 == 0:
                    self._say(f"round {number + 1} of {rounds}")
                for beside in (False, True):
                    counts = await self._window(steady, seconds, beside=beside)
                    both[beside].update(counts)
                    rows.append(
                        {"backup": "yes" if beside else "no", "sends": counts.total(), **percentiles_ms(counts)}
                    )
            self._go_on(True)
            if backups.done():
                backups.result()
            backups.cancel()
            await asyncio.gather(backups, return_exceptions=True)
            before = dict(steady.acknowledged)
            self._made.append(await back_up(self._rig.data.path, self._folder, *self._options))
        finally:
            steady.stop()
            await sending
        async with asyncio.timeout(ANSWER_S):
            while steady.under_way:
                await asyncio.sleep(0.01)
        self._swarm.close()
        missing, faults = self._compare(before)
        alone, beside_ms = (median(row["p99"] for row in rows if row["backup"] == name) for name in ("no", "yes"))
        return {
            "bench": "backup",
            "send_p99_ratio": round(beside_ms / alone, 3) if alone else 0.0,
            "p99_ms_without": alone,
            "p99_ms_with": beside_ms,
            "all_windows_ms_without": percentiles_ms(both[False]),
            "all_windows_ms_with": percentiles_ms(both[True]),
            "bytes": self._made[-1]["manifest"]["files"]["store/data.mdb"]["bytes"],
            "seconds": self._made[-1]["manifest"]["seconds"],
            "backups": len(self._made),
            "acknowledged": len(before),
            "acknowledged_missing": missing,
            "refused": steady.refused,
            "store_faults": faults[:20],
            "rate": rate,
            "pinned": self._rig.pinned,
            "rows": rows,
            "machine": facts(),
        }

    async def _window(self, steady: Steady, seconds: float, *, beside: bool) -> Counter[int]:
        """The latencies of the sends of a window."""
        self._go_on(beside)
        counts = steady.counts = Counter()
        await asyncio.sleep(seconds)
        steady.counts = Counter()
        return counts

    def _go_on(self, wanted: bool) -> None:
        """The backup that is being made goes on, or is stopped."""
        (self._may_run.set if wanted else self._may_run.clear)()
        if self._group:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._group, signal.SIGCONT if wanted else signal.SIGSTOP)

    def _started(self, group: int) -> None:
        self._group = group

    async def _back_up_again_and_again(self) -> None:
        while True:
            await self._may_run.wait()
            try:
                made = await back_up(self._rig.data.path, self._folder, *self._options, started=self._started)
            finally:
                self._group = 0
            self._made.append(made)

    def _compare(self, before: dict[tuple[str, int], str]) -> tuple[int, list[str]]:
        """Of what was acknowledged before the last backup, how much is not in it; and what `rcim check` finds."""
        backend, faults = restored(self._folder, self._folder / "restored")
        try:
            missing = 0
            with backend.read() as view:
                for (conversation, seq), name in before.items():
                    data = view.get("messages", keys.message(conversation, seq))
                    missing += data is None or unpack(data, Message).client_msg_id != name
            return missing, faults
        finally:
            backend.close()


def failures(report: dict[str, Any]) -> list[str]:
    """What of the report may not be."""
    found = [f"{name} {report[name]}" for name in ("acknowledged_missing", "refused") if report[name]]
    if report["send_p99_ratio"] > RATIO_MAX:
        found.append(f"send_p99_ratio {report['send_p99_ratio']} is above {RATIO_MAX}")
    return found + (["the restored store does not agree with itself"] if report["store_faults"] else [])
