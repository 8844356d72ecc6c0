"""Commands: what a user's actor and the app's are asked, and what all commands begin with."""

from __future__ import annotations

import msgspec

from rcim.actor.records import Fields
from rcim.base.terms import AppList, Gender, InviteConsent, MuteScope, Place, Platform, UserList
from rcim.rules.quiet import QuietHours
from rcim.rules.targets import LabelChange
from rcim.rules.type_table import TypeChange


class Credential(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Who is logged in, and when the UserSig was made that it has logged in with."""

    user_id: str
    signed_ms: int
    platform: Platform | None = None
    """On which device; None: it is not known."""
    patience_ms: int = 0
    """How long whoever asks waits for the answer: what can't be begun by then is refused at once, and never done later.
    0: as long as it takes."""
    address: str = ""
    """The client's address without the port; empty: the app is not told (`app.client_addresses`)."""


class OnCredential(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what", kw_only=True):
    """What somebody asks who is logged in: it counts as long as its UserSig does (ID-09), however long it has waited."""

    credential: Credential | None = None
    """None: the server asks by itself, or a guest does."""


class Asked(OnCredential, frozen=True, gc=False):
    """Who asks: the beginning of every command. `by` is the user who asks; `admin`: it is an app administrator."""

    by: str
    admin: bool


# --------------------------------------------------------------------------------------------------- users


class SetUserProfile(Asked, frozen=True, gc=False):
    """AB-05; None: as it was. `imported`: it is ID-09's import."""

    nickname: str | None
    face_url: str | None
    gender: Gender | None = None
    signature: str | None = None
    fields: Fields = ()
    imported: bool = False


class InvalidateUser(Asked, frozen=True, gc=False):
    """ID-09: older signatures count no more; with `delete` the account is gone."""

    delete: bool
    wall_ms: int = 0
    """The wall clock, by which UserSigs are checked; also while it is in doubt."""


class SetQuietHours(Asked, frozen=True, gc=False):
    """When the user gets no push, every day (RX-02)."""

    quiet: QuietHours


class SetInviteConsent(Asked, frozen=True, gc=False):
    """Whether the user is asked before others add them to groups (GT-07)."""

    consent: InviteConsent


class SetSystemSender(Asked, frozen=True, gc=False):
    """SY-06: the account only sends in the app's name from now on, or no longer."""

    on: bool


class ReadUser(Asked, frozen=True, gc=False):
    """What goes with the user's messages (MS-06)."""


class ChangeUserList(Asked, frozen=True, gc=False):
    """Put users on the black or white list and take users off it (SC-07)."""

    which: UserList
    add: list[str]
    remove: list[str]


class ChooseConversation(Asked, frozen=True, gc=False):
    """RX-09; None: as it was. What is removed from the list is pinned no longer, and what is pinned is in it again."""

    conversation: str
    pinned: bool | None = None
    removed: bool | None = None


class ReadUserList(Asked, frozen=True, gc=False):
    """A page of one of the user's lists after `cursor`, by user id (SC-07)."""

    which: UserList
    cursor: str
    limit: int


class AdmitToGroup(Asked, frozen=True, gc=False):
    """`by` is about to put the user into a group: may it? The group counts until EndAdmission with this number."""

    key: str
    number: int


class TakeInvitation(Asked, frozen=True, gc=False):
    """`by` asks the user into a group (GT-07), which lets it."""

    key: str
    name: str


class FindInvitation(Asked, frozen=True, gc=False):
    """The invitation to a group that waits."""

    key: str


class DropInvitation(Asked, frozen=True, gc=False):
    """The user does not want to be in this group, or it can not be any more."""

    key: str


class ReadInvitations(Asked, frozen=True, gc=False):
    """A page of those that wait."""

    cursor: str
    limit: int


class EndAdmission(Asked, frozen=True, gc=False):
    """What AdmitToGroup announced is over, whatever came of it."""

    number: int


class NotePlace(Asked, frozen=True, gc=False):
    """What the user is in a group from now on; it is kept with the group."""

    key: str
    place: Place


class ChangeLabels(Asked, frozen=True, gc=False):
    """SY-04: change tags and attributes of the user."""

    change: LabelChange


class NoteFirstLogin(Asked, frozen=True, gc=False):
    """SY-03: the user, of whom nothing is kept, has logged in."""


class SetPushToken(Asked, frozen=True, gc=False):
    """PU-03: a device of the user has this token at a push provider."""

    device_id: str
    provider: str
    token: str
    topic: str = ""
    sandbox: bool = False
    language: str = ""


class RemovePushToken(Asked, frozen=True, gc=False):
    """PU-03: the user's device gets no pushes through this provider any more; empty: no device, no provider. With `token`
    and `time_ms`, only if it still is that registration."""

    device_id: str = ""
    provider: str = ""
    token: str = ""
    time_ms: int = 0


class SendTestPush(Asked, frozen=True, gc=False):
    """Send all devices of the user a push with this text, whatever they are doing."""

    title: str
    text: str


# ----------------------------------------------------------------------------------------------------- app


class ReadFlow(Asked, frozen=True, gc=False):
    """FC-08: of a group; given to the app's actor: of all types."""


class SetType(Asked, frozen=True, gc=False):
    """Add a group type, or change one that is there (GT-20)."""

    change: TypeChange


class RemoveType(Asked, frozen=True, gc=False):
    """Remove a custom group type that no group has (GT-20)."""

    name: str


class ReadTypes(Asked, frozen=True, gc=False):
    """A page of the group types in force after `cursor`, by name (GT-20)."""

    cursor: str


class ChangeList(Asked, frozen=True, gc=False):
    """Add entries to one of the app's lists and remove entries from it (SC-05, FC-07)."""

    which: AppList
    add: list[str]
    remove: list[str]


class ReadList(Asked, frozen=True, gc=False):
    """A page of one of the app's lists after `cursor`, in order of its entries (SC-05, FC-07)."""

    which: AppList
    cursor: str
    limit: int


class MuteEverywhere(Asked, frozen=True, gc=False):
    """Mute users in all chat rooms, or elsewhere, for so many seconds; 0 ends it (SC-04)."""

    users: list[str]
    seconds: int
    where: MuteScope = MuteScope.CHAT_ROOMS


class ReadMuted(Asked, frozen=True, gc=False):
    """A page of the users who are muted in all chat rooms, or elsewhere, after `cursor`, by user id; only `user_id`
    unless it is empty (SC-04)."""

    cursor: str
    limit: int
    where: MuteScope = MuteScope.CHAT_ROOMS
    user_id: str = ""


class BlockLogins(Asked, frozen=True, gc=False):
    """Keep users from logging in for so many seconds, and log them out; 0 ends it (ID-09)."""

    users: list[str]
    seconds: int


class ReadBlockedLogins(Asked, frozen=True, gc=False):
    """A page of the users who can't log in, after `cursor`, by user id (ID-09)."""

    cursor: str
    limit: int


class SetAttributeNames(Asked, frozen=True, gc=False):
    """SY-04: these numbers are the attributes with these names from now on; an empty name removes one."""

    names: dict[int, str]


class ReadAttributeNames(Asked, frozen=True, gc=False):
    """SY-04: the attributes that users can have."""


UserCommand = (
    SetUserProfile
    | InvalidateUser
    | ReadUser
    | ChangeUserList
    | ReadUserList
    | ChooseConversation
    | SetQuietHours
    | SetInviteConsent
    | SetSystemSender
    | AdmitToGroup
    | EndAdmission
    | NotePlace
    | TakeInvitation
    | FindInvitation
    | DropInvitation
    | ReadInvitations
    | ChangeLabels
    | NoteFirstLogin
    | SetPushToken
    | RemovePushToken
    | SendTestPush
)
AppCommand = (
    ReadFlow
    | SetType
    | RemoveType
    | ReadTypes
    | MuteEverywhere
    | ReadMuted
    | BlockLogins
    | ReadBlockedLogins
    | ChangeList
    | ReadList
    | SetAttributeNames
    | ReadAttributeNames
)
