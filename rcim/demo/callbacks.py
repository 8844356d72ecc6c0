"""`rcim demo callbacks`: a back end that hears of every message, dies, and hears the rest afterwards (CB-04)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvloop

from rcim.app.files.datadir import DataDir
from rcim.app.processes.process import ServerFailed, ServerProcess
from rcim.app.settings.all_settings import NO_RATES, App
from rcim.base.errors import RcimError
from rcim.base.terminal import reason_of
from rcim.client import Client, client_context
from rcim.client.link import ConnectionGone
from rcim.demo.back_end import SENT, BackEnd
from rcim.demo.durability import Display
from rcim.session.usersig import mint

GROUPS = ("orders", "support", "lunch")
USERS = ("alice", "bob", "carol")
ADMIN = "administrator"
RATE = 30.0
"""Messages a second, over all groups."""
SETTLE_S = 60.0
"""How long what was not taken may take to arrive."""
NAME = "callbacks"
"""The consumer, as `rcim-admin outbox` calls it."""


class Demo:
    """One run. `folder` is the server's data directory; `dead_s`: how long the back end is away."""

    def __init__(self, folder: Path, well_s: float, dead_s: float, display: Display) -> None:
        self._folder = folder
        self._well_s, self._dead_s = well_s, dead_s
        self._display = display
        self._back_end = BackEnd()
        self._clients: dict[str, Client] = {}
        self._acked: dict[str, set[int]] = {group: set() for group in GROUPS}
        self._number = 0
        self._took_ms: dict[str, list[float]] = {"well": [], "dead": []}

    async def run(self) -> dict[str, Any]:
        """The whole demo; returns its table. Raises ServerFailed, RcimError or OSError."""
        back_end, say = self._back_end, self._display.line
        await back_end.start()
        flags = (
            *NO_RATES,
            f"app.administrators={ADMIN}",
            f"callbacks.url={back_end.url}",
            f"callbacks.commands={SENT}",
            "callbacks.allow_private=true",
            "limits.drain_grace_ms=300",
            "log.level=error",
        )
        process = ServerProcess(self._folder, flags)
        await process.start()
        try:
            await self._connect(process)
            say(f"a server, and a back end at {back_end.url} that hears of every message ({SENT})")
            await self._talk("well", self._well_s, "the back end is well")
            await self._until_it_has(lambda: self._missing() == 0)
            say(f"  it has heard of {back_end.count} messages, all in the order of their groups")
            await back_end.stop()
            say("the back end dies")
            await self._talk("dead", self._dead_s, "nobody takes callbacks")
            waiting = await self._waiting()
            say(f"  {waiting} events wait on the server's disk; senders notice nothing")
            await process.kill()
            say("SIGKILL to the server, too")
            await process.start()
            await self._connect(process)
            again = await self._waiting()
            say(f"  it is back, and {again} events wait")
            await back_end.start()
            since = time.monotonic()
            say("the back end is back")
            await self._clients[ADMIN].resume_consumer(NAME)
            await self._until_it_has(lambda: self._missing() == 0)
            return self._table(waiting, time.monotonic() - since)
        finally:
            await asyncio.gather(*(one.close() for one in self._clients.values()), return_exceptions=True)
            await process.stop()
            await back_end.stop()

    async def _connect(self, process: ServerProcess) -> None:
        """Log everybody in; the first time, make the groups."""
        first = not self._clients
        await asyncio.gather(*(one.close() for one in self._clients.values()), return_exceptions=True)
        data = DataDir(self._folder)
        key, tls = data.key(), client_context(data.certificate)
        for user in (*USERS, ADMIN):
            signature = mint(sdkappid=App().sdkappid, key=key, user_id=user, now_s=int(time.time()), expire_s=86400)
            client = Client(process.host, process.port, user_id=user, user_sig=signature, tls=tls)
            await client.connect()
            self._clients[user] = client
        for group in GROUPS if first else ():
            await self._clients[USERS[0]].create_group(group, group_id=group, type_="Public", members=USERS[1:])

    async def _talk(self, part: str, seconds: float, text: str) -> None:
        """Send at the rate; each answer says that the message is durable."""
        count = int(RATE * seconds)
        begun = time.monotonic()
        sending: set[asyncio.Task[None]] = set()
        with self._display.phase(f"{text}: {count} messages", count):
            for i in range(count):
                await asyncio.sleep(max(0.0, begun + i / RATE - time.monotonic()))
                self._number += 1
                task = asyncio.create_task(self._send(part, self._number))
                sending.add(task)
                task.add_done_callback(sending.discard)
                self._display.step()
            await asyncio.gather(*sending)

    async def _send(self, part: str, number: int) -> None:
        group, user = GROUPS[number % len(GROUPS)], USERS[number // 2 % len(USERS)]
        begun = time.monotonic()
        sent = await self._clients[user].send(group, f"message {number}")
        self._took_ms[part].append((time.monotonic() - begun) * 1000)
        self._acked[group].add(sent.seq)

    def _missing(self) -> int:
        """Acknowledged messages of which the back end has not heard."""
        return sum(len(seqs - set(self._back_end.seqs.get(group, ()))) for group, seqs in self._acked.items())

    async def _waiting(self) -> int:
        """Events that the server keeps for the back end."""
        return (await self._clients[ADMIN].consumer(NAME))[0].waiting

    async def _until_it_has(self, done: Callable[[], bool]) -> None:
        """Until then, or SETTLE_S."""
        came = self._back_end.came
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SETTLE_S):
                while not done():
                    came.clear()
                    await came.wait()

    def _table(self, waiting: int, caught_up_s: float) -> dict[str, Any]:
        well, dead = (sorted(self._took_ms[part]) for part in ("well", "dead"))
        return {
            "acknowledged": sum(map(len, self._acked.values())),
            "heard of": self._back_end.count,
            "lost": self._missing(),
            "out of order": self._back_end.out_of_order,
            "came again": self._back_end.doubled,
            "waited on disk": waiting,
            "caught up (s)": round(caught_up_s, 2),
            "send p50, back end well (ms)": round(well[len(well) // 2], 1),
            "send p50, back end dead (ms)": round(dead[len(dead) // 2], 1),
        }


def run(seconds: float, dead: float, as_json: bool) -> bool:
    """Run the demo and show its table; True if nothing was lost and everything came in order."""
    display = Display(as_json)
    folder = Path(tempfile.mkdtemp(prefix="rcim-demo-"))
    try:
        table = uvloop.run(Demo(folder, seconds, dead, display).run())
    except (ServerFailed, RcimError, ConnectionGone, OSError) as error:
        print(f"rcim: the demo failed: {reason_of(error)}", file=sys.stderr)
        return False
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    good = not (table["lost"] or table["out of order"])
    if as_json:
        print(json.dumps(table))
        return good
    from rich.console import Console
    from rich.table import Table

    made = Table(title="what came of it", show_header=False)
    for name, value in table.items():
        made.add_row(name, f"{value:,}")
    Console().print(made)
    print("Callbacks come at least once: what was under way when something died comes again.")
    print("nothing lost, everything in the order of its group" if good else "FAILED: see the table")
    return good
