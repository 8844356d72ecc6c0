"""Every error that a peer can see: one table, from which the spec page and `errors.json` are made.

Numbers are those of Tencent Cloud IM where it has the same error; rcim's own begin at 300000.

There are four kinds, because the receiver of an error reacts to each of them differently:

* `MISTAKE`: the caller asked for something that is not allowed or not possible. The same request gets the same answer.
* `VIOLATION`: the peer broke the protocol. This is a programming error in the peer.
* `OVERLOAD`: the server cannot do it now. Try again later; `retry_after_ms` says when.
* `FAULT`: something failed in the server. Try again, and have an operator look at the server.
"""

from __future__ import annotations

from rcim.base.error_kinds import ErrorCode as ErrorCode
from rcim.base.error_kinds import ErrorKind as ErrorKind
from rcim.base.operating_errors import RELOAD_REFUSED as RELOAD_REFUSED
from rcim.base.operating_errors import RELOAD_UNDER_WAY as RELOAD_UNDER_WAY
from rcim.base.terminal import printable

_M, _V, _O, _F = ErrorKind.MISTAKE, ErrorKind.VIOLATION, ErrorKind.OVERLOAD, ErrorKind.FAULT

KICKED_BY_OTHER_DEVICE = ErrorCode(
    6208,
    "KICKED_BY_OTHER_DEVICE",
    _M,
    True,
    "A newer session of the same user replaced this one: on the same platform, or with the same tag (ID-04). "
    "Do not reconnect automatically.",
)
_UNKNOWN = (
    "The server failed, or did not answer in time: what was asked for may have been done, or may be done yet. "
    "A message sent again with its client_msg_id is there once (MS-02)."
)
SERVER_ERROR = ErrorCode(10002, "SERVER_ERROR", _F, False, _UNKNOWN)
UNKNOWN_FRAME = ErrorCode(
    10003,
    "UNKNOWN_FRAME",
    _V,
    False,
    "The server does not know this frame type, or does not accept it from a client (WI-02).",
)
TOO_FREQUENT = ErrorCode(
    10006,
    "TOO_FREQUENT",
    _O,
    False,
    "The user or the app's back end sent too many requests (LI-01, LI-02), or the group has reached its limit of "
    "messages and changes (FC-02); try again after retry_after_ms.",
)
BAD_PARAMETER = ErrorCode(
    10004, "BAD_PARAMETER", _M, False, "A field is out of bounds; the text names the field and the bound."
)
NOT_PERMITTED = ErrorCode(
    10007, "NOT_PERMITTED", _M, False, "The user's role does not permit this, or the user is not a member."
)
OWNER_MAY_NOT_LEAVE = ErrorCode(
    10009,
    "OWNER_MAY_NOT_LEAVE",
    _M,
    False,
    "The owner of a group of this type may not leave it; give the group to another member first (GT-08).",
)
NO_SUCH_GROUP = ErrorCode(10010, "NO_SUCH_GROUP", _M, False, "The group is gone or never existed.")
ALREADY_MEMBER = ErrorCode(10013, "ALREADY_MEMBER", _M, False, "The user is already a member.")
GROUP_FULL = ErrorCode(
    10014, "GROUP_FULL", _M, False, "The group already has as many members as it may have (GT-12)."
)
BAD_GROUP_ID = ErrorCode(
    10015,
    "BAD_GROUP_ID",
    _M,
    False,
    "The group id is not 1 to 48 printable ASCII characters, or is reserved (GT-25).",
)
SENDER_MUTED = ErrorCode(
    10017,
    "SENDER_MUTED",
    _M,
    False,
    "The sender is muted: in this group, together with the whole group, or in all chat rooms (SC-02 to SC-04). "
    "retry_after_ms says when the mute ends, if that is known.",
)
GROUP_ID_TAKEN = ErrorCode(
    10021, "GROUP_ID_TAKEN", _M, False, "A group of another owner already has this id; choose another."
)
ALREADY_HANDLED = ErrorCode(
    10024,
    "ALREADY_HANDLED",
    _M,
    False,
    "The request has been decided or done already, or was never made (GR-05, GR-08).",
)
COMMAND_DISABLED = ErrorCode(
    10026, "COMMAND_DISABLED", _M, False, "This feature is switched off on this server (ID-06)."
)
TOO_MANY_OF_TYPE = ErrorCode(
    10036, "TOO_MANY_OF_TYPE", _M, False, "The app already has as many groups of this type as it may have (GT-13)."
)
TOO_MANY_GROUPS = ErrorCode(
    10037,
    "TOO_MANY_GROUPS",
    _M,
    False,
    "The user is already in as many groups as allowed; they must leave one first.",
)
NO_SUCH_MESSAGE = ErrorCode(
    10030, "NO_SUCH_MESSAGE", _M, False, "The message does not exist, or this user may not see it (MS-10, MS-11)."
)
TOO_LATE = ErrorCode(10031, "TOO_LATE", _M, False, "The time for recalling or editing the message is over (MS-10).")
NOT_RECALLABLE = ErrorCode(
    10032,
    "NOT_RECALLABLE",
    _M,
    False,
    "The message was recalled or deleted already, or the server itself wrote it (MS-10).",
)
NO_RECEIPTS = ErrorCode(10062, "NO_RECEIPTS", _M, False, "The group has too many members for read receipts (MS-11).")
GROUP_ID_TAKEN_BY_YOU = ErrorCode(
    10025, "GROUP_ID_TAKEN_BY_YOU", _M, False, "A group of the same owner already has this id; use that group."
)
BAD_ATTRIBUTE_KEY = ErrorCode(
    10045,
    "BAD_ATTRIBUTE_KEY",
    _M,
    False,
    "The key of a room's attribute is not 1 to 128 of A-Z a-z 0-9 + = - _ (CR-03).",
)
BAD_ATTRIBUTE_VALUE = ErrorCode(
    10046,
    "BAD_ATTRIBUTE_VALUE",
    _M,
    False,
    "The value of a room's attribute is not 1 to 4,096 bytes of UTF-8 (CR-03).",
)
TOO_MANY_ATTRIBUTES = ErrorCode(
    10047,
    "TOO_MANY_ATTRIBUTES",
    _M,
    False,
    "The room has as many attributes, or bytes of them, as it may have (CR-03).",
)
NO_SUCH_ATTRIBUTE = ErrorCode(
    10050, "NO_SUCH_ATTRIBUTE", _M, False, "The room has no attribute with this key (CR-03)."
)
ATTRIBUTE_CONFLICT = ErrorCode(
    10056, "ATTRIBUTE_CONFLICT", _M, False, "Another user has set this attribute of the room (CR-03)."
)
TOO_MANY_MENTIONS = ErrorCode(10053, "TOO_MANY_MENTIONS", _M, False, "The message mentions too many users (MS-07).")
ADMIN_REQUIRED = ErrorCode(60010, "ADMIN_REQUIRED", _M, False, "Only an app administrator may do this (ID-08).")
USERSIG_EXPIRED = ErrorCode(70001, "USERSIG_EXPIRED", _M, True, "The UserSig has expired; mint a new one.")
USERSIG_EMPTY = ErrorCode(70002, "USERSIG_EMPTY", _M, True, "The UserSig is empty.")
USERSIG_MALFORMED = ErrorCode(
    70003,
    "USERSIG_MALFORMED",
    _M,
    True,
    "The UserSig cannot be decoded: its base64, zlib, JSON or a field is wrong.",
)
USERSIG_BAD_KEY = ErrorCode(70009, "USERSIG_BAD_KEY", _M, True, "The UserSig was not made with this app's key.")
USERSIG_OTHER_USER = ErrorCode(70013, "USERSIG_OTHER_USER", _M, True, "The UserSig is for another user.")
USERSIG_OTHER_APP = ErrorCode(70014, "USERSIG_OTHER_APP", _M, True, "The UserSig is for another sdkappid.")
PAIR_CALLBACK_REFUSED = ErrorCode(
    20006, "PAIR_CALLBACK_REFUSED", _M, False, "The app's back end refused the one-to-one message (CB-03)."
)
BLACKLISTED = ErrorCode(20007, "BLACKLISTED", _M, False, "The other user has the sender on their black list (SC-07).")
NOT_WHITELISTED = ErrorCode(
    20010, "NOT_WHITELISTED", _M, False, "The other user does not have the sender on their white list (SC-07)."
)
CALLBACK_REFUSED = ErrorCode(10016, "CALLBACK_REFUSED", _M, False, "The app's back end refused the request (CB-03).")
CALLBACK_FAILED = ErrorCode(
    80003,
    "CALLBACK_FAILED",
    _F,
    False,
    "The app's back end gave no valid answer, and this server is set to refuse in that case (CB-03).",
)
DIRTY_WORD = ErrorCode(80001, "DIRTY_WORD", _M, False, "The text contains a word that the app refuses (SC-05).")
BODY_TOO_LARGE = ErrorCode(
    80002, "BODY_TOO_LARGE", _M, False, "The message body, or the data beside it, is too long (MS-03)."
)
BAD_HEADER = ErrorCode(
    300001,
    "BAD_HEADER",
    _V,
    True,
    "The frame header is wrong: its length is below 8, or it has a critical flag that this server does not know.",
)
FRAME_TOO_LONG = ErrorCode(
    300002, "FRAME_TOO_LONG", _V, True, "The frame is longer than allowed; before login the limit is lower (WI-04)."
)
HELLO_EXPECTED = ErrorCode(300003, "HELLO_EXPECTED", _V, True, "The first frame must be HELLO.")
VERSION_UNSUPPORTED = ErrorCode(
    300004, "VERSION_UNSUPPORTED", _V, True, "Client and server have no protocol version in common."
)
LOGIN_REQUIRED = ErrorCode(300005, "LOGIN_REQUIRED", _V, True, "Before login the server accepts only LOGIN and PING.")
UNEXPECTED_FRAME = ErrorCode(
    300006, "UNEXPECTED_FRAME", _V, False, "The frame is not allowed in this state (a second HELLO or LOGIN)."
)
BAD_BODY = ErrorCode(
    300007,
    "BAD_BODY",
    _V,
    False,
    "The frame's body does not match its field table: cut short, text that is not UTF-8, or bytes left over.",
)
USERSIG_FROM_FUTURE = ErrorCode(
    300008,
    "USERSIG_FROM_FUTURE",
    _M,
    True,
    "The UserSig is dated later than the server's clock; check the clock of the back end that mints it.",
)
HEARTBEAT_TIMEOUT = ErrorCode(
    300009, "HEARTBEAT_TIMEOUT", _V, True, "The server received nothing for `silence_ms_max` of HELLO_OK (WI-05)."
)
LOGIN_TIMEOUT = ErrorCode(
    300010, "LOGIN_TIMEOUT", _V, True, "The client did not log in within the time limit (WI-05)."
)
TOO_SLOW = ErrorCode(300011, "TOO_SLOW", _O, True, "The client read too slowly for too long (RX-07).")
TOO_MANY_CONNECTIONS = ErrorCode(
    300012,
    "TOO_MANY_CONNECTIONS",
    _O,
    True,
    "The server, or this address, already has as many connections as allowed; connect again later.",
)
SHUTTING_DOWN = ErrorCode(
    300013, "SHUTTING_DOWN", _O, False, "The server is stopping and accepts no new requests; connect again later."
)
BAD_REQUEST_ID = ErrorCode(300014, "BAD_REQUEST_ID", _V, False, "The request id of a request must not be 0.")
BAD_ELEMENT = ErrorCode(
    300015, "BAD_ELEMENT", _M, False, "An element of the message body is unknown or malformed (MS-03)."
)
STORE_UNAVAILABLE = ErrorCode(
    300016,
    "STORE_UNAVAILABLE",
    _F,
    False,
    "The server cannot store anything now, for example because its disk is full; nothing was done (ST-04).",
)
USERSIG_INVALIDATED = ErrorCode(
    300018,
    "USERSIG_INVALIDATED",
    _M,
    True,
    "The UserSig was made before the user's signatures were invalidated (ID-09): get a new one; the text says from which "
    "second on it has to be dated.",
)
LOGGED_OUT = ErrorCode(
    300019,
    "LOGGED_OUT",
    _M,
    True,
    "This user, or this device, was logged out (ID-04, ID-09). Do not reconnect automatically.",
)
BLOCKED = ErrorCode(
    300020, "BLOCKED", _M, False, "The user is blocked from the group; retry_after_ms says for how long (GR-11)."
)
NO_SUCH_MEMBER = ErrorCode(300021, "NO_SUCH_MEMBER", _M, False, "The user named is not a member of the group.")
TOO_MANY_ENTRIES = ErrorCode(
    300022,
    "TOO_MANY_ENTRIES",
    _M,
    False,
    "A list that the server keeps (applications, mutes, blocks, types) is full; remove entries first.",
)
FLOODING = ErrorCode(
    300023,
    "FLOODING",
    _O,
    True,
    "The user kept sending requests after many TOO_FREQUENT; connect again after retry_after_ms (LI-01).",
)
ROOM_KEPT_ALIVE = ErrorCode(
    300030,
    "ROOM_KEPT_ALIVE",
    _M,
    False,
    "The app keeps this room alive; only an app administrator may destroy it (CR-07).",
)
BAD_ATTRIBUTES = ErrorCode(
    300050,
    "BAD_ATTRIBUTES",
    _M,
    False,
    "The attributes are no JSON object, or a value is no JSON or nested too deep; the text says which (GR-13).",
)
ATTRIBUTES_TOO_LARGE = ErrorCode(
    300051, "ATTRIBUTES_TOO_LARGE", _M, False, "The attributes would have more than 8 KiB of JSON (GR-13)."
)
ATTRIBUTE_PATH = ErrorCode(
    300052,
    "ATTRIBUTE_PATH",
    _M,
    False,
    "A dotted key is malformed, or leads through a value that is no object (GR-13).",
)
TEMPORARY_ENDED = ErrorCode(
    300060,
    "TEMPORARY_ENDED",
    _M,
    False,
    "The temporary conversation has ended, or there never was one with this id (SY-02).",
)
BAD_QUERY = ErrorCode(
    300061,
    "BAD_QUERY",
    _M,
    False,
    "The `where` or `sort` of a query over conversations is not allowed; the text says where (conversation-queries.md).",
)
SYSTEM_SENDER = ErrorCode(
    300053,
    "SYSTEM_SENDER",
    _M,
    True,
    "The account only sends in the app's name, or its id is that of a system conversation: it cannot log in (SY-06).",
)
LOGIN_BLOCKED = ErrorCode(
    300120,
    "LOGIN_BLOCKED",
    _M,
    True,
    "The app keeps this user from logging in for a time; retry_after_ms says for how long, if that is known (ID-09).",
)
LOGIN_REFUSED = ErrorCode(
    300080, "LOGIN_REFUSED", _M, True, "The app's back end refused the login (CB-03); the text may say why."
)
TOO_MANY_CHANNELS = ErrorCode(
    300040,
    "TOO_MANY_CHANNELS",
    _M,
    False,
    "The ultra group has as many channels as one may have; dissolve one first (UG-02).",
)
BAD_PUSH_INFO = ErrorCode(
    300090,
    "BAD_PUSH_INFO",
    _M,
    False,
    "What a message says of its push is no JSON object of at most 4 KiB, or a field of it is wrong; the text says which "
    "(PU-02, push.md).",
)
BAD_PUSH_TOKEN = ErrorCode(
    300091, "BAD_PUSH_TOKEN", _M, False, "The push token has more than 4,096 bytes, or control characters (PU-03)."
)
NO_PUSH_PROVIDER = ErrorCode(
    300092,
    "NO_PUSH_PROVIDER",
    _M,
    False,
    "The settings have no push provider with this name, or none at all (PU-03).",
)
NO_SUCH_CONSUMER = ErrorCode(
    300070,
    "NO_SUCH_CONSUMER",
    _M,
    False,
    "Nothing leaves the server under this name: OUTBOX_LIST lists the consumers of the event log (CB-04).",
)
OVERLOADED = ErrorCode(300017, "OVERLOADED", _O, False, "The server has too much to do; try again later.")

BROADCAST_LIMIT = ErrorCode(
    300055,
    "BROADCAST_LIMIT",
    _O,
    False,
    "The app has sent as many broadcasts as it may for now (SY-03, SY-04); retry_after_ms says when it may send another.",
)

MESSAGE_LOG_OFF = ErrorCode(
    300095,
    "MESSAGE_LOG_OFF",
    _M,
    False,
    "The server keeps no message log: the setting message_log.enabled is off (AB-03).",
)
NO_SUCH_LOG_FILE = ErrorCode(
    300096,
    "NO_SUCH_LOG_FILE",
    _M,
    False,
    "The message log has no file for this hour and kind of conversations (AB-03).",
)
IDEMPOTENCY_KEY_BUSY = ErrorCode(
    300130,
    "IDEMPOTENCY_KEY_BUSY",
    _O,
    False,
    "The first request with this Idempotency-Key is still under way; ask again after retry_after_ms (AB-02).",
)
IDEMPOTENCY_KEY_REUSED = ErrorCode(
    300131,
    "IDEMPOTENCY_KEY_REUSED",
    _M,
    False,
    "Another request had this Idempotency-Key; a new request needs a new key (AB-02).",
)
IDEMPOTENCY_UNKNOWN = ErrorCode(
    300132,
    "IDEMPOTENCY_UNKNOWN",
    _M,
    False,
    "The first request with this Idempotency-Key was interrupted, and may or may not have been carried out. Look, and "
    "use a new key if it has to be done (AB-02).",
)
CREDENTIALS_MISSING = ErrorCode(
    300133, "CREDENTIALS_MISSING", _M, False, "The request does not say who calls, or not in a known way (ID-08)."
)

LOG_FILE_CHANGED = ErrorCode(
    300097,
    "LOG_FILE_CHANGED",
    _M,
    False,
    "The file of the message log was replaced since the download began, because messages came late: begin again (AB-03).",
)

NO_SCOPE = ErrorCode(
    300140,
    "NO_SCOPE",
    _M,
    False,
    "The API key does not have the scope that this operation belongs to; the detail names it (ID-08).",
)
BAD_API_KEY = ErrorCode(300141, "BAD_API_KEY", _M, False, "The API key is wrong, revoked or expired (ID-08).")
NO_SUCH_KEY = ErrorCode(300142, "NO_SUCH_KEY", _M, False, "There is no API key with this id (ID-08).")
METRICS_OFF = ErrorCode(
    300143, "METRICS_OFF", _M, False, "The server does not measure: `metrics.on` is false in its settings (OP-02)."
)

ALL: tuple[ErrorCode, ...] = tuple(
    sorted((v for v in list(globals().values()) if isinstance(v, ErrorCode)), key=lambda c: c.number)
)
BY_NUMBER: dict[int, ErrorCode] = {code.number: code for code in ALL}


class RcimError(Exception):
    """An error with a code of the table, on either side of the wire.

    `code` is the row. `detail` says what exactly was wrong; it never has message bodies in it. `retry_after_ms` is 0, or
    the time in milliseconds after which the caller may try again.
    """

    def __init__(self, code: ErrorCode, detail: str = "", retry_after_ms: int = 0) -> None:
        # A peer's text may be shown at a terminal, so the exception's text is made printable; `detail` is unchanged.
        super().__init__(printable(f"{code.number} {code.name}: {detail or code.meaning}"))
        self.code = code
        self.detail = detail or code.meaning
        self.retry_after_ms = retry_after_ms


APP_CODES = (range(10100, 10201), range(120001, 130001))
"""Numbers that an app's back end may refuse with: the vendor's ranges."""


def is_app_code(number: int) -> bool:
    """True if the number is one of the app's own."""
    return any(number in codes for codes in APP_CODES)


def app_code(number: int) -> ErrorCode:
    """The row of an app's own number."""
    return ErrorCode(
        number, f"APP_{number}", ErrorKind.MISTAKE, False, "The app's back end refused the request (CB-03)."
    )


def code_of(number: int) -> ErrorCode:
    """The row of `number`. An unknown number, from a newer server, gets a row of its own that does not close."""
    known = app_code(number) if is_app_code(number) else BY_NUMBER.get(number)
    return known or ErrorCode(
        number,
        f"CODE_{number}",
        ErrorKind.FAULT,
        False,
        "This program does not know this error code; a newer server sent it.",
    )
