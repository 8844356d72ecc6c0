"""What only the app may say of a change: that it is silent, what is unread, that others are muted with it (ID-08, GR-04,
GT-15, SC-02, SC-03, CR-03, GR-08)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.base.terms import ApplyJoinOption, Priority, Role
from rcim.content.elements import Text, encode_body
from rcim.wire import frames as f
from tests.kit import Raw, TestServer, create, send

PUBLIC_FIELDS = ("g", "Public", "x", "", "", "", ApplyJoinOption.FREE_ACCESS)
PUBLIC = f.GroupCreate(*PUBLIC_FIELDS, [])
BODY = encode_body([Text("x")])


async def code(raw: Raw, frame: Any) -> str:
    found = await raw.ask(frame)
    return found.code.name if isinstance(found, RcimError) else "done"


async def test_users_may_not_say_it(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    alice, bob = await server.member("alice"), await server.member("bob")
    await alice.ask(PUBLIC)
    await bob.ask(f.GroupJoin("g", "", ""))
    await alice.ask(create("room"))
    for expected, frame in (
        ("ADMIN_REQUIRED", f.GroupInvite("g", ["carol"], True)),
        ("ADMIN_REQUIRED", f.GroupKick("g", ["bob"], "", True)),
        ("NOT_PERMITTED", f.GroupMemberSet("g", "alice", unread=1)),
        ("NOT_PERMITTED", f.GroupMemberSet("g", "bob", mute_s=60)),
        ("ADMIN_REQUIRED", f.RoomAttributesSet("room", [f.AttributeToSet("k", "v", False)], replace=True)),
        ("BAD_PARAMETER", f.RoomAttributesSet("room", [])),
        (
            "ADMIN_REQUIRED",
            f.AdminGroupImport("h", "Public", "", "x", "", "", "", ApplyJoinOption.BY_TYPE, 0, opened=True),
        ),
    ):
        assert await code(alice, frame) == expected, frame
    assert await code(bob, f.GroupSet("g", mute_all=True)) == "NOT_PERMITTED"
    assert await code(alice, f.GroupSet("g", name="Hall", mute_all=True)) == "done", "the owner may mute all"
    assert await code(bob, send("g", "c1")) == "SENDER_MUTED"
    info = await alice.ask(f.GroupInfo("g"))
    assert (info.name, info.mute_all, info.member_num) == ("Hall", True, 2)
    assert await code(alice, f.GroupSet("g", mute_all=False)) == "done"
    assert await code(bob, send("g", "c1")) == "done"
    await server.stop()


async def test_attributes_are_replaced_at_once(tmp_path: Path) -> None:  # CR-03
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    alice, admin = await server.member("alice"), await server.member("administrator")
    await alice.ask(create("room"))
    full = [f.AttributeToSet(f"k{number}", "v", False) for number in range(100)]
    for at in range(0, 100, 16):
        assert await code(alice, f.RoomAttributesSet("room", full[at : at + 16])) == "done"
    assert (
        await code(alice, f.RoomAttributesSet("room", [f.AttributeToSet("more", "v", False)]))
        == "TOO_MANY_ATTRIBUTES"
    )
    new = [f.AttributeToSet("k1", "w", False), f.AttributeToSet("more", "v", False)]
    assert await code(admin, f.RoomAttributesSet("room", new, replace=True)) == "done", "the others are gone before"
    page = await alice.ask(f.RoomAttributes("room", 0, 0, []))
    assert {row.key: row.value for row in page.attributes} == {"k1": "w", "more": "v"}
    assert await code(admin, f.RoomAttributesSet("room", [], replace=True)) == "done"
    assert (await alice.ask(f.RoomAttributes("room", 0, 0, []))).attributes == []
    await server.stop()


async def test_an_open_import_over_frames(tmp_path: Path) -> None:  # GR-08
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    async with server.client("administrator") as admin, server.client("bob") as bob:
        await admin.import_group(
            "x", group_id="@TGS#_old", type_="UltraGroup", owner="alice", create_time_ms=1000, opened=True
        )
        await admin.import_members("@TGS#_old", [f.ImportedMember("bob", Role.MEMBER, 2000, 0)])
        assert [g.group_id for g in await bob.groups()] == ["@TGS#_old"], "who is imported is in it at once"
        await bob.send("@TGS#_old", "hello")
        await admin.import_members("@TGS#_old", [f.ImportedMember("carol", Role.ADMIN, 2000, 1)])
        carol = (await admin.some_members("@TGS#_old", ["carol"]))["carol"]
        assert (carol.role, carol.read_seq) == (Role.ADMIN, 0)
    await server.stop()


async def test_a_group_and_a_message_of_the_app(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "data", tls=False, flags=("types.Public.member_fields=Title member admin",))
    await server.start()
    async with server.client("administrator") as admin, server.client("bob") as bob:
        title = f.MemberField("bob", "Title", b"sir")
        made = f.AdminGroupCreate(*PUBLIC_FIELDS, ["bob", "carol"], "alice", admins=["bob"], member_fields=[title])
        assert (await admin.request(made, f.AdminGroupCreateOk)).group_id == "g"
        row = (await bob.some_members("g", ["bob"]))["bob"]
        assert row.role is Role.ADMIN and [(one.key, one.value) for one in row.fields] == [("Title", b"sir")]
        sent = await admin.request(
            f.AdminSend("g:g", "c1", Priority.NORMAL, BODY, "alice", uncounted=True), f.AdminSendOk
        )
        again = await admin.request(f.AdminSend("g:g", "c1", Priority.NORMAL, BODY, "alice"), f.AdminSendOk)
        assert sent.seq == again.seq == 1 and again.duplicate
        assert next(g for g in await bob.groups() if g.group_id == "g").unread == 0
        for wrong in (
            f.AdminGroupCreate("h", *PUBLIC_FIELDS[1:], [], admins=["bob"]),
            f.AdminGroupCreate("h", "Private", *PUBLIC_FIELDS[2:6], ApplyJoinOption.BY_TYPE, ["bob"], admins=["bob"]),
            f.AdminGroupCreate("h", *PUBLIC_FIELDS[1:], ["bob"], member_fields=[f.MemberField("bob", "No", b"x")]),
        ):
            with pytest.raises(RcimError) as refused:
                await admin.request(wrong, f.AdminGroupCreateOk)
            assert refused.value.code is BAD_PARAMETER, wrong
    await server.stop()
