"""Members: join, decide, invite, leave, kick, block, mute, roles, lists of them (GR-02, GR-04, GR-05, SC-02, GR-11)."""

from __future__ import annotations

from rcim.adapters.frames.answers.messages import to_fields
from rcim.base.terms import GROUP_PREFIX
from rcim.service import results
from rcim.wire import frames
from rcim.wire.schema import Frame


def joined_ok(result: results.Joined) -> frames.GroupJoinOk:
    """Whether the user has joined or applied (GR-05)."""
    return frames.GroupJoinOk(result.newest_seq, result.member_num, result.status)


def invitations_ok(result: results.Invitations) -> frames.GroupInvitationsOk:
    """A page of the invitations that wait for an answer (GT-07)."""
    rows = [frames.Invitation(i.key.removeprefix(GROUP_PREFIX), i.name, i.by, i.time_ms) for i in result.rows]
    return frames.GroupInvitationsOk(rows, result.next)


def applied_ok(result: results.Applied) -> frames.ApplicationsOwnOk:
    """A page of what became of a user's applications (GR-12)."""
    rows = [
        frames.OwnApplication(
            group_id=a.key.removeprefix(GROUP_PREFIX),
            state=a.state,
            time_ms=a.time_ms,
            text=a.text,
            decided_ms=a.decided_ms,
            operator=a.operator,
            answer=a.answer,
        )
        for a in result.rows
    ]
    return frames.ApplicationsOwnOk(rows, result.next)


def answered_ok(result: results.Joined | results.Done) -> frames.GroupInvitationAnswerOk:
    """The newest SEQ of the group entered; 0 if the invitation was refused (GT-07)."""
    return frames.GroupInvitationAnswerOk(result.newest_seq if isinstance(result, results.Joined) else 0)


def members_ok(result: results.Members) -> frames.GroupMembersOk:
    """A page of members (GR-05)."""
    return frames.GroupMembersOk([entry(row) for row in result.rows], result.next)


def some_ok(result: results.Members) -> frames.GroupMemberGetOk:
    """The members asked for, as far as they are members (GR-04)."""
    return frames.GroupMemberGetOk([entry(row) for row in result.rows])


def entry(row: results.MemberRow) -> frames.MemberEntry:
    """A row of a list of members."""
    m = row.member
    return frames.MemberEntry(
        user_id=m.user_id,
        role=m.role,
        join_time_ms=m.join_time_ms,
        name_card=m.name_card,
        msg_flag=m.msg_flag,
        read_seq=m.read_seq,
        last_send_time_ms=m.last_send_time_ms,
        muted_until_ms=row.muted_until_ms,
        fields=to_fields(row.fields) or (),
        push_level=row.push_level or None,
    )


def marks_ok(result: results.Marks) -> Frame:
    """A page of applications, muted or blocked users (GR-05, SC-02, GR-11)."""
    if result.which == "applied":
        rows = [frames.Application(m.user_id, m.name_card, m.text, m.applied_ms) for m in result.marks]
        return frames.GroupApplicationsOk(rows, result.next)
    if result.which == "muted":
        return frames.GroupMutedOk([frames.Until(m.user_id, m.muted_until_ms) for m in result.marks], result.next)
    return frames.GroupBlockedOk([frames.Until(m.user_id, m.blocked_until_ms) for m in result.marks], result.next)


def added(result: results.Added) -> list[frames.AddedEntry]:
    """What became of each of many."""
    return [frames.AddedEntry(user_id, what) for user_id, what in result.results]


def invited_ok(result: results.Added) -> frames.GroupInviteOk:
    """What became of each user invited (GR-05)."""
    return frames.GroupInviteOk(added(result))
