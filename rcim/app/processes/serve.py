"""`rcim serve`: in this process, or with gateways of its own."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable

import uvloop

from rcim.app.processes.gateways import supervise
from rcim.app.processes.server import Ready, Server
from rcim.app.processes.tuning import SWITCH_INTERVAL_S, raise_file_limit
from rcim.app.settings.all_settings import Settings


def serve(settings: Settings, on_ready: Callable[[Ready], None], source: Callable[[], Settings]) -> None:
    """Run a server until a signal: in this process, or with gateways of its own. `source` reads the settings again
    (OP-03). Raises as Server.start."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to reload
    if settings.server.gateways:
        uvloop.run(supervise(settings, on_ready, source))
        return
    raise_file_limit()
    sys.setswitchinterval(SWITCH_INTERVAL_S)

    async def main() -> None:
        await Server(settings, source).run_until_signal(on_ready)

    uvloop.run(main())
