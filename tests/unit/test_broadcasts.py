"""What a user sees of broadcasts (rules/broadcasts.py, rules/targets.py), and the actor of their conversation."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from rcim.actor import commands as c
from rcim.actor import effects as e
from rcim.actor import outcomes as o
from rcim.actor import queries as q
from rcim.actor import records as r
from rcim.actor import user_records
from rcim.actor.app_state import AppState
from rcim.actor.broadcast import BroadcastActor
from rcim.actor.events import BroadcastRecalled, BroadcastSent, EventKind
from rcim.actor.paged_roster import NotLoaded
from rcim.actor.queries import SyncQuery, TypeFacts
from rcim.base.errors import RcimError
from rcim.base.ids import shard_of
from rcim.base.limits import DEFAULTS
from rcim.base.terms import BROADCAST_ALL, MessageState, MsgFlag, Priority
from rcim.rules.broadcasts import (
    DAY_MS,
    HOUR_MS,
    Viewer,
    expires_at,
    is_expired,
    is_offline_message,
    is_shown,
    is_welcome,
    remaining,
)
from rcim.rules.built_in_types import BROADCAST, BUILT_IN
from rcim.rules.conversation_kinds import BROADCAST as KIND
from rcim.rules.conversation_kinds import is_created, is_entered_at_login, kind_of
from rcim.rules.targets import NO_LABELS, LabelChange, Labels, Target, matches
from rcim.rules.type_table import TypeChange, rows_of
from rcim.store import broadcasts
from rcim.store.backend import MemoryBackend
from rcim.store.check import check
from rcim.store.filling import Filling
from rcim.store.values import unpack
from tests.kit import FilledStore, app_state

NOW = 100 * DAY_MS
BETA = Target(tags_any=("beta",))


# ---------------------------------------------------------------------------------------------------- rules


@pytest.mark.parametrize(
    ("target", "meant"),
    [
        (None, True),
        (Target(), True),
        (Target(tags_any=("x", "de")), True),
        (Target(tags_any=("x", "y")), False),
        (Target(tags_all=("beta", "de")), True),
        (Target(tags_all=("beta", "x")), False),
        (Target(attributes_any=(("city", "Bern"), ("level", "7"))), True),
        (Target(attributes_any=(("city", "Bern"), ("level", "8"))), False),
        (Target(attributes_all=(("city", "Basel"), ("level", "7"))), True),
        (Target(attributes_all=(("city", "Basel"), ("level", "8"))), False),
        (Target(tags_any=("de",), tags_all=("beta",), attributes_any=(("level", "7"),)), True),
        (Target(tags_any=("x",), attributes_all=(("level", "7"),)), False),
    ],
)
def test_whom_a_target_means(target: Target | None, meant: bool) -> None:  # SY-04
    labels = Labels(("beta", "de"), {"city": "Basel", "level": "7"})
    assert matches(target, labels) is meant
    assert matches(target, NO_LABELS) is (target in (None, Target()))


def test_a_change_of_labels() -> None:  # SY-04
    labels = NO_LABELS.changed(LabelChange(add_tags=("b", "a"), set_attributes=(("x", "1"), ("y", "2"))))
    assert labels == Labels(("a", "b"), {"x": "1", "y": "2"})
    assert labels.changed(LabelChange(("c",), ("a",))).tags == ("b", "c")
    assert labels.changed(LabelChange(("c",), all_tags=True)).tags == ("c",)
    assert labels.changed(LabelChange(("a",), ("a",))).tags == ("a", "b"), "what is removed and added is there"
    assert labels.changed(LabelChange(remove_attributes=("x",))).attributes == {"y": "2"}
    assert labels.declared(frozenset("y")) == Labels(("a", "b"), {"y": "2"})
    with pytest.raises(RcimError, match="TOO_MANY_ENTRIES"):
        labels.changed(LabelChange(tuple(f"t{n}" for n in range(99))))
    with pytest.raises(RcimError, match="BAD_PARAMETER"):
        Target(tags_any=("a",) * 60, tags_all=("b",) * 41).check()


def test_when_a_broadcast_is_an_offline_message() -> None:  # SY-06
    assert expires_at(NOW, 60) == NOW + 60_000
    assert not is_expired(NOW, NOW - 1) and is_expired(NOW, NOW) and not is_expired(0, NOW)
    new = Viewer(created_ms=NOW, first_seq=3)
    assert is_shown(3, NOW - 5, None, new) and not is_shown(2, NOW - 6, None, new) and is_shown(4, NOW, None, new)
    assert not is_shown(4, NOW, BETA, new)
    assert is_offline_message(3, NOW - 5, None, new, expires_ms=NOW + 2, now_ms=NOW + 1)
    assert not is_offline_message(3, NOW - 5, None, new, expires_ms=NOW + 2, now_ms=NOW + 2)
    assert is_welcome(NOW + 1, None, new) and not is_welcome(NOW, None, new) and not is_welcome(NOW + 1, BETA, new)


def test_how_many_may_be_sent() -> None:  # SY-03, SY-04
    times = [NOW - DAY_MS, NOW - 23 * HOUR_MS, NOW - HOUR_MS, NOW - 1]
    assert remaining(times, NOW, per_hour=0, per_day=4) == 1
    assert remaining(times, NOW, per_hour=2, per_day=0) == 1
    assert remaining(times, NOW, per_hour=0, per_day=0) == -1
    for bounds, wait in (
        ({"per_hour": 0, "per_day": 3}, HOUR_MS),
        ({"per_hour": 1, "per_day": 0}, HOUR_MS - 1),
        ({"per_hour": 1, "per_day": 2}, 23 * HOUR_MS),
    ):
        with pytest.raises(RcimError) as refused:
            remaining(times, NOW, **bounds)
        assert (refused.value.code.name, refused.value.retry_after_ms) == ("BROADCAST_LIMIT", wait)
        remaining(times, NOW + wait, **bounds)


def test_the_kind_and_its_type() -> None:
    assert kind_of(BROADCAST_ALL) is KIND and not is_created(BROADCAST_ALL) and is_entered_at_login(BROADCAST_ALL)
    with pytest.raises(ValueError, match="Broadcast"):
        rows_of({"Broadcast": TypeChange("Broadcast", "Public", {})}, BUILT_IN)


# ---------------------------------------------------------------------------------------------------- actor


class Kit:
    """The actor of broadcasts on a store, which is loaded again by `load`."""

    def __init__(self, **limits: int) -> None:
        self.store = FilledStore(MemoryBackend())
        self.app_state: AppState = app_state(limits=replace(DEFAULTS, **limits))
        self.now_ms = NOW
        self.load()

    def load(self) -> None:
        snapshot = self.store.store.load_group(BROADCAST_ALL, self.now_ms)
        self.actor = BroadcastActor(snapshot, shard_of(BROADCAST_ALL), self.app_state)

    def do(self, command: Any) -> o.Outcome:
        while True:
            try:
                done = self.actor.handle(command, self.now_ms, Filling(self.store.store).position(BROADCAST_ALL))
                break
            except NotLoaded as wanted:
                self.actor.take_members(self.store.store.load_members(BROADCAST_ALL, wanted.user_ids))
        if done.record is not None:
            self.store.append(done.record, *done.more)
        return done

    def send(self, name: str, expires_s: int = 60, target: Target | None = None, **more: Any) -> o.Outcome:
        extra = r.MessageOptions(target=target)
        fields: dict[str, Any] = {"by": "root", "admin": True, "nickname": "", "face_url": "", "user_fields": ()}
        fields |= {"client_msg_id": name, "priority": Priority.NORMAL, "body": name.encode(), "extra": extra}
        return self.do(c.SendBroadcast(**(fields | {"expires_s": expires_s} | more)))

    def sync(self, user_id: str, since: int = 0) -> list[Any]:
        facts = {BROADCAST.name: TypeFacts(True, True, True, BROADCAST.roaming_days)}
        query = SyncQuery(
            user_id, since, 0, messages=10, types=facts, now_ms=self.now_ms, store_id=self.store.store.history_id
        )
        return self.store.store.answer_all([query])[0].rows

    def history(self, user_id: str) -> list[tuple[int, MessageState]]:
        query = self.do(c.ReadHistory(user_id, False, 0, 0, 100, False, 0, 0)).result
        page = self.store.store.answer_all([query])[0]
        return [(m.seq, m.state) for m in page.messages]


def test_a_broadcast_is_one_record() -> None:  # SY-03
    kit = Kit()
    done = kit.send("one")
    assert isinstance(done.record, r.MessageKept) and not done.more
    (deliver,) = done.effects
    assert isinstance(deliver, e.Deliver) and deliver.message.extra is not None
    assert deliver.message.extra.expires_ms == NOW + 60_000
    again = kit.send("one")
    assert again.record is None and again.result == o.BroadcastSent(1, NOW, deliver.message.message_id, True, 29)
    (row,) = kit.sync("alice")
    assert (row.key, row.newest_seq, row.unread, row.first_seq) == (BROADCAST_ALL, 1, 1, 1)


def test_only_the_app_sends_and_recalls() -> None:
    kit = Kit()
    with pytest.raises(RcimError, match="NOT_PERMITTED"):
        kit.send("one", admin=False)
    kit.send("one")
    for command in (
        c.AlterMessage("root", False, 1, MessageState.RECALLED),
        c.SendMessage("root", True, "", "", "n", Priority.NORMAL, b"b"),
        c.ReadReceipts("alice", False, 1, True, "", 10),
        c.TraceMessage("root", True, "root", "one"),
        c.ReadHistory("@GUEST#1", False, 0, 0, 10, False, 0, 0),
        c.MarkRead("@GUEST#1", False, 1),
    ):
        with pytest.raises(RcimError, match=r"NOT_PERMITTED|NO_SUCH_MEMBER"):
            kit.do(command)


def test_the_limit_outlives_the_actor() -> None:  # SY-03
    kit = Kit(broadcasts_per_day=2)
    assert [kit.send(str(n)).result.remaining for n in range(2)] == [1, 0]  # type: ignore[union-attr]
    for _ in range(2):
        with pytest.raises(RcimError, match="BROADCAST_LIMIT"):
            kit.send("more")
        assert kit.store.store.load_group(BROADCAST_ALL, NOW).next_seq == 3
        kit.load()
    kit.now_ms += DAY_MS
    assert kit.send("more").result.remaining == 1  # type: ignore[union-attr]


def test_where_any_number_may_be_sent_only_so_many_times_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rcim.actor.broadcast.TIMES_MAX", 5)
    kit = Kit(broadcasts_per_day=0)
    for n in range(8):
        assert kit.send(f"m{n}").result.remaining == -1
    assert len(kit.actor._times) == 5


def test_each_user_has_a_position_of_their_own() -> None:  # RX-08
    kit = Kit()
    for n in range(3):
        kit.send(str(n))
    assert kit.do(c.MarkRead("alice", False, 2)).result == o.Read(2)
    kit.load()
    assert kit.do(c.MarkRead("alice", False, 1)).result == o.Read(2), "it only grows"
    kit.do(c.SetFlag("bob", False, MsgFlag.DISCARD))
    assert [kit.sync(user)[0].unread for user in ("alice", "bob", "carol")] == [1, 3, 3]
    facts = kit.store.store.answer_all([q.LoginQuery("bob", broadcasts=True)])[0]
    assert (facts.conversations, facts.silent) == ([BROADCAST_ALL], [BROADCAST_ALL])
    kit.do(c.HideMessages("carol", False, [3]))
    assert [kit.sync(user)[0].unread for user in ("alice", "carol")] == [1, 2]
    kit.do(c.ForgetUser("alice", True))
    assert kit.sync("alice")[0].unread == 3
    assert kit.do(c.ForgetUser("nobody", True)).record is None


def test_a_recalled_one_says_nothing_and_keeps_whom_it_was_for() -> None:  # MS-10
    kit = Kit()
    kit.send("one", target=BETA)
    original = kit.store.store.answer_all([q.MessageQuery(BROADCAST_ALL, 1)])[0].messages[0]
    kit.do(c.MarkRead("alice", False, 0))
    kit.do(c.ClearMessages("bob", False))
    done = kit.do(c.AlterMessage("root", True, 1, MessageState.RECALLED, original=original))
    (notify,) = done.effects
    assert isinstance(notify, e.Notify) and notify.user_ids is None, "all of whom it was for are told"
    kept = kit.store.store.answer_all([q.MessageQuery(BROADCAST_ALL, 1)])[0].messages[0]
    assert (kept.body, kept.extra.target, kept.extra.expires_ms) == (b"", BETA, NOW + 60_000)
    assert kit.sync("alice")[0].unread == 0
    assert kit.history("alice") == [(1, MessageState.NOT_FOR_YOU)]


def test_what_a_sync_tells_is_what_the_labels_of_then_say() -> None:  # SY-04
    kit = Kit()
    kit.send("for all")
    kit.send("for some", target=BETA)
    (before,) = kit.sync("alice")
    assert (before.unread, [m.seq for m in before.messages]) == (1, [1])
    labelled = user_records.UserProfile(labels=Labels(("beta",)))
    kit.store.append(user_records.UserSaved("@:alice", "alice", labelled))
    (after,) = kit.sync("alice")
    assert (after.unread, [m.seq for m in after.messages]) == (2, [1, 2])
    assert kit.history("alice") == [(1, MessageState.AS_SENT), (2, MessageState.AS_SENT)]
    assert kit.history("bob") == [(1, MessageState.AS_SENT), (2, MessageState.NOT_FOR_YOU)]


def test_the_next_user_decodes_none_of_those_that_are_not_for_them(monkeypatch: pytest.MonkeyPatch) -> None:  # RX-04
    """Everybody who comes looks at the same broadcasts."""
    kit = Kit(broadcasts_per_day=100)
    for n in range(50):
        kit.send(f"m{n}", target=BETA if n != 3 else None)
    decoded: list[int] = []

    def counting(data: bytes, kind: type) -> Any:
        found = unpack(data, kind)
        if kind is r.Message:
            decoded.append(found.seq)
        return found

    monkeypatch.setattr(broadcasts, "unpack", counting)
    monkeypatch.setattr(broadcasts, "_known", {})
    assert [(row.unread, [m.seq for m in row.messages]) for row in kit.sync("alice")] == [(1, [4])]
    assert len(decoded) == 50
    assert [row.unread for row in kit.sync("bob")] == [1]
    assert len(decoded) == 50
    original = kit.store.store.answer_all([q.MessageQuery(BROADCAST_ALL, 4)])[0].messages[0]
    kit.do(c.AlterMessage("root", True, 4, MessageState.RECALLED, original=original))
    assert [row.unread for row in kit.sync("bob")] == [0], "what is recalled is another row"
    monkeypatch.setattr(broadcasts, "KNOWN_MAX", 10)
    monkeypatch.setattr(broadcasts, "_known", {})
    for user in ("carol", "dan"):
        assert [row.unread for row in kit.sync(user)] == [0]
        assert len(broadcasts._known) <= 10


@pytest.mark.parametrize("seen", [True, False])
def test_a_new_user_gets_the_newest_that_is_for_them(seen: bool) -> None:  # SY-03
    kit = Kit()
    for name, expires_s, target in (("a", 600, None), ("b", 600, None), ("c", 600, BETA), ("d", 60, None)):
        kit.send(name, expires_s, target)
    kit.now_ms += 120_000
    if seen:
        kit.store.append(user_records.UserSeen("@:new", "new", kit.now_ms))
    else:
        kit.store.append(user_records.UserSaved("@:new", "new", user_records.UserProfile(created_ms=kit.now_ms)))
    (row,) = kit.sync("new")
    assert (row.first_seq, row.unread, [m.seq for m in row.messages]) == (2, 1, [2])
    kit.send("e")
    (row,) = kit.sync("new")
    assert [m.seq for m in row.messages] == [2, 5]
    assert [seq for seq, state in kit.history("new") if state is MessageState.AS_SENT] == [2, 5]
    assert [m.seq for m in kit.sync("old")[0].messages] == [1, 2, 5]


def test_what_has_not_changed_is_not_told_again() -> None:  # RX-03
    kit = Kit()
    kit.send("a")
    stamp = kit.store.store.answer_all([q.LoginQuery("alice")])[0].stamp
    assert kit.sync("alice", stamp) == []
    kit.send("b")
    assert [row.unread for row in kit.sync("alice", stamp)] == [2]


def test_events_for_who_pushes_to_those_who_are_offline() -> None:  # SY-04
    kit = Kit()
    kit.app_state.wanted_events = frozenset({EventKind.BROADCAST_SENT, EventKind.BROADCAST_RECALLED})
    (sent,) = kit.send("one", target=BETA).events
    assert isinstance(sent, BroadcastSent) and sent.message.extra is not None
    assert (sent.message.sender, sent.message.body) == ("root", b"one")
    assert (sent.message.extra.target, sent.message.extra.expires_ms) == (BETA, NOW + 60_000)
    done = kit.do(c.AlterMessage("root", True, 1, MessageState.RECALLED, original=sent.message))
    (recalled,) = done.events
    assert isinstance(recalled, BroadcastRecalled) and (recalled.message.seq, recalled.operator) == (1, "root")


def test_a_message_type_has_to_be_stored() -> None:
    kit = Kit()
    with pytest.raises(RcimError, match="BAD_PARAMETER"):
        kit.send("one", extra=r.MessageOptions(type_name="none"))
    with pytest.raises(RcimError, match="BAD_PARAMETER"):
        kit.send("one", target=Target(attributes_any=(("none", "1"),)))


# ------------------------------------------------------------------------------------------- a simple model


class Said(NamedTuple):
    """A broadcast of the model."""

    seq: int
    time_ms: int
    expires_ms: int
    target: Target | None
    gone: bool


def visible(said: list[Said], created_ms: int, labels: Labels) -> set[int]:
    """The SEQs that a user finds in history, by the rules as the specification has them."""
    mine = [one for one in said if matches(one.target, labels)]
    since = {one.seq for one in mine if one.time_ms >= created_ms}
    before = [one.seq for one in mine if one.time_ms < created_ms and one.expires_ms > created_ms and not one.gone]
    return since | set(before[-1:])


@pytest.mark.parametrize("seed", range(30))
def test_it_is_as_a_simple_model_says(seed: int) -> None:
    rng = random.Random(seed)
    kit = Kit(broadcasts_per_day=0)
    said: list[Said] = []
    users: dict[str, tuple[int, Labels, int]] = {}
    for number in range(40):
        kit.now_ms += rng.randrange(1, 3 * HOUR_MS)
        target = rng.choice([None, None, Target(tags_any=("a",)), Target(tags_all=("a", "b"))])
        expires_s = rng.choice([0, 3600, 86_400])
        message = kit.send(str(number), expires_s, target).record.message  # type: ignore[union-attr]
        said.append(Said(message.seq, message.time_ms, message.extra.expires_ms, target, False))
        if rng.random() < 0.15:
            at = rng.randrange(len(said))
            original = kit.store.store.answer_all([q.MessageQuery(BROADCAST_ALL, at + 1)])[0].messages[0]
            kit.do(c.AlterMessage("root", True, at + 1, MessageState.RECALLED, original=original))
            said[at] = said[at]._replace(gone=True)
        if rng.random() < 0.4:
            kit.now_ms += 1
            name = f"u{number}"
            labels = Labels(tuple(sorted(rng.sample(("a", "b"), rng.randrange(3)))))
            # What was recalled since does not count as the one of before: the model knows what is gone now.
            users[name] = (kit.now_ms, labels, 0)
            profile = user_records.UserProfile(created_ms=kit.now_ms, labels=labels)
            kit.store.append(user_records.UserSaved(f"@:{name}", name, profile))
        if users and rng.random() < 0.3:
            name = rng.choice(sorted(users))
            seq = rng.randrange(1, len(said) + 1)
            read = kit.do(c.MarkRead(name, False, seq)).result
            users[name] = (*users[name][:2], read.read_seq)  # type: ignore[union-attr]
    for name, (created_ms, labels, read_seq) in users.items():
        wanted = visible(said, created_ms, labels)
        gone = {one.seq for one in said if one.gone}
        states = dict(kit.history(name))
        assert {seq for seq, state in states.items() if state is not MessageState.NOT_FOR_YOU} == wanted, name
        assert {seq for seq, state in states.items() if state is MessageState.RECALLED} == wanted & gone
        fresh = {one.seq for one in said if one.expires_ms > kit.now_ms}
        unread = sorted(seq for seq in wanted & fresh - gone if seq > read_seq)
        (row,) = kit.sync(name)
        assert (row.unread, [m.seq for m in row.messages]) == (len(unread), unread[-10:]), name
    assert check(kit.store.backend).faults == []
