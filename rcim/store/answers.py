"""What queries are answered with."""

from __future__ import annotations

import msgspec

from rcim.actor.outcomes import Applied, Marks, Members, Page
from rcim.actor.records import Member, Message, Profile
from rcim.actor.user_records import UserProfile
from rcim.actor.user_results import Profiles, UserFacts
from rcim.store.connection_answers import (
    ConnectionsPage,
    DevicesClosed,
    DevicesPage,
    PresencePage,
    Seen,
)
from rcim.store.health import Health as Health
from rcim.store.live_answers import LiveAnswer
from rcim.store.log_answers import AuditPage, LogChunk, LogExpired, LogFilesPage
from rcim.store.person_answers import ExportPage, SentPage
from rcim.store.push_answers import PushTargets, PushTokensPage, PushUsers


class GroupRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A group in a list; `member` is the asking user's row in it, if it has one."""

    profile: Profile
    member_num: int
    newest_seq: int
    info_seq: int
    member: Member | None
    unread: int = 0
    """GT-19, at most 100 (RX-04)."""
    unstored: bool = False
    """Messages are not stored: what the newest SEQ is, only the group's actor knows (GT-22)."""
    applications: int = 0
    """GR-12: how many wait, if the asking user decides, at most 100."""


class GroupsPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """A page of the user's groups (GR-05). `next` is empty on the last page."""

    groups: list[GroupRow]
    next: str


class SyncRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """RX-03: one conversation, as the user who asks finds it."""

    key: str
    profile: Profile
    member: Member
    newest_seq: int
    first_seq: int
    """The least SEQ that the user may see."""
    last_time_ms: int
    unread: int
    mentions: int
    mention_seq: int
    """The oldest unread message that mentions the user; 0: none does."""
    pinned_ms: int
    removed: bool
    unstored: bool
    altered: list[int]
    """Messages that were changed since the stamp that was asked for."""
    reread: bool
    """More than can be named here."""
    uncounted: bool
    messages: list[Message]
    cleared_seq: int
    unheard: list[tuple[int, int]] = []
    applications: int = 0
    """GR-12: as in GroupRow."""


class SyncPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """A page of a sync. `more`: there are more conversations after the last of these."""

    rows: list[SyncRow]
    gone: list[str]
    """Conversations that the user has left."""
    reset: bool
    """What was asked for can't be told any more: this is everything instead."""
    since: int
    upto: int
    after: tuple[int, str]
    counted: int
    more: bool
    store_id: int = 0


class Found(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """RX-10: a message that was looked for, and its conversation."""

    key: str
    message: Message


class FoundPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """A page of what a search has found (RX-10). With `more` the search goes on after `after`, even if nothing was
    found."""

    found: list[Found]
    after: tuple[str, int]
    more: bool
    history_id: int = 0


class LoginFacts(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """What a login needs: the profile, and the keys of all conversations that the user is in."""

    profile: UserProfile
    conversations: list[str]
    silent: list[str] = []
    """Those of them of which the user wants nothing delivered (RX-01)."""
    stamp: int = 0
    """The number of the last commit when it was read."""
    began_ms: int = 0
    """When the session of this login began (ID-04)."""
    history_id: int = 0
    """Which history the store holds (RX-03)."""
    unseen: bool = False
    """True: nothing is kept of the user, not even that they were ever here (SY-03)."""
    blocked_until_ms: int = 0
    """Until when the user can't log in, wall clock (ID-09); 0: there is no block."""


class IdleRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A group, its type, and when something happened in it last."""

    key: str
    type: str
    last_ms: int
    member_num: int = 0
    changed_ms: int = 0
    """When its data or its members changed last."""


class IdlePage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """A page of groups, by when something happened in them last (GT-11, GT-24). `next` is empty on the last page."""

    rows: list[IdleRow]
    next: str


class EndingsPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """SY-02: conversations that are to end. `next` is empty on the last page."""

    keys: list[str]
    next: bytes


class UniquePage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """C2-02: what there is of conversations that were made for the same users."""

    profile: Profile | None
    """Of the one that is still theirs."""
    taken: list[str]
    """If there is none: the group ids of those that have become others."""


class ConversationRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A conversation that was asked for, as the asking user may know it."""

    profile: Profile
    member_num: int
    members: list[str]
    """Its first members; none, if they were not wanted or the user may not know them (GT-03)."""
    last_msg_time_ms: int
    updated_ms: int
    muted: bool
    """The asking user is a member and wants no push."""
    unstored: bool
    kind: str
    messages: list[Message] = []
    """The last one, if it was wanted and the user may see it."""


class ConversationsPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """What a query over conversations found in those it has looked at."""

    rows: list[ConversationRow]
    count: int
    """How many match, among those that were looked at."""
    more: bool
    """Some of them come after the last row."""
    next: str
    """Not empty: not all were looked at, and it is where to go on."""


class AccountRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Whether a user has an account, in how many groups they are, from when on UserSigs count in ms (ID-09)."""

    user_id: str
    known: bool
    groups: int
    valid_from_ms: int
    system_sender: bool = False
    """It only sends in the app's name (SY-06)."""


class Accounts(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """Accounts that were asked for (ID-09). `online` is filled in by the processes that have the connections."""

    rows: list[AccountRow]
    online: list[str] = []


class Heads(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """The newest SEQ by conversation; 0 where there is no message."""

    newest: dict[str, int]


class UnreadCounts(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """RX-08: unread messages by conversation, of those that have any."""

    counts: dict[str, int]
    more: bool = False
    """Others may have unread messages too: only so many conversations are looked at (RX-04)."""

    @property
    def total(self) -> int:
        """Of all conversations together."""
        return sum(self.counts.values())


class Counted(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """Counters by name."""

    values: dict[str, int]


class MetricRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A figure of a metric (base/metrics.py) with these values of its labels."""

    name: str
    kind: str
    """`counter`, `gauge` or `histogram`."""
    labels: dict[str, str]
    """Label to value, in the order of the metric's labels."""
    value: int
    """Of a histogram the sum of all values; of what is in seconds in microseconds."""
    bounds: list[int] = []
    """Of a histogram, ascending, in the same unit."""
    counts: list[int] = []
    """Of a histogram: how many values are above the bound before and at most at this one; the last, beyond all bounds."""


class Metrics(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """OP-02: figures of the whole server, by name and labels. `missing`: processes that have not answered in time. `next`
    is the first row of the next page; 0: there is none."""

    rows: list[MetricRow]
    missing: int = 0
    next: int = 0


class Figures(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """OP-02: all that a gateway has to say of itself, or what several have together."""

    rows: list[MetricRow]
    """Its metrics."""
    counts: dict[str, int]
    """Its counters, by name: they only grow."""
    levels: dict[str, int]
    """What is as high as it is now, by name."""


class MemberAt(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """AB-08: a user in a conversation; None: the user is not in it."""

    key: str
    user_id: str
    member: Member | None


class MemberRows(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """AB-08: the first of those asked for, as many as fit a frame."""

    rows: list[MemberAt]


Answer = (
    AuditPage
    | Health
    | MemberRows
    | SentPage
    | ExportPage
    | ConnectionsPage
    | Counted
    | Metrics
    | Heads
    | DevicesPage
    | DevicesClosed
    | PresencePage
    | Seen
    | GroupsPage
    | LoginFacts
    | SyncPage
    | UnreadCounts
    | PushTokensPage
    | PushUsers
    | PushTargets
    | FoundPage
    | IdlePage
    | EndingsPage
    | UniquePage
    | ConversationsPage
    | Accounts
    | Page
    | Members
    | Marks
    | UserFacts
    | Profiles
    | Applied
    | LogFilesPage
    | LogChunk
    | LogExpired
    | LiveAnswer
)
