"""What strangers and users do to a server in `rcim-bench attack`, in a process of its own:
`python -m rcim_bench.attackers ATTACK HOST PORT DATA SECONDS HTTP_PORT`. It says how many they are, and ends by itself.

They come from an address of their own and are ordinary users with valid signatures, or nobody: what they do is what
anybody could. Each loop is bounded in time, and goes on with a new connection when it is thrown out.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import ssl
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop
from rcim_bench.attackers_http import ADMIN, BIG_JSON, SLOW_BODIES, big_json, big_json_path, slow_body
from rcim_bench.attackers_proxy import BROKEN, FORGED, HALF, broken, forged, half_header
from rcim_bench.hostile import Hostile, KeyLog, key_updates

from rcim.app.files.datadir import DataDir
from rcim.app.processes.tuning import raise_file_limit
from rcim.base.terms import group_conversation
from rcim.client.trust import client_context
from rcim.session.usersig import mint
from rcim.wire import frames
from rcim.wire.header import HEADER

SDKAPPID = 1400000000
READERS, SYNCERS, SYNC_GROUPS = 50, 6, 100
"""Who does not read, who syncs, and in how many groups each of those is (attack.py makes them)."""
CALM = "calm"
"""The group of everybody that is measured."""
PAUSE_S = 0.02
"""Before somebody who was thrown out comes again."""


class Attack:
    """The server under attack, and until when."""

    def __init__(self, host: str, port: int, data: Path, seconds: float, http_port: int = 0) -> None:
        self.host, self.port, self.http_port = host, port, http_port
        made = DataDir(data)
        self.key = made.key()
        self.context = client_context(made.certificate)
        # What a handshake costs the attacker would otherwise be what is measured.
        self.context.check_hostname = False
        self.context.verify_mode = ssl.CERT_NONE
        self.end = time.monotonic() + seconds

    def sign(self, user: str) -> str:
        """A UserSig."""
        return mint(SDKAPPID, self.key, user, int(time.time()), 86400)

    def made(self) -> Hostile:
        """A connection, not yet connected."""
        return Hostile(self.host, self.port, self.context)

    async def user(self, name: str) -> Hostile:
        """A connection that is logged in. Raises OSError or ssl.SSLError."""
        made = self.made()
        try:
            await made.dial()
            await made.shake()
            await made.login(name, self.sign(name))
        except BaseException:
            made.close()
            raise
        return made

    async def again(self, once: Callable[[], Awaitable[None]]) -> None:
        """Do it again and again until the time is over."""
        while time.monotonic() < self.end:
            with contextlib.suppress(OSError, ssl.SSLError, TimeoutError):
                async with asyncio.timeout(max(0.0, self.end - time.monotonic())):
                    await once()
            await asyncio.sleep(PAUSE_S)

    async def flood(self, name: str, chunk: Callable[[int], bytes], *, reads: bool = True) -> None:
        """As a user: these frames, chunk after chunk, as fast as they are taken."""

        async def once() -> None:
            made = await self.user(name)
            reading = asyncio.create_task(made.drain()) if reads else None
            try:
                assert made.tls is not None
                number = 10
                while True:
                    await made.send(made.tls.seal(chunk(number)))
                    number += 1
            finally:
                if reading is not None:
                    reading.cancel()
                made.close()

        await self.again(once)


def _many(frame: Callable[[int], bytes], count: int = 500) -> Callable[[int], bytes]:
    """`count` frames in one chunk; the same ones again and again."""
    data = b"".join(frame(100 + i) for i in range(count))
    return lambda _: data


async def _together(jobs: list[Awaitable[None]]) -> None:
    print(len(jobs), flush=True)
    await asyncio.gather(*jobs)


async def _key_updates(attack: Attack) -> None:
    log = KeyLog(attack.context)

    async def once() -> None:
        made = attack.made()
        try:
            await made.dial()
            await made.shake()
            await made.send(key_updates(log.secret(made.random), 4000))
            await made.drain()
        finally:
            made.close()

    try:
        await _together([attack.again(once) for _ in range(4)])
    finally:
        log.remove()


async def _tiny_records(attack: Attack) -> None:
    ping = frames.Ping(1).encode(7)

    async def once(name: str) -> None:
        made = await attack.user(name)
        reading = asyncio.create_task(made.drain())
        try:
            tls = made.tls
            assert tls is not None
            while True:
                for at in range(4000):
                    tls.send(ping[at % len(ping) : at % len(ping) + 1])
                await made.send(tls.data_to_send())
        finally:
            reading.cancel()
            made.close()

    await _together([attack.again(lambda name=f"eve{i}": once(name)) for i in range(8)])  # type: ignore[misc]


async def _floods(attack: Attack, frame: Callable[[int], bytes], users: int = 20) -> None:
    chunk = _many(frame)
    await _together([attack.flood(f"eve{i}", chunk) for i in range(users)])


async def _pings(attack: Attack) -> None:
    await _floods(attack, lambda i: frames.Ping(i).encode(i))


async def _unknown_frames(attack: Attack) -> None:
    await _floods(attack, lambda i: HEADER.pack(8, 0x7777, 0, i))


async def _bad_bodies(attack: Attack) -> None:
    await _floods(attack, lambda i: HEADER.pack(8 + 200, frames.Send.TYPE, 0, i) + b"\xff" * 200)


async def _refused_requests(attack: Attack) -> None:
    await _floods(attack, lambda i: frames.GroupInfo("there is no such group").encode(i))


async def _sync_directed(attack: Attack) -> None:
    asks = b"".join(
        frames.Sync(b"", 100, 0).encode(100 + i) + frames.GroupsJoined("", 100).encode(300 + i) for i in range(60)
    )
    await _together([attack.flood(f"syncer{i}", lambda _: asks) for i in range(SYNCERS)])


async def _slow_handshakes(attack: Attack) -> None:
    async def once() -> None:
        made = attack.made()
        try:
            await made.dial()
            await made.shake()
        finally:
            made.close()

    await _together([attack.again(once) for _ in range(64)])


async def _half_client_hellos(attack: Attack) -> None:
    """A hello of 64 KiB is begun, in records of 16 KiB, and never ended."""
    body = b"\x01\x00\xff\xff\x03\x03" + b"x" * 65536
    records = [body[at : at + 16000] for at in range(0, 64000, 16000)]
    data = b"".join(b"\x16\x03\x01" + len(one).to_bytes(2) + one for one in records)

    async def once() -> None:
        made = attack.made()
        try:
            await made.dial()
            await made.send(data)
            await made.drain()
        finally:
            made.close()

    await _together([attack.again(once) for _ in range(300)])


async def _standing_readers(attack: Attack) -> None:
    """Members of the group that is measured: each asks for more than it reads, and then reads nothing."""
    asks = b"".join(frames.History(group_conversation(CALM), 0, 0, 100, False).encode(i) for i in range(10, 70))

    async def once(name: str) -> None:
        made = attack.made()
        try:
            await made.dial(4096)
            await made.shake()
            await made.login(name, attack.sign(name))
            assert made.tls is not None
            await made.send(made.tls.seal(asks))
            await asyncio.sleep(3600)
        finally:
            made.close()

    await _together([attack.again(lambda name=f"reader{i}": once(name)) for i in range(READERS)])  # type: ignore[misc]


async def _joins(attack: Attack) -> None:
    coming = b"".join(
        frames.GroupJoin(CALM, "").encode(i) + frames.GroupLeave(CALM).encode(i + 1) for i in range(10, 400)
    )
    await _together([attack.flood(f"joiner{i}", lambda _: coming) for i in range(30)])


async def _room_attributes(attack: Attack) -> None:
    """CR-03: each of them comes in and sets and removes attributes, as large as they may be."""

    def chunk(name: str) -> bytes:
        rows = [frames.AttributeToSet(f"{name}-{n}", "x" * 3000, True) for n in range(10)]
        setting = b"".join(
            frames.RoomAttributesSet(CALM, rows[at % 10 : at % 10 + 1], notice=bytes([at])).encode(20 + 2 * at)
            + frames.RoomAttributesDelete(CALM, [rows[at % 10].key]).encode(21 + 2 * at)
            for at in range(100)
        )
        return frames.GroupJoin(CALM, "").encode(10) + setting

    await _together([attack.flood(f"setter{i}", lambda _, i=i: chunk(f"s{i}")) for i in range(30)])  # type: ignore[misc]


async def _logins(attack: Attack) -> None:
    """Half of them with good signatures, half with bad ones."""
    rng = random.Random(1)

    async def once() -> None:
        name = f"eve{rng.randrange(1000)}"
        made = attack.made()
        try:
            await made.dial()
            await made.shake()
            sig = attack.sign(name) if rng.random() < 0.5 else attack.sign("somebody else")
            await made.login(name, sig)
        finally:
            made.close()

    await _together([attack.again(once) for _ in range(64)])


async def _slow_bodies(attack: Attack) -> None:
    """Back ends that never end what they begin to send."""
    await _together([attack.again(lambda: slow_body(attack.http_port)) for _ in range(SLOW_BODIES)])


async def _big_json(attack: Attack) -> None:
    """Back ends with a good signature, and bodies that cost as much as they can."""
    path = big_json_path(SDKAPPID, attack.sign(ADMIN))
    await _together([attack.again(lambda i=i: big_json(attack.http_port, path, i)) for i in range(BIG_JSON)])  # type: ignore[misc]


async def _proxy_headers(attack: Attack) -> None:
    """Proxies with headers that never end, that are forged, and that are none."""
    rng, port = random.Random(1), attack.port
    jobs = [attack.again(lambda: broken(port, rng)) for _ in range(BROKEN)]  # few, so they begin before the many
    jobs += [attack.again(lambda: forged(port, rng)) for _ in range(FORGED)]
    jobs += [attack.again(lambda: half_header(port)) for _ in range(HALF)]
    await _together(list(jobs))


ATTACKS: dict[str, Callable[[Attack], Awaitable[None]]] = {
    "key-updates": _key_updates,
    "tiny-records": _tiny_records,
    "pings": _pings,
    "unknown-frames": _unknown_frames,
    "bad-bodies": _bad_bodies,
    "refused-requests": _refused_requests,
    "sync-directed": _sync_directed,
    "room-attributes": _room_attributes,
    "slow-handshakes": _slow_handshakes,
    "half-client-hellos": _half_client_hellos,
    "standing-readers": _standing_readers,
    "joins": _joins,
    "logins": _logins,
    "http-slow-bodies": _slow_bodies,
    "http-big-json": _big_json,
    "proxy-headers": _proxy_headers,
}


def main() -> None:
    """See the module's text. It gives way to whoever measures beside it."""
    name, host, port, data, seconds, http_port = sys.argv[1:]
    os.nice(10)
    raise_file_limit()

    async def job() -> None:
        attack = Attack(host, int(port), Path(data), float(seconds), int(http_port))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(float(seconds) + 5):
                await ATTACKS[name](attack)

    uvloop.run(job())


if __name__ == "__main__":
    main()
