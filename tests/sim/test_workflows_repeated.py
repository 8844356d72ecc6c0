"""Each workflow, cut off between any two of its commands and run again by a new owner, ends as if it had never been cut
off; and none of them can be asked as a query."""

from __future__ import annotations

import typing
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from rcim.actor import commands as c
from rcim.actor import outbox_workflows as ob
from rcim.actor import outcomes as o
from rcim.actor import person_workflows as pw
from rcim.actor import queries as q
from rcim.actor import ultra_commands as uc
from rcim.actor import user_commands as u
from rcim.actor import workflows as w
from rcim.actor.app import APP_KEY
from rcim.actor.records import MessageOptions
from rcim.actor.reload_workflows import Reload
from rcim.actor.unique import unique_id_base
from rcim.actor.user import user_key
from rcim.base.limits import DEFAULTS
from rcim.base.terms import (
    AppList,
    ApplyJoinOption,
    InviteConsent,
    MessageState,
    MsgFlag,
    UserList,
    pair_conversation,
)
from rcim.bus.remote import RemoteOwner
from rcim.dispatch.requests import CommandRequest, QueryRequest, Request
from rcim.rules.targets import LabelChange, Target
from rcim.rules.type_table import TypeChange
from rcim.store.check import check
from tests.kit import UNLIMITED, until
from tests.sim.test_dispatcher import create, running, send, stop_all
from tests.sim.test_entering import Asking

assert stop_all, "the fixture is this module's too"
USERS = ["u0", "u1", "bob", "carol", "dave", "stranger"]
UNIQUE = f"g:{unique_id_base('Public', ['u0', 'bob', 'dave'])}0"
GROUPS = [UNIQUE, "g:a", "g:b", "g:ask", "g:new", "g:live", "g:priv", "g:@SYS#news", "g:one", "g:two", "b:all"]
ULTRA = "g:@TGS#_u"
GROUPS += [ULTRA, ULTRA + "@TOPIC#_new", ULTRA + "@TOPIC#_old"]
PAIR = pair_conversation("bob", "carol")
WITH_NEWS = pair_conversation("bob", "@SYS#news")


def enter(key: str, command: Any) -> w.EnterGroup:
    return w.EnterGroup(command.by, key, command)


CASES: dict[str, w.AnyWorkflow] = {
    "login": w.Login("bob", False, 1000),
    "a guest's login": w.Login("@GUEST#1", True),
    "a guest is let in again": w.ReadmitGuest("@GUEST#1", ["g:live", "g:none"]),
    "close devices": w.CloseDevices("bob", "bob", [], 0, ""),
    "send as": w.SendAs("bob", "g:b", "c1", 2, b"body"),
    "send as a system account": w.SendAs("@SYS#news", "g:@SYS#news", "c2", 2, b"body"),
    "system send": w.SystemSend("root", "@SYS#news", ["bob", "carol"], "c3", 2, b"body"),
    "write to system": w.WriteToSystem("bob", "@SYS#news", WITH_NEWS, send("bob", "c4")),
    "recall": w.WithMessage("u1", "g:a", c.AlterMessage("u1", False, 1, MessageState.RECALLED)),
    "edit": w.WithMessage("u1", "g:a", c.AlterMessage("u1", False, 1, MessageState.EDITED, b"new")),
    "receipts": w.WithMessage("u1", "g:a", c.ReadReceipts("u1", True, 1, True, "", 10)),
    "expire the message log": w.ExpireMessageLog("administrator", "2026010100"),
    "trace": w.Trace("u1", "g:a", c.TraceMessage("u1", True, "u1", "m1")),
    "sync": w.SyncGroups("bob", ["g:a", "g:ask", "g:none"]),
    "join": enter("g:a", c.JoinGroup("bob", False, "")),
    "join another room than the one": enter("g:two", c.JoinGroup("bob", False, "")),
    "create": enter("g:new", create("new", "bob", "dave")),
    "create the one of its users": enter("g:", replace(create("", "bob", "dave"), unique=True)),
    "invite": enter("g:priv", c.InviteUsers("u0", False, ["bob", "carol", "u1"])),
    "decide": enter("g:ask", c.DecideApplication("u0", False, "dave", True, "")),
    "accept": w.AcceptInvitation("carol", "g:b"),
    "accept what is gone": w.AcceptInvitation("carol", "g:gone"),
    "delete": w.DeleteUsers("root", ["bob", "u1", "dave", "nobody"]),
    "import": w.ImportUsers("root", [("bob", "Bob", ""), ("new", "New", "u")]),
    "create a channel": w.CreateChannel(
        "u0", key=ULTRA, admin=False, name_id="new", name="New", introduction="", private=True
    ),
    "dissolve a channel": w.DissolveChannel("u0", key=ULTRA + "@TOPIC#_old", admin=False),
    "delete up to a time": w.TrimUpTo("u0", key="g:a", admin=False, to_time_ms=(1 << 63)),
    "list": w.ListUsers("bob", UserList.BLACK, ["carol", "u1"], ["dave"]),
    "the app's list": w.ChangeAppList("root", AppList.REFUSED_WORDS, ["evil"], ["none"]),
    "first login": w.Login("stranger", False, 1000),
    "broadcast": w.Broadcast("bob", "n1", 2, b"body", MessageOptions(target=Target(tags_any=("beta",))), 60),
    "list consumers": ob.ReadConsumers("root", ""),
    "reload": Reload("root", True),
    "pause a consumer": ob.PauseConsumer("root", "none", True),
    "replay": ob.ReplayConsumer("root", "none", 0),
    "list dead letters": ob.ReadDeadLetters("root", "none", 0, 10),
    "retry dead letters": ob.RetryDeadLetters("root", "none", [], 0),
    "drop dead letters": ob.DropDeadLetters("root", "none", []),
    "erase": pw.EraseUser("root", "u1", b""),
    "erase who has a list": pw.EraseUser("root", "bob", b""),
    "set members": pw.SetMembers(
        "root",
        [
            pw.MemberChange("g:a", "u1", MsgFlag.DISCARD, 1, "Card"),
            pw.MemberChange("g:b", "bob", read_seq=9),
            pw.MemberChange("g:b", "stranger", MsgFlag.DISCARD, 1),
        ],
    ),
    "labels": w.LabelUsers("root", ["bob", "u1"], LabelChange(add_tags=("beta",))),
}


class Dying:
    """What workflows get in place of the dispatcher: after so many commands, the process is as good as dead."""

    def __init__(self, sim: Asking, commands: int) -> None:
        self._dispatcher = sim.dispatcher
        self.left = commands
        self.taken = self.under_way = 0
        self.dead = False
        sim.dispatcher._workflows._context._dispatcher = self

    def submit(self, request: CommandRequest) -> bool:
        if not self.left:
            self.dead = True
            return True  # and nobody will hear of it
        self.left -= 1
        self.taken += 1
        self.under_way += 1
        return self._dispatcher.submit(Request(request.key, request.body, _Counted(self, request), 0))

    def read(self, request: QueryRequest) -> None:
        self._dispatcher.read(request)


class _Counted:
    """Hands an answer on."""

    def __init__(self, dying: Dying, request: CommandRequest) -> None:
        self._dying = dying
        self._request = request

    def answer(self, token: int, result: Any) -> None:
        self._dying.under_way -= 1
        self._request.reply_to.answer(self._request.token, result)

    def mailbox_drained(self, key: str) -> None:
        raise AssertionError("there is room for so few")


async def world() -> Asking:
    """Groups, an application, an invitation, a message, a list."""
    sim = Asking(types=UNLIMITED)
    single = u.SetType("root", True, TypeChange("Single", "AVChatRoom", {"one_room": "true"}))
    live, private, one, two, ultra = (
        c.CreateGroup("u0", False, name, type_, "n", "", "", "", ApplyJoinOption.BY_TYPE, [], "u0")
        for name, type_ in (
            ("live", "AVChatRoom"),
            ("priv", "Private"),
            ("one", "Single"),
            ("two", "Single"),
            ("@TGS#_u", "UltraGroup"),
        )
    )
    news = c.CreateGroup("u0", True, "@SYS#news", "System", "n", "", "", "", ApplyJoinOption.BY_TYPE, [], "u0")
    asks = c.EditGroup("u0", True, {}, ApplyJoinOption.NEED_PERMISSION, None, ())
    commands: list[tuple[str, Any]] = [
        ("g:a", create("a", "u1")),
        ("g:b", create("b", "bob")),
        ("g:ask", create("ask")),
        ("g:live", live),
        ("g:priv", private),
        ("g:@SYS#news", news),
        (APP_KEY, single),
        ("g:one", one),
        ("g:two", two),
        ("g:one", c.JoinGroup("bob", False, "")),
        (ULTRA, ultra),
        (ULTRA, uc.ListChannel("u0", False, "old")),
        (ULTRA + "@TOPIC#_old", uc.OpenChannel("u0", False, "@TGS#_u@TOPIC#_old", "Old", "", False)),
        ("g:ask", asks),
        ("g:ask", c.JoinGroup("dave", False, "please")),
        ("g:a", send("u1", "m1")),
        (user_key("carol"), u.SetInviteConsent("carol", False, InviteConsent.ASK)),
        (user_key("carol"), u.TakeInvitation("bob", False, "g:b", "b")),
        (user_key("carol"), u.TakeInvitation("bob", False, "g:gone", "gone")),
        (user_key("bob"), u.ChangeUserList("bob", False, UserList.BLACK, ["dave"], [])),
        (user_key("bob"), u.SetUserProfile("bob", False, "Bobby", "face")),
    ]
    for key, command in commands:
        assert not isinstance(await sim.answer(key, command), o.Refused), command
    return sim


def state(sim: Asking) -> dict[str, Any]:
    """What is kept, without the times at which it was done."""
    found: dict[str, Any] = {}
    for key in (*GROUPS, PAIR, WITH_NEWS):
        group = sim.store.load_group(key, 0)
        found[key] = (
            (group.profile is not None, group.profile.first_seq if group.profile is not None else 0),
            group.channels,
            group.next_seq,
            sorted(
                (one.user_id, one.role, one.joined_seq, one.name_card, one.msg_flag, one.read_seq)
                for one in group.members
            ),
            [(one.seq, one.sender, one.client_msg_id, one.state, one.body) for one in group.recent],
            sorted((one.user_id, bool(one.applied_ms)) for one in group.marks),
            group.listed,
        )
    for user_id in (*USERS, "new"):
        user = sim.store.load_user(user_key(user_id), user_id)
        found[user_id] = (
            (user.profile.nickname, user.profile.face_url, user.profile.deleted, bool(user.profile.valid_from_ms)),
            sorted(user.lists),
            sorted(user.places.items()),
            sorted((one.key, one.by) for one in user.invitations),
            (user.profile.labels, bool(user.seen_ms)),
        )
    found["words"] = sim.store.load_app().lists
    guests = sim.dispatcher._app_state.guests
    found["guest"] = guests.is_here("@GUEST#1"), guests.groups()
    return found


async def finished(sim: Asking, workflow: w.AnyWorkflow) -> tuple[dict[str, Any], int]:
    """What is kept after the workflow, and how many commands it took."""
    dying = Dying(sim, -1)
    result = await sim.result(sim.begin(workflow))
    assert not isinstance(result, o.Refused) or result.code.name not in ("SERVER_ERROR", "STORE_UNAVAILABLE"), result
    await until(lambda: sim.dispatcher.idle)
    assert not sim.under_way, "all admissions have ended"
    assert check(sim.backend).faults == []
    return state(sim), dying.taken


async def reborn(sim: Asking) -> Asking:
    """A new owner, on what the one before has committed."""
    sim.dispatcher.stop()
    running.remove(sim)
    return Asking(types=UNLIMITED, backend=sim.backend)


@pytest.mark.parametrize("case", CASES)
async def test_cut_off_after_any_command_and_run_again_it_ends_the_same(case: str) -> None:  # ST-01
    workflow = CASES[case]
    sim = await world()
    before = state(sim)
    wanted, commands = await finished(sim, workflow)
    assert (before != wanted) == (case not in CHANGES_NOTHING)
    for done in range(commands + 1):
        sim = await world()
        dying = Dying(sim, done)
        token = sim.begin(workflow)
        await until(lambda dying=dying, sim=sim, token=token: token in sim.asker.answers or dying.dead)  # type: ignore[misc]
        await until(lambda dying=dying: not dying.under_way)  # type: ignore[misc]
        assert (token in sim.asker.answers) == (done == commands)
        found, _ = await finished(await reborn(sim), workflow)
        assert found == wanted, f"cut off after {done} of {commands} commands"


OF_THE_OUTBOX = {name for name, case in CASES.items() if isinstance(case, ob.OutboxWorkflow)}
"""Nothing of it is in a conversation; tests/unit/test_outbox_control.py repeats them."""
CHANGES_NOTHING = {"login", "close devices", "receipts", "trace", "expire the message log", "reload"} | OF_THE_OUTBOX


async def test_who_was_to_be_asked_first_is_invited_by_hand_if_creating_was_cut_off() -> None:  # GT-07
    """The one exception: the group is there, and the repeat can not know by which request."""
    workflow = enter("g:new", create("new", "bob", "carol"))
    sim = await world()
    dying = Dying(sim, 4)
    sim.begin(workflow)
    await until(lambda: dying.dead and not dying.under_way)
    sim = await reborn(sim)
    refused = await sim.result(sim.begin(workflow))
    assert isinstance(refused, o.Refused) and refused.code.name == "GROUP_ID_TAKEN_BY_YOU"
    kept = sim.store.load_group("g:new", 0)
    assert sorted(one.user_id for one in kept.members) == ["bob", "u0"] and not sim.under_way


def test_no_workflow_is_left_out() -> None:
    assert {type(workflow) for workflow in CASES.values()} == set(typing.get_args(w.AnyWorkflow))


def written() -> Iterable[Any]:
    """What writes, and a command that only reads."""
    return [*CASES.values(), send("u0", "c"), u.ReadUser("u0", True)]


async def test_what_writes_is_not_asked_and_what_reads_is_not_run(tmp_path: Path) -> None:
    sim = Asking()
    for engine in (sim.dispatcher, RemoteOwner(tmp_path / "none", 0, DEFAULTS, sim.dispatcher._loop)):
        for body in written():
            with pytest.raises(TypeError):
                engine.ask(Request("", body, sim.asker, 1))
        for body in (q.CountersQuery(), q.LoginQuery("bob"), send("u0", "c")):
            with pytest.raises(TypeError):
                engine.run(Request("", body, sim.asker, 2))
    assert sim.asker.answers == {}
