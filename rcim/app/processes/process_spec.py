"""One process of a server of several (gateways.py): `owner` has the conversations, `gateway` has connections."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any, NamedTuple

import uvloop

from rcim.app.files.datadir import DataDir, DataDirError
from rcim.app.log.logs import begin_logging, counting
from rcim.app.monitoring.process_figures import process_figures
from rcim.app.processes.tuning import SWITCH_INTERVAL_S, calm_collector, raise_file_limit
from rcim.app.reload.part_reloads import PartReloads
from rcim.app.reload.reload_counts import ReloadCounts
from rcim.app.reload.reload_parts import prepare_gateway, prepare_owner
from rcim.app.settings.all_settings import Settings, from_plain, plain
from rcim.app.wiring.nodes import ConversationNode, GatewayNode
from rcim.base.meters import Meters
from rcim.bus.gateway_router import GatewayRouter
from rcim.bus.remote import RemoteOwner
from rcim.store.backend import StoreError

OWNER, GATEWAY = "owner", "gateway"
STDIN, STDOUT = 0, 1
STOP, NOW = b"stop", b"now"
"""Orders, one a line: stop as one should; do not wait for anybody any more. Others are of part_reloads.py."""
BEAT_S = 1.0


class ProcessSpec(NamedTuple):
    """What a process is: its role, its number, where the owner's socket is, and the ports that gateways share."""

    role: str
    number: int
    bus: str
    port: int
    http_port: int = 0
    """For back ends; 0: they are not listened to."""
    reloads: dict[str, Any] | None = None
    """What came of the reloads until now (ReloadCounts.plain), for the owner; None: there were none."""


def encoded_part(part: ProcessSpec, settings: Settings) -> bytes:
    """The line that tells a process what it is."""
    return json.dumps([*part, plain(settings)]).encode() + b"\n"


def _decoded_part(line: bytes) -> tuple[ProcessSpec, Settings]:
    *fields, settings = json.loads(line)
    return ProcessSpec(*fields), from_plain(settings)


def _report(**ready: object) -> None:
    print(json.dumps(ready), flush=True)


class _Orders:
    """What the process that started this one says: to stop, to stop now, to reload. Its end is the end of this one too.

    Signals are for that process: a service manager may send them to all, and the order of stopping is not theirs.
    """

    def __init__(self, reloads: PartReloads) -> None:
        self._reloads = reloads
        self._loop = asyncio.get_running_loop()
        self.stop, self.now = asyncio.Event(), asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            self._loop.add_signal_handler(number, _nothing)
        os.set_blocking(STDOUT, False)
        self._beat()
        threading.Thread(target=self._read, daemon=True).start()

    def _beat(self) -> None:
        """Say that the loop turns. Who does not is killed and started again."""
        self._loop.call_later(BEAT_S, self._beat)
        with contextlib.suppress(OSError):
            os.write(STDOUT, b"\n")

    def _read(self) -> None:
        waiting = b""
        with contextlib.suppress(OSError, RuntimeError):
            while read := os.read(STDIN, 65536):
                *lines, waiting = (waiting + read).split(b"\n")
                for line in lines:
                    self._loop.call_soon_threadsafe(self._take, line)
        # What is durable is durable: this is as good as being killed.
        os._exit(1)

    def _take(self, line: bytes) -> None:
        order, _, said = line.partition(b" ")
        if order == STOP:
            self.stop.set()
        elif order == NOW:
            self.now.set()
        elif order:
            self._reloads.take(order, said)


def _nothing() -> None:
    """A signal that is not for this process."""


async def owner(part: ProcessSpec, settings: Settings) -> None:
    """Own the conversations until it is told to stop. Raises DataDirError, StoreError or OSError."""
    loop = asyncio.get_running_loop()
    meters = Meters(OWNER, on=settings.metrics.on)
    back = ConversationNode(settings, meters)
    back.notes_faults = True
    back.open(loop)
    meters.add(process_figures(meters))
    with contextlib.closing(back), counting(loop):
        links = GatewayRouter(back.dispatcher, loop, meters, settings.server.gateways)
        back.start(links)
        await links.listen_at(Path(part.bus))
        meters.lag.start(loop)
        calm_collector()
        counts = ReloadCounts(part.reloads)
        meters.add(counts.figures)
        reloads = PartReloads(lambda settings, files: prepare_owner(back, settings, files), say, counts)
        back.dispatcher.delegates.reloads(reloads)
        _report(made=back.made)
        await _Orders(reloads).stop.wait()
        await reloads.stop()
        links.stop()
        meters.lag.stop()
        await back.end()


async def gateway(part: ProcessSpec, settings: Settings) -> None:
    """Hold connections until it is told to stop, then stop in order. Raises DataDirError, TimeoutError or OSError."""
    loop = asyncio.get_running_loop()
    meters = Meters(f"{GATEWAY} {part.number}", on=settings.metrics.on)
    meters.add(process_figures(meters))
    front = GatewayNode(settings, DataDir(Path(settings.server.data)), part.number, meters)
    remote = RemoteOwner(Path(part.bus), part.number, settings.limits, loop)
    tls = front.tls()
    service = front.make_service(remote, loop)
    service.start()
    try:
        await remote.start(service.hub.deliveries)
        await front.listen(tls, part.port, shared=True)
        await front.listen_http(tls, part.http_port, shared=True)
        meters.lag.start(loop)
        calm_collector()
        _report(port=front.port)
        orders = _Orders(PartReloads(lambda settings, _: prepare_gateway(front, settings), say))
        front.stop_now = orders.now
        with counting(loop):
            await orders.stop.wait()
            await front.stop()
    finally:
        meters.lag.stop()
        remote.stop()
        service.stop()


def say(**said: object) -> None:
    """Tell the process that started this one, which reads all the time. What it does not take at once it does not get."""
    with contextlib.suppress(OSError):
        os.write(STDOUT, json.dumps(said).encode() + b"\n")


def _first_line() -> bytes:
    """The first line of standard input; nothing of it stays in a buffer, and nothing is left to lock at the end."""
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(STDIN, 65536)
        if not part:
            sys.exit(2)
        line += part
    return line


def main() -> None:
    """Entry point: the role stands in the arguments for who looks at the list of processes."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # it is for the process that started this one
    part, settings = _decoded_part(_first_line())
    begin_logging(settings.log.level, settings.log.format, process=part.role, number=part.number)
    raise_file_limit()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        uvloop.run({OWNER: owner, GATEWAY: gateway}[part.role](part, settings))
    except (DataDirError, StoreError, OSError) as error:  # TimeoutError is an OSError
        _report(error=str(error) or f"{part.role}: the owner of the conversations is not there")
        sys.exit(2)


if __name__ == "__main__":
    main()
