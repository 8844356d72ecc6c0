"""A conversation of any kind as one user is in it, and the view of its messages that follows from that. What differs from
kind to kind is known here, so that sync and search need not ask."""

from __future__ import annotations

from rcim.actor.queries import TypeFacts
from rcim.actor.records import Member, Profile
from rcim.rules.conversation_kinds import BROADCAST, CHANNEL, kind_of
from rcim.store import keys
from rcim.store.backend import ReadView
from rcim.store.broadcasts import BroadcastView, own_row, read_viewer
from rcim.store.channel_rows import seen_in_channel
from rcim.store.member_view import Effort, MemberView
from rcim.store.tables import visible
from rcim.store.values import Head, unpack


def seen_by(
    view: ReadView,
    key: str,
    user_id: str,
    profile: Profile | None,
    head: Head,
    *,
    bases: dict[str, Member | None] | None = None,
) -> Member | None:
    """The user in a conversation that is created, a channel, or that of broadcasts; None if the user sees nothing of it.
    `profile` and `head` are those of the conversation; `bases` keeps what the user is in ultra groups from one call to
    the next. Raises StoreError."""
    kind = kind_of(key)
    if kind is CHANNEL:
        seen = seen_in_channel(view, key, user_id, head, bases)
        return seen[1] if seen is not None else None
    if profile is None:
        return None
    if kind is BROADCAST:
        return own_row(view, user_id)
    data = view.get("members", keys.pair(key, user_id))
    return unpack(data, Member) if data is not None and visible(profile, user_id) else None


def eyes_of(
    view: ReadView,
    key: str,
    profile: Profile,
    head: Head,
    member: Member,
    type_: TypeFacts,
    *,
    now_ms: int,
    effort: Effort | None = None,
    as_history: bool = False,
) -> MemberView:
    """With whose eyes the messages of the conversation are looked at: those of `member`, found by `seen_by`.
    `as_history`: broadcasts that have expired are seen too (SY-06). Raises StoreError."""
    make = BroadcastView if kind_of(key) is BROADCAST else MemberView
    eyes = make(view, key, profile, head, member, type_, now_ms, effort)
    if isinstance(eyes, BroadcastView):
        eyes.look_as(read_viewer(view, member.user_id), 0 if as_history else now_ms)
    return eyes
