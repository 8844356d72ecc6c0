"""Imported messages: the app's back end brings the history of a group (GR-08).

A group is closed while it is imported, or open: then the import of messages ends with the first message of another
origin, since SEQs are given in the order of times.
"""

from __future__ import annotations

import msgspec

from rcim.actor.commands import ImportedMessage, ImportMessages
from rcim.actor.outcomes import Imported, Outcome
from rcim.actor.records import Member, Message, MessageKept, Profile, Record
from rcim.actor.state import GroupState
from rcim.base.errors import BAD_PARAMETER, NOT_PERMITTED, RcimError
from rcim.rules.rights import Operation


def import_messages(state: GroupState, command: ImportMessages, now_ms: int, position: int) -> Outcome:
    """GR-08: all of them or none; times in order, neither before the group nor in the future."""
    profile, _, _ = state.allowed(Operation.IMPORT, command.by, command.admin)
    if not profile.importing and profile.imported_seq != state.timeline.newest:
        raise RcimError(
            NOT_PERMITTED,
            "messages can be imported only while the group itself is being imported, and nothing was sent into it",
        )
    _check_times(command, max(profile.create_time_ms, state.timeline.last_msg_time_ms), now_ms)
    opened: Profile | None = None
    if state.timeline.begin_storing():
        opened = state.attributes.profile = msgspec.structs.replace(profile, first_seq=state.timeline.next_seq)
    records: list[Record] = []
    first = state.timeline.next_seq
    for at, item in enumerate(command.messages):
        numbered = state.timeline.numbered(item.time_ms, position + at, _bare(state, item))
        records.append(MessageKept(state.key, numbered, None, opened))
    result = Imported(first, state.timeline.newest)
    if profile.importing:
        return Outcome(result, records[0], (), tuple(records[1:]))
    return _while_open(state=state, result=result, records=records, now_ms=now_ms, position=position + len(records))


def _check_times(command: ImportMessages, oldest: int, now_ms: int) -> None:
    """Raises RcimError(BAD_PARAMETER)."""
    for at, item in enumerate(command.messages):
        if not oldest <= item.time_ms <= now_ms:
            raise RcimError(BAD_PARAMETER, f"messages[{at}].time_ms: {item.time_ms}, must be {oldest} to {now_ms}")
        oldest = item.time_ms


def _bare(state: GroupState, item: ImportedMessage) -> Message:
    """The message before it has its SEQ."""
    sender = state.roster.get(item.sender)
    return Message(
        seq=0,
        time_ms=0,
        message_id=0,
        priority=item.priority,
        sender=item.sender,
        nickname="",
        face_url="",
        name_card=sender.name_card if sender is not None else "",
        client_msg_id=item.client_msg_id,
        body=item.body,
    )  # the rest is set by `numbered`


def _while_open(state: GroupState, result: Imported, records: list[Record], now_ms: int, position: int) -> Outcome:
    """The members have as much unread as before, or as was said of them, and were not meant to get these messages by
    DELIVER. Members of a group with too many to look at all keep their read position."""
    profile = state.attributes.profile
    assert profile is not None
    stretch = result.first_seq, result.last_seq
    put = [_not_told(member, stretch) for member in state.roster] if state.roster.walks else []
    settled = state.settle(
        result,
        now_ms,
        position,
        profile=msgspec.structs.replace(profile, imported_seq=state.timeline.newest),
        put=put,
        info=False,
    )
    assert settled.record is not None
    return msgspec.structs.replace(settled, record=records[0], more=(*records[1:], settled.record, *settled.more))


def _not_told(member: Member, stretch: tuple[int, int]) -> Member:
    """The member after messages have been imported that have these SEQs."""
    first, last = stretch
    unheard = [*member.unheard]
    if unheard and unheard[-1][1] == first - 1:
        unheard[-1] = (unheard[-1][0], last)
    elif not unheard or unheard[-1][1]:
        unheard.append(stretch)
    unread = max(member.import_unread, first - 1 - max(member.read_seq, member.joined_seq))
    return msgspec.structs.replace(member, read_seq=max(last - unread, member.read_seq), unheard=unheard)
