"""`rcim-bench model`: random users on random devices against a simple model of what each should see (RX-03 to RX-09).

A seed makes three users with devices that come, go, are cut off, and start again from a local store; they write in a
group and one to one, and read, recall, edit and delete. The model is a few lines: what was said, and what each user did
to it. Now and then everybody comes back, and then each device's app, its list of conversations, a first sync and the
whole history have to say what the model says: no message lost, doubled, shown to whom it is not for, or as it was before.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rcim_bench.rig import Rig, facts, rig

from rcim.base.errors import RcimError
from rcim.base.terms import MessageState
from rcim.client import (
    ChangedEvent,
    Client,
    ErasedEvent,
    HiddenEvent,
    LocalStore,
    Message,
    RereadEvent,
    User,
    Where,
    inbox,
)

STEPS, CHECKS = 60, 3
DEVICES_MAX = 3
AT_ONCE = 8
"""Seeds under way at a time."""
MATCH_S = 30.0
"""How long all may take to say what the model says."""
LOOK_S = 0.01
RECALLED = "(recalled)"
USERS = 3


class Said:
    """A message as the model has it."""

    def __init__(self, sender: str, text: str, to: tuple[str, ...], mentions: tuple[str, ...]) -> None:
        self.sender = sender
        self.text = text
        self.to = to
        self.mentions = mentions
        self.deleted = False


class Talk:
    """The model of a conversation: what was said in it, and what each user did to it."""

    def __init__(self, users: list[str], where: Callable[[str], Where]) -> None:
        self.users = users
        self.where = where
        self.base = 0
        """The SEQ before the first of the model's messages."""
        self.said: dict[int, Said] = {}
        self.read = dict.fromkeys(users, 0)
        self.hidden: dict[str, set[int]] = {user: set() for user in users}

    @property
    def newest(self) -> int:
        """The SEQ of the last message."""
        return max(self.said, default=self.base)

    def shown(self, user: str, after: int = 0) -> dict[int, str]:
        """What the user sees behind `after`: text by SEQ."""
        return {
            seq: one.text
            for seq, one in self.said.items()
            if seq > after
            and not one.deleted
            and seq not in self.hidden[user]
            and (not one.to or user == one.sender or user in one.to)
        }

    def unread(self, user: str) -> tuple[int, int]:
        """RX-08: what counts behind the read position, and how much of it mentions the user."""
        shown = self.shown(user, self.read[user])
        there = [self.said[seq] for seq, text in shown.items() if text != RECALLED]
        counted = [one for one in there if one.sender != user and not one.to]
        return len(counted), sum(user in one.mentions for one in counted)


class Device:
    """A user's device: a client, and what its app shows."""

    def __init__(self, world: World, user: str, store: Path | None) -> None:
        self.world = world
        self.user = user
        self._store = store
        self.network = asyncio.Event()
        self.network.set()
        self.start = {talk: talk.newest for talk in world.talks_of(user)}
        """Behind which SEQ messages come to it."""
        self.shown: dict[Talk, dict[int, str]] = {talk: {} for talk in self.start}
        self.given: dict[Talk, dict[int, str]] = {talk: {} for talk in self.start}
        """SEQ to sender of all that it was given."""
        self.wrong: list[str] = []
        self.client: Client

    @property
    def online(self) -> bool:
        """True unless it is cut off."""
        return self.network.is_set()

    async def begin(self) -> None:
        """Start its client, which knows what the store does."""
        store = LocalStore(self._store) if self._store is not None else None
        self.client = Gated(self.network, self.world.made, self.user, store)
        self._last: tuple[Talk, int] | None = None
        await self.client.connect()
        self._taking = asyncio.create_task(self._take())

    async def end(self) -> None:
        """Stop it, as an app that is closed."""
        self._taking.cancel()
        await asyncio.gather(self._taking, return_exceptions=True)
        await self.client.close()

    def cut(self) -> None:
        """It is cut off without a word."""
        self.network.clear()
        if self.client._link is not None:
            self.client._link.abort()

    async def _take(self) -> None:
        async for item in self.client.events():
            talk = self.world.talks.get(getattr(item, "conversation", ""))
            if talk is None or self.user not in talk.users:
                continue
            if isinstance(item, Message):
                self._give(talk, item)
            elif (
                isinstance(item, ChangedEvent) and item.message.seq in self.shown[talk]
            ):  # else the user has deleted it
                self._show(talk, item.message)
            elif isinstance(item, ErasedEvent):
                self._drop(
                    talk, [s for s, who in self.given[talk].items() if who == item.sender and s <= item.to_seq]
                )
            elif isinstance(item, HiddenEvent):
                self._drop(talk, [*item.seqs, *(s for s in self.given[talk] if s <= item.to_seq)])
            elif isinstance(item, RereadEvent):
                await self._reread(talk)

    def _give(self, talk: Talk, message: Message) -> None:
        given = self.given[talk]
        if message.seq in given and not self._again(talk, message.seq):
            self.wrong.append(f"{self.user} was given {message.conversation} {message.seq} twice")
        if given and message.seq < max(given) and message.seq not in given:
            self.wrong.append(f"{self.user} was given {message.conversation} {message.seq} behind {max(given)}")
        given[message.seq] = message.sender
        self._show(talk, message)

    def _again(self, talk: Talk, seq: int) -> bool:
        """The last one before a start may come again: the app had not asked for the next."""
        return self._store is not None and seq == max(self.given[talk])

    def _show(self, talk: Talk, message: Message) -> None:
        if message.state is MessageState.DELETED:
            self.shown[talk].pop(message.seq, None)
        else:
            self.shown[talk][message.seq] = RECALLED if message.state is MessageState.RECALLED else message.text

    def _drop(self, talk: Talk, seqs: list[int]) -> None:
        for seq in seqs:
            self.shown[talk].pop(seq, None)

    async def _reread(self, talk: Talk) -> None:
        self.shown[talk] = {}
        for message in await self.world.history(self.client, talk, self.user):
            if message.seq in self.given[talk] and message.state is not MessageState.NOT_FOR_YOU:
                self._show(talk, message)

    def differences(self) -> list[str]:
        """What its app and its list say otherwise than the model."""
        found = list(self.wrong)
        for talk, start in self.start.items():
            where = talk.where(self.user)
            expected = talk.shown(self.user, start)
            if self.shown[talk] != expected:
                found.append(f"{self.user} in {where} shows {self.shown[talk]}, not {expected}")
            row = self.client.conversation(where)
            if row is None:
                found += [f"{self.user} does not list {where}"] if talk.said else []
            elif (row.unread, row.mentions) != talk.unread(self.user):
                found.append(
                    f"{self.user} in {where}: unread {row.unread, row.mentions}, not {talk.unread(self.user)}"
                )
            elif row.newest_seq != talk.newest:
                found.append(f"{self.user} in {where}: newest {row.newest_seq}, not {talk.newest}")
        return found


class Gated(Client):
    """A client behind a network that can be gone."""

    def __init__(self, network: asyncio.Event, made: Rig, user: str, store: LocalStore | None) -> None:
        process = made.process
        super().__init__(process.host, process.port, user_id=user, user_sig=made.sign(user), tls=None, store=store)
        self._network = network

    async def _connect_once(self) -> None:
        await self._network.wait()
        await super()._connect_once()


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
        self._texts = 0
        self._stores = 0

    def talks_of(self, user: str) -> list[Talk]:
        """The conversations of a user."""
        return [talk for talk in self.talks.values() if user in talk.users]

    async def begin(self) -> None:
        """The users, a group of all, and the first two one to one."""
        first, second, _ = self.users
        network = asyncio.Event()
        network.set()
        async with Gated(network, self.made, first, None) as client:
            await client.create_group("model", group_id=self.name, type_="Public", members=self.users[1:])
            group = self.talks[f"g:{self.name}"] = Talk(self.users, lambda _: self.name)
            page = await client.history_page(self.name, 1, 0, 1)
            group.base = page.newest_seq
            pair = Talk([first, second], lambda user: User(second if user == first else first))
            self.talks[client._conversation(User(second))] = pair
        for user in self.users:
            async with Gated(network, self.made, user, None) as client:
                if group.base:
                    await client.mark_read(self.name, group.base)
            await self.add_device(user)

    async def add_device(self, user: str) -> None:
        """One more, half of them with a store."""
        self._stores += 1
        store = self._folder / f"{self.name}-{self._stores}.db" if self.lots.random() < 0.5 else None
        device = Device(self, user, store)
        await device.begin()
        self.devices.append(device)

    async def end(self) -> None:
        """Stop all devices."""
        for device in self.devices:
            device.network.set()
        await asyncio.gather(*(device.end() for device in self.devices), return_exceptions=True)

    # -- steps

    async def step(self) -> None:
        """Something happens."""
        names = (
            ["send"] * 10 + ["read"] * 3 + ["recall", "edit"] * 2 + ["delete", "hide", "cut", "cut", "back", "back"]
        )
        names += ["restart", "device", "clear", "erase"] if self.lots.random() < 0.4 else []
        device = self.lots.choice(self.devices)
        name = self.lots.choice(names)
        if name in ("cut", "back", "restart", "device"):
            await getattr(self, f"_{name}")(device)
        elif device.online:
            talk = self.lots.choice(self.talks_of(device.user))
            await getattr(self, f"_{name}")(device.client, device.user, talk)

    async def _cut(self, device: Device) -> None:
        device.cut()

    async def _back(self, device: Device) -> None:
        device.network.set()

    async def _restart(self, device: Device) -> None:
        if device._store is not None and device.online:
            await device.end()
            await device.begin()

    async def _device(self, device: Device) -> None:
        if sum(one.user == device.user for one in self.devices) < DEVICES_MAX:
            await self.add_device(device.user)

    async def _send(self, client: Client, user: str, talk: Talk) -> None:
        self._texts += 1
        others = [one for one in talk.users if one != user]
        group = len(talk.users) > 2
        to = (self.lots.choice(others),) if group and self.lots.random() < 0.15 else ()
        mentions = (self.lots.choice(others),) if group and not to and self.lots.random() < 0.2 else ()
        text = f"text {self._texts}"
        sent = await client.send(talk.where(user), text, to=to, mentions=mentions)
        talk.said[sent.seq] = Said(user, text, to, mentions)

    async def _read(self, client: Client, user: str, talk: Talk) -> None:
        seq = self.lots.randrange(talk.base, talk.newest + 1)
        talk.read[user] = max(talk.read[user], await client.mark_read(talk.where(user), seq) if seq else 0)

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
            self._texts += 1
            await client.edit_message(talk.where(user), seq, f"edited {self._texts}")
            talk.said[seq].text = f"edited {self._texts}"

    async def _delete(self, client: Client, user: str, talk: Talk) -> None:
        seq = self._one(user, talk, False)
        if seq and len(talk.users) > 2 and user == self.users[0]:  # the owner's
            await client.delete_message(talk.where(user), seq)
            talk.said[seq].deleted = True

    async def _hide(self, client: Client, user: str, talk: Talk) -> None:
        seq = self._one(user, talk, False)
        if seq:
            await client.hide_messages(talk.where(user), [seq])
            talk.hidden[user].add(seq)

    async def _clear(self, client: Client, user: str, talk: Talk) -> None:
        if talk.said:
            await client.clear_conversation(talk.where(user))
            talk.hidden[user].update(talk.said)

    async def _erase(self, client: Client, user: str, talk: Talk) -> None:
        if len(talk.users) > 2 and user == self.users[0]:
            sender = self.lots.choice(self.users)
            await client.erase_messages(talk.where(user), sender)
            for one in talk.said.values():
                one.deleted = one.deleted or one.sender == sender

    # -- looking

    async def history(self, client: Client, talk: Talk, user: str) -> list[Message]:
        """All of it, page by page."""
        found: list[Message] = []
        low = talk.base + 1
        while True:
            page = await client.history(talk.where(user), from_seq=low, limit=100)
            found += page
            if len(page) < 100:
                return found
            low = page[-1].seq + 1

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
            if user not in talk.users or not talk.said:
                continue
            row = rows.get(key)
            if row is None or (row.unread, row.mentions) != talk.unread(user):
                found.append(f"a first sync of {user} says {row} of {key}, not {talk.unread(user)}")
            history = {
                m.seq: RECALLED if m.state is MessageState.RECALLED else m.text
                for m in await self.history(client, talk, user)
                if m.state not in (MessageState.DELETED, MessageState.NOT_FOR_YOU)
            }
            if history != talk.shown(user):
                found.append(f"history of {user} in {key} is {history}, not {talk.shown(user)}")
        return found


async def one_seed(made: Rig, seed: int, folder: Path) -> list[str]:
    """What differs in the world of this seed; empty: nothing. Raises RcimError."""
    world = World(made, seed, folder)
    try:
        await world.begin()
        for at in range(STEPS):
            await world.step()
            if (at + 1) % (STEPS // CHECKS) == 0:
                found = await world.check()
                if found:
                    return [f"step {at + 1}: {one}" for one in found]
        return []
    finally:
        await world.end()


async def run(seeds: int, first: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Run `seeds` of them; returns the report. Raises ServerFailed or OSError."""
    wrong: dict[int, list[str]] = {}
    gate = asyncio.Semaphore(AT_ONCE)
    over = 0
    started = time.monotonic()
    pauses = inbox.REFRESH_S, inbox.PAUSE_S
    inbox.REFRESH_S, inbox.PAUSE_S = 0.01, 0.02  # what it waits for is not what is measured
    try:
        with tempfile.TemporaryDirectory() as folder:
            async with rig(plain=True, pin=False) as made:

                async def one(seed: int) -> None:
                    nonlocal over
                    async with gate:
                        try:
                            found = await one_seed(made, seed, Path(folder))
                        except (RcimError, OSError) as error:
                            found = [f"{type(error).__name__}: {error}"]
                    over += 1
                    if found:
                        wrong[seed] = found
                        say(f"seed {seed}: {found[0]}")
                    if over % 100 == 0:
                        say(f"{over} seeds, {len(wrong)} with differences")

                await asyncio.gather(*(one(seed) for seed in range(first, first + seeds)))
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
