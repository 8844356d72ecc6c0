"""Records of users: what a user's actor commits, and what is kept of a user (records.py)."""

from __future__ import annotations

import msgspec

from rcim.base.terms import Gender, InviteConsent, UserList
from rcim.rules.quiet import QuietHours
from rcim.rules.targets import NO_LABELS, Labels


class UserProfile(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What is kept of a user (AB-05, ID-09)."""

    nickname: str = ""
    face_url: str = ""
    gender: Gender = Gender.UNKNOWN
    signature: str = ""
    fields: dict[str, bytes] = {}
    valid_from_ms: int = 0
    """UserSigs made before this are refused."""
    deleted: bool = False
    """The account is gone; what remains is `valid_from_ms`."""
    quiet: QuietHours = QuietHours()
    """When the user gets no push (RX-02)."""
    invalidated_ms: int = 0
    """When `valid_from_ms` was set, in the time in force: that goes by a wall clock which may have been ahead."""
    consent: InviteConsent = InviteConsent.AS_APP
    """Whether the user is asked before others add them to groups (GT-07)."""
    created_ms: int = 0
    """When the user was there first: by it a new user gets few broadcasts of before (SY-03). 0: it is not known."""
    labels: Labels = NO_LABELS
    """Tags and attributes that the app has given the user (SY-04)."""
    system_sender: bool = False
    """The account only sends in the app's name, and cannot log in (SY-06)."""


class UserSaved(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=6):
    """The user's profile is this from now on (AB-05, ID-09)."""

    key: str
    user_id: str
    profile: UserProfile


class UserListed(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=12):
    """SC-07: entries of one of a user's lists."""

    key: str
    user_id: str
    which: UserList
    add: list[str]
    remove: list[str]


class Invitation(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What a user is asked: may `by` put it into this group (GT-07)."""

    key: str
    by: str
    name: str
    """The group's, at the time."""
    time_ms: int


class InvitationsChanged(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=16):
    """Invitations of a user that wait for its answer, and groups to which none waits any more."""

    key: str
    user_id: str
    put: list[Invitation]
    dropped: list[str]


class ConversationChosen(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=13):
    """RX-09: what a user has said of a conversation in its list."""

    key: str
    user_id: str
    conversation: str
    pinned_ms: int
    removed: bool
    """It is removed from now on, until there is a message."""


class UserSeen(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=33):
    """SY-03: a user of whom nothing else is kept has logged in for the first time."""

    key: str
    user_id: str
    time_ms: int
