"""What a sync stands on: which conversations have changed lately, and the bench that shows its cost (RX-03)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from rcim_bench import sync as bench

from rcim.actor import queries as q
from rcim.actor import records as r
from rcim.base.limits import DEFAULTS
from rcim.base.terms import ApplyJoinOption, Priority, Role
from rcim.store.answers import GroupsPage, SyncPage
from rcim.store.backend import MemoryBackend
from rcim.store.change_index import ChangeIndex
from rcim.store.filling import Filling
from rcim.store.store import Store
from rcim.store.syncing import SyncScan


def test_news_forgets_the_older_half_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rcim.store.change_index.GENERATION", 3)
    news = ChangeIndex(10)
    last: dict[str, int] = {}
    for stamp in range(11, 60):
        key = f"g:{stamp % 7}"
        news.note([key], stamp)
        last[key] = stamp
        seen = news.now
        assert len(seen.old) <= 3 and len(seen.young) <= 4
        for name, changed in last.items():
            known = seen.stamp(name.encode())
            assert known == changed or (known == 0 and changed <= seen.since), (stamp, name)
    assert news.now.since > 10


def test_a_picture_of_the_news_stays_what_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rcim.store.change_index.GENERATION", 1)
    news = ChangeIndex(0)
    news.note(["g:a"], 1)
    seen = news.now
    for stamp in range(2, 6):
        news.note(["g:b"], stamp)
    assert seen.stamp(b"g:a") == 1 and seen.since == 0
    assert news.now.since > 0


def test_a_sync_that_tells_too_much_or_too_little_fails_the_bench() -> None:
    row = {"user": "many", "conversations": 5}
    report = {"changed": 5, "rows": [{**row, "what": "changed"}, {**row, "what": "everything"}]}
    assert bench.failures(report) == []
    report = {"changed": 4, "rows": [{**row, "what": "changed"}, {**row, "what": "nothing new"}]}
    assert len(bench.failures(report)) == 2


@pytest.mark.slow
async def test_the_bench_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "REPEATS", 10)
    report = await bench.run(300, 3, 3600, 400, 1, lambda _: None)
    assert bench.failures(report) == []
    many = {row["what"]: row for row in report["rows"] if row["user"] == "many"}
    assert many["everything"]["conversations"] == 300 and many["nothing new"]["bytes"] < 100
    assert many["changed before a restart"]["unread"] == 300, "at most 100 of each"
    assert many["changed, with 20 messages"]["messages"] >= 60


def test_removing_what_a_group_had_leaves_what_the_new_one_has() -> None:  # MS-10
    """A group is dissolved and made again with its id; all of a sender's messages are deleted, the old ones purged."""
    store = Store(MemoryBackend(), DEFAULTS)
    filling = Filling(store)

    def keep(*records: r.Record) -> None:
        for record in records:
            filling.put("g:g", record)
        filling.commit()

    def made(first: int) -> r.GroupCreated:
        profile = r.Profile("g", "Public", "g", "", "", "", "a", 1, ApplyJoinOption.FREE_ACCESS, 0, first)
        return r.GroupCreated("g:g", profile, [r.Member("a", Role.OWNER, 1, 0, "")], 1)

    def said(seq: int) -> r.MessageKept:
        return r.MessageKept("g:g", r.Message(seq, 1, seq, Priority.NORMAL, "b", "", "", "", f"m{seq}", b""))

    keep(made(1), *(said(seq) for seq in range(1, 6)))
    keep(r.GroupDissolved("g:g"))
    keep(made(6), said(6))
    (page,) = store.answer_all([q.SyncQuery("a", 0, 0)])
    assert isinstance(page, SyncPage)
    keep(r.GroupChanged("g:g", 1, False, None, [], [], [r.UserRestriction("b", erased_seq=6)], None))
    while store.purge_step():
        pass
    (news,) = store.answer_all([q.SyncQuery("a", page.upto, 0, store_id=page.store_id)])
    assert isinstance(news, SyncPage) and news.rows[0].reread


def filled(groups: int, messages: int, directed: bool) -> Store:
    """A store in which `me` is in so many groups, each with so many messages that are for somebody else."""
    store = Store(MemoryBackend(), DEFAULTS)
    filling = Filling(store)

    def keep(key: str, record: r.Record) -> None:
        filling.put(key, record)
        filling.commit()

    extra = r.MessageOptions(to=("you",)) if directed else None
    for number in range(groups):
        key = f"g:{number:03d}"
        profile = r.Profile(key[2:], "Public", "g", "", "", "", "you", 1, ApplyJoinOption.FREE_ACCESS, 0, 1)
        members = [r.Member(user, Role.MEMBER, 1, 0, "") for user in ("me", "you")]
        keep(key, r.GroupCreated(key, profile, members, 1))
        for seq in range(1, messages + 1):
            bare = r.Message(seq, seq, seq, Priority.NORMAL, "them", "", "", "", f"m{seq}", b"", extra=extra)
            keep(key, r.MessageKept(key, bare))
    return store


TYPES = {"Public": q.TypeFacts(True, True, True, 0)}


def pages_of(store: Store, **how: int) -> list[SyncPage]:
    """All pages of a whole sync."""
    found: list[SyncPage] = []
    query = q.SyncQuery("me", 0, 0, types=TYPES, **how)  # type: ignore[arg-type]
    while not found or found[-1].more:
        (page,) = store.answer_all([query])
        assert isinstance(page, SyncPage)
        found.append(page)
        query = q.SyncQuery(
            "me",
            0,
            page.upto,
            page.after,
            page.counted,
            store_id=page.store_id,
            types=TYPES,
            **how,  # type: ignore[arg-type]
        )
    return found


def test_a_page_of_a_sync_ends_when_enough_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    store = filled(20, 40, directed=True)
    (whole,) = pages_of(store)
    looked: list[int] = []
    from rcim.store import member_view

    facts_of = member_view.facts_of
    monkeypatch.setattr(member_view, "facts_of", lambda data: looked.append(1) or facts_of(data))
    monkeypatch.setattr("rcim.store.syncing.EFFORT", 100)
    pages = []
    for page in pages_of(store):
        pages.append(page)
    assert [row.key for page in pages for row in page.rows] == [row.key for row in whole.rows]
    assert len(pages) > 5 and {row.unread for page in pages for row in page.rows} == {0}
    assert len(looked) / len(pages) <= 100 + 60, "one conversation more than the effort, at the most"


def test_conversations_of_which_there_is_nothing_to_show_end_a_page_too(monkeypatch: pytest.MonkeyPatch) -> None:
    store = filled(20, 1, directed=False)
    filling = Filling(store)
    for number in range(20):
        if number not in (3, 17):
            key = f"g:{number:03d}"
            profile = r.Profile(key[2:], "Public", "g", "", "", "", "you", 1, ApplyJoinOption.FREE_ACCESS, 0, 1)
            hidden = r.GroupChanged(key, 1, True, replace(profile, importing=True), [], [], [], None)
            filling.put(key, hidden)
            filling.commit()
    monkeypatch.setattr("rcim.store.syncing.EFFORT", 4)
    pages = pages_of(store)
    assert [row.key for page in pages for row in page.rows] == ["g:017", "g:003"]
    assert len(pages) > 4 and any(page.more and not page.rows for page in pages)


def test_the_groups_of_a_user_come_in_pages_of_bounded_effort(monkeypatch: pytest.MonkeyPatch) -> None:
    store = filled(20, 40, directed=True)
    monkeypatch.setattr("rcim.store.group_lists.EFFORT", 100)
    names: list[str] = []
    cursor, asked = "", 0
    while not asked or cursor:
        (page,) = store.answer_all([q.JoinedGroupsQuery("me", cursor, 100, TYPES)])
        assert isinstance(page, GroupsPage) and page.groups
        names += [row.profile.group_id for row in page.groups]
        cursor, asked = page.next, asked + 1
    assert names == [f"{n:03d}" for n in range(20)] and asked > 5


def test_memberships_are_looked_at_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    store = filled(20, 2, directed=False)
    (whole,) = pages_of(store)
    monkeypatch.setattr("rcim.store.syncing.SCAN_ROWS", 3)
    monkeypatch.setattr("rcim.store.syncing.SCAN_HEADS", 2)
    query = q.SyncQuery("me", 0, 0, types=TYPES)
    steps = 0
    ((answer, _),) = store.answer_some([query], 1.0)
    while isinstance(answer, SyncScan):
        steps += 1
        ((answer, _),) = store.answer_some([answer], 1.0)
    assert isinstance(answer, SyncPage) and answer.rows == whole.rows and steps >= 9
    assert all(row.unread == 2 for row in answer.rows)


def test_nothing_is_decoded_to_count_what_is_unread(monkeypatch: pytest.MonkeyPatch) -> None:  # RX-08
    store = filled(3, 50, directed=True)

    def no(data: bytes, type_: type) -> None:
        raise AssertionError("a message was decoded")

    monkeypatch.setattr("rcim.store.messages.unpack", no)
    (page,) = pages_of(store)
    assert [row.unread for row in page.rows] == [0, 0, 0]


def test_with_many_left_behind_everything_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    store = filled(12, 1, directed=False)
    (whole,) = pages_of(store)
    filling = Filling(store)
    for number in range(10):
        key = f"g:{number:03d}"
        gone = r.GroupChanged(key, 1, False, None, [], ["me"], [], None)
        filling.put(key, gone)
        filling.commit()
    query = q.SyncQuery("me", whole.upto, 0, store_id=whole.store_id, types=TYPES)
    (page,) = store.answer_all([query])
    assert isinstance(page, SyncPage) and len(page.gone) == 10 and not page.reset
    monkeypatch.setattr("rcim.store.syncing.LEFT_LOOKED_AT", 5)
    (page,) = store.answer_all([query])
    assert isinstance(page, SyncPage) and page.reset and [row.key for row in page.rows] == ["g:011", "g:010"]
