"""Commands of ultra groups and their channels (UG-02 to UG-05), and those that any group has for them."""

from __future__ import annotations

import msgspec

from rcim.actor.records import Profile, UserRestriction
from rcim.actor.user_commands import Asked
from rcim.base.terms import PushLevel


class ListChannel(Asked, frozen=True, gc=False):
    """To an ultra group: it is to have the channel `name` (UG-02). Repeated, it changes nothing. What the channel is to
    be called is looked at before (SC-08)."""

    name: str
    called: str = ""
    introduction: str = ""


class UnlistChannel(Asked, frozen=True, gc=False):
    """To an ultra group: its channel `name` has ended. Repeated, it changes nothing."""

    name: str


class OpenChannel(Asked, frozen=True, gc=False):
    """To a channel that its group has listed: it begins. Whoever asks is on its list (UG-05)."""

    group_id: str
    name: str
    introduction: str
    private: bool


class ParentChange(msgspec.Struct, frozen=True, gc=False):
    """What has changed in an ultra group, for its channels."""

    users: list[str]
    """Whose rows are others now: who has joined, left, or has another role or name card."""
    gone: list[str]
    """Those of them who have left."""
    marks: list[UserRestriction]
    profile: Profile | None
    """None: as it was."""
    member_num: int
    joined_ms: int
    """When somebody joined last."""


class TellChannel(Asked, frozen=True, gc=False):
    """To a channel in memory, after a commit of its group. `change` None: both have ended."""

    change: ParentChange | None


class ChangeInsiders(Asked, frozen=True, gc=False):
    """UG-05, to a channel: put users on its own list, and take others from it."""

    add: list[str]
    remove: list[str]


class ReadInsiders(Asked, frozen=True, gc=False):
    """UG-05: a page of the channel's own list after `cursor`, by user id, at most `limit`."""

    cursor: str
    limit: int


class SetPrivate(Asked, frozen=True, gc=False):
    """UG-05, to a channel: only users on its own list see it from now on, or all members of its group."""

    private: bool


class SetPushLevel(Asked, frozen=True, gc=False):
    """UG-03: of which messages of the conversation `by` gets a push; with `whole`, all members who have set nothing."""

    level: PushLevel
    whole: bool


class ReadPushLevel(Asked, frozen=True, gc=False):
    """UG-03: what is set for `by`, and what of it is in force."""


class TrimHistory(Asked, frozen=True, gc=False):
    """UG-04: messages up to this SEQ are deleted for all."""

    to_seq: int


UltraCommand = ListChannel | UnlistChannel | SetPushLevel | ReadPushLevel | TrimHistory
"""To an ultra group, or to any."""
ChannelCommand = OpenChannel | TellChannel | ChangeInsiders | ReadInsiders | SetPrivate
"""To a channel alone (channel.py)."""
