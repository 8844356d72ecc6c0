"""Who may get a push of a message (PU-01): users in a conversation who have a token at a provider.

1. Both lists are in the order of user ids. Each is looked up from where the other one is, so that the shorter one decides
   how much is read: in a group of a million members of whom ten have tokens, twenty rows.
2. A page is a step of about 2 ms, whatever it finds. Its cursor goes on.
"""

from __future__ import annotations

from collections.abc import Iterator

from rcim.actor.broadcast_roster import as_everybody
from rcim.actor.push_records import PushToken
from rcim.actor.queries import PushTargetsQuery, PushUsersQuery
from rcim.actor.records import Member, Message, Profile
from rcim.actor.user_records import UserProfile
from rcim.base.terms import BROADCAST_ALL, MessageState, MsgFlag, UserList, pair_of
from rcim.rules.broadcasts import is_shown
from rcim.rules.conversation_kinds import PAIR, is_channel, kind_of, parent_of
from rcim.rules.quiet import QuietHours
from rcim.store import keys
from rcim.store.backend import DamagedError, ReadView
from rcim.store.broadcasts import read_viewer
from rcim.store.channel_rows import read_channel
from rcim.store.eyes import seen_by
from rcim.store.noticing import Noticing
from rcim.store.push_answers import PushTarget, PushTargets, PushUsers
from rcim.store.push_tokens import tokens_of
from rcim.store.tables import read_head, read_profile
from rcim.store.values import Head, unpack

LOOKED_AT_MAX = 300
"""Rows looked up for one page: 2 ms."""
USERS_MAX = 50
"""Users of one question about targets: 2 ms."""


def users_of(view: ReadView, query: PushUsersQuery) -> PushUsers:
    """The answer to the query. Raises StoreError."""
    key = query.key
    if key == BROADCAST_ALL:
        return _with_tokens(view, query)
    pair = pair_of(key)
    if pair is not None:
        there = [user for user in pair if view.get("push_users", keys.pair(query.provider, user)) is not None]
        return PushUsers(there, "")
    table, whose = _members_of(view, key)
    found: list[str] = []
    at = query.cursor
    for looked_at, (user, is_both) in enumerate(_both(view, query.provider, table, whose, query.cursor), 1):
        at = user
        if is_both:
            found.append(user)
        if looked_at == LOOKED_AT_MAX:
            return PushUsers(found, at)
    return PushUsers(found, "")


def _members_of(view: ReadView, key: str) -> tuple[str, str]:
    """The table with who is in the conversation, and whose rows of it."""
    if not is_channel(key):
        return "members", key
    profile = read_channel(view, key)
    return ("insiders", key) if profile is not None and profile.private else ("members", parent_of(key))


def _with_tokens(view: ReadView, query: PushUsersQuery) -> PushUsers:
    """A page of all users who have tokens at the provider."""
    found: list[str] = []
    low, high = keys.after(query.provider, query.cursor), query.provider.encode() + keys.AFTER_SEP
    for row, _ in view.scan("push_users", low, high):
        found.append(keys.second(row))
        if len(found) == LOOKED_AT_MAX:
            return PushUsers(found, found[-1])
    return PushUsers(found, "")


def _both(view: ReadView, provider: str, table: str, whose: str, after: str) -> Iterator[tuple[str, bool]]:
    """Users after `after` who are in one of the two lists, and whether they are in both; what can't be in both is passed
    over."""
    holders, members = provider.encode() + keys.AFTER_SEP, whose.encode() + keys.AFTER_SEP
    low = keys.after(provider, after)
    while True:
        holder = next(iter(view.scan("push_users", low, holders)), None)
        if holder is None:
            return
        user = keys.second(holder[0])
        member = next(iter(view.scan(table, keys.pair(whose, user), members)), None)
        if member is None:
            return
        there = keys.second(member[0])
        yield (user, True) if there == user else (user, False)
        low = keys.after(provider, user) if there == user else keys.pair(provider, there)


def targets_of(view: ReadView, query: PushTargetsQuery, noticing: Noticing) -> PushTargets:
    """The answer to the query. A user whose rows are damaged is left out. Raises StoreError."""
    try:
        message = _message(view, query) if query.key and query.seq else None
    except DamagedError as error:  # it may have been recalled
        noticing.note(f"push of {query.key}, SEQ {query.seq}", error)
        return PushTargets([], gone=True)
    if message is not None and message.state in (MessageState.RECALLED, MessageState.DELETED):
        return PushTargets([], gone=True)
    profile = read_profile(view, query.key) if query.key else None
    head = read_head(view, query.key) if query.key else Head()
    found: list[PushTarget] = []
    for user_id in query.users[:USERS_MAX]:
        try:
            target = _target(view, query, user_id, profile, head)
        except DamagedError as error:
            noticing.note(f"push of {query.key}, to {user_id}", error)
            continue
        if target is not None:
            found.append(target)
    if message is not None and message.state is MessageState.EDITED:
        return PushTargets(found, edited=message.body)
    return PushTargets(found)


def _message(view: ReadView, query: PushTargetsQuery) -> Message | None:
    """The message as it is now; None: it was never stored, or is too old."""
    data = view.get("messages", keys.message(query.key, query.seq))
    return unpack(data, Message) if data is not None else None


def _target(
    view: ReadView, query: PushTargetsQuery, user_id: str, profile: Profile | None, head: Head
) -> PushTarget | None:
    member = _member(view, query.key, user_id, profile, head) if query.key else as_everybody(user_id)
    if member is None:
        return None
    if not query.muted and member.msg_flag is not MsgFlag.ACCEPT_AND_NOTIFY:
        return PushTarget(user_id, member, QuietHours(), False, True, [])
    tokens: list[PushToken] = [token for token in tokens_of(view, user_id) if token.provider == query.provider]
    if not tokens:
        return None
    data = view.get("users", user_id.encode())
    user = unpack(data, UserProfile) if data is not None else UserProfile()
    if user.deleted:
        return None
    shown = True
    if query.key == BROADCAST_ALL:
        shown = is_shown(query.seq, query.time_ms, query.target, read_viewer(view, user_id))
    listed = bool(query.sender) and _is_black_listed(view, user_id, query.sender)
    return PushTarget(user_id, member, user.quiet, listed, shown, tokens)


def _member(view: ReadView, key: str, user_id: str, profile: Profile | None, head: Head) -> Member | None:
    if kind_of(key) is PAIR:
        data = view.get("members", keys.pair(key, user_id))
        return unpack(data, Member) if data is not None else None
    return seen_by(view, key, user_id, profile, head)


def _is_black_listed(view: ReadView, user_id: str, sender: str) -> bool:
    return view.get("lists", keys.listed(user_id, UserList.BLACK, sender)) is not None
