"""What `rcim demo groups` tries in a group of each type, by real clients, and what the type table says of it.

TRIALS is the list of rows. A trial asks the table (rcim.rules) what should come of it, and then does it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from rcim.base.errors import NO_SUCH_GROUP, NOT_PERMITTED, SENDER_MUTED, TOO_MANY_OF_TYPE
from rcim.base.terms import ApplyJoinOption, ChangeKind, GoneReason, JoinStatus, Role
from rcim.client import ApplicationEvent, ChangesEvent, Client, DecisionEvent, GroupEvent, Message
from rcim.demo.trying import (
    ADMIN,
    APP_ADMIN,
    DONE,
    GUEST,
    MEMBER,
    NO_OWNER,
    OWNER,
    STRANGER,
    Person,
    Result,
    Trial,
    may,
    refusal,
    when,
)
from rcim.rules.group_types import GroupType
from rcim.rules.rights import Operation
from rcim.rules.roles import Standing

NEWCOMERS = ("newcomer-1", "newcomer-2", "newcomer-3", "newcomer-4")
"""Users who never log in: they are invited, and kicked."""
SIX = 6
"""GT-13: one more than there may be BChatRooms."""
FIRST = "the first message"
COMES_OF = {ApplyJoinOption.FREE_ACCESS: "joined", ApplyJoinOption.NEED_PERMISSION: "decided"}


@dataclass
class Room:
    """A group of one type in which everything is tried. `standing` is what people are to it by now."""

    row: GroupType
    people: Mapping[str, Person]
    policies: Mapping[str, str] = field(default_factory=dict)
    """What was said of the type when it was made at run time."""
    standing: dict[str, Standing] = field(
        default_factory=lambda: {APP_ADMIN: Standing.APP_ADMIN, GUEST: Standing.GUEST}
    )
    newcomers: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.id, self.spare = f"demo {self.row.name}", f"spare {self.row.name}"
        self.first = OWNER if self.row.has_owner else APP_ADMIN
        self.administrator = self.client(APP_ADMIN)

    def client(self, who: str) -> Client:
        """The client of one of the people."""
        return self.people[who].client

    async def make(self, by: str, group_id: str, members: Sequence[str] = ()) -> None:
        """Make a group of the type."""
        await self.client(by).create_group(group_id, group_id=group_id, type_=self.row.name, members=members)

    async def has(self, user_id: str) -> bool:
        """Whether a user is a member, as the app administrator sees it."""
        return user_id in await self.administrator.some_members(self.id, [user_id])


async def _create(room: Room) -> Result:
    no = await refusal(room.make(OWNER, room.spare))
    if no:
        await room.make(APP_ADMIN, room.spare)
    return Result(no or DONE)


async def _members_at_creation(room: Room) -> Result:
    no = await refusal(room.make(room.first, room.id, [MEMBER, ADMIN]))
    users = [MEMBER, ADMIN] if room.row.has_owner else [OWNER, MEMBER, ADMIN]
    if no:
        await room.make(room.first, room.id)
        for user in users:
            await room.client(user).join(room.id)
    room.standing |= {OWNER: Standing.OWNER} | dict.fromkeys(users, Standing.MEMBER)
    return Result(no or DONE)


async def _first_message(room: Room) -> Result:
    before = await refusal(room.client(MEMBER).info(room.id))
    await room.client(room.first).send(room.id, FIRST)
    if not await room.people[MEMBER].reads(room.id, FIRST):
        return Result("first message not heard")
    after = await refusal(room.client(MEMBER).info(room.id))
    if not after and before == NO_SUCH_GROUP.name:
        return Result("hidden", "hidden till then")
    return Result(after or before or "seen")


async def _apply(room: Room) -> Result:
    owner, stranger = room.people[OWNER], room.people[STRANGER]
    joined = await stranger.client.join(room.id, text="let me in")
    if joined.status is JoinStatus.WAITING:
        if not await owner.hears(room.id, lambda item: isinstance(item, ApplicationEvent)):
            return Result("owner not told")
        await owner.client.decide(room.id, STRANGER, True)
        if not await stranger.hears(room.id, lambda item: isinstance(item, DecisionEvent) and item.approved):
            return Result("applicant not told")
    room.standing[STRANGER] = Standing.MEMBER
    return Result("joined") if joined.status is JoinStatus.JOINED else Result("decided", "asks, is let in")


async def _invite(who: str, users: Sequence[str], room: Room) -> Result:
    await room.client(who).invite(room.id, users)
    if who == MEMBER:
        room.standing[STRANGER] = Standing.MEMBER
    else:
        room.newcomers = list(users)
    return Result(DONE if all([await room.has(user) for user in users]) else "not added")


async def _history(room: Room) -> Result:
    seen = [message.text for message in await room.client(STRANGER).history(room.id)]
    return Result("visible" if FIRST in seen else "hidden")


async def _list(room: Room) -> Result:
    users = [entry.user_id for entry in await room.client(MEMBER).members(room.id)]
    if users == sorted(users):  # as all of a list is; a part of it is the earliest, and the owner was first
        return Result("all", f"all {len(users)}")
    return Result("part" if users[0] == OWNER else "in no order", f"the earliest: {len(users)}")


async def _unread(room: Room) -> Result:
    unread = {entry.group_id: entry.unread for entry in await room.client(MEMBER).groups()}.get(room.id)
    found = {None: "not in the list", 0: "not counted"}.get(unread, "counted")
    return Result(found, f"counted: {unread}" if unread else "")


async def _sends(who: str, listener: str, room: Room) -> Result:
    text = f"{who} to {listener}"
    await room.client(who).send(room.id, text)
    seq = await room.people[listener].reads(room.id, text)
    return Result(DONE, f"SEQ {seq}") if seq else Result("not heard")


async def _guest(room: Room) -> Result:
    await room.client(GUEST).join(room.id)
    heard = await _sends(APP_ADMIN, GUEST, room)
    await room.client(GUEST).leave(room.id)
    return replace(heard, text=f"hears {heard.text}")


async def _appoints(who: str, room: Room) -> Result:
    for role in (Role.MEMBER, Role.ADMIN):
        await room.client(who).edit_member(room.id, ADMIN, role=role)
    room.standing[ADMIN] = Standing.ADMIN
    admins = await room.administrator.members(room.id, role=Role.ADMIN)
    return Result(DONE if [entry.user_id for entry in admins] == [ADMIN] else "not appointed")


async def _edits(who: str, room: Room) -> Result:
    await room.client(who).edit_group(room.id, name=f"by {who}")
    return Result(DONE if (await room.administrator.info(room.id)).name == f"by {who}" else "not edited")


async def _mutes(who: str, room: Room) -> Result:
    await room.client(who).mute(room.id, [MEMBER], 60)
    no = await refusal(room.client(MEMBER).send(room.id, "may I?"))
    await room.client(who).mute(room.id, [MEMBER], 0)
    return Result(DONE if no == SENDER_MUTED.name else f"muted, but sending is {no or DONE}", no)


async def _kicks(who: str, room: Room) -> Result:
    user_id = room.newcomers[-1] if room.newcomers else STRANGER
    await room.client(who).kick(room.id, [user_id])
    room.newcomers = room.newcomers[:-1]
    return Result("still there" if await room.has(user_id) else DONE)


async def _notice(room: Room) -> Result:
    member = room.people[MEMBER]
    before = len(member.heard.get(room.id, []))
    await room.client(STRANGER).leave(room.id)
    # What was to be told of it has come when something later has: a message, and an answer.
    await _sends(APP_ADMIN, MEMBER, room)
    await member.client.info(room.id)
    found = [Result("none", "nothing")]
    for item in member.heard.get(room.id, [])[before:]:
        if isinstance(item, Message) and item.tip is not None and item.tip.kind is ChangeKind.LEFT:
            found.append(Result("strong", f"message, SEQ {item.seq}"))
        elif isinstance(item, ChangesEvent) and any(change.kind is ChangeKind.LEFT for change in item.changes):
            found.append(Result("weak", "push, no SEQ"))
    return found[-1] if len(found) <= 2 else Result("told twice")


async def _import(room: Room) -> Result:
    old = f"old {room.row.name}"
    await room.administrator.import_group(old, group_id=old, type_=room.row.name, owner=OWNER, create_time_ms=1000)
    await room.administrator.finish_import(old)
    return Result(DONE if (await room.administrator.info(old)).create_time_ms == 1000 else "made anew")


async def _six(room: Room) -> Result:
    for number in range(3, SIX + 1):
        await room.make(room.first, f"{room.spare} {number}")
    return Result(DONE)


async def _leave(room: Room) -> Result:
    if not room.row.has_owner:
        return Result(NO_OWNER)
    await room.client(OWNER).leave(room.id)
    left = (await room.administrator.info(room.id)).owner
    goes_on = not await refusal(room.client(MEMBER).send(room.id, "we go on"))
    await room.administrator.invite(room.id, [OWNER])
    await room.administrator.give_group(room.id, OWNER)
    return Result(DONE if goes_on and not left else "not without", "goes on without")


async def _dissolve(room: Room) -> Result:
    await room.client(OWNER).dissolve(room.id)
    told = await room.people[MEMBER].hears(room.id, lambda item: isinstance(item, GroupEvent))
    return Result(DONE if told is not None and told.reason is GoneReason.DISSOLVED else "member not told")


async def _app_dissolve(room: Room) -> Result:
    await room.administrator.dissolve(room.spare)
    return Result(DONE if await refusal(room.administrator.info(room.spare)) == NO_SUCH_GROUP.name else "still there")


OP, REFUSED, CAPPED = Operation, NOT_PERMITTED.name, TOO_MANY_OF_TYPE.name
LEAVES = may(OP.LEAVE, OWNER)
TRIALS: tuple[Trial[Room], ...] = (
    Trial("GR-01", "a user makes a group of it", may(OP.CREATE, OWNER), _create),
    Trial("GT-07", "its maker names members", when("members_at_creation", DONE, REFUSED), _members_at_creation),
    Trial("GT-16", "members see it before a message", when("needs_first_message", "hidden", "seen"), _first_message),
    Trial("GT-05", "a stranger applies", may(OP.JOIN, STRANGER, lambda row: COMES_OF[row.join_option]), _apply),
    Trial("GT-07", "a member invites", may(OP.INVITE, MEMBER), partial(_invite, MEMBER, [STRANGER])),
    Trial("GT-07", "app administrator invites", may(OP.INVITE, APP_ADMIN), partial(_invite, APP_ADMIN, NEWCOMERS)),
    Trial("GT-14", "history from before joining", when("history_before_joining", "visible", "hidden"), _history),
    Trial("GT-03", "a member lists members", may(OP.MEMBERS, MEMBER, lambda row: row.member_list.value), _list),
    Trial("GT-19", "unread messages", when("unread", "counted", "not counted"), _unread),
    Trial("SC-01", "a member sends", may(OP.SEND, MEMBER), partial(_sends, MEMBER, OWNER)),
    Trial("MS-06", "app administrator sends", may(OP.SEND, APP_ADMIN), partial(_sends, APP_ADMIN, OWNER)),
    Trial("GT-21", "a guest joins and hears", may(OP.JOIN, GUEST), _guest),
    Trial("GT-09", "the owner appoints an admin", may(OP.APPOINT, OWNER), partial(_appoints, OWNER)),
    Trial("GT-09", "app administrator appoints", may(OP.APPOINT, APP_ADMIN), partial(_appoints, APP_ADMIN)),
    Trial("GT-02", "a member edits the name", may(OP.EDIT_PROFILE, MEMBER), partial(_edits, MEMBER)),
    Trial("GT-02", "an admin edits the name", may(OP.EDIT_PROFILE, ADMIN), partial(_edits, ADMIN)),
    Trial("GT-17", "an admin mutes; the muted sends", may(OP.MUTE, ADMIN), partial(_mutes, ADMIN)),
    Trial("GT-17", "app administrator mutes", may(OP.MUTE, APP_ADMIN), partial(_mutes, APP_ADMIN)),
    Trial("GT-10", "a member kicks", may(OP.KICK, MEMBER), partial(_kicks, MEMBER)),
    Trial("GT-10", "an admin kicks", may(OP.KICK, ADMIN), partial(_kicks, ADMIN)),
    Trial("GT-10", "the owner kicks", may(OP.KICK, OWNER), partial(_kicks, OWNER)),
    Trial("GT-10", "app administrator kicks", may(OP.KICK, APP_ADMIN), partial(_kicks, APP_ADMIN)),
    Trial("GT-15", "others hear that a member left", lambda room: room.row.notice.value, _notice),
    Trial("GT-23", "app administrator imports", may(OP.IMPORT, APP_ADMIN), _import),
    Trial("GT-13", "six groups of it", lambda room: CAPPED if 0 < room.row.group_cap < SIX else DONE, _six),
    Trial("GT-08", "the owner leaves", lambda room: LEAVES(room) if room.row.has_owner else NO_OWNER, _leave),
    Trial("GT-04", "the owner dissolves", may(OP.DISSOLVE, OWNER), _dissolve),
    Trial("GT-04", "app administrator dissolves", may(OP.DISSOLVE, APP_ADMIN), _app_dissolve),
)
