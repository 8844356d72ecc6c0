"""What is read of the tables in more than one place."""

from __future__ import annotations

from collections.abc import Iterator

from rcim.actor.records import Profile
from rcim.rules.visibility import is_known
from rcim.store import keys
from rcim.store.backend import ReadView
from rcim.store.messages import facts_of
from rcim.store.values import Head, unpack

Row = tuple[bytes, bytes]


def read_stamp(view: ReadView) -> int:
    """The number of the last commit. It is 1 before the first, so that no cursor is that of who knows nothing."""
    data = view.get("meta", b"stamp")
    return int(keys.U64.unpack(data)[0]) if data else 1


def read_store_id(view: ReadView) -> int:
    """By which one store is told from another; 0 before it is made."""
    data = view.get("meta", b"id")
    return int(keys.U64.unpack(data)[0]) if data else 0


def read_newest_ms(view: ReadView) -> int:
    """The newest time that is kept: that of the last commit or sweep, or, in a store of before these were noted, of the
    last message or change. 0 if there is none."""
    data = view.get("meta", b"time")
    if data is not None:
        return int(keys.U64.unpack(data)[0])
    heads = (unpack(row, Head) for _, row in view.scan("heads", b"", keys.LAST))
    return max((max(head.last_msg_time_ms, head.last_info_time_ms) for head in heads), default=0)


def read_forgotten(view: ReadView) -> int:
    """Of changes by commits up to this stamp it is not known any more what all was altered and left (ST-02)."""
    data = view.get("meta", b"forgotten")
    return int(keys.U64.unpack(data)[0]) if data else 0


def read_head(view: ReadView, key: str) -> Head:
    """The head of a conversation. Raises StoreError."""
    data = view.get("heads", key.encode())
    return unpack(data, Head) if data else Head()


def read_profile(view: ReadView, key: str) -> Profile | None:
    """The profile of a group; None if there is none. Raises StoreError."""
    data = view.get("profiles", key.encode())
    return unpack(data, Profile) if data else None


def memberships(view: ReadView, user_id: str, from_key: str = "") -> Iterator[Row]:
    """What the user is in, by key, from this key on."""
    return view.scan("memberships", keys.pair(user_id, from_key), user_id.encode() + keys.AFTER_SEP)


def seq_at(view: ReadView, key: str, first: int, newest: int, time_ms: int) -> int:
    """The least SEQ from `first` on whose message is of `time_ms` or later; `newest` + 1 if there is none. Times never
    fall within a conversation, so it is a search by halves: about 20 reads in a million messages."""
    low, high = first, newest + 1
    while low < high:
        middle = (low + high) // 2
        span = view.scan("messages", keys.message(key, middle), keys.message(key, high))
        data = next(iter(span), None)
        if data is None or facts_of(data[1]).time_ms >= time_ms:
            high = middle
        else:
            low = keys.U64.unpack(data[0][-8:])[0] + 1
    return low


def groups_of(view: ReadView, user_id: str, cursor: str = "") -> Iterator[Row]:
    """Memberships of groups, behind the one that is the cursor."""
    user = user_id.encode() + keys.SEP
    low = max(keys.after(user_id, cursor), user + keys.GROUPS)
    return view.scan("memberships", low, user_id.encode() + keys.AFTER_SEP)


def visible(profile: Profile, user_id: str) -> bool:
    """False for a group that is imported, or waits for its owner's first message (GR-08, GT-16)."""
    return is_known(user_id, profile.owner, active=profile.active, importing=profile.importing)


def sees(view: ReadView, row: bytes, value: bytes, user_id: str) -> bool:
    """True if a group is visible to the user, of whose memberships this is a row."""
    if not keys.was_hidden(value):
        return True
    profile = read_profile(view, keys.second(row))
    return profile is not None and visible(profile, user_id)
