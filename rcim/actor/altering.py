"""What can happen to a message after it was sent (MS-10), and who has read it (MS-11).

The SEQ stays. What was said is gone: a recalled or deleted message keeps who sent it and when, and nothing of its body.
Who may: the sender for a time (policies `recall_s`, `edit_s`), admins and app administrators at any time, but admins
nothing of the owner's; only the sender, or the app, edits. Where messages are not stored all of it ends after an hour
(`unstored_recall_ms`), and only the last few, whose bodies are there, are edited.
Deleting for oneself changes nothing for others.
Who is on the other's black list (SC-07) may still take back what it has said: it stays its own. But the other is not
told, and nothing moves in its list of conversations: it finds the message recalled when it next reads it.
"""

from __future__ import annotations

import msgspec

from rcim.actor.asking import Ask, SendInPair, Verdict
from rcim.actor.commands import AlterMessage, ClearMessages, EraseSender, HideMessages, ReadReceipts, SendMessage
from rcim.actor.effects import Altered as AlteredSaid
from rcim.actor.effects import Effect, Erased, Hidden, Tell
from rcim.actor.outcomes import Altered, AnyResult, Done, Outcome, Receipts, Refused
from rcim.actor.passing import Claim
from rcim.actor.reading import first_visible
from rcim.actor.records import Extra, Mark, Member, Message, MessageAltered, MessagesHidden, Profile, Record
from rcim.actor.sending import check_not_barred, check_not_muted, is_barred, members_named
from rcim.actor.state import Became, GroupState
from rcim.base.errors import (
    CALLBACK_REFUSED,
    NO_RECEIPTS,
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
from rcim.rules.standing import Who

ALTERED_MAX = 10_000
"""States of messages kept in memory: more than can be under way between reading a message and deciding about it."""
GONE = (MessageState.RECALLED, MessageState.DELETED)


def alter(g: GroupState, command: AlterMessage, now_ms: int, position: int) -> Outcome:
    """MS-10: recall, edit, delete for all. Asked again, it is answered as the first time. An edit passes the word filter,
    and waits for the app, if that is to be asked before a message is sent."""
    profile, row, who, message = _to_alter(g, command, now_ms)
    if message.state is command.state and command.state in GONE:
        return Outcome(Altered(message.changed_ms))
    if command.state is not MessageState.EDITED:
        g.passing.admit(row, Claim.OWN, now_ms, message.priority)  # FC-02
        changed_ms = max(now_ms, message.changed_ms + 1)
        return _become(g, row, who, message.removed(command.state, changed_ms, command.by))
    if g.world.lists.screens and g.world.lists.covers(row.name):  # SC-05
        command = msgspec.structs.replace(command, body=g.world.screen(command.body))
    made = _edited(g, row, message, command, now_ms)
    if not _edits_waiting(g, command.seq) and _edited_so(row, message, made, command):
        return Outcome(Altered(message.changed_ms))
    event = g.world.asks.get(SendMessage if g.pair is None else SendInPair) if g.world.asks else None
    if event is None:
        return _edit(g, row, who, made, now_ms)
    number = next(g.world.numbers)
    g.asked[number] = command
    to = other_of(g.pair, message.sender) if g.pair is not None else ""
    ask = Ask(number, event, profile.group_id, row.name, command, to, made)
    return Outcome(Done(), wait=number, asks=(ask,))


def take_verdict(
    g: GroupState, number: int, command: AlterMessage, verdict: Verdict, now_ms: int, position: int
) -> Outcome:
    """CB-03: the app has said what is to become of the edit that waits under `number`. Edits of one message are made in
    the order in which they came (WI-06): one that an earlier one still waits before waits for it."""
    g.decided[number] = (command, verdict)
    waiting = _edits_waiting(g, command.seq)
    same = sorted(one for one, (edit, _) in g.decided.items() if edit.seq == command.seq)
    due = [one for one in same if not waiting or one < min(waiting)]
    settled: list[tuple[int, AnyResult]] = []
    effects: list[Effect] = []
    records: list[Record] = []
    for one in due:
        try:
            done = _decide(g, *g.decided.pop(one), now_ms)
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


def _decide(g: GroupState, command: AlterMessage, verdict: Verdict, now_ms: int) -> Outcome:
    """As the app says. All is looked at again; dropped, it changes nothing, and who edits is told that it was done.
    Raises RcimError."""
    if not verdict.allow:
        raise RcimError(*verdict.error(CALLBACK_REFUSED if g.pair is None else PAIR_CALLBACK_REFUSED))
    if verdict.drop:
        return Outcome(Altered(now_ms))
    if verdict.body is not None:
        command = msgspec.structs.replace(command, body=verdict.body)
    if verdict.cloud_data is not None:
        command = msgspec.structs.replace(command, cloud_data=verdict.cloud_data)
    g.world.invalidated.check(command.credential)  # ID-09
    _, row, who, message = _to_alter(g, command, now_ms)
    if g.world.lists.screens and g.world.lists.covers(
        row.name
    ):  # SC-05: words may be others now, and the body the app's
        command = msgspec.structs.replace(command, body=g.world.screen(command.body))
    made = _edited(g, row, message, command, now_ms)
    if _edited_so(row, message, made, command):
        return Outcome(Altered(message.changed_ms))
    return _edit(g, row, who, made, now_ms)


def _edits_waiting(g: GroupState, seq: int) -> list[int]:
    """The numbers of the edits of this message about which the app is being asked."""
    return [number for number, one in g.asked.items() if isinstance(one, AlterMessage) and one.seq == seq]


def _to_alter(g: GroupState, command: AlterMessage, now_ms: int) -> tuple[Profile, GroupType, Who, Message]:
    """The group, its type, the standing of who asks, and the message, which may be altered so. Raises RcimError."""
    profile, row = g.there(command.by, command.admin)
    who = g.who(command.by, command.admin)
    if who is Who.GUEST:
        check_right(Operation.ALTER, who, row)
    message = _message(g, profile, row, who, command)
    _check_may(g, profile, row, who, message, command, now_ms)
    gone = message.state in GONE and command.state is MessageState.EDITED
    if gone or (message.state is MessageState.DELETED and command.state is not MessageState.DELETED):
        raise RcimError(NOT_RECALLABLE, f"SEQ {command.seq} is {message.state.name.lower()}")
    return profile, row, who, message


def _edited(g: GroupState, row: GroupType, message: Message, command: AlterMessage, now_ms: int) -> Message:
    """The message as the edit makes it: elements, and what of mentions and `cloud_data` is named (MS-17). Who is newly
    mentioned has to be a member, and who newly mentions all has to have the right to (GT-28). Raises
    RcimError(NO_SUCH_MEMBER, NOT_PERMITTED)."""
    extra = before = message.extra or Extra()
    if command.mentions is not None:
        there = members_named(g, row, [u for u in command.mentions if u not in before.mentions], command.admin)
        mentions = tuple(user for user in command.mentions if user in before.mentions or user in there)
        extra = msgspec.structs.replace(extra, mentions=mentions)
    if command.mentions_all is not None:
        if command.mentions_all and not before.mentions_all:
            check_right(Operation.MENTION_ALL, g.who(command.by, command.admin), row)
        extra = msgspec.structs.replace(extra, mentions_all=command.mentions_all)
    if command.cloud_data is not None:
        extra = msgspec.structs.replace(extra, cloud_data=command.cloud_data)
    return msgspec.structs.replace(
        message,
        body=command.body,
        extra=None if extra == Extra() else extra,
        state=MessageState.EDITED,
        changed_ms=max(now_ms, message.changed_ms + 1),
        changed_by=command.by,
    )


def _edit(g: GroupState, row: GroupType, who: Who, made: Message, now_ms: int) -> Outcome:
    """FC-02: to the members it is as much as another message. Raises RcimError(TOO_FREQUENT)."""
    g.passing.admit(row, Claim.ROOM, now_ms, made.priority, exempt=who is not Who.MEMBER)
    return _become(g, row, who, made)


def _become(g: GroupState, row: GroupType, who: Who, made: Message) -> Outcome:
    """The message is this one now, and who could see it is told."""
    g.altered[made.seq] = Became(made.state, made.changed_ms, made.extra)
    if len(g.altered) > ALTERED_MAX:
        del g.altered[next(iter(g.altered))]
    only = made.changed_by if who is not Who.APP_ADMIN and is_barred(g, made.changed_by) else ""  # SC-07
    effects: tuple[Effect, ...] = (Tell([only] if only else _who_saw(g, row, made), AlteredSaid(made)),)
    if row.stored:
        return Outcome(Altered(made.changed_ms), MessageAltered(g.key, made, only), effects)
    for at, one in enumerate(g.tail):
        if one.seq == made.seq:
            g.tail[at] = made
    g.unstored.alter(made)
    return Outcome(Altered(made.changed_ms), None, effects)


def _edited_so(row: GroupType, message: Message, made: Message, command: AlterMessage) -> bool:
    """True if the message was edited to just this: nothing changes then, and nobody is told."""
    if message.state is not MessageState.EDITED:
        return False
    if row.stored and (command.original is None or command.original.changed_ms != message.changed_ms):
        return False  # it was changed after it was read: what it says now is not at hand
    return message == msgspec.structs.replace(made, changed_ms=message.changed_ms, changed_by=message.changed_by)


def _message(
    g: GroupState, profile: Profile, row: GroupType, who: Who, command: AlterMessage | ReadReceipts
) -> Message:
    """The message as it is now, which who asks may see. Raises RcimError(NO_SUCH_MESSAGE)."""
    check_right(Operation.HISTORY, who, row)
    found = command.original
    if not row.stored:
        found = next((m for m in g.tail if m.seq == command.seq), None)
        edits = isinstance(command, AlterMessage) and command.state is MessageState.EDITED
        if found is None and not edits:  # to be edited it has to be there, with all that stands beside the body
            found = g.unstored.find(command.seq)
    seen = found is not None and (
        who is Who.APP_ADMIN
        or (found.seq >= first_visible(g, profile, row, command.by, who) and found.is_for(command.by))
    )
    if found is None or not seen or found.seq < profile.first_seq:
        raise RcimError(NO_SUCH_MESSAGE, f"SEQ {command.seq}: no such message")
    if found.seq <= g.erased.get(found.sender, 0):
        return found.removed(MessageState.DELETED, max(found.changed_ms, found.time_ms), "")
    became = g.altered.get(command.seq)
    if became is not None and became.changed_ms > found.changed_ms:  # it was changed after it was read
        return msgspec.structs.replace(found, state=became.state, changed_ms=became.changed_ms, extra=became.extra)
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
        raise RcimError(NOT_RECALLABLE, f"SEQ {command.seq} is a message of the server itself")
    _check_not_owners(g, who, message.sender)
    own = message.sender == command.by
    others = verdict(Operation.ALTER, who, row) is None
    if command.state is MessageState.EDITED:
        if who is Who.APP_ADMIN:
            return
        if not own:
            raise RcimError(NOT_PERMITTED, "only the sender may edit a message")
        if g.pair is not None:
            check_not_barred(g, command.by, False)
        check_not_muted(g, profile, row, command.by, now_ms)
        _check_time(message, row.edit_s, now_ms, "edited")
    elif others:
        if not row.stored and message.state not in GONE:
            _check_time(message, g.world.limits.unstored_recall_ms // 1000, now_ms, "recalled", "an administrator")
    else:
        if not own or command.state is MessageState.DELETED:
            check_right(Operation.ALTER, who, row)
        if message.state not in GONE:
            _check_time(message, row.recall_s, now_ms, "recalled")


def _check_not_owners(g: GroupState, who: Who, sender: str) -> None:
    """MS-10: an admin does not recall, edit or erase the owner's messages. Raises RcimError(NOT_PERMITTED)."""
    if who is Who.ADMIN and g.rank(sender) is Who.OWNER:
        raise RcimError(
            NOT_PERMITTED, "only the owner and app administrators may recall or delete the owner's messages"
        )


def _check_time(message: Message, seconds: int, now_ms: int, what: str, by: str = "its sender") -> None:
    if now_ms - message.time_ms > seconds * 1000:
        raise RcimError(TOO_LATE, f"{by} may have it {what} only within {seconds} s of sending")


def _who_saw(g: GroupState, row: GroupType, message: Message) -> list[str] | None:
    """Whom a change is told: those who could see the message; None: all who hear the group. The members are only looked
    at one by one if some of them may not see it: there can be very many."""
    if row.history_before_joining and not message.directed and not _cleared_by_any(g, message.seq):
        return None
    may = [m.user_id for m in g.members.values() if _sees(g, row, m, message)]
    everyone = len(may) == len(g.members) and (row.history_before_joining or not row.guests)
    return None if everyone else may


def _cleared_by_any(g: GroupState, seq: int) -> bool:
    return any(g.members[user].cleared_seq >= seq for user in g.cleared)


def _sees(g: GroupState, row: GroupType, member: Member, message: Message) -> bool:
    """GT-14, MS-07: it is for the member, who was there and has not deleted it with the whole conversation."""
    there = row.history_before_joining or member.joined_seq < message.seq
    return there and member.cleared_seq < message.seq and message.is_for(member.user_id)


def erase(g: GroupState, command: EraseSender, now_ms: int, position: int) -> Outcome:
    """MS-10: at once, however many there are: from now on they are read as deleted."""
    _, row, who = g.allowed(Operation.ALTER, command.by, command.admin)
    _check_not_owners(g, who, command.user_id)
    most = g.world.limits.marks_max
    if not g.newest:
        return Outcome(Done())
    if command.user_id not in g.erased and len(g.erased) >= most:
        raise RcimError(TOO_MANY_ENTRIES, f"the group keeps at most {most} senders whose messages are all deleted")
    g.passing.admit(row, Claim.OWN, now_ms)  # FC-02
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
        raise RcimError(
            NOT_PERMITTED, f"a {row.name} group stores no messages, so there is nothing to delete for oneself"
        )
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
    """MS-11: by how far each member has read. Not counted are the sender, and who joined after the message: it begins
    with all before it read, whether it sees that (GT-14) or not."""
    profile, row, who = g.allowed(Operation.RECEIPTS, command.by, command.admin)
    message = _message(g, profile, row, who, command)
    if len(g.members) > g.world.limits.receipts_members_max:
        raise RcimError(
            NO_RECEIPTS, f"only groups of at most {g.world.limits.receipts_members_max} members have read receipts"
        )

    def concerned(member: Member) -> bool:
        late = member.joined_seq >= message.seq
        return member.user_id != message.sender and not late and message.is_for(member.user_id)

    there = [m for m in g.members.values() if concerned(m)]
    read = [m.user_id for m in there if m.read_seq >= message.seq]
    unread = [m.user_id for m in there if m.read_seq < message.seq]
    wanted = sorted(user for user in (read if command.read else unread) if user > command.cursor)
    page = wanted[: command.limit]
    return Outcome(Receipts(len(read), len(unread), page, page[-1] if len(wanted) > len(page) else ""))
