"""What only the owner of the conversations knows, and the store does not: group types and the rules of fields.

Queries get it before they go to the store, answers after.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from rcim.actor.app_state import AppState
from rcim.actor.queries import (
    AppliedQuery,
    ConversationsQuery,
    FindGroupsQuery,
    JoinedGroupsQuery,
    ProfilesQuery,
    SearchQuery,
    SyncQuery,
    TypeFacts,
    UnreadQuery,
    UserQuery,
)
from rcim.actor.snapshots import AppSnapshot
from rcim.actor.user_records import UserProfile
from rcim.actor.user_results import ProfileRow, Profiles, UserFacts
from rcim.base.limited_log import Log
from rcim.base.terms import AppList
from rcim.dispatch.trusted_time import TrustedTime
from rcim.rules.custom_fields import readable
from rcim.rules.group_types import MemberList, Search
from rcim.rules.roles import Standing
from rcim.store.answers import GroupRow, GroupsPage

log = Log("rcim.dispatch")


class QueryEnrichment:
    """See the module's text."""

    def __init__(self, app_state: AppState, time: TrustedTime) -> None:
        self._app_state = app_state
        self._time = time

    def settle(self, kept: AppSnapshot) -> None:
        """What was changed at run time is in force again (GT-20, SC-04)."""
        app_state = self._app_state
        config = app_state.config
        for name, number in kept.counts.items():
            app_state.counts.count(name, number)
        lists = config.lists
        for which, entries in kept.lists.items():
            lists = lists.changed(AppList(which), entries, ())
        if lists.screens:
            _ = lists.words  # made now, and not while the first message waits
        there = {row.name for row in (*config.types, config.types.pair)} | kept.types.keys()
        for name, count in kept.counts.items():
            if count and name not in there:
                log.error(
                    "groups have a type that no longer exists: they can only be read and left",
                    type=name,
                    groups=count,
                )
        types, misfits = config.types.changed_by_all(kept.types)
        for name, wrong in misfits:
            log.error("a group type as changed at run time no longer fits the settings", type=name, error=wrong)
        app_state.replace(
            replace(
                config,
                types=types,
                lists=lists,
                muted={**config.muted, **kept.muted},
                blocked={**config.blocked, **kept.blocked},
                attribute_names=kept.attributes,
                api_keys=kept.api_keys,
            )
        )

    def asked(self, query: Any) -> Any:
        """A query as the store is asked it."""
        if isinstance(query, FindGroupsQuery):
            searched = [row.name for row in self._app_state.config.types if row.search is Search.ON]  # GT-01
            return msgspec.structs.replace(query, types=searched)
        now_ms = self._time.now_ms()
        if isinstance(query, SyncQuery | JoinedGroupsQuery):
            after_ms = self._app_state.config.limits.applied_after_ms(now_ms)
            return msgspec.structs.replace(query, types=self._facts(), now_ms=now_ms, applied_after_ms=after_ms)
        if isinstance(query, SearchQuery | UnreadQuery):
            return msgspec.structs.replace(query, types=self._facts(), now_ms=now_ms)
        if isinstance(query, ConversationsQuery):
            types = list(self._app_state.config.types)
            return msgspec.structs.replace(
                query,
                types=self._facts(),
                now_ms=now_ms,
                open_types=[row.name for row in types if row.search is Search.ON],
                listing_types=[row.name for row in types if row.member_list is MemberList.ALL],
            )
        if isinstance(query, AppliedQuery):
            return msgspec.structs.replace(query, now_ms=now_ms)
        return query

    def _facts(self) -> dict[str, TypeFacts]:
        """GT-14, GT-19, GT-22, GT-27, by type."""
        types = self._app_state.config.types
        return {
            row.name: TypeFacts(
                stored=row.stored,
                unread=row.unread,
                history_before_joining=row.history_before_joining,
                roaming_days=row.roaming_days,
                offline_days=row.offline_days,
                listed=row.listed,
            )
            for row in (*types, *types.beside_groups)
        }

    def answered(self, query: Any, answer: Any) -> Any:
        """An answer of the store as who asked gets it."""
        if isinstance(answer, GroupsPage):
            return msgspec.structs.replace(answer, groups=[self._row(row) for row in answer.groups])
        if isinstance(query, UserQuery):
            return UserFacts(self._readable(answer.profile, query.who, query.own))
        if isinstance(query, ProfilesQuery) and isinstance(answer, Profiles):
            rows = [
                ProfileRow(row.user_id, row.known, self._readable(row.profile, query.who, row.user_id == query.by))
                for row in answer.rows
            ]
            return Profiles(rows, answer.taken)
        return answer

    def _readable(self, profile: UserProfile, who: int, own: bool) -> UserProfile:
        """AB-05: the profile with the custom fields that may be read."""
        shown = readable(self._app_state.config.user_fields, profile.fields, Standing(who), own)
        made: UserProfile = msgspec.structs.replace(profile, fields=dict(shown))
        return made

    def _row(self, row: GroupRow) -> GroupRow:
        """GT-22: of what is not stored only the group's actor knows how far it is."""
        if self._app_state.config.types.of_group(row.profile.type).stored:
            return row
        made: GroupRow = msgspec.structs.replace(row, newest_seq=0, unstored=True)
        return made
