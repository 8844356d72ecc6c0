"""Ultra groups: channels, push levels, deleting by time (UG-02 to UG-05)."""

from __future__ import annotations

from rcim.service import results
from rcim.wire import frames


def created_ok(result: results.Created) -> frames.ChannelCreateOk:
    """The channel's group id (UG-02)."""
    return frames.ChannelCreateOk(result.group_id)


def channels_ok(result: results.Channels) -> frames.ChannelsOk:
    """The channels of an ultra group (UG-02)."""
    rows = [
        frames.Channel(row.profile.group_id, row.profile.name, row.profile.private, row.newest_seq)
        for row in result.rows
    ]
    return frames.ChannelsOk(rows)


def users_ok(result: results.Listed) -> frames.ChannelUsersOk:
    """A page of a channel's own list (UG-05)."""
    return frames.ChannelUsersOk(result.entries, result.next)


def push_level_ok(result: results.PushLevels) -> frames.PushLevelOk:
    """The push level in force, and where it comes from (UG-03)."""
    return frames.PushLevelOk(
        in_force=result.in_force,
        user_in_channel=result.user_in_channel,
        user_in_group=result.user_in_group,
        channel=result.channel,
        group=result.group,
    )


def trimmed_ok(result: results.TrimmedTo) -> frames.HistoryTrimOk:
    """The least SEQ that is left (UG-04)."""
    return frames.HistoryTrimOk(result.first_seq)
