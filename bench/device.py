"""The devices of `rcim-bench model`: a client on a network that can be gone, and an app that shows what it is given."""

from __future__ import annotations

import asyncio
from pathlib import Path

from rcim_bench.rig import Rig
from rcim_bench.truth import PAIR, RECALLED, Talk

from rcim.base.terms import MessageState, group_conversation
from rcim.client import ChangedEvent, Client, ErasedEvent, GroupEvent, HiddenEvent, LocalStore, Message, RereadEvent


class Gated(Client):
    """A client behind a network that can be gone."""

    def __init__(self, network: asyncio.Event, made: Rig, user: str, store: LocalStore | None) -> None:
        process = made.process
        super().__init__(process.host, process.port, user_id=user, user_sig=made.sign(user), tls=None, store=store)
        self._network = network

    async def _connect_once(self) -> None:
        await self._network.wait()
        await super()._connect_once()


async def history(client: Client, talk: Talk, user: str) -> list[Message]:
    """All that the user may read of it, page by page. Raises RcimError."""
    found: list[Message] = []
    low = talk.base + 1
    while True:
        page = await client.history(talk.where(user), from_seq=low, limit=100)
        found += page
        if len(page) < 100:
            return found
        low = page[-1].seq + 1


class Device:
    """A user's device: a client, and what its app shows."""

    def __init__(self, made: Rig, talks: dict[str, Talk], user: str, store: Path | None) -> None:
        self.user = user
        self._made = made
        self._talks = talks
        self._store = store
        self.network = asyncio.Event()
        self.network.set()
        self.start = {talk: talk.newest for talk in talks.values()}
        """Behind which SEQ messages come to it."""
        self.entered: set[Talk] = set()
        """Where the user was not all the time: something of what was before may come as well."""
        self.shown: dict[Talk, dict[int, str]] = {talk: {} for talk in self.start}
        self.given: dict[Talk, dict[int, str]] = {talk: {} for talk in self.start}
        """SEQ to sender of all that it was given."""
        self.wrong: list[str] = []
        """What it was given and should not have been."""
        self.client: Client

    @property
    def online(self) -> bool:
        """True unless it is cut off."""
        return self.network.is_set()

    @property
    def has_store(self) -> bool:
        """True if it knows after a start what it knew before."""
        return self._store is not None

    def begins(self, talk: Talk) -> None:
        """There is one more conversation: what comes of it is behind what was imported."""
        self.start[talk] = talk.base
        self.shown[talk], self.given[talk] = {}, {}

    def enters(self, talk: Talk) -> None:
        """The user is in a conversation from now on that was there before."""
        self.start[talk] = talk.newest
        self.entered.add(talk)

    async def begin(self) -> None:
        """Start its client, which knows what the store does."""
        store = LocalStore(self._store) if self._store is not None else None
        self.client = Gated(self.network, self._made, self.user, store)
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
            key = group_conversation(item.group_id) if isinstance(item, GroupEvent) else _conversation(item)
            talk = self._talks.get(key)
            if talk is None:
                continue
            if isinstance(item, GroupEvent):
                self.shown[talk], self.given[talk] = {}, {}
            elif self.user not in talk.users:
                continue
            elif isinstance(item, Message):
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
        early = message.seq <= self.start[talk] and talk not in self.entered
        if (self.user, message.seq) in talk.discarded or early:
            self.wrong.append(
                f"{self.user} was given {message.conversation} {message.seq}, which was not meant for it"
            )
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
        for message in await history(self.client, talk, self.user):
            if message.seq in self.given[talk] and message.state is not MessageState.NOT_FOR_YOU:
                self._show(talk, message)

    def differences(self) -> list[str]:
        """What its app and its list say otherwise than the model."""
        found = list(self.wrong)
        for talk, start in self.start.items():
            if self.user not in talk.users and talk.sort is PAIR:
                continue  # what it calls so is another one
            where = talk.where(self.user)
            row = self.client.conversation(where)
            if self.user not in talk.users:
                found += [f"{self.user} still lists {where}"] if row is not None else []
                continue
            if self.user in talk.discards:
                continue  # it hears nothing: neither how much there is, nor what becomes of a message
            expected = talk.given(self.user, start)
            shown = {seq: text for seq, text in self.shown[talk].items() if seq > start}
            if shown != expected:
                found.append(f"{self.user} in {where} shows {shown}, not {expected}")
            if row is None:
                found += [f"{self.user} does not list {where}"] if talk.said else []
            elif (row.unread, row.mentions) != talk.unread(self.user):
                found.append(
                    f"{self.user} in {where}: unread {row.unread, row.mentions}, not {talk.unread(self.user)}"
                )
            elif row.newest_seq != talk.newest:
                found.append(f"{self.user} in {where}: newest {row.newest_seq}, not {talk.newest}")
        return found


def _conversation(item: object) -> str:
    """The conversation that an event is about; empty: none."""
    found = getattr(item, "conversation", "")
    assert isinstance(found, str)
    return found
