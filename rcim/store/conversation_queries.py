"""Queries over conversations (GR-13): which are looked at, which of them match, and the page of the answer.

1. The plan follows from what must hold in any case: named ids are read directly; where users ask for members, their own
   memberships are gone through, and for the app those of a few users that it names; otherwise all profiles are.
2. One query looks at LOOKED_AT_MAX conversations at the most. If there are more, the answer says where to go on.
3. It is done in steps (scan.py), each of about two milliseconds: looking, sorting by one name after the other, reading
   the rows of the page. In between others have their turn, and each step is charged to the asking user.
4. By memberships and by ids the last message comes first unless something else is asked for; all profiles are in the
   order of their ids, and as soon as the page is full the query ends.
"""

from __future__ import annotations

from collections.abc import Iterator

from rcim.actor.outcomes import Refused
from rcim.actor.queries import ConversationsQuery
from rcim.base.errors import BAD_PARAMETER
from rcim.base.terms import group_conversation
from rcim.rules.where import ID, MEMBERS, MUTERS, Group, Op, SortKey, parse_sort, parse_where, required, texts_of
from rcim.rules.where_matching import matches
from rcim.rules.where_values import sort_key
from rcim.store import keys
from rcim.store.answers import ConversationRow, ConversationsPage
from rcim.store.backend import DamagedError, ReadView
from rcim.store.conversation_rows import RowReader
from rcim.store.conversation_subject import ConversationSubject, subject_of
from rcim.store.noticing import Noticing
from rcim.store.scan import Scan

LOOKED_AT_MAX = 5000
"""Conversations that one query looks at."""
STEP_COST = 150
"""Looked at in one step, if nothing about them is costly: 2 ms."""
USERS_MAX = 10
"""Users of `$in` whose memberships are gone through one after the other."""
NEWEST_FIRST = (SortKey("lm", (), True), SortKey("updatedAt", (), True))
NAMED = frozenset({Op.EQ, Op.IN})
WITHIN = frozenset({Op.EQ, Op.IN, Op.ALL})
Key = tuple[int, int | float, str]


class QueryScan(Scan):
    """A query over conversations, and its progress."""

    __slots__ = (
        "at",
        "cut",
        "found",
        "ids",
        "looked_at",
        "order",
        "page",
        "place",
        "read",
        "sorted_by",
        "users",
        "where",
        "whole",
    )

    def __init__(self, query: ConversationsQuery) -> None:
        """Raises RcimError(BAD_QUERY)."""
        super().__init__(query, query.by)
        self.where: Group = parse_where(query.where)
        self.ids, self.users = _plan(self.where, query.by)
        self.order = parse_sort(query.sort) or (() if self.ids is self.users is None else NEWEST_FIRST)
        self.at = 0
        """Which of the users, whose memberships are gone through, it is at."""
        self.place = ""
        """Behind which conversation to go on."""
        self.looked_at = 0
        self.cut = self.whole = False
        """`whole`: all that it looks at was looked at; `cut`: that was not all there is."""
        self.found: list[tuple[str, tuple[Key, ...]]] = []
        self.sorted_by = 0
        """So many of the names that it sorts by, from the last, are done."""
        self.read = 0
        """So many conversations of the page are read."""
        self.page: list[ConversationRow] = []


def _plan(where: Group, by: str) -> tuple[list[str] | None, list[str] | None]:
    """Keys of conversations that are read directly, or users whose memberships are gone through; None for neither."""
    named = required(where, ID, NAMED)
    if named:
        ids = min((texts_of(condition) for condition in named), key=len)
        return sorted({group_conversation(group_id) for group_id in ids}), None
    within = required(where, MEMBERS, WITHIN)
    if by:
        return None, [by] if within or required(where, MUTERS, WITHIN) else None
    best = min((_users(c.op, texts_of(c)) for c in within), key=len, default=[])
    return None, best if 0 < len(best) <= USERS_MAX else None


def _users(op: Op, users: list[str]) -> list[str]:
    """Users one of whom is a member: of `$all`, any of them."""
    return list(dict.fromkeys(users)) if op is Op.IN else users[:1]


class ConversationQueries:
    """See the module's text. `page_bytes` is what the rows of one answer may have."""

    def __init__(self, page_bytes: int, noticing: Noticing) -> None:
        self._rows = RowReader(page_bytes, noticing)
        self._noticing = noticing

    def begin(self, view: ReadView, query: ConversationsQuery) -> ConversationsPage | QueryScan | Refused:
        """The answer to `query`, or a QueryScan with which to `go_on`. Raises StoreError."""
        scan = QueryScan(query)
        if query.cursor and not _read_cursor(scan, query.cursor):
            return Refused(BAD_PARAMETER, "cursor: not a cursor of this query; start again without one")
        return self.go_on(view, scan)

    def go_on(self, view: ReadView, scan: QueryScan) -> ConversationsPage | QueryScan:
        """Take one more step; returns as `begin`."""
        if not scan.whole:
            self._look(view, scan)
            return scan
        if scan.sorted_by < len(scan.order) and not scan.query.counts:
            _sort(scan)
            return scan
        behind = False
        if not scan.query.counts:
            taken, complete = self._rows.step(view, scan.query, _wanted(scan)[scan.read :], scan.page)
            scan.read += taken
            if not complete:
                return scan
            behind = len(scan.found) > scan.query.skip + scan.read
        return ConversationsPage(scan.page, len(scan.found), behind, f"{scan.at} {scan.place}" if scan.cut else "")

    def _look(self, view: ReadView, scan: QueryScan) -> None:
        """Look at the next conversations."""
        query, left = scan.query, float(STEP_COST)
        wanted = query.skip + query.limit if not scan.order and not query.counts else LOOKED_AT_MAX
        for key in _candidates(view, scan):
            if scan.looked_at >= LOOKED_AT_MAX or len(scan.found) >= wanted:
                scan.cut = scan.whole = True
                return
            if left <= 0:
                return
            scan.place = key
            scan.looked_at += 1
            try:
                subject = subject_of(view, query, key)
                if subject is not None and matches(scan.where, subject):
                    scan.found.append((key, _sort_keys(subject, scan.order)))
                left -= subject.cost if subject is not None else 1
            except DamagedError as error:  # the others are found
                self._noticing.note(key, error)
                left -= 1
        scan.whole = True


def _candidates(view: ReadView, scan: QueryScan) -> Iterator[str]:
    """Keys of the conversations that are looked at, from where `scan` is on, each once."""
    if scan.ids is not None:
        yield from (key for key in scan.ids if key > scan.place)
        return
    if scan.users is None:
        low = max(scan.place.encode() + keys.SEP, keys.GROUPS)
        for row, _ in view.scan("profiles", low, keys.LAST):
            yield row.decode()
        return
    while True:
        user_id = scan.users[scan.at]
        low = max(keys.after(user_id, scan.place), user_id.encode() + keys.SEP + keys.GROUPS)
        for row, _ in view.scan("memberships", low, user_id.encode() + keys.AFTER_SEP):
            key = keys.second(row)
            before = (view.get("memberships", keys.pair(one, key)) for one in scan.users[: scan.at])
            if all(found is None for found in before):
                yield key
        if scan.at + 1 == len(scan.users):
            return
        scan.at += 1
        scan.place = ""


def _read_cursor(scan: QueryScan, cursor: str) -> bool:
    """Continue from the cursor; False if it can't be read."""
    at, _, place = cursor.partition(" ")
    if not (at.isascii() and at.isdigit() and len(at) < 3) or int(at) >= len(scan.users or [""]):
        return False
    scan.at, scan.place = int(at), place
    return True


def _sort_keys(subject: ConversationSubject, order: tuple[SortKey, ...]) -> tuple[Key, ...]:
    return tuple(sort_key(subject.value(one.name, one.path)) for one in order)


def _sort(scan: QueryScan) -> None:
    """Sort by one more name, the last one first: what is equal keeps its order."""
    at = len(scan.order) - 1 - scan.sorted_by
    scan.found.sort(key=lambda one: one[1][at], reverse=scan.order[at].descending)
    scan.sorted_by += 1


def _wanted(scan: QueryScan) -> list[str]:
    """The conversations of the page."""
    query = scan.query
    return [key for key, _ in scan.found[query.skip : query.skip + query.limit]]
