"""UG-03: of which messages of a conversation a user gets a push. Four may say it; the most specific one that does
decides."""

from __future__ import annotations

from rcim.base.terms import PushLevel


def level_in_force(
    *, user_in_channel: PushLevel, user_in_group: PushLevel, channel: PushLevel, group: PushLevel
) -> PushLevel:
    """What the user has set for the channel, else for its group; what is set for the channel, else for the group; else
    ALL. In a conversation that is no channel, the two of channels are AS_ABOVE."""
    for level in (user_in_channel, user_in_group, channel, group):
        if level is not PushLevel.AS_ABOVE:
            return level
    return PushLevel.ALL


def wants_push(level: PushLevel, *, mentioned: bool) -> bool:
    """True if a user with this level gets a push of a message that mentions them, or does not."""
    return level is PushLevel.ALL or (mentioned and level is PushLevel.MENTIONS)
