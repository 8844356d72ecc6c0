"""What `rcim chat` knows of a user's conversations: what is shown of each, as events change it. No terminal."""

from __future__ import annotations

import re
import time

from rcim.base.terminal import printable
from rcim.base.terms import MessageState, Presence
from rcim.chat.kinds import attribute_text, called, gone_text, kind_named, parent_group
from rcim.client import (
    BROADCASTS,
    ApplicationEvent,
    AttributesEvent,
    ChangedEvent,
    ChangesEvent,
    Client,
    DecisionEvent,
    EnteredEvent,
    ErasedEvent,
    GroupEvent,
    HiddenEvent,
    InvitationEvent,
    Message,
    MuteEvent,
    NoticeEvent,
    OwnEvent,
    Post,
    PostedEvent,
    PresenceEvent,
    ReadEvent,
    RereadEvent,
    User,
    Where,
)
from rcim.client.events import Event
from rcim.client.model import conversation_of
from rcim.content.elements import GroupTip, Text, plain_text
from rcim.rules.conversation_kinds import SYSTEM
from rcim.wire.frames import GroupChange, Invitation

OF_GROUPS = GroupEvent | ChangesEvent | ApplicationEvent | DecisionEvent | MuteEvent | NoticeEvent | AttributesEvent
"""Events that name a group."""
SHOWN_MAX = 500
"""Messages shown of a conversation; older ones are read again when it is opened anew."""
PAGE = 50
MENTION = re.compile(r"(?<!\S)@(\S{1,64})")
ALL = "all"


def clean(text: str) -> str:
    """Text for a terminal: what would steer it is shown as `?`."""
    return printable(text)


def invitation_text(one: InvitationEvent | Invitation) -> str:
    """Who asks the user into which group, in words (GT-07)."""
    group = clean(one.group_id)
    return f"{clean(one.by)} invites you to {clean(one.name)}: /accept {group} or /refuse {group}"


def mute_text(event: MuteEvent) -> str:
    """Who may not send, or may again, in words (SC-09)."""
    whom = "all are" if event.everyone else "you are"
    where = "" if event.group_id else " in all chat rooms"
    by = f" (by {event.operator})" if event.operator else ""
    return clean(f"{whom} {'muted' if event.until_ms else 'not muted any more'}{where}{by}")


def change_text(change: GroupChange | GroupTip) -> str:
    """What has happened in the group, in words."""
    more = change.count - len(change.users)
    users = ", ".join(change.users) + (f" and {more} more" if more > 0 else "")
    if more > 0 and not change.users:  # GT-15: where no members are listed, nobody is named
        users = f"{more} members" if more > 1 else "a member"
    what = change.kind.name.lower().replace("_", " ")
    by = f" (by {change.operator})" if change.operator and [change.operator] != change.users else ""
    return clean(f"{what}: {users or ', '.join(change.what)}{by}")


def is_system(where: User) -> bool:
    """True for the account of a system conversation, which is never online."""
    return kind_named(where.user_id) is SYSTEM


def mentioned(where: Where, text: str) -> tuple[list[str], bool]:
    """MS-07: whom a text mentions in a group, and whether everyone."""
    names = list(dict.fromkeys(MENTION.findall(text))) if isinstance(where, str) else []
    return [name for name in names if name != ALL], ALL in names


def message_text(message: Message) -> str:
    """What a message says, in a line."""
    if message.tip is not None:
        return f"-- {change_text(message.tip)}"
    if message.state is MessageState.RECALLED:
        return "(recalled)"
    names = ", ".join(e.NAME for e in message.elements) or "unknown"
    text = clean(plain_text(message.elements) or f"[{names}]")
    return f"{text} (edited)" if message.state is MessageState.EDITED else text


def message_line(message: Message) -> str:
    """A message with its time and sender, as the terminal shows it."""
    clock = time.strftime("%H:%M:%S", time.localtime(message.time_ms / 1000))
    if message.tip is not None:
        return f"{clock} {message_text(message)}"
    only = f" (to {', '.join(map(clean, message.to))})" if message.to else ""
    return f"{clock} {clean(message.display_name)}{only}: {message_text(message)}"


class Room:
    """One conversation as it is shown."""

    def __init__(self, where: Where) -> None:
        self.where = where
        self.messages: dict[int, Message] = {}
        self.posts: list[Post] = []
        """What is not sent yet."""
        self.notes: list[str] = []
        """What was told besides, the last of it at the end."""
        self.read_seq = self.read_by_peer = 0
        """How far the user has said that it has read, and how far the other one has."""
        self.loaded = False
        self.gone = False
        """The user is in it no more."""
        self.watched = False
        """It is asked what the other one does, since there are messages."""

    def put(self, message: Message) -> None:
        """A message, or what it is now."""
        if message.state is MessageState.DELETED:
            self.messages.pop(message.seq, None)
            return
        self.messages[message.seq] = message
        while len(self.messages) > SHOWN_MAX:
            del self.messages[min(self.messages)]

    def note(self, text: str) -> None:
        """Something to be shown that is no message."""
        self.notes = [*self.notes, text][-5:]

    def shown(self) -> list[Message]:
        """Messages by SEQ."""
        return [self.messages[seq] for seq in sorted(self.messages)]


class Talks:
    """See the module's text."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.rooms: dict[str, Room] = {}
        self.presence: dict[str, Presence] = {}
        self.current = ""
        """The conversation that is open; empty: none."""
        self.note = ""
        """What is to be said that is of no conversation."""

    @property
    def room(self) -> Room | None:
        """The one that is open."""
        return self.rooms.get(self.current)

    def key(self, where: Where) -> str:
        """A conversation's id."""
        return conversation_of(where, self.client.user_id)

    async def open(self, where: Where) -> None:
        """Show a conversation: what was said last, and from now on it is read as it comes. Raises RcimError."""
        self.current = key = self.key(where)
        room = self.rooms.setdefault(key, Room(where))
        room.gone = False
        for message in self.client.kept_messages(where, limit=PAGE):
            room.put(message)
        if not room.loaded:
            for message in await self.client.history(where, backwards=True, limit=PAGE):
                if message.state is not MessageState.NOT_FOR_YOU:
                    room.put(message)
            room.loaded = True
        await self._watch(room)
        await self.read()

    async def _watch(self, room: Room) -> None:
        """Ask to be told what the other one does; before the first message that may not be seen (ID-07), and is asked for
        again after it. Raises RcimError."""
        if isinstance(room.where, User) and not is_system(room.where) and not room.watched:
            room.watched = bool(room.messages)
            for entry in await self.client.watch_presence([room.where.user_id]):
                self.presence[entry.user_id] = entry.state

    async def to_the_app(self) -> None:
        """What a user writes in a system conversation goes to the app alone: open the conversation with its account,
        where the answers come (SY-01). Raises RcimError."""
        where = self.room.where if self.room is not None else ""
        if isinstance(where, str) and kind_named(where) is SYSTEM:
            await self.open(User(where))

    async def read(self) -> None:
        """What is shown is read (RX-08). Raises RcimError."""
        room = self.room
        if room is None or not room.messages:
            return
        await self._watch(room)
        row = self.client.conversation(room.where)
        newest = max(room.messages)
        if newest > max(room.read_seq, row.read_seq if row is not None else 0):
            room.read_seq = newest
            await self.client.mark_read(room.where, newest)

    def apply(self, event: Message | Event) -> str:
        """Something came. Returns the conversation that looks otherwise now; empty: none."""
        if isinstance(event, PresenceEvent):
            self.presence |= {entry.user_id: entry.state for entry in event.users}
            return self.current
        if isinstance(event, InvitationEvent):
            if self.room is not None:
                self.room.note(invitation_text(event))
            return self.current
        if isinstance(event, OwnEvent | EnteredEvent):  # the list follows by itself
            return ""
        if isinstance(event, MuteEvent) and not event.group_id:
            if self.room is not None:
                self.room.note(mute_text(event))
            return self.current
        if isinstance(event, OF_GROUPS):
            key = self.key(event.group_id)
        else:
            key = event.conversation
        if isinstance(event, Message):
            self._tell_broadcast(event)
        room = self.rooms.get(key)
        if room is None and isinstance(event, Message):
            room = self.rooms[key] = Room(event.where)
        if room is None:
            return ""
        if isinstance(event, Message):
            room.posts = [p for p in room.posts if p.client_msg_id != event.client_msg_id]
            room.put(event)
            if event.peer and event.sender == event.peer:  # who sends has read what was before (RX-11)
                room.read_by_peer = max(room.read_by_peer, event.seq)
        else:
            self._told(room, event)
        return key

    def _told(self, room: Room, event: Event) -> None:
        match event:
            case ChangedEvent():
                if event.message.seq in room.messages:
                    room.put(event.message)
            case ErasedEvent():
                gone = [s for s, m in room.messages.items() if m.sender == event.sender and s <= event.to_seq]
                self._drop(room, gone)
            case HiddenEvent():
                self._drop(room, [*event.seqs, *(s for s in room.messages if s <= event.to_seq)])
            case RereadEvent():
                room.messages.clear()
                room.loaded = False
            case ReadEvent():
                if event.user_id != self.client.user_id:
                    room.read_by_peer = max(room.read_by_peer, event.seq)
            case PostedEvent():
                room.posts = [p for p in room.posts if p.client_msg_id != event.client_msg_id]
                if event.error is not None:
                    room.note(f"not sent: {event.error}")
            case MuteEvent():
                room.note(mute_text(event))
            case GroupEvent():
                room.note(gone_text(event))
                self.leave(event.group_id)
            case AttributesEvent():
                for row in event.changes:
                    room.note(attribute_text(row))
            case ChangesEvent():
                for change in event.changes:
                    room.note(change_text(change))
            case ApplicationEvent():
                room.note(f"{clean(event.user_id)} asks to join: {clean(event.text)}")
            case NoticeEvent():
                room.note("notice: " + clean("".join(e.text for e in event.elements if isinstance(e, Text))))

    def _tell_broadcast(self, message: Message) -> None:
        """A broadcast is seen whatever is open (SY-03)."""
        room = self.room
        if message.where == BROADCASTS and room is not None and room.where != BROADCASTS:
            room.note(f"broadcast: {message_line(message)}")

    def leave(self, group: str) -> None:
        """The user is in the group no more, nor in its channels."""
        for room in self.rooms.values():
            if isinstance(room.where, str) and group in (room.where, parent_group(room.where)):
                room.gone = True

    @staticmethod
    def _drop(room: Room, seqs: list[int]) -> None:
        for seq in seqs:
            room.messages.pop(seq, None)

    # -- what the user does

    def say(self, text: str) -> None:
        """Send it to the open conversation, now or when there is a connection; `@user` and `@all` mention (MS-07). Raises
        RcimError, and LocalStoreError."""
        room = self.room
        if room is None:
            return
        mentions, all_ = mentioned(room.where, text)
        room.posts.append(self.client.post(room.where, text, mentions=mentions, mentions_all=all_))

    async def edit(self, where: Where, seq: int, text: str) -> None:
        """Give one of the user's messages another text, which mentions whom it names (MS-17). Raises RcimError."""
        mentions, all_ = mentioned(where, text)
        await self.client.edit_message(where, seq, text, mentions=mentions, mentions_all=all_)

    def own_last(self) -> Message | None:
        """The user's last message that can still be recalled or edited."""
        room = self.room
        own = [m for m in room.shown() if self.is_own(m)] if room is not None else []
        return own[-1] if own else None

    def is_own(self, message: Message) -> bool:
        """True for a message of the user's that still says something."""
        return message.sender == self.client.user_id and message.state is not MessageState.RECALLED

    def title(self) -> str:
        """What stands above the open conversation."""
        room = self.room
        if room is None:
            return "no conversation"
        name = self._called(room.where)
        if isinstance(room.where, User) and not is_system(room.where):
            return f"{name} ({self.presence.get(room.where.user_id, Presence.OFFLINE).name.lower()})"
        return name

    def _called(self, where: Where) -> str:
        above: Where = parent_group(where) if isinstance(where, str) else where
        if isinstance(where, User) and is_system(where):
            above = where.user_id
        return called(where, self.client.conversation(where), self.client.conversation(above))

    def rows(self) -> list[tuple[str, Where, str]]:
        """The list of conversations: id, how the client names it, and its line. What was opened and the server
        does not list, as chat rooms, stands at the end (GT-27)."""
        found: list[tuple[str, Where, str]] = []
        for row in self.client.conversations:
            marks = f" ({row.unread})" if row.unread else ""
            marks += " @" if row.mentions else ""
            pin = "* " if row.pinned_ms else ""
            last = f"\n  {message_text(row.last)}" if row.last is not None else ""
            found.append((row.conversation, row.where, f"{pin}{self._called(row.where)}{marks}{last}"))
        listed = {key for key, _, _ in found}
        if self.current and self.current not in listed and self.room is not None:
            found.insert(0, (self.current, self.room.where, self.title()))
        for key, room in self.rooms.items():
            unlisted = self.client.conversation(room.where) is None and isinstance(room.where, str)
            if unlisted and not room.gone and key != self.current:
                found.append((key, room.where, self._called(room.where)))
        return found
