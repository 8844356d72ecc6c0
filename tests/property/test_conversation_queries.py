"""Queries over conversations find what a plain evaluation of the same `where` finds, whatever the plan and the steps
(GR-13)."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rcim.actor.queries import ConversationsQuery
from rcim.actor.records import GroupCreated, Member, Profile
from rcim.base.terms import ApplyJoinOption, MsgFlag, Role
from rcim.store import conversation_queries as cq
from rcim.store.answers import ConversationsPage
from rcim.store.backend import MemoryBackend
from tests.kit import FilledStore

USERS = ("al", "bo", "cy", "di")
OPEN = "Open"
ABSENT = object()
Conversation = dict[str, Any]
"""`id`, `type`, `name`, `creator`, `m` (user to whether they have muted it), `attributes`, `made`."""


def an_attribute() -> st.SearchStrategy[Any]:
    simple = st.sampled_from([0, 1, 2, 1.0, 2.5, "x", "y", "xy", True, False, None])
    dates = st.sampled_from([{"__type": "Date", "iso": f"2026-01-0{n}T00:00:00Z"} for n in (1, 2)])
    return simple | dates | st.lists(simple, max_size=3) | st.dictionaries(st.sampled_from("pq"), simple, max_size=2)


CONVERSATIONS = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from([OPEN, "Shut"]),
            "name": st.sampled_from(["one", "two", "three"]),
            "creator": st.sampled_from(["", *USERS]),
            "m": st.dictionaries(st.sampled_from(USERS), st.booleans(), max_size=4),
            "attributes": st.dictionaries(st.sampled_from("abc"), an_attribute(), max_size=3),
            "made": st.integers(1, 3),
        }
    ),
    min_size=1,
    max_size=9,
)
ORDERED = st.sampled_from([0, 1, 2, 1.5, "x", "y", {"__type": "Date", "iso": "2026-01-02T00:00:00Z"}])
OF_A_VALUE = (
    an_attribute().filter(lambda v: not isinstance(v, dict) or not any(k.startswith("$") for k in v))
    | st.fixed_dictionaries({}, optional={f"${name}": ORDERED for name in ("lt", "lte", "gt", "gte")}).filter(bool)
    | st.dictionaries(st.sampled_from(["$in", "$nin", "$all"]), st.lists(an_attribute(), max_size=3), min_size=1)
    | st.dictionaries(st.sampled_from(["$eq", "$ne"]), an_attribute(), min_size=1)
    | st.fixed_dictionaries({"$exists": st.booleans()})
    | st.fixed_dictionaries({"$size": st.integers(0, 3)})
    | st.fixed_dictionaries({"$regex": st.sampled_from(["x", "^y", "xy$", "o", "^t"])})
)
SOME = st.lists(st.sampled_from([*USERS, "nobody"]), max_size=3)
OF_MEMBERS = (
    st.sampled_from(USERS)
    | SOME
    | st.dictionaries(st.sampled_from(["$in", "$nin", "$all", "$eq", "$ne"]), SOME, min_size=1)
    | st.fixed_dictionaries({"$size": st.integers(0, 4)})
    | st.fixed_dictionaries({"$exists": st.booleans()})
)
OF_MUTERS = st.sampled_from(USERS) | st.dictionaries(st.sampled_from(["$in", "$nin", "$all"]), SOME, min_size=1)
OF_IDS = st.sampled_from(["c0", "c1"]) | st.dictionaries(
    st.sampled_from(["$in", "$nin"]), st.lists(st.sampled_from(["c0", "c1", "c5", "c8"]), max_size=3), min_size=1
)
FLAT = st.fixed_dictionaries(
    {},
    optional={
        "a": OF_A_VALUE,
        "b.p": OF_A_VALUE,
        "attr.c": OF_A_VALUE,
        "name": OF_A_VALUE,
        "c": st.sampled_from(USERS) | st.fixed_dictionaries({"$exists": st.booleans()}),
        "m": OF_MEMBERS,
        "mu": OF_MUTERS,
        "objectId": OF_IDS,
    },
)
WHERE = st.recursive(
    FLAT,
    lambda inner: st.builds(
        lambda flat, op, parts: {**flat, op: parts},
        FLAT,
        st.sampled_from(["$and", "$or"]),
        st.lists(inner, min_size=1, max_size=2),
    ),
    max_leaves=4,
)


# -- the plain evaluation


def knows(one: Conversation, by: str) -> bool:
    return not by or by in one["m"] or one["type"] == OPEN


def lists(one: Conversation, by: str) -> bool:
    return not by or by in one["m"]


def members_known(one: Conversation, by: str) -> set[str]:
    return set(one["m"]) if lists(one, by) else set()


def muters_known(one: Conversation, by: str) -> set[str]:
    return {user for user, muted in one["m"].items() if muted and by in ("", user)}


def same(one: Any, other: Any) -> bool:
    if one is ABSENT or other is ABSENT:
        return one is other
    return bool(json.dumps(plain(one), sort_keys=True) == json.dumps(plain(other), sort_keys=True))


def plain(value: Any) -> Any:
    """Whole numbers are written as such."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [plain(one) for one in value]
    return {key: plain(one) for key, one in value.items()} if isinstance(value, dict) else value


def any_is(value: Any, wanted: Any) -> bool:
    if wanted is None and value is ABSENT:
        return True
    return same(value, wanted) or (isinstance(value, list) and any(same(one, wanted) for one in value))


def rank(value: Any) -> tuple[str, Any] | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return "number", value
    if isinstance(value, str):
        return "text", value
    return ("date", value["iso"]) if isinstance(value, dict) and "iso" in value else None


def in_order(value: Any, op: str, wanted: Any) -> bool:
    def holds(one: Any) -> bool:
        mine, other = rank(one), rank(wanted)
        if mine is None or other is None or mine[0] != other[0]:
            return False
        return bool(
            {
                "$lt": mine[1] < other[1],
                "$lte": mine[1] <= other[1],
                "$gt": mine[1] > other[1],
                "$gte": mine[1] >= other[1],
            }[op]
        )

    return any(map(holds, value)) if isinstance(value, list) else holds(value)


def holds(value: Any, op: str, wanted: Any) -> bool:
    match op:
        case "$eq":
            return any_is(value, wanted)
        case "$ne":
            return not any_is(value, wanted)
        case "$in":
            return any(any_is(value, one) for one in wanted)
        case "$nin":
            return not any(any_is(value, one) for one in wanted)
        case "$all":
            return bool(wanted) and all(any_is(value, one) for one in wanted)
        case "$exists":
            return (value is not ABSENT) is wanted
        case "$size":
            return isinstance(value, list) and len(value) == wanted
        case "$regex":
            texts = value if isinstance(value, list) else [value]
            return any(isinstance(one, str) and re.search(wanted, one) for one in texts)
    return in_order(value, op, wanted)


def member_holds(one: Conversation, by: str, op: str, wanted: Any) -> bool:
    known = members_known(one, by) | ({by} & set(one["m"]))
    if op == "$exists":
        return bool(wanted)
    if op == "$size":
        return lists(one, by) and len(one["m"]) == wanted
    if isinstance(wanted, list) and op in ("$eq", "$ne"):
        return (lists(one, by) and known == set(wanted)) is (op == "$eq")
    named = wanted if isinstance(wanted, list) else [wanted]
    if op == "$all":
        return bool(named) and set(named) <= known
    return bool(set(named) & known) is (op in ("$eq", "$in"))


def muter_holds(one: Conversation, by: str, op: str, wanted: Any) -> bool:
    named, known = set(wanted if isinstance(wanted, list) else [wanted]), muters_known(one, by)
    if op == "$all":
        return bool(named) and named <= known
    return bool(named & known) is (op in ("$eq", "$in"))


def value_of(one: Conversation, name: str) -> Any:
    own = {"name": one["name"], "c": one["creator"] or ABSENT, "objectId": one["id"]}
    if name in own:
        return own[name]
    value: Any = one["attributes"]
    for part in name.removeprefix("attr.").split("."):
        value = value.get(part, ABSENT) if isinstance(value, dict) else ABSENT
    return value


def matches(where: dict[str, Any], one: Conversation, by: str) -> bool:
    for name, asked in where.items():
        if name in ("$and", "$or"):
            found = [matches(part, one, by) for part in asked]
            if not (all(found) if name == "$and" else any(found)):
                return False
            continue
        operators = asked if isinstance(asked, dict) and any(key.startswith("$") for key in asked) else {"$eq": asked}
        for op, wanted in operators.items():
            if name == "m":
                ok = member_holds(one, by, op, wanted)
            elif name == "mu":
                ok = muter_holds(one, by, op, wanted)
            else:
                ok = holds(value_of(one, name), op, wanted)
            if not ok:
                return False
    return True


# -- the store


def filled(conversations: list[Conversation]) -> FilledStore:
    store = FilledStore(MemoryBackend())
    for one in conversations:
        profile = Profile(
            group_id=one["id"],
            type=one["type"],
            name=one["name"],
            introduction="",
            notification="",
            face_url="",
            owner="",
            create_time_ms=one["made"],
            apply_join_option=ApplyJoinOption.DISABLE_APPLY,
            max_member_num=0,
            first_seq=1,
            creator=one["creator"],
            attributes=json.dumps(one["attributes"]).encode() if one["attributes"] else b"",
        )
        flags = {True: MsgFlag.ACCEPT_NOT_NOTIFY, False: MsgFlag.ACCEPT_AND_NOTIFY}
        members = [Member(user, Role.MEMBER, 1, 0, "", flags[muted]) for user, muted in one["m"].items()]
        store.append(GroupCreated(f"g:{one['id']}", profile, members, one["made"]))
    return store


def asked(store: FilledStore, where: dict[str, Any], by: str, sort: str, limit: int) -> list[str]:
    """The ids of all pages, in their order."""
    found: list[str] = []
    skip, cursor = 0, ""
    while True:
        query = ConversationsQuery(
            by=by,
            where=json.dumps(where),
            sort=sort,
            skip=skip,
            limit=limit,
            cursor=cursor,
            now_ms=10,
            open_types=[OPEN],
            listing_types=[OPEN, "Shut"],
        )
        (answer,) = store.store.answer_all([query])
        while isinstance(answer, cq.QueryScan):
            (answer,) = store.store.answer_all([answer])
        assert isinstance(answer, ConversationsPage), answer
        found += [row.profile.group_id for row in answer.rows]
        if answer.more:
            skip += len(answer.rows)
        elif answer.next:
            skip, cursor = 0, answer.next
        else:
            return found


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(
    CONVERSATIONS,
    WHERE,
    st.sampled_from(["", *USERS]),
    st.sampled_from(["", "name", "-createdAt,objectId"]),
    st.integers(1, 4),
    st.integers(1, 4),
)
def test_it_finds_what_a_plain_evaluation_finds(
    monkeypatch: pytest.MonkeyPatch,
    conversations: list[Conversation],
    where: dict[str, Any],
    by: str,
    sort: str,
    limit: int,
    step: int,
) -> None:
    monkeypatch.setattr(cq, "STEP_COST", step)
    for n, one in enumerate(conversations):
        one["id"] = f"c{n}"
    wanted = [one for one in conversations if knows(one, by) and matches(where, one, by)]
    found = asked(filled(conversations), where, by, sort, limit)
    assert sorted(found) == [one["id"] for one in wanted]
    if sort == "name":
        assert [next(one["name"] for one in wanted if one["id"] == name) for name in found] == sorted(
            one["name"] for one in wanted
        )
    if sort.startswith("-"):
        assert found == [one["id"] for one in sorted(wanted, key=lambda one: (-one["made"], one["id"]))]
    monkeypatch.setattr(cq, "LOOKED_AT_MAX", 1 + step)
    assert sorted(asked(filled(conversations), where, by, sort, limit)) == sorted(found), (
        "bounded, each is found once"
    )
    monkeypatch.setattr(cq, "LOOKED_AT_MAX", 5000)
