"""What a user's actor and the app's actor answer their commands with (user_commands.py)."""

from __future__ import annotations

import msgspec

from rcim.actor.user_records import UserProfile


class Result(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """What the sender of a request is answered."""


class UserFacts(Result, frozen=True, gc=False):
    """A user's profile."""

    profile: UserProfile


class ProfileRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A user's profile in a list; not `known`: nothing is kept of the user."""

    user_id: str
    known: bool
    profile: UserProfile


class Profiles(Result, frozen=True, gc=False):
    """AB-05: of the first `taken` users that were asked for."""

    rows: list[ProfileRow]
    taken: int


class Invalidated(Result, frozen=True, gc=False):
    """UserSigs of a user were invalidated (ID-09). `known`: the user had an account."""

    valid_from_ms: int
    known: bool


class UserImported(Result, frozen=True, gc=False):
    """An account was imported; `new` is False if it was there before (ID-09)."""

    new: bool


class TypeRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A group type in force, its policies as text."""

    name: str
    base: str
    changed: bool
    groups: int
    policies: list[tuple[str, str]]


class Types(Result, frozen=True, gc=False):
    """A page of group types in force, by name (GT-20). `next` is empty on the last page."""

    rows: list[TypeRow]
    next: str


class MutedUsers(Result, frozen=True, gc=False):
    """A page of (user id, muted in all chat rooms until, wall clock in ms), by user id (SC-04)."""

    until_ms: list[tuple[str, int]]
    next: str


class BlockedUsers(Result, frozen=True, gc=False):
    """A page of (user id, kept from logging in until, wall clock in ms), by user id (ID-09)."""

    until_ms: list[tuple[str, int]]
    next: str


class ListAltered(Result, frozen=True, gc=False):
    """SC-05, FC-07; and what of what was taken off comes back when the settings are read anew (SC-08)."""

    back_later: list[str]


class Listed(Result, frozen=True, gc=False):
    """A page of one of the app's lists, or of one of a user's (SC-07)."""

    entries: list[str]
    next: str


class FlowRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """FC-08: one priority of a group or a type."""

    name: str
    priority: int
    offered: int
    passed: int
    held_by_total: int
    held_by_priority: int


class Flow(Result, frozen=True, gc=False):
    """Figures of frequency control, one row for each group or type and priority (FC-08)."""

    rows: list[FlowRow]
