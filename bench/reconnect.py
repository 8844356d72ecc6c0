"""`rcim-bench reconnect`: everybody loses the connection at once and comes back, while messages go on (RX-03, RX-05).

Members are clients of the SDK, each with its own heartbeat, back-off, sync and gap filling, all in this process. First
the network is gone for a while: all connections are cut, and nobody can connect, but the one who sends. Then the server
is killed and started again. What each member was given is compared with what was acknowledged: each message once and in
order. In sync is who has what was sent until the network was there again; or the first message of the new server.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable
from typing import Any

from rcim_bench.asking import Times
from rcim_bench.rig import Rig, Usage, facts, rig

from rcim.app.processes.process import ServerFailed
from rcim.client import Client, client_context
from rcim.content.elements import Text

GROUP = "back"
CONNECTING_AT_ONCE = 200
"""Of this process, which is one processor: so many shake hands at a time. The server would let in more."""
SETTLE_S = 120.0
"""How long it may take until all are in sync."""
LOOK_S = 0.02


class Network:
    """Whether members can connect, and how many try at a time."""

    def __init__(self) -> None:
        self.up = asyncio.Event()
        self.up.set()
        self.gate = asyncio.Semaphore(CONNECTING_AT_ONCE)


class Member(Client):
    """A client behind a network that can be gone, and what its app was given."""

    network: Network
    back_s = in_sync_s = 0.0
    """When it has logged in, and was given what was `wanted`, since the connection was lost."""
    wanted = next_seq = 0
    got = doubled = lost = 0

    def watch(self) -> None:
        """Begin to take messages."""
        self.taking = asyncio.create_task(self._take())

    async def _connect_once(self) -> None:
        await self.network.up.wait()
        async with self.network.gate:
            await super()._connect_once()
        self.back_s = self.back_s or time.monotonic()

    async def _take(self) -> None:
        async for message in self.messages():
            seq = message.seq
            if self.next_seq and seq < self.next_seq:
                self.doubled += 1
                continue
            if self.next_seq and seq > self.next_seq:
                self.lost += seq - self.next_seq
            self.next_seq = seq + 1
            self.got += 1
            if seq >= self.wanted:
                self.in_sync_s = self.in_sync_s or time.monotonic()

    def cut(self) -> None:
        """The connection is gone without a word."""
        if self._link is not None:
            self._link.abort()


class Sender:
    """Sends at an even rate, and knows what was acknowledged."""

    def __init__(self, client: Client, per_s: float, size: int) -> None:
        self._client = client
        self._per_s = per_s
        self._body = [Text("x" * size)]
        self.newest = 0
        self.sent: set[int] = set()
        self._task = asyncio.create_task(self._run())
        self._under_way: set[asyncio.Task[None]] = set()

    async def _run(self) -> None:
        begin = time.monotonic()
        number = 0
        while True:
            number += 1
            await asyncio.sleep(max(0.0, begin + number / self._per_s - time.monotonic()))
            task = asyncio.create_task(self._send())
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _send(self) -> None:
        result = await self._client.send(GROUP, self._body)
        self.sent.add(result.seq)
        self.newest = max(self.newest, result.seq)

    def give_up(self) -> None:
        """No more, and no answer is waited for: without a server there would never be one."""
        for one in (self._task, *self._under_way):
            one.cancel()

    async def stop(self) -> None:
        """No more; waits for the answers that are owed."""
        self._task.cancel()
        await asyncio.gather(self._task, *self._under_way, return_exceptions=True)


async def phase(
    what: str, made: Rig, members: list[Member], sender: Sender, lose: Callable[[], Any], say: Callable[[str], None]
) -> dict[str, Any]:
    """How everybody comes back who has lost the connection by `lose`. It returns once it can be had again: what the
    server has used by then, when that was, and how many messages more are waited for."""
    say(f"{what} ...")
    for member in members:
        member.back_s = member.in_sync_s = 0.0
        member.wanted = 1 << 62
    newest = sender.newest
    before, beginning, more = await lose()
    meanwhile = sender.newest - newest
    for member in members:
        member.wanted = sender.newest + more
        if member.next_seq > member.wanted:
            member.in_sync_s = beginning
    await until(lambda: all(member.back_s for member in members), f"{what}: all are back", made)
    await until(lambda: all(member.in_sync_s for member in members), f"{what}: all are in sync", made)
    after = made.usage()
    back, synced = Times(), Times()
    for member in members:
        back.add(max(0.0, member.back_s - beginning))
        synced.add(max(0.0, member.in_sync_s - beginning))
    return {
        "what": what,
        "messages_meanwhile": meanwhile,
        "back_p50_ms": round(back.percentile_ms(50)),
        "back_p99_ms": round(back.percentile_ms(99)),
        "back_all_ms": round(back.percentile_ms(100)),
        "in_sync_p50_ms": round(synced.percentile_ms(50)),
        "in_sync_p99_ms": round(synced.percentile_ms(99)),
        "in_sync_all_ms": round(synced.percentile_ms(100)),
        "server_cpu_ms_each": round((after.cpu_s - before.cpu_s) / len(members) * 1000, 2),
    }


async def until(true: Callable[[], bool], what: str, made: Rig) -> None:
    """Wait until it is so. Raises TimeoutError, and ServerFailed if the server of this machine ends meanwhile."""
    end = time.monotonic() + SETTLE_S
    while not true():
        if not made.process.running:
            raise ServerFailed(f"{what}: the server ended by itself")
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {SETTLE_S:g} s")
        await asyncio.sleep(LOOK_S)


def _client(made: Rig, kind: type[Client], user: str) -> Client:
    trust = client_context(made.data.certificate) if made.process.tls else None
    return kind(made.process.host, made.process.port, user_id=user, user_sig=made.sign(user), tls=trust)


async def run(
    count: int, away_s: float, per_s: float, size: int, plain: bool, say: Callable[[str], None]
) -> dict[str, Any]:
    """Measure; returns the report. Raises ServerFailed, RcimError, OSError or TimeoutError."""
    Member.network = network = Network()
    async with rig(plain=plain) as made:
        port = made.process.port
        writer = _client(made, Client, "writer")
        members: list[Member] = []
        sender: Sender | None = None
        try:
            await writer.connect()
            await writer.create_group("Back", group_id=GROUP, type_="ChatRoom")
            say(f"{count} members come in ...")
            members = await _gather(made, count)
            gc.collect()
            gc.freeze()
            sender = Sender(writer, per_s, size)
            await asyncio.sleep(1.0)

            async def network_gone() -> tuple[Usage, float, int]:
                network.up.clear()
                for member in members:
                    member.cut()
                await asyncio.sleep(away_s)
                before = made.usage()
                network.up.set()
                return before, time.monotonic(), 0

            async def server_killed() -> tuple[Usage, float, int]:
                await made.process.kill()
                await asyncio.sleep(away_s)
                made.process.port = port
                await made.process.start()
                made.server_pid = made.process.pid
                return Usage(0.0, 0, time.monotonic()), time.monotonic(), 1

            rows = [
                await phase("the network was gone", made, members, sender, network_gone, say),
                await phase("the server was killed", made, members, sender, server_killed, say),
            ]
            await sender.stop()
            newest = sender.newest
            await until(lambda: all(m.next_seq > newest for m in members), "the last message is with all", made)
            report = _report(members, sender, rows)
        finally:
            if sender is not None:
                sender.give_up()
            for member in members:
                member.taking.cancel()
            await asyncio.gather(*(member.close() for member in members), writer.close(), return_exceptions=True)
            gc.unfreeze()
        pinned = made.pinned
    return {
        "bench": "reconnect",
        "members": count,
        "away_s": away_s,
        "messages_per_s": per_s,
        "size": size,
        "tls": not plain,
        **report,
        "rows": rows,
        "pinned": pinned,
        "machine": facts(),
    }


async def _gather(made: Rig, count: int) -> list[Member]:
    members = [_client(made, Member, f"m{n:05d}") for n in range(count)]
    found: list[Member] = []

    async def come(member: Client) -> None:
        assert isinstance(member, Member)
        async with come_gate:
            await member.connect()
            await member.join(GROUP)
        member.watch()
        found.append(member)

    come_gate = asyncio.Semaphore(CONNECTING_AT_ONCE)
    await asyncio.gather(*map(come, members))
    return found


def _report(members: list[Member], sender: Sender, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What became of all messages. SEQs that a member was not given at its end count as lost too."""
    newest = max(sender.sent)
    return {
        "acknowledged": len(sender.sent),
        "acknowledged_gaps": newest - min(sender.sent) + 1 - len(sender.sent),
        "deliveries": sum(m.got for m in members),
        "lost": sum(m.lost + max(0, newest + 1 - m.next_seq) for m in members),
        "doubled": sum(m.doubled for m in members),
        "back": sum(m.reconnects >= len(rows) for m in members),
        "reconnects": sum(m.reconnects for m in members),
    }


def failures(report: dict[str, Any]) -> list[str]:
    """What may not be."""
    wrong = [f"{report[name]} {name}" for name in ("lost", "doubled") if report[name]]
    if report["back"] != report["members"]:
        wrong.append(f"{report['back']} of {report['members']} members are back")
    if not all(row["messages_meanwhile"] for row in report["rows"][:1]):
        wrong.append("nothing was sent meanwhile")
    return wrong
