"""The store, on LMDB and on its twin in memory: the same tests for both (ST-01)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rcim.actor import outcomes as o
from rcim.actor import queries as q
from rcim.actor import records as r
from rcim.actor import user_records
from rcim.base.ids import message_id, shard_of
from rcim.base.limits import DEFAULTS
from rcim.base.terms import ApplyJoinOption, Priority, Role
from rcim.store import keys
from rcim.store.answers import GroupsPage, LoginFacts
from rcim.store.backend import Backend, LmdbBackend, MemoryBackend, StoreError
from rcim.store.check import check
from rcim.store.filling import append_now
from rcim.store.shard_log import ShardAppend
from rcim.store.store import Store
from rcim.store.values import pack, unpack
from tests.kit import FilledStore

KEY = "g:lobby"


class Kit(FilledStore):
    """A store, and what is asked of it."""

    def ask(self, query: Any) -> Any:
        (answer,) = self.store.answer_all([query])
        return answer

    def faults(self) -> list[str]:
        return check(self.backend).faults


@pytest.fixture(params=["lmdb", "memory"])
def kit(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kit]:
    backend: Backend = LmdbBackend(tmp_path / "store") if request.param == "lmdb" else MemoryBackend()
    yield Kit(backend)
    backend.close()


def created(key: str = KEY, *users: str, first_seq: int = 1) -> r.GroupCreated:
    group = key[2:]
    profile = r.Profile(group, "Public", "Name", "", "", "", "alice", 5, ApplyJoinOption.FREE_ACCESS, 2000, first_seq)
    members = [r.Member("alice", Role.OWNER, 5, first_seq - 1, "")]
    return r.GroupCreated(key, profile, members + [r.Member(u, Role.MEMBER, 5, first_seq - 1, "") for u in users], 5)


def changed(time_ms: int, put: list[r.Member] | None = None, dropped: list[str] | None = None) -> r.GroupChanged:
    return r.GroupChanged(KEY, time_ms, True, None, put or [], dropped or [], [], None)


def kept(seq: int, key: str = KEY, time_ms: int | None = None, position: int | None = None) -> r.MessageKept:
    id_ = message_id(shard_of(key), position or seq + 1)
    message = r.Message(seq, time_ms or seq * 10, id_, Priority.NORMAL, "alice", "", "", "", f"c{seq}", b"body")
    return r.MessageKept(key, message)


def page(low: int, high: int, limit: int = 100, backwards: bool = False, **more: int) -> q.MessagesQuery:
    times = {"from_time_ms": 0, "to_time_ms": 0, **more}
    return q.MessagesQuery(
        key=KEY, from_seq=low, to_seq=high, limit=limit, backwards=backwards, newest_seq=50, first_seq=1, **times
    )


def seqs(found: o.Page) -> list[int]:
    return [m.seq for m in found.messages]


def test_an_empty_store(kit: Kit) -> None:
    assert kit.store.positions() == [1] * 64
    snapshot = kit.store.load_group(KEY, 0)
    assert snapshot.profile is None and snapshot.next_seq == 1 and snapshot.members == []
    assert kit.ask(q.LoginQuery("alice")) == LoginFacts(
        user_records.UserProfile(), [], [], 1, 0, kit.store.history_id
    )
    assert kit.ask(q.AllGroupsQuery("", 10)) == GroupsPage([], "")
    assert kit.faults() == [] and not kit.store.purge_step()


def test_records_become_state(kit: Kit) -> None:
    kit.append(created(KEY, "bob"), *(kept(seq) for seq in range(1, 51)))
    kit.append(changed(700, put=[r.Member("carol", Role.MEMBER, 9, 50, "C")]))
    kit.append(
        changed(800, dropped=["bob"]), user_records.UserSaved("@:bob", "bob", user_records.UserProfile("Bob", "u"))
    )
    snapshot = kit.store.load_group(KEY, 500)
    assert snapshot.next_seq == 51 and snapshot.last_msg_time_ms == 500
    assert snapshot.info_seq == 3 and snapshot.last_info_time_ms == 800
    assert {m.user_id: m.joined_seq for m in snapshot.members} == {"alice": 0, "carol": 50}
    assert len(snapshot.recent) == 50 and snapshot.recent[0].seq == 1
    assert kit.store.positions()[shard_of(KEY)] == 54
    assert kit.ask(q.LoginQuery("bob")) == LoginFacts(
        user_records.UserProfile("Bob", "u"), [], [], 4, 0, kit.store.history_id
    )
    assert kit.ask(q.LoginQuery("carol")).conversations == [KEY]
    assert kit.store.load_user("@:bob", "bob").profile == user_records.UserProfile("Bob", "u")
    assert kit.faults() == []


def test_only_the_window_is_remembered(kit: Kit) -> None:  # MS-02
    start = 10_000_000
    kit.append(created(), *(kept(s, time_ms=start + s * 100_000) for s in range(1, 21)))
    recent = kit.store.load_group(KEY, start + 2_000_000).recent
    assert [m.seq for m in recent] == [15, 16, 17, 18, 19, 20]


@pytest.mark.parametrize(
    "query, found, more",
    [
        (page(1, 50, 3), [1, 2, 3], True),
        (page(1, 50, 3, True), [50, 49, 48], True),
        (page(49, 50, 3), [49, 50], False),
        (page(1, 2, 3, True), [2, 1], False),
        (page(7, 7), [7], False),
        (page(8, 7), [], False),
        (page(51, 50), [], False),
        (page(1, 50, 50), list(range(1, 51)), False),
        (page(1, 50, from_time_ms=95), list(range(10, 51)), False),
        (page(1, 50, from_time_ms=100, to_time_ms=119), [10, 11], False),
        (page(1, 50, to_time_ms=30), [1, 2, 3], False),
        (page(1, 50, from_time_ms=501), [], False),
        (page(1, 50, to_time_ms=9), [], False),
        (page(5, 8, from_time_ms=60, backwards=True), [8, 7, 6], False),
    ],
)
def test_pages_of_history(kit: Kit, query: q.MessagesQuery, found: list[int], more: bool) -> None:  # RX-06
    kit.append(created(), *(kept(seq) for seq in range(1, 51)))
    answer = kit.ask(query)
    assert seqs(answer) == found and answer.more == more


def test_a_page_fits_a_frame(kit: Kit) -> None:
    big = b"x" * 8000
    messages = [
        r.Message(s, s, message_id(52, s + 1), Priority.LOW, "a", "", "", "", f"c{s}", big) for s in range(1, 31)
    ]
    kit.append(created(), *(r.MessageKept(KEY, m) for m in messages))
    answer = kit.ask(page(1, 50))
    assert seqs(answer) == list(range(1, len(answer.messages) + 1)) and answer.more
    assert 5 <= len(answer.messages) <= 8
    assert sum(len(m.body) for m in answer.messages) < DEFAULTS.frame_bytes_max


def test_pages_of_members_and_groups(kit: Kit) -> None:  # GR-05
    users = [f"u{i:02}" for i in range(25)]
    kit.append(created(KEY, *users))
    for i in range(12):
        kit.append(created(f"g:group{i:02}", "u01"))
    found: list[str] = []
    cursor = ""
    while True:
        answer = kit.ask(q.MembersQuery(KEY, cursor, 10, 0, "alice", [], []))
        assert isinstance(answer, o.Members)
        found += [row.member.user_id for row in answer.rows]
        cursor = answer.next
        if not cursor:
            break
    assert found == ["alice", *users]
    names: list[str] = []
    cursor = ""
    while True:
        groups = kit.ask(q.JoinedGroupsQuery("u01", cursor, 5))
        names += [g.profile.group_id for g in groups.groups]
        assert all(g.member is not None and g.member.user_id == "u01" for g in groups.groups)
        cursor = groups.next
        if not cursor:
            break
    assert names == [f"group{i:02}" for i in range(12)] + ["lobby"]
    everything = kit.ask(q.AllGroupsQuery("g:group05", 100))
    assert [g.profile.group_id for g in everything.groups] == [f"group{i:02}" for i in range(6, 12)] + ["lobby"]


def test_a_user_or_group_whose_id_begins_another(kit: Kit) -> None:
    kit.append(created("g:a", "u"), created("g:ab", "ux"), kept(1, "g:ab"))
    assert [m.user_id for m in kit.store.load_group("g:a", 0).members] == ["alice", "u"]
    assert kit.ask(q.LoginQuery("u")).conversations == ["g:a"]
    assert kit.faults() == []


def test_a_dissolved_group_leaves_its_counter(kit: Kit) -> None:  # MS-01
    kit.append(created(KEY, "bob"), *(kept(seq) for seq in range(1, 1201)))
    kit.append(r.GroupDissolved(KEY))
    snapshot = kit.store.load_group(KEY, 0)
    assert snapshot.profile is None and snapshot.next_seq == 1201 and snapshot.members == []
    assert kit.ask(q.LoginQuery("bob")).conversations == []
    kit.append(created(KEY, first_seq=1201))
    kit.append(kept(1201, position=1300, time_ms=99999))
    assert seqs(kit.ask(page(1, 1300, 3))) == [1, 2, 3], "not yet removed"
    steps = 0
    while kit.store.purge_step():
        steps += 1
    assert steps == 4, "500 at a time, and once to see that nothing is left"
    assert seqs(kit.ask(page(1, 1300, 3))) == [1201]
    assert [f for f in kit.faults() if "message id" not in f] == []


def test_a_batch_is_kept_whole_or_not_at_all(kit: Kit) -> None:
    kit.append(created())
    position = kit.store.positions()[shard_of(KEY)]
    append_at(kit, position, kept(1), kept(1), fails=True)
    assert kit.store.positions()[shard_of(KEY)] == position
    assert kit.store.load_group(KEY, 0).next_seq == 1
    append_at(kit, position + 1, kept(1), fails=True)
    append_at(kit, position, kept(2), fails=True)
    append_at(kit, position, kept(1))


def append_at(kit: Kit, position: int, *records: r.Record, fails: bool = False) -> None:
    """These records, as the ones that follow at `position`."""
    shard = shard_of(KEY)
    append = ShardAppend(shard, kit.store.claim([shard])[shard].epoch, position, records)
    with pytest.raises(StoreError) if fails else contextlib.nullcontext():
        append_now(kit.store, [append])


def test_the_map_grows(tmp_path: Path) -> None:
    backend = LmdbBackend(tmp_path / "store", map_bytes=1 << 20)
    kit = Kit(backend)
    kit.append(created())
    for first in range(1, 2000, 500):
        kit.append(*(kept(seq) for seq in range(first, first + 500)))
    for seq in range(2001, 2300):
        message = r.Message(
            seq, seq * 10, message_id(52, seq + 1), Priority.LOW, "a", "", "", "", f"c{seq}", b"x" * 8000
        )
        kit.append(r.MessageKept(KEY, message))
    assert kit.store.load_group(KEY, 0).next_seq == 2300 and kit.faults() == []
    backend.close()


def test_a_full_store_fails_clearly_and_goes_on(tmp_path: Path) -> None:  # ST-04
    backend = LmdbBackend(tmp_path / "store", map_bytes=1 << 20, map_bytes_max=1 << 20)
    kit = Kit(backend)
    kit.append(created())
    seq = 0
    with pytest.raises(StoreError):
        while True:
            body = b"x" * 8000
            message = r.Message(seq + 1, 1, message_id(52, seq + 2), Priority.LOW, "a", "", "", "", f"c{seq}", body)
            kit.append(r.MessageKept(KEY, message))
            seq += 1
    kit.append(r.GroupDissolved("g:none"))  # what makes room goes through
    assert seq > 10 and kit.store.load_group(KEY, 0).next_seq == seq + 1
    assert len(kit.ask(page(1, seq)).messages) > 5, "reading goes on"
    backend.close()
    backend = LmdbBackend(tmp_path / "store", map_bytes=1 << 20, map_bytes_max=1 << 22)
    kit = Kit(backend)
    kit.append(kept(seq + 1, time_ms=10**9))
    assert kit.store.load_group(KEY, 0).next_seq == seq + 2
    backend.close()


def test_it_is_there_after_opening_again(tmp_path: Path) -> None:
    backend = LmdbBackend(tmp_path / "store")
    Kit(backend).append(created(), kept(1))
    backend.close()
    backend = LmdbBackend(tmp_path / "store")
    kit = Kit(backend)
    assert kit.store.load_group(KEY, 0).next_seq == 2
    assert kit.store.positions()[shard_of(KEY)] == 3
    backend.close()


def test_another_schema_is_refused(kit: Kit) -> None:
    with kit.backend.write() as view:
        view.put("meta", b"schema", keys.U16.pack(99))
    with pytest.raises(StoreError, match="schema version 99"):
        Store(kit.backend, DEFAULTS)


def test_damage_is_found(kit: Kit) -> None:
    kit.append(created(KEY, "bob"), *(kept(seq) for seq in range(1, 6)))
    assert kit.faults() == []
    with kit.backend.write() as view:
        view.delete("messages", keys.message(KEY, 2))
        data = bytearray(view.get("messages", keys.message(KEY, 3)) or b"")
        data[-1] ^= 1
        view.put("messages", keys.message(KEY, 3), bytes(data))
        view.put("messages", keys.message(KEY, 4), pack(kept(4, time_ms=1).message))
        view.delete("memberships", keys.pair("bob", KEY))
        view.put("memberships", keys.pair("eve", KEY), b"")
        view.delete("members", keys.pair(KEY, "alice"))
    text = "\n".join(kit.faults())
    for said in (
        "SEQ 2 to 2 missing",
        "SEQ 3: a value is damaged",
        "bob does not have it",
        "eve has it",
        "1 members",
    ):
        assert said in text
    assert isinstance(kit.ask(page(1, 5)), StoreError)


@pytest.mark.parametrize("data", [b"", b"\x01", b"\x02" + bytes(9), b"\x01" + bytes(9), b"\x01\x00\x00\x00\x00"])
def test_a_damaged_value_is_no_crash(data: bytes) -> None:
    with pytest.raises(StoreError):
        unpack(data, user_records.UserProfile)


@pytest.mark.parametrize("reverse", [False, True])
def test_scans_are_half_open(kit: Kit, reverse: bool) -> None:
    with kit.backend.write() as view:
        for key in (b"a", b"b", b"c", b"d"):
            view.put("users", key, key * 2)
        view.put("users", b"e", b"")
        view.delete("users", b"e")
        view.delete("users", b"nobody")
    with kit.backend.read() as reading:
        found = [key for key, _ in reading.scan("users", b"b", b"d", reverse=reverse)]
        assert found == ([b"c", b"b"] if reverse else [b"b", b"c"])
        assert [k for k, _ in reading.scan("users", b"", b"\xff", reverse=reverse)][:1] == [b"d" if reverse else b"a"]
        assert list(reading.scan("users", b"x", b"z", reverse=reverse)) == []
        assert reading.get("users", b"a") == b"aa" and reading.get("users", b"e") is None


def test_a_store_of_the_first_version_is_brought_up(tmp_path: Path) -> None:  # ST-03
    backend = MemoryBackend()
    kit = Kit(backend)
    kit.append(created(KEY, "bob"))
    kit.append(created("g:other"))
    with backend.write() as view:  # as the first version left it
        for table in ("words", "app"):
            for row in [row for row, _ in view.scan(table, b"", keys.LAST)]:
                view.delete(table, row)
        view.put("meta", b"schema", keys.U16.pack(1))
        view.put("memberships", keys.pair("bob", KEY), b"")
    assert kit.faults() == [] and kit.store.load_app().counts == {}, "it is whole as it is"
    again = Kit(backend)
    assert again.faults() == [] and again.store.load_app().counts == {"Public": 2}
    facts = again.ask(q.LoginQuery("bob"))
    assert facts.conversations == [KEY] and facts.silent == []
    with backend.write() as view:
        view.put("meta", b"schema", keys.U16.pack(99))
    with pytest.raises(StoreError, match="schema version 99"):
        Store(backend, DEFAULTS)


def test_finding_groups_page_by_page(kit: Kit) -> None:  # GR-09
    for i in range(30):
        record = created(f"g:n{i:02}")
        name = "red chess club" if i % 2 else "chess friends"
        profile = r.Profile(f"n{i:02}", "Public", name, "", "", "", "alice", 5, ApplyJoinOption.FREE_ACCESS, 0, 1)
        kit.append(r.GroupCreated(record.key, profile, record.members, 5))

    def found(words: str, limit: int = 7, types: list[str] | None = None) -> list[str]:
        names: list[str] = []
        cursor = ""
        while True:
            page = kit.ask(q.FindGroupsQuery(words, cursor, limit, ["Public"] if types is None else types))
            names += [row.profile.group_id for row in page.groups]
            cursor = page.next
            if not cursor:
                return names

    assert sorted(found("chess")) == [f"n{i:02}" for i in range(30)] == sorted(set(found("che")))
    assert sorted(found("club red")) == [f"n{i:02}" for i in range(1, 30, 2)] == sorted(found("chess re"))
    assert found("n03") == ["n03"] and found("ess") == [] and found("chess", types=[]) == []
    for cursor in ("\x00", "zzz", "\U0010ffff", "chess\x00g:n29"):
        assert isinstance(kit.ask(q.FindGroupsQuery("chess", cursor, 5, ["Public"])), GroupsPage)
