"""The algorithm of protocol-spec/seq.md as vectors: a client made from the page, and the SDK, do the same (RX-05)."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
import pytest

from rcim.base.terms import MessageState, MsgFlag, Priority
from rcim.client.model import Message, Where
from rcim.client.stream import Stream
from rcim.content.elements import Text, encode_body
from rcim.wire import frames
from tests.vectors import decoder
from tests.vectors.seq_client import SeqClient

CASES = json.loads((decoder.SPEC / "vectors" / "seq.json").read_text(encoding="utf-8"))["cases"]
KEY = "g:lobby"
every_case = pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])


def as_said(show: list[int], ask: tuple[int, int] | None) -> dict[str, Any]:
    return {"show": show, "ask": list(ask) if ask else None}


@every_case
def test_a_client_made_from_the_page(case: dict[str, Any]) -> None:
    client = SeqClient(case["next"])
    for step in case["steps"]:
        assert as_said(*client.take(step["in"])) == {"show": step["show"], "ask": step["ask"]}


class Asked:
    """The server's side of the SDK's stream: HISTORY waits until a step answers it."""

    user_id = "alice"

    def __init__(self) -> None:
        self.range: tuple[int, int] | None = None
        self.answer: asyncio.Future[frames.HistoryOk] | None = None

    async def sync_page(self, cursor: bytes = b"", *, messages: int = 0) -> frames.SyncOk:
        raise AssertionError("the stream does not sync by itself")

    async def history_page(
        self, where: Where, from_seq: int, to_seq: int, limit: int, backwards: bool = False, seqs: Sequence[int] = ()
    ) -> frames.HistoryOk:
        self.range = from_seq, to_seq
        self.answer = asyncio.get_running_loop().create_future()
        return await self.answer


def message(seq: int, not_for_you: bool = False) -> frames.Message:
    state = MessageState.NOT_FOR_YOU if not_for_you else MessageState.AS_SENT
    body = b"" if not_for_you else encode_body([Text("hello")])
    return frames.Message(seq, seq, seq, Priority.NORMAL, "bob", "", "", "", f"c-{seq}", body, state=state)


def page(what: dict[str, Any]) -> frames.HistoryOk:
    return frames.HistoryOk(1 << 40, what["first_seq"], what["more"], [message(seq) for seq in what["history"]])


async def turns() -> None:
    """Turns of the loop, until all tasks wait."""
    for _ in range(20):
        await asyncio.sleep(0)


class Sdk:
    """The SDK's stream with one conversation."""

    def __init__(self, tasks: asyncio.TaskGroup, next_seq: int) -> None:
        self.server = Asked()
        self.tasks = tasks
        self.stream = Stream(self.server, tasks.create_task)
        self.tracker = self.stream.begin(KEY, next_seq - 1)
        self.shown: list[int] = []
        self.states: dict[int, MessageState] = {}

    async def read(self) -> None:
        async for item in self.stream.events():
            assert isinstance(item, Message)
            self.shown.append(item.seq)
            self.states[item.seq] = item.state

    async def take(self, what: dict[str, Any]) -> tuple[list[int], tuple[int, int] | None]:
        self.shown, self.server.range = [], None
        self._in(what)
        await turns()
        return self.shown, self.server.range

    def _in(self, what: dict[str, Any]) -> None:
        stream, answer = self.stream, self.server.answer
        if "deliver" in what:
            items = [message(seq, seq in what["not_for_you"]) for seq in what["deliver"]]
            stream.delivered(KEY, self.tracker, items)
        elif "newest" in what:
            self.tracker.heard_of(what["newest"])
            stream.fill(KEY)
        elif "history" in what:
            assert answer is not None
            answer.set_result(page(what))
        elif "flagged" in what:
            flag = MsgFlag.DISCARD if what["discard"] else MsgFlag.ACCEPT_AND_NOTIFY
            stream.unheard.flagged(frames.ConversationFlagged(KEY, flag, what["flagged"]))
        elif "connected" in what:
            stream.reconnected()
            if answer is not None and not answer.done():
                answer.set_result(frames.HistoryOk(0, 1, False, []))  # it is not looked at
        else:
            stream.unheard.told(KEY, [frames.SeqRange(*stretch) for stretch in what["unheard"]])
            stream.holding = False
            self.tracker.heard_of(what["synced"])
            stream.fill(KEY)


@contextlib.asynccontextmanager
async def sdk(next_seq: int) -> AsyncIterator[Sdk]:
    async with asyncio.TaskGroup() as tasks:
        made = Sdk(tasks, next_seq)
        tasks.create_task(made.read())
        yield made
        made.stream.forget(KEY)
        made.stream.close()
        if made.server.answer is not None and not made.server.answer.done():
            made.server.answer.set_result(frames.HistoryOk(0, 1, False, []))


@every_case
async def test_the_sdk(case: dict[str, Any]) -> None:
    async with sdk(case["next"]) as client:
        for step in case["steps"]:
            assert as_said(*await client.take(step["in"])) == {"show": step["show"], "ask": step["ask"]}


async def test_what_the_user_has_deleted_for_itself_stays_deleted_whatever_is_told_of_it() -> None:  # MS-10
    """messages.md: of two versions, one that is DELETED and has no `changed_ms` always counts."""
    edited = msgspec.structs.replace(message(2), state=MessageState.EDITED, changed_ms=9)
    deleted = msgspec.structs.replace(message(2), state=MessageState.DELETED, body=b"")
    async with sdk(1) as client:
        client.stream.changed(KEY, edited)  # before the message itself
        client.stream.delivered(KEY, client.tracker, [message(1), deleted])
        await turns()
        assert client.states == {1: MessageState.AS_SENT, 2: MessageState.DELETED}
