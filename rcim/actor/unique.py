"""Conversations that are the one of their users (C2-02): whoever of them creates it gets the same.

1. The id is made of the type and the set of users that was asked for. The workflow that creates it (dispatch/workflows/
   unique.py) lets the creators of one set take turns, and looks in the store whether it is there.
2. Who was asked for and could not be added at once (GT-07, SC-07) is expected: such a user comes in later without the
   conversation becoming another one.
3. Once somebody else has come, or anyone has left, it is an ordinary group, and the next creator gets a new one.
"""

from __future__ import annotations

import hashlib
from base64 import b32encode
from collections.abc import Iterable, Sequence

import msgspec

from rcim.actor.commands import CreateGroup
from rcim.actor.records import Profile
from rcim.base.ids import RESERVED_GROUP_PREFIX

MARK = "U"
"""Behind the prefix of ids that the server makes. Other made ids have hexadecimal digits there."""
HASH_BYTES = 20
GENERATIONS_MAX = 1000
"""Conversations that were made for the same users and have become others, and are still there."""


def unique_id_base(type_: str, users: Iterable[str]) -> str:
    """The group id of the conversation of exactly these users, without the number at its end: 39 bytes."""
    named = "\0".join([type_, *sorted(set(users))])
    hashed = hashlib.sha256(named.encode()).digest()[:HASH_BYTES]
    return f"{RESERVED_GROUP_PREFIX}{MARK}{b32encode(hashed).decode()}"


def expected(command: CreateGroup, added: Sequence[str]) -> list[str]:
    """For whom a conversation is made as well, if `added` are its first members; nobody, if it is not to be unique."""
    if not command.unique:
        return []
    return [*dict.fromkeys([*command.expected, *(user_id for user_id in command.members if user_id not in added)])]


def after_change(profile: Profile, came: Sequence[str], gone: Sequence[str]) -> Profile:
    """The profile of a unique conversation into which `came` have come, and from which `gone` have left."""
    if gone or not set(came) <= set(profile.expected):
        return msgspec.structs.replace(profile, unique=False, expected=[])
    left = [user_id for user_id in profile.expected if user_id not in came]
    return msgspec.structs.replace(profile, expected=left)
