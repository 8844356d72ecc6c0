"""Every error that a peer can see: one table, from which the spec page and `errors.json` are made.

Numbers are Tencent Cloud IM's where it has the same error; rcim's own begin at 300000.

Three kinds are kept apart, because whoever gets one does something different with it:

* `MISTAKE`: the caller asked for something it may not or can not have. Asking again gives the same answer.
* `VIOLATION`: the peer broke the protocol. A programming error on its side.
* `OVERLOAD`: the server would, but not now. Asking again later is right; `retry_after_ms` says when.
* `FAULT`: something failed on the server's side. Asking again is right, and an operator should look.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from rcim.base.terminal import printable


class ErrorKind(Enum):
    """Whose fault an error is, and so what to do with it."""

    MISTAKE = "mistake"
    VIOLATION = "violation"
    OVERLOAD = "overload"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One row of the table: what goes into an ERROR frame, and whether the connection goes on after it."""

    number: int
    name: str
    kind: ErrorKind
    closes: bool
    meaning: str


_M, _V, _O, _F = ErrorKind.MISTAKE, ErrorKind.VIOLATION, ErrorKind.OVERLOAD, ErrorKind.FAULT

KICKED_BY_OTHER_DEVICE = ErrorCode(
    6208,
    "KICKED_BY_OTHER_DEVICE",
    _M,
    True,
    "A session of the same user that began later has taken this one's place: on the same platform, or with the same "
    "tag (ID-04). Do not reconnect by yourself.",
)
SERVER_ERROR = ErrorCode(10002, "SERVER_ERROR", _F, False, "The server failed at this request; try again.")
UNKNOWN_FRAME = ErrorCode(
    10003, "UNKNOWN_FRAME", _V, False, "The frame type is not known to this server or not meant for it (WI-02)."
)
TOO_FREQUENT = ErrorCode(
    10006,
    "TOO_FREQUENT",
    _O,
    False,
    "Asked more often than one user, or the app's back end, may (LI-01, LI-02), or more goes to all members of the group "
    "than may (FC-02); retry_after_ms says when it may again.",
)
BAD_PARAMETER = ErrorCode(
    10004, "BAD_PARAMETER", _M, False, "A field is out of its bounds; the text names the field and the bound."
)
NOT_PERMITTED = ErrorCode(
    10007, "NOT_PERMITTED", _M, False, "Not permitted for this role, or the user is not a member."
)
OWNER_MAY_NOT_LEAVE = ErrorCode(
    10009, "OWNER_MAY_NOT_LEAVE", _M, False, "The owner of a group of this type may not leave it (GT-08)."
)
NO_SUCH_GROUP = ErrorCode(10010, "NO_SUCH_GROUP", _M, False, "The group is gone or never existed.")
ALREADY_MEMBER = ErrorCode(10013, "ALREADY_MEMBER", _M, False, "The user is a member already.")
GROUP_FULL = ErrorCode(10014, "GROUP_FULL", _M, False, "The group has as many members as it may (GT-12).")
BAD_GROUP_ID = ErrorCode(
    10015, "BAD_GROUP_ID", _M, False, "The group id is not 1 to 48 printable ASCII bytes, or is reserved (GT-25)."
)
SENDER_MUTED = ErrorCode(
    10017,
    "SENDER_MUTED",
    _M,
    False,
    "The sender is muted: in this group, with the whole of it, or in all chat rooms (SC-02 to SC-04). "
    "retry_after_ms says "
    "when it ends, if that is known.",
)
GROUP_ID_TAKEN = ErrorCode(10021, "GROUP_ID_TAKEN", _M, False, "Another owner's group has this id.")
ALREADY_HANDLED = ErrorCode(
    10024, "ALREADY_HANDLED", _M, False, "It has been decided or done already, or was never asked for (GR-05, GR-08)."
)
COMMAND_DISABLED = ErrorCode(10026, "COMMAND_DISABLED", _M, False, "This server is set not to offer it (ID-06).")
TOO_MANY_OF_TYPE = ErrorCode(
    10036, "TOO_MANY_OF_TYPE", _M, False, "The app has as many groups of this type as it may (GT-13)."
)
TOO_MANY_GROUPS = ErrorCode(10037, "TOO_MANY_GROUPS", _M, False, "The user is in as many groups as allowed.")
NO_SUCH_MESSAGE = ErrorCode(
    10030, "NO_SUCH_MESSAGE", _M, False, "There is no such message, or none that this user may see (MS-10, MS-11)."
)
TOO_LATE = ErrorCode(
    10031, "TOO_LATE", _M, False, "The time in which a message may be recalled or edited is over (MS-10)."
)
NOT_RECALLABLE = ErrorCode(
    10032,
    "NOT_RECALLABLE",
    _M,
    False,
    "The message is recalled or deleted already, or it is one of the server's own (MS-10).",
)
NO_RECEIPTS = ErrorCode(
    10062, "NO_RECEIPTS", _M, False, "The group has more members than receipts are given for (MS-11)."
)
GROUP_ID_TAKEN_BY_YOU = ErrorCode(
    10025, "GROUP_ID_TAKEN_BY_YOU", _M, False, "A group of the same owner has this id; it can be used as it is."
)
TOO_MANY_MENTIONS = ErrorCode(
    10053, "TOO_MANY_MENTIONS", _M, False, "The message mentions more users than one may (MS-07)."
)
ADMIN_REQUIRED = ErrorCode(60010, "ADMIN_REQUIRED", _M, False, "Only an app administrator may do this (ID-08).")
USERSIG_EXPIRED = ErrorCode(70001, "USERSIG_EXPIRED", _M, True, "The UserSig has expired; mint a new one.")
USERSIG_EMPTY = ErrorCode(70002, "USERSIG_EMPTY", _M, True, "The UserSig is empty.")
USERSIG_MALFORMED = ErrorCode(
    70003, "USERSIG_MALFORMED", _M, True, "The UserSig can not be read: base64, zlib, JSON or a field is wrong."
)
USERSIG_BAD_KEY = ErrorCode(70009, "USERSIG_BAD_KEY", _M, True, "The UserSig was not made with this app's key.")
USERSIG_OTHER_USER = ErrorCode(70013, "USERSIG_OTHER_USER", _M, True, "The UserSig is for another user.")
USERSIG_OTHER_APP = ErrorCode(70014, "USERSIG_OTHER_APP", _M, True, "The UserSig is for another sdkappid.")
PAIR_CALLBACK_REFUSED = ErrorCode(
    20006, "PAIR_CALLBACK_REFUSED", _M, False, "The app's back end has refused the one-to-one message (CB-03)."
)
BLACKLISTED = ErrorCode(20007, "BLACKLISTED", _M, False, "The other user has the sender on its black list (SC-07).")
NOT_WHITELISTED = ErrorCode(
    20010, "NOT_WHITELISTED", _M, False, "The other user has not the sender on its white list (SC-07)."
)
CALLBACK_REFUSED = ErrorCode(10016, "CALLBACK_REFUSED", _M, False, "The app's back end has refused it (CB-03).")
CALLBACK_FAILED = ErrorCode(
    80003,
    "CALLBACK_FAILED",
    _F,
    False,
    "The app's back end did not answer as it should, and the server is set to refuse then (CB-03).",
)
DIRTY_WORD = ErrorCode(80001, "DIRTY_WORD", _M, False, "The text holds a word that the app refuses (SC-05).")
BODY_TOO_LARGE = ErrorCode(
    80002, "BODY_TOO_LARGE", _M, False, "The message body is longer than the server takes (MS-03)."
)
BAD_HEADER = ErrorCode(
    300001,
    "BAD_HEADER",
    _V,
    True,
    "The frame header is wrong: a length under 8, or a critical flag this server does not know.",
)
FRAME_TOO_LONG = ErrorCode(300002, "FRAME_TOO_LONG", _V, True, "The frame is longer than is allowed now (WI-04).")
HELLO_EXPECTED = ErrorCode(300003, "HELLO_EXPECTED", _V, True, "The first frame has to be HELLO.")
VERSION_UNSUPPORTED = ErrorCode(
    300004, "VERSION_UNSUPPORTED", _V, True, "No protocol version is known to both sides."
)
LOGIN_REQUIRED = ErrorCode(300005, "LOGIN_REQUIRED", _V, True, "Before login only LOGIN and PING are taken.")
UNEXPECTED_FRAME = ErrorCode(
    300006, "UNEXPECTED_FRAME", _V, False, "The frame is known, but not in this state (a second HELLO or LOGIN)."
)
BAD_BODY = ErrorCode(
    300007,
    "BAD_BODY",
    _V,
    False,
    "The frame's body does not follow its table: cut short, text that is not UTF-8, or bytes left over.",
)
USERSIG_FROM_FUTURE = ErrorCode(
    300008, "USERSIG_FROM_FUTURE", _M, True, "The UserSig was made later than the server's present time."
)
HEARTBEAT_TIMEOUT = ErrorCode(
    300009, "HEARTBEAT_TIMEOUT", _V, True, "Nothing was heard for `silence_ms_max` of HELLO_OK (WI-05)."
)
LOGIN_TIMEOUT = ErrorCode(300010, "LOGIN_TIMEOUT", _V, True, "No login within the time for it (WI-05).")
TOO_SLOW = ErrorCode(
    300011, "TOO_SLOW", _O, True, "The connection did not take what it was sent for too long (RX-07)."
)
TOO_MANY_CONNECTIONS = ErrorCode(
    300012, "TOO_MANY_CONNECTIONS", _O, True, "The server, or this address, has as many connections as allowed."
)
SHUTTING_DOWN = ErrorCode(
    300013, "SHUTTING_DOWN", _O, False, "The server is stopping and takes nothing new; connect again later."
)
BAD_REQUEST_ID = ErrorCode(300014, "BAD_REQUEST_ID", _V, False, "A request needs a request id other than 0.")
BAD_ELEMENT = ErrorCode(
    300015, "BAD_ELEMENT", _M, False, "An element of the message body is unknown or malformed (MS-03)."
)
STORE_UNAVAILABLE = ErrorCode(
    300016,
    "STORE_UNAVAILABLE",
    _F,
    False,
    "Nothing can be kept now, as when the disk is full; nothing was done (ST-04).",
)
USERSIG_INVALIDATED = ErrorCode(
    300018,
    "USERSIG_INVALIDATED",
    _M,
    True,
    "The UserSig was made before the user's signatures were invalidated (ID-09).",
)
LOGGED_OUT = ErrorCode(
    300019,
    "LOGGED_OUT",
    _M,
    True,
    "This user, or this device of it, was logged out (ID-04, ID-09). Do not reconnect by yourself.",
)
BLOCKED = ErrorCode(
    300020, "BLOCKED", _M, False, "The user is kept out of the group; retry_after_ms says for how long (GR-11)."
)
NO_SUCH_MEMBER = ErrorCode(300021, "NO_SUCH_MEMBER", _M, False, "The user named is not a member of the group.")
TOO_MANY_ENTRIES = ErrorCode(
    300022,
    "TOO_MANY_ENTRIES",
    _M,
    False,
    "A list that the server keeps (applications, mutes, blocks, types) is full.",
)
FLOODING = ErrorCode(
    300023,
    "FLOODING",
    _O,
    True,
    "The user went on asking after very many TOO_FREQUENT; connect again after retry_after_ms (LI-01).",
)
OVERLOADED = ErrorCode(300017, "OVERLOADED", _O, False, "The server has too much to do; try again later.")

ALL: tuple[ErrorCode, ...] = tuple(
    sorted((v for v in list(globals().values()) if isinstance(v, ErrorCode)), key=lambda c: c.number)
)
BY_NUMBER: dict[int, ErrorCode] = {code.number: code for code in ALL}


class RcimError(Exception):
    """An error with a code of the table, on either side of the wire.

    `code` is the row, `detail` says what exactly was wrong (no message bodies in it), `retry_after_ms` is
    0 or the time in milliseconds after which asking again is sensible.
    """

    def __init__(self, code: ErrorCode, detail: str = "", retry_after_ms: int = 0) -> None:
        # What a peer says may be shown at a terminal: as the exception's text it steers none. `detail` is as it was said.
        super().__init__(printable(f"{code.number} {code.name}: {detail or code.meaning}"))
        self.code = code
        self.detail = detail or code.meaning
        self.retry_after_ms = retry_after_ms


APP_CODES = (range(10100, 10201), range(120001, 130001))
"""Numbers that an app's back end refuses with, as it likes; the vendor's ranges."""


def is_app_code(number: int) -> bool:
    """True if the number is one of the app's own."""
    return any(number in codes for codes in APP_CODES)


def app_code(number: int) -> ErrorCode:
    """The row of an app's own number."""
    return ErrorCode(number, f"APP_{number}", ErrorKind.MISTAKE, False, "The app's back end has refused it (CB-03).")


def code_of(number: int) -> ErrorCode:
    """The row of `number`. A number that a newer server made up becomes a row of its own that does not close."""
    known = app_code(number) if is_app_code(number) else BY_NUMBER.get(number)
    return known or ErrorCode(number, f"CODE_{number}", ErrorKind.FAULT, False, "A code newer than this program.")
