"""`rcim serve`: in this process, or with gateways of its own."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable

import uvloop

from rcim.app.gateways import supervise
from rcim.app.server import Ready, Server
from rcim.app.settings import Settings
from rcim.app.tuning import SWITCH_INTERVAL_S, raise_file_limit


def serve(settings: Settings, on_ready: Callable[[Ready], None]) -> None:
    """Run a server until a signal: in this process, or with gateways of its own. Raises as Server.start."""
    if settings.server.gateways:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        uvloop.run(supervise(settings, on_ready))
        return
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to load anew
    raise_file_limit()
    sys.setswitchinterval(SWITCH_INTERVAL_S)

    async def main() -> None:
        await Server(settings).run_until_signal(on_ready)

    uvloop.run(main())
