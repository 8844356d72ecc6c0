"""What can happen to a message after it was sent (MS-10), and who has read it (MS-11).

The SEQ stays. What was said is gone: a recalled or deleted message keeps who sent it and when, and nothing of its body.
Who may: the sender for a time (policies `recall_s`, `edit_s`), admins and app administrators at any time; only the
sender, or the app, edits.
Deleting for oneself changes nothing for others.
"""

from __future__ import annotations

import msgspec

from rcim.actor.commands import AlterMessage, ClearMessages, EraseSender, HideMessages, ReadReceipts
from rcim.actor.effects import Altered as AlteredSaid
from rcim.actor.effects import Effect, Erased, Hidden, Tell
from rcim.actor.outcomes import Altered, Done, Outcome, Receipts
from rcim.actor.reading import first_visible
from rcim.actor.records import Mark, Member, Message, MessageAltered, MessagesHidden, Profile
from rcim.actor.sending import check_not_barred, check_not_muted
from rcim.actor.state import GroupState
from rcim.base.errors import (
    NO_RECEIPTS,
    NO_SUCH_MESSAGE,
    NOT_PERMITTED,
    NOT_RECALLABLE,
    TOO_LATE,
    TOO_MANY_ENTRIES,
    RcimError,
)
from rcim.base.terms import MessageState
from rcim.rules.group_types import GroupType
from rcim.rules.rights import Operation, check_right, verdict
from rcim.rules.standing import Who

ALTERED_MAX = 10_000
"""States of messages kept in memory: more than can be under way between reading a message and deciding about it."""
GONE = (MessageState.RECALLED, MessageState.DELETED)


def alter(g: GroupState, command: AlterMessage, now_ms: int, position: int) -> Outcome:
    """MS-10: recall, edit, delete for all. Asked again, it is answered as the first time."""
    profile, row = g.there(command.by, command.admin)
    who = g.who(command.by, command.admin)
    if who is Who.GUEST:
        check_right(Operation.ALTER, who, row)
    message = _message(g, profile, row, who, command)
    _check_may(g, profile, row, who, message, command, now_ms)
    if message.state is command.state and command.state in GONE:
        return Outcome(Altered(message.changed_ms))
    if _edited_so(g, row, message, command):
        return Outcome(Altered(message.changed_ms))
    if message.state is MessageState.DELETED or (message.state in GONE and command.state is MessageState.EDITED):
        raise RcimError(NOT_RECALLABLE, f"SEQ {command.seq} is {message.state.name.lower()}")
    changed_ms = max(now_ms, message.changed_ms + 1)
    if command.state is MessageState.EDITED:
        body = g.world.screen(command.body) if g.world.lists.screens else command.body  # SC-05
        made = msgspec.structs.replace(
            message, body=body, state=command.state, changed_ms=changed_ms, changed_by=command.by
        )
    else:
        made = message.removed(command.state, changed_ms, command.by)
    g.altered[command.seq] = (command.state, changed_ms)
    if len(g.altered) > ALTERED_MAX:
        del g.altered[next(iter(g.altered))]
    effects: tuple[Effect, ...] = (Tell(_who_saw(g, row, made), AlteredSaid(made)),)
    if not row.stored:
        g.tail[next(i for i, m in enumerate(g.tail) if m.seq == made.seq)] = made
        return Outcome(Altered(changed_ms), None, effects)
    return Outcome(Altered(changed_ms), MessageAltered(g.key, made), effects)


def _edited_so(g: GroupState, row: GroupType, message: Message, command: AlterMessage) -> bool:
    """True if the message was edited to just this: nothing changes then, and nobody is told."""
    if message.state is not MessageState.EDITED or command.state is not MessageState.EDITED:
        return False
    if row.stored and (command.original is None or command.original.changed_ms != message.changed_ms):
        return False  # it was changed after it was read: what it says now is not at hand
    return message.body == (g.world.screen(command.body) if g.world.lists.screens else command.body)


def _message(
    g: GroupState, profile: Profile, row: GroupType, who: Who, command: AlterMessage | ReadReceipts
) -> Message:
    """The message as it is now, which who asks may see. Raises RcimError(NO_SUCH_MESSAGE)."""
    check_right(Operation.HISTORY, who, row)
    found = command.original
    if not row.stored:
        found = next((m for m in g.tail if m.seq == command.seq), None)
    seen = found is not None and (
        who is Who.APP_ADMIN
        or (found.seq >= first_visible(g, profile, row, command.by, who) and found.is_for(command.by))
    )
    if found is None or not seen or found.seq < profile.first_seq:
        raise RcimError(NO_SUCH_MESSAGE, f"SEQ {command.seq}: no such message")
    if found.seq <= g.erased.get(found.sender, 0):
        return found.removed(MessageState.DELETED, max(found.changed_ms, found.time_ms), "")
    state, changed_ms = g.altered.get(command.seq, (found.state, found.changed_ms))
    if changed_ms > found.changed_ms:  # it was changed after it was read
        return msgspec.structs.replace(found, state=state, changed_ms=changed_ms)
    return found


def _check_may(
    g: GroupState,
    profile: Profile,
    row: GroupType,
    who: Who,
    message: Message,
    command: AlterMessage,
    now_ms: int,
) -> None:
    if message.tip is not None:
        raise RcimError(NOT_RECALLABLE, f"SEQ {command.seq} is the server's own")
    own = message.sender == command.by
    others = verdict(Operation.ALTER, who, row) is None
    if command.state is MessageState.EDITED:
        if who is Who.APP_ADMIN:
            return
        if not own:
            raise RcimError(NOT_PERMITTED, "only the sender edits a message")
        if g.pair is not None:
            check_not_barred(g, command.by, False)
        check_not_muted(g, profile, row, command.by, now_ms)
        _check_time(message, row.edit_s, now_ms, "edited")
    elif not others:
        if not own or command.state is MessageState.DELETED:
            check_right(Operation.ALTER, who, row)
        if message.state not in GONE:
            _check_time(message, row.recall_s, now_ms, "recalled")


def _check_time(message: Message, seconds: int, now_ms: int, what: str) -> None:
    if now_ms - message.time_ms > seconds * 1000:
        raise RcimError(TOO_LATE, f"a message can be {what} by its sender for {seconds} s")


def _who_saw(g: GroupState, row: GroupType, message: Message) -> list[str] | None:
    """Whom a change is told: those who could see the message; None: all who hear the group."""
    may = [m.user_id for m in g.members.values() if _sees(g, row, m, message)]
    everyone = len(may) == len(g.members) and (row.history_before_joining or not row.guests)
    return None if everyone else may


def _sees(g: GroupState, row: GroupType, member: Member, message: Message) -> bool:
    """GT-14, MS-07: it is for the member, who was there and has not deleted it with the whole conversation."""
    there = row.history_before_joining or member.joined_seq < message.seq
    return there and member.cleared_seq < message.seq and message.is_for(member.user_id)


def erase(g: GroupState, command: EraseSender, now_ms: int, position: int) -> Outcome:
    """MS-10: at once, however many there are: from now on they are read as deleted."""
    g.allowed(Operation.ALTER, command.by, command.admin)
    most = g.world.limits.marks_max
    if not g.newest:
        return Outcome(Done())
    if command.user_id not in g.erased and len(g.erased) >= most:
        raise RcimError(TOO_MANY_ENTRIES, f"at most {most} senders whose messages are deleted")
    for at, message in enumerate(g.tail):
        if message.sender == command.user_id:
            g.tail[at] = message.removed(MessageState.DELETED, now_ms, command.by)
    before = g.marks.get(command.user_id) or Mark(command.user_id)
    mark = msgspec.structs.replace(before, erased_seq=g.newest)
    said = Tell(None, Erased(command.user_id, g.newest))
    return g.settle(Done(), now_ms, position, marks=[mark], info=False, more=(said,))


def hide(g: GroupState, command: HideMessages, now_ms: int, position: int) -> Outcome:
    """MS-10: delete for oneself. What does not exist is passed over."""
    profile, row, _ = g.own_member(command.by, command.admin)
    if not row.stored:
        raise RcimError(NOT_PERMITTED, f"a {row.name} group keeps no messages")
    seqs = sorted({seq for seq in command.seqs if profile.first_seq <= seq <= g.newest})
    if not seqs:
        return Outcome(Done())
    return Outcome(
        Done(), MessagesHidden(g.key, command.by, seqs), (Tell([command.by], Hidden(seqs, _cleared(g, command.by))),)
    )


def clear(g: GroupState, command: ClearMessages, now_ms: int, position: int) -> Outcome:
    """MS-10: delete for oneself all that there is."""
    _, _, member = g.own_member(command.by, command.admin)
    if not g.newest:
        return Outcome(Done())
    member = msgspec.structs.replace(member, cleared_seq=g.newest)
    said = Tell([command.by], Hidden([], g.newest))
    return g.settle(Done(), now_ms, position, put=[member], info=False, more=(said,))


def _cleared(g: GroupState, user_id: str) -> int:
    return g.members[user_id].cleared_seq


def receipts(g: GroupState, command: ReadReceipts, now_ms: int, position: int) -> Outcome:
    """MS-11: by how far each member has read; the sender is not counted."""
    profile, row, who = g.allowed(Operation.RECEIPTS, command.by, command.admin)
    message = _message(g, profile, row, who, command)
    if len(g.members) > g.world.limits.receipts_members_max:
        raise RcimError(NO_RECEIPTS, f"receipts are given up to {g.world.limits.receipts_members_max} members")

    def concerned(member: Member) -> bool:
        late = member.joined_seq >= message.seq and not row.history_before_joining
        return member.user_id != message.sender and not late and message.is_for(member.user_id)

    there = [m for m in g.members.values() if concerned(m)]
    read = [m.user_id for m in there if m.read_seq >= message.seq]
    unread = [m.user_id for m in there if m.read_seq < message.seq]
    wanted = sorted(user for user in (read if command.read else unread) if user > command.cursor)
    page = wanted[: command.limit]
    return Outcome(Receipts(len(read), len(unread), page, page[-1] if len(wanted) > len(page) else ""))
