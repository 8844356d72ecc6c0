"""What the app's back end gives a group: messages of before (GR-08), and system notices (MS-05)."""

from __future__ import annotations

import msgspec

from rcim.actor.commands import GiveNotice, ImportMessages
from rcim.actor.effects import Noticed, Tell
from rcim.actor.outcomes import Done, Imported, Outcome
from rcim.actor.records import Message, MessageKept, Profile, Record
from rcim.actor.state import GroupState
from rcim.base.errors import BAD_PARAMETER, NOT_PERMITTED, RcimError
from rcim.rules.rights import Operation


def import_messages(g: GroupState, command: ImportMessages, now_ms: int, position: int) -> Outcome:
    """GR-08: all of them or none; times in order, neither before the group nor in the future."""
    profile, _, _ = g.allowed(Operation.IMPORT, command.by, command.admin)
    if not profile.importing:
        raise RcimError(NOT_PERMITTED, "messages can be imported only while the group itself is being imported")
    oldest = max(profile.create_time_ms, g.last_msg_time_ms)
    for at, item in enumerate(command.messages):
        if not oldest <= item.time_ms <= now_ms:
            raise RcimError(BAD_PARAMETER, f"messages[{at}].time_ms: {item.time_ms}, must be {oldest} to {now_ms}")
        oldest = item.time_ms
    opened: Profile | None = None
    if g.begin_storing():
        opened = g.profile = msgspec.structs.replace(profile, first_seq=g.next_seq)
    records: list[Record] = []
    first = g.next_seq
    for at, item in enumerate(command.messages):
        card = g.members[item.sender].name_card if item.sender in g.members else ""
        bare = Message(
            0, 0, 0, item.priority, item.sender, "", "", card, item.client_msg_id, item.body
        )  # the rest is set by `numbered`
        records.append(MessageKept(g.key, g.numbered(item.time_ms, position + at, bare), None, opened))
    return Outcome(Imported(first, g.newest), records[0], (), tuple(records[1:]))


def give_notice(g: GroupState, command: GiveNotice, now_ms: int, position: int) -> Outcome:
    """MS-05: to all, or to named members."""
    profile, _, _ = g.allowed(Operation.NOTICE, command.by, command.admin)
    users: list[str] | None = None
    if command.users:
        users = [u for u in dict.fromkeys(command.users) if u in g.members and g.knows(profile, u)]
    return Outcome(Done(), None, (Tell(users, Noticed(now_ms, command.body)),))
