"""Answering queries from one picture of the tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from rcim.actor.outcomes import Marks, MemberRow, Members, Page, Refused
from rcim.actor.queries import (
    AccountsQuery,
    AllGroupsQuery,
    AppliedQuery,
    ChannelsQuery,
    ConversationsQuery,
    EndingsQuery,
    ExportQuery,
    FindGroupsQuery,
    HeadsQuery,
    IdleGroupsQuery,
    JoinedGroupsQuery,
    KeptRoomsQuery,
    LoginQuery,
    MarksQuery,
    MemberRowsQuery,
    MembersQuery,
    MessageQuery,
    MessagesQuery,
    PresenceQuery,
    ProfilesQuery,
    PushTargetsQuery,
    PushTokensQuery,
    PushUsersQuery,
    Query,
    RoomsQuery,
    SearchQuery,
    SentQuery,
    SyncQuery,
    SystemWritersQuery,
    UniqueQuery,
    UnreadQuery,
    UserQuery,
)
from rcim.actor.records import Member, Message, UserRestriction
from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.base.limits import Limits
from rcim.base.terms import BROADCAST_ALL
from rcim.rules.broadcasts import is_shown
from rcim.rules.visibility import is_erased, sight
from rcim.store import keys, unique_rows, unread_counts
from rcim.store.answers import Answer, ConversationsPage, EndingsPage, FoundPage, Heads, LoginFacts, SyncPage
from rcim.store.backend import DamagedError, ReadView, StoreError
from rcim.store.broadcasts import read_viewer, target_of
from rcim.store.change_index import ChangeIndex
from rcim.store.channel_listings import open_channels
from rcim.store.channel_rows import channels_page, member_rows
from rcim.store.connection_answers import Seen
from rcim.store.conversation_queries import ConversationQueries, QueryScan
from rcim.store.endings import due
from rcim.store.group_lists import ROW_OVERHEAD, GroupLists
from rcim.store.login_facts import LoginReading, LoginScan
from rcim.store.member_rows import rows_of
from rcim.store.messages import facts_of
from rcim.store.noticing import Noticing
from rcim.store.people import People
from rcim.store.personal_data import export_page, sent_page
from rcim.store.push_targets import targets_of, users_of
from rcim.store.push_tokens import tokens_page
from rcim.store.scan import Scan
from rcim.store.searching import Searching
from rcim.store.seeing import SeeingScan, go_on
from rcim.store.syncing import Syncing, SyncScan
from rcim.store.system_accounts import writers
from rcim.store.tables import read_head, seq_at
from rcim.store.unique_rows import UniqueScan
from rcim.store.unread_counts import UnreadScan
from rcim.store.values import unpack

FRAME_RESERVE = 2048
"""What a page's frame holds besides its rows."""
SEQ_MAX = (1 << 64) - 1
LOOKED_AT_MAX = 300
"""Rows of the index looked at for one page of a search, of members for one of a role, of marks: two milliseconds."""


class QueryEngine:
    """See the module's text."""

    def __init__(
        self, limits: Limits, news: ChangeIndex, text_of: Callable[[bytes], str], history_id: int, noticing: Noticing
    ) -> None:
        self._noticing = noticing
        self._page_bytes = limits.frame_bytes_max - FRAME_RESERVE
        self._lists = GroupLists(self._page_bytes, noticing)
        self._people = People(limits, self._page_bytes, noticing)
        self._queries = ConversationQueries(self._page_bytes, noticing)
        self._searching = Searching(limits, text_of)
        self._syncing = Syncing(limits, news, history_id, noticing)
        self._logins = LoginReading(news, history_id, noticing)
        self._history_id = history_id

    def answer(self, view: ReadView, query: Query | Scan) -> Answer | Scan | StoreError:
        """The answer to `query`, or the error that concerns it. A Scan says that there is more to do for it: it is to
        be asked in place of the query."""
        try:
            found: Answer | Scan = _ANSWER[type(query)](self, view, query)
            return found
        except StoreError as error:
            asked = getattr(query, "key", "") or getattr(query, "user_id", "")
            self._noticing.note(f"{type(query).__name__} {asked}", error)
            return error

    # -- messages

    def _search(self, view: ReadView, query: SearchQuery) -> FoundPage | Refused:
        if query.history_id not in (0, self._history_id):
            return Refused(
                BAD_PARAMETER, "cursor: the server was restored from a backup since; search again without a cursor"
            )
        found = self._searching.page(view, query)
        if isinstance(found, FoundPage):
            found = msgspec.structs.replace(found, history_id=self._history_id)
        return found

    def _messages(self, view: ReadView, query: MessagesQuery) -> Page:
        first = self._first_seq(view, query)
        viewer = read_viewer(view, query.by) if query.key == BROADCAST_ALL and query.by else None
        if viewer is not None:
            first = max(first, viewer.first_seq)
        low, high = max(query.from_seq, first), query.to_seq
        if query.from_time_ms:
            low = max(low, self._seq_at(view, query, query.from_time_ms))
        if query.to_time_ms:
            high = min(high, self._seq_at(view, query, query.to_time_ms + 1) - 1)
        found: list[Message] = []
        more = False
        room = self._page_bytes
        hides = bool(query.by) and self._hides_any(view, query)
        for data in self._between(view, query, low, high):
            room -= len(data) + ROW_OVERHEAD
            if len(found) == query.limit or (room < 0 and found):
                more = True
                break
            message = unpack(data, Message)
            erased = is_erased(message.seq, query.erased.get(message.sender, 0))
            hidden = hides and view.get("hidden", keys.hidden(query.key, query.by, message.seq)) is not None
            for_user = not query.by or message.is_for(query.by)
            if viewer is not None:
                for_user = is_shown(message.seq, message.time_ms, target_of(message), viewer)
            found.append(message.seen_as(sight(hidden=hidden, for_user=for_user, erased=erased)))
        return Page(query.newest_seq, first, more, found)

    @staticmethod
    def _between(view: ReadView, query: MessagesQuery, low: int, high: int) -> Iterator[bytes]:
        """What is kept of the messages from SEQ `low` to `high`, in the order asked for; with `seqs`, of those."""
        if query.seqs:  # RX-12
            for seq in reversed(query.seqs) if query.backwards else query.seqs:
                data = view.get("messages", keys.message(query.key, seq)) if low <= seq <= high else None
                if data is not None:
                    yield data
        elif low <= high:
            first, end = keys.message(query.key, low), keys.message(query.key, high + 1)
            for _, data in view.scan("messages", first, end, reverse=query.backwards):
                yield data

    def _first_seq(self, view: ReadView, query: MessagesQuery) -> int:
        """GT-22, ST-02: where history begins for who asks. What is too old goes little by little, and is given no more
        before."""
        first = max(query.first_seq, read_head(view, query.key).kept_seq)
        if not query.oldest_ms or first > query.newest_seq:
            return first
        span = view.scan("messages", keys.message(query.key, first), keys.message(query.key, query.newest_seq + 1))
        found = next(iter(span), None)
        if found is not None and facts_of(found[1]).time_ms >= query.oldest_ms:
            return first
        return max(first, self._seq_at(view, query, query.oldest_ms))

    @staticmethod
    def _hides_any(view: ReadView, query: MessagesQuery) -> bool:
        """True if the user has deleted any message for itself (MS-10)."""
        first, last = keys.hidden(query.key, query.by, 0), keys.hidden(query.key, query.by, SEQ_MAX)
        return next(iter(view.scan("hidden", first, last)), None) is not None

    def _message(self, view: ReadView, query: MessageQuery) -> Page:
        data = view.get("messages", keys.message(query.key, query.seq))
        return Page(0, 0, False, [unpack(data, Message)] if data is not None else [])

    @staticmethod
    def _seq_at(view: ReadView, query: MessagesQuery, time_ms: int) -> int:
        return seq_at(view=view, key=query.key, first=query.first_seq, newest=query.newest_seq, time_ms=time_ms)

    # -- members

    def _members(self, view: ReadView, query: MembersQuery) -> Members:
        found: list[MemberRow] = []
        room = self._page_bytes
        last = ""
        for looked_at, (member, size) in enumerate(member_rows(view, query), 1):
            if query.role in (0, member.role):
                made = self._member_row(view, query, member)
                room -= size + ROW_OVERHEAD
                if len(found) == query.limit or room < 0:
                    return Members(found, last)
                found.append(made)
            last = member.user_id
            if looked_at == LOOKED_AT_MAX:
                return Members(found, last)
        return Members(found, "")

    def _marks(self, view: ReadView, query: MarksQuery) -> Marks:
        rows = view.scan("marks", keys.after(query.key, query.cursor), query.key.encode() + keys.AFTER_SEP)
        found: list[UserRestriction] = []
        last = ""
        for looked_at, (_, data) in enumerate(rows, 1):
            mark = unpack(data, UserRestriction)
            if _MARKED[query.which](mark, query):
                if len(found) == query.limit:
                    return Marks(query.which, found, last)
                found.append(mark)
            last = mark.user_id
            if looked_at == LOOKED_AT_MAX:
                return Marks(query.which, found, last)
        return Marks(query.which, found, "")

    @staticmethod
    def _member_row(view: ReadView, query: MembersQuery, member: Member) -> MemberRow:
        wanted = query.own_keys if member.user_id == query.by else query.keys
        data = view.get("marks", keys.pair(query.key, member.user_id))
        muted = unpack(data, UserRestriction).muted_at(query.now_ms) if data else 0
        return MemberRow(member, muted, tuple((k, member.fields[k]) for k in wanted if k in member.fields))

    # -- others

    def _endings(self, view: ReadView, query: EndingsQuery) -> EndingsPage:
        return EndingsPage(*due(view, query.now_ms, query.after, query.limit))

    def _heads(self, view: ReadView, query: HeadsQuery) -> Heads:
        """Those that are damaged are left out."""
        found: dict[str, int] = {}
        for key in query.keys if not query.channels_since else open_channels(view, query.keys):
            try:
                head = read_head(view, key)
            except DamagedError as error:
                self._noticing.note(key, error)
                continue
            if not head.reserved and (not query.channels_since or head.messaged > query.channels_since):
                found[key] = head.next_seq - 1
        return Heads(found)

    def _sync(self, view: ReadView, query: SyncQuery) -> SyncPage | SyncScan:
        return self._syncing.begin(view, query)

    def _sync_on(self, view: ReadView, scan: SyncScan) -> SyncPage | SyncScan:
        return self._syncing.go_on(view, scan)

    # -- conversations

    def _conversations(self, view: ReadView, query: ConversationsQuery) -> ConversationsPage | QueryScan | Refused:
        try:
            return self._queries.begin(view, query)
        except RcimError as error:
            return Refused(error.code, error.detail)

    def _conversations_on(self, view: ReadView, scan: QueryScan) -> ConversationsPage | QueryScan:
        return self._queries.go_on(view, scan)

    # -- users

    def _login(self, view: ReadView, query: LoginQuery) -> LoginFacts | LoginScan:
        return self._logins.begin(view, query)

    def _login_on(self, view: ReadView, scan: LoginScan) -> LoginFacts | LoginScan:
        return self._logins.go_on(view, scan)

    def _presence(self, view: ReadView, query: PresenceQuery) -> Seen | SeeingScan:
        return go_on(view, SeeingScan(query))

    def _presence_on(self, view: ReadView, scan: SeeingScan) -> Seen | SeeingScan:
        return go_on(view, scan)


_MARKED: dict[str, Callable[[UserRestriction, MarksQuery], bool]] = {
    "applied": lambda mark, query: mark.applied_ms > query.applied_after_ms,
    "muted": lambda mark, query: mark.muted_at(query.now_ms) > 0,
    "blocked": lambda mark, query: mark.blocked_until_ms > query.now_ms,
}


_ANSWER: dict[type, Callable[[QueryEngine, ReadView, Any], Any]] = {
    MessagesQuery: QueryEngine._messages,
    MessageQuery: QueryEngine._message,
    MembersQuery: QueryEngine._members,
    MarksQuery: QueryEngine._marks,
    SentQuery: lambda self, view, query: sent_page(view, query),
    ExportQuery: lambda self, view, query: export_page(view, query),
    MemberRowsQuery: lambda self, view, query: rows_of(view, query, self._page_bytes),
    ChannelsQuery: lambda self, view, query: channels_page(view, query),
    JoinedGroupsQuery: lambda self, view, query: self._lists.joined(view, query),
    AllGroupsQuery: lambda self, view, query: self._lists.every(view, query),
    FindGroupsQuery: lambda self, view, query: self._lists.find(view, query),
    IdleGroupsQuery: lambda self, view, query: self._lists.idle(view, query),
    RoomsQuery: lambda self, view, query: self._lists.named(view, query),
    KeptRoomsQuery: lambda self, view, query: self._lists.kept_alive(view, query),
    UserQuery: lambda self, view, query: self._people.facts(view, query),
    ProfilesQuery: lambda self, view, query: self._people.profiles(view, query),
    AccountsQuery: lambda self, view, query: self._people.accounts(view, query),
    SystemWritersQuery: lambda self, view, query: writers(view, query, self._noticing),
    AppliedQuery: lambda self, view, query: self._people.applied(view, query),
    LoginQuery: QueryEngine._login,
    LoginScan: QueryEngine._login_on,
    PresenceQuery: QueryEngine._presence,
    SeeingScan: QueryEngine._presence_on,
    EndingsQuery: QueryEngine._endings,
    UniqueQuery: lambda self, view, query: unique_rows.go_on(view, UniqueScan(query)),
    UniqueScan: lambda self, view, scan: unique_rows.go_on(view, scan),
    HeadsQuery: QueryEngine._heads,
    SyncQuery: QueryEngine._sync,
    SyncScan: QueryEngine._sync_on,
    PushTokensQuery: lambda self, view, query: tokens_page(view, query.user_id, self._page_bytes),
    PushUsersQuery: lambda self, view, query: users_of(view, query),
    PushTargetsQuery: lambda self, view, query: targets_of(view, query, self._noticing),
    UnreadQuery: lambda self, view, query: unread_counts.go_on(self._syncing, view, UnreadScan(query)),
    UnreadScan: lambda self, view, scan: unread_counts.go_on(self._syncing, view, scan),
    SearchQuery: QueryEngine._search,
    ConversationsQuery: QueryEngine._conversations,
    QueryScan: QueryEngine._conversations_on,
}
