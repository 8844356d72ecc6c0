"""`rcim demo`: a real server and real clients, a SIGKILL in the middle, and the count of what came of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import uvloop

from rcim.app.files.datadir import DataDir
from rcim.app.processes.process import ServerFailed, ServerProcess
from rcim.app.processes.tuning import raise_file_limit
from rcim.app.settings.all_settings import NO_RATES, App
from rcim.base.errors import RcimError
from rcim.base.terminal import reason_of
from rcim.base.terms import group_conversation
from rcim.client import Client, client_context
from rcim.client.link import ConnectionGone
from rcim.content import elements
from rcim.load.swarm import LATENCY_STEP_NS, Swarm, SwarmMember, stamped
from rcim.session.usersig import mint
from rcim.wire import frames
from rcim.wire.schema import Frame

GROUP = "demo"
NAMED = ("alice", "bob", "carol")
LINES = (
    "good morning, everyone",
    "did the server just restart?",
    "I see no gap in SEQ",
    "neither do I",
    "every answer I got is still true",
)
SENDERS = 8
"""So many of the simulated members send; all of them listen."""
AT_ONCE = 100
SETTLE_S = 15.0
KILL_BEFORE_END_S = 0.5
"""The first talk is cut by the kill this long before its end: they go on talking to a server that is not there."""
SENT_AGAIN_EVERY_S = 0.05


@dataclass
class Book:
    """What was sent, what was answered, and what everyone has seen."""

    sent: dict[str, bytes] = field(default_factory=dict)
    """Client message id of each message: its body."""
    acked: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, SwarmMember | None] = field(default_factory=dict)
    by_seq: dict[int, str] = field(default_factory=dict)
    wrong: int = 0
    """SEQs in two answers or deliveries for two different messages, or one message with two SEQs."""

    def seen(self, seq: int, client_msg_id: str) -> None:
        """A message was acknowledged or delivered at `seq`."""
        self.wrong += self.by_seq.setdefault(seq, client_msg_id) != client_msg_id

    def acknowledge(self, client_msg_id: str, seq: int) -> None:
        """The server has answered."""
        self.wrong += self.acked.setdefault(client_msg_id, seq) != seq
        self.waiting.pop(client_msg_id, None)
        self.seen(seq, client_msg_id)


class Display:
    """Progress for people: a line that changes at a terminal, plain lines elsewhere, nothing for programs."""

    def __init__(self, quiet: bool) -> None:
        self._quiet = quiet
        self._rich: Any = None
        self._task: Any = None

    @contextlib.contextmanager
    def phase(self, text: str, total: int) -> Iterator[None]:
        """Show that `text` is going on, with a bar up to `total` steps."""
        if self._quiet:
            yield
            return
        if not sys.stdout.isatty():
            print(text, flush=True)
            yield
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns) as self._rich:
            self._task = self._rich.add_task(text, total=total)
            yield
        self._rich = None

    def step(self, count: int = 1) -> None:
        """The phase is so much further."""
        if self._rich is not None:
            self._rich.advance(self._task, count)

    def line(self, text: str) -> None:
        """Say something."""
        if self._quiet:
            return
        if self._rich is not None:
            self._rich.console.print(text, markup=False, highlight=False)
        else:
            print(text, flush=True)


class Demo:
    """One run. `folder` is the server's data directory."""

    def __init__(self, members: int, seconds: float, rate: float, display: Display, folder: Path) -> None:
        self._users = [f"member-{i}" for i in range(members)]
        self._seconds, self._rate = seconds, rate
        self._display = display
        self._folder = folder
        flags = (
            *NO_RATES,  # its members do not hold back
            "limits.connections_per_address_max=100000",
            f"types.ChatRoom.member_cap={members + 100}",
            "limits.handshake_turn_ms=40",
            "limits.drain_grace_ms=300",
            "log.level=error",
        )
        self._process = ServerProcess(folder, flags)
        self._book = Book()
        self._swarm: Swarm | None = None
        self._new_swarm: Callable[[], Swarm]
        self._named: list[Client] = []
        self._named_seen: Counter[str] = Counter()
        self._named_next: dict[str, int] = {}
        self._named_wrong = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._number = 0
        self._line = 0
        self._latency: Counter[int] = Counter()
        self._live = self._pulled = self._doubled = 0
        self._gaps = self._missing = 0
        self._next: dict[str, int] = {}
        """The SEQ each member was to get next when the server was killed."""
        self._killed = self._down_s = 0.0

    async def run(self) -> dict[str, Any]:
        """The whole demo; returns its table. Raises ServerFailed or RcimError."""
        show = self._display
        await self._process.start()
        show.line(f"server on {self._process.host}:{self._process.port}, TLS, data in {self._folder}")
        try:
            await self._first_life()
            await self._process.start()
            await self._second_life()
            return self._table()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await asyncio.gather(*(client.close() for client in self._named), return_exceptions=True)
            if self._swarm is not None:
                self._swarm.close()
            await self._process.stop()

    async def _first_life(self) -> None:
        data = DataDir(self._folder)
        key, now_s = data.key(), int(time.time())
        tls = client_context(data.certificate)
        host, port = self._process.host, self._process.port

        def sign(user: str) -> str:
            return mint(sdkappid=App().sdkappid, key=key, user_id=user, now_s=now_s, expire_s=86400)

        self._new_swarm = partial(Swarm, host, port, tls, sign)
        for name in NAMED:
            client = Client(host, port, user_id=name, user_sig=sign(name), tls=tls)
            await client.connect()
            self._named.append(client)
        await self._named[0].create_group("The demo", group_id=GROUP, type_="ChatRoom")
        for client in self._named[1:]:
            await client.join(GROUP)
        for client in self._named:
            await client.set_profile(client.user_id.capitalize())
            self._tasks.append(asyncio.create_task(self._listen(client)))
        await self._connect("connecting members", join=True)
        half = self._seconds / 2
        talking = asyncio.create_task(self._talk("talking", half + KILL_BEFORE_END_S))
        await asyncio.sleep(half)
        await self._process.kill()
        self._killed = time.monotonic()
        await talking
        waiting = len(self._book.waiting)
        self._display.line(f"killed the server with SIGKILL while they talked; {waiting} messages wait for an answer")
        self._take_tally()

    async def _second_life(self) -> None:
        await self._connect("the server is back; connecting again", join=False)
        self._down_s = time.monotonic() - self._killed
        await self._pull()
        await self._talk("talking again", self._seconds / 2)
        with self._display.phase("waiting for the last deliveries", 1):
            await self._settle()
        self._take_tally()

    async def _connect(self, text: str, *, join: bool) -> None:
        """Connect all members, and let them join the group if they have not."""
        swarm = self._swarm = self._new_swarm()
        swarm.decoded.on_message = lambda _, message: self._book.seen(message.seq, message.client_msg_id)
        with self._display.phase(f"{text}: {len(self._users)}", len(self._users)):
            await swarm.connect(self._users, self._display.step)
            gate = asyncio.Semaphore(AT_ONCE)

            async def enter(member: SwarmMember) -> None:
                async with gate:
                    joined = await member.ask(frames.GroupJoin(GROUP, ""))
                    assert isinstance(joined, frames.GroupJoinOk)
                    member.expected.setdefault(group_conversation(GROUP), joined.newest_seq + 1)

            if join:
                await asyncio.gather(*(enter(member) for member in swarm.members))

    async def _talk(self, text: str, seconds: float) -> None:
        """Simulated members send at the rate, the named ones every second or so; first what waits for an answer."""
        swarm = self._swarm
        assert swarm is not None
        count = int(self._rate * seconds)
        for client_msg_id in list(self._book.waiting):
            self._send(swarm.members[0], client_msg_id)
        start_ns = time.monotonic_ns()
        with self._display.phase(f"{text}: {count} messages to {len(self._users) + len(NAMED)} members", count):
            for i in range(count):
                due_ns = start_ns + int(i * 1e9 / self._rate)
                await asyncio.sleep(max(0.0, (due_ns - time.monotonic_ns()) / 1e9))
                self._number += 1
                name = f"demo-{self._number}"
                text_element = elements.encode_body([elements.Text(f"message {self._number}")])
                self._book.sent[name] = text_element + stamped(due_ns, self._number, 150)
                self._send(swarm.members[self._number % min(SENDERS, len(swarm.members))], name)
                self._display.step()
                if i % max(1, int(self._rate)) == int(self._rate) // 2:
                    self._tasks.append(asyncio.create_task(self._send_named()))

    def _send(self, member: SwarmMember, client_msg_id: str) -> None:
        book = self._book
        book.waiting[client_msg_id] = member

        def answered(found: Frame | RcimError) -> None:
            if isinstance(found, frames.SendOk):
                book.acknowledge(client_msg_id, found.seq)

        # A message without an answer is sent again, with the same id, to the next server.
        with contextlib.suppress(ConnectionGone):
            member.send(group_conversation(GROUP), client_msg_id, book.sent[client_msg_id], answered)

    async def _send_named(self) -> None:
        """A named member says something; the SDK looks after reconnecting and sending again."""
        client = self._named[self._line % len(self._named)]
        text = LINES[self._line % len(LINES)]
        self._line += 1
        name = f"{client.user_id}-{self._line}"
        self._book.sent[name] = b""
        self._book.waiting[name] = None
        result = await client.send(GROUP, text, client_msg_id=name)
        self._book.acknowledge(name, result.seq)

    async def _listen(self, client: Client) -> None:
        async for message in client.messages():
            expected = self._named_next.get(client.user_id, message.seq)
            self._named_wrong += message.seq != expected
            self._named_next[client.user_id] = message.seq + 1
            self._named_seen[client.user_id] += 1
            self._book.seen(message.seq, message.client_msg_id)
            if client is self._named[0] and message.sender in NAMED:
                self._display.line(f"  #{message.seq} {message.display_name}: {message.text}")

    async def _pull(self) -> None:
        """Members ask for what they missed while the server was away (RX-05)."""
        swarm = self._swarm
        assert swarm is not None
        gate = asyncio.Semaphore(AT_ONCE)
        key = group_conversation(GROUP)

        async def one(member: SwarmMember) -> None:
            async with gate:
                have = self._next[member.user_id]
                before = member.expected.get(key)
                while True:
                    page = await member.ask(
                        frames.History(
                            conversation=key,
                            from_seq=have,
                            to_seq=(before or 0) and before - 1,
                            limit=100,
                            backwards=False,
                        )
                    )
                    assert isinstance(page, frames.HistoryOk)
                    for message in page.messages:
                        self._book.seen(message.seq, message.client_msg_id)
                        self._gaps += message.seq - have
                        self._pulled += 1
                        have = message.seq + 1
                    if not page.more:
                        break
                member.expected[key] = max(have, member.expected.get(key, 0))

        with self._display.phase("members ask for what they missed", len(swarm.members)):
            await asyncio.gather(*(one(member) for member in swarm.members))

    def _take_tally(self) -> None:
        """Add what this life's members got; keep how far each of them is."""
        swarm = self._swarm
        assert swarm is not None
        key = group_conversation(GROUP)
        self._next = {m.user_id: m.expected.get(key, 1) for m in swarm.members}
        self._latency.update(swarm.tally.latency)
        self._live += swarm.tally.delivered
        self._doubled += swarm.tally.duplicated
        self._gaps += swarm.tally.gaps
        swarm.drop()

    async def _settle(self) -> None:
        """Wait until every message is answered and everyone has everything, SETTLE_S at the most."""
        end = time.monotonic() + SETTLE_S
        while time.monotonic() < end and (self._book.waiting or self._behind()):
            await asyncio.sleep(SENT_AGAIN_EVERY_S)

    def _behind(self) -> int:
        """Deliveries that are still missing, of all members."""
        assert self._swarm is not None
        newest = max(self._book.by_seq, default=0)
        key = group_conversation(GROUP)
        simulated = sum(newest + 1 - m.expected.get(key, 1) for m in self._swarm.members)
        named = sum(newest + 1 - self._named_next.get(name, 1) for name in NAMED)
        self._missing = max(0, simulated) + max(0, named)
        return self._missing

    def _table(self) -> dict[str, Any]:
        book = self._book
        seqs = sorted(book.by_seq)
        gaps = sum(b - a - 1 for a, b in zip([0, *seqs], seqs, strict=False))
        lost = sum(book.by_seq.get(seq) != name for name, seq in book.acked.items())
        steps = sorted(self._latency.items())
        return {
            "members": len(self._users) + len(NAMED),
            "sent": len(book.sent),
            "acknowledged": len(book.acked),
            "delivered": self._live + self._pulled + sum(self._named_seen.values()),
            "of them pulled after the kill": self._pulled,
            "lost": lost + self._missing + self._gaps + len(book.waiting),
            "doubled": self._doubled + book.wrong + self._named_wrong,
            "SEQ gaps": gaps,
            "server away (s)": round(self._down_s, 2),
            "latency p50 (ms)": _percentile(steps, 0.5),
            "latency p99 (ms)": _percentile(steps, 0.99),
            "latency max (ms)": _percentile(steps, 1.0),
        }


def _percentile(steps: list[tuple[int, int]], share: float) -> float:
    """The latency below which `share` of the deliveries are, in ms, from sorted counts by step."""
    left = share * sum(count for _, count in steps)
    for step, count in steps:
        left -= count
        if left <= 0:
            return round((step + 1) * LATENCY_STEP_NS / 1e6, 1)
    return 0.0


def run(members: int, seconds: float, rate: float, as_json: bool) -> bool:
    """Run the demo and show its table; True if nothing was lost, doubled or skipped."""
    raise_file_limit()
    display = Display(as_json)
    folder = Path(tempfile.mkdtemp(prefix="rcim-demo-"))
    try:
        table = uvloop.run(Demo(members=members, seconds=seconds, rate=rate, display=display, folder=folder).run())
    except (ServerFailed, RcimError, OSError) as error:
        print(f"rcim: the demo failed: {reason_of(error)}", file=sys.stderr)
        return False
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    good = not (table["lost"] or table["doubled"] or table["SEQ gaps"])
    if as_json:
        print(json.dumps(table))
        return good
    from rich.console import Console
    from rich.table import Table

    made = Table(title="what came of it", show_header=False)
    for name, value in table.items():
        made.add_row(name, f"{value:,}")
    Console().print(made)
    print("Latency counts from when a message was due: the time without a server is in it.")
    print("nothing lost, nothing doubled, no SEQ skipped" if good else "FAILED: see the table")
    return good
