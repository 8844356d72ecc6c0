"""Imported messages: the app's back end brings the history of a group (GR-08)."""

from __future__ import annotations

import msgspec

from rcim.actor.commands import ImportMessages
from rcim.actor.outcomes import Imported, Outcome
from rcim.actor.records import Message, MessageKept, Profile, Record
from rcim.actor.state import GroupState
from rcim.base.errors import BAD_PARAMETER, NOT_PERMITTED, RcimError
from rcim.rules.rights import Operation


def import_messages(state: GroupState, command: ImportMessages, now_ms: int, position: int) -> Outcome:
    """GR-08: all of them or none; times in order, neither before the group nor in the future."""
    profile, _, _ = state.allowed(Operation.IMPORT, command.by, command.admin)
    if not profile.importing:
        raise RcimError(NOT_PERMITTED, "messages can be imported only while the group itself is being imported")
    oldest = max(profile.create_time_ms, state.timeline.last_msg_time_ms)
    for at, item in enumerate(command.messages):
        if not oldest <= item.time_ms <= now_ms:
            raise RcimError(BAD_PARAMETER, f"messages[{at}].time_ms: {item.time_ms}, must be {oldest} to {now_ms}")
        oldest = item.time_ms
    opened: Profile | None = None
    if state.timeline.begin_storing():
        opened = state.attributes.profile = msgspec.structs.replace(profile, first_seq=state.timeline.next_seq)
    records: list[Record] = []
    first = state.timeline.next_seq
    for at, item in enumerate(command.messages):
        sender = state.roster.get(item.sender)
        card = sender.name_card if sender is not None else ""
        bare = Message(
            seq=0,
            time_ms=0,
            message_id=0,
            priority=item.priority,
            sender=item.sender,
            nickname="",
            face_url="",
            name_card=card,
            client_msg_id=item.client_msg_id,
            body=item.body,
        )  # the rest is set by `numbered`
        records.append(
            MessageKept(state.key, state.timeline.numbered(item.time_ms, position + at, bare), None, opened)
        )
    return Outcome(Imported(first, state.timeline.newest), records[0], (), tuple(records[1:]))
