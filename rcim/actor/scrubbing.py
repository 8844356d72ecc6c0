"""AB-06: the messages of a person who is erased become placeholders, which keep their SEQ, time and user id."""

from __future__ import annotations

import msgspec

from rcim.actor.admission import Claim
from rcim.actor.altering import ALTERED_MAX
from rcim.actor.commands import ScrubMessages
from rcim.actor.effects import Erased, Notify
from rcim.actor.outcomes import Done, Outcome
from rcim.actor.records import Message, MessageAltered
from rcim.actor.state import GroupState
from rcim.base.errors import RcimError
from rcim.base.terms import MessageState
from rcim.rules.group_types import GroupType


def scrub(state: GroupState, command: ScrubMessages, now_ms: int, position: int) -> Outcome:
    """AB-06. All who hear the conversation are told once, within what it may be told (FC-02); a repeat changes nothing
    more. Raises RcimError(NO_SUCH_GROUP or TOO_FREQUENT). Where messages are in memory alone nothing waits: if no more
    may be told, they go without it."""
    _, policy = state.there(command.by, command.admin)
    told = _may_tell(state, policy, now_ms, waits=bool(command.messages))
    newest = state.timeline.erase_tail(command.user_id, lambda one: _placeholder(one, now_ms, command.by))
    made = [_placeholder(message, now_ms, command.by) for message in command.messages]
    for message in made:
        state.timeline.note_altered(message, ALTERED_MAX)
    newest = max(newest, *(message.seq for message in made)) if made else newest
    said = (Notify(None, Erased(command.user_id, newest)),) if told and newest else ()
    if not policy.stored or not made:
        return Outcome(Done(), None, said)
    records = [MessageAltered(state.key, message) for message in made]
    return Outcome(Done(), records[0], said, tuple(records[1:]))


def _may_tell(state: GroupState, policy: GroupType, now_ms: int, *, waits: bool) -> bool:
    """Whether the conversation may be told one thing more. Raises RcimError(TOO_FREQUENT) if not, and it `waits`."""
    try:
        state.timeline.admission.admit(policy, Claim.OWN, now_ms)
    except RcimError:
        if waits:
            raise
        return False
    return True


def _placeholder(message: Message, now_ms: int, by: str) -> Message:
    gone = message.removed(MessageState.DELETED, max(now_ms, message.changed_ms + 1), by)
    return msgspec.structs.replace(gone, nickname="", face_url="", name_card="")
