"""`rcim-bench peers`: turns, rows and the report.

In each round every server in turn is started, measured and ended, so that what changes on the machine meanwhile
touches all of them. A row has the median of the rounds. What isn't installed or doesn't run has a row that says so.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from typing import Any

from rcim_bench.peers.driver import Driver
from rcim_bench.peers.irc import Inspircd, Ngircd
from rcim_bench.peers.mqtt import Mosquitto
from rcim_bench.peers.nats import Nats
from rcim_bench.peers.own import Own
from rcim_bench.peers.phases import Load, measure
from rcim_bench.peers.receivers import MARKER_BYTES, PeerFailed
from rcim_bench.peers.redis import Redis
from rcim_bench.peers.xmpp import Ejabberd, Prosody
from rcim_bench.rig import facts

GENERATOR_BOUND = 0.9
"""Share of its processor above which the generator, and not the server, may be what was measured."""

MEDIANS = (
    "paced_us_per_delivery",
    "p50_ms",
    "p99_ms",
    "deliveries_per_s",
    "saturated_us_per_delivery",
    "kib_per_connection",
    "server_cpu",
    "server_cpu_saturated",
    "generator_cpu",
    "generator_cpu_saturated",
    "elsewhere_cpu",
    "send_lag_ms_max",
)
SUMS = ("lost", "duplicated", "reordered", "closed_connections")


def drivers() -> list[Driver]:
    """All servers that the bench knows, in the order of the rows. Of the IRC servers the first that is installed."""
    irc: list[Driver] = [Inspircd(), Ngircd()]
    return [
        Own(),
        Redis(),
        Nats(),
        Mosquitto(0),
        Mosquitto(1),
        next((driver for driver in irc if driver.find()), irc[0]),
        Ejabberd(archive=False),
        Ejabberd(archive=True),
        Prosody(archive=False),
        Prosody(archive=True),
    ]


async def run(
    members: int,
    rate: float,
    seconds: float,
    payload: int,
    saturated_window: int,
    rounds: int,
    only: list[str],
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Measure all servers, or those whose name has one of `only` in it; returns the report.

    `members` get each of `rate` messages a second of `payload` bytes for `seconds`; then for as long again the sender
    keeps `saturated_window` messages under way. Raises ValueError for what can't be measured at all.
    """
    if payload < MARKER_BYTES:
        raise ValueError(f"payload: {payload} bytes, at least {MARKER_BYTES}: a message carries what checks it")
    if members < 2:
        raise ValueError(f"members: {members}, at least 2")
    chosen = choose(drivers(), only)
    load = Load(members, rate, seconds, payload, saturated_window)
    detail: list[dict[str, Any]] = []
    for number in range(1, rounds + 1):
        for driver in chosen:
            for tls in (False, True):
                say(f"round {number} of {rounds}: {driver.name}, {'TLS' if tls else 'plain'}")
                detail.append({"round": number, **await turn(driver, tls, load)})
    return {
        "bench": "peers",
        "members": members,
        "rate": rate,
        "seconds": seconds,
        "payload": payload,
        "saturated_window": saturated_window,
        "rounds": rounds,
        "rows": [row(driver, tls, detail) for driver in chosen for tls in (False, True)],
        "rounds_detail": detail,
        "machine": facts(),
    }


def choose(found: Sequence[Driver], only: Sequence[str]) -> list[Driver]:
    """Those whose name has one of `only` in it; all if it is empty. Raises ValueError if none has."""
    chosen = [d for d in found if not only or any(part.lower() in d.name.lower() for part in only)]
    if not chosen:
        raise ValueError(f"{', '.join(only)}: none of {', '.join(d.name for d in found)}")
    return chosen


async def turn(driver: Driver, tls: bool, load: Load) -> dict[str, Any]:
    """One server, once: its figures, or the reason why there are none."""
    head: dict[str, Any] = {"peer": driver.name, "tls": tls, "version": ""}
    program = driver.find()
    if program is None:
        return head | {"failed": "not installed"}
    head["version"] = driver.version(program)
    if load.payload > driver.payload_max:
        return head | {"failed": f"its messages have at most {driver.payload_max} bytes"}
    try:
        async with driver.serve(program, tls, load.members + 1) as running:
            return head | await measure(driver, running, load) | running.facts
    except (PeerFailed, OSError) as error:
        return head | {"failed": str(error) or type(error).__name__}


def row(driver: Driver, tls: bool, detail: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What the rounds say of one server together: medians, sums of what may not be, and a reason if one failed."""
    turns = [t for t in detail if t["peer"] == driver.name and t["tls"] == tls]
    good = [t for t in turns if "failed" not in t]
    notes = [driver.note] if driver.note else []
    notes += sorted({str(t["failed"]) for t in turns if "failed" in t})
    made: dict[str, Any] = {"peer": driver.name, "version": turns[-1]["version"] if turns else "", "tls": tls}
    for name in MEDIANS:
        made[name] = round(statistics.median(t[name] for t in good), 3) if good else None
    for name in SUMS:
        made[name] = sum(t[name] for t in good) if good else None
    shares = [made["generator_cpu"], made["generator_cpu_saturated"]]
    made["generator_bound"] = max(shares) > GENERATOR_BOUND if good else None
    for name in ("checked", "counted"):
        made[name] = good[-1][name] if good else None
    return made | {"keeps": driver.keeps, "note": "; ".join(notes)}


def failures(report: dict[str, Any]) -> list[str]:
    """What of rcim's own rows may not be; a fault of another server is a figure, not a failure of the bench."""
    own = [r for r in report["rows"] if r["peer"] == Own.name]
    found = [f"rcim: {name} {r[name]}" for r in own for name in SUMS if r[name]]
    return found + [f"rcim: {r['note']}" for r in own if r["lost"] is None]
