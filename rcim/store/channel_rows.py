"""Rows of ultra groups and their channels (UG-01, UG-02, UG-05).

A channel shares the members of its group, which is called its parent. In `members` of the channel a user has a row only
when something is kept of them there: how far they have read, what they have cleared, MsgFlag, push level. Everything
else follows from their row in the parent, and from when they joined it. So joining a group with 50 channels writes one
row, and a row of a channel counts only as long as its owner is the member of the parent that they were: `join_time_ms`
says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import msgspec

from rcim.actor.outcomes import ChannelRow, Channels, Refused
from rcim.actor.queries import ChannelsQuery, MembersQuery
from rcim.actor.records import Member, Profile
from rcim.base.errors import NO_SUCH_GROUP, NOT_PERMITTED
from rcim.base.terms import MsgFlag, Role
from rcim.rules.conversation_kinds import channel_key, is_channel, is_paged, parent_of
from rcim.store import keys
from rcim.store.backend import ReadView, WriteView
from rcim.store.channel_listings import Listing, is_listed, names_of
from rcim.store.tables import read_head, read_profile, seq_at
from rcim.store.values import Head, unpack

MEMBERS_AT_ONCE = 10_000
"""A group with so many members or fewer ends with one commit: 150 ms at the most."""
OWN_ROWS_AT_ONCE = 200
"""Of one channel that ends with its group, so that those of 50 take as long."""


def read_channel(view: ReadView, key: str) -> Profile | None:
    """The profile of a channel; None if there is none, or its group does not have it any more. Raises StoreError."""
    return read_profile(view, key) if is_listed(view, key) else None


def is_inside(view: ReadView, key: str, user_id: str) -> bool:
    """True if the user is on the channel's own list (UG-05)."""
    return view.get("insiders", keys.pair(key, user_id)) is not None


def gone_since(view: ReadView, key: str, listing: Listing, since: int, base: Member | None, user_id: str) -> bool:
    """UG-05: True if the user, who is `base` in its group, saw the channel at `since`, and has lost it by a change after
    it that concerned all: it ended while it was public, or it became private. Who lost it as one of those on its list
    is told by `left`. Channels that a user never saw are not named to them."""
    if listing.ended > since and not listing.private:
        return True
    if listing.closed <= since or base is None or base.join_time_ms >= listing.closed_ms:
        return False
    return bool(listing.ended) or not is_inside(view, key, user_id)


def is_open(view: ReadView, key: str, user_id: str) -> bool:
    """True if the user is in the channel for the reason that all members of its group are. Raises StoreError."""
    profile = read_channel(view, key)
    member = keys.pair(parent_of(key), user_id)
    return profile is not None and not profile.private and view.get("members", member) is not None


def insiders_of(view: ReadView, key: str) -> Iterator[str]:
    """Who is on the channel's own list, by user id."""
    rows = view.scan("insiders", key.encode() + keys.SEP, key.encode() + keys.AFTER_SEP)
    return (keys.second(row) for row, _ in rows)


def put_inside(view: WriteView, key: str, user_id: str) -> None:
    """Put the user on the channel's list."""
    view.put("insiders", keys.pair(key, user_id), b"")
    view.put("inside", keys.pair(user_id, key), b"")


def drop_inside(view: WriteView, key: str, user_id: str) -> bool:
    """The user is not on it any more. False if they were not."""
    row = keys.pair(key, user_id)
    there = view.get("insiders", row) is not None
    view.delete("insiders", row)
    view.delete("inside", keys.pair(user_id, key))
    return there


def forget_in_channels(view: WriteView, parent: str, user_id: str) -> None:
    """The user has left the group: nothing of them is kept in its channels."""
    for name in list(names_of(view, parent)):
        key = channel_key(parent, name)
        own = keys.pair(user_id, key)
        if view.get("own", own) is not None:
            view.delete("own", own)
            view.delete("members", keys.pair(key, user_id))
        drop_inside(view, key, user_id)


def forget_own_rows(view: WriteView, key: str, most: int) -> bool:
    """The channel has ended: nothing of its members is kept. False: they are more than `most`, and are there as
    before."""
    rows = view.scan("members", key.encode() + keys.SEP, key.encode() + keys.AFTER_SEP)
    found = [row for row, _ in islice(rows, most + 1)]
    if len(found) > most:
        return False
    for row in found:
        view.delete("members", row)
        view.delete("own", keys.pair(keys.second(row), key))
    return True


def drop_index(view: WriteView, key: str) -> None:
    """The conversation has ended: nobody is its admin, or on its list. At most as many as a list may have."""
    for row in list(view.scan("channels", key.encode() + keys.SEP, key.encode() + keys.AFTER_SEP)):
        view.delete("channels", row[0])
    for row in list(view.scan("admins", key.encode() + keys.SEP, key.encode() + keys.AFTER_SEP)):
        view.delete("admins", row[0])
    for user_id in list(insiders_of(view, key)):
        drop_inside(view, key, user_id)


def parent_member(
    view: ReadView, parent: str, user_id: str, bases: dict[str, Member | None] | None = None
) -> Member | None:
    """The user as a member of the ultra group; None: they are none. `bases` keeps what the user is in each group, for who
    asks about many channels. Raises StoreError."""
    if bases is not None and parent in bases:
        return bases[parent]
    data = view.get("members", keys.pair(parent, user_id))
    base = unpack(data, Member) if data is not None else None
    if bases is not None:
        bases[parent] = base
    return base


def channel_member(view: ReadView, key: str, base: Member, first_seq: int, head: Head) -> Member:
    """`base`, a member of the group, as a member of its channel `key`, whose first SEQ and head these are. The channel's
    own list is not looked at. Costs a search by halves over its messages. Raises StoreError."""
    user_id = base.user_id
    own_data = view.get("members", keys.pair(key, user_id))
    own = unpack(own_data, Member) if own_data is not None else None
    if own is not None and own.join_time_ms == base.join_time_ms:
        return msgspec.structs.replace(
            own, role=base.role, name_card=base.name_card, group_push_level=base.push_level
        )
    first, newest = max(first_seq, head.kept_seq, 1), head.next_seq - 1
    joined = seq_at(view, key, first, newest, base.join_time_ms) - 1 if newest >= first else newest
    return Member(
        user_id=user_id,
        role=base.role,
        join_time_ms=base.join_time_ms,
        joined_seq=joined,
        name_card=base.name_card,
        msg_flag=MsgFlag.ACCEPT_AND_NOTIFY,
        read_seq=joined,
        group_push_level=base.push_level,
    )


def channel_members(view: ReadView, key: str, users: Iterator[str] | list[str]) -> dict[str, Member | None]:
    """As `channel_member`, of several users. Raises StoreError."""
    if not is_listed(view, key):
        return dict.fromkeys(users)
    profile, head = read_profile(view, key), read_head(view, key)
    first_seq = profile.first_seq if profile is not None else head.next_seq  # it is about to begin
    found: dict[str, Member | None] = {}
    for user_id in users:
        base = parent_member(view, parent_of(key), user_id)
        found[user_id] = channel_member(view, key, base, first_seq, head) if base is not None else None
    return found


def member_ids(view: ReadView, key: str, after: str = "") -> Iterator[str]:
    """The users who may be in the channel, by user id, from behind `after`: those on its list if it is private, else the
    members of its group."""
    profile = read_channel(view, key)
    if profile is None:
        return iter(())
    table, whose = ("insiders", key) if profile.private else ("members", parent_of(key))
    rows = view.scan(table, keys.after(whose, after), whose.encode() + keys.AFTER_SEP)
    return (keys.second(row) for row, _ in rows)


def seen_in_channel(
    view: ReadView, key: str, user_id: str, head: Head, bases: dict[str, Member | None] | None = None
) -> tuple[Profile, Member] | None:
    """The channel and the user in it, with the channel's head; None: the user does not see it (UG-05). `bases` is that of
    `parent_member`. Raises StoreError."""
    profile = read_channel(view, key)
    if profile is None or (profile.private and not is_inside(view, key, user_id)):
        return None
    base = parent_member(view, parent_of(key), user_id, bases)
    return (profile, channel_member(view, key, base, profile.first_seq, head)) if base is not None else None


def member_rows(view: ReadView, query: MembersQuery) -> Iterator[tuple[Member, int]]:
    """The members whom a page is about, by user id, from behind its cursor, and how many bytes the row of each has. Of
    admins, where there may be a million members, their index is read. Raises StoreError."""
    key = query.key
    if is_channel(key):
        for user_id in member_ids(view, key, query.cursor):
            data = view.get("members", keys.pair(parent_of(key), user_id))
            if data is not None:
                yield _listed_in_channel(view, key, unpack(data, Member)), len(data)
        return
    indexed = query.role >= Role.ADMIN and is_paged(key)
    rows = view.scan("admins" if indexed else "members", keys.after(key, query.cursor), key.encode() + keys.AFTER_SEP)
    for row, value in rows:
        found = view.get("members", row) if indexed else value
        if found is not None:
            yield unpack(found, Member), len(found)


def _listed_in_channel(view: ReadView, key: str, base: Member) -> Member:
    """A member of the group as the list of a channel shows them: what they have of their own there, else nothing read."""
    data = view.get("members", keys.pair(key, base.user_id))
    own = unpack(data, Member) if data is not None else None
    if own is not None and own.join_time_ms == base.join_time_ms:
        return msgspec.structs.replace(own, role=base.role, name_card=base.name_card)
    return msgspec.structs.replace(
        base, msg_flag=MsgFlag.ACCEPT_AND_NOTIFY, read_seq=0, last_send_time_ms=0, fields={}
    )


def channels_page(view: ReadView, query: ChannelsQuery) -> Channels | Refused:
    """UG-02: the channels of an ultra group, as the query says. Raises StoreError."""
    key, by = query.key, query.by
    if read_profile(view, key) is None:
        return Refused(NO_SUCH_GROUP, NO_SUCH_GROUP.meaning)
    if by and view.get("members", keys.pair(key, by)) is None:
        return Refused(NOT_PERMITTED, "only members see the channels of an ultra group")
    rows: list[ChannelRow] = []
    for name in names_of(view, key):
        channel = channel_key(key, name)
        profile = read_profile(view, channel)
        if profile is not None and not (by and profile.private and not is_inside(view, channel, by)):
            rows.append(ChannelRow(profile, read_head(view, channel).next_seq - 1))
    return Channels(rows)
