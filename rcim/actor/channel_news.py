"""What the channels of an ultra group have to learn of a change in it, once that is durable (UG-02)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rcim.actor.effects import ChannelsTold
from rcim.actor.records import Member, Profile, UserRestriction
from rcim.actor.ultra_commands import ParentChange


def channels_told(
    channels: Iterable[str],
    member_num: int,
    *,
    put: Sequence[Member],
    before: Mapping[str, Member | None],
    gone: Sequence[str],
    marks: Sequence[UserRestriction],
    profile: Profile | None,
) -> tuple[ChannelsTold, ...]:
    """The effect that tells them, if there is anything to tell. `before` are the rows of `put` as they were; None: they
    have just joined. `member_num` is how many members the group has now."""
    users = [member.user_id for member in put if _differs(before[member.user_id], member)]
    if not (users or gone or marks or profile is not None):
        return ()
    change = ParentChange(
        users=[*users, *gone],
        gone=list(gone),
        marks=list(marks),
        profile=profile,
        member_num=member_num,
        joined_ms=max((m.join_time_ms for m in put if before[m.user_id] is None), default=0),
    )
    return (ChannelsTold(list(channels), change),)


def _differs(before: Member | None, member: Member) -> bool:
    """True if channels see the member differently now."""
    if before is None:
        return True
    now = member.role, member.name_card, member.push_level
    return now != (before.role, before.name_card, before.push_level)
