"""Queries: what the store, or who holds connections, is asked. The right to it has been checked. A query only reads."""

from __future__ import annotations

from rcim.actor.asks import Asks as Asks
from rcim.actor.asks import TypeFacts as TypeFacts
from rcim.actor.live_queries import LiveLook, LiveQuery
from rcim.actor.log_queries import AuditQuery, LogQuery
from rcim.actor.person_queries import ExportQuery as ExportQuery
from rcim.actor.person_queries import PersonQuery
from rcim.actor.person_queries import SentQuery as SentQuery
from rcim.actor.push_queries import PushTargetsQuery as PushTargetsQuery
from rcim.actor.push_queries import PushTokensQuery as PushTokensQuery
from rcim.actor.push_queries import PushUsersQuery as PushUsersQuery
from rcim.actor.push_queries import UnreadQuery as UnreadQuery


class MessagesQuery(Asks, frozen=True, gc=False):
    """A page of messages, the right to which has been checked: from_seq <= SEQ <= to_seq."""

    key: str
    from_seq: int
    to_seq: int
    limit: int
    backwards: bool
    from_time_ms: int
    to_time_ms: int
    newest_seq: int
    first_seq: int
    by: str = ""
    """Who asks; empty: somebody who may see all (MS-07)."""
    erased: dict[str, int] = {}
    """MS-10: sender to the SEQ up to which its messages are deleted."""
    oldest_ms: int = 0
    """GT-22: older messages are not given any more."""
    seqs: list[int] = []
    """RX-12: only these, ascending; empty: all."""


class MessageQuery(Asks, frozen=True, gc=False):
    """One message as it is kept."""

    key: str
    seq: int
    by: str = ""
    """For whom; empty: the app."""


class MembersQuery(Asks, frozen=True, gc=False):
    """A page of members after `cursor`, by user id, with the custom fields that may be read: `keys` of others,
    `own_keys` of `by` itself."""

    key: str
    cursor: str
    limit: int
    role: int
    """Only members with this role; 0: all."""
    by: str
    keys: list[str]
    own_keys: list[str]
    now_ms: int = 0
    """Mutes that are over by then are not shown (SC-02)."""


class MemberRowsQuery(Asks, frozen=True, gc=False):
    """AB-08: what is kept of users in conversations, by key and user id; as many as fit an answer."""

    rows: list[tuple[str, str]]


class ChannelsQuery(Asks, frozen=True, gc=False):
    """UG-02: the channels of an ultra group that `by` sees; empty: all of them."""

    key: str
    by: str


class MarksQuery(Asks, frozen=True, gc=False):
    """A page of marks after `cursor`, by user id, of those that are `which` (as in ReadMarks) at `now_ms`."""

    key: str
    which: str
    cursor: str
    limit: int
    now_ms: int
    by: str = ""
    """For whom; empty: the app."""
    applied_after_ms: int = 0
    """Applications of before do not wait any more (GR-12)."""


class AppliedQuery(Asks, frozen=True, gc=False):
    """A page of the user's own applications to join groups after `cursor`, by group (GR-12)."""

    user_id: str
    cursor: str
    limit: int
    by: str
    """Who asks; empty: the app."""
    now_ms: int = 0


class JoinedGroupsQuery(Asks, frozen=True, gc=False):
    """A page of the groups of `user_id` after `cursor`, by key."""

    user_id: str
    cursor: str
    limit: int
    types: dict[str, TypeFacts] = {}
    now_ms: int = 0
    by: str = ""
    """Who asks; empty: the app."""
    applied_after_ms: int = 0
    """Applications of before do not wait any more (GR-12)."""


class AllGroupsQuery(Asks, frozen=True, gc=False):
    """A page of all groups after `cursor`, by key."""

    cursor: str
    limit: int


class FindGroupsQuery(Asks, frozen=True, gc=False):
    """GR-09: groups with this id or these words, of the types in `types`, after `cursor`."""

    words: str
    cursor: str
    limit: int
    types: list[str] = []
    """Filled in by who owns the conversations: the types that can be searched now."""


class IdleGroupsQuery(Asks, frozen=True, gc=False):
    """A page of groups after `cursor` of the types in `types`, with when something happened last (GT-11, GT-24)."""

    types: list[str]
    cursor: str
    limit: int


class EndingsQuery(Asks, frozen=True, gc=False):
    """SY-02: temporary conversations that are to end at `now_ms`, from the row `after` of their index on."""

    now_ms: int
    limit: int
    after: bytes = b""


class UniqueQuery(Asks, frozen=True, gc=False):
    """C2-02: the conversations whose group ids begin so."""

    begins: str
    by: str = ""
    """Who asks; empty: the app."""


class RoomsQuery(Asks, frozen=True, gc=False):
    """The groups with these keys, as far as there are any (CR-07)."""

    keys: list[str]


class KeptRoomsQuery(Asks, frozen=True, gc=False):
    """A page of the rooms that are kept alive after `cursor`, by key (CR-04)."""

    cursor: str
    limit: int


class UserQuery(Asks, frozen=True, gc=False):
    """The profile of a user, with those custom fields that `who` (a standing) may read; `own`: they are the reader's."""

    user_id: str
    who: int
    own: bool
    by: str = ""
    """Who asks; empty: the app."""


class ProfilesQuery(Asks, frozen=True, gc=False):
    """The profiles of these users, as many as fit one answer, with those custom fields that `who` (a standing) may read
    (AB-05)."""

    users: list[str]
    who: int
    by: str
    """Who asks; empty: the app."""


class AccountsQuery(Asks, frozen=True, gc=False):
    """Which of `users` have accounts, and in how many groups they are (ID-09)."""

    users: list[str]


class ConnectionsQuery(Asks, frozen=True, gc=False):
    """Connections with ids above `after_id`, up to `limit`, by id; only those of `user_id` unless empty."""

    after_id: int
    limit: int
    user_id: str


class OnlineQuery(Asks, frozen=True, gc=False):
    """Which users are online in the conversation."""

    key: str


class WhoIsOnlineQuery(Asks, frozen=True, gc=False):
    """Which of these users are online."""

    users: list[str]


class DevicesQuery(Asks, frozen=True, gc=False):
    """ID-04: which devices of the user are logged in."""

    user_id: str


class PresenceQuery(Asks, frozen=True, gc=False):
    """ID-07: what these users do now. `refused` and `connection_id` are handed on."""

    users: list[str]
    refused: list[str] = []
    by: str = ""
    """Who asks, and may not see all; empty: the app, or the server itself."""
    shared: bool = False
    """True: only those who are in a conversation with `by`."""
    connection_id: int = 0
    """Not 0: which connection wants to be told of changes."""


class HeadsQuery(Asks, frozen=True, gc=False):
    """The newest SEQ of each of these conversations."""

    keys: list[str]
    channels_since: int = 0
    """Not 0: they are ultra groups, and what is asked for are their public channels in which something was said by
    commits with a higher stamp (UG-02)."""


class CountersQuery(Asks, frozen=True, gc=False):
    """All counters of the server."""


class FiguresQuery(Asks, frozen=True, gc=False):
    """The metrics and the counters of a gateway at once: so both are kept from the same moment, if it ends (OP-02)."""


class MetricsQuery(Asks, frozen=True, gc=False):
    """OP-02: the figures of all metrics, as many as fit into `bytes_max`, from this row on. What is counted meanwhile
    does not move rows: pages after the first are of the figures that the first was of, unless others have asked since."""

    after: int = 0
    bytes_max: int = 0
    """0: all of them at once."""


class HealthQuery(Asks, frozen=True, gc=False):
    """The health checks of all processes of the server (OP-04)."""


class LoginQuery(Asks, frozen=True, gc=False):
    """What a login needs: the user's profile and the keys of its groups."""

    user_id: str
    guest: bool = False
    """True: it is a guest, who has no account and is a member of nothing (ID-06)."""
    hidden: bool = False
    """True: also those that it does not know of yet."""
    pairs: bool = False
    """True: one-to-one conversations too, of which there may be very many."""
    since: int = 0
    """Not 0: those of them that have changed by commits with a higher stamp."""
    broadcasts: bool = False
    """True: also the conversation of broadcasts, which every user is in (SY-03)."""


class SyncQuery(Asks, frozen=True, gc=False):
    """RX-03: a page of what has changed for a user between two stamps, the newest first."""

    user_id: str
    since: int
    """What was changed by commits with a higher stamp; 0: everything."""
    upto: int
    """And not a higher one than this; 0: than now."""
    after: tuple[int, str] = (0, "")
    """Behind the conversation with this stamp and key."""
    counted: int = 0
    """So many conversations had unread messages on the pages before (RX-04)."""
    limit: int = 100
    store_id: int = 0
    """That of the store that the stamps are of."""
    messages: int = 0
    """RX-04: so many of the newest unread messages with each; 0: only the last message."""
    types: dict[str, TypeFacts] = {}
    now_ms: int = 0
    applied_after_ms: int = 0
    """Applications of before do not wait any more (GR-12)."""


class SearchQuery(Asks, frozen=True, gc=False):
    """RX-10: messages with all of `words` in them, and by `sender` unless it is empty, from the newest to the oldest."""

    user_id: str
    admin: bool
    conversation: str
    """Empty: in all that the user is in."""
    words: list[str]
    sender: str
    from_time_ms: int
    to_time_ms: int
    after: tuple[str, int]
    """In the conversation with this key below this SEQ, and in those behind it."""
    limit: int
    types: dict[str, TypeFacts] = {}
    now_ms: int = 0
    history_id: int = 0
    """Of which history `after` is; 0: it is the beginning."""


class ConversationsQuery(Asks, frozen=True, gc=False):
    """A page of the conversations that are what `where` says, of those that `by` may know of (rules/where.py)."""

    by: str
    """Who asks; empty: the app, which may know of all."""
    where: str
    sort: str
    skip: int
    limit: int
    cursor: str = ""
    compact: bool = False
    """Rows name no members."""
    last_message: bool = False
    """Rows have the last message."""
    counts: bool = False
    """Only the number of conversations is wanted."""
    types: dict[str, TypeFacts] = {}
    now_ms: int = 0
    open_types: list[str] = []
    """Filled in, as the others here, by who owns the conversations: types that can be searched (GT-01)."""
    listing_types: list[str] = []
    """Types whose members may see who is in (GT-03)."""


class SystemWritersQuery(Asks, frozen=True, gc=False):
    """A page of the users who have written to a system account (SY-01), after the conversation `cursor`."""

    account: str
    cursor: str
    limit: int


Look = (
    ConnectionsQuery
    | CountersQuery
    | FiguresQuery
    | HealthQuery
    | MetricsQuery
    | OnlineQuery
    | WhoIsOnlineQuery
    | LiveLook
)
"""Answered by who holds connections; the others by the store."""

Query = (
    MessagesQuery
    | MessageQuery
    | MembersQuery
    | MemberRowsQuery
    | MarksQuery
    | ChannelsQuery
    | JoinedGroupsQuery
    | AllGroupsQuery
    | FindGroupsQuery
    | IdleGroupsQuery
    | EndingsQuery
    | UniqueQuery
    | RoomsQuery
    | KeptRoomsQuery
    | UserQuery
    | ProfilesQuery
    | AppliedQuery
    | AccountsQuery
    | LoginQuery
    | MetricsQuery
    | HeadsQuery
    | DevicesQuery
    | PresenceQuery
    | SyncQuery
    | SearchQuery
    | ConversationsQuery
    | SystemWritersQuery
    | UnreadQuery
    | PushTokensQuery
    | PushUsersQuery
    | PushTargetsQuery
    | LogQuery
    | AuditQuery
    | PersonQuery
    | LiveQuery
    | Look
)
