"""What queries about pushes are answered with."""

from __future__ import annotations

import msgspec

from rcim.actor.push_records import PushToken
from rcim.actor.records import Member
from rcim.rules.quiet import QuietHours


class PushTokensPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """PU-03: the push tokens of a user, by device; as many as fit a frame."""

    tokens: list[PushToken]


class PushUsers(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """PU-01: users who may get a push. `next` is empty on the last page."""

    users: list[str]
    next: str


class PushTarget(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """PU-01: a user who may get a push of a message, and how they are in its conversation."""

    user_id: str
    member: Member
    quiet: QuietHours
    black_listed: bool
    """The sender is on their black list."""
    shown: bool
    """It is a message that they see in history."""
    tokens: list[PushToken]


class PushTargets(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """PU-01: those of the users who are in the conversation and have tokens. `gone`: the message is recalled or
    deleted. `edited`: what it says now, if it is not what was sent."""

    targets: list[PushTarget]
    gone: bool = False
    edited: bytes | None = None
