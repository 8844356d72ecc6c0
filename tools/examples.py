"""One example of every frame, of the whole session in the overview, and of what is wrong. Vectors are made of them."""

from __future__ import annotations

from typing import Any

from rcim.base.terms import (
    AddResult,
    ApplicationState,
    AppList,
    ApplyJoinOption,
    ChangeKind,
    GoneReason,
    ImageFormat,
    ImageKind,
    InviteConsent,
    JoinStatus,
    MessageState,
    MsgFlag,
    OwnChange,
    Platform,
    Presence,
    Priority,
    PushLevel,
    Role,
    UserList,
)
from rcim.content.elements import (
    Custom,
    Face,
    File,
    GroupTip,
    Image,
    ImageVariant,
    Location,
    Merged,
    MergedMessage,
    Sound,
    Text,
    TypedBytes,
    Video,
    encode_body,
)
from rcim.wire import frames as f
from rcim.wire.schema import FRAMES, Frame, Struct
from rcim.wire.types import Bool, Bytes, Enum, Int, StrList, StructList

TIME = 1_795_000_000_000
SDKAPPID = 1400000000
KEY = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e"
"""The key of the vectors; it is public and signs nothing else."""
SIG = "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIkKmCKKlOVrJQcNQwMNEvzS1LLMxJLNJVqAU5dEGo_"
HELLO_TEXT = encode_body([Text("hello 你好")])
MESSAGE = f.Message(7, TIME, 562949953421319, Priority.NORMAL, "alice", "Alice", "", "", "c-0001", HELLO_TEXT)
TIP = encode_body([GroupTip(ChangeKind.JOINED, "bob", ["bob"], 1, 2, 4)])
WHERE = "https://example.org/media/1"
MEDIA = encode_body(
    [
        Face(7, b"wink"),
        Image("i-1", ImageFormat.PNG, [ImageVariant(ImageKind.ORIGINAL, 12_345, 640, 480, WHERE)]),
        Sound(WHERE, "s-1", 23_456, 12),
        Video(WHERE, "v-1", 3_456_789, 60, "mp4", WHERE, 4_567, 320, 240, "jpg"),
        File(WHERE, "f-1", 56_789, "plan.pdf"),
        Location("Cape Horn", -55_983_000, -67_267_000),
        Merged("Chess", ["bob: e4"], "[Chat history]", [MergedMessage("bob", "Bob", TIME, HELLO_TEXT)]),
    ]
)
MIXED = encode_body([Text("see"), Custom(b"\x00\xff", "a map", "{}"), TypedBytes("app.dice", b"\x06")])

EXAMPLES: tuple[Frame, ...] = (
    f.Hello(1, 1, 0, [], "example/1.0"),
    f.HelloOk(1, 30000, 75000, TIME, 4096, [], "rcim"),
    f.Login("alice", SIG, Platform.MOBILE, "phone-1"),
    f.LoginOk(1, TIME, 65536, 8192, False, "Alice", ""),
    f.Logout(),
    f.LogoutOk(),
    f.Ping(42),
    f.Pong(42),
    f.Error(10010, False, f.Send.TYPE, "The group is gone or never existed."),
    f.GoingAway(5000, 30000, "", 0, 2000),
    f.Send("g:lobby", "c-0001", Priority.NORMAL, HELLO_TEXT),
    f.SendOk(7, TIME, 562949953421319, False),
    f.Deliver("g:lobby", [MESSAGE]),
    f.Transient("g:lobby", [f.Message(0, TIME, 0, Priority.NORMAL, "alice", "Alice", "", "", "t-1", HELLO_TEXT)]),
    f.Resync("g:lobby", 8, 12),
    f.MessageRecall("g:lobby", 7),
    f.MessageRecallOk(TIME),
    f.MessageEdit("g:lobby", 7, HELLO_TEXT, ["bob"], False, b"v2"),
    f.MessageEditOk(TIME),
    f.MessageDelete("g:lobby", 7),
    f.MessageDeleteOk(TIME),
    f.MessagesErase("g:lobby", "bob"),
    f.MessagesEraseOk(),
    f.MessagesHide("g:lobby", [f.SeqEntry(6), f.SeqEntry(7)]),
    f.MessagesHideOk(),
    f.ConversationClear("g:lobby"),
    f.ConversationClearOk(),
    f.MessageReceipts("g:lobby", 7, True, "", 100),
    f.MessageReceiptsOk(1, 2, ["bob"], ""),
    f.MessageChanged(
        "g:lobby",
        [
            f.Message(
                7,
                TIME,
                562949953421319,
                Priority.NORMAL,
                "alice",
                "Alice",
                "",
                "",
                "c-0001",
                b"",
                state=MessageState.RECALLED,
                changed_ms=TIME + 5000,
                changed_by="alice",
            )
        ],
    ),
    f.MessagesErased("g:lobby", "bob", 7),
    f.MessagesHidden("g:lobby", 0, [f.SeqEntry(6), f.SeqEntry(7)]),
    f.History("g:lobby", 1, 0, 20, False),
    f.HistoryOk(7, 1, False, [MESSAGE]),
    f.GroupCreate("lobby", "Public", "Lobby", "", "", "", ApplyJoinOption.FREE_ACCESS, ["bob"]),
    f.GroupCreateOk("lobby", [f.AddedEntry("bob", AddResult.FULL), f.AddedEntry("carol", AddResult.FAILED)]),
    f.GroupDissolve("lobby"),
    f.GroupDissolveOk(),
    f.GroupJoin("lobby", ""),
    f.GroupJoinOk(6, 2),
    f.GroupLeave("lobby"),
    f.GroupLeaveOk(),
    f.GroupInfo("lobby"),
    f.GroupInfoOk(
        "lobby",
        "Public",
        "Lobby",
        "",
        "",
        "",
        "alice",
        TIME,
        2,
        TIME,
        TIME,
        8,
        2,
        2000,
        1,
        ApplyJoinOption.FREE_ACCESS,
    ),
    f.GroupMembers("lobby", "", 100),
    f.GroupMembersOk([f.MemberEntry("alice", Role.OWNER, TIME, "")], ""),
    f.GroupsJoined("", 100),
    f.GroupsJoinedOk([f.GroupEntry("lobby", "Public", "Lobby", "alice", 2, 7, 3, 0)], ""),
    f.GroupGone("lobby", GoneReason.DISSOLVED),
    f.GroupChanges("live", [f.GroupChange(ChangeKind.JOINED, "", ["bob", "carol"], 2, 42, 17, TIME)]),
    f.JoinRequested("lobby", "dora", "I am Bob's sister", TIME),
    f.JoinDecided("lobby", "dora", True, "alice", "welcome"),
    f.ApplicationsOwn("", 0),
    f.ApplicationsOwnOk(
        [f.OwnApplication("lobby", ApplicationState.REFUSED, TIME, "I am Bob's sister", TIME + 9, "alice", "sorry")],
        "",
    ),
    f.GroupEntered("lobby", "Public", "Lobby", "", 7, "alice", TIME),
    f.MuteChanged("lobby", TIME + 60_000, "alice"),
    f.Notice("live", TIME, HELLO_TEXT),
    f.GroupSet("lobby", name="The lobby", apply_join_option=ApplyJoinOption.NEED_PERMISSION),
    f.GroupSetOk(3),
    f.GroupOwnerSet("lobby", "bob"),
    f.GroupOwnerSetOk(),
    f.GroupFind("lob", "", 20),
    f.GroupFindOk([f.GroupEntry("lobby", "Public", "Lobby", "alice", 2, 7, 0, 0, info_seq=3)], ""),
    f.Sync(b"", 0, 0),
    f.SyncOk(
        [
            f.ConversationEntry(
                "c:5:alice:bob",
                "C2C",
                "",
                "",
                7,
                1,
                0,
                5,
                2,
                TIME,
                MsgFlag.ACCEPT_AND_NOTIFY,
                1,
                1,
                6,
                TIME,
                altered=[f.SeqEntry(3)],
                unheard=[f.SeqRange(1, 4), f.SeqRange(6, 0)],
                messages=[MESSAGE],
            )
        ],
        ["g:chess"],
        bytes.fromhex("010000000000000007"),
        False,
        False,
    ),
    f.Heads([f.HeadEntry("g:lobby", 7), f.HeadEntry("c:5:alice:bob", 3)]),
    f.ConversationFlag("c:5:alice:bob", MsgFlag.ACCEPT_NOT_NOTIFY),
    f.ConversationFlagOk(),
    f.ConversationFlagged("c:5:alice:bob", MsgFlag.ACCEPT_NOT_NOTIFY, 7),
    f.ConversationPin("c:5:alice:bob", True),
    f.ConversationPinOk(),
    f.ConversationRemove("c:5:alice:bob"),
    f.ConversationRemoveOk(),
    f.ConversationListed("c:5:alice:bob", TIME, False),
    f.ConversationRead("c:5:alice:bob", 7),
    f.ConversationReadOk(7),
    f.MessagesRead("c:5:alice:bob", "bob", 7, TIME),
    f.UserListChange(UserList.BLACK, ["mallory"], []),
    f.UserListChangeOk(),
    f.UserListGet(UserList.BLACK, "", 0, "alice"),
    f.UserListOk(["mallory"], ""),
    f.GroupInvite("family", ["bob", "carol"]),
    f.GroupInviteOk([f.AddedEntry("bob", AddResult.ADDED), f.AddedEntry("carol", AddResult.ALREADY)]),
    f.GroupInvited("family", "Family", "alice", TIME),
    f.GroupInvitations("", 20),
    f.GroupInvitationsOk([f.Invitation("family", "Family", "alice", TIME)], ""),
    f.GroupInvitationAnswer("family", True),
    f.GroupInvitationAnswerOk(7),
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
    f.InviteConsentSet(InviteConsent.ASK),
    f.InviteConsentSetOk(),
    f.InviteConsentGet("alice"),
    f.InviteConsentOk(InviteConsent.ASK),
    f.GroupKick("lobby", ["bob"], "too loud"),
    f.GroupKickOk(),
    f.GroupApplications("lobby", "", 20),
    f.GroupApplicationsOk([f.Application("dora", "Dora", "I am Bob's sister", TIME)], ""),
    f.GroupApplicationDecide("lobby", "dora", True, "welcome"),
    f.GroupApplicationDecideOk(),
    f.GroupMemberGet("lobby", ["bob", "nobody"]),
    f.GroupMemberGetOk([f.MemberEntry("bob", Role.MEMBER, TIME, "Bobby", MsgFlag.ACCEPT_AND_NOTIFY, 7, TIME)]),
    f.GroupMemberSet("lobby", "bob", role=Role.ADMIN),
    f.GroupMemberSetOk(),
    f.GroupMute("lobby", ["bob"], 600),
    f.GroupMuteOk(),
    f.GroupMuted("lobby", "", 20),
    f.GroupMutedOk([f.Until("bob", TIME + 600_000)], ""),
    f.GroupMuteAll("lobby", True, ["bob"]),
    f.GroupMuteAllOk(),
    f.GroupBlock("lobby", ["bob"], 3600, "too loud"),
    f.GroupBlockOk(),
    f.GroupBlocked("lobby", "", 20),
    f.GroupBlockedOk([f.Until("bob", TIME + 3_600_000)], ""),
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
    f.ProfileSet("Alice", "https://example.org/a.png"),
    f.ProfileSetOk(),
    f.ProfilesGet(["alice", "nobody"]),
    f.ProfilesGetOk(
        [
            f.ProfileEntry("alice", True, "Alice", "https://example.org/a.png"),
            f.ProfileEntry("nobody", False, "", ""),
        ],
        2,
    ),
    f.ProfileGet("alice"),
    f.ProfileGetOk("Alice", "https://example.org/a.png"),
    f.AdminGroups("", 100),
    f.AdminGroupsOk([f.GroupEntry("lobby", "Public", "Lobby", "alice", 2, 7, 0, 0)], ""),
    f.AdminConnections(0, 100, ""),
    f.AdminConnectionsOk([f.ConnectionEntry(1, "alice", 3, "phone-1", "127.0.0.1:50000", 1200, 0, "example/1.0")], 0),
    f.AdminNotice("live", [], HELLO_TEXT),
    f.AdminNoticeOk(),
    f.AdminGroupImport("old", "Public", "alice", "Old", "", "", "", ApplyJoinOption.BY_TYPE, TIME - 86_400_000),
    f.AdminGroupImportOk("old"),
    f.AdminMembersImport("old", [f.ImportedMember("bob", Role.MEMBER, TIME - 86_000_000, 1)]),
    f.AdminMembersImportOk([f.AddedEntry("bob", AddResult.ADDED)]),
    f.AdminMessagesImport(
        "old", [f.ImportedMessage("bob", TIME - 80_000_000, Priority.NORMAL, "old-0001", HELLO_TEXT)]
    ),
    f.AdminMessagesImportOk(1, 1),
    f.AdminImportFinish("old"),
    f.AdminImportFinishOk(),
    f.AdminTypes(""),
    f.AdminTypesOk([f.GroupTypeEntry("OAGroup", "Public", True, 3, [f.Policy("kick", "member")])], ""),
    f.AdminTypeSet("OAGroup", "Public", [f.Policy("kick", "member")]),
    f.AdminTypeSetOk(),
    f.AdminTypeRemove("OAGroup"),
    f.AdminTypeRemoveOk(),
    f.AdminUserMute(["bob"], 3600),
    f.AdminUserMuteOk(),
    f.AdminUserMuted("", 20),
    f.AdminUserMutedOk([f.Until("bob", TIME + 3_600_000)], ""),
    f.AdminAccountsImport([f.Account("alice", "Alice", "")]),
    f.AdminAccountsImportOk([f.AddedEntry("alice", AddResult.ADDED)]),
    f.AdminAccountsDelete(["bob"]),
    f.AdminAccountsDeleteOk([f.AddedEntry("bob", AddResult.ADDED)]),
    f.AdminAccountsQuery(["alice"]),
    f.AdminAccountsQueryOk([f.AccountStatus("alice", True, True, 3, 0)]),
    f.AdminSystemWriters("@SYS#news", "", 0),
    f.AdminSystemWritersOk([f.SystemWriter("bob", 2, TIME)], ""),
    f.AdminSystemSend("@SYS#news", ["bob", "carol"], "c-0001", Priority.NORMAL, HELLO_TEXT),
    f.AdminSystemSendOk([f.SystemSending("bob", 0, 3, TIME, 7), f.SystemSending("carol", 10017, 0, 0, 0)]),
    f.AdminSenderSet("robot", True),
    f.AdminSenderSetOk(),
    f.AdminAccountInvalidate("bob"),
    f.AdminAccountInvalidateOk(TIME),
    f.AdminProfileSet("bob", nickname="Bob", fields=[f.CustomField("Level", b"7")]),
    f.AdminProfileSetOk(),
    f.AdminGroupsSync("bob", ["lobby", "family"]),
    f.AdminGroupsSyncOk([f.GroupResult("family", True, 0)]),
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
    f.AdminLabels(["alice"]),
    f.AdminLabelsOk([f.UserLabels("alice", ["beta"], [f.UserAttribute("city", "Basel")])], 1),
    f.AdminAttributeNames(),
    f.AdminAttributeNamesOk([f.AttributeName(0, "city")]),
    f.AdminAttributeNamesSet([f.AttributeName(0, "city")]),
    f.AdminAttributeNamesSetOk(),
    f.AdminFlow("lobby"),
    f.AdminFlowOk([f.FlowEntry("lobby", Priority.LOW, 130, 20, 90, 0)]),
    f.AdminTrace("g:lobby", "alice", "c-0001"),
    f.AdminTraceOk(
        "frequency control", TIME, 0, "held back by the limit of its total", 0, MessageState.AS_SENT, 2, 0, 1, []
    ),
    f.AdminList(AppList.REFUSED_WORDS, "", 100),
    f.AdminListOk(["badword"], ""),
    f.AdminListChange(AppList.PROTECTED_USERS, ["alice"], ["bob"]),
    f.AdminListChangeOk(),
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
    f.Search("good morning", b"", 20, "g:lobby", "bob"),
    f.SearchOk([f.FoundEntry("g:lobby", [MESSAGE])], b""),
    f.QuietHoursSet(1320, 420, 480),
    f.QuietHoursSetOk(),
    f.QuietHoursGet(),
    f.QuietHoursOk(1320, 420, 480),
    f.Devices(),
    f.DevicesOk([f.DeviceEntry(7, Platform.MOBILE, "phone-1", Presence.ONLINE, TIME, TIME)]),
    f.DevicesClose([f.DeviceId(7)], "Somebody else has this phone now.", "alice"),
    f.DevicesCloseOk(1),
    f.PresenceSet(Presence.BACKGROUND),
    f.PresenceSetOk(),
    f.PresenceGet(["bob"]),
    f.PresenceGetOk([f.PresenceEntry("bob", Presence.OFFLINE, [])]),
    f.PresenceWatch(["bob"]),
    f.PresenceWatchOk([f.PresenceEntry("bob", Presence.OFFLINE, [])], []),
    f.PresenceUnwatch(["bob"]),
    f.PresenceUnwatchOk(),
    f.PresenceChanged([f.PresenceEntry("bob", Presence.ONLINE, [f.DeviceState(Platform.MOBILE, Presence.ONLINE)])]),
    f.OwnChanged(OwnChange.PROFILE),
    f.AdminStats(),
    f.AdminStatsOk([f.Stat("connections", 1)]),
)
"""Every declared frame, once; a test says so."""

MORE: tuple[Frame, ...] = (
    f.Login("", "", Platform.WEB, ""),
    f.Login("alice", SIG, Platform.MOBILE, "phone-1", TIME),
    f.LoginOk(3, TIME, 65536, 8192, False, "Alice", "", "", TIME),
    f.LoginOk(2, TIME, 65536, 8192, False, "", "", "@GUEST#000000000002"),
    f.LoginOk(4, TIME, 65536, 8192, False, "Alice", "", "", TIME, 600_000, 3141592653),
    f.GroupJoin("lobby", "", "I am Bob's sister"),
    f.GroupJoinOk(7, 2, JoinStatus.WAITING),
    f.GroupMembers("lobby", "", 0, Role.ADMIN),
    f.GroupGone("lobby", GoneReason.KICKED, "alice", "too loud"),
    f.Deliver("g:lobby", [f.Message(9, TIME, 10, Priority.HIGH, "bob", "", "", "", "tip-4", TIP)]),
    f.Send("g:lobby", "c-0003", Priority.NORMAL, HELLO_TEXT, "bob"),
    f.Send("g:lobby", "c-0004", Priority.NORMAL, MEDIA),
    f.Error(300016, False, f.Send.TYPE, "Nothing can be kept now.", 1000),
    f.History("g:lobby", 1, 0, 20, True, TIME - 60_000, TIME),
    f.History("g:lobby", 0, 0, 0, False, seqs=[f.SeqEntry(3), f.SeqEntry(7)]),
    f.Send("g:lobby", "c-0002", Priority.HIGH, MIXED),
    f.Deliver("g:lobby", [MESSAGE, f.Message(8, TIME + 1, 9, Priority.LOWEST, "鲍勃", "", "", "Bob", "x", MIXED)]),
)
"""Further examples: extension fields that are present, several elements, several rows."""


def least(cls: type[Struct]) -> Any:
    """A value with everything as short and small as it may be."""
    return cls(**{x.name: _least(x.type) for x in cls.FIELDS if not x.tag})


def most(cls: type[Struct]) -> Any:
    """A value with every number and text as large as it may be (lists hold two rows)."""
    return cls(**{x.name: _most(x.type) for x in cls.FIELDS})


def _least(kind: Any) -> Any:
    if isinstance(kind, Int):
        return kind.span[0] if kind.span else 0
    if isinstance(kind, Bool):
        return False
    if isinstance(kind, Enum):
        return min(kind.values)
    if isinstance(kind, StrList):
        return [_least(kind.item)] * kind.low
    if isinstance(kind, StructList):
        return [least(kind.struct)] * kind.low
    assert isinstance(kind, Bytes)
    return "a" * kind.low if kind.kind == "str" else b"\0" * kind.low


def _most(kind: Any) -> Any:
    if isinstance(kind, Int) and kind.span:
        return kind.span[1]
    if isinstance(kind, Int):
        return {"u8": 0xFF, "u16": 0xFFFF, "u32": 0xFFFFFFFF, "u64": 0xFFFFFFFFFFFFFFFF, "i32": -1}[kind.name]
    if isinstance(kind, Bool):
        return True
    if isinstance(kind, Enum):
        return max(kind.values)
    if isinstance(kind, StrList):
        return [_most(kind.item)] * 2
    if isinstance(kind, StructList):
        return [most(kind.struct)] * 2
    assert isinstance(kind, Bytes)
    size = min(kind.high, 3000)  # the longest bodies would make vectors of megabytes
    return "z" * size if kind.kind == "str" else b"\xff" * size


def all_examples() -> list[tuple[str, Frame]]:
    """(name, frame) of every frame that becomes a vector."""
    found = [(x.NAME, x) for x in EXAMPLES]
    found += [(f"{x.NAME} more {i}", x) for i, x in enumerate(MORE)]
    for cls in FRAMES.values():
        found.append((f"{cls.NAME} least", least(cls)))
        found.append((f"{cls.NAME} most", most(cls)))
    return found
