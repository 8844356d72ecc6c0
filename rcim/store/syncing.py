"""What has changed for a user since it was last told (RX-03, RX-04), and how much of it is unread (RX-08).

1. Every commit has a number, its stamp. A conversation carries the stamp of its last change for all, a membership that
   of the last change of the user's own. What is asked for is what lies between two stamps; pages of it agree although
   there is more news meanwhile, which the next sync brings.
2. Which conversations those are is known in memory (change_index.py); of what was before this start their heads are
   looked at.
   What is read beyond that is read for conversations with news alone.
3. No sync keeps others waiting: a user's memberships are looked at in steps, and a page ends when enough was looked at
   for its rows (member_view.py); its cursor goes on.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from itertools import islice
from operator import itemgetter
from typing import NamedTuple

from rcim.actor.queries import SyncQuery
from rcim.actor.records import Member, Profile, bare_profile
from rcim.actor.unheard import stretches
from rcim.base.ids import is_guest
from rcim.base.limits import Limits
from rcim.base.terms import BROADCAST_ALL, Role
from rcim.rules.built_in_types import PAIR
from rcim.rules.conversation_kinds import CHANNEL_MARK, ULTRA, is_channel, is_created, kind_of, parent_of
from rcim.rules.conversation_kinds import PAIR as PAIR_KIND
from rcim.store import keys
from rcim.store.answers import SyncPage, SyncRow
from rcim.store.backend import DamagedError, ReadView
from rcim.store.change_index import ChangeIndex
from rcim.store.channel_listings import Listing
from rcim.store.channel_rows import gone_since, is_open, parent_member
from rcim.store.eyes import eyes_of, seen_by
from rcim.store.long_keys import kept
from rcim.store.member_view import EFFORT, LOOKED_AT_MAX, NO_TYPE, Effort, Unread, message_bytes, waiting_in
from rcim.store.noticing import Noticing
from rcim.store.scan import SCAN_HEADS, SCAN_ROWS, Scan
from rcim.store.tables import Row, read_forgotten, read_head, read_profile, read_stamp
from rcim.store.values import Head, ListEntry, unpack

COUNTED_MAX = 50
"""RX-04: conversations of a sync that have any unread messages."""
ALTERED_MAX = 50
GONE_MAX = 500
LEFT_LOOKED_AT = 5000
"""Conversations that the user has left within days (`changes_kept_days`), looked at for one sync: 3 ms. With more of them
everything is told."""
_ULTRA, _MARK = ULTRA.prefix.encode(), CHANNEL_MARK.encode()
STAMP_MAX = (1 << 64) - 1
ROW_BYTES = 900
"""What a row has at the most in a frame, besides its messages."""
FIXED_BYTES = 160
"""What it has of that but for names and altered messages."""
NO_PAIR = bare_profile(PAIR.name)
"""Of a one-to-one conversation before its first message."""


def _member_of_pair(user_id: str) -> Member:
    """One of the two of a one-to-one conversation in which nothing is kept yet."""
    return Member(
        user_id=user_id, role=Role.MEMBER, join_time_ms=0, joined_seq=0, name_card="", msg_flag=PAIR.msg_flag
    )


class Candidate(NamedTuple):
    """A conversation with news, and from when they are."""

    stamp: int
    key: str
    head: Head | None
    chosen: ListEntry | None


class SyncScan(Scan):
    """A sync that is looking for what has changed. `low` is the next row to look at also of what the user has said of
    conversations."""

    __slots__ = ("bases", "done", "ended", "found", "reset", "since", "upto")

    def __init__(self, query: SyncQuery, since: int, upto: int, reset: bool) -> None:
        super().__init__(query, query.user_id)
        self.since = since
        self.upto = upto
        self.reset = reset
        self.found: list[Candidate] = []
        self.bases: dict[str, Member | None] = {}
        """What the user is in ultra groups, by key, as far as their channels were looked at."""
        self.ended: list[str] = []
        """Channels that have ended since, or have become private (UG-02, UG-05)."""
        self.done = False

    def again(self) -> SyncScan:
        """From the beginning, for everything: it can't be told what has changed."""
        return SyncScan(self.query, 0, self.upto, True)


class Syncing:
    """See the module's text."""

    def __init__(self, limits: Limits, news: ChangeIndex, history_id: int, noticing: Noticing) -> None:
        self._noticing = noticing
        self._page_bytes = limits.frame_bytes_max - 4096
        self._changes = news
        self._history_id = history_id

    def begin(self, view: ReadView, query: SyncQuery) -> SyncPage | SyncScan:
        """The answer to `query`; or a SyncScan, with which to `go_on`. Raises StoreError."""
        stamp = read_stamp(view)
        reset = query.since > stamp or query.upto > stamp  # of another store, as one that was restored
        reset = reset or 0 < query.since < read_forgotten(view)
        reset = reset or (query.since > 0 and query.store_id != self._history_id)
        reset = reset or 0 < query.since < self._unpinned_forgotten(view, query.user_id)
        since, upto = (0, stamp) if reset else (query.since, query.upto or stamp)
        return self.go_on(view, SyncScan(query, since, upto, reset))

    def go_on(self, view: ReadView, scan: SyncScan) -> SyncPage | SyncScan:
        """One step more: as `begin`."""
        self._step(view, scan)
        if not scan.done:
            return scan
        gone: list[str] = []
        if scan.since and scan.query.after == (0, ""):
            found = self._gone(view, scan)
            gone = list(dict.fromkeys([*(found or ()), *scan.ended]))
            if found is None or len(gone) > GONE_MAX:
                return scan.again()
        return self._page(view, scan, gone)

    def _page(self, view: ReadView, scan: SyncScan, gone: list[str]) -> SyncPage:
        """What was found, as much of it as one page holds, the newest first. Of some there may be nothing to show: a page
        with `more` may be empty."""
        query, found = scan.query, scan.found
        found.sort(key=lambda c: (c.stamp, c.key), reverse=True)
        if not scan.reset and query.after != (0, ""):
            found = [c for c in found if (c.stamp, c.key) < query.after]
        rows: list[SyncRow] = []
        after, counted = query.after, 0 if scan.reset else query.counted
        room = self._page_bytes - sum(len(key.encode()) + 1 for key in gone)
        effort, more = Effort(EFFORT), False
        for candidate in found:
            if len(rows) == query.limit or effort.left <= 0 or (rows and room < self._page_bytes // 4):
                more = True
                break
            try:
                row = self._row(
                    view=view,
                    query=query,
                    candidate=candidate,
                    since=scan.since,
                    counts=counted < COUNTED_MAX,
                    room=room,
                    effort=effort,
                    bases=scan.bases,
                )
            except DamagedError as error:  # the other conversations are told
                self._noticing.note(f"{candidate.key}, of {query.user_id}", error)
                row = None
            if row is None:
                after = (candidate.stamp, candidate.key)
                continue
            used = _bytes_of(row)
            if rows and used > room:
                more = True
                break
            room -= used
            counted += row.unread > 0
            rows.append(row)
            after = (candidate.stamp, candidate.key)
        return SyncPage(
            rows=rows,
            gone=gone,
            reset=scan.reset,
            since=scan.since,
            upto=scan.upto,
            after=after,
            counted=counted,
            more=more,
            store_id=self._history_id,
        )

    def _step(self, view: ReadView, scan: SyncScan) -> None:
        """Look at the next memberships, and at what the user has said of conversations up to there."""
        user, since, upto = scan.user_id.encode() + keys.SEP, scan.since, scan.upto
        end = scan.end
        rows = list(islice(view.scan("memberships", scan.low, end), SCAN_ROWS))
        following = rows[-1][0] + b"\0" if len(rows) == SCAN_ROWS else end
        chosen = self._said(view, scan, following)
        news = self._changes.now
        known = 0 < since >= news.since
        start, told, changed = len(user), keys.U64.pack(since), news.stamp
        heads = 0
        ultra = _ultra_groups(rows, user)
        for row, value in rows:
            name = row[start:]
            if ultra and row in ultra:
                heads += self._channels_of(view, scan, name)
            said = chosen.pop(name, None) if chosen else None
            # Of most conversations this is all that is done.
            if known and value[1:] <= told and changed(name) <= since and (said is None or said.stamp <= since):
                continue
            key = name.decode()
            if key == BROADCAST_ALL:  # looked at by itself, for every user
                continue
            own = max(keys.stamp_of(value), said.stamp if said is not None else 0)
            try:
                head = read_head(view, key)
            except DamagedError as error:
                self._noticing.note(f"{key}, of {scan.user_id}", error)
                continue
            stamp = max(own, head.changed)
            if since < stamp <= upto or since == 0 == stamp:
                scan.found.append(Candidate(stamp, key, head, said))
            heads += 1
            if heads >= SCAN_HEADS and row is not rows[-1][0]:
                following = row + b"\0"
                break
        chosen.pop(BROADCAST_ALL.encode(), None)
        for name, said in chosen.items():  # what the user is no member of: there is nothing of it but its pin
            wanted = since < said.stamp <= upto and bool(since or said.pinned_ms)
            if wanted and kept(user + name) < kept(following) and not is_created(name.decode()):
                scan.found.append(Candidate(said.stamp, name.decode(), Head(), said))
        scan.low, scan.done = following, following == end
        if scan.done:
            self._broadcasts(view, scan)

    def _broadcasts(self, view: ReadView, scan: SyncScan) -> None:
        """SY-03: what is new of broadcasts, for any user, although nothing was written for them."""
        since, upto, user_id = scan.since, scan.upto, scan.user_id
        try:
            head = read_head(view, BROADCAST_ALL)
            if head.next_seq == 1 or is_guest(user_id):
                return
            own = keys.pair(user_id, BROADCAST_ALL)
            row, said_data = view.get("memberships", own), view.get("chosen", own)
            said = unpack(said_data, ListEntry) if said_data is not None else None
        except DamagedError as error:
            self._noticing.note(f"{BROADCAST_ALL}, of {user_id}", error)
            return
        own_stamp = max(keys.stamp_of(row) if row is not None else 0, said.stamp if said is not None else 0)
        stamp = max(own_stamp, head.changed)
        if since < stamp <= upto or since == 0 == stamp:
            scan.found.append(Candidate(stamp, BROADCAST_ALL, head, said))

    def _channels_of(self, view: ReadView, scan: SyncScan, group: bytes) -> int:
        """UG-02: note the channels of an ultra group of the user that have news, and return how many it has. They have no
        membership: 50 at most are looked at, of which most have none. What is damaged keeps nobody from the others."""
        count = 0
        for row, value in view.scan("channels", group + keys.SEP, group + keys.AFTER_SEP):
            count += 1
            name = group + _MARK + row[len(group) + 1 :]
            try:
                if not (value and self._is_gone(view, scan, name.decode(), Listing.unpack(value))):
                    self._channel(view, scan, name)
            except DamagedError as error:
                self._noticing.note(f"{name.decode()}, of {scan.user_id}", error)
        return count

    def _channel(self, view: ReadView, scan: SyncScan, name: bytes) -> None:
        """Note the channel with this key if it has news. Raises DamagedError."""
        news, user, since = self._changes.now, scan.user_id.encode() + keys.SEP, scan.since
        own, chosen = view.get("own", user + name), view.get("chosen", user + name)
        said = unpack(chosen, ListEntry) if chosen is not None else None
        stamp = max(keys.stamp_of(own) if own else 0, said.stamp if said is not None else 0)
        if 0 < since >= news.since and stamp <= since and news.stamp(name) <= since:
            return
        head = read_head(view, name.decode())
        stamp = max(stamp, head.changed)
        if since < stamp <= scan.upto or since == 0 == stamp:
            scan.found.append(Candidate(stamp, name.decode(), head, said))

    @staticmethod
    def _is_gone(view: ReadView, scan: SyncScan, key: str, listing: Listing) -> bool:
        """UG-02, UG-05: note a channel that the user saw, and has lost with all others or with most. True if it has
        ended."""
        since, base = scan.since, None
        if listing.closed > since:
            base = parent_member(view, parent_of(key), scan.user_id, scan.bases)
        if since and gone_since(view, key, listing, since, base, scan.user_id):
            scan.ended.append(key)
        return listing.ended > 0

    def _said(self, view: ReadView, scan: SyncScan, upto: bytes) -> dict[bytes, ListEntry]:
        """What the user has said of conversations from where `scan` is up to there; of one where that is damaged,
        nothing."""
        start = len(scan.user_id.encode() + keys.SEP)
        found: dict[bytes, ListEntry] = {}
        for row, data in view.scan("chosen", max(scan.low, keys.after_none(scan.user_id)), upto):
            try:
                found[row[start:]] = unpack(data, ListEntry)
            except DamagedError as error:
                self._noticing.note(f"what {scan.user_id} has said of {keys.second(row)}", error)
        return found

    def _unpinned_forgotten(self, view: ReadView, user_id: str) -> int:
        """Up to which stamp it is forgotten what the user has unpinned of which there was nothing else (RX-09); up to
        any, if that is damaged."""
        try:
            data = view.get("chosen", keys.pair(user_id, ""))
            return unpack(data, ListEntry).stamp if data else 0
        except DamagedError as error:
            self._noticing.note(f"what {user_id} has unpinned", error)
            return STAMP_MAX

    @staticmethod
    def _gone(view: ReadView, scan: SyncScan) -> list[str] | None:
        """What the user is in no longer; None if it is too much to tell, or to look at."""
        low, high = scan.user_id.encode() + keys.SEP, scan.user_id.encode() + keys.AFTER_SEP
        found: list[str] = []
        for looked_at, (row, value) in enumerate(view.scan("left", low, high)):
            if looked_at == LEFT_LOOKED_AT or len(found) > GONE_MAX:
                return None
            key = keys.second(row)
            taken_off = scan.since < keys.U64.unpack_from(value)[0] <= scan.upto
            if taken_off and not (is_channel(key) and is_open(view, key, scan.user_id)):
                found.append(key)
        return found if len(found) <= GONE_MAX else None

    def _row(
        self,
        view: ReadView,
        query: SyncQuery,
        candidate: Candidate,
        since: int,
        counts: bool,
        room: int,
        effort: Effort,
        bases: dict[str, Member | None],
    ) -> SyncRow | None:
        effort.left -= 1
        key = candidate.key
        found = self._seen(view, query.user_id, candidate, bases)
        if found is None:
            return None
        profile, member, head = found
        if 0 < profile.ends_ms <= query.now_ms:  # SY-02
            return None
        type_ = query.types.get(profile.type, NO_TYPE)
        if not type_.listed:  # GT-27
            return None
        chosen = candidate.chosen or ListEntry(0)
        looker = eyes_of(view, key, profile, head, member, type_, now_ms=query.now_ms, effort=effort)
        unread = Unread(0, 0, 0, [])
        if counts and type_.unread and type_.stored:
            unread = looker.unread(query.messages, room - ROW_BYTES)
        messages = unread.newest if query.messages else looker.last(room - ROW_BYTES)
        altered, reread = self._altered(
            view=view, key=key, user_id=query.user_id, since=since, first=looker.first, effort=effort
        )
        return SyncRow(
            key=key,
            profile=profile,
            member=looker.as_read,
            newest_seq=head.next_seq - 1 if type_.stored else 0,
            first_seq=looker.first,
            last_time_ms=max(head.last_msg_time_ms, profile.create_time_ms),
            unread=unread.number,
            mentions=unread.mentions,
            mention_seq=unread.mention_seq,
            pinned_ms=chosen.pinned_ms,
            removed=type_.stored and bool(chosen.removed) and not looker.has_come_since(chosen, head),
            unstored=not type_.stored,
            altered=altered,
            reread=reread,
            uncounted=not (type_.unread and type_.stored),
            messages=messages,
            cleared_seq=member.cleared_seq,
            unheard=stretches(member),
            applications=waiting_in(
                view=view, key=key, member=member, after_ms=query.applied_after_ms, effort=effort
            ),
        )

    @staticmethod
    def _seen(
        view: ReadView, user_id: str, candidate: Candidate, bases: dict[str, Member | None]
    ) -> tuple[Profile, Member, Head] | None:
        """The conversation as the user is in it; None if the user sees nothing of it."""
        key = candidate.key
        profile, head = read_profile(view, key), candidate.head or read_head(view, key)
        member: Member | None
        if profile is None and kind_of(key) is PAIR_KIND:
            profile, member = NO_PAIR, _member_of_pair(user_id)
        else:
            member = seen_by(view, key, user_id, profile, head, bases=bases)
        if profile is None or member is None:
            return None
        if not is_created(key) and member.join_time_ms and head.next_seq - 1 <= member.cleared_seq:
            return None  # it was that of an account with this id which is deleted (ID-09)
        return profile, member, head

    @staticmethod
    def _altered(
        view: ReadView, key: str, user_id: str, since: int, first: int, effort: Effort
    ) -> tuple[list[int], bool]:
        """MS-10: which messages are others since then; True if they are too many to name."""
        if not since:
            return [], False
        found: dict[int, None] = {}
        low, high = keys.altered(key, since + 1, 0), key.encode() + keys.AFTER_SEP
        for looked_at, (row, whose) in enumerate(view.scan("altered", low, high)):
            seq = keys.U64.unpack(row[-8:])[0]
            effort.left -= 1
            if looked_at == LOOKED_AT_MAX:
                return [], True
            if whose and whose.decode() != user_id:
                continue
            if not seq or len(found) == ALTERED_MAX:
                return [], True
            if seq >= first:
                found[seq] = None
        return sorted(found), False


def _ultra_groups(rows: Sequence[Row], user: bytes) -> frozenset[bytes]:
    """Those of these memberships of the user that are in ultra groups; `rows` are in the order of keys."""
    first = bisect_left(rows, user + _ULTRA, key=itemgetter(0))
    last = bisect_left(rows, user + _ULTRA + keys.LAST, first, key=itemgetter(0))
    return frozenset(row for row, _ in rows[first:last])


def _bytes_of(row: SyncRow) -> int:
    named = len(row.profile.name.encode()) + len(row.profile.face_url.encode()) + len(row.key.encode())
    return FIXED_BYTES + named + 12 * len(row.altered) + 18 * len(row.unheard) + sum(map(message_bytes, row.messages))
