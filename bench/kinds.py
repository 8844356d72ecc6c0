"""What `rcim-bench model` does in conversations of other kinds than groups and one-to-one ones: an ultra group with a
public and a private channel, a system conversation and what users and the app write to each other there, a chat room,
temporary conversations, and broadcasts, some of them for users with a tag."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from rcim_bench.device import Device
from rcim_bench.truth import BROADCAST, CHANNEL, GROUP, PAIR, RECALLED, ROOM, SYSTEM, TEMPORARY, Said, Sort, Talk

from rcim.base.terms import BROADCAST_ALL, CHANNEL_MARK, GROUP_PREFIX, ApplyJoinOption, group_conversation
from rcim.client import BROADCASTS, BroadcastTarget, Client, User

TEMPORARY_MAX = 2
"""Temporary conversations at a time."""
EVERY_FEW = 0.4
"""So many of the broadcasts are for users with a tag."""


class Kinds:
    """See the module's text. `talks` and `devices` are the world's; `root` is an app administrator; `texts` counts what
    is said. The first of `users` owns what has an owner."""

    def __init__(
        self, lots: random.Random, name: str, users: Sequence[str], talks: dict[str, Talk], texts: Iterator[int]
    ) -> None:
        self._lots = lots
        self._users = list(users)
        self._talks = talks
        self._texts = texts
        self._tag = name
        self.devices: list[Device] = []
        self.root: Client
        self._city = f"@TGS#_{name}"
        self._team = f"{self._city}{CHANNEL_MARK}team"
        self._system = f"@SYS#{name}"
        self._room = f"{name}room"
        self._tagged: list[str] = []

    async def before_users(self) -> None:
        """A broadcast that all users of this world find as the newest of before them."""
        sent = await self.root.broadcast("before")
        talk = self._talks[BROADCAST_ALL] = Talk(self._users, lambda _: BROADCASTS, BROADCAST)
        talk.base = sent.seq - 1
        talk.say(sent.seq, Said("administrator", "before"))

    async def begin(self) -> None:
        """All kinds are there. Raises RcimError."""
        owner, *others = self._users
        root, free = self.root, ApplyJoinOption.FREE_ACCESS
        await root.create_group("city", group_id=self._city, type_="UltraGroup", owner=owner, apply_join_option=free)
        await root.invite(self._city, others)
        self._add(self._city, self._users)
        for name, users in (("news", self._users), ("team", [])):
            channel = await root.create_channel(self._city, name, private=not users)
            self._add(channel, users, CHANNEL)
        for user in self._lots.sample(self._users, 2):
            await self._put_inside(user)
        await root.create_system("news", group_id=self._system)
        self._add(self._system, [], SYSTEM)
        await root.create_group("room", group_id=self._room, type_="ChatRoom", owner=owner, members=others)
        self._add(self._room, self._users, ROOM)
        for user in self._users:
            key = root._conversation(User(self._system, of=user))
            self._talks[key] = Talk([user, self._system], lambda _: User(self._system), PAIR)
        self._tagged = self._lots.sample(self._users, self._lots.randrange(len(self._users) + 1))
        await root.change_tags(self._users, add=[self._tag])
        if self._tagged:
            await root.change_tags(self._tagged, add=[self._tag + "some"])

    def _add(self, group_id: str, users: Sequence[str], sort: Sort = GROUP) -> Talk:
        talk = self._talks[group_conversation(group_id)] = Talk(users, lambda _: group_id, sort)
        return talk

    def _text(self) -> str:
        return f"text {next(self._texts)}"

    def _of(self, group_id: str) -> Talk:
        return self._talks[GROUP_PREFIX + group_id]

    def _enter(self, talk: Talk, user: str) -> None:
        talk.enter(user)
        for device in self.devices:
            if device.user == user:
                device.enters(talk)

    # -- steps

    async def tell(self, device: Device) -> None:
        """The app says something to its subscribers (SY-01)."""
        text = self._text()
        sent = await self.root.system_send(self._system, text)
        self._of(self._system).say(sent.seq, Said(self._system, text))

    async def answer(self, device: Device) -> None:
        """The app writes to one user in the name of the system conversation (SY-01)."""
        text = self._text()
        (sent,) = await self.root.system_send_to(self._system, [device.user], text)
        talk = self._talks[self.root._conversation(User(self._system, of=device.user))]
        talk.say(sent.seq, Said(self._system, text))

    async def broadcast(self, device: Device) -> None:
        """The app says something to all users, or to those with a tag (SY-03, SY-04)."""
        text, among = self._text(), self._tagged if self._lots.random() < EVERY_FEW else None
        target = BroadcastTarget(tags_all=(self._tag, self._tag + "some") if among is not None else ())
        sent = await self.root.broadcast(text, sender="@app", target=target)
        self._talks[BROADCAST_ALL].say(sent.seq, Said("@app", text, among=among))

    async def take_back(self, device: Device) -> None:
        """The app recalls a broadcast, or a message to its subscribers."""
        talk = self._lots.choice([self._talks[BROADCAST_ALL], self._of(self._system)])
        there = [seq for seq, one in talk.said.items() if one.text != RECALLED and not one.deleted]
        there = [seq for seq in there if seq > talk.base + 1 or talk.sort is SYSTEM]
        if there:
            seq = self._lots.choice(there)
            if talk.sort is SYSTEM:
                await self.root.recall(self._system, seq)
            else:
                await self.root.recall_broadcast(seq)
            talk.said[seq].text = RECALLED

    async def visit(self, device: Device) -> None:
        """A user subscribes or joins the chat room, or does so no longer."""
        talk = self._of(self._lots.choice([self._system, self._room]))
        if not device.online or (talk.sort is ROOM and device.user == self._users[0]):
            return
        group_id = self._system if talk.sort is SYSTEM else self._room
        if device.user in talk.users:
            await device.client.leave(group_id)
            talk.leave(device.user)
        else:
            await device.client.join(group_id)
            self._enter(talk, device.user)

    async def _put_inside(self, user: str) -> None:
        talk = self._of(self._team)
        if user in talk.users:
            await self.root.change_channel_users(self._team, remove=[user])
            talk.leave(user)
        else:
            await self.root.change_channel_users(self._team, add=[user])
            self._enter(talk, user)

    async def inside(self, device: Device) -> None:
        """A user is put on the list of the private channel, or taken from it (UG-05)."""
        await self._put_inside(device.user)

    async def temporary(self, device: Device) -> None:
        """A temporary conversation begins, or one of them ends (SY-02)."""
        there = [talk for talk in self._talks.values() if talk.sort is TEMPORARY and talk.users]
        if len(there) < TEMPORARY_MAX:
            group_id = await self.root.create_temporary("short", self._users[1:], owner=self._users[0])
            talk = self._add(group_id, self._users, TEMPORARY)
            for one in self.devices:
                one.begins(talk)
        else:
            talk = self._lots.choice(there)
            await self.root.dissolve(str(talk.where("")))
            talk.users.clear()


STEPS = (
    ["tell"] * 3 + ["answer"] * 2 + ["broadcast"] * 3 + ["visit"] * 3 + ["inside"] * 2 + ["take_back", "temporary"]
)
"""Names of steps, the more often the likelier."""
