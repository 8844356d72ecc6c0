"""The commands of `rcim chat`, as they are typed. Those that need the list of messages are the view's own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from rcim.chat.kinds import ChatError, channel_of, channel_text, enter, parent_group
from rcim.chat.state import Talks, invitation_text, message_line
from rcim.client import BROADCASTS, User, Where

FOUND_MAX = 20
HELP = (
    "Type and Enter sends; @name mentions, @all everyone. /to USER, /join GROUP, /leave, /members, /recall, /edit TEXT, "
    "/receipts, /pin, /search WORDS, /invitations, /accept GROUP, /refuse GROUP, /quit. In the list of messages r "
    "recalls, e edits, i shows who has read. /channels, /channel NAME (of an ultra group), /broadcasts, /temporary "
    "MINUTES USER..., /attributes, /set KEY VALUE, /unset KEY (of a chat room)."
)


class Command(NamedTuple):
    """One of them. `run` gets the open conversation and what was typed after the word; `rest`: it needs that."""

    run: Callable[[Where, str], Awaitable[None]]
    rest: bool = False


class Commands:
    """What can be typed. `open_` shows a conversation, `say` shows a line in the open one."""

    def __init__(self, talks: Talks, open_: Callable[[Where], Awaitable[None]], say: Callable[[str], None]) -> None:
        self._talks, self._client, self._open, self._say = talks, talks.client, open_, say
        self._table = {
            "to": Command(self._to, rest=True),
            "join": Command(self._join, rest=True),
            "leave": Command(self._leave),
            "members": Command(self._members),
            "invitations": Command(self._invitations),
            "accept": Command(self._accept, rest=True),
            "refuse": Command(self._refuse, rest=True),
            "edit": Command(self._edit, rest=True),
            "pin": Command(self._pin),
            "search": Command(self._search, rest=True),
            "channels": Command(self._channels),
            "channel": Command(self._channel, rest=True),
            "broadcasts": Command(self._broadcasts),
            "temporary": Command(self._temporary, rest=True),
            "attributes": Command(self._attributes),
            "set": Command(self._set, rest=True),
            "unset": Command(self._unset, rest=True),
        }

    async def run(self, word: str, rest: str) -> bool:
        """Do it; False: there is no such command, or it needs more. Raises RcimError and ChatError."""
        command = self._table.get(word)
        if command is None or (command.rest and not rest):
            return False
        room = self._talks.room
        await command.run(room.where if room is not None else "", rest)
        return True

    @staticmethod
    def _group(where: Where) -> str:
        """The open conversation as a group. Raises ChatError."""
        if not isinstance(where, str) or not where:
            raise ChatError("that is for groups: open one first")
        return where

    async def _to(self, where: Where, rest: str) -> None:
        await self._open(User(rest))

    async def _join(self, where: Where, rest: str) -> None:
        note = await enter(self._client, rest)
        await self._open(rest)
        if note:
            self._say(note)

    async def _leave(self, where: Where, rest: str) -> None:
        group = self._group(where)
        await self._client.leave(group)
        self._talks.leave(group)

    async def _members(self, where: Where, rest: str) -> None:
        members = await self._client.members(self._group(where))
        self._say(", ".join(member.name_card or member.user_id for member in members))

    async def _invitations(self, where: Where, rest: str) -> None:
        for invitation in await self._client.invitations():
            self._say(invitation_text(invitation))

    async def _accept(self, where: Where, rest: str) -> None:
        await self._client.answer_invitation(rest, True)
        await self._open(rest)

    async def _refuse(self, where: Where, rest: str) -> None:
        await self._client.answer_invitation(rest, False)

    async def _edit(self, where: Where, rest: str) -> None:
        message = self._talks.own_last()
        if message is not None:
            await self._talks.edit(message.where, message.seq, rest)

    async def _pin(self, where: Where, rest: str) -> None:
        row = self._client.conversation(where)
        await self._client.pin(where, not (row is not None and row.pinned_ms))

    async def _search(self, where: Where, rest: str) -> None:
        found: list[str] = []
        async for message in self._client.search(rest):
            found.append(f"{message.peer or message.group_id or 'broadcast'}: {message_line(message)}")
            if len(found) == FOUND_MAX:
                break
        for line in reversed(found):
            self._say(line)
        if not found:
            self._say("nothing is found")

    # -- of kinds

    async def _channels(self, where: Where, rest: str) -> None:
        parent = parent_group(channel_of(self._group(where), "x"))
        lines = []
        for row in await self._client.channels(parent):
            listed = self._client.conversation(row.group_id)
            lines.append(channel_text(row, listed.unread if listed is not None else 0))
        self._say(", ".join(lines) or "there are no channels")

    async def _channel(self, where: Where, rest: str) -> None:
        await self._join(where, channel_of(self._group(where), rest))

    async def _broadcasts(self, where: Where, rest: str) -> None:
        await self._open(BROADCASTS)

    async def _temporary(self, where: Where, rest: str) -> None:
        minutes, *users = rest.split()
        if not (minutes.isascii() and minutes.isdigit()):
            raise ChatError("/temporary MINUTES USER...: for how many minutes, and with whom")
        name = ", ".join([self._client.user_id, *users])[:30]
        await self._open(await self._client.create_temporary(name, users, ttl_s=60 * int(minutes)))

    async def _attributes(self, where: Where, rest: str) -> None:
        found = await self._client.attributes(self._group(where))
        self._say(", ".join(f"{key} = {value}" for key, value in sorted(found.items())) or "there are no attributes")

    async def _set(self, where: Where, rest: str) -> None:
        key, _, value = rest.partition(" ")
        await self._client.set_attributes(self._group(where), {key: value.strip()})

    async def _unset(self, where: Where, rest: str) -> None:
        await self._client.delete_attributes(self._group(where), [rest])
