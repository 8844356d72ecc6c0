"""The events of a conversation, made from the records and effects of a command's outcome.

They are made only here: the functions of the actor do not mention events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

import msgspec

from rcim.actor import commands as c
from rcim.actor import events as ev
from rcim.actor import import_commands
from rcim.actor import room_commands as r
from rcim.actor.effects import (
    Altered,
    ChannelsTold,
    Deliver,
    Effect,
    Erased,
    MemberGone,
    Notify,
    Placed,
    Requested,
    Transient,
)
from rcim.actor.events import DISSOLVED_MEMBERS_MAX, ConversationFacts
from rcim.actor.outcomes import Outcome, Read, Refused
from rcim.actor.records import GroupChanged, GroupCreated, GroupDissolved, Message, Profile, Record
from rcim.actor.state import GroupState
from rcim.base.errors import DIRTY_WORD, RcimError
from rcim.base.ids import is_guest
from rcim.base.terms import ChangeKind, GoneReason, MessageState, Platform, PushLevel, other_of

T = TypeVar("T")
SILENT = frozenset({"first_seq", "unique", "expected", "imported_seq"})
"""Parts of a profile whose change is no event: where messages are stored again, and what follows from who is in it."""
"""Commands of one kind of actor."""


class Before(NamedTuple):
    """The state before the command, as events report it."""

    profile: Profile | None
    member_num: int
    command: object
    """The command; for a verdict of the app (CB-03), the command that it is about."""
    type_name: str = ""
    """Of the message that the command alters: its type (MS-09)."""
    absent: bool = False
    """CR-01: the member of whom the command says that they are gone or back was absent."""


def handled(
    state: GroupState, handle: Callable[[T, int, int], Outcome], command: T, now_ms: int, position: int
) -> Outcome:
    """The outcome of `handle` for the command, with the events that consumers want. Raises as `handle` does; a message
    that is refused because of its words has an outcome, if a consumer wants to hear of it."""
    asked: object = command
    if isinstance(command, c.TakeVerdict):
        asked = state.asked.get(command.number, command)
    if type(asked) is c.SendMessage:  # nearly all are
        before = Before(state.attributes.profile, state.roster.count, asked)
    else:
        type_name = _type_of(state, asked) if isinstance(asked, c.AlterMessage) else ""
        before = Before(state.attributes.profile, state.roster.count, asked, type_name, _is_absent(state, asked))
    state.came = []
    wanted = state.app_state.wanted_events
    try:
        outcome = handle(command, now_ms, position)
    except RcimError as error:
        if error.code is not DIRTY_WORD or ev.EventKind.MESSAGE_BLOCKED not in wanted:
            raise
        if not isinstance(command, c.SendMessage):
            raise
        refused = Refused(error.code, error.detail, error.retry_after_ms)
        return Outcome(refused, events=(_blocked(state, command, now_ms),))
    events = tuple(event for event in _events(state, before, outcome, now_ms) if ev.kind_of(event) in wanted)
    return msgspec.structs.replace(outcome, events=events) if events else outcome


def _type_of(state: GroupState, command: c.AlterMessage) -> str:
    """The type of the message (MS-09), before it loses it; empty if it is not known."""
    there = command.original
    if there is None:
        tail = (one for one in state.timeline.tail if one.seq == command.seq)
        there = next(tail, None) or state.timeline.unstored.find(command.seq)
    return there.extra.type_name if there is not None and there.extra is not None else ""


def _is_absent(state: GroupState, command: object) -> bool:
    """CR-01: True if the command is about a member, who is absent."""
    about = isinstance(command, r.NoteAbsent | r.NoteBack)
    return about and state.absences is not None and command.by in state.absences  # type: ignore[attr-defined]


def _imports(state: GroupState, command: object) -> bool:
    """GR-08: the command is part of the import of a group that is open meanwhile: nobody hears of it."""
    profile = state.attributes.profile
    if profile is None or profile.imported_seq < 0:
        return False
    return isinstance(command, import_commands.ImportMembers | import_commands.ImportMessages) or (
        isinstance(command, c.CreateGroup) and command.opened
    )


def _events(state: GroupState, before: Before, outcome: Outcome, now_ms: int) -> Iterator[ev.AnyEvent]:
    if type(before.command) is not c.SendMessage and _imports(state, before.command):
        return
    where = _facts(state, state.attributes.profile or before.profile)
    admission = state.timeline.admission
    withheld, admission.withheld = admission.withheld, []
    for command, reason in withheld:
        sent = command.by, command.client_msg_id, command.priority, command.body
        origin = origin_of(command)
        yield ev.MessageWithheld(
            now_ms,
            where,
            *sent,
            reason,
            extra=command.extra,
            transient=command.transient,
            operator=origin.operator,
            platform=origin.platform,
            address=origin.address,
        )
    if outcome.record is not None and state.pair is None:
        for record in (outcome.record, *outcome.more):
            if isinstance(record, GroupDissolved):
                yield _dissolved(state, before, outcome.effects, now_ms)
            else:
                yield from _of_record(state=state, before=before, record=record, where=where, now_ms=now_ms)
    if type(before.command) is not c.SendMessage:
        yield from _of_members(state, before, outcome, where, now_ms)
    blocked = isinstance(before.command, c.BlockUsers)
    yield from _members_gone(outcome.effects, where, now_ms, blocked=blocked)
    for effect in outcome.effects:
        yield from _of_effect(state, effect, before, where, now_ms)


def _blocked(state: GroupState, command: c.SendMessage, now_ms: int) -> ev.MessageBlocked:
    """A message that was refused because of its words (SC-05)."""
    origin = origin_of(command)
    return ev.MessageBlocked(
        now_ms,
        _facts(state, state.attributes.profile),
        command.by,
        command.client_msg_id,
        command.body,
        type_name=command.extra.type_name if command.extra is not None else "",
        by_app=command.admin,
        platform=origin.platform,
        address=origin.address,
    )


def _facts(state: GroupState, profile: Profile | None) -> ConversationFacts:
    if profile is None:
        return ConversationFacts(key=state.key, type="", name="", owner="", member_num=0)
    return ConversationFacts(
        key=state.key, type=profile.type, name=profile.name, owner=profile.owner, member_num=state.roster.count
    )


def _operator(command: object) -> str:
    """Who does it; of what the app says of one user (GR-10), whose id stands in `by`, nobody."""
    return "" if isinstance(command, c.PlaceMember) else getattr(command, "by", "")


def _of_record(
    state: GroupState, before: Before, record: Record, where: ConversationFacts, now_ms: int
) -> Iterator[ev.AnyEvent]:
    operator = _operator(before.command)
    if isinstance(record, GroupCreated):
        yield ev.GroupCreated(
            time_ms=now_ms, where=where, profile=record.profile, members=record.members, operator=operator
        )
        yield from _full(state, len(record.members), where, now_ms)
    elif isinstance(record, GroupChanged):
        yield from _of_change(state=state, before=before, record=record, where=where, now_ms=now_ms)


def _dissolved(state: GroupState, before: Before, effects: tuple[Effect, ...], now_ms: int) -> ev.GroupDissolved:
    """With those who were in it, whom the effects name; who has left with the same command was none of them."""
    empty = isinstance(before.command, r.CloseEmpty)
    silently = empty or isinstance(before.command, c.ReclaimGroup)
    where = msgspec.structs.replace(_facts(state, before.profile), member_num=before.member_num)
    gone = {one.user_id for one in effects if type(one) is MemberGone}
    placed = [user for one in effects if type(one) is Placed for user in one.user_ids if user not in gone]
    return ev.GroupDissolved(
        time_ms=now_ms,
        where=where,
        operator="" if silently else _operator(before.command),
        silently=silently,
        empty=empty,
        members=placed[:DISSOLVED_MEMBERS_MAX],
        channels=[name for one in effects if type(one) is ChannelsTold and one.change is None for name in one.names],
    )


def _of_members(
    state: GroupState, before: Before, outcome: Outcome, where: ConversationFacts, now_ms: int
) -> Iterator[ev.AnyEvent]:
    """What members do without anything being said: read (MS-11), and be gone or back (CR-01)."""
    command = before.command
    if isinstance(command, c.MarkRead):
        if state.pair is not None and outcome.record is not None and isinstance(outcome.result, Read):
            yield ev.PairRead(now_ms, where, command.by, other_of(state.pair, command.by), outcome.result.read_seq)
    elif isinstance(command, r.NoteAbsent | r.NoteBack) and command.by in state.roster:
        absent = _is_absent(state, command)
        if absent is not before.absent:
            yield ev.MemberStateChanged(now_ms, where, [command.by], online=not absent)


def _of_change(
    state: GroupState, before: Before, record: GroupChanged, where: ConversationFacts, now_ms: int
) -> Iterator[ev.AnyEvent]:
    operator = _operator(before.command)
    if record.profile is not None and before.profile is not None:
        what = [
            name
            for name in Profile.__struct_fields__
            if getattr(record.profile, name) != getattr(before.profile, name)
        ]
        if not SILENT.issuperset(what):
            yield ev.GroupChanged(time_ms=now_ms, where=where, profile=record.profile, what=what, operator=operator)
    if isinstance(before.command, c.SendMessage | c.EndSlice):
        return
    if came := state.came:
        invited = isinstance(before.command, c.InviteUsers | c.AcceptInvitation)
        if isinstance(before.command, c.AcceptInvitation):
            operator = before.command.inviter
        how = ChangeKind.INVITED if invited else ChangeKind.JOINED
        approved = isinstance(before.command, c.DecideApplication)
        yield ev.MembersEntered(
            time_ms=now_ms, where=where, users=came, how=how, operator=operator, approved=approved
        )
        yield from _full(state, len(came), where, now_ms)
    if record.decided is not None:
        yield ev.ApplicationDecided(now_ms, where, record.decided)


def _full(state: GroupState, came: int, where: ConversationFacts, now_ms: int) -> Iterator[ev.AnyEvent]:
    """GT-12: an event if one of the `came` new members took the last place."""
    profile = state.attributes.profile
    if profile is None:
        return
    cap = state.cap(state.app_state.config.types.of_group(profile.type))
    if cap and state.roster.count >= cap > state.roster.count - came:
        yield ev.GroupFull(now_ms, where)


def _members_gone(
    effects: tuple[Effect, ...], where: ConversationFacts, now_ms: int, *, blocked: bool
) -> Iterator[ev.MembersGone]:
    """Members who have left in the same way, in one event. A guest was no member (ID-06)."""
    users: dict[tuple[GoneReason, str, str], list[str]] = {}
    for effect in effects:
        if type(effect) is MemberGone and not is_guest(effect.user_id):
            by = effect.user_id if effect.reason is GoneReason.LEFT else effect.operator
            users.setdefault((effect.reason, by, effect.text), []).append(effect.user_id)
    for (reason, operator, text), gone in users.items():
        yield ev.MembersGone(
            time_ms=now_ms, where=where, users=gone, reason=reason, operator=operator, text=text, blocked=blocked
        )


class Origin(NamedTuple):
    """Where a message comes from."""

    operator: str = ""
    """The app administrator who has sent it in the sender's name; empty: none."""
    platform: Platform | None = None
    """None: it is not known."""
    address: str = ""
    """Empty: it is not known, or not to be told."""


NO_ORIGIN = Origin()


def origin_of(command: object) -> Origin:
    """Where a message comes from that is sent; of any other command nothing is known."""
    if type(command) is not c.SendMessage or command.credential is None:
        return NO_ORIGIN
    by = command.credential
    return Origin(by.user_id if by.user_id != command.by else "", by.platform, by.address)


def _passed(
    state: GroupState, sent: Deliver, before: Before, where: ConversationFacts, now_ms: int
) -> ev.MessagePassed:
    """The message, with what is set of pushes for all who are in the conversation (UG-03)."""
    profile = state.attributes.profile
    origin = origin_of(before.command)
    return ev.MessagePassed(
        now_ms,
        where,
        sent.message,
        push_level=profile.push_level if profile is not None else PushLevel.AS_ABOVE,
        group_push_level=state.parent.profile.push_level if state.parent is not None else PushLevel.AS_ABOVE,
        operator=origin.operator,
        platform=origin.platform,
        by_app=sent.by_app,
        words_replaced=sent.words_replaced,
        address=origin.address,
    )


def _altered(message: Message, type_name: str, where: ConversationFacts, now_ms: int) -> Iterator[ev.AnyEvent]:
    by = message.changed_by
    if message.state is MessageState.EDITED:
        yield ev.MessageEdited(now_ms, where, message, by)
    elif message.state is MessageState.RECALLED:
        yield ev.MessageRecalled(now_ms, where, message, by, type_name)
    elif message.state is MessageState.DELETED:
        yield ev.MessageDeleted(now_ms, where, message.sender, by, message.seq, type_name=type_name, message=message)


def _of_effect(
    state: GroupState, effect: Effect, before: Before, where: ConversationFacts, now_ms: int
) -> Iterator[ev.AnyEvent]:
    if type(effect) is Deliver:
        if effect.message.tip is None:
            yield _passed(state, effect, before, where, now_ms)
    elif type(effect) is Notify:
        said = effect.said
        if isinstance(said, Altered):
            yield from _altered(said.message, before.type_name, where, now_ms)
        elif isinstance(said, Transient):
            yield ev.TransientPassed(now_ms, where, said.message, *origin_of(before.command))
        elif isinstance(said, Erased):
            yield ev.MessageDeleted(
                time_ms=now_ms,
                where=where,
                sender=said.sender,
                operator=_operator(before.command),
                seq=said.to_seq,
                all_up_to=True,
            )
        elif isinstance(said, Requested):
            yield ev.ApplicationMade(now_ms, where, said.user_id, said.text)
