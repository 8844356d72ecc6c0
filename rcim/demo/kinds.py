"""`rcim demo kinds`: the kinds of conversations side by side, what a user finds in each, tried on a real server.

1. The trials (kind_trials.py, special_trials.py) are the rows, the places (places.py) the columns. Each row is tried in
   all places at once, by real clients.
2. Beside what came of it stands what the tables and rules say (rcim.rules). If they differ, the demo has failed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from rcim.app.files.datadir import DataDir
from rcim.app.processes.process import ServerProcess
from rcim.app.settings.all_settings import NO_RATES, App
from rcim.client import Client, client_context
from rcim.demo import kind_trials, special_trials
from rcim.demo.places import BroadcastPlace, ChannelPlace, Created, PairPlace, Place, SystemPlace, TemporaryPlace
from rcim.demo.show import Sheet, shown
from rcim.demo.trying import APP_ADMIN, MEMBER, OWNER, STRANGER, Person, Trial
from rcim.rules.built_in_types import BROADCAST, BUILT_IN, PAIR
from rcim.rules.group_types import GroupType
from rcim.rules.policies import changed
from rcim.session.usersig import mint

LIVE, LIVE_BASE, LIVE_POLICIES = "LiveRoom", "AVChatRoom", {"one_room": "true"}
TRIALS: tuple[Trial[Place], ...] = (*kind_trials.TRIALS, *special_trials.TRIALS, *kind_trials.LAST)
COLUMNS: Mapping[str, tuple[type[Place], str]] = {
    "group": (Created, "Public"),
    "one-to-one": (PairPlace, PAIR.name),
    "chat room": (Created, "AVChatRoom"),
    "live room": (Created, LIVE),
    "ultra group": (Created, "UltraGroup"),
    "channel": (ChannelPlace, "Channel"),
    "system": (SystemPlace, "System"),
    "temporary": (TemporaryPlace, "Temporary"),
    "broadcasts": (BroadcastPlace, BROADCAST.name),
}
"""How each is played, and by which row of the type table it goes."""
NOTES = f"""The group is a Public one, the chat room an AVChatRoom. The live room is a {LIVE}, a type that was made at
run time: {LIVE_BASE}, one room at a time (CR-02). A channel's members are those of its ultra group. The stranger is a
third user to the one-to-one conversation. Where nothing stands, the kind has no such thing.
Not tried: what takes minutes (CR-01 after seconds, CR-04 of an empty room)."""


def rows() -> dict[str, GroupType]:
    """The rows of the type table that the demo compares with, by name."""
    own = changed(BUILT_IN[LIVE_BASE], LIVE, LIVE_POLICIES)
    return {**BUILT_IN, own.name: own, PAIR.name: PAIR, BROADCAST.name: BROADCAST}


async def fill(sheet: Sheet[Place], places: list[Place]) -> None:
    """Try everything, row by row."""
    for at, trial in enumerate(TRIALS):

        async def one(place: Place, at: int = at, trial: Trial[Place] = trial) -> None:
            if trial.says(place):
                sheet.put(at, place.title, await trial.at(place))

        await asyncio.gather(*(one(place) for place in places))
        sheet.end_row(at, [place.title for place in places])


async def play(folder: Path, sheet: Sheet[Place]) -> None:
    """The whole of it. Raises ServerFailed, RcimError or OSError."""
    flags = (
        *NO_RATES,  # it asks more than a user may in so short a time (LI-01)
        f"app.administrators={APP_ADMIN}",
        "limits.ending_sweep_ms=10",
        "limits.drain_grace_ms=300",
        "log.level=error",
    )
    process = ServerProcess(folder, flags)
    people: dict[str, Person] = {}
    await process.start()
    try:
        make = _maker(process, DataDir(folder))
        for who in (OWNER, MEMBER, STRANGER, APP_ADMIN):
            client = make(who)
            await client.connect()
            people[who] = Person(client)
        await people[APP_ADMIN].client.set_group_type(LIVE, LIVE_POLICIES, base=LIVE_BASE)
        table = rows()
        await fill(sheet, [kind(title, table[name], people, make) for title, (kind, name) in COLUMNS.items()])
    finally:
        await asyncio.gather(*(person.client.close() for person in people.values()), return_exceptions=True)
        await process.stop()


def _maker(process: ServerProcess, data: DataDir) -> Callable[[str], Client]:
    """What makes a client of a user."""
    key, tls = data.key(), client_context(data.certificate)

    def make(user: str) -> Client:
        signature = mint(sdkappid=App().sdkappid, key=key, user_id=user, now_s=int(time.time()), expire_s=86400)
        return Client(process.host, process.port, user_id=user, user_sig=signature, tls=tls)

    return make


def run(as_json: bool) -> bool:
    """Try everything and show it; True if all of it is as the tables and rules say."""
    says = "the tables and rules say"
    sheet = Sheet(TRIALS, tuple(COLUMNS), says=says, notes=NOTES, as_json=as_json, wide=230, least=140)
    return shown(sheet, lambda folder: play(folder, sheet), "kinds")
