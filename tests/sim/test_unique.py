"""The one conversation of a set of users, also when all of them create it at once (C2-02)."""

from __future__ import annotations

import random
from typing import Any

import pytest

from rcim.actor import commands as c
from rcim.actor import outcomes as o
from rcim.actor import user_commands as u
from rcim.actor.unique import GENERATIONS_MAX, unique_id_base
from rcim.actor.user import user_key
from rcim.actor.workflows import AcceptInvitation, EnterGroup
from rcim.base.ids import GROUP_ID_BYTES_MAX
from rcim.base.terms import AddResult, ApplyJoinOption, InviteConsent, UserList
from rcim.rules.conversation_kinds import GROUP, kind_of
from rcim.store.check import check
from tests.sim.test_dispatcher import running, send, stop_all
from tests.sim.test_entering import Asking

assert stop_all and not running, "the fixture is this module's too"


def creation(by: str, *members: str, type_: str = "Private", admin: bool = False, owner: str = "") -> EnterGroup:
    command = c.CreateGroup(
        by=by,
        admin=admin,
        group_id="",
        type=type_,
        name="ours",
        introduction="",
        notification="",
        face_url="",
        apply_join_option=ApplyJoinOption.BY_TYPE,
        members=list(members),
        owner=owner or by,
        made_number=1,
        unique=True,
    )
    return EnterGroup(by, "g:", command)


async def create(sim: Asking, by: str, *members: str, **more: Any) -> o.Created:
    found = await sim.result(sim.begin(creation(by, *members, **more)))
    assert isinstance(found, o.Created), found
    return found


def members(sim: Asking, group_id: str) -> set[str]:
    return {m.user_id for m in sim.store.load_group(f"g:{group_id}", 0).members}


async def test_a_hundred_creators_at_once_get_one_conversation() -> None:
    sim = Asking()
    users = [f"u{n}" for n in range(10)]
    rng = random.Random(7)
    tokens = []
    for n in range(100):
        by, others = users[n % 10], [user for user in users if user != users[n % 10]]
        rng.shuffle(others)
        tokens.append(sim.begin(creation(by, *others, *others[:2])))
    found = [await sim.result(token) for token in tokens]
    (group_id,) = {one.group_id for one in found}
    assert sorted(one.existed for one in found) == [False] + [True] * 99
    assert members(sim, group_id) == set(users)
    assert sim.store.load_app().counts == {"Private": 1}
    assert kind_of(f"g:{group_id}") is GROUP and len(f"{group_id[:-1]}{GENERATIONS_MAX}") <= GROUP_ID_BYTES_MAX
    assert isinstance(await sim.answer(f"g:{group_id}", send("u5", "m1")), o.Sent), "nobody waits for the owner"
    assert check(sim.backend).faults == []


async def test_other_users_or_another_type_are_another_conversation() -> None:
    sim = Asking()
    ids = [
        (await create(sim, "u0", "u1")).group_id,
        (await create(sim, "u0", "u1", "u2")).group_id,
        (await create(sim, "u0", "u1", type_="Public")).group_id,
        (await create(sim, "u0", "u2")).group_id,
    ]
    assert len(set(ids)) == 4
    assert (await create(sim, "u1", "u0")).group_id == ids[0]
    assert (await create(sim, "root", "u1", admin=True, owner="u0")).group_id == ids[0]
    assert unique_id_base("T", ["b", "a", "b"]) == unique_id_base("T", ["a", "b"]) != unique_id_base("T", ["ab"])


async def test_once_its_members_change_there_is_a_new_one() -> None:
    sim = Asking()
    first = (await create(sim, "u0", "u1", "u2")).group_id
    await sim.answer(f"g:{first}", c.LeaveGroup("u2", False))
    second = await create(sim, "u1", "u2", "u0")
    assert second.group_id != first and not second.existed and members(sim, second.group_id) == {"u0", "u1", "u2"}
    added = await sim.result(sim.begin(EnterGroup("u1", f"g:{second.group_id}", c.InviteUsers("u1", False, ["u3"]))))
    assert added.results == [("u3", AddResult.ADDED)]
    third = (await create(sim, "u0", "u1", "u2")).group_id
    assert third not in (first, second.group_id)
    await sim.answer(f"g:{first}", c.DissolveGroup("root", True))
    assert (await create(sim, "u0", "u1", "u2")).group_id == third, "it is still there, though one before is gone"
    await sim.answer(f"g:{third}", c.DissolveGroup("root", True))
    again = await create(sim, "u0", "u1", "u2")
    assert not again.existed, "one that is dissolved is not there"


async def test_what_is_no_change_of_members_leaves_it_as_it_is() -> None:
    sim = Asking()
    group_id = (await create(sim, "u0", "u1")).group_id
    for command in (
        c.EditGroup("u0", False, {"name": "new"}, None, None, ()),
        c.GiveGroup("u0", False, "u1"),
        c.EditMember("u0", False, "u0", "card", None, None, ()),
    ):
        assert not isinstance(await sim.answer(f"g:{group_id}", command), o.Refused), command
    assert (await create(sim, "u1", "u0")).group_id == group_id


async def test_who_is_asked_first_comes_into_the_same_conversation() -> None:  # GT-07
    sim = Asking()
    for user_id in ("u1", "u2"):
        await sim.answer(user_key(user_id), u.SetInviteConsent(user_id, False, InviteConsent.ASK))
    made = await create(sim, "u0", "u1", "u2", "u3")
    assert dict(made.left_out) == {"u1": AddResult.WAITING, "u2": AddResult.WAITING}
    accepted = await sim.result(sim.begin(AcceptInvitation("u1", f"g:{made.group_id}")))
    assert isinstance(accepted, o.Joined)
    again = await create(sim, "u3", "u0", "u1", "u2")
    assert again.group_id == made.group_id and dict(again.left_out) == {"u2": AddResult.FAILED}
    own = await create(sim, "u2", "u0", "u1", "u3")
    assert own.group_id == made.group_id and own.existed and own.left_out == []
    assert members(sim, made.group_id) == {"u0", "u1", "u2", "u3"}, "who creates it themself is asked by nobody"
    assert (await create(sim, "u0", "u1", "u2", "u3")).group_id == made.group_id


async def test_a_black_list_keeps_a_user_out_but_makes_no_other_conversation() -> None:  # SC-07
    sim = Asking()
    await sim.answer(user_key("u1"), u.ChangeUserList("u1", False, UserList.BLACK, ["u0"], []))
    made = await create(sim, "u0", "u1", "u2")
    assert dict(made.left_out) == {"u1": AddResult.FAILED} and members(sim, made.group_id) == {"u0", "u2"}
    assert (await create(sim, "u2", "u1", "u0")).group_id == made.group_id
    assert (await create(sim, "u1", "u0", "u2")).group_id == made.group_id
    assert members(sim, made.group_id) == {"u0", "u1", "u2"}, "by its own wish it is in"


@pytest.mark.parametrize("type_", ["Temporary", "AVChatRoom", "nothing"])
async def test_types_that_have_none(type_: str) -> None:
    sim = Asking()
    found = await sim.result(sim.begin(creation("u0", "u1", type_=type_)))
    assert isinstance(found, o.Refused) and found.code.name in ("BAD_PARAMETER", "NOT_PERMITTED")
    assert sim.store.load_app().counts == {}
    assert not sim.dispatcher._workflows._context.unique_turns._waiting, "the turn is over"
