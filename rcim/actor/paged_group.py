"""The machine of a group whose members are loaded when they are asked for (paged_roster.py).

A command is handled again when what it needs has been loaded, so nothing may have changed before it asks for what is
missing. Here all whom a command is about are looked up before it is handled: those whom it names, and those whom the
messages and notices name that it may let go. Commands that walk over all members after a change walk before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rcim.actor import commands as c
from rcim.actor import import_commands
from rcim.actor.app_state import AppState
from rcim.actor.before_callbacks import CallbackSubject
from rcim.actor.group import GroupActor
from rcim.actor.outcomes import Outcome
from rcim.actor.paged_roster import NotLoaded, PagedRoster
from rcim.actor.records import Member, Message, Profile
from rcim.actor.snapshots import GroupSnapshot
from rcim.actor.state import GroupState

USER_LISTS = ("users", "members", "ask_first", "mentions", "speakers")
"""Fields of commands that name users, or have rows that do."""
USERS = ("by", "user_id", "inviter", "sender", "owner")
"""Fields of commands, and of their rows, that name a user."""


class PagedGroupActor(GroupActor):
    """As GroupActor; `handle` raises NotLoaded besides, and has changed nothing then."""

    __slots__ = ("_roster",)

    def __init__(self, snapshot: GroupSnapshot, shard: int, app_state: AppState) -> None:
        """Raises TypeError if the kind of the conversation has another roster."""
        super().__init__(snapshot, shard, app_state)
        roster = self._state.roster
        if not isinstance(roster, PagedRoster):
            raise TypeError(f"the members of {snapshot.key} are not loaded when they are asked for")
        self._roster = roster

    def handle(self, command: c.Command, now_ms: int, position: int) -> Outcome:
        """See GroupActor. Raises NotLoaded for what is to be given before the command is handled again, with
        `take_members` or `take_page`."""
        self._roster.look_up(_named(self._state, command))
        if _walks(self._state, command):
            self._roster.walk()
        try:
            outcome = super().handle(command, now_ms, position)
        except NotLoaded:
            raise
        except Exception:
            self.end_command()
            raise
        self.end_command()
        return outcome

    def take_members(self, found: Mapping[str, Member | None]) -> None:
        """Rows that were missing, as the store has them; None: the user is no member."""
        for user_id, member in found.items():
            if member is not None and member.last_send_time_ms:
                self._state.timeline.sent_kept[user_id] = member.last_send_time_ms
        self._roster.take_members(found)

    def take_page(self, after: str, page: Sequence[Member]) -> None:
        """The page of members behind the user `after` that was missing; empty: there are no more."""
        self._roster.take_page(after, page)

    def end_command(self) -> None:
        """The command is handled, or is not to be handled again: its rows may leave memory."""
        for user_id in self._roster.end_command():
            self._state.timeline.sent_kept.pop(user_id, None)


def _named(state: GroupState, command: c.Command) -> Iterator[str]:
    """Whom the command is about."""
    yield from _users_of(command)
    for edit in _edits(state, command):
        message = message_of_edit(state, edit)
        if message is not None:
            yield from message.recipients
    if isinstance(command, c.TakeVerdict):
        for subject in _asked_about(state, command):
            yield from _users_of(subject)
    elif isinstance(command, c.EndSlice):
        yield from filter(None, state.notices.operators())
        for waiting in state.timeline.admission.waiting():
            yield from _users_of(waiting)


def _asked_about(state: GroupState, command: c.TakeVerdict) -> list[CallbackSubject]:
    """CB-03: the commands that may go on with this verdict."""
    subjects: list[CallbackSubject] = [edit for edit, _ in state.decided.values()]
    if command.number in state.asked:
        subjects.append(state.asked[command.number])
    return subjects


def _users_of(command: object) -> Iterator[str]:
    """Whom its fields name."""
    for field in USERS:
        user_id = getattr(command, field, "")
        if user_id:
            yield user_id
    for field in USER_LISTS:
        for row in getattr(command, field, None) or ():
            if isinstance(row, str):
                yield row
            else:
                yield from _users_of(row)
    if isinstance(command, c.SendMessage) and command.extra is not None:
        yield from command.extra.to
        yield from command.extra.mentions
    elif isinstance(command, import_commands.ImportMessages):
        for message in command.messages:
            yield message.sender
    elif isinstance(command, c.AlterMessage) and command.original is not None:
        yield command.original.sender


def _walks(state: GroupState, command: c.Command) -> bool:
    """True if the command may go over all members after it has changed something."""
    profile = state.attributes.profile
    if profile is None or not state.roster.walks:
        return False
    if not profile.active and _may_show_or_end(command):  # GT-16: all who are in it are told
        return True
    return any(_some_may_not_see(state, profile, edit) for edit in _edits(state, command))


def _edits(state: GroupState, command: c.Command) -> Iterator[c.AlterMessage]:
    """The changes of messages that the command may make."""
    subjects = _asked_about(state, command) if isinstance(command, c.TakeVerdict) else [command]
    return (subject for subject in subjects if isinstance(subject, c.AlterMessage))


def _may_show_or_end(command: c.Command) -> bool:
    """True if a group that only its owner knows of may be visible to all afterwards (GT-16), or be gone (GT-24)."""
    sends = isinstance(command, c.SendMessage | c.EndSlice | c.TakeVerdict)
    leaves = isinstance(command, c.LeaveGroup | c.KickMembers | c.BlockUsers | c.PlaceMember | c.DropOffline)
    return sends or leaves


def _some_may_not_see(state: GroupState, profile: Profile, command: c.AlterMessage) -> bool:
    """True if members are looked at one by one when it is told what has become of a message (altering.py)."""
    policy = state.app_state.config.types.of_group(profile.type)
    if not policy.history_before_joining or state.roster.cleared_from(command.seq):
        return True
    message = message_of_edit(state, command)
    return message is not None and message.directed


def message_of_edit(state: GroupState, command: c.AlterMessage) -> Message | None:
    """The message that the command is about, as far as it is known."""
    if command.original is not None:
        return command.original
    tail = (one for one in state.timeline.tail if one.seq == command.seq)
    return next(tail, None) or state.timeline.unstored.find(command.seq)
