"""What the service manager is told, by systemd's protocol (`sd_notify`, OP-04): that the server is ready, reloads, stops,
and that its loop turns.

The protocol is a datagram of `NAME=VALUE` lines to the socket that NOTIFY_SOCKET names. Without it, nothing is sent. With
gateways only the first process tells: systemd takes the words of the main process.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator

from rcim.base.limited_log import LimitedLog

log = LimitedLog("rcim.service_manager")

SOCKET, WATCHDOG_US, WATCHDOG_PID = "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"
STATUS_CHARS_MAX = 500
WATCHDOG_PART = 3
"""The loop says that it turns so many times within the time that systemd waits."""


def notify(*lines: str) -> bool:
    """Tell these lines; returns whether there is somebody who is told. Never waits and never raises."""
    path = os.environ.get(SOCKET, "")
    if not path:
        return False
    if path[0] not in "/@":
        log.warning("the service manager can't be told: only Unix sockets are supported", socket=path)
        return False
    address = "\0" + path[1:] if path[0] == "@" else path
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as out:
            out.sendto("\n".join(lines).encode(errors="replace"), address)
    except OSError as error:
        log.warning("the service manager can't be told", socket=path, error=error)
        return False
    return True


def _status(text: str) -> str:
    return "STATUS=" + " ".join(text.split())[:STATUS_CHARS_MAX]


def ready(text: str) -> None:
    """The server takes connections, also after a reload. `text` is what `systemctl status` shows, one line."""
    notify("READY=1", _status(text))


def reloading() -> None:
    """The settings are read again; `ready` says when that is over, whatever came of it."""
    notify(
        "RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}", _status("reloading")
    )


def stopping() -> None:
    """The server has begun to stop."""
    notify("STOPPING=1", _status("stopping"))


def watchdog_s() -> float | None:
    """Within how many seconds systemd wants to hear that the loop turns; None: it does not ask this process."""
    if os.environ.get(WATCHDOG_PID, str(os.getpid())) != str(os.getpid()) or not os.environ.get(SOCKET):
        return None
    try:
        period_us = int(os.environ.get(WATCHDOG_US, "0"))
    except ValueError:
        return None
    return period_us / 1_000_000 if period_us > 0 else None


def later(loop: asyncio.AbstractEventLoop, delay_s: float, call: Callable[[], None]) -> asyncio.TimerHandle:
    """`loop.call_later`."""
    return loop.call_later(delay_s, call)


@contextlib.contextmanager
def watched(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Meanwhile, if systemd asks for it (`WatchdogSec=`), the loop says that it turns; one that hangs is restarted."""
    period_s = watchdog_s()
    timer: asyncio.TimerHandle | None = None

    def beat() -> None:
        nonlocal timer
        assert period_s is not None
        notify("WATCHDOG=1")
        timer = later(loop, period_s / WATCHDOG_PART, beat)

    if period_s is not None:
        beat()
    try:
        yield
    finally:
        if timer is not None:
            timer.cancel()
