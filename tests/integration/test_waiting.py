"""What waits is looked at again as if it came now: for the app (CB-03), for room in a group (FC-03), in the queue of the
back end (LI-02), behind another change of a list (SC-07). Meanwhile its account was deleted or its UserSig invalidated
(ID-09), or who asked was kicked, muted or blocked, or the group has ended or is another."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rcim.base.errors import RcimError
from rcim.base.terms import AddResult, AppList, ApplyJoinOption, UserList
from rcim.wire import frames as f
from rcim.wire.schema import Frame
from tests.integration.test_one_to_one_faults import gated
from tests.kit import Raw, SteadyClock, TestServer, create, send, until
from tests.kit_callbacks import Receiver, receiver, serve

__all__ = ["receiver"]
ALL = (
    "Group.CallbackBeforeSendMsg,Group.CallbackBeforeCreateGroup,"
    "Group.CallbackBeforeApplyJoinGroup,Group.CallbackBeforeInviteJoinGroup"
)
PRIVATE = f.GroupCreate("p", "Private", "p", "", "", "", ApplyJoinOption.BY_TYPE, [])


async def code(raw: Raw, frame: Frame) -> str:
    found = await raw.ask(frame)
    return found.code.name if isinstance(found, RcimError) else "done"


async def waiting(raw: Raw, receiver: Receiver, frame: Frame) -> tuple[int, asyncio.Event]:
    """The request is under way, and the app thinks about it until the event is set."""
    gate, asked = await gated(receiver), len(receiver.seen)
    raw.write(frame.encode(900))
    await until(lambda: len(receiver.seen) > asked)
    return 900, gate


@pytest.mark.parametrize("delete", [True, False])
@pytest.mark.parametrize(
    "frame",
    [
        create("new"),
        f.GroupJoin("g", ""),
        f.GroupInvite("p", ["carol"]),
        send("p", "late"),
        f.MessageEdit("g:p", 1, send("p", "other").body),
    ],
    ids=lambda frame: frame.NAME,
)
async def test_nobody_comes_back_by_what_the_app_is_asked(
    tmp_path: Path, receiver: Receiver, frame: Frame, delete: bool
) -> None:  # ID-09, CB-02
    server = await serve(tmp_path, receiver, "callbacks.timeout_ms=30000", commands=ALL)
    alice, bob, root = [await server.member(name) for name in ("alice", "bob", "administrator")]
    await alice.ask(create("g"))
    await bob.ask(PRIVATE)
    await bob.ask(send("p", "first"))
    _, gate = await waiting(bob, receiver, frame)
    if delete:
        await root.ask(f.AdminAccountsDelete(["bob"]))
    else:
        await root.ask(f.AdminAccountInvalidate("bob"))
    gate.set()
    assert await bob.closed()
    assert await code(root, f.GroupInfo("new")) == "NO_SUCH_GROUP"
    assert [m.user_id for m in (await root.ask(f.GroupMembers("g", "", 0))).members] == ["alice"]
    there = await root.ask(f.GroupMembers("p", "", 0))
    assert isinstance(there, RcimError) if delete else [m.user_id for m in there.members] == ["bob"]
    page = await root.ask(f.History("g:p", 0, 0, 0, False))
    assert isinstance(page, RcimError) if delete else [m.client_msg_id for m in page.messages] == ["first"]
    await server.stop()


@pytest.mark.parametrize(
    "frame", [f.GroupInvite("p", ["bob", "carol"]), create("g", "bob", "carol")], ids=lambda one: one.NAME
)
async def test_nobody_is_put_in_who_may_not_be_any_more(tmp_path: Path, receiver: Receiver, frame: Frame) -> None:
    """The app thinks about who is to be in a group. Meanwhile one is deleted, whose id may be somebody else's next, and
    one puts who asks on its black list."""  # ID-09, SC-07
    server = await serve(tmp_path, receiver, "callbacks.timeout_ms=30000", commands=ALL)
    alice, bob, carol, root = [await server.member(name) for name in ("alice", "bob", "carol", "administrator")]
    await alice.ask(PRIVATE)
    await alice.ask(send("p", "first"))
    number, gate = await waiting(alice, receiver, frame)
    await root.ask(f.AdminAccountsDelete(["bob"]))
    assert await bob.closed()
    assert await code(carol, f.UserListChange(UserList.BLACK, ["alice"], [])) == "done"
    gate.set()
    found = await alice.answer_to(number)
    rows = found.results if isinstance(found, f.GroupInviteOk) else found.left_out
    assert [(one.user_id, one.result) for one in rows] == [("bob", AddResult.FAILED), ("carol", AddResult.FAILED)]
    where = frame.group_id if isinstance(frame, f.GroupInvite | f.GroupCreate) else ""
    there = (await root.ask(f.GroupMembers(where, "", 0))).members
    assert [one.user_id for one in there] == ["alice"]
    await server.stop()


WHEN_SENT: list[tuple[list[Frame], str]] = [
    ([f.GroupKick("g", ["bob"], "")], "NOT_PERMITTED"),
    ([f.GroupBlock("g", ["bob"], 600, "")], "NOT_PERMITTED"),
    ([f.GroupMute("g", ["bob"], 600)], "SENDER_MUTED"),
    ([f.GroupMuteAll("g", True, [])], "SENDER_MUTED"),
    ([f.AdminUserMute(["bob"], 600)], "SENDER_MUTED"),
    ([f.GroupDissolve("g")], "NO_SUCH_GROUP"),
    ([f.AdminTypeSet("ChatRoom", "", [f.Policy("send", "admin")])], "NOT_PERMITTED"),
    ([f.AdminListChange(AppList.REFUSED_WORDS, ["hello"], [])], "DIRTY_WORD"),
    ([f.GroupKick("g", ["carol"], "")], "NO_SUCH_MEMBER"),
]


@pytest.mark.parametrize(("meanwhile", "answer"), WHEN_SENT, ids=lambda case: str(case)[:40])
async def test_a_message_is_looked_at_again(
    tmp_path: Path, receiver: Receiver, meanwhile: list[Frame], answer: str
) -> None:  # CB-03, SC-01 to SC-05, MS-07
    server = await serve(tmp_path, receiver, "callbacks.timeout_ms=30000")
    bob, root = await server.member("bob"), await server.member("administrator")
    alice = await server.member("alice")
    await alice.ask(create("g", "bob", "carol"))
    message = send("g", "late")
    if answer == "NO_SUCH_MEMBER":
        message = f.Send("g:g", "late", message.priority, message.body, to=["carol"])
    number, gate = await waiting(bob, receiver, message)
    for frame in meanwhile:
        assert await code(root, frame) == "done", frame
    gate.set()
    found = await bob.answer_to(number)
    assert isinstance(found, RcimError) and found.code.name == answer, found
    await server.stop()


WHEN_JOINED: list[tuple[Frame, str]] = [
    (f.GroupBlock("g", ["bob"], 600, ""), "BLOCKED"),
    (f.GroupInvite("g", ["bob"]), "ALREADY_MEMBER"),
    (f.GroupSet("g", apply_join_option=ApplyJoinOption.DISABLE_APPLY), "NOT_PERMITTED"),
    (f.GroupSet("g", max_member_num=1), "GROUP_FULL"),
    (f.GroupDissolve("g"), "NO_SUCH_GROUP"),
]


@pytest.mark.parametrize(("meanwhile", "answer"), WHEN_JOINED, ids=lambda case: str(case)[:40])
async def test_a_join_is_looked_at_again(
    tmp_path: Path, receiver: Receiver, meanwhile: Frame, answer: str
) -> None:  # CB-02, GR-05, GR-11
    join = "Group.CallbackBeforeApplyJoinGroup"
    server = await serve(tmp_path, receiver, "callbacks.timeout_ms=30000", commands=join)
    alice, bob, root = [await server.member(name) for name in ("alice", "bob", "administrator")]
    await alice.ask(create("g"))
    number, gate = await waiting(bob, receiver, f.GroupJoin("g", ""))
    assert await code(root, meanwhile) == "done"
    gate.set()
    found = await bob.answer_to(number)
    assert isinstance(found, RcimError) and found.code.name == answer, found
    await server.stop()


async def test_a_guest_that_the_app_is_asked_about_may_be_gone(tmp_path: Path, receiver: Receiver) -> None:  # ID-06
    join = "Group.CallbackBeforeApplyJoinGroup"
    server = await serve(tmp_path, receiver, "callbacks.timeout_ms=30000", "app.guests=true", commands=join)
    alice, guest = await server.member("alice"), await server.raw()
    await alice.ask(f.GroupCreate("v", "AVChatRoom", "v", "", "", "", ApplyJoinOption.BY_TYPE, []))
    await guest.login("", "")
    _, gate = await waiting(guest, receiver, f.GroupJoin("v", ""))
    await guest.close()
    guests: Any = server.server.dispatcher._app_state.guests
    await until(lambda: not guests._groups)
    gate.set()
    await until(lambda: server.server.dispatcher.idle)
    assert guests.groups() == []
    await server.stop()


async def test_what_waits_in_the_back_ends_queue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # LI-02, ID-09
    SteadyClock(monkeypatch)  # nothing has its turn by itself
    flags = ("app.administrators=administrator,bot", "limits.backend_sends_per_s=1")
    server = TestServer(tmp_path / "data", tls=False, flags=flags, limited=True)
    await server.start()
    bot, root = await server.member("bot"), await server.member("administrator")
    await root.ask(create("g"))
    assert (await root.ask(send("g", "now"))).seq == 1
    pace: Any = server.server.dispatcher._back_end
    as_carol = f.Send("g:g", "queued too", send("g", "").priority, send("g", "").body, "carol")
    for frame in (send("g", "queued"), as_carol, f.AdminNotice("g", [], send("g", "").body)):
        bot.write(frame.encode(901))
    await until(lambda: len(pace) == 3)
    await root.ask(f.AdminAccountInvalidate("bot"))
    while len(pace):  # its turn has come
        pace._full_ms = 0.0
        pace._go_on()
    await until(lambda: server.server.dispatcher.idle)
    page = await root.ask(f.History("g:g", 0, 0, 0, False))
    assert [m.client_msg_id for m in page.messages] == ["now"]
    await server.stop()


async def test_what_waits_behind_another_change_of_a_list(plain_server: TestServer) -> None:  # SC-07, ID-09
    """The administrator's change is under way when the account is deleted; the user's own waits behind it."""
    bob, root = await plain_server.member("bob"), await plain_server.member("administrator")
    turns: Any = plain_server.server.dispatcher._workflows._context.list_turns
    turns.take("bob").begin(lambda _: None)
    root.write(f.UserListChange(UserList.BLACK, ["x"], [], "bob").encode(902))
    await until(lambda: len(turns._waiting["bob"]) == 1)
    bob.write(f.UserListChange(UserList.BLACK, ["mine"], []).encode(903))
    await until(lambda: len(turns._waiting["bob"]) == 2)
    await root.ask(f.AdminAccountsDelete(["bob"]))
    turns.end("bob")
    assert isinstance(await root.answer_to(902), f.UserListChangeOk)
    await until(lambda: not turns._waiting)
    assert (await root.ask(f.UserListGet(UserList.BLACK, "", 0, "bob"))).users == ["x"]


@pytest.mark.parametrize("frame", [f.ProfileSet("Back", ""), f.QuietHoursSet(60, 120, 0)], ids=lambda one: one.NAME)
async def test_a_deleted_account_does_not_come_back_by_what_it_sets(plain_server: TestServer, frame: Frame) -> None:
    """What stands in the mailbox behind the deletion is the account's before."""  # ID-09
    bob, root = await plain_server.member("bob"), await plain_server.member("administrator")
    await bob.ask(f.ProfileSet("Bob", ""))
    root.write(f.AdminAccountsDelete(["bob"]).encode(904))
    bob.write(frame.encode(905))
    await root.answer_to(904)
    assert await bob.closed()
    (known,) = (await root.ask(f.AdminAccountsQuery(["bob"]))).accounts
    assert not known.imported
    assert (await root.ask(f.ProfileGet("bob"))).nickname == ""
