"""Keys of the tables. Conversation keys and user ids hold no control character, so 0 parts what is joined.

| table       | key                         | value                                        |
|-------------|-----------------------------|----------------------------------------------|
| meta        | name                        | `schema` u16; `place`, `id`, `stamp`, `time`, `epochs`, `events` … |
| shards      | shard u16                   | the running number of the next record, u64   |
| profiles    | conversation                | Profile                                      |
| heads       | conversation                | Head                                         |
| members     | conversation 0 user         | Member                                       |
| memberships | user 0 conversation         | MsgFlag u8 (HIDDEN: see below), stamp u64 of the user's own last change |
| left        | user 0 conversation         | stamp u64, time u64: it was a member until then (RX-03) |
| altered     | conversation 0 stamp u64 SEQ u64 | for whom alone, or nothing: it is another one since; SEQ 0: many |
| chosen      | user 0 conversation         | Chosen; without a conversation: up to which stamp what was forgotten |
| messages    | conversation 0 SEQ u64      | Message                                      |
| users       | user                        | UserProfile                                  |
| seen        | user                        | u64: when a user logged in first of whom nothing else is kept (SY-03) |
| purge       | conversation                | SEQ u64, stamp u64: messages and changes up to them are to be removed |
| marks       | conversation 0 user         | Mark                                         |
| words       | word 0 conversation         | nothing (GR-09)                              |
| hidden      | conversation 0 user 0 SEQ u64 | nothing (MS-10)                          |
| lists       | user 0 UserList u8 other user | nothing (SC-07)                        |
| invited     | user 0 conversation         | Invitation (GT-07) |
| applied     | user 0 conversation         | Application (GR-12) |
| waiting     | conversation 0 user         | Waiting: one of them that is not decided (GR-12) |
| events      | shard u16, number u64       | an event (event_log.py) |
| consumers   | name                        | the number of the next event of each shard, u64 each |
| dead_letters | name of the consumer 0 id u64 | DeadLetter (dead_letters.py) |
| dead_places | name of the consumer 0 shard u16, number u64 | the id of the dead letter of this event, u64 |
| consumer_states | name               | ConsumerState (dead_letters.py) |
| endings     | end u64, conversation       | Ending (SY-02) |
| room_attributes | conversation 0 key       | RoomAttribute; with an empty key RoomHead (CR-03) |
| kept_rooms  | conversation                | nothing: the room is kept alive (CR-04) |
| admins      | conversation 0 user         | nothing: the owner or an admin; where the members are not all in memory |
| channels    | conversation 0 name         | Listing (channel_listings.py; UG-02, UG-05) |
| insiders    | channel 0 user              | nothing: the user is on the channel's list (UG-05) |
| inside      | user 0 channel              | the same, by user |
| own         | user 0 channel              | MsgFlag u8, stamp u64: the user has a row in `members` of the channel |
| push_tokens | user 0 device 0 provider    | PushToken (PU-03) |
| push_users  | provider 0 user             | nothing: the user has a token at the provider |
| push_owners | provider 0 digest of the token | user 0 device: whose it is |
| app         | kind, colon, name           | `type:` TypeChange, `muted:`, `blocked:` and `count:` u64, `list:` nothing |
|             |                             | `attributes:` their names by number (SY-04) |
|             |                             | `key:` ApiKey, by its id (ID-08) |
"""

from __future__ import annotations

import struct

U16 = struct.Struct(">H")
U64 = struct.Struct(">Q")
SEP = b"\0"
AFTER_SEP = b"\1"
"""`prefix + AFTER_SEP` is behind every key that begins with `prefix + SEP`."""
AFTER_NONE = b"\0\1"
LAST = b"\xff"
"""Behind every key that is UTF-8."""


def pair(left: str, right: str) -> bytes:
    """Key of `members` and `memberships`."""
    return left.encode() + SEP + right.encode()


def second(key: bytes) -> str:
    """The right part of a `pair`."""
    return key.partition(SEP)[2].decode()


def message(conversation: str, seq: int) -> bytes:
    """Key of `messages`."""
    return conversation.encode() + SEP + U64.pack(seq)


def hidden(conversation: str, user: str, seq: int) -> bytes:
    """Key of `hidden`."""
    return conversation.encode() + SEP + user.encode() + SEP + U64.pack(seq)


def listed(user: str, which: int, other: str = "") -> bytes:
    """Key of `lists`."""
    return user.encode() + SEP + bytes([which]) + other.encode()


GROUPS = b"g:"
"""Keys of groups begin so; one-to-one conversations stand before them, and nothing behind."""


def after(left: str, cursor: str) -> bytes:
    """The least key of a `pair` table with this left part and a right part above `cursor`."""
    return left.encode() + SEP + cursor.encode() + (SEP if cursor else b"")


def after_none(left: str) -> bytes:
    """Behind the row of a `pair` table whose right part is empty, and not behind any other with this left part."""
    return left.encode() + AFTER_NONE


def altered(conversation: str, stamp: int, seq: int) -> bytes:
    """Key of `altered`."""
    return conversation.encode() + SEP + U64.pack(stamp) + U64.pack(seq)


def ending(end_ms: int, conversation: str) -> bytes:
    """Key of `endings`."""
    return U64.pack(end_ms) + conversation.encode()


def of_ending(key: bytes) -> str:
    """The conversation of a row of `endings`."""
    return key[U64.size :].decode()


HIDDEN = 0x80
"""Of a membership: the group may be one that the user does not know of yet (GT-16, GR-08); its profile says."""


def flag_of(value: bytes) -> int:
    """The MsgFlag of a membership; 0 where an early version kept none."""
    return value[0] & ~HIDDEN if value else 0


def membership(flag: int, stamp: int) -> bytes:
    """A value of `memberships`; `flag` with HIDDEN in it."""
    return bytes([flag]) + U64.pack(stamp)


def stamp_of(value: bytes) -> int:
    """The stamp of a membership; 0 where an early version kept none."""
    return int(U64.unpack_from(value, 1)[0]) if len(value) == 1 + U64.size else 0


def was_hidden(value: bytes) -> bool:
    """True if the group's profile has to be looked at."""
    return bool(value) and value[0] & HIDDEN != 0


def shown(table: str, key: bytes) -> str:
    """A key in words, for people: of messages the conversation and the SEQ, of events shard and number, of others the
    parts."""
    if table == "messages" and len(key) > 9 and key[-9:-8] == SEP:
        return f"{_text(key[:-9])} SEQ {U64.unpack(key[-8:])[0]}"
    if table == "endings" and len(key) > U64.size:
        return f"{_text(key[U64.size :])} at {U64.unpack_from(key)[0]}"
    if table == "events" and len(key) == U16.size + U64.size:
        return f"shard {U16.unpack_from(key)[0]} event {U64.unpack_from(key, U16.size)[0]}"
    return _text(key)


def _text(key: bytes) -> str:
    return " ".join(
        part if part.isprintable() else repr(part)[1:-1] for part in key.decode(errors="replace").split("\0")
    )
