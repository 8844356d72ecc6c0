"""Queries over conversations on a store in memory: what they look at, and what they pass over (GR-13)."""

from __future__ import annotations

from typing import Any

import pytest

from rcim.actor.outcomes import Refused
from rcim.actor.queries import ConversationsQuery
from rcim.actor.records import GroupCreated, Member, Profile
from rcim.base.terms import ApplyJoinOption, Role
from rcim.store import conversation_queries as cq
from rcim.store.answers import ConversationsPage
from rcim.store.backend import MemoryBackend
from rcim.store.conversation_queries import QueryScan
from tests.kit import FilledStore


class Filled(FilledStore):
    """Conversations with these ids, each with its members."""

    def __init__(self) -> None:
        super().__init__(MemoryBackend())

    def make(self, group_id: str, *users: str, **more: Any) -> None:
        profile = Profile(
            group_id=group_id,
            type="T",
            name=group_id[:10],
            introduction="",
            notification="",
            face_url="",
            owner="",
            create_time_ms=1,
            apply_join_option=ApplyJoinOption.DISABLE_APPLY,
            max_member_num=0,
            first_seq=1,
            **more,
        )
        members = [Member(user, Role.MEMBER, 1, 0, "") for user in users]
        self.append(GroupCreated(f"g:{group_id}", profile, members, 1))

    def ask(self, where: str, by: str = "", limit: int = 100, **more: Any) -> ConversationsPage:
        query = ConversationsQuery(
            by=by, where=where, sort="", skip=0, limit=limit, now_ms=10, listing_types=["T"], **more
        )
        (found,) = self.store.answer_all([query])
        assert isinstance(found, ConversationsPage), found
        return found

    def ids(self, where: str, by: str = "", **more: Any) -> list[str]:
        return sorted(row.profile.group_id for row in self.ask(where, by, **more).rows)


def test_who_finds_what() -> None:  # GT-01, SY-02
    store = Filled()
    store.make("mine", "bob")
    store.make("theirs", "carol")
    store.make("@SYS#news", "carol")
    store.make("hidden", "bob", active=False)
    store.make("coming", "bob", importing=True)
    store.make("_tmp:over", "bob", ends_ms=10)
    store.make("_tmp:lives", "bob", ends_ms=11)
    assert store.ids("", "bob") == ["@SYS#news", "_tmp:lives", "mine"]
    assert store.ids("", "bob", open_types=["T"]) == ["@SYS#news", "_tmp:lives", "mine", "theirs"]
    assert store.ids("") == ["@SYS#news", "_tmp:lives", "coming", "hidden", "mine", "theirs"]
    assert store.ids('{"sys":true}', "bob") == ["@SYS#news"]
    assert store.ids('{"m":"carol"}', "bob", open_types=["T"]) == []
    assert store.ids('{"m":{"$size":1},"sys":true}', "bob") == [], "how many they are is not told either"


@pytest.mark.parametrize(
    ("where", "by", "ids", "users"),
    [
        ("", "bob", None, None),
        ("", "", None, None),
        ('{"objectId":"a"}', "bob", ["g:a"], None),
        ('{"objectId":{"$in":["b","a"]},"m":"x"}', "", ["g:a", "g:b"], None),
        ('{"m":"carol"}', "bob", None, ["bob"]),
        ('{"mu":"bob"}', "bob", None, ["bob"]),
        ('{"m":"carol"}', "", None, ["carol"]),
        ('{"m":{"$all":["a","b"],"$size":2}}', "", None, ["a"]),
        ('{"m":["a","b"]}', "", None, ["a"]),
        ('{"m":{"$in":["a","b"]}}', "", None, ["a", "b"]),
        ('{"m":{"$in":["a","b"]}}', "bob", None, ["bob"]),
        ('{"$and":[{"m":{"$in":["a","b"]}},{"m":"c"}]}', "", None, ["c"]),
        ('{"$or":[{"m":"a"},{"name":"x"}]}', "bob", None, None),
        ('{"m":{"$ne":"a"}}', "bob", None, None),
        ('{"m":{"$in":' + str([f"u{n}" for n in range(11)]).replace("'", '"') + "}}", "", None, None),
        ('{"m":{"$in":[]}}', "", None, None),
    ],
)
def test_the_plan(where: str, by: str, ids: list[str] | None, users: list[str] | None) -> None:
    scan = QueryScan(ConversationsQuery(by=by, where=where, sort="", skip=0, limit=10))
    assert (scan.ids, scan.users) == (ids, users)
    assert bool(scan.order) is (ids is not None or users is not None)


def test_an_array_of_none_is_an_equality_with_nobody() -> None:
    store = Filled()
    store.make("a", "bob")
    assert store.ids('{"m":[]}') == []
    assert store.ids('{"m":{"$in":[]}}') == []


def test_what_is_damaged_is_passed_over() -> None:  # ST-03
    store = Filled()
    for name in ("a", "b", "c"):
        store.make(name, "bob")
    with store.backend.write() as view:
        view.put("profiles", b"g:b", b"\1damaged")
    assert store.ids("") == ["a", "c"]
    assert store.ids('{"m":"bob"}', "bob") == ["a", "c"]


def test_no_step_looks_at_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step ends after a bounded cost, whatever the conversations are."""
    monkeypatch.setattr(cq, "STEP_COST", 10)
    store = Filled()
    for n in range(50):
        store.make(f"g{n:02}", "bob", attributes=b'{"tags":' + str(list(range(200))).encode() + b"}")
    where = '{"m":"bob","tags":{"$in":' + str(list(range(500, 600))) + "}}"
    query = ConversationsQuery(by="bob", where=where, sort="", skip=0, limit=10, now_ms=1)
    steps = 0
    answer: Any = query
    while not isinstance(answer, ConversationsPage):
        before = answer.looked_at if isinstance(answer, QueryScan) else 0
        ((answer, _),) = store.store.answer_some([answer], 1.0)
        steps += 1
        if isinstance(answer, QueryScan):
            assert answer.looked_at - before <= 1, "one costs as much as a step may"
    assert steps > 50 and answer.rows == []


def test_a_cursor_of_another_query_is_refused() -> None:
    store = Filled()
    query = ConversationsQuery(by="", where="", sort="", skip=0, limit=1, cursor="3 g:a")
    (found,) = store.store.answer_all([query])
    assert isinstance(found, Refused) and found.code.name == "BAD_PARAMETER"
