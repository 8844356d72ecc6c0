"""`rcim demo groups`: the group types side by side, what each allows and refuses, tried on a real server.

1. TRIALS (demo_trials) is the list of rows. Each is tried in a group of every type, by real clients.
2. Beside what came of it stands what the type table says (rcim.rules). If they differ, the demo has failed.
3. The built-in types are tried together, row by row; then a type of the app's own is made and tried (GT-20).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import uvloop

from rcim.app.datadir import DataDir
from rcim.app.process import ServerFailed, ServerProcess
from rcim.app.settings import NO_RATES, App
from rcim.base.errors import RcimError
from rcim.base.terminal import printable
from rcim.client import Client, client_context
from rcim.client.link import ConnectionGone
from rcim.demo.trials import TRIALS, Room
from rcim.demo.trying import ADMIN, APP_ADMIN, GUEST, MEMBER, NO_OWNER, OWNER, STRANGER, Person, Result, Trial
from rcim.rules.conversation_kinds import GROUP
from rcim.rules.group_types import BUILT_IN, GroupType
from rcim.rules.policies import changed
from rcim.session.usersig import mint

OWN_TYPE, OWN_BASE, OWN_POLICIES = "OAGroup", "Public", {"kick": "member"}


def built_in() -> dict[str, GroupType]:
    """The built-in types of groups; other kinds of conversations have demonstrations of their own."""
    return {name: row for name, row in BUILT_IN.items() if row.kind == GROUP.name}


TYPES = (*built_in(), OWN_TYPE)
WIDE = 160
"""Columns of a terminal in which the table needs one line for a row."""
NOTES = f"""{OWN_TYPE} was made at run time: {OWN_BASE}, but any member may kick (GT-20).
An owner or admin that a type does not have is played by an ordinary member.
Not tried: what takes minutes to days (GT-11, GT-22, GT-24); numbers and switches (GT-01, GT-12, GT-18)."""
Table = list[dict[str, Result]]
"""For each trial the results by type."""


def drawn(table: Table, rows: Iterable[int], narrow: bool) -> Any:
    """These rows for a terminal; codes go over several lines where it is narrow."""
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    made = RichTable("rule", "tried", *TYPES, box=box.SIMPLE, padding=(0, 1, 0, 0))
    for at in rows:
        cells = [table[at][name].shown() if name in table[at] else "" for name in TYPES]
        cells = [cell.replace("_", "_\n") for cell in cells] if narrow else cells
        styled = [Text(cell, {"✓": "green", "!": "bold red"}.get(cell[:1], "yellow")) for cell in cells]
        made.add_row(TRIALS[at].rule, TRIALS[at].text, *styled)
    for column in made.columns:
        column.overflow = "fold"
    return made


async def fill(table: Table, rooms: Sequence[Room], show: Callable[[int], None]) -> None:
    """Try everything in these rooms, row by row; `show` is called when something has come of a row."""
    for at, trial in enumerate(TRIALS):

        async def one(room: Room, at: int = at, trial: Trial[Room] = trial) -> None:
            table[at][room.row.name] = await trial.at(room)
            show(at)

        await asyncio.gather(*(one(room) for room in rooms))


async def play(folder: Path, table: Table, show: Callable[[int], None]) -> None:
    """The whole of it. Raises ServerFailed, RcimError or OSError."""
    flags = (
        *NO_RATES,  # it asks more than a user may in so short a time (LI-01)
        f"app.administrators={APP_ADMIN}",
        "app.guests=true",
        "limits.drain_grace_ms=300",
        "log.level=error",
    )
    process = ServerProcess(folder, flags)
    people: dict[str, Person] = {}
    await process.start()
    try:
        data = DataDir(folder)
        key, tls, now_s = data.key(), client_context(data.certificate), int(time.time())
        for who in (OWNER, ADMIN, MEMBER, STRANGER, APP_ADMIN, GUEST):
            user = "" if who == GUEST else who
            signature = (
                mint(sdkappid=App().sdkappid, key=key, user_id=user, now_s=now_s, expire_s=86400) if user else ""
            )
            client = Client(process.host, process.port, user_id=user, user_sig=signature, tls=tls)
            await client.connect()
            people[who] = Person(client)
        await fill(table, [Room(row, people) for row in built_in().values()], show)
        await people[APP_ADMIN].client.set_group_type(OWN_TYPE, OWN_POLICIES, base=OWN_BASE)
        own = changed(BUILT_IN[OWN_BASE], OWN_TYPE, OWN_POLICIES)
        await fill(table, [Room(own, people, OWN_POLICIES)], show)
    finally:
        await asyncio.gather(*(person.client.close() for person in people.values()), return_exceptions=True)
        await process.stop()


def run(as_json: bool) -> bool:
    """Try everything and show it; True if all of it is as the type table says."""
    from rich.console import Console
    from rich.live import Live

    table: Table = [{} for _ in TRIALS]
    getattr(sys.stdout, "reconfigure", dict)(errors="replace")  # without UTF-8 there are no check marks
    console = Console()
    narrow = console.width < WIDE
    live = Live(console=console) if console.is_terminal and not as_json else None

    def show(at: int) -> None:
        if live is not None:
            fit = (console.height - 6) // (3 if narrow else 1)
            live.update(drawn(table, range(max(0, at - fit), at + 1), narrow), refresh=True)
        elif not as_json and len(table[at]) >= len(built_in()):
            names = [OWN_TYPE] if OWN_TYPE in table[at] else built_in()
            cells = "; ".join(f"{name} {table[at][name].shown()}" for name in names)
            print(f"{TRIALS[at].rule} {TRIALS[at].text}: {cells}", flush=True)

    folder = Path(tempfile.mkdtemp(prefix="rcim-demo-"))
    try:
        with live or contextlib.nullcontext():
            uvloop.run(play(folder, table, show))
            if live is not None:
                live.update(drawn(table, range(len(TRIALS)), narrow))
    except (ServerFailed, RcimError, ConnectionGone, OSError) as error:
        print(f"rcim: the demo failed: {printable(str(error), lines=True)}", file=sys.stderr)
        return False
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    results = [result for row in table for result in row.values() if result.found != NO_OWNER]
    wrong = sum(not result.good for result in results)
    if as_json:
        rows = [{"rule": t.rule, "trial": t.text, "results": r} for t, r in zip(TRIALS, table, strict=True)]
        print(json.dumps({"types": TYPES, "rows": rows, "tried": len(results), "different": wrong}, default=asdict))
        return not wrong
    print(NOTES)
    said = f"FAILED: {wrong} not as the type table says" if wrong else "all of it as the type table says"
    print(f"{len(results)} things tried, {said}")
    return not wrong
