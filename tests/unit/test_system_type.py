"""What a message to the subscribers of a system conversation costs, whatever their number (SY-01)."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from rcim.actor import commands as c
from rcim.actor import user_commands as u
from rcim.actor.effects import Deliver, Notify
from rcim.actor.paged_group import PagedGroupActor
from rcim.actor.paged_roster import NotLoaded
from rcim.actor.records import GroupChanged, Member, MessageKept
from rcim.actor.user import UserActor
from rcim.actor.user_results import UserFacts
from rcim.base.errors import RcimError
from rcim.base.ids import shard_of
from rcim.base.terms import ApplyJoinOption, MessageState, MsgFlag, Priority, Role
from rcim.rules.system_accounts import account_written_to
from rcim.store.backend import MemoryBackend
from rcim.store.check import check
from tests.kit import FilledStore, app_state

KEY = "g:@SYS#news"
NOW = 1_795_000_000_000


def creation() -> c.CreateGroup:
    option = ApplyJoinOption.BY_TYPE
    return c.CreateGroup("root", True, "@SYS#news", "System", "News", "", "", "face", option, [], "root")


def subscriber(number: int) -> Member:
    return Member(
        user_id=f"user{number:06d}",
        role=Role.MEMBER,
        join_time_ms=NOW,
        joined_seq=0,
        name_card="",
        msg_flag=MsgFlag.ACCEPT_AND_NOTIFY,
    )


def subscribed(count: int) -> FilledStore:
    """A store with the conversation and so many subscribers."""
    kept = FilledStore(MemoryBackend())
    actor = PagedGroupActor(kept.store.load_group(KEY, NOW), shard_of(KEY), app_state())
    outcome = actor.handle(creation(), NOW, 1)
    assert outcome.record is not None
    kept.append(outcome.record)
    for first in range(0, count, 1000):
        some = [subscriber(number) for number in range(first, min(first + 1000, count))]
        kept.append(
            GroupChanged(key=KEY, time_ms=NOW, info=True, profile=None, put=some, dropped=[], marks=[], message=None)
        )
    return kept


def rows_written(kept: FilledStore, record: Any, patch: pytest.MonkeyPatch) -> Counter[str]:
    """Rows written for one record, by table."""
    found: Counter[str] = Counter()
    with kept.backend.write() as view:
        kind = type(view)
    put, delete = kind.put, kind.delete

    def counted(self: Any, table: str, *rest: Any) -> None:
        found[table] += 1
        put(self, table, *rest)

    def counted_delete(self: Any, table: str, *rest: Any) -> None:
        found[table] += 1
        delete(self, table, *rest)

    with patch.context() as inner:
        inner.setattr(kind, "put", counted)
        inner.setattr(kind, "delete", counted_delete)
        kept.append(record)
    return found


@pytest.mark.parametrize("count", [10, 10_000])
def test_a_message_is_written_once(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = subscribed(count)
    snapshot = kept.store.load_group(KEY, NOW)
    assert snapshot.members == [] and snapshot.member_num == count  # nothing of them is in memory
    actor = PagedGroupActor(snapshot, shard_of(KEY), app_state())
    command = c.SendMessage("@SYS#news", True, "News", "", "c1", Priority.NORMAL, b"body")
    with pytest.raises(NotLoaded) as asks:
        actor.handle(command, NOW, 1)
    assert asks.value.user_ids == ("@SYS#news",)  # the sender alone
    actor.take_members({"@SYS#news": None})
    outcome = actor.handle(command, NOW, 1)
    assert isinstance(outcome.record, MessageKept) and outcome.more == ()
    assert [type(effect) for effect in outcome.effects] == [Deliver]
    rows = rows_written(kept, outcome.record, monkeypatch)
    assert rows == {"messages": 1, "heads": 1, "shards": 1, "meta": 1}
    assert check(kept.backend).faults == []


def test_the_account_is_kept_with_the_conversation() -> None:  # SY-06
    kept = subscribed(1)
    account = kept.store.load_user("@:@SYS#news", "@SYS#news")
    assert account.known and account.profile.system_sender
    assert (account.profile.nickname, account.profile.face_url) == ("News", "face")
    actor = UserActor(account, app_state())
    for command in (
        u.SetUserProfile("root", True, "Other", None),
        u.SetUserProfile("@SYS#news", True, "Other", None, imported=True),
        u.InvalidateUser("root", True, True),
        u.SetSystemSender("root", True, False),
    ):
        with pytest.raises(RcimError, match="NOT_PERMITTED"):
            actor.handle(command, NOW, 1)
    assert isinstance(actor.handle(u.ReadUser("@SYS#news", True), NOW, 1).result, UserFacts)


@pytest.mark.parametrize(
    ("conversation", "account"),
    [
        ("g:@SYS#news", "@SYS#news"),
        ("c:9:@SYS#news:bob", "@SYS#news"),
        ("c:3:bob:carol", ""),
        ("g:news", ""),
        ("c:9:@SYS#news:carol", ""),
    ],
)
def test_whom_a_user_writes_to(conversation: str, account: str) -> None:  # SY-01
    assert account_written_to(conversation, "bob") == account


def test_a_change_is_told_to_all_without_looking_at_them() -> None:  # SY-01, MS-10
    kept = subscribed(3000)
    actor = PagedGroupActor(kept.store.load_group(KEY, NOW), shard_of(KEY), app_state())
    actor.take_members({"@SYS#news": None, "root": None, "user000001": subscriber(1)})
    sent = actor.handle(c.SendMessage("@SYS#news", True, "News", "", "c1", Priority.NORMAL, b"body"), NOW, 1)
    cleared = actor.handle(c.ClearMessages("user000001", False), NOW, 2)
    assert cleared.record is not None
    assert isinstance(sent.record, MessageKept)
    recall = c.AlterMessage("root", True, 1, MessageState.RECALLED, b"", sent.record.message)
    outcome = actor.handle(recall, NOW, 3)
    (told,) = [effect for effect in outcome.effects if isinstance(effect, Notify)]
    assert told.user_ids is None  # all of them, and no row was asked for
