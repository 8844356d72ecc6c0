"""What can happen to a message after it was sent, for all (MS-10).

The SEQ stays. What was said is gone: a recalled or deleted message keeps who sent it and when, and nothing of its body.
Who may: the sender for a time (policies `recall_s`, `edit_s`), admins and app administrators at any time, but admins
nothing of the owner's; only the sender, or the app, edits. Where messages are not stored all of it ends after an hour
(`unstored_recall_ms`), and only the last few, whose bodies are there, are edited.
Who is on the other's black list (SC-07) may still take back what it has said: it stays its own. But the other is not
told, and nothing moves in its list of conversations: it finds the message recalled when it next reads it.
"""

from __future__ import annotations

import msgspec

from rcim.actor.admission import Claim
from rcim.actor.barring import check_not_barred, check_not_muted, is_barred
from rcim.actor.before_callbacks import BeforeCallback, asks_about
from rcim.actor.before_kinds import BeforeKind
from rcim.actor.callback_verdicts import CallbackVerdict
from rcim.actor.commands import AlterMessage, EraseSender, ReadReceipts
from rcim.actor.effects import Altered as AlteredSaid
from rcim.actor.effects import Effect, Erased, Notify
from rcim.actor.outcomes import Altered, AnyResult, Done, Outcome, Refused
from rcim.actor.read_commands import first_visible
from rcim.actor.records import (
    Member,
    Message,
    MessageAltered,
    MessageOptions,
    Profile,
    Record,
    UserRestriction,
)
from rcim.actor.sending import members_named
from rcim.actor.state import GroupState
from rcim.base.errors import (
    CALLBACK_REFUSED,
    NO_SUCH_MESSAGE,
    NOT_PERMITTED,
    NOT_RECALLABLE,
    PAIR_CALLBACK_REFUSED,
    TOO_LATE,
    TOO_MANY_ENTRIES,
    RcimError,
)
from rcim.base.terms import MessageState, other_of
from rcim.rules.group_types import GroupType
from rcim.rules.rights import Operation, check_right, verdict
from rcim.rules.roles import Standing
from rcim.rules.visibility import Sight, is_erased, saw

ALTERED_MAX = 10_000
"""States of messages kept in memory: more than can be under way between reading a message and deciding about it."""
GONE = (MessageState.RECALLED, MessageState.DELETED)


def alter(state: GroupState, command: AlterMessage, now_ms: int, position: int) -> Outcome:
    """MS-10: recall, edit, delete for all. Asked again, it is answered as the first time. It waits for the app, if that
    is to be asked (CB-03); an edit passes the word filter before."""
    profile, policy, who, message = _to_alter(state, command, now_ms)
    if message.state is command.state and command.state in GONE:
        return Outcome(Altered(message.changed_ms))
    if command.state is not MessageState.EDITED:
        kind = BeforeKind.RECALL if state.pair is None else BeforeKind.RECALL_IN_PAIR
        if _asks(state, kind, policy, message):
            return _asked(state, kind, profile, policy, command=command, message=message)
        return _remove(state, policy, who, message, command, now_ms)
    _check_distributed(profile, command)
    if state.app_state.config.lists.screens and state.app_state.config.lists.covers(policy.name):  # SC-05
        command = msgspec.structs.replace(command, body=state.app_state.screen(command.body))
    made = _edited(state=state, policy=policy, message=message, command=command, now_ms=now_ms)
    if not _edits_waiting(state, command.seq) and _edited_so(policy, message, made, command):
        return Outcome(Altered(message.changed_ms))
    kind = BeforeKind.EDIT if state.pair is None else BeforeKind.EDIT_IN_PAIR
    if _asks(state, kind, policy, message):
        return _asked(state, kind, profile, policy, command=command, message=made)
    return _edit(state=state, policy=policy, who=who, made=made, now_ms=now_ms)


def _asks(state: GroupState, kind: BeforeKind, policy: GroupType, message: Message) -> bool:
    """True if the app is to be asked (CB-03)."""
    config = state.app_state.config
    return bool(config.asks) and asks_about(config, kind, state.key, policy.name, message.extra)


def _asked(
    state: GroupState,
    kind: BeforeKind,
    profile: Profile,
    policy: GroupType,
    *,
    command: AlterMessage,
    message: Message,
) -> Outcome:
    """CB-03: the change of the message waits until the app has answered."""
    number = next(state.app_state.numbers)
    state.asked[number] = command
    to = other_of(state.pair, message.sender) if state.pair is not None else ""
    ask = BeforeCallback(
        number=number,
        kind=kind,
        group_id=profile.group_id,
        type=policy.name,
        command=command,
        to=to,
        message=message,
        key=state.key,
        profile=profile,
    )
    return Outcome(Done(), wait=number, asks=(ask,))


def _remove(
    state: GroupState, policy: GroupType, who: Standing, message: Message, command: AlterMessage, now_ms: int
) -> Outcome:
    """The message is recalled, or deleted for all. Raises RcimError(TOO_FREQUENT)."""
    state.timeline.admission.admit(policy, Claim.OWN, now_ms, message.priority)  # FC-02
    changed_ms = max(now_ms, message.changed_ms + 1)
    return _become(state, policy, who, message.removed(command.state, changed_ms, command.by))


def take_verdict(
    state: GroupState, number: int, command: AlterMessage, verdict: CallbackVerdict, *, now_ms: int, position: int
) -> Outcome:
    """CB-03: the app has said what is to become of the change that waits under `number`. Those of one message are made in
    the order in which they came (WI-06): one that an earlier one still waits before waits for it."""
    state.decided[number] = (command, verdict)
    waiting = _edits_waiting(state, command.seq)
    same = sorted(one for one, (edit, _) in state.decided.items() if edit.seq == command.seq)
    due = [one for one in same if not waiting or one < min(waiting)]
    settled: list[tuple[int, AnyResult]] = []
    effects: list[Effect] = []
    records: list[Record] = []
    for one in due:
        try:
            done = _decide(state, *state.decided.pop(one), now_ms)
        except RcimError as error:
            settled.append((one, Refused(error.code, error.detail, error.retry_after_ms)))
            continue
        assert isinstance(done.result, Altered)
        settled.append((one, done.result))
        effects += done.effects
        if done.record is not None:
            records.append(done.record)
    record = records[0] if records else None
    return Outcome(Done(), record, tuple(effects), tuple(records[1:]), settled=tuple(settled))


def _decide(state: GroupState, command: AlterMessage, verdict: CallbackVerdict, now_ms: int) -> Outcome:
    """As the app says. All is looked at again; dropped, it changes nothing, and who asks is told that it was done.
    Raises RcimError."""
    if not verdict.allow:
        raise RcimError(*verdict.error(CALLBACK_REFUSED if state.pair is None else PAIR_CALLBACK_REFUSED))
    if verdict.drop:
        return Outcome(Altered(now_ms))
    if verdict.body is not None:
        command = msgspec.structs.replace(command, body=verdict.body)
    if verdict.cloud_data is not None:
        command = msgspec.structs.replace(command, cloud_data=verdict.cloud_data)
    state.app_state.invalidated.check(command.credential)  # ID-09
    profile, policy, who, message = _to_alter(state, command, now_ms)
    if command.state is not MessageState.EDITED:
        if message.state is command.state:
            return Outcome(Altered(message.changed_ms))
        return _remove(state, policy, who, message, command, now_ms)
    _check_distributed(profile, command)
    if state.app_state.config.lists.screens and state.app_state.config.lists.covers(
        policy.name
    ):  # SC-05: words may be others now, and the body the app's
        command = msgspec.structs.replace(command, body=state.app_state.screen(command.body))
    made = _edited(state=state, policy=policy, message=message, command=command, now_ms=now_ms)
    if _edited_so(policy, message, made, command):
        return Outcome(Altered(message.changed_ms))
    return _edit(state=state, policy=policy, who=who, made=made, now_ms=now_ms)


def _check_distributed(profile: Profile, command: AlterMessage) -> None:
    """CR-07: where the app has stopped the distribution, users say nothing by edits either. Raises
    RcimError(NOT_PERMITTED)."""
    if profile.stopped and not command.admin:
        raise RcimError(NOT_PERMITTED, "the app has stopped the distribution of the room")


def _edits_waiting(state: GroupState, seq: int) -> list[int]:
    """The numbers of the changes of this message about which the app is being asked."""
    return [number for number, one in state.asked.items() if isinstance(one, AlterMessage) and one.seq == seq]


def _to_alter(state: GroupState, command: AlterMessage, now_ms: int) -> tuple[Profile, GroupType, Standing, Message]:
    """The group, its type, the standing of who asks, and the message, which may be altered so. Raises RcimError."""
    profile, policy = state.there(command.by, command.admin)
    who = state.who(command.by, command.admin)
    if who is Standing.GUEST:
        check_right(Operation.ALTER, who, policy)
    message = message_of(state=state, profile=profile, policy=policy, who=who, command=command)
    _check_may(state=state, policy=policy, who=who, message=message, command=command, now_ms=now_ms)
    gone = message.state in GONE and command.state is MessageState.EDITED
    if gone or (message.state is MessageState.DELETED and command.state is not MessageState.DELETED):
        raise RcimError(NOT_RECALLABLE, f"SEQ {command.seq} is {message.state.name.lower()}")
    return profile, policy, who, message


def _edited(state: GroupState, policy: GroupType, message: Message, command: AlterMessage, now_ms: int) -> Message:
    """The message as the edit makes it: elements, and what of mentions and `cloud_data` is named (MS-17). Who is newly
    mentioned has to be a member, and who newly mentions all has to have the right to (GT-28). Raises
    RcimError(NO_SUCH_MEMBER, NOT_PERMITTED)."""
    extra = before = message.extra or MessageOptions()
    if command.mentions is not None:
        there = members_named(
            state, policy, [u for u in command.mentions if u not in before.mentions], command.by, command.admin
        )
        mentions = tuple(user for user in command.mentions if user in before.mentions or user in there)
        extra = msgspec.structs.replace(extra, mentions=mentions)
    if command.mentions_all is not None:
        if command.mentions_all and not before.mentions_all:
            check_right(Operation.MENTION_ALL, state.who(command.by, command.admin), policy)
        extra = msgspec.structs.replace(extra, mentions_all=command.mentions_all)
    if command.cloud_data is not None:
        extra = msgspec.structs.replace(extra, cloud_data=command.cloud_data)
    return msgspec.structs.replace(
        message,
        body=command.body,
        extra=None if extra == MessageOptions() else extra,
        state=MessageState.EDITED,
        changed_ms=max(now_ms, message.changed_ms + 1),
        changed_by=command.by,
    )


def _edit(state: GroupState, policy: GroupType, who: Standing, made: Message, now_ms: int) -> Outcome:
    """FC-02: to the members it is as much as another message. Raises RcimError(TOO_FREQUENT)."""
    state.timeline.admission.admit(policy, Claim.ROOM, now_ms, made.priority, exempt=who is not Standing.MEMBER)
    return _become(state, policy, who, made)


def _become(state: GroupState, policy: GroupType, who: Standing, made: Message) -> Outcome:
    """The message is this one now, and who could see it is told."""
    state.timeline.note_altered(made, ALTERED_MAX)
    only = made.changed_by if who is not Standing.APP_ADMIN and is_barred(state, made.changed_by) else ""  # SC-07
    told = [only] if only else _who_saw(state, policy, made)
    effects: tuple[Effect, ...] = (Notify(told, AlteredSaid(_as_told(state, policy, made, told))),)
    if policy.stored:
        return Outcome(Altered(made.changed_ms), MessageAltered(state.key, made, only), effects)
    for at, one in enumerate(state.timeline.tail):
        if one.seq == made.seq:
            state.timeline.tail[at] = made
    state.timeline.unstored.alter(made)
    return Outcome(Altered(made.changed_ms), None, effects)


def _edited_so(policy: GroupType, message: Message, made: Message, command: AlterMessage) -> bool:
    """True if the message was edited to just this: nothing changes then, and nobody is told."""
    if message.state is not MessageState.EDITED:
        return False
    if policy.stored and (command.original is None or command.original.changed_ms != message.changed_ms):
        return False  # it was changed after it was read: what it says now is not at hand
    return message == msgspec.structs.replace(made, changed_ms=message.changed_ms, changed_by=message.changed_by)


def message_of(
    state: GroupState, profile: Profile, policy: GroupType, who: Standing, command: AlterMessage | ReadReceipts
) -> Message:
    """The message as it is now, which who asks may see. Raises RcimError(NO_SUCH_MESSAGE)."""
    check_right(Operation.HISTORY, who, policy)
    found = command.original
    if not policy.stored:
        found = next((m for m in state.timeline.tail if m.seq == command.seq), None)
        edits = isinstance(command, AlterMessage) and command.state is MessageState.EDITED
        if found is None and not edits:  # to be edited it has to be there, with all that stands beside the body
            found = state.timeline.unstored.find(command.seq)
    seen = found is not None and (
        who is Standing.APP_ADMIN
        or (
            found.seq >= first_visible(state=state, profile=profile, policy=policy, by=command.by, who=who)
            and found.is_for(command.by)
        )
    )
    if found is None or not seen or found.seq < profile.first_seq:
        raise RcimError(NO_SUCH_MESSAGE, f"SEQ {command.seq}: no such message")
    if is_erased(found.seq, state.timeline.erased.get(found.sender, 0)):
        return found.seen_as(Sight.ERASED)
    became = state.timeline.altered.get(command.seq)
    if became is not None and became.changed_ms > found.changed_ms:  # it was changed after it was read
        return msgspec.structs.replace(found, state=became.state, changed_ms=became.changed_ms, extra=became.extra)
    return found


def _check_may(
    state: GroupState,
    policy: GroupType,
    who: Standing,
    message: Message,
    command: AlterMessage,
    *,
    now_ms: int,
) -> None:
    if message.tip is not None:
        raise RcimError(NOT_RECALLABLE, f"SEQ {command.seq} is a message of the server itself")
    _check_not_owners(state, who, message.sender)
    own = message.sender == command.by
    others = verdict(Operation.ALTER, who, policy) is None
    if command.state is MessageState.EDITED:
        if who is Standing.APP_ADMIN:
            return
        if not own:
            raise RcimError(NOT_PERMITTED, "only the sender may edit a message")
        if state.pair is not None:
            check_not_barred(state, command.by, False)
        assert state.attributes.profile is not None
        check_not_muted(state=state, profile=state.attributes.profile, policy=policy, by=command.by, now_ms=now_ms)
        _check_time(message, policy.edit_s, now_ms, "edited")
    elif others:
        if not policy.stored and message.state not in GONE:
            _check_time(
                message=message,
                seconds=state.app_state.config.limits.unstored_recall_ms // 1000,
                now_ms=now_ms,
                what="recalled",
                by="an administrator",
            )
    else:
        if not own or command.state is MessageState.DELETED:
            check_right(Operation.ALTER, who, policy)
        if message.state not in GONE:
            _check_time(message, policy.recall_s, now_ms, "recalled")


def _check_not_owners(state: GroupState, who: Standing, sender: str) -> None:
    """MS-10: an admin does not recall, edit or erase the owner's messages. Raises RcimError(NOT_PERMITTED)."""
    if who is Standing.ADMIN and state.roster.standing(sender) is Standing.OWNER:
        raise RcimError(
            NOT_PERMITTED, "only the owner and app administrators may recall or delete the owner's messages"
        )


def _check_time(message: Message, seconds: int, now_ms: int, what: str, by: str = "its sender") -> None:
    if now_ms - message.time_ms > seconds * 1000:
        raise RcimError(TOO_LATE, f"{by} may have it {what} only within {seconds} s of sending")


def _who_saw(state: GroupState, policy: GroupType, message: Message) -> list[str] | None:
    """Whom a change is told: those who could see the message; None: all who hear the group. The members are only looked
    at one by one if some of them may not see it: there can be very many."""
    if policy.history_before_joining and not message.directed and not state.roster.cleared_from(message.seq):
        return None
    if not state.roster.walks:
        return _who_saw_of_many(state, policy, message)
    may = [m.user_id for m in state.roster if _sees(state, policy, m, message)]
    everyone = len(may) == state.roster.count and (policy.history_before_joining or not policy.guests)
    return None if everyone else may


def _who_saw_of_many(state: GroupState, policy: GroupType, message: Message) -> list[str] | None:
    """As `_who_saw`, where nobody looks at each member: those whom a directed message names, or all who hear the group;
    what these may not see is left out (`_as_told`)."""
    if not message.directed:
        return None
    found = [state.roster.get(user_id) for user_id in message.recipients]
    return [m.user_id for m in found if m is not None and _sees(state, policy, m, message)]


def _as_told(state: GroupState, policy: GroupType, message: Message, told: list[str] | None) -> Message:
    """GT-14: the changed message as it is told. To all who hear a group with very many members it goes without what it
    says, if somebody has joined since: clients then read it in the history, which knows who may."""
    if told is not None or state.roster.walks or policy.history_before_joining:
        return message
    if state.roster.all_may_have_seen(message.time_ms):
        return message
    return message.removed(message.state, message.changed_ms, message.changed_by)


def _sees(state: GroupState, policy: GroupType, member: Member, message: Message) -> bool:
    """GT-14, MS-07: it is for the member, who was there and has not deleted it with the whole conversation."""
    shown = policy.history_before_joining
    return saw(message.seq, member.joined_seq, member.cleared_seq, before_joining=shown) and message.is_for(
        member.user_id
    )


def erase(state: GroupState, command: EraseSender, now_ms: int, position: int) -> Outcome:
    """MS-10: at once, however many there are: from now on they are read as deleted."""
    _, policy, who = state.allowed(Operation.ALTER, command.by, command.admin)
    _check_not_owners(state, who, command.user_id)
    most = state.app_state.config.limits.marks_max
    if not state.timeline.newest:
        return Outcome(Done())
    if command.user_id not in state.timeline.erased and len(state.timeline.erased) >= most:
        raise RcimError(TOO_MANY_ENTRIES, f"the group keeps at most {most} senders whose messages are all deleted")
    state.timeline.admission.admit(policy, Claim.OWN, now_ms)  # FC-02
    state.timeline.erase_tail(
        command.user_id, lambda message: message.removed(MessageState.DELETED, now_ms, command.by)
    )
    before = state.roster.restrictions.get(command.user_id) or UserRestriction(command.user_id)
    mark = msgspec.structs.replace(before, erased_seq=state.timeline.newest)
    said = Notify(None, Erased(command.user_id, state.timeline.newest))
    return state.settle(Done(), now_ms, position, marks=[mark], info=False, more=(said,))
