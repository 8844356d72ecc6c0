"""Answers about what the running server does now (OP-02)."""

from __future__ import annotations

import msgspec

SERVER = "server"
"""The name of a process that has both connections and conversations."""


class SenderRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A user who sent to a conversation in the last minute, and how many messages."""

    user_id: str
    messages: int


class HotRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A conversation in memory."""

    conversation: str
    kind: str
    type: str
    members: int
    """0 where its members are not all in memory."""
    online: int
    """Users who hear it; a user with connections to two gateways counts twice."""
    in_10s: int
    """Messages that passed in about the last 10 s; `in_60s`: in the last minute."""
    in_60s: int
    seq: int
    """The newest SEQ."""
    offered: int
    """Messages offered since it was loaded; `withheld`: those of them that frequency control held back (FC-08)."""
    withheld: int
    waiting: int
    """Commands in its mailbox, and messages that wait for their place."""
    deliveries: int
    """Messages given to connections, since somebody has been online in it."""
    last_msg_time_ms: int


class HotPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """`found`: how many conversations in memory match."""

    rows: list[HotRow]
    found: int


class ConversationActivity(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """What one conversation does. `rows` is empty if it is not in memory: then it does nothing."""

    rows: list[HotRow]
    senders: list[SenderRow]
    """Who sent most in the last minute, at most 20."""
    complete: bool
    """False: there were more messages than are looked at, and `senders` is of the newest ones."""


class SlowRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A connection, and what it has not taken."""

    connection_id: int
    user_id: str
    platform: int
    device_tag: str
    address: str
    age_ms: int
    queued_bytes: int
    slow_ms: int
    """For how long it has not taken what it is sent; 0: it does."""
    resyncs: int
    dropped: int
    """Messages that it was left out of."""
    in_flight: int
    """Requests that are not answered."""
    agent: str


class SlowPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """`found`: how many connections match."""

    rows: list[SlowRow]
    found: int


class ProcessRow(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What a process uses."""

    name: str
    """`server`; with gateways `owner`, and `gateway 1` and so on."""
    pid: int
    cpu_ms: int
    """Of all its threads, since its start."""
    memory_bytes: int
    """In RAM."""
    open_files: int
    lag_us: int
    """The longest time for which something in the event loop was late, in the last 10 s."""
    connections: int
    users: int
    uptime_ms: int


class ProcessesPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """All processes that have answered in time."""

    rows: list[ProcessRow]


LiveAnswer = HotPage | ConversationActivity | SlowPage | ProcessesPage
