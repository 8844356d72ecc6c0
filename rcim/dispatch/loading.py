"""Actors, and rows of their members, from what the store keeps of them. Runs in the reading thread."""

from __future__ import annotations

from rcim.actor.app import APP_KEY, AppActor
from rcim.actor.app_state import AppState
from rcim.actor.broadcast import BroadcastActor
from rcim.actor.channel import ChannelActor
from rcim.actor.group import GroupActor
from rcim.actor.paged_group import PagedGroupActor
from rcim.actor.paged_roster import NotLoaded
from rcim.actor.pair import PairActor
from rcim.actor.records import Member
from rcim.actor.temporary import TemporaryActor
from rcim.actor.user import USER_PREFIX, UserActor
from rcim.rules.conversation_kinds import BROADCAST, PAIR, TEMPORARY, ConversationKind, RosterPart, kind_of
from rcim.store.shard_log import View

PAGE = 1000
"""Members in one page of a walk: 2 ms of the loading thread."""

ConversationActor = GroupActor | PairActor | BroadcastActor
Rows = dict[str, Member | None] | list[Member]
"""Rows of users that were named, or a page of members."""

_OF_KIND: dict[ConversationKind, type[TemporaryActor | BroadcastActor]] = {
    TEMPORARY: TemporaryActor,
    BROADCAST: BroadcastActor,
}
"""Kinds with an actor of their own; others have the one that their roster needs."""
_OF_ROSTER: dict[RosterPart, type[GroupActor]] = {
    RosterPart.NONE: GroupActor,
    RosterPart.MEMORY: GroupActor,
    RosterPart.PAGED: PagedGroupActor,
    RosterPart.SHARED: ChannelActor,
}


class Loader:
    """Makes the actor of a key, of whatever kind it is, and reads what it asks for later."""

    def __init__(self, store: View, app_state: AppState) -> None:
        self._store = store
        self._app_state = app_state

    def actor(self, key: str, shard: int, now_ms: int) -> ConversationActor | UserActor | AppActor:
        """The actor of `key` as the store has it at `now_ms` (wall clock). Raises StoreError."""
        if key == APP_KEY:
            return AppActor(self._app_state)
        if key.startswith(USER_PREFIX):
            snapshot = self._store.load_user(key, key[len(USER_PREFIX) :])
            return UserActor(snapshot, self._app_state)
        kind = kind_of(key)
        if kind is PAIR:
            deletions = self._app_state.deleted.count
            return PairActor(self._store.load_group(key, now_ms), shard, self._app_state, deletions)
        assert kind is not None, f"{key} is the id of no conversation"
        make = _OF_KIND.get(kind) or _OF_ROSTER[kind.roster]
        return make(self._store.load_group(key, now_ms), shard, self._app_state)

    def rows(self, key: str, wanted: NotLoaded) -> Rows:
        """What a command for the conversation needs. Raises StoreError."""
        if wanted.user_ids:
            return self._store.load_members(key, wanted.user_ids)
        return self._store.load_member_page(key, wanted.after, PAGE)
