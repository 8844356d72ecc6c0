"""`rcim doctor`: what on this machine, in the settings and in the data directory is wrong or could be better, each with
the remedy (OP-04). It works with a server that runs and with one that does not, as any user, and changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from rcim.app.settings.all_settings import Settings
from rcim.base.terminal import reason_of
from rcim.operate.disk_checks import disk
from rcim.operate.findings import Finding, ok, wrong
from rcim.operate.machine_checks import machine
from rcim.operate.server_checks import certificate, running, store_clock, unsafe


def examine(settings: Settings) -> list[Finding]:
    """All findings, in the order of the checks."""
    asked = _running(settings)
    parts: list[Callable[[], Iterable[Finding]]] = [
        lambda: unsafe(settings),
        lambda: machine(settings),
        lambda: disk(settings),
        lambda: certificate(settings),
    ]
    if asked is None:
        parts.append(lambda: store_clock(settings))
    found = [ok("settings", "the settings are good")]
    for part in parts:
        found += _guarded(part)
    return found + (asked if asked is not None else [ok("health", "no server runs on the data directory")])


def _running(settings: Settings) -> list[Finding] | None:
    return asyncio.run(running(settings))


def _guarded(part: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """Run a check. If it fails, that is a finding too, and the other checks still run."""
    found: list[Finding] = []
    try:
        found.extend(part())
    except Exception as error:
        reason = "what it would have said is not known"
        found.append(wrong("doctor", f"a check failed: {reason_of(error)}", reason, "report it with this line"))
    return found


def bad_settings(text: str) -> Finding:
    """The settings can't be used; nothing else is looked at, because it depends on them."""
    return wrong("settings", text, "the server does not start", "correct it, then rcim serve --check")
