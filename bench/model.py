"""`rcim-bench model`: random users on random devices against a simple model of what each should see (RX-03 to RX-09).

A seed makes three users with devices that come, go, are cut off, and start again from a local store; they write in
conversations of every kind (kinds.py), and read, recall, edit and delete; they come into some and leave them; they want
nothing delivered of one for a while, and groups are imported with their history. The model is a few lines: what was
said, and what each user did to it. Now and then everybody comes back, and then each device's app, its list of
conversations, a first sync and the whole history have to say what the model says: no message lost, doubled, shown to
whom it is not for, or as it was before. Not among it: members who leave a room because they are offline (CR-01), since
that is by the clock, and temporary conversations whose time is over (SY-02).
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Any

from rcim_bench.device import Device, Gated, history
from rcim_bench.kinds import STEPS as OF_KINDS
from rcim_bench.kinds import Kinds
from rcim_bench.rig import ADMIN, Rig, facts, rig
from rcim_bench.truth import PAIR, RECALLED, Said, Talk

from rcim.base.errors import RcimError
from rcim.base.terms import MessageState, MsgFlag, Priority, Role
from rcim.client import Client, User, inbox
from rcim.content.elements import Text, encode_body
from rcim.wire import frames

STEPS, CHECKS = 90, 3
DEVICES_MAX = 3
AT_ONCE = 8
"""Seeds under way at a time, each on a server of its own: broadcasts go to all users of one."""
MATCH_S = 30.0
"""How long all may take to say what the model says."""
LOOK_S = 0.01
USERS = 3
IMPORTS_MAX = 3
FLAGS = ("limits.broadcasts_per_day=0",)
IMPORTED_MS = 60_000
"""How long before now an imported history began."""


class World:
    """All of one seed."""

    def __init__(self, made: Rig, seed: int, folder: Path) -> None:
        self.made = made
        self.lots = random.Random(seed)
        self._folder = folder
        self.name = f"s{seed}"
        self.users = [f"{self.name}u{n}" for n in range(USERS)]
        self.talks: dict[str, Talk] = {}
        self.devices: list[Device] = []
        self._imports = 0
        self._texts = count(1)
        self._stores = 0
        self._kinds = Kinds(self.lots, self.name, self.users, self.talks, self._texts)

    def talks_of(self, user: str) -> list[Talk]:
        """The conversations of a user."""
        return [talk for talk in self.talks.values() if user in talk.users]

    def _always(self, user: str) -> Gated:
        """A client that is never cut off."""
        network = asyncio.Event()
        network.set()
        return Gated(network, self.made, user, None)

    async def begin(self) -> None:
        """The users, a group of all, the first two one to one, and the other kinds."""
        self._root = self._kinds.root = self._always(ADMIN)
        await self._root.connect()
        await self._kinds.before_users()
        for user in self.users:
            async with self._always(user):
                pass  # from now on there is this user (SY-03)
        first, second, _ = self.users
        async with self._always(first) as client:
            await client.create_group("model", group_id=self.name, type_="Public", members=self.users[1:])
            group = self.talks[f"g:{self.name}"] = Talk(self.users, lambda _: self.name)
            page = await client.history_page(self.name, 1, 0, 1)
            group.base = page.newest_seq
            pair = Talk([first, second], lambda user: User(second if user == first else first), PAIR)
            self.talks[client._conversation(User(second))] = pair
        await self._kinds.begin()
        self._kinds.devices = self.devices
        for user in self.users:
            async with self._always(user) as client:
                if group.base:
                    await client.mark_read(self.name, group.base)
            await self.add_device(user)

    async def add_device(self, user: str) -> None:
        """One more, half of them with a store."""
        self._stores += 1
        store = self._folder / f"{self.name}-{self._stores}.db" if self.lots.random() < 0.5 else None
        device = Device(self.made, self.talks, user, store)
        await device.begin()
        self.devices.append(device)

    async def end(self) -> None:
        """Stop all devices."""
        for device in self.devices:
            device.network.set()
        ends = [device.end() for device in self.devices]
        await asyncio.gather(*ends, self._root.close(), return_exceptions=True)

    # -- steps

    async def step(self) -> None:
        """Something happens."""
        names = (
            ["send"] * 10 + ["read"] * 3 + ["recall", "edit"] * 2 + ["delete", "hide", "cut", "cut", "back", "back"]
        )
        names += ["restart", "device", "clear", "erase"] if self.lots.random() < 0.4 else []
        names += ["discard"] * 2 + (["import"] if self._imports < IMPORTS_MAX else [])
        device = self.lots.choice(self.devices)
        name = self.lots.choice([*names, *OF_KINDS])
        if name in OF_KINDS:
            await getattr(self._kinds, name)(device)
        elif name in ("cut", "back", "restart", "device", "import"):
            await getattr(self, f"_{name}")(device)
        elif device.online:
            talk = self.lots.choice(self.talks_of(device.user))
            await getattr(self, f"_{name}")(device.client, device.user, talk)

    async def _cut(self, device: Device) -> None:
        device.cut()

    async def _back(self, device: Device) -> None:
        device.network.set()

    async def _restart(self, device: Device) -> None:
        if device.has_store and device.online:
            await device.end()
            await device.begin()

    async def _device(self, device: Device) -> None:
        if sum(one.user == device.user for one in self.devices) < DEVICES_MAX:
            await self.add_device(device.user)

    def _text(self) -> str:
        return f"text {next(self._texts)}"

    async def _send(self, client: Client, user: str, talk: Talk) -> None:
        if not talk.sort.users_send:
            return
        others = [one for one in talk.users if one != user]
        named = talk.sort.group and len(others) > 0
        to = (self.lots.choice(others),) if named and self.lots.random() < 0.15 else ()
        mentions = (self.lots.choice(others),) if named and not to and self.lots.random() < 0.2 else ()
        text = self._text()
        sent = await client.send(talk.where(user), text, to=to, mentions=mentions)
        talk.say(sent.seq, Said(user, text, to, mentions))

    async def _discard(self, client: Client, user: str, talk: Talk) -> None:
        """RX-01: from now on nothing of it, or everything again."""
        if talk.sort.discards:
            wanted = user in talk.discards
            await client.set_msg_flag(talk.where(user), MsgFlag.ACCEPT_AND_NOTIFY if wanted else MsgFlag.DISCARD)
            (talk.discards.discard if wanted else talk.discards.add)(user)

    async def _import(self, device: Device) -> None:
        """GR-08: a group with a history, some of it unread."""
        self._imports += 1
        name, root = f"{self.name}i{self._imports}", self._root
        talk = Talk(self.users, lambda _: name)
        talk.base = self.lots.choice((1, 5, 50))
        begin_ms = int(time.time() * 1000) - IMPORTED_MS
        await root.import_group("old", group_id=name, type_="Public", owner=self.users[0], create_time_ms=begin_ms)
        for user in self.users[1:]:
            talk.imported_unread[user] = self.lots.choice((0, 0, talk.base))
        members = [(user, talk.imported_unread[user]) for user in self.users[1:]]
        await root.import_members(
            name, [frames.ImportedMember(user, Role.MEMBER, begin_ms, unread) for user, unread in members]
        )
        body = encode_body([Text("old")])
        rows = [
            frames.ImportedMessage("somebody", begin_ms + n, Priority.NORMAL, f"i{n}", body) for n in range(talk.base)
        ]
        await root.import_messages(name, rows)
        self.talks[f"g:{name}"] = talk
        for one in self.devices:
            one.begins(talk)
        await root.finish_import(name)

    async def _read(self, client: Client, user: str, talk: Talk) -> None:
        seq = self.lots.randrange(talk.base, talk.newest + 1)
        read = await client.mark_read(talk.where(user), seq) if seq else 0
        talk.read[user] = max(talk.read.get(user, 0), read)

    def _one(self, user: str, talk: Talk, own: bool) -> int:
        """A message that the user sees and that is still there; 0 if there is none."""
        there = [s for s, t in talk.shown(user).items() if t != RECALLED and (not own or talk.said[s].sender == user)]
        return self.lots.choice(there) if there else 0

    async def _recall(self, client: Client, user: str, talk: Talk) -> None:
        seq = self._one(user, talk, True)
        if seq:
            await client.recall(talk.where(user), seq)
            talk.said[seq].text = RECALLED

    async def _edit(self, client: Client, user: str, talk: Talk) -> None:
        seq = self._one(user, talk, True)
        if seq:
            text = self._text()
            await client.edit_message(talk.where(user), seq, text)
            talk.said[seq].text = text

    async def _delete(self, client: Client, user: str, talk: Talk) -> None:
        seq = self._one(user, talk, False)
        if seq and talk.sort.group and user == self.users[0]:  # the owner's
            await client.delete_message(talk.where(user), seq)
            talk.said[seq].deleted = True

    async def _hide(self, client: Client, user: str, talk: Talk) -> None:
        seq = self._one(user, talk, False)
        if seq:
            await client.hide_messages(talk.where(user), [seq])
            talk.hidden.add((user, seq))

    async def _clear(self, client: Client, user: str, talk: Talk) -> None:
        if talk.said:
            await client.clear_conversation(talk.where(user))
            talk.cleared[user] = talk.newest
            talk.imported_unread[user] = 0

    async def _erase(self, client: Client, user: str, talk: Talk) -> None:
        if talk.sort.group and user == self.users[0]:
            sender = self.lots.choice(self.users)
            await client.erase_messages(talk.where(user), sender)
            for one in talk.said.values():
                one.deleted = one.deleted or one.sender == sender

    # -- looking

    async def check(self) -> list[str]:
        """Everybody comes back; what differs from the model then."""
        for device in self.devices:
            device.network.set()
        end = time.monotonic() + MATCH_S
        while any(device.differences() for device in self.devices) and time.monotonic() < end:
            await asyncio.sleep(LOOK_S)
        found = [one for device in self.devices for one in device.differences()]
        for user in self.users:
            client = next(device.client for device in self.devices if device.user == user)
            found += await self._kept(client, user)
        return found

    async def _kept(self, client: Client, user: str) -> list[str]:
        """What the server says to somebody who knows nothing yet."""
        found: list[str] = []
        page = await client.sync_page(b"")
        rows = {row.conversation: row for row in page.conversations}
        for key, talk in self.talks.items():
            row = rows.get(key)
            if user not in talk.users:
                found += (
                    [f"a first sync of {user} says {row} of {key}"] if row is not None and user in self.users else []
                )
                continue
            if not talk.said:
                continue
            if row is None or (row.unread, row.mentions) != talk.unread(user):
                found.append(f"a first sync of {user} says {row} of {key}, not {talk.unread(user)}")
            kept = {
                m.seq: RECALLED if m.state is MessageState.RECALLED else m.text
                for m in await history(client, talk, user)
                if m.state not in (MessageState.DELETED, MessageState.NOT_FOR_YOU)
            }
            if kept != talk.shown(user):
                found.append(f"history of {user} in {key} is {kept}, not {talk.shown(user)}")
        return found


async def one_seed(made: Rig, seed: int, folder: Path) -> list[str]:
    """What differs in the world of this seed; empty: nothing. Raises RcimError."""
    app_state = World(made, seed, folder)
    try:
        await app_state.begin()
        for at in range(STEPS):
            await app_state.step()
            if (at + 1) % (STEPS // CHECKS) == 0:
                found = await app_state.check()
                if found:
                    return [f"step {at + 1}: {one}" for one in found]
        return []
    finally:
        await app_state.end()


async def run(seeds: int, first: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Run `seeds` of them; returns the report. Raises ServerFailed or OSError."""
    wrong: dict[int, list[str]] = {}
    over = 0
    started = time.monotonic()
    pauses = inbox.REFRESH_S, inbox.PAUSE_S
    inbox.REFRESH_S, inbox.PAUSE_S = 0.01, 0.02  # what it waits for is not what is measured
    left = iter(range(first, first + seeds))

    async def work(made: Rig, folder: Path) -> None:
        """Take seeds until there is none left."""
        nonlocal over
        for seed in left:
            try:
                found = await one_seed(made, seed, folder)
            except (RcimError, OSError) as error:
                found = [f"{type(error).__name__}: {error}"]
            over += 1
            if found:
                wrong[seed] = found
                say(f"seed {seed}: {found[0]}")
            if over % 100 == 0:
                say(f"{over} seeds, {len(wrong)} with differences")

    try:
        async with AsyncExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            rigs = [
                await stack.enter_async_context(rig(FLAGS, plain=True, pin=False)) for _ in range(min(AT_ONCE, seeds))
            ]
            await asyncio.gather(*(work(made, folder) for made in rigs))
    finally:
        inbox.REFRESH_S, inbox.PAUSE_S = pauses
    return {
        "bench": "model",
        "seeds": seeds,
        "first_seed": first,
        "steps": STEPS,
        "checks": CHECKS,
        "seeds_with_differences": len(wrong),
        "seconds": round(time.monotonic() - started, 1),
        "rows": [{"seed": seed, "differences": found} for seed, found in sorted(wrong.items())[:20]],
        "machine": facts(),
    }


def failures(report: dict[str, Any]) -> list[str]:
    """What makes the run a failure."""
    return [f"seed {row['seed']}: {row['differences'][0]}" for row in report["rows"]]
