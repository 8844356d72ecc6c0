"""What a sync stands on: which conversations have changed lately, and the bench that shows its cost (RX-03)."""

from __future__ import annotations

import pytest
from rcim_bench import sync as bench

from rcim.actor import queries as q
from rcim.actor import records as r
from rcim.base.ids import shard_of
from rcim.base.limits import DEFAULTS
from rcim.base.terms import ApplyJoinOption, Priority, Role
from rcim.store.answers import SyncPage
from rcim.store.backend import MemoryBackend
from rcim.store.news import News
from rcim.store.store import Entry, Store


def test_news_forgets_the_older_half_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rcim.store.news.GENERATION", 3)
    news = News(10)
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
    monkeypatch.setattr("rcim.store.news.GENERATION", 1)
    news = News(0)
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
    positions = dict(enumerate(store.claim()))

    def keep(*records: r.Record) -> None:
        shard = shard_of("g:g")
        store.append([Entry(shard, positions[shard] + i, record) for i, record in enumerate(records)])
        positions[shard] += len(records)

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
    keep(r.GroupChanged("g:g", 1, False, None, [], [], [r.Mark("b", erased_seq=6)], None))
    while store.purge_step():
        pass
    (news,) = store.answer_all([q.SyncQuery("a", page.upto, 0, store_id=page.store_id)])
    assert isinstance(news, SyncPage) and news.rows[0].reread
