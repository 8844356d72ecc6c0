"""The field's own words that are numbers on the wire and in the store. Adding a value is fine; changing one never."""

from __future__ import annotations

from enum import IntEnum

DAY_MIN = 1440
"""Minutes of a day."""
OFFSET_MIN_MAX = 840
"""UTC+14 and UTC-14: no clock on earth is farther off."""


class Priority(IntEnum):
    """FC-01: which messages pass first. 1 to 4, as Tencent has them. Likes of many users are LOW or LOWEST (MS-12)."""

    HIGH = 1
    NORMAL = 2
    LOW = 3
    LOWEST = 4


class HeldBack(IntEnum):
    """Why an accepted message got no SEQ."""

    NO = 0
    """It has one."""
    FREQUENCY = 1
    """FC-05; the vendor's MsgDropReason MsgFreqCtrl."""
    STOPPED = 20
    """CR-07: the app has stopped the room's distribution."""


class MessageState(IntEnum):
    """What has become of a message since it was sent."""

    AS_SENT = 0
    EDITED = 1
    RECALLED = 2
    DELETED = 3
    NOT_FOR_YOU = 4
    """It goes to others alone (MS-07): only its SEQ is told."""


class MuteScope(IntEnum):
    """SC-04: where a user is muted whom the app mutes everywhere."""

    CHAT_ROOMS = 1
    GROUPS = 2
    """In everything that has a group id, chat rooms too."""
    ONE_TO_ONE = 3


class AppList(IntEnum):
    """Lists of the whole app that can be changed while it runs (SC-05, FC-07)."""

    REFUSED_WORDS = 1
    REPLACED_WORDS = 2
    PROTECTED_USERS = 3
    PROTECTED_TYPES = 4
    LOW_TYPES = 5


class HotSort(IntEnum):
    """By what conversations in memory are sorted (OP-02)."""

    IN_10S = 0
    """Messages in the last 10 s."""
    IN_60S = 1
    SEQ = 2
    OFFERED = 3
    WITHHELD = 4
    WAITING = 5
    DELIVERIES = 6
    ONLINE = 7
    MEMBERS = 8
    LAST = 9
    """When the newest message was sent."""
    ID = 10


class SlowSort(IntEnum):
    """By what connections are sorted (OP-02)."""

    QUEUED = 0
    """Bytes that it has not taken."""
    SLOW = 1
    """For how long it has not taken them."""
    RESYNCS = 2
    DROPPED = 3
    IN_FLIGHT = 4
    AGE = 5
    USER = 6
    ADDRESS = 7


class SeenBy(IntEnum):
    """ID-07: who sees what a user does. App administrators always do; who is on the user's black list never does."""

    EVERYONE = 1
    SHARED = 2
    """Who is in a conversation with the user."""
    NOBODY = 3


class UserList(IntEnum):
    """SC-07: lists that each user has of others."""

    BLACK = 1
    """Who may not write to the user."""
    WHITE = 2
    """Who alone may, where the app goes by white lists."""


class Role(IntEnum):
    """GR-02. A larger number may more."""

    MEMBER = 1
    ADMIN = 2
    OWNER = 3


class ApplyJoinOption(IntEnum):
    """GR-03, GT-05. BY_TYPE only where a group is made: what its type says (GT-06)."""

    BY_TYPE = 0
    FREE_ACCESS = 1
    NEED_PERMISSION = 2
    DISABLE_APPLY = 3


class ImageFormat(IntEnum):
    """MS-03; the numbers are the vendor's."""

    JPG = 1
    GIF = 2
    PNG = 3
    BMP = 4
    OTHER = 255


class ImageKind(IntEnum):
    """MS-03: which size of an image; the numbers are the vendor's."""

    ORIGINAL = 1
    LARGE = 2
    THUMB = 3


class Platform(IntEnum):
    """ID-04: what a session runs on."""

    WEB = 1
    DESKTOP = 2
    MOBILE = 3
    PAD = 4
    SERVER = 5


class Presence(IntEnum):
    """ID-07: of a device, and of a user: that of its device with the least number."""

    ONLINE = 1
    BACKGROUND = 2
    """Its app is not on the screen."""
    OFFLINE = 3


class DeviceNews(IntEnum):
    """Why it is told that a device is there."""

    KNOWN = 0
    """It was there before: its state has changed, or there is a new one to tell it to."""
    BEGINS = 1
    """A login that begins a session."""
    COMES_BACK = 2
    """A login that continues one."""


class DeviceEnd(IntEnum):
    """How a device's connection has ended."""

    LINK_CLOSE = 0
    """It is gone without a word."""
    LOGOUT = 1
    """It has logged out."""
    TIME_OUT = 2
    """Nothing was heard of it for too long."""
    REPLACED = 3
    """Another device has taken its place (ID-04)."""
    LOGGED_OUT = 4
    """The app has logged it out, or its user on another device. Events have LOGOUT for it."""


class OwnChange(IntEnum):
    """ID-05: what a user has set on another device."""

    PROFILE = 1
    BLACK_LIST = 2
    WHITE_LIST = 3
    QUIET_HOURS = 4
    INVITATIONS = 5
    INVITE_CONSENT = 6


class InviteConsent(IntEnum):
    """Whether a user is asked before others add it to a group (GT-07)."""

    AS_APP = 0
    """As the app's setting says."""
    ASK = 1
    ADD = 2


class GoneReason(IntEnum):
    """Why a group is no longer there for a member (GROUP_GONE)."""

    DISSOLVED = 1
    LEFT = 2
    KICKED = 3
    OFFLINE = 4
    REMOVED = 5
    ENDED = 6


class MemberOrder(IntEnum):
    """CR-05: in which order a page of members comes."""

    OF_TYPE = 0
    """By user id, or, where clients get a part of the list, the earliest first."""
    EARLIEST = 1
    LATEST = 2


class MsgFlag(IntEnum):
    """RX-01: what a member wants to get of a group."""

    ACCEPT_AND_NOTIFY = 1
    ACCEPT_NOT_NOTIFY = 2
    DISCARD = 3


class PushLevel(IntEnum):
    """UG-03: of which messages a user gets a push. AS_ABOVE: what is set less specifically decides (see
    rules/push_level.py)."""

    AS_ABOVE = 0
    ALL = 1
    MENTIONS = 2
    NONE = 3


class Gender(IntEnum):
    """A user's gender, as the profile gives it (AB-05)."""

    UNKNOWN = 0
    FEMALE = 1
    MALE = 2


class JoinStatus(IntEnum):
    """What became of an application (GR-05)."""

    JOINED = 1
    WAITING = 2


class ApplicationState(IntEnum):
    """What has become of an application to join (GR-12)."""

    WAITING = 1
    APPROVED = 2
    REFUSED = 3


class AddResult(IntEnum):
    """What became of one user of many; the numbers are the vendor's."""

    FAILED = 0
    ADDED = 1
    ALREADY = 2
    WAITING = 3
    """The user is asked first."""
    FULL = 4
    """The user is in as many groups as it may; a number of ours."""


class Place(IntEnum):
    """What a user is in a group."""

    OUTSIDE = 0
    HIDDEN = 1
    """A member who sees nothing of it yet (GT-16, GR-08)."""
    MEMBER = 2


class ChangeKind(IntEnum):
    """What has happened in a group (GT-15, GR-07)."""

    JOINED = 1
    INVITED = 2
    LEFT = 3
    KICKED = 4
    OFFLINE = 5
    ADMIN_APPOINTED = 6
    ADMIN_REMOVED = 7
    OWNER_CHANGED = 8
    PROFILE_CHANGED = 9
    MUTED = 10
    UNMUTED = 11
    BLOCKED = 12


PERMANENT_S = 0xFFFFFFFF
"""A duration without an end, as the vendor's MuteTime has it."""

GROUP_PREFIX = "g:"
"""A conversation id is its kind's letter, a colon, and the id within the kind; `g` is a group."""
PAIR_PREFIX = "c:"
"""C2-01: `c` is a one-to-one conversation."""

BROADCAST_PREFIX = "b:"
BROADCAST_ALL = BROADCAST_PREFIX + "all"
"""SY-03: the conversation in which all users get the broadcasts of the app."""
CHANNEL_MARK = "@TOPIC#_"
"""UG-02, in the id of a channel: between the id of its ultra group and its own name. It is Tencent's."""


def group_conversation(group_id: str) -> str:
    """The conversation id of a group."""
    return GROUP_PREFIX + group_id


def is_group(conversation: str) -> bool:
    """True for the id of a group."""
    return conversation.startswith(GROUP_PREFIX)


def pair_conversation(one: str, other: str) -> str:
    """The conversation id of two users (C2-01, C2-02): the same whoever asks. The id that is less by its bytes comes
    first, with its length in front, since an id may hold any sign: `c:5:alice:bob`."""
    first, second = sorted((one, other), key=str.encode)
    return f"{PAIR_PREFIX}{len(first.encode())}:{first}:{second}"


def pair_of(conversation: str) -> tuple[str, str] | None:
    """The two users of a one-to-one conversation, in the order of the id; None if it is none, or not written as
    `pair_conversation` writes it."""
    if not conversation.startswith(PAIR_PREFIX):
        return None
    length, _, ids = conversation[len(PAIR_PREFIX) :].partition(":")
    if not (length.isascii() and length.isdigit()):
        return None
    both = ids.encode(errors="replace")  # one that UTF-8 has not is written otherwise then
    first, colon, second = both[: int(length)], both[int(length) : int(length) + 1], both[int(length) + 1 :]
    try:
        pair = first.decode(), second.decode()
    except UnicodeDecodeError:
        return None
    return pair if colon == b":" and pair_conversation(*pair) == conversation and first != second else None


def other_of(pair: tuple[str, str], user_id: str) -> str:
    """With whom the user talks, who is one of the two."""
    return pair[1] if user_id == pair[0] else pair[0]
