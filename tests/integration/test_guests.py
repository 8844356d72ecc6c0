"""Guests (ID-06): what each request of theirs gets, and that their right to a group is to have been let in and to be
still let in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rcim.adapters.frames.table import ANSWERS, SESSION_FRAMES
from rcim.base.errors import RcimError
from rcim.base.terms import (
    ApplyJoinOption,
    GoneReason,
    InviteConsent,
    MsgFlag,
    Platform,
    Presence,
    Priority,
    PushLevel,
    UserList,
)
from rcim.content.elements import Text, encode_body
from rcim.wire import frames as f
from rcim.wire.schema import Frame
from tests.kit import Raw, TestCluster, TestServer, send, until

BODY = encode_body([Text("hello")])
CLOSED = [ApplyJoinOption.NEED_PERMISSION, ApplyJoinOption.DISABLE_APPLY]


@pytest.fixture(params=["one process", "gateways"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TestServer]:
    """A server that takes guests; a field of groups may be written by anyone."""
    kind = TestCluster if request.param == "gateways" else TestServer
    made = kind(
        tmp_path / "data", tls=False, flags=("app.guests=true", "types.AVChatRoom.group_fields=Open anyone anyone")
    )
    await made.start()
    yield made
    await made.stop()


async def guest(server: TestServer) -> tuple[Raw, str]:
    """A guest's connection, and the id it was given."""
    made = await server.raw()
    await made.hello()
    found = await made.ask(f.Login("", "", Platform.WEB, ""))
    assert isinstance(found, f.LoginOk)
    return made, found.user_id


async def room(raw: Raw, group: str = "v", type_: str = "AVChatRoom", option: int = 0) -> None:
    made = await raw.ask(f.GroupCreate(group, type_, "Live", "", "", "", ApplyJoinOption(option), []))
    assert isinstance(made, f.GroupCreateOk), made


async def code(raw: Raw, frame: Frame) -> str:
    found = await raw.ask(frame)
    return found.code.name if isinstance(found, RcimError) else "done"


def history(group: str = "v") -> f.History:
    return f.History(f"g:{group}", 0, 0, 0, False)


READS = [history(), f.GroupInfo("v")]
NO, AWAY = "NOT_PERMITTED", "NO_SUCH_GROUP"
V, PAIR = "g:v", "c:5:alice:bob"
TABLE: list[tuple[Frame, str, str]] = [
    # request, what a guest gets who was let in, and one who was not
    (f.GroupJoin("v", ""), "done", "done"),
    (f.GroupLeave("v"), "done", "done"),
    (f.History(V, 0, 0, 0, False), "done", NO),
    (f.GroupInfo("v"), "done", NO),
    (f.Sync(b"", 0, 0), "done", "done"),
    (f.GroupsJoined("", 0), "done", "done"),
    (f.GroupsJoined("", 0, "alice"), "ADMIN_REQUIRED", "ADMIN_REQUIRED"),
    (f.Send(V, "c", Priority.NORMAL, BODY), NO, NO),
    (f.Send(V, "t", Priority.NORMAL, BODY, transient=True), NO, NO),
    (f.Send(V, "a", Priority.NORMAL, BODY, "alice"), "ADMIN_REQUIRED", "ADMIN_REQUIRED"),
    (f.Send(PAIR, "p", Priority.NORMAL, BODY), NO, NO),
    (f.MessageRecall(V, 1), NO, NO),
    (f.MessageEdit(V, 1, BODY), NO, NO),
    (f.MessageDelete(V, 1), NO, NO),
    (f.MessagesErase(V, "alice"), NO, NO),
    (f.MessagesHide(V, [f.SeqEntry(1)]), NO, NO),
    (f.ConversationClear(V), NO, NO),
    (f.MessageReceipts(V, 1, True, "", 0), NO, NO),
    (f.ConversationRead(V, 1), NO, NO),
    (f.Search("hello", b"", 0), NO, NO),
    (f.ConversationsQuery("", "", 0, 0), NO, NO),
    (f.ConversationFlag(V, MsgFlag.DISCARD), NO, NO),
    (f.ConversationPin(V, True), NO, NO),
    (f.ConversationRemove(V), NO, NO),
    (f.GroupCreate("n", "AVChatRoom", "n", "", "", "", ApplyJoinOption.BY_TYPE, []), NO, NO),
    (f.GroupSet("v", "other"), NO, NO),
    (f.GroupSet("v", fields=[f.CustomField("Open", b"x")]), NO, NO),
    (f.GroupSet("v"), NO, NO),
    (f.GroupOwnerSet("v", "bob"), NO, NO),
    (f.GroupDissolve("v"), NO, NO),
    (f.GroupFind("Live", "", 0), NO, NO),
    (f.GroupMembers("v", "", 0), NO, NO),
    (f.GroupMemberGet("v", ["alice"]), NO, NO),
    (f.GroupMemberSet("v", "alice", "card"), NO, NO),
    (f.GroupInvite("v", ["bob"]), NO, NO),
    (f.GroupKick("v", ["alice"], ""), NO, NO),
    (f.GroupBlock("v", ["alice"], 60, ""), NO, NO),
    (f.GroupBlocked("v", "", 0), NO, NO),
    (f.GroupMute("v", ["alice"], 60), NO, NO),
    (f.GroupMuted("v", "", 0), NO, NO),
    (f.GroupMuteAll("v", True, []), NO, NO),
    (f.GroupApplications("v", "", 0), NO, NO),
    (f.ApplicationsOwn("", 0), NO, NO),
    (f.GroupApplicationDecide("v", "bob", True, ""), NO, NO),
    (f.RoomAttributesSet("v", [f.AttributeToSet("k", "v", False)]), NO, NO),
    (f.RoomAttributesDelete("v", ["k"]), NO, NO),
    (f.RoomAttributes("v", 0), "done", NO),
    (f.ProfileSet("nick", ""), NO, NO),
    (f.ProfileGet("alice"), NO, NO),
    (f.ProfilesGet(["alice"]), NO, NO),
    (f.UserListChange(UserList.BLACK, ["alice"], []), NO, NO),
    (f.UserListGet(UserList.BLACK, "", 0), NO, NO),
    (f.QuietHoursSet(0, 1, 0), NO, NO),
    (f.InviteConsentSet(InviteConsent.ASK), NO, NO),
    (f.InviteConsentGet(), NO, NO),
    (f.GroupInvitations("", 0), NO, NO),
    (f.GroupInvitationAnswer("v", True), NO, NO),
    (f.QuietHoursGet(), NO, NO),
    (f.PushTokenSet("d", "p", "t"), NO, NO),
    (f.PushTokenRemove("", ""), NO, NO),
    (f.PushTokens(), NO, NO),
    (f.Devices(), NO, NO),
    (f.DevicesClose([], ""), NO, NO),
    (f.PresenceSet(Presence.BACKGROUND), NO, NO),
    (f.PresenceGet(["alice"]), NO, NO),
    (f.PresenceWatch(["alice"]), NO, NO),
    (f.PresenceUnwatch([]), NO, NO),
    (f.ChannelCreate("@TGS#_u", "news", "News", "", False), NO, NO),
    (f.Channels("@TGS#_u"), NO, NO),
    (f.ChannelUsersChange("@TGS#_u@TOPIC#_news", ["alice"], []), NO, NO),
    (f.ChannelUsers("@TGS#_u@TOPIC#_news", "", 0), NO, NO),
    (f.ChannelPrivateSet("@TGS#_u@TOPIC#_news", True), NO, NO),
    (f.PushLevelSet("v", PushLevel.ALL, False), NO, NO),
    (f.PushLevelGet("v"), NO, NO),
    (f.HistoryTrim("v", 1), NO, NO),
]


def test_the_table_has_every_request() -> None:  # ID-06
    """Those for administrators alone are refused in one place (`Service.submit`)."""
    open_ = {frame for frame in ANSWERS if not frame.DECLARED.admin}
    assert {type(row[0]) for row in TABLE} == open_ and not open_ & SESSION_FRAMES


async def test_what_each_request_of_a_guest_gets(server: TestServer) -> None:  # ID-06, GT-21
    alice = await server.member("alice")
    await room(alice)
    await alice.ask(send("v", "c1"))
    for frame, inside, outside in TABLE:
        let_in, _ = await guest(server)
        stranger, _ = await guest(server)
        assert await code(let_in, f.GroupJoin("v", "")) == "done"
        assert (await code(let_in, frame), await code(stranger, frame)) == (inside, outside), frame
        await let_in.close()
        await stranger.close()
    stranger, _ = await guest(server)
    assert await code(stranger, f.AdminStats()) == "ADMIN_REQUIRED"
    for ask in (f.Sync(b"", 0, 0), f.GroupsJoined("", 0)):
        found = await stranger.ask(ask)
        assert list(getattr(found, "groups", ())) == list(getattr(found, "conversations", ())) == []


async def test_a_group_that_can_be_found_is_read_by_who_was_let_in(server: TestServer) -> None:  # ID-06, GT-01
    alice, root = await server.member("alice"), await server.member("administrator")
    await root.ask(f.AdminTypeSet("AVChatRoom", "", [f.Policy("search", "on")]))
    await room(alice)
    stranger, _ = await guest(server)
    assert [await code(stranger, ask) for ask in READS] == [NO, NO]


@pytest.mark.parametrize("option", CLOSED)
async def test_a_guest_reads_nothing_of_a_group_that_lets_none_in(
    server: TestServer, option: ApplyJoinOption
) -> None:
    alice = await server.member("alice")
    await room(alice, option=option)
    stranger, _ = await guest(server)
    for frame in (f.GroupJoin("v", ""), *READS):
        assert await code(stranger, frame) == NO, frame


async def gone(raw: Raw) -> GoneReason:
    reason: GoneReason = (await raw.take_of(f.GroupGone)).reason
    return reason


@pytest.mark.parametrize("option", CLOSED)
async def test_guests_go_when_the_group_is_closed(
    server: TestServer, option: ApplyJoinOption, monkeypatch: pytest.MonkeyPatch
) -> None:  # ID-06
    monkeypatch.setattr("rcim.actor.visiting.AT_ONCE", 2)
    alice = await server.member("alice")
    await room(alice)
    visitors = [(await guest(server))[0] for _ in range(5)]
    for one in visitors:
        await one.ask(f.GroupJoin("v", ""))
    assert (await alice.ask(f.GroupInfo("v"))).online_num == 6
    await alice.ask(f.GroupSet("v", apply_join_option=option))
    for one in visitors:
        assert await gone(one) is GoneReason.REMOVED
        assert [await code(one, ask) for ask in READS] == [NO, NO]
    assert (await alice.ask(f.GroupInfo("v"))).online_num == 1, "and they hear nothing more"
    await alice.ask(f.GroupSet("v", apply_join_option=ApplyJoinOption.FREE_ACCESS))
    assert [await code(visitors[0], ask) for ask in READS] == [NO, NO], "who was sent away has to join again"
    assert await code(visitors[0], f.GroupJoin("v", "")) == "done"
    assert [await code(visitors[0], ask) for ask in READS] == ["done", "done"]


@pytest.mark.parametrize("policies", [{"guests": "false"}, {"apply": "false", "join_option": "DisableApply"}])
async def test_guests_go_when_the_type_takes_none_any_more(
    server: TestServer, policies: dict[str, str]
) -> None:  # GT-20, GT-21
    alice, root = await server.member("alice"), await server.member("administrator")
    await room(alice)
    await room(alice, "r", "ChatRoom")
    visitor, _ = await guest(server)
    await visitor.ask(f.GroupJoin("v", ""))
    done = await root.ask(f.AdminTypeSet("AVChatRoom", "", [f.Policy(*one) for one in policies.items()]))
    assert isinstance(done, f.AdminTypeSetOk), done
    assert await gone(visitor) is GoneReason.REMOVED
    for frame in (f.GroupJoin("v", ""), *READS):
        assert await code(visitor, frame) == NO


async def test_guests_are_told_that_a_group_is_dissolved(server: TestServer) -> None:
    alice = await server.member("alice")
    await room(alice)
    visitor, _ = await guest(server)
    await visitor.ask(f.GroupJoin("v", ""))
    await alice.ask(f.GroupDissolve("v"))
    assert await gone(visitor) is GoneReason.DISSOLVED
    await room(alice)
    assert [await code(visitor, ask) for ask in READS] == [NO, NO], "another group with its id is another group"


async def test_a_guest_is_blocked(server: TestServer) -> None:  # GR-11
    alice = await server.member("alice")
    await room(alice)
    (visitor, name), (other, _) = await guest(server), await guest(server)
    for one in (visitor, other):
        await one.ask(f.GroupJoin("v", ""))
    assert await code(alice, f.GroupBlock("v", [name], 600, "noise")) == "done"
    told = await visitor.take_of(f.GroupGone)
    assert (told.reason, told.operator, told.text) == (GoneReason.KICKED, "alice", "noise")
    refused = await visitor.ask(f.GroupJoin("v", ""))
    assert refused.code.name == "BLOCKED" and refused.retry_after_ms > 0
    assert [await code(visitor, ask) for ask in READS] == [NO, NO]
    assert [one.user_id for one in (await alice.ask(f.GroupBlocked("v", "", 0))).blocked] == [name]
    assert [await code(other, ask) for ask in READS] == ["done", "done"]
    assert await code(alice, f.GroupBlock("v", [name], 0, "")) == "done"
    assert await code(visitor, f.GroupJoin("v", "")) == "done"


async def test_a_block_ends_with_the_guest(server: TestServer) -> None:  # GR-11: its id does not come again
    alice = await server.member("alice")
    await room(alice)
    visitor, name = await guest(server)
    await alice.ask(f.GroupBlock("v", [name], 0xFFFFFFFF, ""))
    await visitor.close()
    await until(lambda: sum(hub.logins.guests for hub in server.hubs) == 0)
    assert await code(alice, f.GroupInfo("v")) == "done"
    await until_code(alice, f.GroupBlock("v", [name], 60, ""), "NO_SUCH_MEMBER")
    await alice.ask(f.GroupBlock("v", ["bob"], 600, ""))
    assert [one.user_id for one in (await alice.ask(f.GroupBlocked("v", "", 0))).blocked] == ["bob"]


async def until_code(raw: Raw, frame: Frame, wanted: str) -> None:
    """Ask until the answer is this: what a gateway says of a guest that has gone crosses with it."""
    while await code(raw, frame) != wanted:
        pass


async def test_a_guest_is_kicked_where_the_type_lets_members_be_kicked(server: TestServer) -> None:  # GT-10
    alice, bob, root = [await server.member(name) for name in ("alice", "bob", "administrator")]
    await root.ask(f.AdminTypeSet("Open", "AVChatRoom", [f.Policy("kick", "admin")]))
    await room(alice)
    await room(alice, "o", "Open")
    await bob.ask(f.GroupJoin("o", ""))
    visitor, name = await guest(server)
    for group in ("v", "o"):
        await visitor.ask(f.GroupJoin(group, ""))
    assert await code(alice, f.GroupKick("v", [name], "")) == NO, "nobody is kicked from it"
    assert await code(alice, f.GroupKick("o", [name, "nobody"], "")) == "NO_SUCH_MEMBER"
    assert await code(visitor, history("o")) == "done", "all of them or none"
    assert await code(alice, f.GroupKick("o", [name, "bob"], "")) == "done"
    assert await gone(visitor) is await gone(bob) is GoneReason.KICKED
    assert await code(visitor, history("o")) == NO
    assert await code(alice, f.GroupKick("o", [name], "")) == "NO_SUCH_MEMBER"
    assert await code(alice, f.GroupKick("o", ["@GUEST#x"], "")) == "BAD_PARAMETER"
    assert await code(visitor, f.GroupJoin("o", "")) == "done", "kicked is not blocked"


async def test_a_guest_sees_no_more_than_a_member(server: TestServer) -> None:  # GT-14
    root = await server.member("administrator")
    await root.ask(f.AdminTypeSet("Late", "AVChatRoom", [f.Policy("history_before_joining", "false")]))
    alice = await server.member("alice")
    await room(alice, "l", "Late")
    await alice.ask(send("l", "before"))
    visitor, _ = await guest(server)
    await visitor.ask(f.GroupJoin("l", ""))
    assert (await visitor.ask(history("l"))).messages == []
    await alice.ask(send("l", "after"))
    assert [m.client_msg_id for m in (await visitor.ask(history("l"))).messages] == ["after"]


async def test_what_is_known_of_guests_is_bounded_and_ends_with_them(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "data", tls=False, flags=("app.guests=true",))
    await server.start()
    alice = await server.member("alice")
    await room(alice)
    guests: Any = server.server.dispatcher._app_state.guests
    guests._limits = replace(guests._limits, guests_max=1)
    (first, name), (second, _) = await guest(server), await guest(server)
    assert await code(first, f.GroupJoin("v", "")) == await code(first, f.GroupJoin("v", "")) == "done"
    assert await code(second, f.GroupJoin("v", "")) == "TOO_MANY_ENTRIES"
    await first.close()
    await until(lambda: not guests.is_here(name))
    assert guests.groups() == []
    assert await code(second, f.GroupJoin("v", "")) == "done"
    await server.stop()
