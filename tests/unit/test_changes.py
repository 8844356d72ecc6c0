"""Weak notices joined together (GT-15)."""

from __future__ import annotations

from rcim.actor.joining import JoinedChanges
from rcim.actor.records import Change
from rcim.adapters.frames.codec import CODEC
from rcim.base.terms import ChangeKind
from rcim.flow.slices import gather_ms
from rcim.service.deliveries import GroupChangesNews


def change(kind: ChangeKind, *users: str, by: str = "", member_num: int = 1, what: list[str] | None = None) -> Change:
    return Change(kind, by or (users[0] if users else ""), list(users), len(users), member_num, 7, 99, what or [])


def taken(changes: JoinedChanges) -> list[Change]:
    return changes.rows()


def test_many_joins_are_one_row_that_names_the_first() -> None:
    changes = JoinedChanges(3)
    for i in range(10):
        changes.add(change(ChangeKind.JOINED, f"u{i}", member_num=i + 1))
    (row,) = taken(changes)
    assert (row.users, row.count, row.member_num, row.operator) == (["u0", "u1", "u2"], 10, 10, "")
    assert not changes and taken(changes) == []


def test_who_came_and_went_is_in_neither() -> None:
    changes = JoinedChanges(100)
    for kind, user in (
        (ChangeKind.JOINED, "a"),
        (ChangeKind.JOINED, "b"),
        (ChangeKind.LEFT, "a"),
        (ChangeKind.LEFT, "z"),
    ):
        changes.add(change(kind, user))
    joined, left = taken(changes)
    assert (joined.users, joined.count) == (["b"], 1) and (left.users, left.count) == (["z"], 1)
    changes.add(change(ChangeKind.JOINED, "a"))
    changes.add(change(ChangeKind.LEFT, "a"))
    assert taken(changes) == []


def test_what_admins_do_is_kept_apart() -> None:
    changes = JoinedChanges(100)
    changes.add(change(ChangeKind.MUTED, "a", "b", by="ada"))
    changes.add(change(ChangeKind.MUTED, "c", by="bob"))
    changes.add(change(ChangeKind.PROFILE_CHANGED, by="ada", what=["name"]))
    changes.add(change(ChangeKind.PROFILE_CHANGED, by="ada", what=["face_url", "name"]))
    first, second, third = taken(changes)
    assert (first.operator, first.users, second.operator, second.users) == ("ada", ["a", "b"], "bob", ["c"])
    assert list(third.what) == ["name", "face_url"]


def test_a_slice_grows_with_the_room_up_to_a_second() -> None:
    assert [gather_ms(n) for n in (0, 50, 51, 400, 1000, 100_000)] == [0, 0, 51, 400, 1000, 1000]


def test_the_last_word_counts() -> None:
    changes = JoinedChanges(100)
    muted, unmuted = ChangeKind.MUTED, ChangeKind.UNMUTED
    for kind in (muted, unmuted, muted):
        changes.add(change(kind, "u", by="ada"))
    assert [(row.kind, row.users) for row in taken(changes)] == [(muted, ["u"])]
    for kind, user in ((ChangeKind.JOINED, "x"), (ChangeKind.JOINED, "u"), (ChangeKind.KICKED, "u")):
        changes.add(change(kind, user, by="ada"))
    changes.add(change(ChangeKind.JOINED, "u"))
    assert [(row.kind, row.users, row.count) for row in taken(changes)] == [(ChangeKind.JOINED, ["x", "u"], 2)]
    for kind in (ChangeKind.ADMIN_APPOINTED, ChangeKind.ADMIN_REMOVED):
        changes.add(change(kind, "u", by="ada"))
    assert [row.kind for row in taken(changes)] == [ChangeKind.ADMIN_REMOVED]


def test_a_frame_of_them_is_bounded() -> None:
    changes = JoinedChanges(100)
    at = 0
    while not changes.full:
        changes.add(change(ChangeKind.MUTED, *(f"{at}-{i}".ljust(64, "x") for i in range(100)), by=f"admin{at}"))
        at += 1
    assert len(CODEC.push("g:g", GroupChangesNews(changes.rows()))) < 40_000


def test_what_can_not_be_joined_in_order_is_told_first() -> None:
    changes = JoinedChanges(100)
    joined, appointed = ChangeKind.JOINED, ChangeKind.ADMIN_APPOINTED
    assert changes.add(change(joined, "u")) and changes.add(change(appointed, "u", by="ada"))
    assert changes.add(change(joined, "x")), "somebody else's joining comes before nothing of its own"
    assert [(row.kind, row.users) for row in taken(changes)] == [(joined, ["u", "x"]), (appointed, ["u"])]
    assert changes.add(change(joined, "x")) and changes.add(change(ChangeKind.KICKED, "u", by="ada"))
    assert not changes.add(change(joined, "u")), "or u would be gone for who applies the rows in order"
    assert len(taken(changes)) == 2 and changes.add(change(joined, "u"))
    taken(changes)
    owner = ChangeKind.OWNER_CHANGED
    assert changes.add(change(owner, "a", by="root")) and not changes.add(change(owner, "b", by="root"))
