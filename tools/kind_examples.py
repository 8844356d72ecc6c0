"""An example of each frame of what not every conversation has: rooms, ultra groups, system conversations, broadcasts,
queries, the outbox."""

from __future__ import annotations

from hashlib import sha256

from rcim_tools.example_values import HELLO_TEXT, MESSAGE, TIME

from rcim.base.terms import AddResult, MessageState, Priority, PushLevel
from rcim.wire import frames as f
from rcim.wire.schema import Frame

CONSUMER = f.OutboxConsumer(
    name="callbacks",
    paused_ms=0,
    refused=True,
    waiting=42,
    waiting_bytes=18_000,
    oldest_ms=TIME,
    retrying=40,
    retrying_keys=3,
    retry_in_ms=4000,
    delivered=1200,
    failed=25,
    dropped=0,
    dead_letters=1,
    dead_letter_bytes=420,
    dead_letters_dropped=0,
    last_error="HTTP status 500",
    last_error_ms=TIME + 60_000,
)

API_KEY = f.ApiKey(
    key_id="rk_0123456789abcdef",
    name="billing",
    scopes=["messages:write"],
    acts_as="administrator",
    created_by="administrator",
    created_ms=TIME,
    expires_ms=0,
    per_s=50,
    used_ms=TIME + 60_000,
)

AUDIT_ENTRY = f.AuditEntry(
    time_ms=TIME,
    entry_id="1b2c3d4e-1",
    user_id="administrator",
    key_id="",
    api="tencent",
    address="192.0.2.7",
    request_id="9f86d081884c7d65",
    operation="GROUP_DISSOLVE",
    about='{"group_id":"lobby"}',
    code=0,
)

KIND_EXAMPLES: tuple[Frame, ...] = (
    f.ChannelCreate("@TGS#_city", "news", "News", "What is new", False),
    f.ChannelCreateOk("@TGS#_city@TOPIC#_news"),
    f.Channels("@TGS#_city"),
    f.ChannelsOk([f.Channel("@TGS#_city@TOPIC#_news", "News", False, 7)]),
    f.ChannelUsersChange("@TGS#_city@TOPIC#_team", ["bob"], ["carol"]),
    f.ChannelUsersChangeOk(),
    f.ChannelUsers("@TGS#_city@TOPIC#_team", "", 0),
    f.ChannelUsersOk(["alice", "bob"], ""),
    f.ChannelPrivateSet("@TGS#_city@TOPIC#_team", True),
    f.ChannelPrivateSetOk(),
    f.PushLevelSet("@TGS#_city@TOPIC#_news", PushLevel.MENTIONS, False),
    f.PushLevelSetOk(),
    f.PushLevelGet("@TGS#_city@TOPIC#_news"),
    f.PushLevelOk(PushLevel.MENTIONS, PushLevel.MENTIONS, PushLevel.AS_ABOVE, PushLevel.AS_ABOVE, PushLevel.ALL),
    f.HistoryTrim("@TGS#_city@TOPIC#_news", TIME),
    f.HistoryTrimOk(8),
    f.HistoryTrimmed("g:@TGS#_city@TOPIC#_news", 8),
    f.RoomAttributesSet("lobby", [f.AttributeToSet("seat-1", "bob", True)]),
    f.RoomAttributesSetOk(TIME),
    f.RoomAttributesDelete("lobby", ["seat-1"], notice=b"bye"),
    f.RoomAttributesDeleteOk(TIME + 1),
    f.RoomAttributes("lobby", TIME - 1, TIME, ["seat-1"]),
    f.RoomAttributesOk(TIME, False, False, [f.RoomAttribute("seat-1", "bob", "bob", TIME, TIME, True, False)]),
    f.RoomAttributesChanged(
        "lobby", TIME, TIME + 1, [f.RoomAttribute("seat-1", "", "bob", TIME, TIME + 1, False, True, b"bye")]
    ),
    f.AdminRooms(["lobby"]),
    f.AdminRoomsOk([f.RoomEntry("lobby", "AVChatRoom", "Lobby", TIME, 2, True, False)]),
    f.AdminRoomSet("lobby", True, False, ["bob"], ["carol"]),
    f.AdminRoomSetOk(),
    f.AdminRoomsKept("", 100),
    f.AdminRoomsKeptOk([f.RoomEntry("lobby", "AVChatRoom", "Lobby", TIME, 2, True, False)], ""),
    f.AdminRoomProtected("lobby"),
    f.AdminRoomProtectedOk(["bob"]),
    f.AdminSystemWriters("@SYS#news", "", 0),
    f.AdminSystemWritersOk([f.SystemWriter("bob", 2, TIME)], ""),
    f.AdminSystemSend("@SYS#news", ["bob", "carol"], "c-0001", Priority.NORMAL, HELLO_TEXT),
    f.AdminSystemSendOk([f.SystemSending("bob", 0, 3, TIME, 7), f.SystemSending("carol", 10017, 0, 0, 0)]),
    f.AdminSenderSet("robot", True),
    f.AdminSenderSetOk(),
    f.OutboxList("", 0),
    f.OutboxListOk([CONSUMER], ""),
    f.OutboxShow("callbacks"),
    f.OutboxShowOk([CONSUMER], [f.Stat("told", 1200)]),
    f.OutboxPause("callbacks"),
    f.OutboxPauseOk(),
    f.OutboxResume("callbacks"),
    f.OutboxResumeOk(),
    f.OutboxReplay("callbacks", TIME),
    f.OutboxReplayOk(300),
    f.OutboxDead("callbacks", 0, 0),
    f.OutboxDeadOk(
        [f.DeadLetterEntry(9, 17, 4711, "message.sent", "g:lobby", TIME, TIME + 86_400_000, "HTTP status 500")], 0
    ),
    f.OutboxDeadRetry("callbacks", 9, 0),
    f.OutboxDeadRetryOk(0, 1, "HTTP status 500", 0),
    f.OutboxDeadDrop("callbacks", 9),
    f.OutboxDeadDropOk(1, False),
    f.AdminBroadcast(
        "c-0009",
        Priority.HIGH,
        HELLO_TEXT,
        sender="@SYS#news",
        expires_s=86_400,
        tags_any=["beta"],
        attributes_all=[f.UserAttribute("city", "Basel")],
    ),
    f.AdminBroadcastOk(7, TIME, 1 << 49, False, 29),
    f.AdminBroadcasts(0, 20),
    f.AdminBroadcastsOk(
        [
            f.BroadcastEntry(
                7, TIME, 1 << 49, "@SYS#news", "c-0009", TIME + 86_400_000, MessageState.AS_SENT, tags_any=["beta"]
            )
        ],
        False,
    ),
    f.AdminBroadcastRecall(7),
    f.AdminBroadcastRecallOk(TIME),
    f.AdminTagsChange(["alice"], ["beta"], [], False),
    f.AdminTagsChangeOk([f.AddedEntry("alice", AddResult.ADDED)]),
    f.AdminAttributesChange(["alice"], [f.UserAttribute("city", "Basel")], []),
    f.AdminAttributesChangeOk([f.AddedEntry("alice", AddResult.ADDED)]),
    f.AdminKeyCreate("billing", ["messages:write"], "administrator", TIME, 50),
    f.AdminKeyCreateOk("rk_0123456789abcdef.secret", [API_KEY]),
    f.AdminKeys("", 100),
    f.AdminKeysOk([API_KEY], ""),
    f.AdminAudit(TIME, 0, "administrator", "GROUP_DISSOLVE", "", 100),
    f.AdminAuditOk([AUDIT_ENTRY], "2026-11-27:4096"),
    f.AdminKeyRevoke("rk_0123456789abcdef"),
    f.AdminKeyRevokeOk(),
    f.AdminUserUnread("alice", ["g:lobby"]),
    f.AdminUserUnreadOk(2, False, [f.UnreadEntry("g:lobby", 2)]),
    f.AdminLabels(["alice"]),
    f.AdminLabelsOk([f.UserLabels("alice", ["beta"], [f.UserAttribute("city", "Basel")])], 1),
    f.AdminAttributeNames(),
    f.AdminAttributeNamesOk([f.AttributeName(0, "city")]),
    f.AdminAttributeNamesSet([f.AttributeName(0, "city")]),
    f.AdminAttributeNamesSetOk(),
    f.ConversationsQuery('{"m":{"$all":["alice","bob"],"$size":2}}', "-lm", 0, 20, "", True, True),
    f.ConversationsQueryOk(
        [
            f.QueriedConversation(
                "lobby",
                "Public",
                "The lobby",
                "alice",
                2,
                TIME,
                TIME,
                TIME,
                b'{"colour":"red"}',
                ["alice", "bob"],
                muted=True,
                messages=[MESSAGE],
            )
        ],
        1,
        False,
        "",
    ),
    f.MessageLogList("", "", 0),
    f.MessageLogListOk([f.LogFile("2026111811", "group", 1815, 12, sha256(b"log").digest())], False),
    f.MessageLogGet("2026111811", "group", 0, 0, b""),
    f.MessageLogGetOk(4, 1, sha256(b"log").digest(), b"\x1f\x8b\x08\x00"),
    f.MessageLogExpire("2026111100"),
    f.MessageLogExpireOk(3),
)
