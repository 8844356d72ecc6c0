"""The facts for a login (LoginQuery): the conversations that the user is in, and those that they do not want delivered.

A user may be in very many, so memberships are read in steps (scan.py). The answer has the stamp of the first step;
later changes are sent to the waiting login.
"""

from __future__ import annotations

from itertools import islice

from rcim.actor.queries import LoginQuery
from rcim.actor.user_records import UserProfile
from rcim.base.terms import BROADCAST_ALL, MsgFlag
from rcim.rules.conversation_kinds import is_entered_at_login
from rcim.store import keys
from rcim.store.answers import LoginFacts
from rcim.store.backend import DamagedError, ReadView
from rcim.store.broadcasts import is_unseen
from rcim.store.change_index import ChangeIndex
from rcim.store.noticing import Noticing
from rcim.store.scan import SCAN_HEADS, SCAN_ROWS, Scan
from rcim.store.tables import read_head, read_profile, read_stamp, visible
from rcim.store.values import unpack


class LoginScan(Scan):
    """A login query in progress, with the results so far."""

    __slots__ = ("changed", "found", "silent", "stamp")

    def __init__(self, query: LoginQuery, stamp: int) -> None:
        super().__init__(query, query.user_id)
        self.stamp = stamp
        if not (query.pairs or query.since):
            self.low += keys.GROUPS
        self.found: list[str] = []
        self.silent: list[str] = []
        self.changed: list[str] = []
        """One-to-one conversations that have changed."""


class LoginReading:
    """See the module's text."""

    def __init__(self, news: ChangeIndex, history_id: int, noticing: Noticing) -> None:
        self._changes = news
        self._history_id = history_id
        self._noticing = noticing

    def begin(self, view: ReadView, query: LoginQuery) -> LoginFacts | LoginScan:
        """The answer to `query`; or a LoginScan, with which to `go_on`. Raises StoreError."""
        if query.guest:  # who is a member of nothing
            return LoginFacts(UserProfile(), [], history_id=self._history_id)
        return self.go_on(view, LoginScan(query, read_stamp(view)))

    def go_on(self, view: ReadView, scan: LoginScan) -> LoginFacts | LoginScan:
        """One step more: as `begin`."""
        if not self._step(view, scan):
            return scan
        if not scan.query.hidden:
            _read_channels(view, scan)
        data = view.get("users", scan.user_id.encode())
        user = unpack(data, UserProfile) if data else None
        if scan.query.broadcasts:
            own = view.get("memberships", keys.pair(scan.user_id, BROADCAST_ALL))
            scan.found.append(BROADCAST_ALL)
            if own is not None and keys.flag_of(own) == MsgFlag.DISCARD:
                scan.silent.append(BROADCAST_ALL)
        blocked = view.get("app", b"blocked:" + scan.user_id.encode())
        return LoginFacts(
            profile=user or UserProfile(),
            conversations=scan.found + scan.changed,
            silent=scan.silent,
            stamp=scan.stamp,
            began_ms=0,
            history_id=self._history_id,
            unseen=scan.query.broadcasts and is_unseen(view, scan.user_id, user),
            blocked_until_ms=keys.U64.unpack(blocked)[0] if blocked is not None else 0,
        )

    def _step(self, view: ReadView, scan: LoginScan) -> bool:
        """Read the next memberships. True if there are no more."""
        query, start, reads = scan.query, len(scan.user_id.encode() + keys.SEP), 0
        news = self._changes.now
        unknown = query.since < news.since
        rows = list(islice(view.scan("memberships", scan.low, scan.end), SCAN_ROWS))
        for row, value in rows:
            scan.low = row + b"\0"
            key = row[start:].decode()
            if key == BROADCAST_ALL:  # all users are in it
                continue
            try:
                if is_entered_at_login(key) or query.pairs:
                    read = not query.hidden and keys.was_hidden(value)
                    if not read or self._visible(view, key, query.user_id):
                        scan.found.append(key)
                        if keys.flag_of(value) == MsgFlag.DISCARD:
                            scan.silent.append(key)
                else:
                    read = unknown
                    changed = read_head(view, key).changed if unknown else news.stamp(key.encode())
                    if changed > query.since:
                        scan.changed.append(key)
            except DamagedError as error:
                self._noticing.note(f"{key}, of {query.user_id}", error)
                if not is_entered_at_login(key) and query.since:
                    scan.changed.append(key)  # it can't be told to have not changed
            reads += read
            if reads == SCAN_HEADS:
                return False
        return len(rows) < SCAN_ROWS

    @staticmethod
    def _visible(view: ReadView, key: str, user_id: str) -> bool:
        profile = read_profile(view, key)
        return profile is not None and visible(profile, user_id)


def _read_channels(view: ReadView, scan: LoginScan) -> None:
    """UG-02, UG-05: the channels on whose own list the user is, and those of which they want nothing delivered. At most
    as many as all ultra groups of the user may have."""
    low, high = scan.user_id.encode() + keys.SEP, scan.user_id.encode() + keys.AFTER_SEP
    scan.found += [keys.second(row) for row, _ in view.scan("inside", low, high)]
    own = view.scan("own", low, high)
    scan.silent += [keys.second(row) for row, value in own if keys.flag_of(value) == MsgFlag.DISCARD]
