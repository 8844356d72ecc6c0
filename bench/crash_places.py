"""Where `rcim-bench crash` sends: chat rooms, and a conversation of every other kind. What all of them have is that
whoever is in one hears everything that is said there, so that SEQs can be compared."""

from __future__ import annotations

from collections.abc import Sequence

from rcim_bench.rig import ADMIN

from rcim.base.errors import GROUP_ID_TAKEN_BY_YOU, RcimError
from rcim.base.terms import BROADCAST_ALL, CHANNEL_MARK, ApplyJoinOption, JoinStatus, Priority, group_conversation
from rcim.load.swarm import SwarmMember
from rcim.wire import frames
from rcim.wire.schema import Frame

CITY, SYSTEM = "@TGS#_city", "@SYS#news"
PUBLIC, PRIVATE = CITY + CHANNEL_MARK + "news", CITY + CHANNEL_MARK + "team"
TEMPORARY_USERS = 10


class Places:
    """The conversations, with `groups` chat rooms of all `users`. Besides them there is ADMIN, who sends what the app
    sends: to a system conversation, and broadcasts."""

    def __init__(self, groups: int, users: Sequence[str]) -> None:
        self._rooms = [f"g{i}" for i in range(groups)]
        self._users = list(users)
        self._temporary = ""
        self._made = False

    @property
    def all(self) -> list[str]:
        """The ids of all that are there by now."""
        named = [*self._rooms, CITY, PUBLIC, PRIVATE, SYSTEM, *filter(None, [self._temporary])]
        return [*map(group_conversation, named), BROADCAST_ALL]

    def hears(self, user_id: str, conversation: str) -> bool:
        """True if the user is in the conversation."""
        few = conversation == group_conversation(self._temporary)
        return user_id != ADMIN and (not few or user_id in self._users[:TEMPORARY_USERS])

    def written_by(self, user_id: str) -> list[str]:
        """The conversations that the user sends to."""
        of_app = [group_conversation(SYSTEM), BROADCAST_ALL]
        if user_id == ADMIN:
            return of_app
        return [key for key in self.all if key not in of_app and self.hears(user_id, key)]

    async def enter(self, members: Sequence[SwarmMember]) -> None:
        """The first user makes them with everyone in them, if that has not been done yet. Raises RcimError."""
        if self._made:
            return
        by_id = {member.user_id: member for member in members}
        owner, root = by_id[self._users[0]], by_id[ADMIN]
        for room in self._rooms:
            await _make(owner, room, "ChatRoom", self._users[1:])
        await _make(owner, CITY, "UltraGroup", self._users[1:])
        await owner.ask(frames.ChannelCreate(CITY, "news", "news", "", False))
        await owner.ask(frames.ChannelCreate(CITY, "team", "team", "", True))
        await owner.ask(frames.ChannelUsersChange(PRIVATE, self._users[1:], []))
        await _make(root, SYSTEM, "System", [])
        for user in self._users:
            joined = await by_id[user].ask(frames.GroupJoin(SYSTEM, ""))
            assert isinstance(joined, frames.GroupJoinOk) and joined.status is JoinStatus.JOINED
        made = await owner.ask(_creation("", "Temporary", self._users[1:TEMPORARY_USERS]))
        assert isinstance(made, frames.GroupCreateOk)
        self._temporary = made.group_id
        self._made = True


def _creation(group_id: str, type_: str, members: Sequence[str]) -> frames.GroupCreate:
    option = ApplyJoinOption.BY_TYPE if type_ == "Temporary" else ApplyJoinOption.FREE_ACCESS
    return frames.GroupCreate(group_id, type_, group_id or type_, "", "", "", option, list(members))


async def _make(owner: SwarmMember, group_id: str, type_: str, members: Sequence[str]) -> None:
    try:
        await owner.ask(_creation(group_id, type_, members))
    except RcimError as error:
        if error.code is not GROUP_ID_TAKEN_BY_YOU:
            raise


def sending(conversation: str, client_msg_id: str, body: bytes) -> Frame:
    """The request that sends this there."""
    if conversation == BROADCAST_ALL:
        return frames.AdminBroadcast(client_msg_id, Priority.NORMAL, body)
    as_user = SYSTEM if conversation == group_conversation(SYSTEM) else ""
    return frames.Send(conversation, client_msg_id, Priority.NORMAL, body, as_user)
