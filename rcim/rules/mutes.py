"""Mutes of a user by the app in many conversations at once (SC-04): where they hold, and by which name they are kept.

All of them are in one map, from the name to the end of the mute. In all chat rooms the name is the user id. Elsewhere it
is the user id behind a control character, which no user id has.
"""

from __future__ import annotations

from rcim.base.terms import MuteScope

MARKS = {MuteScope.CHAT_ROOMS: "", MuteScope.GROUPS: "\x01", MuteScope.ONE_TO_ONE: "\x02"}


def mute_name(scope: MuteScope, user_id: str) -> str:
    """The name of the mute of this user."""
    return MARKS[scope] + user_id


def user_of(scope: MuteScope, name: str) -> str:
    """The user whose mute has this name; empty if it is none of this scope."""
    mark = MARKS[scope]
    user_id = name.removeprefix(mark)
    return "" if not name.startswith(mark) or user_id < " " else user_id
