"""Who has read a message (MS-11)."""

from __future__ import annotations

from rcim.actor.altering import message_of
from rcim.actor.commands import ReadReceipts
from rcim.actor.outcomes import Outcome, Receipts
from rcim.actor.records import Member
from rcim.actor.state import GroupState
from rcim.base.errors import NO_RECEIPTS, RcimError
from rcim.rules.rights import Operation


def receipts(state: GroupState, command: ReadReceipts, now_ms: int, position: int) -> Outcome:
    """MS-11: by how far each member has read. Not counted are the sender, and who joined after the message: it begins
    with all before it read, whether it sees that (GT-14) or not."""
    profile, policy, who = state.allowed(Operation.RECEIPTS, command.by, command.admin)
    message = message_of(state=state, profile=profile, policy=policy, who=who, command=command)
    if state.roster.count > state.app_state.config.limits.receipts_members_max:
        raise RcimError(
            NO_RECEIPTS,
            f"only groups of at most {state.app_state.config.limits.receipts_members_max} members have read receipts",
        )

    def concerned(member: Member) -> bool:
        late = member.joined_seq >= message.seq
        return member.user_id != message.sender and not late and message.is_for(member.user_id)

    there = [m for m in state.roster if concerned(m)]
    read = [m.user_id for m in there if m.read_seq >= message.seq]
    unread = [m.user_id for m in there if m.read_seq < message.seq]
    wanted = sorted(user for user in (read if command.read else unread) if user > command.cursor)
    page = wanted[: command.limit]
    return Outcome(Receipts(len(read), len(unread), page, page[-1] if len(wanted) > len(page) else ""))
