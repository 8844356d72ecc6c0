"""Seeded histories of conversations of the other kinds than groups, with failing commits: a system conversation, an ultra
group with a public and a private channel, a temporary conversation, and a chat room with attributes that absent members
leave. What is kept agrees with itself, no SEQ is missing, and a conversation loaded anew answers what it did before."""

from __future__ import annotations

import random
from typing import Any

import msgspec
import pytest

from rcim.actor import commands as c
from rcim.actor import outcomes as o
from rcim.actor import room_commands as rc
from rcim.actor import ultra_commands as uc
from rcim.actor import workflows as w
from rcim.actor.records import Message, MessageOptions
from rcim.base import clock
from rcim.base.terms import ApplyJoinOption, MessageState, PushLevel
from rcim.rules.policies import changed
from rcim.store import keys
from rcim.store.check import check
from rcim.store.values import unpack
from tests.kit import UNLIMITED, travel, until
from tests.sim.test_dispatcher import send, stop_all
from tests.sim.test_entering import Asking
from tests.sim.test_group_histories import USERS, anything

assert stop_all, "the fixture is this module's too"
ULTRA, SYSTEM, TEMPORARY, ROOM = "g:@TGS#_u", "g:@SYS#s", "g:_tmp:t", "g:room"
NEWS, TEAM = ULTRA + "@TOPIC#_news", ULTRA + "@TOPIC#_team"
TYPES = {
    **UNLIMITED,
    "Room": changed(UNLIMITED["ChatRoom"], "Room", {"leave_after_s": "600", "leave_after_messages": "5"}),
}
TYPE_OF = {ULTRA: "UltraGroup", SYSTEM: "System", TEMPORARY: "Temporary", ROOM: "Room"}
KEPT = (c.CreateGroup, c.DissolveGroup, c.ReclaimGroup)
"""What is not asked of a channel, which workflows of its group begin and end, and of temporary conversations, whose ids
are never used again (SY-02)."""


def creation(key: str, ttl_s: int | None = None) -> c.CreateGroup:
    """u0 makes it, open to all."""
    free = ApplyJoinOption.BY_TYPE if key == TEMPORARY else ApplyJoinOption.FREE_ACCESS
    members = ["u1", "u2"] if key == TEMPORARY else []
    owner = "" if key == SYSTEM else "u0"
    admin = key == SYSTEM
    return c.CreateGroup("u0", admin, key[2:], TYPE_OF[key], "n", "", "", "", free, members, owner, ttl_s=ttl_s)


def of_rooms(rng: random.Random, by: str, admin: bool) -> Any:
    """What is asked of chat rooms alone (CR-01, CR-03, CR-04, CR-07)."""
    names = rng.sample("abcde", 2)
    entries = [rc.AttributeEntry(name, rng.choice("xyz"), rng.random() < 0.5) for name in names]
    return rng.choice(
        [
            rc.SetRoomAttributes(by, admin, entries, rng.random() < 0.3),
            rc.SetRoomAttributes(by, admin, entries[:1], admin),
            rc.DeleteRoomAttributes(by, admin, names[:1], rng.random() < 0.3),
            rc.SetRoom(by, True, rng.choice([None, True, False]), None, [by], []),
            rc.SetRoom(by, True, None, rng.choice([None, True, False]), [], [by]),
            rc.CloseEmpty(by, True, rng.choice([0, 1 << 62])),
            rc.NoteAbsent(by, True),
            rc.NoteBack(by, True),
            rc.LeaveAbsent(by, True),
        ]
    )


def of_channels(rng: random.Random, by: str, admin: bool) -> Any:
    """What is asked of channels alone (UG-03, UG-05)."""
    some, other = rng.sample(USERS, 2), rng.sample(USERS, 1)
    return rng.choice(
        [
            uc.ChangeInsiders(by, admin, some, []),
            uc.ChangeInsiders(by, admin, [], other),
            uc.SetPrivate(by, admin, rng.random() < 0.5),
            uc.SetPushLevel(by, admin, rng.choice(list(PushLevel)), rng.random() < 0.3),
        ]
    )


def of_messages(rng: random.Random, by: str, admin: bool, serial: int, kept: Message | None) -> Any:
    """What is done to messages."""
    state = rng.choice([MessageState.EDITED, MessageState.RECALLED, MessageState.DELETED])
    seq = kept.seq if kept is not None else 1
    aimed = msgspec.structs.replace(send(by, f"t{serial}"), extra=MessageOptions(to=(rng.choice(USERS),)))
    return rng.choice(
        [
            send(by, f"m{serial}"),
            msgspec.structs.replace(send(by, f"a{serial}"), admin=True),
            aimed,
            c.AlterMessage(by, admin, seq, state, b"new", original=kept),
            c.HideMessages(by, False, [seq]),
            c.ClearMessages(by, False),
            c.EraseSender(by, admin, rng.choice(USERS)),
            uc.TrimHistory(by, admin, rng.randrange(3)),
        ]
    )


class Kinds(Asking):
    """Conversations of all these kinds, and what is asked of them."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed=seed, types=TYPES)
        self.rng = random.Random(seed)
        self.offline: set[str] = set()
        self.dispatcher._app_state.rooms.is_online = lambda user_id: user_id not in self.offline

    async def found(self) -> None:
        for key in TYPE_OF:
            assert isinstance(await self.answer(key, creation(key, 3600 if key == TEMPORARY else None)), o.Created)
        for name, private in (("news", False), ("team", True)):
            assert isinstance(await self.result(self.channel(name, private)), o.Created)
        for user in USERS[1:4]:
            for key in (ULTRA, SYSTEM, ROOM):
                await self.answer(key, c.JoinGroup(user, False, ""))

    def channel(self, name: str, private: bool) -> int:
        made = w.CreateChannel("u0", key=ULTRA, admin=True, name_id=name, name=name, introduction="", private=private)
        return self.begin(made)

    async def quiet(self) -> None:
        """All that was asked is answered, and nothing is under way."""
        await until(lambda: len(self.asker.answers) == len(self.asked) and self.dispatcher.idle)

    def step(self, serial: int) -> None:
        """Ask for something."""
        rng = self.rng
        key, by, admin = rng.choice([*TYPE_OF, NEWS, TEAM]), rng.choice(USERS), rng.random() < 0.3
        if rng.random() < 0.02:
            self.channel(*rng.choice([("news", False), ("team", True)]))
        if rng.random() < 0.005:
            self.begin(w.DissolveChannel("u0", key=rng.choice([NEWS, TEAM]), admin=True))
        if rng.random() < 0.4:
            command = of_messages(rng, by, admin, serial, self.one_kept(key))
            if key in (NEWS, TEAM) and isinstance(command, c.SendMessage):  # not in the name of who does not see it
                command = msgspec.structs.replace(command, admin=False)
            self.ask(key, command)
        elif key == ROOM and rng.random() < 0.5:
            command = of_rooms(rng, by, admin)
            (self.offline.add if isinstance(command, rc.NoteAbsent) else self.offline.discard)(by)
            self.ask(key, command)
        elif key in (NEWS, TEAM) and rng.random() < 0.4:
            self.ask(key, of_channels(rng, by, admin))
        else:
            command = anything(rng, TYPE_OF.get(key, ""), serial)
            if isinstance(command, KEPT) and (key in (NEWS, TEAM, TEMPORARY) or rng.random() < 0.8):
                command = send(by, f"k{serial}")
            elif isinstance(command, c.CreateGroup):
                command = creation(key)
            self.ask(key, command)

    def one_kept(self, key: str) -> Message | None:
        there = self.kept(key)
        return self.rng.choice(there) if there else None

    def kept(self, key: str) -> list[Message]:
        """The messages that the store has."""
        end = key.encode() + keys.AFTER_SEP
        with self.backend.read() as view:
            return [unpack(data, Message) for _, data in view.scan("messages", keys.message(key, 0), end)]

    async def says(self, key: str) -> list[Any]:
        """What it answers to everybody."""
        asks: list[Any] = [c.ReadInfo("root", True), c.ReadSome("root", True, list(USERS))]
        asks += [c.ReadMarks("root", True, which, "", 100) for which in ("applied", "muted", "blocked")]
        asks += [c.ReadHistory(by, by == "root", 0, 0, 1000, False, 0, 0) for by in (*USERS, "root")]
        if key == ROOM:
            asks += [rc.ReadRoomAttributes("root", True, 0, 0, []), rc.ReadProtected("root", True)]
        if key in (NEWS, TEAM):
            asks.append(uc.ReadInsiders("root", True, "", 100))
        asks += [uc.ReadPushLevel(by, False) for by in USERS]
        found = [await self.answer(key, ask) for ask in asks]
        profile = self.store.load_group(key, 0).profile
        return [_settled(one, profile.first_seq - 1 if profile is not None else 0) for one in found]

    async def look(self, key: str) -> None:
        """Loaded again it says the same, and no SEQ is missing."""
        before = await self.says(key)
        await self.quiet()
        self.dispatcher._mailboxes.pop(key, None)
        assert await self.says(key) == before, key
        seqs = [message.seq for message in self.kept(key)]
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs))) if seqs else True, f"{key} has a gap"


def _settled(answer: Any, before: int) -> Any:
    """It without LastSendMsgTime, which may be early (ADR 0010), and without positions lower than `before`, behind which
    the first message is that is there: what was before is deleted (UG-04), so they say the same."""
    if isinstance(answer, o.Refused) or not hasattr(answer, "rows"):
        return answer
    return msgspec.structs.replace(answer, rows=[_settled_row(row, before) for row in answer.rows])


def _settled_row(row: Any, before: int) -> Any:
    if not hasattr(row, "member"):
        return row
    joined, read = max(row.member.joined_seq, before), max(row.member.read_seq, before)
    member = msgspec.structs.replace(row.member, last_send_time_ms=0, joined_seq=joined, read_seq=read)
    return msgspec.structs.replace(row, member=member)


@pytest.mark.parametrize("seed", range(6))
async def test_histories_of_every_kind(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:  # MS-01, ST-01, CR-01, CR-03, UG-02, UG-05, SY-01, SY-02
    travel(monkeypatch, clock.wall_ms())  # a block of a second must not end between two looks
    sim = Kinds(seed)
    await sim.found()
    share = sim.rng.choice([0.0, 0.1, 0.3])
    for serial in range(200):
        sim.backend.share = share
        sim.step(serial)
        if sim.rng.random() < 0.3:
            sim.backend.share = 0.0
            await sim.quiet()
            if sim.rng.random() < 0.2:
                await sim.look(sim.rng.choice([*TYPE_OF, NEWS, TEAM]))
    sim.backend.share = 0.0
    await sim.quiet()
    for key in (*TYPE_OF, NEWS, TEAM):
        await sim.look(key)
    assert check(sim.backend).faults == []
    broken = [a for a in sim.asker.answers.values() if isinstance(a, o.Refused) and a.code.name == "SERVER_ERROR"]
    assert not broken, "a command failed with an error of the server's own"
    assert max(len(sim.kept(key)) for key in TYPE_OF) > 2
