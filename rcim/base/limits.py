"""Every bound of the server, by name, with its unit and the reason for its number.

Each of them is a setting of the `[limits]` table (docs/reference/settings.md is made from this file), and the
ones that a client can run into are told in the spec (protocol-spec/limits.md, limits.json).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields


def _bound(default: int, low: int, high: int, why: str, *, wire: bool = False) -> int:
    """A limit with its range (both ends allowed); `wire` marks what a client author has to know."""
    value: int = field(default=default, metadata={"low": low, "high": high, "why": why, "wire": wire})
    return value


@dataclass(frozen=True, slots=True)
class Limits:
    """All bounds. Times in milliseconds, sizes in bytes, as the names say."""

    frame_bytes_before_login: int = _bound(
        4096, 1024, 65536, "A stranger can make the server hold this much and no more (WI-04).", wire=True
    )
    frame_bytes_max: int = _bound(
        65536, 32768, 1 << 20, "The longest frame after login: a page of history fits (WI-04).", wire=True
    )
    body_bytes_max: int = _bound(8192, 1024, 49152, "All elements of one message together (MS-03, 8 KiB).", wire=True)
    elements_max: int = _bound(64, 1, 1000, "Elements in one message body: bounds the work of one send.", wire=True)
    handshake_ms: int = _bound(
        5000, 100, 60_000, "TLS handshake and HELLO: two round trips on a bad mobile link.", wire=True
    )
    login_ms: int = _bound(10_000, 100, 120_000, "From connecting to a good login (WI-05).", wire=True)
    heartbeat_ms: int = _bound(
        30_000, 100, 300_000, "How often a client sends PING: twice in the idle time below.", wire=True
    )
    idle_ms: int = _bound(
        60_000, 200, 600_000, "A connection silent for this long, and for the grace, is dropped (WI-05).", wire=True
    )
    idle_grace_ms: int = _bound(15_000, 50, 120_000, "Grace for a PING under way (WI-05).", wire=True)
    handshake_bytes_max: int = _bound(
        4096,
        2048,
        65536,
        "What a client may send for its part of the TLS handshake; the largest hello of a browser has 2 KiB (WI-04).",
        wire=True,
    )
    frames_before_login_max: int = _bound(
        16, 4, 1000, "Frames of a connection before its login: HELLO, LOGIN, some PINGs.", wire=True
    )
    input_turn_ms: int = _bound(
        5,
        1,
        1000,
        "Time that one turn of the loop gives to what users have sent; the rest waits for its next turn, user by user.",
    )
    handshake_turn_ms: int = _bound(
        5,
        1,
        1000,
        "Time that one turn of the loop gives to handshakes and logins, address by address: each costs up to 0.7 ms.",
    )
    connections_max: int = _bound(
        100_000, 1, 1_000_000, "Connections of one process: 30 KiB each with TLS, 3 GB.", wire=True
    )
    connections_per_address_max: int = _bound(
        1000, 1, 1_000_000, "Connections from one address to one process: a large office behind one NAT.", wire=True
    )
    requests_in_flight_max: int = _bound(
        64, 1, 4096, "Unanswered requests of one connection; past it the server stops reading it (WI-06).", wire=True
    )
    mailbox_max: int = _bound(
        1024, 1, 65536, "Commands waiting for one conversation; past it their connections are not read."
    )
    batch_max: int = _bound(
        512, 1, 8192, "Commands in one group commit: forming and answering it stays within about 5 ms."
    )
    out_soft_bytes: int = _bound(
        256 * 1024,
        4096,
        1 << 24,
        "Unsent bytes of one connection above which low priorities are left out (RX-07).",
        wire=True,
    )
    out_hard_bytes: int = _bound(
        1 << 20,
        8192,
        1 << 26,
        "Unsent bytes of one connection above which all messages are left out (RX-07).",
        wire=True,
    )
    out_slow_ms: int = _bound(
        10_000,
        100,
        600_000,
        "How long a connection may stay above the soft bound before it is closed (RX-07).",
        wire=True,
    )
    history_page_max: int = _bound(100, 1, 1000, "Messages in one page of history (RX-06).", wire=True)
    history_page_default: int = _bound(20, 1, 1000, "Messages in a page when none is asked for (RX-06).", wire=True)
    list_page_max: int = _bound(100, 1, 1000, "Rows in one page of members, groups or connections.", wire=True)
    members_at_creation_max: int = _bound(100, 0, 500, "Members named in GROUP_CREATE (as create_group).", wire=True)
    invite_max: int = _bound(300, 1, 500, "Users in one GROUP_INVITE or import (as add_group_member).", wire=True)
    accounts_max: int = _bound(
        100, 1, 500, "Users in one GROUP_KICK, GROUP_BLOCK, GROUP_MEMBER_GET or account frame.", wire=True
    )
    mute_max: int = _bound(500, 1, 500, "Users in one GROUP_MUTE (as forbid_send_msg).", wire=True)
    speakers_max: int = _bound(
        100, 0, 500, "Users who may speak in a group that is muted as a whole (SC-03).", wire=True
    )
    marks_max: int = _bound(
        10_000,
        1,
        1_000_000,
        "Applications, mutes and blocks of one group: they are in memory with it, 200 bytes each.",
        wire=True,
    )
    guests_max: int = _bound(
        50_000,
        0,
        1_000_000,
        "Guests connected to one process, and in one group (ID-06); 30 KiB each with TLS.",
        wire=True,
    )
    notice_users_max: int = _bound(
        100,
        1,
        500,
        "Users named in one joined change notice: what a join storm costs each member (GT-15).",
        wire=True,
    )
    offline_sweep_ms: int = _bound(
        300_000, 100, 86_400_000, "How often members that are offline are dropped, where a type says so (GT-11)."
    )
    idle_sweep_ms: int = _bound(
        3_600_000, 100, 86_400_000, "How often it is looked which groups have been idle too long (GT-24)."
    )
    trim_sweep_ms: int = _bound(
        3_600_000, 100, 86_400_000, "How often it is looked which messages are too old for their kind (ST-02)."
    )
    clock_jump_max_ms: int = _bound(
        86_400_000,
        60_000,
        864_000_000,
        "A clock that was set by more than this while the server runs, or stands so far before the newest time in the "
        "store at start, is in doubt: nothing is deleted because of its age. Sleep and time servers stay far below it.",
    )
    clock_off_max_ms: int = _bound(
        259_200_000,
        60_000,
        31_536_000_000,
        "A clock that stands further after the newest time in the store at start is in doubt, until the operator says it "
        "is right: a server is off for a weekend, and messages are kept for a week at the least.",
    )
    changes_kept_days: int = _bound(
        30,
        1,
        3650,
        "Days it is known what was altered and left; whoever comes back later is told everything again (RX-03).",
        wire=True,
    )
    groups_per_user_max: int = _bound(
        1000,
        0,
        100_000,
        "Groups that a user is in, whoever adds it: bounds the work of a login. 0: none.",
        wire=True,
    )
    dedupe_window_ms: int = _bound(
        600_000, 1000, 3_600_000, "How long a client message id is remembered (MS-02, 10 minutes).", wire=True
    )
    dedupe_entries_max: int = _bound(
        100_000,
        100,
        10_000_000,
        "Client message ids remembered for one conversation: 10 minutes at 166 messages a second.",
        wire=True,
    )
    sends_per_min: int = _bound(
        60,
        0,
        1_000_000,
        "SENDs of one user a minute (on each gateway), as many at once; 0: no limit (LI-01).",
        wire=True,
    )
    reads_per_min: int = _bound(
        120,
        0,
        1_000_000,
        "HISTORY, SYNC, SEARCH and CONVERSATION_READ of one user a minute; 0: no limit (LI-01).",
        wire=True,
    )
    requests_per_min: int = _bound(
        30, 0, 1_000_000, "Other requests of one user a minute, LOGIN too; 0: no limit (LI-01).", wire=True
    )
    control_per_min: int = _bound(
        600,
        0,
        10_000_000,
        "PINGs, PONGs and unknown frames of one user a minute: enough for 300 connections at the usual heartbeat; and "
        "logins of guests from one address; 0: no limit.",
        wire=True,
    )
    refusals_per_min: int = _bound(
        300,
        0,
        10_000_000,
        "Frames of one user refused with TOO_FREQUENT a minute: after half of them it is read slowly, after all of them "
        "its connections are closed (FLOODING); 0: no limit.",
        wire=True,
    )
    input_ms_per_s: int = _bound(
        10,
        0,
        1000,
        "Time of the server's that one user's input may take, in milliseconds a second, with two seconds' worth at once; "
        "past it the user is not read for a while; 0: no limit.",
    )
    query_ms_per_s: int = _bound(
        50,
        0,
        1000,
        "Time of the reading thread's that one user's queries may take, in milliseconds a second, with two seconds' "
        "worth at once; past it they wait; 0: no limit.",
    )
    backend_sends_per_s: int = _bound(
        50,
        0,
        1_000_000,
        "Messages and notices of app administrators a second; more wait; 0: no limit (LI-02).",
        wire=True,
    )
    backend_queue_max: int = _bound(
        10_000, 1, 1_000_000, "So many of them wait; then they are refused (LI-02): 80 MiB of the largest.", wire=True
    )
    invitations_max: int = _bound(
        100,
        1,
        1000,
        "Invitations of a user that wait for its answer: they are in memory with their user.",
        wire=True,
    )
    user_list_max: int = _bound(
        1000, 1, 100_000, "Users on one black or white list (SC-07): they are in memory with their user.", wire=True
    )
    presence_watched_max: int = _bound(
        200, 0, 10_000, "Users that one connection is told of (ID-07): as many as a client shows.", wire=True
    )
    presence_watchers_max: int = _bound(
        1000,
        0,
        100_000,
        "Connections of one process that are told of one user (ID-07): a star's coming costs no more than a message.",
        wire=True,
    )
    presence_gather_ms: int = _bound(
        1000, 10, 60_000, "How long changes of what users do are gathered for who watches (ID-07)."
    )
    directed_max: int = _bound(50, 1, 500, "Members named in one directed message (MS-07, as To_Account).", wire=True)
    mentions_max: int = _bound(30, 0, 500, "Users mentioned in one message (MS-07); all is one.", wire=True)
    receipts_members_max: int = _bound(
        500, 0, 10_000, "Members of a group in which it is told who has read a message (MS-11).", wire=True
    )
    words_max: int = _bound(
        20_000, 0, 200_000, "Words of the filter, refused and replaced each: looking is no slower for it (SC-05)."
    )
    list_entries_max: int = _bound(
        10_000, 0, 100_000, "Entries of each other list of the app: protected users and types, low types (FC-07)."
    )
    cloud_data_bytes_max: int = _bound(
        1024, 0, 8192, "What the app adds to a message besides its elements.", wire=True
    )
    flow_slice_ms: int = _bound(
        100, 10, 1000, "How often places are given out in a group near its limit (FC-06): one write carries several."
    )
    held_back_ids_max: int = _bound(
        1000, 10, 1_000_000, "Client message ids remembered of a group's messages that were held back (FC-05)."
    )
    actor_idle_ms: int = _bound(
        300_000, 100, 86_400_000, "A conversation without a command for this long leaves memory; it is in the store."
    )
    tail_idle_ms: int = _bound(
        3_600_000,
        100,
        864_000_000,
        "The same for a conversation whose messages are not stored: with it go the last 20, the ids of what was sent, "
        "and what it takes to recall.",
    )
    unstored_recall_ms: int = _bound(
        3_600_000,
        1000,
        86_400_000,
        "How long administrators recall and delete where messages are not stored (MS-10, an hour).",
        wire=True,
    )
    unstored_recall_max: int = _bound(
        150_000,
        20,
        10_000_000,
        "Messages of a conversation that can be recalled where they are not stored: an hour at 40 a second; 16 bytes "
        "each, 2.4 MB.",
        wire=True,
    )
    deliveries_per_s_max: int = _bound(
        0,
        0,
        100_000_000,
        "Deliveries a second of one process, messages times sockets; 0: no ceiling. Over it the lowest priority is left "
        "out first (LI-03).",
    )
    fanout_chunk: int = _bound(64, 1, 10_000, "Sockets written before the loop turns to others: under 1 ms with TLS.")
    drain_grace_ms: int = _bound(
        5000,
        0,
        600_000,
        "After GOING_AWAY, the time to answer what was accepted and for clients to leave (WI-07).",
        wire=True,
    )
    drain_spread_ms: int = _bound(
        30_000,
        0,
        600_000,
        "Clients come back spread over up to this long, so that they don't come all at once.",
        wire=True,
    )

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            low, high = f.metadata["low"], f.metadata["high"]
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                raise ValueError(f"{f.name} must be a whole number from {low} to {high}, not {value!r}")
        if self.heartbeat_ms >= self.idle_ms:
            raise ValueError("heartbeat_ms must be below idle_ms")
        if self.out_hard_bytes <= self.out_soft_bytes:
            raise ValueError("out_hard_bytes must be above out_soft_bytes")
        if self.body_bytes_max + 4096 > self.frame_bytes_max:
            raise ValueError("frame_bytes_max must be at least 4096 above body_bytes_max")
        if self.history_page_default > self.history_page_max:
            raise ValueError("history_page_default must not be above history_page_max")

    @property
    def silence_ms_max(self) -> int:
        """After this long without a byte the connection is dead (WI-05: the interval plus grace)."""
        return self.idle_ms + self.idle_grace_ms


DEFAULTS = Limits()

USERSIG_BYTES_MAX = 3500
"""A UserSig: what LOGIN has room for. With a userbuf of 1 KiB one has about 1,900 bytes."""
USERSIG_INFLATED_BYTES_MAX = 4096
"""What a UserSig may expand to: the fields and a userbuf fit many times; a zlib bomb ends here."""
USERSIG_EXPIRE_S_MAX = 0xFFFFFFFF
"""What 32 bits hold, 136 years: as good as for ever, so that a vector of the spec does not run out. Whatever asks for
more has mistaken the unit: 180 days in milliseconds are more than three times as much."""
USERSIG_AHEAD_S = 60
"""How far the clock of a server that mints UserSigs may be ahead of this one's. An invalidation reaches as far
(ID-09)."""
