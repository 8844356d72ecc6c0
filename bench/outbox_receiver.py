"""The receiver of `rcim-bench outbox` and `rcim-bench crash`, in a process of its own: the back end of an app that is
good, slow, dead or flapping, and counts the after-callbacks that it has taken.

`python -m rcim_bench.outbox_receiver` prints its two ports: that of the callbacks, and that of its control (`POST /mode`
with a mode as its body, `GET /report`).
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

GOOD, SLOW, DEAD, FLAPPING = "good", "slow", "dead", "flapping"
MODES = (SLOW, DEAD, FLAPPING)
SLOW_S = 0.3
"""With 100 requests at a time 330 callbacks a second: fewer than the senders send."""
FLAP_S = 2.0
"""So long it answers, and so long it does not."""


class Counting:
    """The callbacks taken, by group (of a channel, by the channel) and SEQ."""

    def __init__(self) -> None:
        self.seqs: dict[str, dict[int, None]] = {}
        self.counts: Counter[str] = Counter()
        self.max_lag_ms = 0

    def take(self, body: dict[str, Any]) -> None:
        """One callback."""
        self.max_lag_ms = max(self.max_lag_ms, int(time.time() * 1000) - int(body.get("EventTime", 1 << 60)))
        group, seq = str(body.get("TopicId") or body.get("GroupId")), int(body.get("MsgSeq", 0))
        seen = self.seqs.setdefault(group, {})
        if seq in seen:
            self.counts["doubled"] += 1
            return
        if seen and seq < next(reversed(seen)):
            self.counts["out_of_order"] += 1
        seen[seq] = None


class Receiver:
    """See the module's text."""

    def __init__(self) -> None:
        self.mode = GOOD
        self.requests = 0
        self.counting = Counting()

    @property
    def _down(self) -> bool:
        return self.mode == DEAD or (self.mode == FLAPPING and time.monotonic() % (2 * FLAP_S) < FLAP_S)

    async def callback(self, request: web.Request) -> web.StreamResponse:
        """Take a callback, or do not."""
        self.requests += 1
        body = await request.json()
        if self.mode == SLOW:
            await asyncio.sleep(SLOW_S)
        if self._down:
            if self.mode == DEAD and request.transport is not None:
                request.transport.abort()
            return web.Response(status=503)
        for one in body if isinstance(body, list) else [body]:
            self.counting.take(one)
        return web.json_response({"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0})

    async def set_mode(self, request: web.Request) -> web.StreamResponse:
        """Be like this from now on."""
        self.mode = await request.text()
        return web.Response()

    async def report(self, request: web.Request) -> web.StreamResponse:
        """What was taken."""
        counting = self.counting
        return web.json_response(
            {
                "requests": self.requests,
                "seqs": {group: list(seqs) for group, seqs in counting.seqs.items()},
                "max_lag_ms": counting.max_lag_ms,
                "doubled": counting.counts["doubled"],
                "out_of_order": counting.counts["out_of_order"],
            }
        )


async def _listen(app: web.Application) -> int:
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return int(runner.addresses[0][1])


async def main() -> None:
    """Serve until standard input ends."""
    receiver = Receiver()
    callbacks, control = web.Application(), web.Application()
    callbacks.router.add_post("/{path:.*}", receiver.callback)
    control.router.add_post("/mode", receiver.set_mode)
    control.router.add_get("/report", receiver.report)
    print(await _listen(callbacks), await _listen(control), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


class Controlled:
    """The receiver, seen from who has started it."""

    def __init__(self, pid: int, port: int, control: int, session: aiohttp.ClientSession) -> None:
        self.pid = pid
        self.url = f"http://127.0.0.1:{port}/callback"
        self._control = f"http://127.0.0.1:{control}"
        self._session = session

    async def be(self, mode: str) -> None:
        """Set its mode."""
        async with self._session.post(f"{self._control}/mode", data=mode) as answer:
            answer.raise_for_status()

    async def report(self) -> dict[str, Any]:
        """What it has taken."""
        async with self._session.get(f"{self._control}/report") as answer:
            found: dict[str, Any] = await answer.json()
            return found


@asynccontextmanager
async def receiver() -> AsyncIterator[Controlled]:
    """A receiver in a process of its own, ended afterwards."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "rcim_bench.outbox_receiver",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            port, control = (await process.stdout.readline()).split()
        async with aiohttp.ClientSession() as session:
            yield Controlled(process.pid, int(port), int(control), session)
    finally:
        process.kill()
        await process.communicate()


if __name__ == "__main__":
    asyncio.run(main())
