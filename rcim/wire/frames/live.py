"""Frames of app administrators about what the server does (OP-02): busy conversations, slow connections, processes."""

from __future__ import annotations

from typing import Annotated as A

from rcim.base.terms import HotSort, SlowSort
from rcim.wire.frames.kinds import CONVERSATION, USER, USER_OR_NONE
from rcim.wire.schema import Frame, Struct, frame, row
from rcim.wire.types import U8, U16, U32, U64, Bool, Enum, StructList, str8

SEARCH = str8(255, one_line=True)


@row("HotEntry")
class HotEntry(Struct, frozen=True, gc=False):
    """A conversation in memory, and what it does."""

    conversation: A[str, CONVERSATION, "Its id."]
    kind: A[str, str8(32), "Its kind: group, pair, ultra group, channel, system, temporary, broadcast."]
    type_: A[str, str8(32), "Its group type; empty while it is being loaded."]
    members: A[int, U32, "Its members."]
    online: A[int, U32, "Users online who hear it. A user with connections to two gateways counts twice."]
    in_10s: A[int, U32, "Messages that passed in about the last 10 s."]
    in_60s: A[int, U32, "Messages that passed in about the last minute."]
    seq: A[int, U64, "The SEQ of its newest message."]
    offered: A[int, U64, "Messages offered to frequency control since it was loaded into memory (FC-08)."]
    withheld: A[int, U64, "Those of them that were held back."]
    waiting: A[int, U32, "Requests that wait in its mailbox, and messages that wait for their place."]
    deliveries: A[int, U64, "Messages given to connections, since somebody has been online in it."]
    last_msg_time_ms: A[int, U64, "When its newest message was sent, in milliseconds since 1970; 0: there is none."]


@row("SenderEntry")
class SenderEntry(Struct, frozen=True, gc=False):
    """A user who sent to a conversation in the last minute."""

    user_id: A[str, USER, "The user."]
    messages: A[int, U32, "How many messages."]


@row("SlowEntry")
class SlowEntry(Struct, frozen=True, gc=False):
    """A connection, and what it has not taken (RX-07)."""

    connection_id: A[int, U64, "The server's number for the connection."]
    user_id: A[str, USER_OR_NONE, "The user who is logged in; empty before login."]
    platform: A[int, U8, "Platform of LOGIN; 0 before login."]
    device_tag: A[str, str8(64), "Tag of LOGIN."]
    address: A[str, str8(64), "Address and port of the peer."]
    connected_ms: A[int, U64, "How long it has been connected."]
    queued_bytes: A[int, U32, "Bytes waiting to be sent to it."]
    slow_ms: A[int, U64, "For how long it has not taken what it is sent; 0: it does."]
    resyncs: A[int, U64, "How many RESYNC it was sent, each for one conversation."]
    dropped: A[int, U64, "Messages that were not delivered to it, because it was too slow."]
    in_flight: A[int, U32, "Its requests that are not answered yet."]
    agent: A[str, str8(64), "Agent of HELLO."]


@row("ProcessEntry")
class ProcessEntry(Struct, frozen=True, gc=False):
    """A process of the server, and what it uses."""

    name: A[str, str8(32, 1), "`server`; with gateways `owner`, `gateway 1`, `gateway 2` and so on."]
    pid: A[int, U32, "Its process id."]
    cpu_ms: A[int, U64, "CPU time of all its threads since its start."]
    memory_bytes: A[int, U64, "Memory that it has in RAM."]
    open_files: A[int, U32, "Open file descriptors; 0: the system doesn't say."]
    lag_us: A[int, U64, "The longest time in the last 10 s for which its event loop was late, in microseconds."]
    connections: A[int, U32, "Its connections."]
    users: A[int, U32, "Users online on them."]
    uptime_ms: A[int, U64, "How long it has been running."]


@frame(
    0x0FB8,
    "ADMIN_HOT",
    "client",
    "request",
    reply="ADMIN_HOT_OK",
    rules=(
        "Only conversations in memory are found: those that nothing was asked of lately do nothing.",
        "At most 1,000 rows can be reached. `ascending` is refused with ONLINE and DELIVERIES.",
        "The server looks through its conversations in steps, and answers one such request after the other; if more than "
        "32 wait, OVERLOADED.",
    ),
    errors=("ADMIN_REQUIRED", "BAD_PARAMETER", "OVERLOADED"),
    admin=True,
)
class AdminHot(Frame, frozen=True, gc=False):
    """Asks for a page of the conversations in memory, by what they do."""

    sort: A[HotSort, Enum(HotSort), "By what: the largest first, ids in their order with `ascending`."]
    ascending: A[bool, Bool(), "The smallest first."]
    search: A[str, SEARCH, "Only conversations with this in their ids; empty: all."]
    skip: A[int, U16, "The number of rows to leave out: 0 for the first page."]
    limit: A[int, U16, "The most rows wanted; 0, or more than the server allows, means 100."]


@frame(0x8FB8, "ADMIN_HOT_OK", "server", "reply", admin=True)
class AdminHotOk(Frame, frozen=True, gc=False):
    """A page of conversations."""

    rows: A[list[HotEntry], StructList(HotEntry, 1000), "The conversations, as they are sorted."]
    found: A[int, U32, "How many conversations in memory match."]


@frame(
    0x0FB9,
    "ADMIN_SLOW",
    "client",
    "request",
    reply="ADMIN_SLOW_OK",
    rules=(
        "With gateways the connections of all of them are found; a gateway that doesn't answer in 2 s is left out.",
    ),
    errors=("ADMIN_REQUIRED", "BAD_PARAMETER", "OVERLOADED"),
    admin=True,
)
class AdminSlow(Frame, frozen=True, gc=False):
    """Asks for connections by what they have not taken (RX-07)."""

    sort: A[SlowSort, Enum(SlowSort), "By what: the largest first."]
    ascending: A[bool, Bool(), "The smallest first."]
    user_id: A[str, USER_OR_NONE, "Only connections of this user; empty: all."]
    search: A[str, SEARCH, "Only connections with this in the user's id or the address; empty: all."]
    limit: A[int, U16, "The most rows wanted; 0, or more than the server allows, means 100."]


@frame(0x8FB9, "ADMIN_SLOW_OK", "server", "reply", admin=True)
class AdminSlowOk(Frame, frozen=True, gc=False):
    """Connections."""

    rows: A[list[SlowEntry], StructList(SlowEntry, 1000), "The connections, as they are sorted."]
    found: A[int, U32, "How many connections match."]


@frame(
    0x0FBA,
    "ADMIN_ACTIVITY",
    "client",
    "request",
    reply="ADMIN_ACTIVITY_OK",
    rules=("A conversation that is not in memory does nothing: `rows` is empty.",),
    errors=("ADMIN_REQUIRED", "NO_SUCH_GROUP", "BAD_PARAMETER"),
    admin=True,
)
class AdminActivity(Frame, frozen=True, gc=False):
    """Asks what one conversation does, and who sends most in it."""

    conversation: A[str, CONVERSATION, "The conversation."]


@frame(0x8FBA, "ADMIN_ACTIVITY_OK", "server", "reply", admin=True)
class AdminActivityOk(Frame, frozen=True, gc=False):
    """What a conversation does."""

    rows: A[list[HotEntry], StructList(HotEntry, 1000), "The conversation, alone in the list."]
    senders: A[
        list[SenderEntry], StructList(SenderEntry, 1000), "Who sent most in the last minute, at most 20 users."
    ]
    complete: A[bool, Bool(), "False: more was sent than is looked at, and `senders` is of the newest messages."]


@frame(
    0x0FBB,
    "ADMIN_PROCESSES",
    "client",
    "request",
    reply="ADMIN_PROCESSES_OK",
    rules=("A gateway that doesn't answer in 2 s is left out.",),
    errors=("ADMIN_REQUIRED",),
    admin=True,
)
class AdminProcesses(Frame, frozen=True, gc=False):
    """Asks what each process of the server uses."""


@frame(0x8FBB, "ADMIN_PROCESSES_OK", "server", "reply", admin=True)
class AdminProcessesOk(Frame, frozen=True, gc=False):
    """The processes of the server."""

    rows: A[list[ProcessEntry], StructList(ProcessEntry, 1000), "The owner first, then the gateways."]
