"""Actors from what the store keeps of them. Runs in the reading thread."""

from __future__ import annotations

from rcim.actor.app import APP_KEY, AppActor
from rcim.actor.app_state import AppState
from rcim.actor.group import GroupActor
from rcim.actor.pair import PairActor
from rcim.actor.user import USER_PREFIX, UserActor
from rcim.rules.conversation_kinds import PAIR, kind_of
from rcim.store.shard_log import View


class Loader:
    """Makes the actor of a key, of whatever kind it is."""

    def __init__(self, store: View, app_state: AppState) -> None:
        self._store = store
        self._app_state = app_state

    def actor(self, key: str, shard: int, now_ms: int) -> GroupActor | PairActor | UserActor | AppActor:
        """The actor of `key` as the store has it at `now_ms` (wall clock). Raises StoreError."""
        if key == APP_KEY:
            return AppActor(self._app_state)
        if key.startswith(USER_PREFIX):
            snapshot = self._store.load_user(key, key[len(USER_PREFIX) :])
            return UserActor(snapshot, self._app_state)
        if kind_of(key) is PAIR:
            deletions = self._app_state.deleted.count
            return PairActor(self._store.load_group(key, now_ms), shard, self._app_state, deletions)
        return GroupActor(self._store.load_group(key, now_ms), shard, self._app_state)
