"""How many rows of the store the work for an ultra group reads: as many with 5,000 members as with 100 (UG-01)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rcim_bench.ultra import KEY, channel_of, fill, user_of

from rcim.actor.queries import (
    ChannelsQuery,
    HeadsQuery,
    LoginQuery,
    MembersQuery,
    Query,
    SearchQuery,
    SyncQuery,
    TypeFacts,
)
from rcim.actor.records import Message, MessageKept
from rcim.base.limits import DEFAULTS
from rcim.base.terms import Priority, Role
from rcim.store.answers import SyncPage
from rcim.store.backend import LmdbBackend, ReadView, StoreError
from rcim.store.filling import Filling
from rcim.store.store import Store

FEW, MANY, CHANNELS, MESSAGES = 100, 5000, 6, 20
TYPES = {"UltraGroup": TypeFacts(True, True, False, 7), "Channel": TypeFacts(True, True, False, 7)}
USER = user_of(50)


class CountingView:
    """A view that counts the rows that it gives."""

    def __init__(self, view: ReadView, note: Callable[[], None]) -> None:
        self._view = view
        self._note = note

    def get(self, table: str, key: bytes) -> bytes | None:
        self._note()
        return self._view.get(table, key)

    def scan(self, table: str, low: bytes, high: bytes, *, reverse: bool = False) -> Iterator[tuple[bytes, bytes]]:
        self._note()
        for row in self._view.scan(table, low, high, reverse=reverse):
            self._note()
            yield row


class CountingBackend(LmdbBackend):
    """Tables that count the rows that are read."""

    rows = 0

    def _one_more(self) -> None:
        self.rows += 1

    @contextmanager
    def read(self, *, around: bool = False) -> Iterator[ReadView]:
        with super().read(around=around) as view:
            yield CountingView(view, self._one_more)


def say(filling: Filling, key: str, seq: int) -> None:
    message = Message(
        seq=seq,
        message_id=filling.position(key),
        sender=user_of(0),
        client_msg_id=f"c{seq}",
        time_ms=1_700_000_000_000 + seq,
        priority=Priority.NORMAL,
        body=b"hello",
        nickname="",
        name_card="",
        face_url="",
    )
    filling.put(key, MessageKept(key, message))
    filling.commit()


def jobs(store: Store) -> dict[str, Callable[[], object]]:
    """The work, by what it is for."""

    def ask(query: Query) -> Callable[[], object]:
        return lambda: store.answer_all([query])

    (page,) = store.answer_all([SyncQuery(USER, 0, 0, types=TYPES)])
    assert isinstance(page, SyncPage) and len(page.rows) == CHANNELS + 1
    again = SyncQuery(USER, page.upto - 3, 0, store_id=page.store_id, types=TYPES)

    return {
        "the group's actor": lambda: store.load_group(KEY, 0),
        "a channel's actor": lambda: store.load_group(channel_of(1), 0),
        "a member of the group": lambda: store.load_members(KEY, [USER]),
        "a member of a channel": lambda: store.load_members(channel_of(1), [USER]),
        "the user's actor": lambda: store.load_user(f"@:{USER}", USER),
        "a login": ask(LoginQuery(USER, broadcasts=True)),
        "a first sync": ask(SyncQuery(USER, 0, 0, types=TYPES, messages=10)),
        "another sync": ask(again),
        "a search in all": ask(SearchQuery(USER, False, "", ["hello"], "", 0, 0, ("", 0), 20, TYPES)),
        "a page of members": ask(MembersQuery(KEY, "", 50, 0, USER, [], [], 0)),
        "a page of a channel's members": ask(MembersQuery(channel_of(1), "", 50, 0, USER, [], [], 0)),
        "admins": ask(MembersQuery(KEY, "", 50, int(Role.ADMIN), USER, [], [], 0)),
        "channels": ask(ChannelsQuery(KEY, USER)),
        "heads": ask(HeadsQuery([KEY], channels_since=1)),
    }


def rows_by_job(path: Path, members: int) -> dict[str, int]:
    """How many rows each reads, with so many members."""
    fill(path, members, CHANNELS)
    store = Store(LmdbBackend(path), DEFAULTS)
    filling = Filling(store)
    for seq in range(1, MESSAGES + 1):
        for number in range(CHANNELS):
            say(filling, channel_of(number), seq)
    store.close()
    backend = CountingBackend(path)
    try:
        store = Store(backend, DEFAULTS)
        found = {"the start": backend.rows}
        for name, job in jobs(store).items():
            before = backend.rows
            answer = job()
            assert not isinstance(answer, list) or not any(isinstance(one, StoreError) for one in answer)
            found[name] = backend.rows - before
        before = backend.rows
        store.load_member_page(KEY, "", MANY)
        found["all members"] = backend.rows - before
        return found
    finally:
        backend.close()


def test_no_work_reads_more_rows_where_there_are_more_members(tmp_path: Path) -> None:
    few, many = (rows_by_job(tmp_path / str(members), members) for members in (FEW, MANY))
    walk = few.pop("all members"), many.pop("all members")
    assert walk == (FEW + 1, MANY + 1), "they are counted"
    assert few == many
    assert all(few.values()), few
