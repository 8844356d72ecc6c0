"""Our frames as operations: ANSWERS says which request each frame becomes, and which frame answers it.

A request frame has the name of its operation (rcim/service/operations.py) and the fields of its request (requests.py).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from rcim.adapters.frames.answers import (
    administration,
    altering,
    broadcasts,
    conversations,
    devices,
    groups,
    keys,
    live,
    member_settings,
    members,
    message_log,
    messages,
    metrics,
    moderation,
    outbox,
    personal_data,
    push,
    querying,
    reloading,
    rooms,
    searching,
    system,
    ultra,
    users,
)
from rcim.adapters.frames.requests import translator
from rcim.service.operations import BY_NAME
from rcim.service.rates import RateClass
from rcim.service.requests import Request
from rcim.service.results import Result
from rcim.wire import frames as f
from rcim.wire.schema import FRAMES, Frame

Answerer = Callable[[Any], Frame]


def _empty(reply: type[Frame]) -> Answerer:
    """The answer to a request that has no result except that it is done."""
    made = reply()
    return lambda result: made


ANSWERS: dict[type[Frame], Answerer] = {
    f.Send: messages.sent,
    f.History: messages.page,
    f.MessageRecall: altering.recalled_ok,
    f.MessageEdit: altering.edited_ok,
    f.MessageDelete: altering.deleted_ok,
    f.MessagesErase: _empty(f.MessagesEraseOk),
    f.MessagesHide: _empty(f.MessagesHideOk),
    f.ConversationClear: _empty(f.ConversationClearOk),
    f.MessageReceipts: altering.receipts_ok,
    f.ConversationRead: messages.read_ok,
    f.Sync: conversations.sync_ok,
    f.Search: searching.found_ok,
    f.ConversationsQuery: querying.found_ok,
    f.ConversationFlag: _empty(f.ConversationFlagOk),
    f.ConversationPin: _empty(f.ConversationPinOk),
    f.ConversationRemove: _empty(f.ConversationRemoveOk),
    f.GroupCreate: groups.created_ok,
    f.GroupSet: groups.edited_ok,
    f.GroupOwnerSet: _empty(f.GroupOwnerSetOk),
    f.GroupDissolve: _empty(f.GroupDissolveOk),
    f.GroupInfo: groups.info_ok,
    f.GroupsJoined: groups.groups_ok,
    f.GroupFind: groups.found_ok,
    f.GroupJoin: members.joined_ok,
    f.GroupLeave: _empty(f.GroupLeaveOk),
    f.GroupMembers: members.members_ok,
    f.GroupMemberGet: members.some_ok,
    f.GroupMemberSet: _empty(f.GroupMemberSetOk),
    f.GroupInvite: members.invited_ok,
    f.GroupInvitations: members.invitations_ok,
    f.GroupInvitationAnswer: members.answered_ok,
    f.ApplicationsOwn: members.applied_ok,
    f.GroupKick: _empty(f.GroupKickOk),
    f.GroupBlock: _empty(f.GroupBlockOk),
    f.GroupBlocked: members.marks_ok,
    f.GroupMute: _empty(f.GroupMuteOk),
    f.GroupMuted: members.marks_ok,
    f.GroupMuteAll: _empty(f.GroupMuteAllOk),
    f.GroupApplications: members.marks_ok,
    f.GroupApplicationDecide: _empty(f.GroupApplicationDecideOk),
    f.RoomAttributesSet: rooms.set_ok,
    f.RoomAttributesDelete: rooms.deleted_ok,
    f.RoomAttributes: rooms.attributes_ok,
    f.ChannelCreate: ultra.created_ok,
    f.Channels: ultra.channels_ok,
    f.ChannelUsersChange: _empty(f.ChannelUsersChangeOk),
    f.ChannelUsers: ultra.users_ok,
    f.ChannelPrivateSet: _empty(f.ChannelPrivateSetOk),
    f.PushLevelSet: _empty(f.PushLevelSetOk),
    f.PushLevelGet: ultra.push_level_ok,
    f.HistoryTrim: ultra.trimmed_ok,
    f.ProfileSet: _empty(f.ProfileSetOk),
    f.ProfileGet: users.facts_ok,
    f.ProfilesGet: users.profiles_ok,
    f.UserListChange: _empty(f.UserListChangeOk),
    f.UserListGet: users.list_ok,
    f.QuietHoursSet: _empty(f.QuietHoursSetOk),
    f.QuietHoursGet: users.quiet_ok,
    f.InviteConsentSet: _empty(f.InviteConsentSetOk),
    f.InviteConsentGet: users.consent_ok,
    f.PushTokenSet: _empty(f.PushTokenSetOk),
    f.PushTokenRemove: _empty(f.PushTokenRemoveOk),
    f.PushTokens: push.tokens_ok,
    f.AdminPushTest: _empty(f.AdminPushTestOk),
    f.Devices: devices.devices_ok,
    f.DevicesClose: devices.closed_ok,
    f.PresenceSet: _empty(f.PresenceSetOk),
    f.PresenceGet: devices.presence_ok,
    f.PresenceWatch: devices.watched_ok,
    f.PresenceUnwatch: _empty(f.PresenceUnwatchOk),
    f.AdminGroups: administration.groups_ok,
    f.AdminConnections: administration.connections_ok,
    f.AdminStats: administration.stats_ok,
    f.AdminMetrics: metrics.metrics_ok,
    f.AdminHealth: administration.health_ok,
    f.AdminFlow: moderation.flow_ok,
    f.AdminHot: live.hot_ok,
    f.AdminActivity: live.activity_ok,
    f.AdminSlow: live.slow_ok,
    f.AdminProcesses: live.processes_ok,
    f.AdminTrace: moderation.traced_ok,
    f.AdminList: moderation.listed_ok,
    f.AdminListChange: moderation.list_changed_ok,
    f.AdminNotice: _empty(f.AdminNoticeOk),
    f.AdminSend: messages.admin_sent,
    f.AdminGroupCreate: groups.admin_created_ok,
    f.AdminGroupImport: administration.group_imported_ok,
    f.AdminMembersImport: administration.members_imported_ok,
    f.AdminMessagesImport: administration.messages_imported_ok,
    f.AdminPairImport: administration.pair_imported_ok,
    f.AdminImportFinish: _empty(f.AdminImportFinishOk),
    f.AdminRooms: rooms.rooms_ok,
    f.AdminRoomSet: _empty(f.AdminRoomSetOk),
    f.AdminRoomsKept: rooms.kept_ok,
    f.AdminRoomProtected: rooms.protected_ok,
    f.AdminTypes: administration.types_ok,
    f.AdminTypeSet: _empty(f.AdminTypeSetOk),
    f.AdminTypeRemove: _empty(f.AdminTypeRemoveOk),
    f.AdminUserBlock: _empty(f.AdminUserBlockOk),
    f.AdminUserBlocked: users.blocked_ok,
    f.AdminUserMute: _empty(f.AdminUserMuteOk),
    f.AdminUserMuted: users.muted_ok,
    f.AdminAccountsImport: users.imported_ok,
    f.AdminAccountsDelete: users.deleted_ok,
    f.AdminAccountsQuery: users.accounts_ok,
    f.AdminAccountInvalidate: users.invalidated_ok,
    f.AdminSystemWriters: system.writers_ok,
    f.AdminSystemSend: system.sent_ok,
    f.AdminSenderSet: _empty(f.AdminSenderSetOk),
    f.AdminProfileSet: _empty(f.AdminProfileSetOk),
    f.AdminGroupsSync: users.synced_ok,
    f.AdminBroadcast: broadcasts.sent_ok,
    f.AdminBroadcasts: broadcasts.page_ok,
    f.AdminBroadcastRecall: broadcasts.recalled_ok,
    f.AdminTagsChange: broadcasts.tags_ok,
    f.AdminAttributesChange: broadcasts.attributes_ok,
    f.AdminLabels: broadcasts.labels_ok,
    f.AdminAttributeNames: broadcasts.names_ok,
    f.AdminAttributeNamesSet: _empty(f.AdminAttributeNamesSetOk),
    f.AdminKeyCreate: keys.created_ok,
    f.AdminKeys: keys.keys_ok,
    f.AdminAudit: keys.audit_ok,
    f.AdminReload: reloading.reload_ok,
    f.AdminKeyRevoke: _empty(f.AdminKeyRevokeOk),
    f.AdminMembersSet: member_settings.set_ok,
    f.AdminMembersGet: member_settings.get_ok,
    f.AdminUserExport: personal_data.export_ok,
    f.AdminUserErase: personal_data.erase_ok,
    f.AdminUserUnread: personal_data.unread_ok,
    f.MessageLogList: message_log.list_ok,
    f.MessageLogGet: message_log.get_ok,
    f.MessageLogExpire: message_log.expire_ok,
    f.OutboxList: outbox.list_ok,
    f.OutboxShow: outbox.show_ok,
    f.OutboxPause: _empty(f.OutboxPauseOk),
    f.OutboxResume: _empty(f.OutboxResumeOk),
    f.OutboxReplay: outbox.replayed_ok,
    f.OutboxDead: outbox.dead_ok,
    f.OutboxDeadRetry: outbox.retried_ok,
    f.OutboxDeadDrop: outbox.dropped_ok,
}

SESSION_FRAMES = {f.Hello, f.Login, f.Logout, f.Ping}
"""Requests that the session answers itself."""
assert ANSWERS.keys() == {frame for frame in FRAMES.values() if frame.DECLARED.role == "request"} - SESSION_FRAMES


class Route(NamedTuple):
    """The handling of a request frame: `request` turns it into a request, `answer` turns the result into a frame."""

    request: Callable[[Frame], Request]
    answer: Answerer


ROUTES = {frame.TYPE: Route(translator(frame), answerer) for frame, answerer in ANSWERS.items()}
"""By frame type."""
RATES: dict[int, RateClass] = {
    **{frame.TYPE: BY_NAME[frame.NAME].rate for frame in ANSWERS},
    f.Ping.TYPE: RateClass.CONTROL,
    f.Pong.TYPE: RateClass.CONTROL,
}
"""LI-01: how each frame is counted, by frame type. Other known frames count as OTHER, unknown ones as CONTROL."""


def answer(type_: int, result: Result) -> Frame:
    """The frame that answers a request of this frame type with `result`."""
    return ROUTES[type_].answer(result)
