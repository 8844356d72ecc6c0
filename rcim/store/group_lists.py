"""Lists of groups: those of a user, all of them, those found by words of their names, those that have been idle."""

from __future__ import annotations

from collections.abc import Iterator

from rcim.actor.queries import (
    AllGroupsQuery,
    FindGroupsQuery,
    IdleGroupsQuery,
    JoinedGroupsQuery,
    KeptRoomsQuery,
    RoomsQuery,
)
from rcim.actor.records import Member, Profile
from rcim.base.terms import group_conversation
from rcim.rules.folding import words_of
from rcim.store import keys
from rcim.store.answers import GroupRow, GroupsPage, IdlePage, IdleRow
from rcim.store.backend import DamagedError, ReadView
from rcim.store.member_view import EFFORT, Effort, MemberView, waiting_in
from rcim.store.noticing import Noticing
from rcim.store.tables import Row, groups_of, read_head, read_profile, visible
from rcim.store.values import unpack

ROW_OVERHEAD = 64
"""What a row can be longer in a frame than in the store."""
GROUP_ROW_BYTES = 400
LOOKED_AT_MAX = 300
"""Rows of the index looked at for one page of a search: two milliseconds."""


class GroupLists:
    """See the module's text. `page_bytes` is the room for the rows of a page."""

    def __init__(self, page_bytes: int, noticing: Noticing) -> None:
        self._page_bytes = page_bytes
        self._noticing = noticing

    def joined(self, view: ReadView, query: JoinedGroupsQuery) -> GroupsPage:
        """GR-05: up to `limit`, fewer where there is much to look at for what is unread."""
        rows: list[GroupRow] = []
        last, effort = "", Effort(EFFORT)
        room = self._page_bytes
        for row, _ in groups_of(view, query.user_id, query.cursor):
            room -= GROUP_ROW_BYTES + ROW_OVERHEAD
            if last and (len(rows) == query.limit or room < 0 or effort.left <= 0):
                return GroupsPage(rows, last)
            last = keys.second(row)
            effort.left -= 1
            made = self._own_row(view, last, query, effort)
            if made is not None:
                rows.append(made)
        return GroupsPage(rows, "")

    def _own_row(self, view: ReadView, key: str, query: JoinedGroupsQuery, effort: Effort) -> GroupRow | None:
        """_own_row; a group that is damaged is left out, and the others are told."""
        try:
            return own_row(view, key, query, effort)
        except DamagedError as error:
            self._noticing.note(f"{key}, of {query.user_id}", error)
            return None

    def every(self, view: ReadView, query: AllGroupsQuery) -> GroupsPage:
        low = max(query.cursor.encode() + keys.SEP, keys.GROUPS)
        found, more = self._page(view.scan("profiles", low, keys.LAST), query.limit)
        names = [row.decode() for row, _ in found]
        return GroupsPage(self._group_rows(view, names), names[-1] if more else "")

    def named(self, view: ReadView, query: RoomsQuery) -> GroupsPage:
        return GroupsPage(self._group_rows(view, query.keys), "")

    def kept_alive(self, view: ReadView, query: KeptRoomsQuery) -> GroupsPage:
        low = query.cursor.encode() + keys.SEP if query.cursor else b""
        found, more = self._page(view.scan("kept_rooms", low, keys.LAST), query.limit)
        names = [row.decode() for row, _ in found]
        return GroupsPage(self._group_rows(view, names), names[-1] if more else "")

    def find(self, view: ReadView, query: FindGroupsQuery) -> GroupsPage:
        """GR-09. The longest word that is not the last is looked up; the others are looked for in the names found."""
        exact = group_conversation(query.words)
        first = [] if query.cursor else [exact]
        words = words_of(query.words)
        names, cursor = self._with_words(view, words, query) if words and query.types else ([], "")
        rows = self._group_rows(view, [*first, *(name for name in names if name != exact)])
        return GroupsPage([row for row in rows if _found(row.profile, query.types)], cursor)

    def _with_words(self, view: ReadView, words: list[str], query: FindGroupsQuery) -> tuple[list[str], str]:
        *whole, last = words
        if whole:
            leader = max(whole, key=len).encode()
            low, high = leader + keys.SEP, leader + keys.AFTER_SEP
        else:
            low, high = last.encode(), last.encode() + keys.LAST
        if query.cursor:  # the row of the index that was looked at last
            low = query.cursor.encode() + keys.SEP
        found: list[str] = []
        for looked_at, (row, _) in enumerate(view.scan("words", low, high), 1):
            key = keys.second(row)
            names = self._words_of(view, key)
            begun = [word for word in names if word.startswith(last)]
            # Two words of a name may begin so: it is found at the first of them, on whichever page that is.
            if set(whole) <= set(names) and begun and (whole or row.startswith(min(begun).encode() + keys.SEP)):
                found.append(key)
            if len(found) == query.limit or looked_at == LOOKED_AT_MAX:
                return found, row.decode()
        return found, ""

    def _words_of(self, view: ReadView, key: str) -> list[str]:
        """Of a group's name; none, if it is gone or damaged."""
        try:
            profile = read_profile(view, key)
        except DamagedError as error:
            self._noticing.note(key, error)
            return []
        return words_of(profile.name) if profile is not None else []

    def _group_rows(self, view: ReadView, names: list[str]) -> list[GroupRow]:
        """Rows of a list of groups, without those that are gone or damaged."""
        rows: list[GroupRow] = []
        for key in names:
            try:
                profile, head = read_profile(view, key), read_head(view, key)
            except DamagedError as error:
                self._noticing.note(key, error)
                continue
            if profile is not None:
                rows.append(
                    GroupRow(
                        profile=profile,
                        member_num=head.member_num,
                        newest_seq=head.next_seq - 1,
                        info_seq=head.info_seq,
                        member=None,
                    )
                )
        return rows

    def idle(self, view: ReadView, query: IdleGroupsQuery) -> IdlePage:
        low = max(query.cursor.encode() + keys.SEP, keys.GROUPS)
        found: list[IdleRow] = []
        for looked_at, (row, data) in enumerate(view.scan("profiles", low, keys.LAST), 1):
            key = row.decode()
            try:
                profile = unpack(data, Profile)
                if profile.type in query.types:
                    head = read_head(view, key)
                    changed_ms = max(head.last_info_time_ms, profile.create_time_ms)
                    last_ms = max(head.last_msg_time_ms, changed_ms)
                    found.append(IdleRow(key, profile.type, last_ms, head.member_num, changed_ms))
            except DamagedError as error:  # the other groups are told
                self._noticing.note(key, error)
            if looked_at == query.limit:
                return IdlePage(found, key)
        return IdlePage(found, "")

    def _page(self, rows: Iterator[Row], limit: int) -> tuple[list[Row], bool]:
        """Up to `limit` rows of groups, fewer if they would not fit a frame, and whether there are more."""
        found: list[Row] = []
        room = self._page_bytes
        for row in rows:
            room -= GROUP_ROW_BYTES + ROW_OVERHEAD
            if len(found) == limit or room < 0:
                return found, True
            found.append(row)
        return found, False


def _found(profile: Profile, types: list[str]) -> bool:
    return profile.type in types and profile.active and not profile.importing and not profile.private


def own_row(view: ReadView, key: str, query: JoinedGroupsQuery, effort: Effort) -> GroupRow | None:
    """A group as its member finds it; None if it does not know of it yet (GT-16, GR-08)."""
    profile = read_profile(view, key)
    data = view.get("members", keys.pair(key, query.user_id))
    if profile is None or data is None or not visible(profile, query.user_id):
        return None
    if 0 < profile.ends_ms <= query.now_ms:  # SY-02
        return None
    head, member = read_head(view, key), unpack(data, Member)
    type_ = query.types.get(profile.type)
    unread = 0
    if type_ is not None and type_.stored and type_.unread:
        looker = MemberView(
            view=view,
            key=key,
            profile=profile,
            head=head,
            member=member,
            type_=type_,
            now_ms=query.now_ms,
            effort=effort,
        )
        unread = looker.unread().number
        member = looker.as_read
    waiting = waiting_in(view=view, key=key, member=member, after_ms=query.applied_after_ms, effort=effort)
    return GroupRow(
        profile=profile,
        member_num=head.member_num,
        newest_seq=head.next_seq - 1,
        info_seq=head.info_seq,
        member=member,
        unread=unread,
        applications=waiting,
    )
