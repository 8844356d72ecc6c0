"""Every cell of operation, role and group type, asked through the wire and compared with tests/matrix.py."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rcim.base.errors import RcimError
from rcim.base.terms import ApplyJoinOption, MsgFlag, Platform, Priority, Role
from rcim.content.elements import Text, encode_body
from rcim.rules.conversation_kinds import CHANNEL_MARK, ULTRA
from rcim.wire import frames as f
from rcim.wire.schema import Frame
from tests.amount import some
from tests.kit import Raw, TestServer
from tests.matrix import ROLES, TABLES, Cell, cells

pytestmark = pytest.mark.matrix

BODY = encode_body([Text("hello")])
WITH_GUESTS = ("AVChatRoom", "BChatRoom")
NONE_AT_CREATION = ("AVChatRoom", "BChatRoom", "System")
WITHOUT_ADMINS = ("Private", "BChatRoom", "System", "Temporary")
WITHOUT_OWNER = ("BChatRoom", "System")
IDS_ARE_MADE = ("Temporary",)
AFFIXES = {
    "UltraGroup": (ULTRA.group_prefix, ""),
    "Channel": (ULTRA.group_prefix, CHANNEL_MARK + "c"),
    "System": ("@SYS#", ""),
}
"""How the ids of kinds that are no groups begin and end."""
SHARE = 4
"""One cell in so many is asked in an ordinary run; all of them take a minute."""
ADMINS = ("admin", "admin2")
MEMBERS = ("member", "member2")
"""The second of each is whom things are done to."""


@dataclass(frozen=True)
class Place:
    """Where a cell is asked: a group in which `me` has the cell's role, and an id that is free."""

    type_: str
    group: str
    free: str
    me: str
    own: int = 0
    """The SEQ of a message that is `me`'s."""
    other: int = 0
    """That of one of member2."""


def _create(at: Place, members: list[str]) -> Frame:
    return f.GroupCreate(at.free, at.type_, "new", "", "", "", ApplyJoinOption.BY_TYPE, members)


def _import(at: Place) -> Frame:
    owner = "" if at.type_ in WITHOUT_OWNER else "owner"
    return f.AdminGroupImport(at.free, at.type_, owner, "new", "", "", "", ApplyJoinOption.BY_TYPE, 0)


def _send(group: str, name: str, as_user: str = "") -> Frame:
    return f.Send(f"g:{group}", name, Priority.NORMAL, BODY, as_user)


OPERATIONS: dict[str, Callable[[Place], Frame]] = {
    "create": lambda at: _create(at, []),
    "create_with_members": lambda at: _create(at, ["invited"]),
    "send": lambda at: _send(at.group, "asked"),
    "mention_all": lambda at: f.Send(f"g:{at.group}", "asked", Priority.NORMAL, BODY, mentions_all=True),
    "history": lambda at: f.History(f"g:{at.group}", 0, 0, 0, False),
    "info": lambda at: f.GroupInfo(at.group),
    "edit_profile": lambda at: f.GroupSet(at.group, name="renamed"),
    "edit_settings": lambda at: f.GroupSet(at.group, max_member_num=9),
    "join": lambda at: f.GroupJoin(at.group, ""),
    "leave": lambda at: f.GroupLeave(at.group),
    "invite": lambda at: f.GroupInvite(at.group, ["invited"]),
    "decide": lambda at: f.GroupApplicationDecide(at.group, "applicant", True, ""),
    "kick_member": lambda at: f.GroupKick(at.group, ["member2"], ""),
    "kick_admin": lambda at: f.GroupKick(at.group, ["admin2"], ""),
    "block_member": lambda at: f.GroupBlock(at.group, ["member2"], 3600, ""),
    "list_members": lambda at: f.GroupMembers(at.group, "", 0),
    "list_muted": lambda at: f.GroupMuted(at.group, "", 0),
    "list_blocked": lambda at: f.GroupBlocked(at.group, "", 0),
    "list_applications": lambda at: f.GroupApplications(at.group, "", 0),
    "edit_own_card": lambda at: f.GroupMemberSet(at.group, at.me, name_card="card"),
    "edit_other_card": lambda at: f.GroupMemberSet(at.group, "member2", name_card="card"),
    "set_own_flag": lambda at: f.GroupMemberSet(at.group, at.me, msg_flag=MsgFlag.DISCARD),
    "appoint_admin": lambda at: f.GroupMemberSet(at.group, "member2", role=Role.ADMIN),
    "change_owner": lambda at: f.GroupOwnerSet(at.group, "member2"),
    "mute_member": lambda at: f.GroupMute(at.group, ["member2"], 3600),
    "mute_admin": lambda at: f.GroupMute(at.group, ["admin2"], 3600),
    "mute_all": lambda at: f.GroupMuteAll(at.group, True, []),
    "dissolve": lambda at: f.GroupDissolve(at.group),
    "notice": lambda at: f.AdminNotice(at.group, [], BODY),
    "import": _import,
    "send_as": lambda at: _send(at.group, "asked", "member2"),
    "read": lambda at: f.ConversationRead(f"g:{at.group}", at.other),
    "recall_own": lambda at: f.MessageRecall(f"g:{at.group}", at.own),
    "recall_other": lambda at: f.MessageRecall(f"g:{at.group}", at.other),
    "edit_own": lambda at: f.MessageEdit(f"g:{at.group}", at.own, BODY),
    "edit_other": lambda at: f.MessageEdit(f"g:{at.group}", at.other, BODY),
    "edit_to_mention_all": lambda at: f.MessageEdit(f"g:{at.group}", at.own, BODY, mentions_all=True),
    "delete_message": lambda at: f.MessageDelete(f"g:{at.group}", at.other),
    "erase_sender": lambda at: f.MessagesErase(f"g:{at.group}", "member2"),
    "hide_message": lambda at: f.MessagesHide(f"g:{at.group}", [f.SeqEntry(at.other)]),
    "clear": lambda at: f.ConversationClear(f"g:{at.group}"),
    "read_attributes": lambda at: f.RoomAttributes(at.group, 0),
    "set_attribute": lambda at: f.RoomAttributesSet(at.group, [f.AttributeToSet("key", "value", False)]),
    "receipts": lambda at: f.MessageReceipts(f"g:{at.group}", at.other, True, "", 0),
}


async def _done(raw: Raw, frame: Frame) -> Any:
    """The answer to what has to work before a cell can be asked."""
    found = await raw.ask(frame)
    assert not isinstance(found, RcimError), f"cannot be prepared: {frame}: {found}"
    return found


class Walker:
    """Asks the cells of one group type on one server, with one connection for each user."""

    def __init__(self, server: TestServer, type_: str) -> None:
        self.server, self.type_ = server, type_
        self.asked: list[Cell] = []
        self.wrong: list[str] = []
        self._raws: dict[str, Raw] = {}
        self._ids: dict[str, str] = {"app": "administrator"}
        self._has_owner = type_ not in WITHOUT_OWNER
        self._admins = () if type_ in WITHOUT_ADMINS else ADMINS

    async def log_in(self) -> None:
        for name in ("stranger", "owner", "app", "applicant", *MEMBERS, *ADMINS):
            self._raws[name] = await self.server.member(self._ids.setdefault(name, name))
        guest = await self.server.raw()
        await guest.hello()
        self._ids["guest"] = (await _done(guest, f.Login("", "", Platform.WEB, ""))).user_id
        self._raws["guest"] = guest

    async def make_type(self) -> None:
        """Make the type that is not built in (GT-20)."""
        await _done(self._raws["app"], f.AdminTypeSet(self.type_, "Public", [f.Policy("kick", "member")]))

    async def _make_group(self, cell: Cell, group: str) -> str:
        """A group with everyone in it, anyone may join, and a message in it. Returns its id."""
        if self.type_ == "Channel":
            parent, _, name = group.partition(CHANNEL_MARK)
            await self._make_group_of("UltraGroup", cell, parent)
            await _done(self._raws["owner"], f.ChannelCreate(parent, name, "old", "", False))
            await _done(self._raws["app"], _send(group, "prepared"))
            return group
        return await self._make_group_of(self.type_, cell, group)

    async def _make_group_of(self, type_: str, cell: Cell, group: str) -> str:
        app, private = self._raws["app"], type_ in ("Private", *IDS_ARE_MADE)
        option = ApplyJoinOption.BY_TYPE if private else ApplyJoinOption.FREE_ACCESS
        named = [] if self.type_ in NONE_AT_CREATION else [*MEMBERS, *self._admins]
        owner = "owner" if self._has_owner else ""
        wanted = "" if type_ in IDS_ARE_MADE else group
        group = (await _done(app, f.GroupCreate(wanted, type_, "old", "", "", "", option, named, owner))).group_id
        if private:  # GT-16
            await _done(self._raws["owner"], _send(group, "first"))
        if not named:
            joining = [*MEMBERS, *self._admins]
            await asyncio.gather(*(_done(self._raws[name], f.GroupJoin(group, "")) for name in joining))
        for name in self._admins:
            await _done(app, f.GroupMemberSet(group, name, role=Role.ADMIN))
        await _done(app, _send(group, "prepared"))
        if cell.role == "guest" and self.type_ in WITH_GUESTS and cell.operation != "join":
            await _done(self._raws["guest"], f.GroupJoin(group, ""))
        if cell.operation == "decide" and not private:
            await _done(app, f.GroupSet(group, apply_join_option=ApplyJoinOption.NEED_PERMISSION))
            await _done(self._raws["applicant"], f.GroupJoin(group, ""))
        return group

    async def _kept(self, at: Place) -> list[Any]:
        """All that the app administrator can see of the group and of the free id."""
        asked: list[Frame] = [
            f.GroupInfo(at.group),
            f.GroupMembers(at.group, "", 0),
            f.GroupMuted(at.group, "", 0),
            f.GroupBlocked(at.group, "", 0),
            f.GroupApplications(at.group, "", 0),
            f.GroupInfo(at.free) if at.free else f.ConversationsQuery("", "", 0, 1, counts=True),
            f.History(f"g:{at.group}", 0, 0, 0, False),
        ]
        answers = [await self._raws["app"].ask(frame) for frame in asked]
        return [a.code.name if isinstance(a, RcimError) else a for a in answers]

    async def ask(self, cell: Cell) -> None:
        """Ask one cell in a group of its own."""
        begins, ends = AFFIXES.get(self.type_, ("", ""))
        name = f"{begins}{cell.operation}-{cell.role}{ends}"
        free = "" if self.type_ in IDS_ARE_MADE else f"{begins}{cell.operation}-{cell.role}-new{ends}"
        me = self._ids.get(cell.role, cell.role)
        name = await self._make_group(cell, name)
        writer = "" if cell.role == "app" else "stranger" if cell.role == "guest" else me
        own = await _done(self._raws["app"], _send(name, "own", writer))
        other = await _done(self._raws["app"], _send(name, "other", "member2"))
        at = Place(self.type_, name, free, me, own.seq, other.seq)
        before = await self._kept(at)
        request = OPERATIONS[cell.operation](at)
        found = await self._raws[cell.role].ask(request)
        after = await self._kept(at)
        self._compare(cell, request, found)
        if cell.expected != "ok" and before != after:
            self._say(cell, f"nothing left behind, changed {_changed(before, after)}")
        if cell.leaves_a_trace and not isinstance(found, RcimError) and before == after:
            self._say(cell, "that it does something, nothing changed")
        for group in filter(None, (at.group, at.free, at.group.partition(CHANNEL_MARK)[0])):
            await self._raws["app"].ask(f.GroupDissolve(group))
        self.asked.append(cell)

    def _compare(self, cell: Cell, request: Frame, found: Any) -> None:
        got = found.code.name if isinstance(found, RcimError) else "ok"
        wanted = "ok" if cell.expected == "elsewhere" else cell.expected
        if got != wanted:
            detail = f" ({found.detail})" if isinstance(found, RcimError) else ""
            self._say(cell, f"{cell.expected}, got {got}{detail}")
        elif got == "ok" and found.TYPE != request.TYPE + 0x8000:
            self._say(cell, f"the reply to {request.NAME}, got {found.NAME}")

    def _say(self, cell: Cell, what: str) -> None:
        self.wrong.append(f"{cell.type_}, {cell.role}, {cell.operation}: expected {what}")


def _changed(before: list[Any], after: list[Any]) -> str:
    return "; ".join(f"{old} -> {new}" for old, new in zip(before, after, strict=True) if old != new)


@pytest.mark.parametrize("type_", TABLES)
async def test_every_cell(tmp_path: Path, type_: str) -> None:  # GT-01 to GT-25, GR-01 to GR-11, ID-06, MS-05, MS-06
    """`pytest -m matrix` and `pytest --thorough` ask every cell. An ordinary run asks one in SHARE of each type, from
    type to type others."""
    wanted = [cell for cell in cells(type_) if cell.exists]
    share = some(SHARE, of=1)
    wanted = wanted[list(TABLES).index(type_) % share :: share]
    server = TestServer(tmp_path / "data", tls=False, flags=("app.guests=true",))
    await server.start()
    try:
        walker = Walker(server, type_)
        await walker.log_in()
        if type_ == "OAGroup":
            await walker.make_type()
        for cell in wanted:
            await walker.ask(cell)
    finally:
        await server.stop()
    assert walker.asked == wanted
    if walker.wrong:
        pytest.fail(f"{len(walker.wrong)} times of {len(wanted)} cells:\n" + "\n".join(walker.wrong), pytrace=False)


def test_no_cell_is_missing() -> None:
    every = [cell for type_ in TABLES for cell in cells(type_)]
    places = {(cell.type_, cell.operation, cell.role) for cell in every}
    assert places == {(type_, name, role) for type_ in TABLES for name in OPERATIONS for role in ROLES}
    assert len(every) == len(places) == 10 * 44 * 6
    without = {
        "Private": ("admin",),
        "BChatRoom": ("admin", "owner"),
        "System": ("admin", "owner"),
        "Temporary": ("admin",),
    }
    for type_, missing in without.items():
        done_to_admins = ("kick_admin", "mute_admin")
        gone = {c for c in every if c.type_ == type_ and (c.role in missing or c.operation in done_to_admins)}
        assert gone == {c for c in every if c.type_ == type_ and not c.exists}
    assert sum(cell.exists for cell in every) == 2340
