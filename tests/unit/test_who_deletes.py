"""Of every table: who deletes its rows, and when; and that nothing is left for ever (ST-02, MS-01, ID-09)."""

from __future__ import annotations

from typing import Any

import msgspec

from rcim.actor import queries as q
from rcim.actor import records as r
from rcim.actor import user_records
from rcim.actor.app import APP_KEY
from rcim.actor.applications import Application
from rcim.actor.events import SessionChanged
from rcim.actor.push_records import PushToken, PushTokenSaved
from rcim.base.ids import message_id, shard_of
from rcim.base.terms import (
    ApplicationState,
    AppList,
    ApplyJoinOption,
    Platform,
    Priority,
    Role,
    UserList,
    pair_conversation,
)
from rcim.store import keys
from rcim.store.apply_users import UNPINNED_MAX
from rcim.store.backend import TABLES, MemoryBackend
from rcim.store.check import check
from rcim.store.event_log import Bounds, KeptEvent
from rcim.store.filling import Filling, append_now
from rcim.store.retention import BEGIN, DAY_MS, Ages
from rcim.store.shard_log import ShardAppend
from tests.kit import FilledStore

WHO = {
    "meta": "fixed names; notes of days go with a day's first sweep",
    "shards": "nobody: one row a shard",
    "profiles": "the end of the group",
    "heads": "nobody: SEQ goes on if the id is used again (MS-01)",
    "members": "leaving, the end of the group",
    "memberships": "leaving, the end of the group",
    "messages": "age; purging what a group that has ended had",
    "users": "nobody: what was signed for a deleted account stays refused (ID-09)",
    "purge": "purging, when it is done",
    "marks": "the next change of marks, when over; age, when only of an application; the end of the group",
    "words": "renaming, the end of the group",
    "app": "whoever set it; a mute that is over with the next mute",
    "hidden": "the end of the message, by age or purging",
    "lists": "its user; the end of the account",
    "left": "age; joining again; the end of the account",
    "altered": "age; purging what a group that has ended had",
    "invited": "the user's answer; entering the group; age; the end of the account",
    "applied": "age; being put in otherwise, being blocked, the end of the group, while it waits; the end of the account",
    "waiting": "the decision; age; being put in otherwise, being blocked; the end of the group",
    "events": "when all consumers have had it; age, and bytes; the consumer that is removed",
    "consumers": "taking the consumer out of the settings",
    "dead_letters": "the administrator; too many; taking the consumer out of the settings",
    "dead_places": "the same",
    "consumer_states": "taking the consumer out of the settings",
    "endings": "the end of a temporary conversation, and a day after it",
    "room_attributes": "their setter; leaving, where they go with it; the end of the group",
    "push_tokens": "the device, the service, another user who registers the token; invalidation; the end of the account",
    "push_users": "the user's last token at the provider",
    "push_owners": "the token",
    "kept_rooms": "the app; the end of the group",
    "admins": "another role; leaving; the end of the group",
    "channels": "the end of the group; of channels that have ended, a hundred more that end",
    "insiders": "taking the user off; leaving the group; the end of the channel",
    "inside": "the same",
    "own": "leaving the group; the end of the channel",
    "seen": "the first profile that is saved; the end of the account",
    "chosen": "leaving; age, when it says nothing any more; the end of the account",
}
STAY = {"meta", "shards", "heads", "users", "app"}
"""Of these something is left, and it does not grow with what has come and gone but by ids that were used."""
FAR_MS = 1 << 45
"""After any wall clock."""
ULTRA, CHANNEL = "g:@TGS#_u", "g:@TGS#_u@TOPIC#_c"
GROUP, PAIR, TEMPORARY = "g:a", pair_conversation("u0", "u1"), "g:_tmp:1"


class Life(FilledStore):
    """A group, a pair, and accounts that come and go."""

    def __init__(self) -> None:
        super().__init__(MemoryBackend())
        self.seqs = {GROUP: 0, PAIR: 0, TEMPORARY: 0}

    def make(self, key: str, members: int) -> None:
        first = self.seqs[key] + 1
        name = "a" if key == GROUP else ""
        profile = r.Profile(name, "T", "a name", "", "", "", "u0", 1, ApplyJoinOption.FREE_ACCESS, 0, first)
        if key == TEMPORARY:
            profile = msgspec.structs.replace(profile, group_id="_tmp:1", ends_ms=2)
        users = [r.Member(f"u{n}", Role.MEMBER, 1, first - 1, "") for n in range(members)]
        self.append(r.GroupCreated(key, profile, users, 1))

    def say(self, key: str, time_ms: int) -> None:
        seq = self.seqs[key] = self.seqs[key] + 1
        id_ = message_id(shard_of(key), self.store.positions()[shard_of(key)])
        message = r.Message(seq, time_ms, id_, Priority.LOW, "u1", "", "", "", f"c{seq}", b"b")
        self.append(r.MessageKept(key, message))
        self.append(r.MessageAltered(key, message), r.MessagesHidden(key, "u1", [seq]))

    def app(self, *records: Any) -> None:
        filling = Filling(self.store)
        for record in records:
            filling.put(APP_KEY, record)
        filling.commit()

    def choose(self, user_id: str, conversation: str, pinned_ms: int, removed: bool = False) -> None:
        self.append(user_records.ConversationChosen(f"@:{user_id}", user_id, conversation, pinned_ms, removed))

    def apply_to(self, user_id: str, time_ms: int) -> None:
        mark = r.UserRestriction(user_id, applied_ms=time_ms, text="please")
        self.append(r.GroupChanged(GROUP, 1, False, None, [], [], [mark], None, None, ["u0"]))

    def decide(self, user_id: str, time_ms: int) -> None:
        said = Application(user_id, GROUP, time_ms, "please", ApplicationState.REFUSED, time_ms, "u0", "no")
        self.append(r.GroupChanged(GROUP, 1, False, None, [], [], [r.UserRestriction(user_id)], None, said, ["u0"]))

    def sweep(self, day: int) -> None:
        cursor: Any = BEGIN
        while cursor is not None:
            cursor, _ = self.store.trim_step(cursor, Ages(day * DAY_MS, {"T": 7}, 30))
        while self.store.purge_step():
            pass
        self.store.forget_ended(FAR_MS)
        while self.store.events.trim_step(Bounds((day - 1) * DAY_MS, 1 << 30)):
            pass

    def rows(self, table: str) -> list[bytes]:
        with self.backend.read() as view:
            return [row for row, _ in view.scan(table, b"", keys.LAST)]

    def counts(self) -> dict[str, int]:
        return {table: len(self.rows(table)) for table in TABLES}

    def happen(self, day: int) -> None:
        shard = shard_of("@:u1")
        claim = self.store.claim([shard])[shard]
        event = SessionChanged(day * DAY_MS, "u1", Platform.WEB, None)
        append_now(self.store, [ShardAppend(shard, claim.epoch, claim.position, (), (event,))])

    def ultra(self) -> None:
        """An ultra group with a channel, of which one member has something of their own."""
        row = r.Profile("@TGS#_u", "T", "", "", "", "", "u1", 1, ApplyJoinOption.FREE_ACCESS, 0, 1)
        users = [r.Member(f"u{n}", Role.OWNER if n == 1 else Role.MEMBER, 1, 0, "") for n in range(3)]
        self.append(r.GroupCreated(ULTRA, row, users, 1), r.ChannelListed(ULTRA, "c", True))
        self.append(r.GroupCreated(CHANNEL, row, [], 1), r.InsidersChanged(CHANNEL, ["u0", "u1"], []))
        for user in users:
            self.append(r.GroupChanged(CHANNEL, 1, False, None, [user], [], [], None))
        self.choose("u1", CHANNEL, 5)
        self.append(r.GroupChanged(ULTRA, 1, False, None, [], ["u0"], [], None))

    def round(self, day: int) -> None:
        """All that there can be rows of comes and goes."""
        self.make(GROUP, 6)
        self.make(TEMPORARY, 3)
        for key in (GROUP, PAIR, TEMPORARY):
            for _ in range(3):
                self.say(key, day * DAY_MS)
        self.append(
            r.GroupChanged(
                GROUP, 1, True, None, [], ["u5"], [r.UserRestriction("u5", blocked_until_ms=9, erased_seq=1)], None
            )
        )
        for user in ("v1", "v2"):
            self.apply_to(user, day * DAY_MS)
        self.decide("v2", day * DAY_MS)
        for conversation in (GROUP, PAIR, "g:none", pair_conversation("u1", f"none{day}")):
            self.choose("u1", conversation, 5)
            self.choose("u1", conversation, 0, removed=True)
        for user in ("u2", "u3"):
            self.append(user_records.UserSaved(f"@:{user}", user, user_records.UserProfile("nick")))
            self.choose(user, GROUP, 5)
            self.choose(user, pair_conversation(user, "none"), 5)
            self.append(user_records.UserListed(f"@:{user}", user, UserList.BLACK, ["u0", f"none{day}"], []))
        for user in ("u1", "u2"):
            invitation = user_records.Invitation("g:none", "u0", "none", day * DAY_MS)
            self.append(user_records.InvitationsChanged(f"@:{user}", user, [invitation], []))
        set_ = r.RoomAttribute("seat", "u1", "u1", day, day)
        self.append(r.RoomAttributesChanged(GROUP, day, day - 1, [set_], []))
        kept = r.Profile("a", "T", "a name", "", "", "", "u0", 1, ApplyJoinOption.FREE_ACCESS, 0, 1, keep_alive=True)
        self.append(r.GroupChanged(GROUP, 1, False, kept, [], [], [], None))
        self.app(r.UsersMuted({"u2": 5}), r.LoginsBlocked({"u2": 5}), r.ListChanged(AppList.LOW_TYPES, ["x"], []))
        self.append(user_records.UserSeen("@:seen", "seen", day * DAY_MS))
        for user in ("u2", "u3"):
            token = PushToken("phone", "apns", f"token{day}{user}", time_ms=day)
            self.append(PushTokenSaved(f"@:{user}", user, token))
        self.store.events.register("consumer")
        self.happen(day)
        one = KeptEvent(3, day, SessionChanged(1, "u1", Platform.WEB, None))
        self.store.events.dead_letters.bury("consumer", [(one, "refused")], {}, day)
        self.ultra()
        assert [table for table, count in self.counts().items() if not count] in (["purge"], [])
        self.append(r.GroupDissolved(ULTRA))
        self.append(r.GroupDissolved(GROUP), r.GroupDissolved(TEMPORARY))
        self.seqs[TEMPORARY] = 0
        assert self.rows("purge")
        self.append(user_records.UserSaved("@:seen", "seen", user_records.UserProfile(deleted=True)))
        for user in ("u2", "u3"):
            self.append(
                user_records.UserSaved(f"@:{user}", user, user_records.UserProfile(deleted=True)),
                user_records.UserListed(f"@:{user}", user, UserList.BLACK, [], ["u0", f"none{day}"]),
            )
        self.app(r.UsersMuted({"u2": 0}), r.LoginsBlocked({"u2": 0}), r.ListChanged(AppList.LOW_TYPES, [], ["x"]))
        self.store.events.unregister("consumer")


def test_it_is_known_of_every_table_who_deletes_its_rows() -> None:
    assert set(WHO) == set(TABLES)
    assert {table for table, who in WHO.items() if who.startswith("nobody")} < STAY


def test_nothing_is_left_that_nobody_deletes() -> None:
    life = Life()
    life.make(PAIR, 2)
    pair = life.counts()
    life.round(100)
    life.sweep(101)
    assert check(life.backend).faults == []
    life.sweep(150)
    life.sweep(190)
    left = life.counts()
    for table in TABLES:
        if table not in STAY:
            assert left[table] == pair[table] + (table == "chosen"), f"{table}: {WHO[table]}"
    (chosen,) = life.rows("chosen")
    assert chosen == keys.pair("u1", PAIR), "what a user has said of a conversation that it is in stays"
    for day in range(200, 230):
        life.round(day)
        life.sweep(day)
    life.sweep(270)
    life.sweep(310)
    assert life.counts() == left
    assert check(life.backend).faults == []


def test_time_alone_deletes_applications() -> None:  # GR-12
    life = Life()
    life.make(GROUP, 2)
    life.apply_to("v1", 100 * DAY_MS)
    life.apply_to("v2", 100 * DAY_MS)
    life.decide("v2", 110 * DAY_MS)
    muted = r.UserRestriction("v3", muted_until_ms=200 * DAY_MS, applied_ms=100 * DAY_MS)
    life.append(r.GroupChanged(GROUP, 1, False, None, [], [], [muted], None))
    kept = {"applied": ["v1", "v2", "v3"], "waiting": ["v1", "v3"], "marks": ["v1", "v3"]}

    def users(table: str) -> list[str]:
        return [row.replace(GROUP.encode(), b"").strip(keys.SEP).decode() for row in life.rows(table)]

    life.sweep(129)
    assert {table: users(table) for table in kept} == kept
    life.sweep(130)
    assert {table: users(table) for table in kept} == {"applied": ["v2"], "waiting": [], "marks": ["v3"]}
    life.sweep(140)
    assert users("applied") == []


def test_notes_of_days_are_as_many_as_are_asked_for() -> None:
    life = Life()
    for day in range(100, 300):
        life.sweep(day)
    assert 30 <= len([row for row in life.rows("meta") if row.startswith(b"day:")]) <= 32


def test_what_is_pinned_in_vain_costs_no_sync() -> None:  # RX-09, RX-03
    life = Life()
    life.make(GROUP, 2)
    (first,) = life.store.answer_all([q.SyncQuery("u1", 0, 0)])
    life.choose("u1", pair_conversation("u1", "other"), 7)
    for n in range(UNPINNED_MAX):
        life.choose("u1", pair_conversation("u1", f"none{n}"), 5)
        life.choose("u1", pair_conversation("u1", f"none{n}"), 0)
    (some,) = life.store.answer_all([q.SyncQuery("u1", first.upto, 0, store_id=first.store_id)])
    assert not some.reset and len(some.rows) == UNPINNED_MAX + 1, "each device hears what is no longer pinned"
    for n in range(1000):
        life.choose("u1", pair_conversation("u1", f"more{n}"), 5)
        life.choose("u1", pair_conversation("u1", f"more{n}"), 0, removed=True)
        life.choose("u1", f"g:none{n}", 5)
    assert len(life.rows("chosen")) == UNPINNED_MAX + 2
    (late,) = life.store.answer_all([q.SyncQuery("u1", some.upto, 0, store_id=first.store_id)])
    assert late.reset, "who has not heard of all is told everything"
    assert {row.key for row in late.rows} == {GROUP, pair_conversation("u1", "other")}
    (lately,) = life.store.answer_all([q.SyncQuery("u1", late.upto, 0, store_id=first.store_id)])
    assert not lately.reset and lately.rows == []
    assert life.store.load_user("@:u1", "u1").pinned == {pair_conversation("u1", "other"): 7}
