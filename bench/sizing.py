"""`rcim-bench sizing`: what the sizing page's formulas need, measured on this machine, and the formulas tried.

A first server gives the coefficients: memory and descriptors from two numbers of connections and of groups, CPU from a
small and a large group at the same rate, bytes on disk and on the wire from two lengths of messages. A second, empty
server then gets a load of another shape, and each formula's figure stands beside what was measured there.
"""

from __future__ import annotations

import asyncio
import os
import stat
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from socket import AF_INET, IPPROTO_TCP, TCP_INFO, socket
from typing import Any

import lmdb
from rcim_bench.asking import Times
from rcim_bench.load import Load, stop_all
from rcim_bench.rig import Rig, Usage, facts, rig, usage, usage_of_tree

from rcim.base.terms import ApplyJoinOption, Priority, group_conversation
from rcim.load.swarm import Swarm, SwarmMember, stamped
from rcim.wire import frames

Say = Callable[[str], None]
AT_ONCE = 64
GROUP_MEMBERS = 20
"""Of each group whose memory is measured."""
SMALL, LARGE = 2, 100
"""Members online of the groups that CPU is measured with."""
RATE = 20
"""Messages a second to each of them: few enough that each delivery is a write of its own."""
PAYLOADS = (100, 1000)
DISK_SHARE = 4
"""Messages that go before those that bytes on disk are taken from: one to so many. New tables grow otherwise."""
STORE_S = 120
PACKET_BYTES = 52
"""Headers of IPv4 and TCP with time stamps."""
RECEIVED_AT, SEGMENTS_AT = 128, 152
"""Where tcp_info has tcpi_bytes_received (u64) and tcpi_data_segs_in (u32)."""
WITHIN = {"memory": 1.25, "descriptors": 1.02, "disk": 1.25, "bandwidth": 1.25, "cpu": 1.6}
"""How far a formula may be off, as a factor either way. CPU depends on what else the machine does."""


@dataclass(frozen=True)
class Extent:
    """How much is measured."""

    connections: int
    groups: int
    messages: int
    seconds: float
    gateways: int = 2


@dataclass(frozen=True)
class Coefficients:
    """What the formulas multiply. KiB are of memory of the process's own, without pages of the store's file."""

    base_kib: float
    gateway_kib: float
    """Memory of what each gateway adds before it has a connection."""
    kib_per_connection: float
    """With TLS, and with the user who is logged in."""
    kib_per_conversation: float
    """Of GROUP_MEMBERS members."""
    base_descriptors: float
    descriptors_per_connection: float
    cpu_us_per_connection_s: float
    """Of an idle one in a second: heartbeats, and its part of what the server does all the time."""
    cpu_us_per_send: float
    """Of one that comes alone, and so has a commit of its own."""
    cpu_us_per_send_busy: float
    """Of one of 32 under way, which share commits."""
    cpu_us_per_delivery: float
    disk_bytes_per_message: float
    disk_bytes_per_byte: float
    wire_bytes_per_delivery: float
    wire_bytes_per_byte: float

    def memory_kib(self, connections: int, conversations: int) -> float:
        """Memory of a server without gateways."""
        return self.base_kib + connections * self.kib_per_connection + conversations * self.kib_per_conversation

    def descriptors(self, connections: int) -> float:
        """Open files of a server without gateways."""
        return self.base_descriptors + connections * self.descriptors_per_connection

    def cpu_share(self, connections: int, sends_per_s: float, deliveries_per_s: float) -> float:
        """Of one processor."""
        idle = connections * self.cpu_us_per_connection_s
        return (idle + sends_per_s * self.cpu_us_per_send + deliveries_per_s * self.cpu_us_per_delivery) / 1e6

    def disk_bytes(self, messages: int, payload: float) -> float:
        """What messages with bodies of `payload` bytes take in the store."""
        return messages * (self.disk_bytes_per_message + payload * self.disk_bytes_per_byte)

    def wire_bytes(self, deliveries: float, payload: float) -> float:
        """What they take on the wire to the receivers, with the headers of TLS, TCP and IP."""
        return deliveries * (self.wire_bytes_per_delivery + payload * self.wire_bytes_per_byte)


class Site:
    """A server of its own, the users connected to it, and what it takes now."""

    def __init__(self, made: Rig, admin: SwarmMember) -> None:
        self._rig = made
        self.admin = admin
        self.swarm: Swarm = made.swarm()
        self.sent = 0

    @classmethod
    async def open(cls, made: Rig) -> Site:
        """Log in, and wait until what a server makes at its first requests is there. Raises RcimError or OSError."""
        site = cls(made, await made.admin())
        for _ in range(20):
            await made.stats(site.admin)
        return site

    def close(self) -> None:
        """Close all connections."""
        self.swarm.close()
        self.admin.link.close()

    @property
    def usage(self) -> Usage:
        """What the server has used."""
        return self._rig.usage()

    @property
    def descriptors(self) -> int:
        """Files that it has open."""
        return len(os.listdir(f"/proc/{self._rig.server_pid}/fd"))

    @property
    def store_bytes(self) -> int:
        """What the store has in use of its file."""
        with lmdb.open(str(self._rig.data.store), readonly=True, lock=False, max_dbs=0) as env:
            return int((env.info()["last_pgno"] + 1) * env.stat()["psize"])

    def received(self) -> int:
        """Bytes that all connections of this process to the server have got, with the headers of TCP and IP."""
        return sum(_received(int(name), self._rig.process.port) for name in os.listdir("/proc/self/fd"))

    async def connect(self, until: int) -> None:
        """Connect users until there are so many."""
        await self.swarm.connect([f"u{i:06d}" for i in range(len(self.swarm.members), until)])

    async def groups(self, first: int, end: int) -> None:
        """Make the groups with these numbers, each with GROUP_MEMBERS of the connected users."""
        await _all(self._group(f"s{number}", self._users(number * 7, GROUP_MEMBERS)) for number in range(first, end))

    async def group(self, name: str, first: int, members: int) -> str:
        """Make a group of connected users, the first of whom owns it; returns the conversation."""
        await self._group(name, self._users(first, members))
        return group_conversation(name)

    def _users(self, first: int, count: int) -> list[str]:
        users = self.swarm.members
        return [users[(first + i) % len(users)].user_id for i in range(min(count, len(users)))]

    async def _group(self, name: str, users: list[str]) -> None:
        owner, *members = users
        free = ApplyJoinOption.FREE_ACCESS
        await self.admin.ask(frames.GroupCreate(name, "Public", name, "", "", "", free, members, owner))

    async def pace(self, conversations: list[str], rate: float, seconds: float, payload: int) -> int:
        """Send `rate` messages a second to these in turn, and wait until they are delivered; returns how many."""
        times, total = Times(), int(rate * seconds)
        loop = asyncio.get_running_loop()
        began, waiting = loop.time(), []
        for number in range(total):
            await asyncio.sleep(max(0.0, began + number / rate - loop.time()))
            self.sent += 1
            to, body = conversations[number % len(conversations)], stamped(0, self.sent, payload)
            send = frames.Send(to, f"p{self.sent}", Priority.NORMAL, body)
            waiting.append(loop.create_task(times.ask(self.admin, send, frames.SendOk)))
        await asyncio.gather(*waiting)
        await self._quiet()
        return total

    async def store(self, conversations: list[str], messages: int, payload: int) -> int:
        """Send as fast as it goes, until there are so many more; returns how many. Raises ValueError if one is refused,
        TimeoutError if it takes longer than STORE_S."""
        self.sent += 1
        load = Load(self.admin, conversations, 32, stamped(0, 0, payload), f"d{self.sent}")
        load.start()
        async with asyncio.timeout(STORE_S):
            while load.accepted < messages and not load.refused:
                await asyncio.sleep(0.01)
        await stop_all([load])
        if load.refused:
            raise ValueError(f"the server refused {load.refused} messages")
        await self._quiet()
        return load.accepted

    async def _quiet(self) -> None:
        """Wait until nothing has been delivered for a fifth of a second; ten seconds at the most."""
        last = -1
        for _ in range(50):
            if last == self.swarm.tally.delivered:
                return
            last = self.swarm.tally.delivered
            await asyncio.sleep(0.2)


def _received(fd: int, port: int) -> int:
    """Bytes that the socket `fd` has got with headers, if it is a connection to `port`; else 0."""
    with suppress(OSError):
        if not stat.S_ISSOCK(os.fstat(fd).st_mode):
            return 0
        with socket(fileno=os.dup(fd)) as sock:
            if sock.family == AF_INET and sock.getpeername()[1] == port:
                info = sock.getsockopt(IPPROTO_TCP, TCP_INFO, 256)
                (received,) = struct.unpack_from("Q", info, RECEIVED_AT)
                (segments,) = struct.unpack_from("I", info, SEGMENTS_AT)
                return int(received) + int(segments) * PACKET_BYTES
    return 0


async def _all(jobs: Any) -> None:
    """Run them, AT_ONCE at a time."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(job: Any) -> None:
        async with gate:
            await job

    await asyncio.gather(*(one(job) for job in jobs))


async def _idle(site: Site, seconds: float) -> float:
    """µs of CPU in a second in which nobody sends."""
    before = site.usage
    await asyncio.sleep(seconds)
    after = site.usage
    return (after.cpu_s - before.cpu_s) * 1e6 / (after.at - before.at)


async def _cost(site: Site, conversation: str, seconds: float, payload: int, idle: float) -> tuple[float, float]:
    """(µs of CPU of a message to this conversation, bytes on the wire of it). `idle`: µs in a second without any."""
    await site.pace([conversation], RATE, 0.5, payload)
    before, got = site.usage, site.received()
    sent = await site.pace([conversation], RATE, seconds, payload)
    after = site.usage
    used = (after.cpu_s - before.cpu_s) * 1e6 - idle * (after.at - before.at)
    return used / sent, (site.received() - got) / sent


async def _disk(site: Site, conversations: list[str], messages: int, payload: int) -> tuple[float, float]:
    """(bytes in the store of a message, µs of CPU of it and its SMALL deliveries)."""
    await site.store(conversations, messages // DISK_SHARE, payload)
    before, used = site.store_bytes, site.usage
    stored = await site.store(conversations, messages, payload)
    return (site.store_bytes - before) / stored, (site.usage.cpu_s - used.cpu_s) * 1e6 / stored


async def _coefficients(extent: Extent, gateway_kib: float, made: Rig, say: Say) -> Coefficients:
    site = await Site.open(made)
    try:
        half = extent.connections // 2
        base = site.usage.rss_kib
        say(f"connecting {extent.connections} users")
        await site.connect(half)
        at_half, files = site.usage.rss_kib, site.descriptors
        await site.connect(extent.connections)
        kib, more = (site.usage.rss_kib - at_half) / half, (site.descriptors - files) / half
        say(f"loading {extent.groups} groups of {GROUP_MEMBERS}")
        await site.groups(0, extent.groups // 2)
        before = site.usage.rss_kib
        await site.groups(extent.groups // 2, extent.groups)
        group_kib = (site.usage.rss_kib - before) / (extent.groups - extent.groups // 2)
        say(f"sending {RATE} a second to {SMALL} and to {LARGE} members")
        large = min(LARGE, extent.connections)
        small_at, large_at = await site.group("small", 0, SMALL), await site.group("large", 0, large)
        idle = await _idle(site, extent.seconds)
        (short, long), (cpu, wire) = PAYLOADS, await _cost(site, small_at, extent.seconds, PAYLOADS[0], idle)
        large_cpu, large_wire = await _cost(site, large_at, extent.seconds, short, idle)
        _, long_wire = await _cost(site, large_at, extent.seconds, long, idle)
        delivery_us = (large_cpu - cpu) / (large - SMALL)
        wires = ((large_wire - wire) / (large - SMALL), (long_wire - large_wire) / (large * (long - short)))
        say(f"storing {extent.messages} messages of {short} and of {long} bytes")
        few = [await site.group(f"disk{i}", i, SMALL) for i in range(10)]
        (disk, busy), (long_disk, _) = [await _disk(site, few, extent.messages, payload) for payload in PAYLOADS]
        per_byte = (long_disk - disk) / (long - short)
        return Coefficients(
            base_kib=base,
            gateway_kib=gateway_kib,
            kib_per_connection=kib,
            kib_per_conversation=group_kib,
            base_descriptors=files - more * half,
            descriptors_per_connection=more,
            cpu_us_per_connection_s=idle / extent.connections,
            cpu_us_per_send=max(0.0, cpu - SMALL * delivery_us),
            cpu_us_per_send_busy=max(0.0, busy - SMALL * delivery_us),
            cpu_us_per_delivery=delivery_us,
            disk_bytes_per_message=disk - per_byte * short,
            disk_bytes_per_byte=per_byte,
            wire_bytes_per_delivery=wires[0] - wires[1] * short,
            wire_bytes_per_byte=wires[1],
        )
    finally:
        site.close()


async def _tried(extent: Extent, found: Coefficients, made: Rig, say: Say) -> list[dict[str, Any]]:
    """Rows: what each formula gives for another load, and what was measured."""
    connections, groups, payload = extent.connections * 3 // 4, extent.groups * 5 // 8, 400
    busy, members, rate = 10, 15, 40.0
    say(
        f"trying the formulas: {connections} users, {groups} groups, {rate:g} messages a second to {members} members each"
    )
    site = await Site.open(made)
    try:
        await site.connect(connections)
        await site.groups(0, groups)
        memory, descriptors = site.usage.rss_kib, site.descriptors
        talked = [await site.group(f"busy{i}", i * members, members) for i in range(busy)]
        await site.pace(talked, rate, 1, payload)
        before, got = site.usage, site.received()
        sent = await site.pace(talked, rate, extent.seconds, payload)
        after, wire = site.usage, site.received() - got
        share = sent * members / (after.at - before.at)
        await site.store(talked, extent.messages // DISK_SHARE, payload)
        empty = site.store_bytes
        stored = await site.store(talked, extent.messages, payload)
        disk = site.store_bytes - empty
        sends = sent / (after.at - before.at)
        return [
            _row("memory", "KiB", found.memory_kib(connections, groups), memory),
            _row("descriptors", "", found.descriptors(connections), descriptors),
            _row("cpu", "of a processor", found.cpu_share(connections, sends, share), _share(before, after)),
            _row("bandwidth", "bytes", found.wire_bytes(sent * members, payload), wire),
            _row("disk", "bytes", found.disk_bytes(stored, payload), disk),
        ]
    finally:
        site.close()


def _share(before: Usage, after: Usage) -> float:
    return (after.cpu_s - before.cpu_s) / (after.at - before.at)


def _row(what: str, unit: str, predicted: float, measured: float) -> dict[str, Any]:
    ratio = round(predicted / measured, 3) if measured else 0.0
    return {
        "what": what,
        "unit": unit,
        "predicted": round(predicted, 3),
        "measured": round(measured, 3),
        "ratio": ratio,
    }


async def _gateway_kib(gateways: int) -> float:
    """Memory that each gateway adds to a server without connections."""
    async with rig(pin=False) as alone, rig([f"server.gateways={gateways}"], pin=False) as several:
        return (usage_of_tree(several.server_pid).rss_kib - alone.usage().rss_kib) / gateways


async def run(extent: Extent, say: Say) -> dict[str, Any]:
    """Measure; returns the report. Raises RcimError, OSError or ServerFailed."""
    say(f"starting a server with {extent.gateways} gateways, and one without")
    gateway_kib = await _gateway_kib(extent.gateways)
    async with rig() as made:
        found = await _coefficients(extent, gateway_kib, made, say)
        pinned = made.pinned
    async with rig() as made:
        rows = await _tried(extent, found, made, say)
    own = usage(os.getpid())
    return {
        "bench": "sizing",
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        **asdict(extent),
        "coefficients": {name: round(value, 3) for name, value in asdict(found).items()},
        "within": WITHIN,
        "generator_cpu_s": round(own.cpu_s, 1),
        "pinned": pinned,
        "rows": rows,
        "machine": facts(),
    }


def failures(report: dict[str, Any]) -> list[str]:
    """The formulas that are off by more than WITHIN."""
    return [
        f"{row['what']}: predicted {row['predicted']}, measured {row['measured']}"
        for row in report["rows"]
        if not 1 / WITHIN[row["what"]] <= row["ratio"] <= WITHIN[row["what"]]
    ]
