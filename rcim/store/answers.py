"""What queries are answered with."""

from __future__ import annotations

import msgspec

from rcim.actor.outcomes import Applied, Marks, Members, Page, Profiles, UserFacts
from rcim.actor.push_records import PushToken
from rcim.actor.records import Member, Message, Profile
from rcim.actor.user_records import UserProfile
from rcim.base.terms import Platform, Presence
from rcim.rules.devices import Device
from rcim.rules.quiet import QuietHours
from rcim.store.health import Health as Health
from rcim.store.live_answers import LiveAnswer


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
    """GR-05. `next` is empty on the last page."""

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
    """Messages that are others since the stamp that was asked for."""
    reread: bool
    """More than can be named here."""
    uncounted: bool
    messages: list[Message]
    cleared_seq: int
    unheard: list[tuple[int, int]] = []
    applications: int = 0
    """GR-12: as in GroupRow."""


class SyncPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """A page of a sync. `more`: there are more conversations behind the last of these."""

    rows: list[SyncRow]
    gone: list[str]
    """Conversations that the user is in no longer."""
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
    """RX-10. With `more` the search goes on behind `after`, whatever was found."""

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
    """GT-11, GT-24. `next` is empty on the last page."""

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
    """Some of them are behind the last row."""
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
    """ID-09; `online` is filled in by who knows."""

    rows: list[AccountRow]
    online: list[str] = []


class Heads(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """The newest SEQ by conversation; 0 where there is no message."""

    newest: dict[str, int]


class ConnectionRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A connection, for administrators."""

    connection_id: int
    user_id: str
    platform: int
    device_tag: str
    address: str
    age_ms: int
    queued_bytes: int
    agent: str


class DevicesPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """ID-04: a user's devices, the oldest session first."""

    devices: list[Device]


class DevicesClosed(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """ID-04: so many were told to go."""

    count: int


class PresenceRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """ID-07: what a user does, and each of its devices."""

    user_id: str
    state: Presence
    devices: list[tuple[Platform, Presence]]


class Seen(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """ID-07: which users' presence who asks may see."""

    users: list[str]


class PresencePage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """ID-07. `refused`: users of whom no changes are told; `unseen`: those whom who asks may not see, and finds OFFLINE.
    `connection_id` is that of the query."""

    rows: list[PresenceRow]
    refused: list[str]
    unseen: list[str] = []
    connection_id: int = 0


class ConnectionsPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """Connections by id. `next` is 0 on the last page."""

    rows: list[ConnectionRow]
    next: int


class UnreadCounts(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """RX-08: unread messages by conversation, of those that have any."""

    counts: dict[str, int]
    more: bool = False
    """Others may have unread messages too: only so many conversations are looked at (RX-04)."""

    @property
    def total(self) -> int:
        """Of all conversations together."""
        return sum(self.counts.values())


class PushTokensPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """PU-03: the push tokens of a user, by device; as many as fit a frame."""

    tokens: list[PushToken]


class PushUsers(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """PU-01: users who may get a push. `next` is empty on the last page."""

    users: list[str]
    next: str


class PushTarget(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """PU-01: a user who may get a push of a message, and how they are in its conversation."""

    user_id: str
    member: Member
    quiet: QuietHours
    black_listed: bool
    """The sender is on their black list."""
    shown: bool
    """It is a message that they see in history."""
    tokens: list[PushToken]


class PushTargets(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """PU-01: those of the users who are in the conversation and have tokens. `gone`: the message is recalled or
    deleted. `edited`: what it says now, if it is not what was sent."""

    targets: list[PushTarget]
    gone: bool = False
    edited: bytes | None = None


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


class LogFileRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A file of the message log (AB-03). `sha256` is empty as long as nothing is known of it, a few seconds."""

    hour: str
    kind: str
    size: int
    messages: int
    sha256: bytes


class LogFilesPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """A page of them, by hour and kind."""

    rows: list[LogFileRow]
    more: bool


class LogChunk(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """Bytes of a file of the message log."""

    file: LogFileRow
    data: bytes


class LogExpired(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """How many files of the message log were removed."""

    count: int


class SentMessage(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A kept message and its conversation."""

    key: str
    message: Message


class SentPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """AB-06: messages that a user has sent, and behind which row to go on; empty: there are no more."""

    rows: list[SentMessage]
    after: bytes


class ExportPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """AB-06: bytes of the export of a person's data. `next` is empty on the last page."""

    data: bytes
    next: str


class MemberAt(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """AB-08: a user in a conversation; None: the user is not in it."""

    key: str
    user_id: str
    member: Member | None


class MemberRows(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """AB-08: the first of those asked for, as many as fit a frame."""

    rows: list[MemberAt]


class AuditRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A change in the audit log. `about` is JSON: ids of the request, by field. `code`: 0 done, or the error's number;
    4294967295 if no result is written."""

    time_ms: int
    id: str
    user_id: str
    key_id: str
    api: str
    address: str
    request_id: str
    operation: str
    about: str
    code: int


class AuditPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """A page of them, the oldest first. `next` is empty on the last page; a page before it may have no rows."""

    rows: list[AuditRow]
    next: str


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
