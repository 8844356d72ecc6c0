"""Channels share the members of their ultra group: seeded histories beside a plain model, and groups with so many members
that no command looks at each (UG-01, UG-02, UG-05)."""

from __future__ import annotations

import random
from typing import Any

import pytest

from rcim.actor import commands as c
from rcim.actor import outcomes as o
from rcim.actor import paged_roster
from rcim.actor import ultra_commands as uc
from rcim.actor import workflows as w
from rcim.actor.effects import Altered
from rcim.actor.queries import ChannelsQuery, SyncQuery, TypeFacts
from rcim.base.terms import ApplyJoinOption, MessageState, Role
from rcim.store import apply, keys
from rcim.store.answers import SyncPage
from rcim.store.check import check
from tests.kit import UNLIMITED, travel, until
from tests.sim.test_dispatcher import send, stop_all
from tests.sim.test_entering import Asking

assert stop_all, "the fixture is this module's too"
GROUP = "g:@TGS#_u"
NEWS, TEAM = GROUP + "@TOPIC#_news", GROUP + "@TOPIC#_team"
USERS = [f"u{n}" for n in range(6)]
TYPE = TypeFacts(True, True, False, 7)
START_MS = 1_700_000_000_000


class City(Asking):
    """An ultra group of u0 with two channels, one of which is private, and a clock that every step moves."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        self._now = START_MS
        travel(patch, START_MS)
        super().__init__(types=UNLIMITED)

    def tick(self) -> None:
        self._now += 5
        travel(self._patch, self._now)

    async def found(self) -> None:
        option = ApplyJoinOption.FREE_ACCESS
        made = c.CreateGroup("u0", False, "@TGS#_u", "UltraGroup", "n", "", "", "", option, [], "u0")
        assert isinstance(await self.answer(GROUP, made), o.Created)
        for name, private in (("news", False), ("team", True)):
            self.tick()
            assert isinstance(await self.result(self.begin(channel(name, private))), o.Created)

    def forget(self, key: str) -> None:
        """The actor leaves memory, as an idle one does."""
        self.dispatcher._mailboxes.pop(key, None)


def channel(name: str, private: bool = False) -> w.CreateChannel:
    return w.CreateChannel("u0", key=GROUP, admin=False, name_id=name, name=name, introduction="", private=private)


class Model:
    """What the members of a group see of its channels."""

    def __init__(self) -> None:
        self.joined: dict[str, dict[str, int]] = {"u0": {NEWS: 0, TEAM: 0}}
        self.newest = {NEWS: 0, TEAM: 0}
        self.read: dict[tuple[str, str], int] = {}
        self.inside = {"u0"}

    def sees(self, key: str, user: str) -> bool:
        return user in self.joined and (key == NEWS or user in self.inside)

    def join(self, user: str) -> None:
        self.joined.setdefault(user, dict(self.newest))

    def leave(self, user: str) -> None:
        self.joined.pop(user, None)
        self.inside.discard(user)
        for key in (NEWS, TEAM):
            self.read.pop((key, user), None)


@pytest.mark.parametrize("seed", range(6))
async def test_a_channel_does_what_the_model_does(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:  # UG-02, UG-05
    rng, model, sim = random.Random(seed), Model(), City(monkeypatch)
    await sim.found()
    for step in range(150):
        sim.tick()
        key, user = rng.choice([NEWS, TEAM]), rng.choice(USERS)
        match rng.randrange(8):
            case 0 | 1:
                await sim.answer(GROUP, c.JoinGroup(user, False, ""))
                model.join(user)
            case 2 if user != "u0":
                leave = c.LeaveGroup(user, False)
                await sim.answer(GROUP, rng.choice([leave, c.KickMembers("u0", False, [user], "")]))
                model.leave(user)
            case 3:
                wanted = user in model.joined
                found = await sim.answer(TEAM, uc.ChangeInsiders("u0", False, [user], []))
                assert isinstance(found, o.Done) == wanted
                model.inside |= {user} if wanted else set()
            case 4 if model.sees(key, user) and model.newest[key]:
                seq = rng.randint(1, model.newest[key])
                found = await sim.answer(key, c.MarkRead(user, False, seq))
                before = model.read.get((key, user), model.joined[user][key])
                model.read[key, user] = max(before, seq)
                assert found == o.Read(model.read[key, user])
            case 5:
                sim.forget(rng.choice([GROUP, NEWS, TEAM]))
            case _:
                found = await sim.answer(key, send(user, f"m{step}"))
                assert isinstance(found, o.Sent) == model.sees(key, user), found
                if isinstance(found, o.Sent):
                    model.newest[key] += 1
                    model.read[key, user] = model.newest[key]
        await look(sim, model, rng.choice([NEWS, TEAM]), rng.choice(USERS))
    assert check(sim.backend).faults == []
    assert [m.seq for m in sim.sink.seen.get(TEAM, [])] == list(range(1, model.newest[TEAM] + 1))


async def look(sim: City, model: Model, key: str, user: str) -> None:
    """What the user sees of the channel is what the model says."""
    found = await sim.answer(key, c.ReadHistory(user, False, 0, 0, 1000, False, 0, 0))
    if not model.sees(key, user):
        assert isinstance(found, o.Refused)
        return
    assert [m.seq for m in found.messages] == list(range(model.joined[user][key] + 1, model.newest[key] + 1))


async def test_what_was_read_by_sending_stays_when_a_role_changes(monkeypatch: pytest.MonkeyPatch) -> None:  # RX-11
    sim = City(monkeypatch)
    await sim.found()
    await sim.answer(GROUP, c.JoinGroup("u1", False, ""))
    for n in range(2):  # the first is kept with its sender, the second is not
        sim.tick()
        await sim.answer(NEWS, send("u1", f"m{n}"))
    await sim.answer(GROUP, c.EditMember("u0", False, "u1", None, None, Role.ADMIN, ()))
    await until(lambda: sim.dispatcher.idle)
    (row,) = (await sim.answer(NEWS, c.ReadSome("u0", False, ["u1"]))).rows
    assert (row.member.role, row.member.read_seq) == (Role.ADMIN, 2)


async def test_who_leaves_and_comes_again_has_read_by_sending(monkeypatch: pytest.MonkeyPatch) -> None:  # RX-11
    sim = City(monkeypatch)
    await sim.found()
    for n in range(2):
        sim.tick()
        await sim.answer(GROUP, c.JoinGroup("u1", False, ""))
        await sim.answer(NEWS, send("u1", f"m{n}"))
        if n == 0:
            await sim.answer(GROUP, c.LeaveGroup("u1", False))
    for again in (False, True):
        await until(lambda: sim.dispatcher.idle)
        if again:
            sim.forget(NEWS)
        (row,) = (await sim.answer(NEWS, c.ReadSome("u0", False, ["u1"]))).rows
        assert row.member.read_seq == 2, "also after loading again" if again else ""


async def test_who_is_in_no_channel_any_more_after_its_group_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    sim = City(monkeypatch)
    await sim.found()
    await sim.answer(NEWS, send("u0", "m"))
    assert isinstance(await sim.answer(GROUP, c.DissolveGroup("u0", False)), o.Done)
    for key in (NEWS, TEAM, GROUP):
        assert isinstance(await sim.answer(key, send("u0", "n")), o.Refused)
    while sim.store.purge_step():
        pass
    for table in (
        "members",
        "memberships",
        "admins",
        "channels",
        "insiders",
        "inside",
        "own",
        "profiles",
        "messages",
    ):
        with sim.backend.read() as view:
            assert not list(view.scan(table, b"", keys.LAST)), table


async def test_a_group_of_very_many_ends_at_once_and_its_members_go_in_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # UG-01
    monkeypatch.setattr(paged_roster, "WALK_MAX", 3)
    monkeypatch.setattr(apply, "MEMBERS_AT_ONCE", 3)
    sim = City(monkeypatch)
    await sim.found()
    for user in USERS[1:]:
        await sim.answer(GROUP, c.JoinGroup(user, False, ""))
    since = sim.store.answer_all([sync("u3")])[0]
    assert isinstance(since, SyncPage) and len(since.rows) == 2
    assert isinstance(await sim.answer(GROUP, c.DissolveGroup("u0", False)), o.Done)
    again = c.CreateGroup("u0", False, "@TGS#_u", "UltraGroup", "n", "", "", "", ApplyJoinOption.BY_TYPE, [], "u0")
    found = await sim.answer(GROUP, again)
    assert isinstance(found, o.Refused) and found.code.name == "GROUP_ID_TAKEN", "its members are still there"
    steps = 0
    while sim.store.purge_step(2):
        steps += 1
    assert steps > 3
    sim.tick()
    await until(lambda: sim.dispatcher.idle)
    assert isinstance(await sim.answer(GROUP, again), o.Created)
    (page,) = sim.store.answer_all([sync("u3", since)])
    assert isinstance(page, SyncPage) and GROUP in page.gone, "each member learns of it"
    assert sim.store.load_group(GROUP, 0).member_num == 1


def sync(user: str, since: SyncPage | None = None) -> SyncQuery:
    types = {"UltraGroup": TYPE, "Channel": TYPE}
    if since is None:
        return SyncQuery(user, 0, 0, types=types)
    return SyncQuery(user, since.upto, 0, store_id=since.store_id, types=types)


async def test_loading_a_group_looks_at_no_member_but_its_admins(monkeypatch: pytest.MonkeyPatch) -> None:  # UG-01
    sim = City(monkeypatch)
    await sim.found()
    for user in USERS[1:]:
        await sim.answer(GROUP, c.JoinGroup(user, False, ""))
    with sim.backend.write() as view:
        for user in USERS[1:]:
            view.put("members", keys.pair(GROUP, user), b"damaged")
    found = sim.store.load_group(GROUP, 0)
    assert [member.user_id for member in found.members] == ["u0"] and found.member_num == len(USERS)


async def test_an_edit_is_told_to_very_many_without_what_those_may_not_see_who_joined_since(
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # GT-14, UG-04
    monkeypatch.setattr(paged_roster, "WALK_MAX", 0)
    sim = City(monkeypatch)
    await sim.found()
    told: list[Any] = []
    tell = sim.sink.tell
    monkeypatch.setattr(
        sim.sink, "tell", lambda key, users, notice: (told.append((users, notice)), tell(key, users, notice))
    )
    await sim.answer(NEWS, send("u0", "m"))
    for joins, body in ((False, b"open"), (True, b"hidden")):
        sim.tick()
        if joins:
            await sim.answer(GROUP, c.JoinGroup("u1", False, ""))
            sim.tick()
        edit = c.AlterMessage("u0", False, 1, MessageState.EDITED, body)
        assert isinstance(await sim.result(sim.begin(w.WithMessage("u0", NEWS, edit))), o.Altered)
    bodies = [notice.message.body for _, notice in told if isinstance(notice, Altered)]
    assert bodies == [b"open", b""]
    (listed,) = sim.store.answer_all([ChannelsQuery(GROUP, "u1")])
    assert [row.profile.name for row in listed.rows] == ["news"]
