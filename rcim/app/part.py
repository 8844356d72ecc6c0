"""One process of a server of several (gateways.py): `owner` has the conversations, `gateway` has connections."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from typing import NamedTuple

import uvloop

from rcim.app.datadir import DataDir, DataDirError
from rcim.app.server import SWITCH_INTERVAL_S, Back, Front, calm_collector, raise_file_limit
from rcim.app.settings import Settings, from_plain, plain
from rcim.bus.links import Links
from rcim.bus.remote import RemoteOwner
from rcim.store.backend import StoreError

OWNER, GATEWAY = "owner", "gateway"
STDIN = 0
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"


class Part(NamedTuple):
    """What a process is: its role, its number, where the owner's socket is, and the port that gateways share."""

    role: str
    number: int
    bus: str
    port: int


def encoded_part(part: Part, settings: Settings) -> bytes:
    """The line that tells a process what it is."""
    return json.dumps([*part, plain(settings)]).encode() + b"\n"


def _decoded_part(line: bytes) -> tuple[Part, Settings]:
    *fields, settings = json.loads(line)
    return Part(*fields), from_plain(settings)


def _say(**ready: object) -> None:
    print(json.dumps(ready), flush=True)


async def _until_signal(again: asyncio.Event | None = None) -> None:
    """Return at SIGTERM; further ones set `again`."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()

    def on_signal() -> None:
        if stopping.is_set() and again is not None:
            again.set()
        stopping.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    await stopping.wait()


async def owner(part: Part, settings: Settings) -> None:
    """Own the conversations until SIGTERM. Raises DataDirError, StoreError or OSError."""
    loop = asyncio.get_running_loop()
    back = Back(settings)
    back.open(loop)
    with contextlib.closing(back):
        links = Links(back.dispatcher, loop)
        back.dispatcher.start(links)
        await links.listen_at(Path(part.bus))
        calm_collector()
        _say(made=back.made)
        await _until_signal()
        links.stop()


async def gateway(part: Part, settings: Settings) -> None:
    """Hold connections until SIGTERM, then stop in order. Raises DataDirError, TimeoutError or OSError."""
    loop = asyncio.get_running_loop()
    front = Front(settings, DataDir(Path(settings.server.data)), part.number)
    remote = RemoteOwner(Path(part.bus), part.number, loop)
    tls = front.tls()
    hub = front.make_hub(remote, loop)
    hub.start()
    try:
        await remote.start(hub)
        await front.listen(tls, part.port, shared=True)
        calm_collector()
        _say(port=front.port)
        await _until_signal(front.stop_now)
        await front.stop()
    finally:
        remote.stop()
        hub.stop()


def _first_line() -> bytes:
    """The first line of standard input; nothing of it stays in a buffer, and nothing is left to lock at the end."""
    line = b""
    while not line.endswith(b"\n"):
        part = os.read(STDIN, 65536)
        if not part:
            sys.exit(2)
        line += part
    return line


def _end_with_parent() -> None:
    """Standard input ends when the process that started this one is gone: nobody would stop us any more. What is
    durable is durable, so it is as good as being killed."""
    with contextlib.suppress(OSError):
        while os.read(STDIN, 4096):
            pass
    os._exit(1)


def main() -> None:
    """Entry point: the role stands in the arguments for who looks at the list of processes."""
    part, settings = _decoded_part(_first_line())
    logging.basicConfig(level=settings.log.level.upper(), format=f"{LOG_FORMAT} [{part.role} {part.number}]")
    raise_file_limit()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        uvloop.run({OWNER: owner, GATEWAY: gateway}[part.role](part, settings))
    except (DataDirError, StoreError, OSError) as error:  # TimeoutError is an OSError
        _say(error=str(error) or f"{part.role}: the owner of the conversations is not there")
        sys.exit(2)


if __name__ == "__main__":
    main()
