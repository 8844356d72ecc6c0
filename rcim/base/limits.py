"""Every bound of the server, by name, with its unit and the reason for its number.

A process has one object with the limits in force (`of_its_own`), which everything in it refers to and reads when it needs
a limit. A reload replaces the values in that object between two turns of the loop (`put_in_force`, OP-03). Whoever makes
something of a limit at the start has a method `take_limits`, which is called after a reload; a limit of which that can't
be said is declared with `restart=True`. tests/arch/test_live_limits.py checks this.

Each bound is a setting of the `[limits]` table; docs/reference/settings.md is made from this file. The spec
(protocol-spec/limits.md, limits.json) lists the bounds that a client can meet.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from rcim.base.connection_limits import ConnectionLimits
from rcim.base.rate_limits import bound


@dataclass(frozen=True, slots=True)
class Limits(ConnectionLimits):
    """All bounds. Times in milliseconds, sizes in bytes, as the names say."""

    history_page_max: int = bound(100, 1, 1000, "Messages in one page of history (RX-06).", wire=True)
    history_page_default: int = bound(
        20, 1, 1000, "Messages in a page when the request names no number (RX-06).", wire=True
    )
    list_page_max: int = bound(100, 1, 1000, "Rows in one page of members, groups or connections.", wire=True)
    members_at_creation_max: int = bound(
        100, 0, 500, "Members named in GROUP_CREATE (as in create_group).", wire=True
    )
    invite_max: int = bound(300, 1, 500, "Users in one GROUP_INVITE or import (as in add_group_member).", wire=True)
    accounts_max: int = bound(
        100, 1, 500, "Users in one GROUP_KICK, GROUP_BLOCK, GROUP_MEMBER_GET or account frame.", wire=True
    )
    mute_max: int = bound(500, 1, 500, "Users in one GROUP_MUTE (as in forbid_send_msg).", wire=True)
    speakers_max: int = bound(
        100, 0, 500, "Users who may speak in a group that is muted as a whole (SC-03).", wire=True
    )
    marks_max: int = bound(
        10_000,
        1,
        1_000_000,
        "Applications, mutes and blocks of one group: they are in memory with the group, 200 bytes each.",
        wire=True,
    )
    guests_max: int = bound(
        50_000,
        0,
        1_000_000,
        "Guests connected to one process, and in one group (ID-06); 30 KiB each with TLS.",
        wire=True,
    )
    notice_users_max: int = bound(
        100,
        1,
        500,
        "Users named in one joined change notice: this bounds what a join storm costs each member (GT-15).",
        wire=True,
        restart=True,
    )
    offline_sweep_ms: int = bound(
        300_000,
        100,
        86_400_000,
        "How often the server removes offline members from groups whose type asks for it (GT-11).",
    )
    empty_sweep_ms: int = bound(
        60_000, 100, 86_400_000, "How often the server looks for rooms that have been empty too long (CR-04)."
    )
    idle_sweep_ms: int = bound(
        3_600_000, 100, 86_400_000, "How often the server looks for groups that have been idle too long (GT-24)."
    )
    ending_sweep_ms: int = bound(
        1000,
        10,
        86_400_000,
        "How often the server looks for temporary conversations that have ended: members who are online are told within "
        "a second (SY-02).",
    )
    trim_sweep_ms: int = bound(
        3_600_000,
        100,
        86_400_000,
        "How often the server looks for messages that are older than their type allows (ST-02).",
    )
    clock_jump_max_ms: int = bound(
        86_400_000,
        60_000,
        864_000_000,
        "A clock that jumps by more than this while the server runs, or at the start is this far before the newest time "
        "in the store, is in doubt: nothing is deleted because of its age. Sleep and time servers stay far below it.",
        restart=True,
    )
    clock_off_max_ms: int = bound(
        259_200_000,
        60_000,
        31_536_000_000,
        "A clock that at the start is further than this after the newest time in the store is in doubt until the "
        "operator confirms it: a server may be off for a weekend, and messages are stored for a week or more.",
        restart=True,
    )
    changes_kept_days: int = bound(
        30,
        1,
        3650,
        "Days for which the server knows what changed and who left; a SYNC with an older cursor is a full one (RX-03).",
        wire=True,
    )
    events_age_ms: int = bound(
        90_000_000,
        60_000,
        30 * 86_400_000,
        "Events that a consumer has not taken for so long are dropped, and counted: what the app hears of later than a "
        "day is no news. An hour more than events_retry_ms: what was tried becomes a dead letter before (CB-04).",
    )
    events_bytes_max: int = bound(
        256 << 20,
        1 << 20,
        1 << 40,
        "Bytes of events that wait for consumers or are kept for a replay; beyond it the oldest are dropped, those first "
        "that all consumers have had. A million logins, or half a million messages: a consumer that is away must not "
        "fill the disk (CB-04).",
    )
    applications_kept_days: int = bound(
        30,
        1,
        3650,
        "Days for which an application to join waits, and after that for which its decision is known (GR-12).",
        wire=True,
    )
    groups_per_user_max: int = bound(
        1000,
        0,
        100_000,
        "Groups that a user may be in, whoever adds them: this bounds the work of a login; 0: no limit.",
        wire=True,
    )
    temporary_per_user_max: int = bound(
        100,
        1,
        10_000,
        "Temporary conversations that a user may be in, whoever adds them; they do not count as groups (SY-02).",
        wire=True,
    )
    dedupe_window_ms: int = bound(
        600_000,
        1000,
        3_600_000,
        "How long the server remembers a client message id (MS-02, 10 minutes).",
        wire=True,
        restart=True,
    )
    dedupe_entries_max: int = bound(
        100_000,
        100,
        10_000_000,
        "Client message ids that the server remembers for one conversation: 10 minutes at 166 messages a second.",
        wire=True,
        restart=True,
    )
    invitations_max: int = bound(
        100,
        1,
        1000,
        "Invitations of one user that wait for an answer: they are in memory with the user.",
        wire=True,
        restart=True,
    )
    user_list_max: int = bound(
        1000,
        1,
        100_000,
        "Users on one black or white list (SC-07): they are in memory with the owner of the list.",
        wire=True,
    )
    presence_watched_max: int = bound(
        200, 0, 10_000, "Users whose presence one connection may watch (ID-07): as many as a client shows.", wire=True
    )
    presence_watchers_max: int = bound(
        1000,
        0,
        100_000,
        "Connections of one process that may watch one user (ID-07): a star's login costs no more than a message.",
        wire=True,
    )
    presence_gather_ms: int = bound(
        1000, 10, 60_000, "How long the server gathers changes of presence before it tells the watchers (ID-07)."
    )
    directed_max: int = bound(
        50, 1, 500, "Members named in one directed message (MS-07, as in To_Account).", wire=True
    )
    mentions_max: int = bound(
        30, 0, 500, "Users mentioned in one message (MS-07); a mention of everyone is not counted.", wire=True
    )
    receipts_members_max: int = bound(
        500, 0, 10_000, "Members that a group may have and still have read receipts (MS-11).", wire=True
    )
    words_max: int = bound(
        20_000,
        0,
        200_000,
        "Words of the filter, for each of its two lists: the number does not slow down the filter (SC-05).",
    )
    list_entries_max: int = bound(
        10_000,
        0,
        100_000,
        "Entries in each other list of the app: protected users, protected types, low types (FC-07).",
    )
    cloud_data_bytes_max: int = bound(
        1024, 0, 8192, "Bytes of `cloud_data`, which the app adds to a message beside its elements.", wire=True
    )
    broadcasts_per_day: int = bound(
        30,
        0,
        10_000,
        "Broadcasts that the app may send in 24 hours; 0: any number. LeanCloud allows 30 (SY-03), RongCloud 3 (SY-04).",
    )
    broadcasts_per_hour: int = bound(
        0, 0, 10_000, "Of them in one hour; 0: no bound of its own. RongCloud allows 2 (SY-04)."
    )
    flow_slice_ms: int = bound(
        100,
        10,
        1000,
        "How often a group near its limit passes messages (FC-06): one write carries several.",
        restart=True,
    )
    held_back_ids_max: int = bound(
        1000,
        10,
        1_000_000,
        "Client message ids that the server remembers of a group's held-back messages (FC-05).",
        restart=True,
    )
    actor_idle_ms: int = bound(
        300_000,
        100,
        86_400_000,
        "A conversation without a command for this long leaves memory; it stays in the store.",
    )
    tail_idle_ms: int = bound(
        3_600_000,
        100,
        864_000_000,
        "The same for a conversation whose messages are not stored: it loses its last 20 messages, their client message "
        "ids, and the data for recalls.",
    )
    unstored_recall_ms: int = bound(
        3_600_000,
        1000,
        86_400_000,
        "How long administrators can recall and delete messages that are not stored (MS-10, an hour).",
        wire=True,
    )
    unstored_recall_max: int = bound(
        150_000,
        20,
        10_000_000,
        "Messages of one conversation that are not stored and can be recalled: an hour at 40 a second; 16 bytes each, "
        "2.4 MB.",
        wire=True,
        restart=True,
    )
    paced_deliveries_per_s: int = bound(
        2500,
        10,
        1_000_000,
        "Connections of one process that messages of system conversations and broadcasts go to in a second: 5,000 users "
        "hear of one within about 2 s.",
    )
    deliveries_per_s_max: int = bound(
        0,
        0,
        100_000_000,
        "Deliveries a second of one process (messages times connections); above it the lowest priority is left out "
        "first; 0: no limit (LI-03).",
    )
    fanout_chunk: int = bound(
        64, 1, 10_000, "Connections written before the loop turns to other work: under 1 ms with TLS."
    )
    drain_grace_ms: int = bound(
        5000,
        0,
        600_000,
        "Time after GOING_AWAY to answer accepted requests, and for clients to leave (WI-07).",
        wire=True,
    )
    drain_spread_ms: int = bound(
        30_000,
        0,
        600_000,
        "Time over which closes are spread, so that clients do not all come back at once.",
        wire=True,
    )
    drain_return_ms: int = bound(
        2000,
        0,
        600_000,
        "Clients do not come back before this: a server that was stopped needs so long to be there again (WI-07).",
        wire=True,
    )
    ultra_groups_per_user_max: int = bound(
        100, 0, 1000, "Ultra groups that a user may be in; 0: no limit but that of all groups (UG-01).", wire=True
    )
    channels_per_group_max: int = bound(
        50, 1, 50, "Channels of one ultra group (UG-02): this bounds the work of a sync and of a login.", wire=True
    )
    channel_members_max: int = bound(
        10_000, 1, 10_000, "Users on the list of one private channel: 1 MB of memory (UG-05).", wire=True
    )
    events_retry_ms: int = bound(
        86_400_000,
        1000,
        30 * 86_400_000,
        "An event that a consumer has tried to pass on, and that is this old, becomes a dead letter when it is not taken "
        "again: a day, as the vendors retry (CB-04).",
    )
    events_keep_ms: int = bound(
        3_600_000,
        0,
        30 * 86_400_000,
        "Events that all consumers have had are kept for so long, so that they can be replayed: an hour is enough for a "
        "receiver that was restored from its last backup; 0: they are removed at once (CB-04).",
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

    def applied_after_ms(self, now_ms: int) -> int:
        """GR-12: applications of then or before wait no longer at `now_ms`, and decisions as old are not known."""
        return max(now_ms - self.applications_kept_days * 86_400_000, 0)


DEFAULTS = Limits()

USERSIG_BYTES_MAX = 3500
"""The longest UserSig, for which LOGIN has room. A UserSig with a userbuf of 1 KiB has about 1,900 bytes."""
USERSIG_INFLATED_BYTES_MAX = 4096
"""Bytes that a UserSig may expand to: the fields and a userbuf fit many times, and a zlib bomb fails."""
USERSIG_EXPIRE_S_MAX = 0xFFFFFFFF
"""The longest validity: 32 bits, 136 years, so that the vectors of the spec never expire. A larger number is a mistake in
the unit: 180 days in milliseconds are more than three times as much."""
USERSIG_AHEAD_S = 60
"""How far the clock of a server that mints UserSigs may be ahead of this server's clock. An invalidation also covers
this time (ID-09)."""
