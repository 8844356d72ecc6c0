"""What is counted of a user while it is being added somewhere, when loads and commits fail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as replace_struct

from rcim.actor import commands as c
from rcim.actor import outcomes as o
from rcim.actor import user_commands as u
from rcim.actor import user_results
from rcim.actor.user import user_key
from rcim.actor.workflows import EnterGroup
from rcim.base.limits import DEFAULTS
from rcim.base.terms import AddResult, ApplyJoinOption, UserList
from rcim.dispatch.requests import Request
from rcim.dispatch.workflows.admissions import Admission, end_admission
from rcim.store.backend import StoreError
from tests.kit import until
from tests.sim.test_dispatcher import Sim, create, running


@pytest.fixture(autouse=True)
def stop_all() -> Iterator[None]:
    """End the threads of what a test has started."""
    yield
    while running:
        running.pop().dispatcher.stop()


class Asking(Sim):
    """Asks workflows too."""

    def begin(self, workflow: Any) -> int:
        self.asked.append(workflow)
        token = len(self.asked) - 1
        self.dispatcher.run(Request("", workflow, self.asker, token))
        return token

    async def result(self, token: int) -> Any:
        await until(lambda: token in self.asker.answers)
        return self.asker.answers[token]

    def invite(self, group: str, *users: str) -> int:
        return self.begin(EnterGroup("u0", f"g:{group}", c.InviteUsers("u0", True, list(users))))

    @property
    def under_way(self) -> dict[str, dict[int, tuple[str, str]]]:
        return self.dispatcher._app_state.entering._under_way


ONE = replace(DEFAULTS, groups_per_user_max=1)


async def test_a_failed_commit_gives_the_room_back() -> None:  # ST-04
    sim = Asking(limits=ONE)
    await sim.answer("g:a", create("a"))
    sim.backend.share = 1.0
    found = await sim.result(sim.invite("a", "bob"))
    assert isinstance(found, o.Refused) and found.code.name == "STORE_UNAVAILABLE"
    sim.backend.share = 0.0
    assert (await sim.result(sim.invite("a", "bob"))).results == [("bob", AddResult.ADDED)]
    await until(lambda: not sim.under_way)


async def test_what_is_under_way_counts_also_after_the_users_own_commit_has_failed() -> None:  # ST-04
    sim = Asking(limits=ONE)
    for group in "ab":
        await sim.answer(f"g:{group}", create(group))
    key = user_key("bob")
    assert isinstance(await sim.answer(key, u.AdmitToGroup("u0", True, "g:a", 1000)), o.Done)
    sim.backend.share = 1.0
    assert isinstance(await sim.answer(key, u.ChangeUserList("bob", False, UserList.BLACK, ["x"], [])), o.Refused)
    sim.backend.share = 0.0
    assert (await sim.result(sim.invite("b", "bob"))).results == [("bob", AddResult.FULL)]
    await sim.answer(key, u.EndAdmission("bob", True, 1000))
    assert (await sim.result(sim.invite("b", "bob"))).results == [("bob", AddResult.ADDED)]


async def test_what_is_committed_while_the_user_is_loaded_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    sim = Asking(limits=ONE)
    for group in "abc":
        await sim.answer(f"g:{group}", create(group))
    load, stale = sim.store.load_user, sim.store.load_user(user_key("bob"), "bob")
    monkeypatch.setattr(sim.store, "load_user", lambda key, user_id: stale)
    sim.ask(user_key("bob"), u.ReadUser("bob", False))
    await sim.answer("g:a", c.JoinGroup("bob", True, ""))
    monkeypatch.setattr(sim.store, "load_user", load)
    assert (await sim.result(sim.invite("b", "bob"))).results == [("bob", AddResult.FULL)]
    await sim.answer("g:a", c.LeaveGroup("bob", False))
    tokens = [sim.invite(group, "bob") for group in "bc"]
    found = [(await sim.result(token)).results[0][1] for token in tokens]
    assert sorted(found) == [AddResult.ADDED, AddResult.FULL], "two at once have the room of one"


async def test_users_who_can_not_be_loaded(monkeypatch: pytest.MonkeyPatch) -> None:  # ST-04
    sim = Asking(limits=ONE)
    await sim.answer("g:a", create("a"))
    load = sim.store.load_user

    def failing(key: str, user_id: str) -> Any:
        if user_id == "bob":
            raise StoreError("it is broken")
        return load(key, user_id)

    monkeypatch.setattr(sim.store, "load_user", failing)
    found = await sim.result(sim.invite("a", "bob", "carol"))
    assert found.results == [("bob", AddResult.FAILED), ("carol", AddResult.ADDED)]
    # One whose actor went out of memory meanwhile, and can not come back: its admission ends all the same.
    context, app_state = sim.dispatcher._workflows._context, sim.dispatcher._app_state
    app_state.entering.begin("bob", 1000, "g:a")
    sim.dispatcher._registry.new(user_key("bob"))
    end_admission(context, Admission("bob", "g:a", 1000))
    await until(lambda: not sim.under_way)
    app_state.entering.begin("bob", 1000, "g:a")
    end_admission(context, Admission("bob", "g:a", 1000))
    assert not sim.under_way


async def test_a_commit_that_fails_beside_an_admission() -> None:  # ST-04
    """The user's own commit fails in the turn in which it is admitted, or in which its admission ends."""
    sim = Asking(limits=ONE)
    await sim.answer("g:a", create("a"))
    key = user_key("bob")
    await sim.answer(key, u.ReadUser("bob", False))
    sim.backend.share = 1.0
    tokens = [
        sim.ask(key, u.ChangeUserList("bob", False, UserList.BLACK, ["x"], [])),
        sim.invite("a", "bob"),
    ]
    found = [await sim.result(token) for token in tokens]
    assert isinstance(found[0], o.Refused)
    assert found[1].results == [("bob", AddResult.FAILED)] and not sim.under_way
    sim.backend.share = 0.0
    app_state, context = sim.dispatcher._app_state, sim.dispatcher._workflows._context
    app_state.entering.begin("bob", 1000, "g:a")
    app_state.entering.begin("bob", 1001, "g:a")
    await sim.answer(key, u.ReadUser("bob", False))
    sim.backend.share = 1.0
    token = sim.ask(key, u.ChangeUserList("bob", False, UserList.BLACK, ["x"], []))
    end_admission(context, Admission("bob", "g:a", 1000))
    assert isinstance(await sim.result(token), o.Refused)
    await until(lambda: sim.under_way == {"bob": {1001: ("g:a", "")}}, "the other one goes on")
    sim.backend.share = 0.0


@pytest.mark.parametrize(
    ("withdraws", "by", "admin", "out"),
    [
        (u.InvalidateUser("root", True, True), "u0", False, True),
        (u.InvalidateUser("root", True, True), "u0", True, True),
        (u.InvalidateUser("root", True, False), "u0", False, False),
        (u.ChangeUserList("bob", False, UserList.BLACK, ["u0"], []), "u0", False, True),
        (u.ChangeUserList("bob", False, UserList.BLACK, ["x"], []), "u0", False, False),
        (u.ChangeUserList("bob", False, UserList.WHITE, ["u0"], []), "u0", False, False),
        (u.ChangeUserList("bob", False, UserList.BLACK, ["u0"], []), "u0", True, False),
    ],
)
async def test_who_withdraws_an_admission_is_not_put_in(withdraws: Any, by: str, admin: bool, out: bool) -> None:
    """ID-09, SC-07: between the user's admission and the group's command."""
    sim = Asking()
    await sim.answer("g:a", create("a"))
    key = user_key("bob")
    await sim.answer(key, u.AdmitToGroup(by, admin, "g:a", 1000))
    assert isinstance(await sim.answer(key, withdraws), o.Done | user_results.Invalidated)
    invite = c.InviteUsers("u0", True, ["bob"], admissions={"bob": 1000})
    found = await sim.answer("g:a", invite)
    assert found.results == [("bob", AddResult.FAILED if out else AddResult.ADDED)]
    await sim.answer(key, u.EndAdmission("bob", True, 1000))
    assert not sim.under_way


ALONE: list[c.GroupCommand] = [
    c.JoinGroup("bob", True, "", admissions={"bob": 1000}),
    c.PlaceMember("bob", True, True, admissions={"bob": 1000}),
    c.AcceptInvitation("bob", False, "u0", 1 << 60, admissions={"bob": 1000}),
    c.DecideApplication("u0", True, "bob", True, "", admissions={"bob": 1000}),
]


@pytest.mark.parametrize("command", ALONE, ids=lambda one: type(one).__name__)
async def test_one_user_without_its_admission_is_refused(command: c.GroupCommand) -> None:  # ID-09
    sim = Asking()
    await sim.answer("g:a", create("a"))
    if isinstance(command, c.DecideApplication):
        change = c.EditGroup("u0", True, {}, ApplyJoinOption.NEED_PERMISSION, None, ())
        assert isinstance(await sim.answer("g:a", change), o.Edited)
        assert isinstance(await sim.answer("g:a", c.JoinGroup("bob", False, "")), o.Joined)
    found = await sim.answer("g:a", command)
    assert isinstance(found, o.Refused) and found.code.name == "NOT_PERMITTED"
    await sim.answer(user_key("bob"), u.AdmitToGroup("bob", False, "g:a", 1000))
    assert not isinstance(await sim.answer("g:a", command), o.Refused)


async def test_an_owner_without_its_admission_is_not_made_one() -> None:  # ID-09
    sim = Asking()
    made = replace_struct(create("b"), admissions={"u0": 1000})
    found = await sim.answer("g:b", made)
    assert isinstance(found, o.Refused) and found.code.name == "NOT_PERMITTED"
    await sim.answer(user_key("u0"), u.AdmitToGroup("u0", False, "g:b", 1000))
    assert isinstance(await sim.answer("g:b", made), o.Created)


async def test_nobody_is_invited_by_whom_it_has_on_its_black_list_by_then() -> None:  # GT-07, SC-07
    sim = Asking()
    key = user_key("bob")
    await sim.answer(key, u.ChangeUserList("bob", False, UserList.BLACK, ["u0"], []))
    found = await sim.answer(key, u.TakeInvitation("u0", False, "g:a", "a"))
    assert isinstance(found, o.Refused) and found.code.name == "BLACKLISTED"
