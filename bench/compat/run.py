"""`rcim-bench compat`: what back ends of Tencent and RongCloud find here (AB-02, AB-03).

Every documented command (documented.py) is called on a real server by its case, and the table says what was found. So a
row can't be wrong for long: a command that has no case, or whose case fails, fails the run.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from rcim_bench.compat.case import Case, CaseFailed, Found, State, Trial
from rcim_bench.compat.cases import all_cases
from rcim_bench.compat.documented import DOCUMENTED
from rcim_bench.rig import ADMIN, SDKAPPID, facts, rig

from rcim.base.errors import RcimError
from rcim.client.client import Client

Say = Callable[[str], None]
Row = dict[str, str]

FLAGS = ("http.on=true", "http.port=0", "http.tls=false")
CASE_S = 30.0
"""For one case: far above what any takes."""
NO_CASE = "no case calls this command"


@asynccontextmanager
async def trial(flags: Sequence[str] = ()) -> AsyncIterator[Trial]:
    """A server of its own that listens for back ends, and one of them. Raises ServerFailed."""
    async with rig([*FLAGS, *flags], plain=True, pin=False) as made:
        process = made.process
        client = Client(process.host, process.port, user_id=ADMIN, user_sig=made.sign(ADMIN), tls=None)
        async with client as admin, aiohttp.ClientSession() as session:
            base_url = f"http://127.0.0.1:{process.http_port}"
            yield Trial(base_url, SDKAPPID, made.data.key(), session, admin)


async def outcome(case: Case, on: Trial) -> Found:
    """What became of the command, within CASE_S."""
    try:
        async with asyncio.timeout(CASE_S):
            return await case.run(on) or Found(State.WORKS)
    except TimeoutError:
        return Found(State.FAILS, f"no end within {CASE_S:g} s")
    except RcimError as error:
        return Found(State.FAILS, f"{error.code.name} {error.detail}".strip())
    except CaseFailed as error:
        return Found(State.FAILS, str(error))
    except Exception as error:  # whatever it is, the other cases go on, and the row says it
        return Found(State.FAILS, f"{type(error).__name__}: {error}")


def without_case(vendor: str, called: Iterable[str]) -> list[str]:
    """The documented commands of a vendor that are not among those that are called. A name may begin with `/` and end
    with `.json`, or not."""
    names = {_plain(one) for one in called}
    return [one for one in DOCUMENTED[vendor] if not _is_called(_plain(one), names)]


def _plain(command: str) -> str:
    return command.removeprefix("/").removesuffix(".json")


def _is_called(command: str, names: set[str]) -> bool:
    family = command.removesuffix("*")
    return command in names or (family != command and any(one.startswith(family) for one in names))


async def run(only: list[str], say: Say) -> dict[str, Any]:
    """All cases; or those whose command has one of the texts `only` in it, and then no command has to have a case.
    Raises ServerFailed, or ValueError if no case is left."""
    cases = [one for one in all_cases() if not only or any(part in one.command for part in only)]
    if only and not cases:
        raise ValueError(f"no case has {' or '.join(only)} in its command")
    rows: list[Row] = []
    async with trial() as on:
        for case in cases:
            found = await outcome(case, on)
            rows.append(_row(case.vendor, case.command, found))
            if found.state is State.FAILS:
                say(f"{case.vendor} {case.command}: {found.note}")
    if not only:
        rows += _missing(cases)
    rows.sort(key=lambda row: (row["vendor"], row["command"]))
    counts = Counter(row["state"] for row in rows)
    states = {state.value: counts[state.value] for state in State}
    return {"bench": "compat", **facts(), "states": states, "rows": rows}


def _missing(cases: list[Case]) -> list[Row]:
    """A row for each documented command without a case."""
    return [
        _row(vendor, command, Found(State.FAILS, NO_CASE))
        for vendor in DOCUMENTED
        for command in without_case(vendor, [one.command for one in cases if one.vendor == vendor])
    ]


def _row(vendor: str, command: str, found: Found) -> Row:
    return {"vendor": vendor, "command": command, "state": found.state.value, "note": found.note}


def failures(report: dict[str, Any]) -> list[str]:
    """The commands that fail; those without a case in one line."""
    failed = [row for row in report["rows"] if row["state"] == State.FAILS.value]
    uncalled = [row["command"] for row in failed if row["note"] == NO_CASE]
    found = [f"{row['command']}: {row['note']}" for row in failed if row["note"] != NO_CASE]
    if uncalled:
        found.append(f"{len(uncalled)} commands have no case: {' '.join(uncalled)}")
    return found


def markdown(report: dict[str, Any], vendor: str = "") -> str:
    """The table, or that of one vendor, as Markdown."""
    lines = ["| vendor | command | state | note |", "|---|---|---|---|"]
    for row in report["rows"]:
        if not vendor or row["vendor"] == vendor:
            note = " ".join(row["note"].split()).replace("|", "\\|")
            lines.append(f"| {row['vendor']} | `{row['command']}` | {row['state']} | {note} |")
    return "\n".join(lines) + "\n"
