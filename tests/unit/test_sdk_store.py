"""The SDK's local store, and its outbox against a server that loses, delays and refuses (MS-02)."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from rcim.base.errors import NOT_PERMITTED, OVERLOADED, TOO_MANY_ENTRIES, RcimError
from rcim.base.terms import MsgFlag, Priority
from rcim.client import LocalStore, LocalStoreError, outbox
from rcim.client.events import PostedEvent
from rcim.client.link import ConnectionGone
from rcim.client.outbox import Outbox
from rcim.content.elements import Text, encode_body
from rcim.wire import frames as f

BODY = encode_body([Text("x")])


def message(seq: int, sender: str = "bob") -> f.Message:
    return f.Message(seq, seq * 10, seq, Priority.NORMAL, sender, "", "", "", f"c{seq}", BODY)


def row(key: str, newest: int) -> f.ConversationEntry:
    return f.ConversationEntry(key, "Public", "n", "", newest, 1, 0, 0, 0, 5, MsgFlag.ACCEPT_AND_NOTIFY, 1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "local.db"


def opened(path: Path, user: str = "alice", **more: Any) -> LocalStore:
    store = LocalStore(path, **more)
    store.open(user)
    return store


def test_what_is_kept_is_there_again(path: Path) -> None:
    store = opened(path)
    assert store.cursor == b"" and store.conversations() == [] and store.posts() == []
    store.synced(b"c1", [row("g:a", 3), row("g:b", 1)], [], True)
    store.begin("g:a", 1)
    for seq in (1, 2, 3):
        store.put("g:a", message(seq))
    store.taken("g:a", 2)
    store.taken("g:a", 1)  # nothing goes back
    first, second = store.post(b"one"), store.post(b"two")
    store.tried(first, 77)
    store.close()
    assert path.stat().st_mode & 0o077 == 0, "nobody else reads it"
    store = opened(path)
    assert store.cursor == b"c1" and {r.conversation for r in store.conversations()} == {"g:a", "g:b"}
    assert store.progress() == {"g:a": 2}
    assert [m.seq for m in store.messages("g:a", 0, 2)] == [2, 3] and store.messages("g:a", 2, 9) == [message(1)]
    assert store.posts() == [(first, b"one", 77), (second, b"two", 0)]
    store.posted(first)
    store.synced(b"c2", [row("g:b", 2)], ["g:a"], False)
    assert store.cursor == b"c2" and [r.newest_seq for r in store.conversations()] == [2]
    assert store.messages("g:a", 0, 9) == [] and store.progress() == {}
    assert store.post(b"three") > second, "numbers do not come again"
    store.close()


def test_changes_of_messages(path: Path) -> None:
    store = opened(path)
    for seq in range(1, 9):
        store.put("g:a", message(seq, "bob" if seq % 2 else "carol"))
    store.change("g:a", f.Message(3, 30, 3, Priority.NORMAL, "bob", "", "", "", "c3", b""))
    store.change("g:a", message(99))
    store.erase("g:a", "carol", 4)
    store.hide("g:a", [7], 1)
    there = store.messages("g:a", 0, 100)
    assert [m.seq for m in there] == [3, 5, 6, 8] and there[0].body == b""
    store.forget_messages("g:a")
    assert store.messages("g:a", 0, 100) == []
    store.close()


def test_only_so_many_messages_are_kept(path: Path) -> None:
    store = opened(path, messages_max=50)
    for seq in range(1, 1025):
        store.put("g:a", message(seq))
    assert [m.seq for m in store.messages("g:a", 0, 2000)] == list(range(975, 1025))
    store.close()


def test_a_file_that_can_not_be_used_is_refused(path: Path, tmp_path: Path) -> None:
    opened(path).close()
    with pytest.raises(LocalStoreError, match="another user's"):
        opened(path, "bob")
    with sqlite3.connect(path) as db:
        db.execute("pragma user_version=99")
    db.close()
    with pytest.raises(LocalStoreError, match="newer"):
        opened(path)
    damaged = tmp_path / "damaged.db"
    damaged.write_bytes(b"this is no database" * 1000)
    with pytest.raises(LocalStoreError):
        opened(damaged)
    with pytest.raises(LocalStoreError):
        opened(tmp_path / "no" / "such" / "folder.db")
    with pytest.raises(LocalStoreError, match="not open"):
        LocalStore(path).cursor  # noqa: B018 - it raises


def test_a_full_disk_ends_keeping_and_nothing_else(path: Path) -> None:
    store = opened(path)
    store.synced(b"good", [row("g:a", 1)], [], True)
    assert store._db is not None
    (pages,) = store._db.execute("pragma page_count").fetchone()
    store._db.execute(f"pragma max_page_count={pages + 2}")
    for seq in range(1, 5000):
        store.put("g:a", message(seq))
    assert store.failed
    store.synced(b"bad", [row("g:a", 2)], [], False)
    with pytest.raises(LocalStoreError):
        store.post(b"x")
    store.close()
    store = opened(path)
    assert store.cursor == b"good" and [r.newest_seq for r in store.conversations()] == [1], "it is as it was"
    store.close()


class Server:
    """Takes SENDs as a server does: once for each client message id that it still remembers, and not always."""

    user_id = "alice"
    closed = False
    ended: RcimError | None = None
    known = 600_000

    def __init__(self, lots: random.Random) -> None:
        self._lots = lots
        self.sent: dict[str, list[str]] = {}
        self.forgets = False
        self.refuse: set[str] = set()

    async def request(self, frame: Any, reply: Any, *, repeat: bool = True) -> Any:
        await asyncio.sleep(0)
        if self.closed:
            raise ConnectionGone
        if isinstance(frame, f.Search):
            assert repeat and frame.sender == "alice"
            return self._search(frame)
        assert not repeat
        lot = self._lots.random()
        if lot < 0.25:
            raise ConnectionGone  # before it came
        if lot < 0.4:
            raise RcimError(OVERLOADED, "", 1)
        if frame.client_msg_id in self.refuse:
            raise RcimError(NOT_PERMITTED)
        there = self.sent.setdefault(frame.conversation, [])
        double = frame.client_msg_id in there and not self.forgets
        if not double:
            there.append(frame.client_msg_id)
        if self._lots.random() < 0.3:
            raise ConnectionGone  # the answer was lost
        await asyncio.sleep(0)
        return f.SendOk(there.index(frame.client_msg_id) + 1, 1, 1, double)

    async def known_ms(self) -> int:
        await asyncio.sleep(0)
        if self.closed:
            raise ConnectionGone
        return self.known

    def _search(self, frame: Any) -> Any:
        """Ten at a time."""
        there = self.sent.get(frame.conversation, [])
        at = int(frame.cursor or b"0")
        rows = [
            f.FoundEntry(frame.conversation, [f.Message(s, 5, s, Priority.NORMAL, "alice", "", "", "", n, BODY)])
            for s, n in enumerate(there, 1)
        ]
        return f.SearchOk(rows[at : at + 10], str(at + 10).encode() if at + 10 < len(rows) else b"")


class Running:
    """An outbox on a server."""

    def __init__(self, server: Server, keep: LocalStore | None = None) -> None:
        self.events: list[PostedEvent] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.outbox = Outbox(server, self._spawn, self.events.append, keep)
        self.outbox.load()

    def _spawn(self, job: Coroutine[Any, Any, None]) -> None:
        self.tasks.add(asyncio.ensure_future(job))

    async def over(self) -> None:
        await asyncio.gather(*self.tasks)


def posts(lots: random.Random, count: int) -> list[f.Send]:
    return [f.Send(f"g:{lots.choice('ab')}", f"m{n}", Priority.NORMAL, BODY) for n in range(count)]


@pytest.mark.parametrize("seed", range(20))
async def test_each_once_and_in_order(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "AGAIN_S", 0)
    lots = random.Random(seed)
    server = Server(lots)
    server.forgets = seed % 2 == 1  # every id at once: only looking in history helps
    server.known = -2 if server.forgets else server.known
    running = Running(server)
    said = posts(lots, 30)
    server.refuse = {one.client_msg_id for one in said if lots.random() < 0.1}
    made = [running.outbox.post(frame) for frame in said]
    await running.over()
    assert running.outbox.posts == []
    for key in ("g:a", "g:b"):
        wanted = [one.client_msg_id for one in said if one.conversation == key]
        assert server.sent.get(key, []) == [one for one in wanted if one not in server.refuse], f"seed {seed}"
        assert [e.client_msg_id for e in running.events if e.conversation == key] == wanted
    for post, event in ((p, e) for p in made for e in running.events if e.client_msg_id == p.client_msg_id):
        if post.client_msg_id in server.refuse:
            assert event.error is not None and event.error.code is NOT_PERMITTED and event.result is None
            with pytest.raises(RcimError):
                await post.sent()
        else:
            assert event.error is None and (await post.sent()) == event.result


@pytest.mark.parametrize("seed", range(10))
async def test_it_goes_on_after_the_next_start(path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Client and outbox end at any moment, again and again."""
    monkeypatch.setattr(outbox, "AGAIN_S", 0)
    lots = random.Random(seed)
    server = Server(lots)
    said = posts(lots, 40)
    left = list(said)
    for _ in range(8):
        store = opened(path)
        running = Running(server, store)
        for frame in left[:5]:
            running.outbox.post(frame)
        left = left[5:]
        for _ in range(lots.randrange(1, 40)):
            await asyncio.sleep(0)
        server.closed = True
        await running.over()
        server.closed = False
        store.close()
    store = opened(path)
    running = Running(server, store)
    await running.over()
    assert store.posts() == []
    store.close()
    for key in ("g:a", "g:b"):
        assert server.sent.get(key, []) == [one.client_msg_id for one in said if one.conversation == key], (
            f"seed {seed}"
        )


async def test_who_is_logged_out_keeps_what_is_to_be_sent(path: Path) -> None:
    store = opened(path)
    server = Server(random.Random(1))
    running = Running(server, store)
    waiting = [running.outbox.post(frame) for frame in posts(random.Random(1), 4)]
    server.ended = RcimError(NOT_PERMITTED)

    async def refuses(*_: Any, **__: Any) -> Any:
        raise RcimError(NOT_PERMITTED)

    server.known_ms = refuses  # type: ignore[method-assign]
    await running.over()
    assert running.events == [] and len(store.posts()) == 4
    for post in waiting:
        with pytest.raises(RcimError):
            await post.sent()
    store.close()


async def test_the_outbox_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "POSTS_MAX", 3)
    running = Running(Server(random.Random(1)))
    for frame in posts(random.Random(1), 3):
        running.outbox.post(frame)
    with pytest.raises(RcimError) as caught:
        running.outbox.post(posts(random.Random(1), 1)[0])
    assert caught.value.code is TOO_MANY_ENTRIES
    with pytest.raises(RcimError):
        running.outbox.post(f.Send("g:a", "", Priority.NORMAL, BODY))  # no client message id
    for task in running.tasks:
        task.cancel()
    await asyncio.gather(*running.tasks, return_exceptions=True)
