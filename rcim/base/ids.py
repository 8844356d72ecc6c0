"""Ids and their rules. Each check returns the id or raises RcimError with the code the spec names."""

from __future__ import annotations

import re
import unicodedata
import zlib

from rcim.base.errors import BAD_GROUP_ID, BAD_PARAMETER, RcimError

USER_ID_CHARS_MAX = 64
"""ID-01, in Unicode code points."""
USER_ID_BYTES_MAX = 4 * USER_ID_CHARS_MAX
"""ID-01: what they take in UTF-8 at the most."""
GROUP_ID_BYTES_MAX = 48
"""Bytes of a group id, printable ASCII (GT-25)."""
CONVERSATION_BYTES_MAX = 2 * USER_ID_BYTES_MAX + 7
"""C2-01: of a conversation id; those of two users are the longest."""
CLIENT_MSG_ID_BYTES_MAX = 64
"""Room for a UUID in text and a prefix."""
TIP_PREFIX = "@tip-"
"""Of client message ids that the server gives to strong notices (GT-15); no client may use one."""
RESERVED_GROUP_PREFIX = "@TGS#"
"""GT-25: ids that the server makes."""
CHOSEN_GROUP_PREFIX = "@TGS#_"
"""UG-01: ids of ultra groups, which are chosen too."""
SYSTEM_PREFIX = "@SYS#"
"""SY-01: ids of system conversations and of their accounts."""

GUEST_PREFIX = "@GUEST#"
"""ID-06: ids that the server gives to guests, for as long as they are connected."""
SYSTEM_USER = "@SYSTEM"
"""The sender of what the server says by itself."""

SHARDS = 64
"""How many logs the conversations are spread over. Part of the store's format: never change it in place."""
POSITION_BITS = 48
"""A message id is the shard (16 bits) and the shard's running number (48 bits)."""


CONTROL = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\ud800-\\udfff]")


NOT_IN_IDS = frozenset({"Cc", "Cf", "Cs", "Cn"})
"""ID-01, by the classes of Unicode as Python has it."""


def has_control(text: str) -> bool:
    """True if `text` holds a C0 or C1 control character, DEL, or half of a character, which UTF-8 has not."""
    if text.isascii() and text.isprintable():  # mostly; it is asked twice for each message
        return False
    return CONTROL.search(text) is not None


def _are_id_characters(text: str) -> bool:
    """True if no character of `text` is of a class that user ids do not have (ID-01). What Python can print has none."""
    return text.isprintable() or NOT_IN_IDS.isdisjoint(map(unicodedata.category, text))


def check_user_id(user_id: str) -> str:
    """ID-01: 1 to 64 characters (code points), none of them a control, format, surrogate or unassigned one, and no id
    that the server gives itself. It is compared as it is.

    Raises RcimError(BAD_PARAMETER).
    """
    if not 1 <= len(user_id) <= USER_ID_CHARS_MAX or not _are_id_characters(user_id):
        raise RcimError(
            BAD_PARAMETER,
            "user id: must be 1 to 64 characters, none of them a control, format, surrogate or unassigned one",
        )
    if is_guest(user_id) or user_id == SYSTEM_USER:
        raise RcimError(BAD_PARAMETER, f"user id: {GUEST_PREFIX}… and {SYSTEM_USER} are reserved for the server")
    return user_id


def check_user_or_guest(user_id: str) -> str:
    """As `check_user_id`, and the id of a guest is taken too (ID-06). Raises RcimError(BAD_PARAMETER)."""
    number = user_id.removeprefix(GUEST_PREFIX)
    if is_guest(user_id) and 12 <= len(number) <= 16 and not number.strip("0123456789ABCDEF"):
        return user_id
    return check_user_id(user_id)


def is_user_id(text: str) -> bool:
    """True if `check_user_id` takes it."""
    try:
        check_user_id(text)
    except RcimError:
        return False
    return True


def is_guest(user_id: str) -> bool:
    """True for the id of a guest (ID-06)."""
    return user_id.startswith(GUEST_PREFIX)


def made_guest_id(connection_id: int) -> str:
    """ID-06: the id of the guest on this connection; unique because the connection's number is."""
    return f"{GUEST_PREFIX}{connection_id:012X}"


def check_group_id(group_id: str) -> str:
    """GT-25 for a chosen id: 1 to 48 bytes of 0x20 to 0x7E, not beginning with `@TGS#`, but that of an ultra group with
    `@TGS#_`.

    Raises RcimError(BAD_GROUP_ID).
    """
    if not 1 <= len(group_id) <= GROUP_ID_BYTES_MAX or any(not " " <= c <= "~" for c in group_id):
        raise RcimError(BAD_GROUP_ID, "group id: must be 1 to 48 printable ASCII characters")
    if group_id.startswith(RESERVED_GROUP_PREFIX) and not group_id.startswith(CHOSEN_GROUP_PREFIX):
        raise RcimError(BAD_GROUP_ID, "group id: must not begin with @TGS#, which is reserved for the server")
    return group_id


def made_group_id(number: int, prefix: str = RESERVED_GROUP_PREFIX) -> str:
    """GT-25: the id that the server gives a conversation created without one; unique because `number` is. `prefix` is
    that of its kind."""
    return f"{prefix or RESERVED_GROUP_PREFIX}{number:013X}"


def shard_of(key: str) -> int:
    """The shard, 0 to SHARDS - 1, that owns the actor with this key. Stable for ever: it is in the store."""
    return zlib.crc32(key.encode()) % SHARDS


def message_id(shard: int, position: int) -> int:
    """MS-02: the id of the message that `shard` keeps at `position` (its running number): unique in the app."""
    return (shard << POSITION_BITS) | position
