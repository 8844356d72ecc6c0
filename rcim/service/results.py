"""The results of operations: those of actors, the answers of the store, and what is added to some of them here.

Adapters take all result types from this module.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from rcim.actor.api_keys import ApiKey, KeyCreated, KeyFound, KeysPage
from rcim.actor.outbox_results import (
    ConsumerRow,
    Consumers,
    DeadLetterPage,
    DeadLettersDropped,
    DeadLettersRetried,
    Replayed,
)
from rcim.actor.outcomes import (
    Added,
    Altered,
    AnyResult,
    Applied,
    AttributeNames,
    AttributesPage,
    AttributesSet,
    BroadcastSent,
    Channels,
    Created,
    Done,
    Edited,
    ErasedSome,
    Imported,
    Info,
    Invitations,
    Joined,
    Marks,
    MemberRow,
    Members,
    MembersSet,
    Page,
    PushLevels,
    Read,
    Receipts,
    Refused,
    Sent,
    Synced,
    SystemSending,
    SystemSent,
    SystemWriter,
    SystemWriters,
    Traced,
    TrimmedTo,
)
from rcim.actor.records import Message
from rcim.actor.reload_results import Reloaded, SettingChange
from rcim.actor.user_records import UserProfile
from rcim.actor.user_results import (
    BlockedUsers,
    Flow,
    Invalidated,
    ListAltered,
    Listed,
    MutedUsers,
    Profiles,
    Types,
    UserFacts,
)
from rcim.store.answers import (
    Accounts,
    Answer,
    ConversationRow,
    ConversationsPage,
    Counted,
    FoundPage,
    GroupRow,
    GroupsPage,
    MemberAt,
    MemberRows,
    MetricRow,
    Metrics,
    SyncPage,
    SyncRow,
    UnreadCounts,
)
from rcim.store.connection_answers import ConnectionsPage, DevicesClosed, DevicesPage, PresencePage, PresenceRow
from rcim.store.health import Health, HealthRow, is_ready
from rcim.store.live_answers import (
    ConversationActivity,
    HotPage,
    HotRow,
    ProcessesPage,
    ProcessRow,
    SenderRow,
    SlowPage,
    SlowRow,
)
from rcim.store.log_answers import AuditPage, LogChunk, LogExpired, LogFileRow, LogFilesPage
from rcim.store.person_answers import ExportPage
from rcim.store.push_answers import PushTokensPage


class GroupFacts(msgspec.Struct, frozen=True, gc=False):
    """GR-03: a group's profile and the number of members who are online."""

    info: Info
    online_num: int


class TracedMessage(msgspec.Struct, frozen=True, gc=False):
    """The trace of a message, and the number of members of its conversation who are online."""

    traced: Traced
    online_num: int


class SyncedGroups(msgspec.Struct, frozen=True, gc=False):
    """GR-10: for each group its key, whether the user is in it now, and an error code or 0. `more` groups are omitted."""

    results: Sequence[tuple[str, bool, int]]
    more: int


Result = AnyResult | Answer | GroupFacts | TracedMessage | SyncedGroups
"""The result of any operation; Refused: it was not done."""


def plain(value: Any) -> Any:
    """A result or delivery as dicts by field name, lists and scalars, for adapters of formats like JSON."""
    if isinstance(value, msgspec.Struct):
        return {name: plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return value


class Requester(Protocol):
    """Sends requests. `answer` is called once for each request, in the loop's thread, in the order of commits."""

    def answer(self, token: int, result: Result) -> None:
        """The request with this token has its result."""

    def mailbox_drained(self, key: str) -> None:
        """A command that found no room may find some now (`Service.retry`)."""


__all__ = [
    "Accounts",
    "Added",
    "Altered",
    "Answer",
    "AnyResult",
    "ApiKey",
    "Applied",
    "AttributeNames",
    "AttributesPage",
    "AttributesSet",
    "AuditPage",
    "BlockedUsers",
    "BroadcastSent",
    "Channels",
    "ConnectionsPage",
    "ConsumerRow",
    "Consumers",
    "ConversationActivity",
    "ConversationRow",
    "ConversationsPage",
    "Counted",
    "Created",
    "DeadLetterPage",
    "DeadLettersDropped",
    "DeadLettersRetried",
    "DevicesClosed",
    "DevicesPage",
    "Done",
    "Edited",
    "ErasedSome",
    "ExportPage",
    "Flow",
    "FoundPage",
    "GroupFacts",
    "GroupRow",
    "GroupsPage",
    "Health",
    "HealthRow",
    "HotPage",
    "HotRow",
    "Imported",
    "Info",
    "Invalidated",
    "Invitations",
    "Joined",
    "KeyCreated",
    "KeyFound",
    "KeysPage",
    "ListAltered",
    "Listed",
    "LogChunk",
    "LogExpired",
    "LogFileRow",
    "LogFilesPage",
    "Marks",
    "MemberAt",
    "MemberRow",
    "MemberRows",
    "Members",
    "MembersSet",
    "Message",
    "MetricRow",
    "Metrics",
    "MutedUsers",
    "Page",
    "PresencePage",
    "PresenceRow",
    "ProcessRow",
    "ProcessesPage",
    "Profiles",
    "PushLevels",
    "PushTokensPage",
    "Read",
    "Receipts",
    "Refused",
    "Reloaded",
    "Replayed",
    "Requester",
    "Result",
    "SenderRow",
    "Sent",
    "SettingChange",
    "SlowPage",
    "SlowRow",
    "SyncPage",
    "SyncRow",
    "Synced",
    "SyncedGroups",
    "SystemSending",
    "SystemSent",
    "SystemWriter",
    "SystemWriters",
    "Traced",
    "TracedMessage",
    "TrimmedTo",
    "Types",
    "UnreadCounts",
    "UserFacts",
    "UserProfile",
    "is_ready",
]
