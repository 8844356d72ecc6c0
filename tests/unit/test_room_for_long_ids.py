"""What counts bytes for a frame counts those of the longest user ids too (ID-01, WI-04)."""

from __future__ import annotations

import msgspec

from rcim.actor import read_commands
from rcim.actor.joining import JoinedChanges
from rcim.actor.notices import message_of
from rcim.actor.outcomes import MemberRow
from rcim.actor.records import Change, Member, Message, MessageOptions
from rcim.adapters.frames.answers.messages import to_fields, to_wire
from rcim.adapters.frames.codec import CODEC
from rcim.base.limits import DEFAULTS
from rcim.base.terms import ChangeKind, MessageState, MsgFlag, Priority, PushLevel, Role
from rcim.service import live
from rcim.service.administration import CONNECTION_ROW_BYTES
from rcim.service.deliveries import GroupChangesNews
from rcim.store.member_view import message_bytes
from rcim.wire import frames as f


def long_ids(first: int, count: int) -> list[str]:
    return [chr(0x20000 + number) * 64 for number in range(first, first + count)]


def in_a_frame(message: Message) -> int:
    empty = len(f.HistoryOk(1, 1, False, []).encode())
    return len(f.HistoryOk(1, 1, False, [to_wire(message)]).encode()) - empty


def test_a_message_has_no_more_in_a_frame_than_is_counted() -> None:
    ids = long_ids(0, 100)
    tip = message_of(Change(ChangeKind.INVITED, ids[0], ids, 100, 100, 1, 1, ["name"] * 32), "c" * 50)
    tip = msgspec.structs.replace(tip, client_msg_id="@tip-9")
    extra = MessageOptions("t" * 32, tuple(ids[:50]), tuple(ids[50:]), True, b"d" * 100)
    plain = Message(
        9, 9, 9, Priority.HIGH, ids[1], "n" * 120, "f" * 100, "c" * 50, "i" * 64, b"",
        (("k" * 16, b"v" * 512),), (("k" * 16, b"v" * 64),), None, extra, MessageState.EDITED, 9, ids[2],
    )  # fmt: skip
    for message in (tip, plain):
        assert in_a_frame(message) <= message_bytes(message) <= in_a_frame(message) + 300


def test_weak_notices_that_name_the_longest_ids_fit_a_frame() -> None:  # GT-15
    changes = JoinedChanges(DEFAULTS.notice_users_max)
    admins = long_ids(1000, 50)
    sizes = []
    for at, count in enumerate([1] * 40 + [100, 100, 100, 49, 100]):
        users = long_ids(100 * at, count)
        change = Change(ChangeKind.KICKED, admins[at], users, count, 1, 1, 1)
        if changes.full or not changes.add(change):
            sizes.append(len(CODEC.push("g:" + "g" * 48, GroupChangesNews(changes.rows()))))
            changes.add(change)
    sizes.append(len(CODEC.push("g:" + "g" * 48, GroupChangesNews(changes.rows()))))
    assert len(sizes) > 1 and max(sizes) <= DEFAULTS.frame_bytes_max


def test_rows_of_members_and_applications_have_no_more_than_is_counted() -> None:  # GR-05, GR-06
    (user,) = long_ids(0, 1)
    application = f.Application(user, "c" * 50, "t" * 300, 9)
    taken = len(f.GroupApplicationsOk([application], "").encode()) - len(f.GroupApplicationsOk([], "").encode())
    assert taken <= read_commands.MARK_BYTES
    fields = tuple((f"{number}" * 16, b"v" * 64) for number in range(5))
    row = MemberRow(Member(user, Role.OWNER, 9, 9, "c" * 50, MsgFlag.DISCARD, 9, 9), 9, fields)
    entry = f.MemberEntry(user, Role.OWNER, 9, "c" * 50, MsgFlag.DISCARD, 9, 9, 9, to_fields(fields), PushLevel.ALL)
    taken = len(f.GroupMembersOk([entry], "").encode()) - len(f.GroupMembersOk([], "").encode())
    assert taken <= read_commands._row_bytes(row) <= taken + 100


def test_rows_of_connections_have_no_more_than_is_counted() -> None:  # AB-01
    (user,) = long_ids(0, 1)
    row = f.ConnectionEntry(9, user, 1, "t" * 64, "a" * 64, 9, 9, "g" * 64)
    taken = len(f.AdminConnectionsOk([row], 0).encode()) - len(f.AdminConnectionsOk([], 0).encode())
    assert taken <= CONNECTION_ROW_BYTES


def test_rows_of_what_the_server_does_have_no_more_than_is_counted() -> None:  # OP-02
    (user,) = long_ids(0, 1)
    big, bigger = (1 << 32) - 1, (1 << 64) - 1
    key = "c:256:" + user + user
    hot = f.HotEntry(key, "k" * 32, "t" * 32, big, big, big, big, bigger, bigger, bigger, big, bigger, bigger)
    taken = len(f.AdminHotOk([hot], 0).encode()) - len(f.AdminHotOk([], 0).encode())
    assert taken <= live.HOT_ROW_BYTES
    slow = f.SlowEntry(bigger, user, 1, "t" * 64, "a" * 64, bigger, big, bigger, bigger, bigger, big, "g" * 64)
    taken = len(f.AdminSlowOk([slow], 0).encode()) - len(f.AdminSlowOk([], 0).encode())
    assert taken <= live.SLOW_ROW_BYTES
