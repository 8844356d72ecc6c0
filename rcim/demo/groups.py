"""`rcim demo groups`: the group types side by side, what each allows and refuses, tried on a real server.

1. TRIALS (demo_trials) is the list of rows. Each is tried in a group of every type, by real clients.
2. Beside what came of it stands what the type table says (rcim.rules). If they differ, the demo has failed.
3. The built-in types are tried together, row by row; then a type of the app's own is made and tried (GT-20).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from rcim.app.files.datadir import DataDir
from rcim.app.processes.process import ServerProcess
from rcim.app.settings.all_settings import NO_RATES, App
from rcim.client import Client, client_context
from rcim.demo.show import Sheet, shown
from rcim.demo.trials import TRIALS, Room
from rcim.demo.trying import ADMIN, APP_ADMIN, GUEST, MEMBER, OWNER, STRANGER, Person, Trial
from rcim.rules.built_in_types import BUILT_IN
from rcim.rules.conversation_kinds import GROUP
from rcim.rules.group_types import GroupType
from rcim.rules.policies import changed
from rcim.session.usersig import mint

OWN_TYPE, OWN_BASE, OWN_POLICIES = "OAGroup", "Public", {"kick": "member"}


def built_in() -> dict[str, GroupType]:
    """The built-in types of groups; other kinds of conversations have demonstrations of their own."""
    return {name: row for name, row in BUILT_IN.items() if row.kind == GROUP.name}


TYPES = (*built_in(), OWN_TYPE)
NOTES = f"""{OWN_TYPE} was made at run time: {OWN_BASE}, but any member may kick (GT-20).
An owner or admin that a type does not have is played by an ordinary member.
Not tried: what takes minutes to days (GT-11, GT-22, GT-24); numbers and switches (GT-01, GT-12, GT-18)."""


async def fill(sheet: Sheet[Room], rooms: Sequence[Room]) -> None:
    """Try everything in these rooms, row by row."""
    for at, trial in enumerate(TRIALS):

        async def one(room: Room, at: int = at, trial: Trial[Room] = trial) -> None:
            sheet.put(at, room.row.name, await trial.at(room))

        await asyncio.gather(*(one(room) for room in rooms))
        sheet.end_row(at, [room.row.name for room in rooms])


async def play(folder: Path, sheet: Sheet[Room]) -> None:
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
        await fill(sheet, [Room(row, people) for row in built_in().values()])
        await people[APP_ADMIN].client.set_group_type(OWN_TYPE, OWN_POLICIES, base=OWN_BASE)
        own = changed(BUILT_IN[OWN_BASE], OWN_TYPE, OWN_POLICIES)
        await fill(sheet, [Room(own, people, OWN_POLICIES)])
    finally:
        await asyncio.gather(*(person.client.close() for person in people.values()), return_exceptions=True)
        await process.stop()


def run(as_json: bool) -> bool:
    """Try everything and show it; True if all of it is as the type table says."""
    sheet = Sheet(TRIALS, TYPES, says="the type table says", notes=NOTES, as_json=as_json, wide=160)
    return shown(sheet, lambda folder: play(folder, sheet), "types")
