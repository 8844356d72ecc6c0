"""What the channels of an ultra group have to learn of a change in it, once that is durable (UG-02)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rcim.actor.effects import ChannelsTold
from rcim.actor.records import GroupChanged, Member
from rcim.actor.ultra_commands import ParentChange


def channels_told(
    channels: Iterable[str], member_num: int, record: GroupChanged, before: Mapping[str, Member | None]
) -> tuple[ChannelsTold, ...]:
    """The effect that tells them of `record`, if there is anything to tell. `before` are the members in it as they were;
    None: they have just joined. `member_num` is how many members the group has now."""
    users = [member.user_id for member in record.put if _differs(before[member.user_id], member)]
    if not (users or record.dropped or record.marks or record.profile is not None):
        return ()
    change = ParentChange(
        users=[*users, *record.dropped],
        gone=record.dropped,
        marks=record.marks,
        profile=record.profile,
        member_num=member_num,
        joined_ms=max((m.join_time_ms for m in record.put if before[m.user_id] is None), default=0),
    )
    return (ChannelsTold(list(channels), change),)


def _differs(before: Member | None, member: Member) -> bool:
    """True if channels see the member differently now."""
    if before is None:
        return True
    now = member.role, member.name_card, member.push_level
    return now != (before.role, before.name_card, before.push_level)
