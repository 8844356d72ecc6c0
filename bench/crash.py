"""`rcim-bench crash` (`make crash`): SIGKILL under load, many times; the clients' journals against the store.

Each client keeps a journal: what it meant to send (client message id), and the SEQ of each answer. A send that was
not answered is sent again, with the same id, to the next server. Some that were answered are sent again as well. What
they send goes to conversations of every kind (crash_places.py). At the end the store is read and compared; all of these
have to be 0:

* acknowledged_lost: an answer gave a SEQ at which the store does not have that message;
* seq_gaps: a SEQ that is missing between the first and the last of a group;
* seq_used_twice: one SEQ in two answers or deliveries for two different messages;
* retry_other_seq: one client message id with two different SEQs, in answers or in the store.

A receiver in a process of its own gets an after-callback of each message in a group (CB-04). This has to be 0, too:

* callbacks_lost: messages that were acknowledged, and whose after-callback has not come when the last server is done.

With `backup` and `reload`, the server is backed up and told to reload its settings (SIGHUP) every second
(crash_beside.py), and these have to be 0, too:

* backups_failed: backups that were not made;
* backup_missing: messages that were acknowledged before the newest backup began, and are not in it once it is restored.

With gateways, before all of it is killed, often one part is: the owner of the conversations, or a gateway. Then this has
to be 0 as well:

* cut_without_reason: connections that ended when the owner died, or when another gateway than theirs did;
* unheard: members who are connected and were neither given a message nor told of it, once the part is back.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from rcim_bench.crash_beside import Beside
from rcim_bench.crash_callbacks import all_told, callbacks_to
from rcim_bench.crash_places import Places, sending
from rcim_bench.outbox_receiver import Controlled, receiver
from rcim_bench.rig import ADMIN, SDKAPPID, facts

from rcim.actor.records import Message
from rcim.app.files.datadir import DataDir
from rcim.app.processes.process import ServerProcess
from rcim.app.processes.process_spec import GATEWAY, OWNER
from rcim.app.settings.all_settings import NO_RATES
from rcim.base.errors import RcimError
from rcim.client.link import ConnectionGone
from rcim.client.trust import client_context
from rcim.load.swarm import Swarm, SwarmMember, stamped
from rcim.session.usersig import mint
from rcim.store import keys
from rcim.store.backend import LmdbBackend
from rcim.store.check import check
from rcim.store.values import unpack
from rcim.wire import frames
from rcim.wire.schema import Frame

LIFE_S = (0.02, 0.45)
"""How long a server lives under load before it is killed, at random between."""
START_KILL_SHARE = 0.1
"""So many of the kills come while the server is starting."""
PART_KILL_SHARE = 0.7
"""With gateways, in so many of the lives a part is killed before all of it is."""
AFTER_PART_S = (0.05, 1.2)
HEARD_S = 20.0
"""How long it may take until everyone has heard of a message."""
ACCEPTED = (frames.SendOk, frames.AdminBroadcastOk)
WINDOW = 8
RESEND_SHARE = 0.05
"""So many of the answered sends are sent once more."""
ANSWER_S = 20.0
FLAGS = (
    *NO_RATES,
    "limits.broadcasts_per_day=0",
    "limits.connections_per_address_max=100000",
    "limits.drain_grace_ms=200",
    "log.level=error",
)


@dataclass
class Journal:
    """What the clients know."""

    asked: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Client message id: (conversation, sender)."""
    acked: dict[str, int] = field(default_factory=dict)
    """Client message id: SEQ of the first answer."""
    unanswered: dict[str, None] = field(default_factory=dict)
    delivered: dict[tuple[str, int], str] = field(default_factory=dict)
    """(conversation, SEQ): client message id."""
    retry_other_seq: int = 0
    seq_used_twice: int = 0
    retries: int = 0
    refused: int = 0
    cut_without_reason: int = 0
    unheard: int = 0

    def answer(self, client_msg_id: str, found: Frame | RcimError) -> None:
        """Keep the answer to a send."""
        if isinstance(found, ACCEPTED):
            first = self.acked.setdefault(client_msg_id, found.seq)
            self.retry_other_seq += first != found.seq
            self.unanswered.pop(client_msg_id, None)
            self.deliver(self.asked[client_msg_id][0], found.seq, client_msg_id)
        elif isinstance(found, RcimError) and found.code.number:
            self.refused += 1

    def deliver(self, conversation: str, seq: int, client_msg_id: str) -> None:
        """Keep what was seen at a SEQ."""
        known = self.delivered.setdefault((conversation, seq), client_msg_id)
        self.seq_used_twice += known != client_msg_id


class _Sender:
    """A client that keeps a window of sends under way for as long as its connection lives."""

    def __init__(self, member: SwarmMember, journal: Journal, places: list[str], rng: random.Random) -> None:
        self._member = member
        self._journal = journal
        self._places = places
        self._rng = rng

    def start(self, again: list[str]) -> None:
        """Send what has no answer yet, then new messages."""
        for client_msg_id in again:
            self._journal.retries += 1
            self._send(client_msg_id)
        for _ in range(WINDOW):
            self._send(self._new())

    def _new(self) -> str:
        journal = self._journal
        client_msg_id = f"{self._member.user_id}-{len(journal.asked)}"
        journal.asked[client_msg_id] = (self._rng.choice(self._places), self._member.user_id)
        journal.unanswered[client_msg_id] = None
        return client_msg_id

    def _send(self, client_msg_id: str) -> None:
        conversation = self._journal.asked[client_msg_id][0]
        body = stamped(0, 0, 100 + self._rng.randrange(200))

        def answered(found: Frame | RcimError) -> None:
            self._journal.answer(client_msg_id, found)
            if isinstance(found, ACCEPTED) and not self._member.link.closed:
                twice = self._rng.random() < RESEND_SHARE
                self._send(client_msg_id if twice else self._new())

        try:
            self._member.link.request(sending(conversation, client_msg_id, body), answered)
        except ConnectionGone:
            pass  # it stays among the unanswered, and goes to the next server


class CrashTest:
    """One run. Everything random comes from `seed`, except what the kernel decides."""

    def __init__(
        self,
        kills: int,
        seed: int,
        clients: int,
        groups: int,
        plain: bool,
        gateways: int,
        told: Controlled,
        beside: Beside,
    ) -> None:
        self._told = told
        self._beside = beside
        self._gateways = gateways
        self._kills = kills
        self._rng = random.Random(seed)
        self._users = [f"u{i}" for i in range(clients)]
        self._places = Places(groups, self._users)
        self.journal = Journal()
        self.folder = Path(tempfile.mkdtemp(prefix="rcim-crash-"))
        self.process = ServerProcess(
            self.folder, [*FLAGS, *callbacks_to(told), f"server.tls={not plain}", f"server.gateways={gateways}"]
        )
        self.killed: Counter[str] = Counter()
        self.killed_at_start = 0

    async def run(self, say: Callable[[str], None]) -> dict[str, Any]:
        """Kill so many times, then compare. Raises ServerFailed or RcimError."""
        started = time.monotonic()
        self._beside.begin(self.process, self._acknowledged)
        await self._live(None)
        said = 0
        while (number := sum(self.killed.values())) < self._kills:
            if self._rng.random() < START_KILL_SHARE:
                await self._kill_while_starting()
                self.killed_at_start += 1
            else:
                await self._live(self._rng.uniform(*LIFE_S))
            if number // 20 > said:
                said = number // 20
                say(f"{number} kills, {len(self.journal.acked)} acknowledged")
        await self._live(None)
        await self.process.stop()
        await self._beside.end()
        acked = set(self._acknowledged())
        report = {**self._compare(), **self._beside.compare(), **await all_told(self.process, self._told, acked)}
        report["seconds"] = round(time.monotonic() - started, 1)
        return report

    def _acknowledged(self) -> dict[tuple[str, int], str]:
        """What the clients know to be kept: (conversation, SEQ) to client message id."""
        return {(self.journal.asked[name][0], seq): name for name, seq in self.journal.acked.items()}

    async def _kill_while_starting(self) -> None:
        start = asyncio.create_task(self.process.start())
        await asyncio.sleep(self._rng.uniform(0.0, 0.4))
        start.cancel()
        await asyncio.gather(start, return_exceptions=True)
        await self.process.kill()
        self.killed["server"] += 1

    async def _live(self, life_s: float | None) -> None:
        """One life of the server: connect, send, and be killed after `life_s`; None: answer everything, then stop."""
        await self.process.start()
        self._beside.up = True
        swarm = self._swarm()
        await swarm.connect([*self._users, ADMIN])
        await self._places.enter(swarm.members)
        senders = [
            _Sender(m, self.journal, self._places.written_by(m.user_id), random.Random(self._rng.random()))
            for m in swarm.members
        ]
        again: dict[str, list[str]] = {}
        for client_msg_id in self.journal.unanswered:
            again.setdefault(self.journal.asked[client_msg_id][1], []).append(client_msg_id)
        if life_s is None:
            await self._answer_all(swarm, again)
            swarm.drop()
            self._beside.up = False
            await self.process.stop()
            return
        before = {key: await self._newest(swarm.members[0], key) for key in self._places.all}
        for sender, member in zip(senders, swarm.members, strict=True):
            sender.start(again.get(member.user_id, []))
        await asyncio.sleep(life_s)
        if self._gateways and self._rng.random() < PART_KILL_SHARE:
            await self._kill_part(swarm, self._rng.choice([OWNER, GATEWAY]), before)
        self._beside.up = False
        await self.process.kill()
        self.killed["server"] += 1
        await asyncio.sleep(0)
        swarm.drop()

    async def _kill_part(self, swarm: Swarm, role: str, before: Mapping[str, int]) -> None:
        """Kill the owner, or a gateway, and let the others go on for a while. `before`: the newest SEQ of each
        conversation when everybody had logged in."""
        there = self.process.parts(role)
        if not there:
            return
        closed = sum(swarm.tally.closed.values())
        victim = self._rng.choice(there)
        # What hangs on a gateway is seen by the server's own end: the client's port is the only thing both know.
        hanging = _ports_of(victim) if role == GATEWAY else set()
        expected = sum(member.link.local_port in hanging for member in swarm.members)
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim, signal.SIGKILL)
        self.killed[role] += 1
        await asyncio.sleep(self._rng.uniform(*AFTER_PART_S))
        self.journal.cut_without_reason += max(0, sum(swarm.tally.closed.values()) - closed - expected)
        # Those who hung on the victim are gone, whether they have noticed it yet or not.
        here = [m for m in swarm.members if not m.link.closed and m.link.local_port not in hanging]
        await self._all_hear(here, before)

    async def _all_hear(self, members: list[SwarmMember], before: Mapping[str, int]) -> None:
        """What has come since `before` is heard, or heard of, by all who are still connected (RX-05). Of what was there
        when they logged in they would ask by themselves."""
        for conversation in self._places.all:
            hearers = [m for m in members if self._places.hears(m.user_id, conversation)]
            newest = await self._newest(hearers[0], conversation) if hearers else 0
            if newest == before[conversation]:
                continue
            end = time.monotonic() + HEARD_S
            while any(m.knows(conversation) < newest for m in hearers) and time.monotonic() < end:
                await asyncio.sleep(0.02)
            self.journal.unheard += sum(m.knows(conversation) < newest for m in hearers)

    async def _newest(self, member: SwarmMember, conversation: str) -> int:
        """The newest SEQ, asked until there is an owner that knows it. Raises TimeoutError."""
        async with asyncio.timeout(ANSWER_S):
            while True:
                try:
                    page = await member.ask(frames.History(conversation, 0, 0, 1, True))
                    assert isinstance(page, frames.HistoryOk)
                    return page.newest_seq
                except RcimError as error:
                    if member.link.closed:
                        raise
                    await asyncio.sleep(error.retry_after_ms / 1000)

    def _swarm(self) -> Swarm:
        data = DataDir(self.folder)
        key = data.key()
        tls = client_context(data.certificate) if self.process.tls else None
        swarm = Swarm(
            self.process.host,
            self.process.port,
            tls,
            lambda user: mint(SDKAPPID, key, user, int(time.time()), 86400),
        )
        swarm.decoded.on_message = lambda where, m: self.journal.deliver(where, m.seq, m.client_msg_id)
        return swarm

    async def _answer_all(self, swarm: Swarm, again: dict[str, list[str]]) -> None:
        """Send again what has no answer, once, and wait for all the answers."""
        members = {m.user_id: m for m in swarm.members}
        for user, ids in again.items():
            for client_msg_id in ids:
                self.journal.retries += 1
                conversation = self.journal.asked[client_msg_id][0]

                def answered(found: Frame | RcimError, name: str = client_msg_id) -> None:
                    self.journal.answer(name, found)

                members[user].link.request(sending(conversation, client_msg_id, stamped(0, 0, 50)), answered)
        end = time.monotonic() + ANSWER_S
        while self.journal.unanswered and time.monotonic() < end:
            await asyncio.sleep(0.02)

    # -- the journals against the store

    def _compare(self) -> dict[str, Any]:
        backend = LmdbBackend(self.folder / "store")
        try:
            stored, gaps, twice_stored = self._stored(backend)
            faults = check(backend).faults
        finally:
            backend.close()
        journal = self.journal
        lost = sum(stored.get((journal.asked[name][0], seq)) != name for name, seq in journal.acked.items())
        seen_otherwise = sum(stored.get(place) != name for place, name in journal.delivered.items())
        return {
            "bench": "crash",
            "kills": sum(self.killed.values()),
            "killed": dict(self.killed),
            "gateways": self._gateways,
            "killed_at_start": self.killed_at_start,
            "asked": len(journal.asked),
            "acknowledged": len(journal.acked),
            "kept": len(stored),
            "retries": journal.retries,
            "unanswered": len(journal.unanswered),
            "refused": journal.refused,
            "acknowledged_lost": lost,
            "seq_gaps": gaps,
            "seq_used_twice": journal.seq_used_twice + seen_otherwise,
            "retry_other_seq": journal.retry_other_seq + twice_stored,
            "cut_without_reason": journal.cut_without_reason,
            "unheard": journal.unheard,
            "store_faults": faults[:20],
            "machine": facts(),
        }

    def _stored(self, backend: LmdbBackend) -> tuple[dict[tuple[str, int], str], int, int]:
        """What is in the store: (conversation, SEQ) to client message id; SEQ gaps; ids that are there twice."""
        stored: dict[tuple[str, int], str] = {}
        gaps = twice = 0
        with backend.read() as view:
            for conversation in self._places.all:
                end = conversation.encode() + keys.AFTER_SEP
                expected = 1
                names: set[str] = set()
                for _, data in view.scan("messages", keys.message(conversation, 0), end):
                    message = unpack(data, Message)
                    gaps += message.seq - expected
                    expected = message.seq + 1
                    twice += message.client_msg_id in names
                    names.add(message.client_msg_id)
                    stored[(conversation, message.seq)] = message.client_msg_id
        return stored, gaps, twice


def _ports_of(pid: int) -> set[int]:
    """The far ports of the connections of a process on this machine."""
    with contextlib.suppress(psutil.Error):
        return {c.raddr.port for c in psutil.Process(pid).net_connections("tcp") if c.raddr}
    return set()


ZEROS = (
    "acknowledged_lost",
    "seq_gaps",
    "seq_used_twice",
    "retry_other_seq",
    "cut_without_reason",
    "unheard",
    "unanswered",
    "refused",
    "callbacks_lost",
    "callbacks_out_of_order",
    "backups_failed",
    "backup_missing",
)


async def run(
    kills: int,
    seed: int,
    clients: int,
    groups: int,
    plain: bool,
    gateways: int,
    say: Callable[[str], None],
    *,
    backup: bool = False,
    reload: bool = False,
) -> dict[str, Any]:
    """Run and compare; returns the report. The data directory is kept if something is wrong."""
    say(f"seed {seed}, process {os.getpid()}")
    async with receiver() as told:
        beside = Beside(backup=backup, reload=reload)
        test = CrashTest(kills, seed, clients, groups, plain, gateways, told, beside)
        try:
            report = await test.run(say)
        finally:
            await beside.end()
            await test.process.kill()
    report = {"bench": "crash", "seed": seed, **report}
    if failures(report):
        report["kept_for_a_look"] = str(test.folder)
        if backup:
            report["backups_kept_for_a_look"] = str(beside.folder)
    else:
        shutil.rmtree(beside.folder, ignore_errors=True)
        shutil.rmtree(test.folder, ignore_errors=True)
    return report


def failures(report: dict[str, Any]) -> list[str]:
    """What of the report may not be."""
    found = [f"{name} {report[name]}" for name in ZEROS if report[name]]
    found += ["the store does not agree with itself"] if report["store_faults"] else []
    return found + (["the restored backup does not agree with itself"] if report["backup_faults"] else [])
