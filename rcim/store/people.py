"""What the store knows of users: profiles and accounts (AB-05, ID-09), and their own applications (GR-12)."""

from __future__ import annotations

from rcim.actor.applications import Application
from rcim.actor.outcomes import Applied
from rcim.actor.queries import AccountsQuery, AppliedQuery, ProfilesQuery, UserQuery
from rcim.actor.user_records import UserProfile
from rcim.actor.user_results import ProfileRow, Profiles, UserFacts
from rcim.base.limits import Limits
from rcim.store import keys
from rcim.store.answers import AccountRow, Accounts
from rcim.store.backend import DamagedError, ReadView
from rcim.store.noticing import Noticing
from rcim.store.tables import groups_of
from rcim.store.values import unpack

ROW_OVERHEAD = 64
"""What a row can be longer in a frame than in the store."""
APPLIED_LOOKED_AT = 300
"""Rows looked at for one page of applications: a millisecond."""


class People:
    """See the module's text. Answers have at most `page_bytes` in a frame."""

    def __init__(self, limits: Limits, page_bytes: int, noticing: Noticing) -> None:
        self._limits = limits
        self._page_bytes = page_bytes
        self._noticing = noticing

    def facts(self, view: ReadView, query: UserQuery) -> UserFacts:
        """A user's profile (AB-05)."""
        data = view.get("users", query.user_id.encode())
        return UserFacts(unpack(data, UserProfile) if data else UserProfile())

    def profiles(self, view: ReadView, query: ProfilesQuery) -> Profiles:
        """AB-05: as many as fit a frame; one that is damaged is left out, and the others are told."""
        rows: list[ProfileRow] = []
        room = self._page_bytes
        for taken, user_id in enumerate(query.users):
            try:
                data = view.get("users", user_id.encode())
                room -= len(data or b"") + len(user_id.encode()) + ROW_OVERHEAD
                if room < 0 and taken:
                    return Profiles(rows, taken)
                found = unpack(data, UserProfile) if data else UserProfile(deleted=True)
            except DamagedError as error:
                self._noticing.note(f"the profile of {user_id}", error)
                continue
            rows.append(ProfileRow(user_id, not found.deleted, found))
        return Profiles(rows, len(query.users))

    def accounts(self, view: ReadView, query: AccountsQuery) -> Accounts:
        """Which users have accounts, and in how many groups they are (ID-09)."""
        rows = []
        for user_id in query.users:
            data = view.get("users", user_id.encode())
            profile = unpack(data, UserProfile) if data else UserProfile(deleted=True)
            groups = sum(1 for _ in groups_of(view, user_id))
            rows.append(
                AccountRow(user_id, not profile.deleted, groups, profile.valid_from_ms, profile.system_sender)
            )
        return Accounts(rows)

    def applied(self, view: ReadView, query: AppliedQuery) -> Applied:
        """GR-12: those that are kept still; what is too old goes little by little, and is given no more before. One that
        is damaged is left out."""
        rows: list[Application] = []
        room, last = self._page_bytes, ""
        span = view.scan("applied", keys.after(query.user_id, query.cursor), query.user_id.encode() + keys.AFTER_SEP)
        for looked_at, (row, data) in enumerate(span):
            room -= len(data) + ROW_OVERHEAD
            if len(rows) == query.limit or looked_at == APPLIED_LOOKED_AT or (room < 0 and rows):
                return Applied(rows, last)
            last = keys.second(row)
            try:
                found = unpack(data, Application)
            except DamagedError as error:
                self._noticing.note(f"what {query.user_id} has applied for, {last}", error)
                continue
            if found.last_ms > self._limits.applied_after_ms(query.now_ms):
                rows.append(found)
        return Applied(rows)
