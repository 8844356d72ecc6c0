"""The table of operations: everything that the service offers, who may call it, and how it is carried out.

An adapter turns its own bytes into a request and hands it to `Service.submit` or `Service.call`. The row says

    name      as in the protocol, the documentation and the logs
    request   the type of the request (rcim/service/requests), with the bounds of its fields
    result    the type of the result
    make      turns the request into a command, a query, a workflow or the answer, after further checks
    callers   who may call it: EVERYONE, USERS (no guests), or ADMINISTRATORS of the app
    repeat    READS: it changes nothing; SAME: a repeat changes nothing and notifies nobody; ONCE: a caller
              without an answer has to check whether it was carried out
    rate      the class in which its requests are counted (LI-01)
    hot       true for the hot path: only `make` checks its fields
    complete  adds to the result, in the caller's process
    reserves  true if a guest's request counts as a group that the guest is about to enter (ID-06)
"""

from __future__ import annotations

from rcim.actor import api_keys, outbox_results, outcomes, reload_results, user_results
from rcim.flow.buckets import RateClass
from rcim.service import (
    accounts,
    administration,
    altering,
    auditing,
    broadcasts,
    conversations,
    devices,
    groups,
    keys,
    member_settings,
    members,
    message_log,
    messages,
    moderation,
    outbox,
    personal_data,
    push,
    querying,
    reloading,
    requests,
    results,
    rooms,
    searching,
    system,
    ultra,
    users,
)
from rcim.service.live_operations import LIVE_OPERATIONS
from rcim.service.operation_rows import Callers as Callers
from rcim.service.operation_rows import Operation as Operation
from rcim.service.operation_rows import Repeat as Repeat
from rcim.service.operation_rows import operation as _operation
from rcim.store import answers, connection_answers, log_answers, person_answers, push_answers

EVERYONE, USERS, ADMINISTRATORS = Callers
READS, SAME, ONCE = Repeat

OPERATIONS: tuple[Operation, ...] = (
    _operation("SEND", requests.Send, outcomes.Sent, messages.send, EVERYONE, SAME, rate=RateClass.SEND, hot=True),
    _operation("ADMIN_SEND", requests.AdminSend, outcomes.Sent, messages.send_for_app, ADMINISTRATORS, SAME),
    _operation("HISTORY", requests.History, outcomes.Page, messages.history, EVERYONE, READS, rate=RateClass.READ),
    _operation("MESSAGE_RECALL", requests.MessageRecall, outcomes.Altered, altering.recall, EVERYONE, SAME),
    _operation("MESSAGE_EDIT", requests.MessageEdit, outcomes.Altered, altering.edit, EVERYONE, ONCE),
    _operation("MESSAGE_DELETE", requests.MessageDelete, outcomes.Altered, altering.delete, EVERYONE, SAME),
    _operation("MESSAGES_ERASE", requests.MessagesErase, outcomes.Done, altering.erase, EVERYONE, ONCE),
    _operation("MESSAGES_HIDE", requests.MessagesHide, outcomes.Done, altering.hide, EVERYONE, ONCE),
    _operation("CONVERSATION_CLEAR", requests.ConversationClear, outcomes.Done, altering.clear, EVERYONE, ONCE),
    _operation("MESSAGE_RECEIPTS", requests.MessageReceipts, outcomes.Receipts, altering.receipts, EVERYONE, READS),
    _operation(
        "CONVERSATION_READ",
        requests.ConversationRead,
        outcomes.Read,
        messages.read,
        EVERYONE,
        SAME,
        rate=RateClass.READ,
    ),
    _operation("SYNC", requests.Sync, answers.SyncPage, conversations.sync, EVERYONE, READS, rate=RateClass.READ),
    _operation("SEARCH", requests.Search, answers.FoundPage, searching.search, USERS, READS, rate=RateClass.READ),
    _operation(
        "CONVERSATIONS_QUERY",
        requests.ConversationsQuery,
        answers.ConversationsPage,
        querying.query,
        USERS,
        READS,
        rate=RateClass.READ,
    ),
    _operation("CONVERSATION_FLAG", requests.ConversationFlag, outcomes.Done, conversations.flag, EVERYONE, SAME),
    _operation("CONVERSATION_PIN", requests.ConversationPin, outcomes.Done, conversations.pin, USERS, SAME),
    _operation("CONVERSATION_REMOVE", requests.ConversationRemove, outcomes.Done, conversations.remove, USERS, ONCE),
    _operation("GROUP_CREATE", requests.GroupCreate, outcomes.Created, groups.create, EVERYONE, ONCE),
    _operation(
        "ADMIN_GROUP_CREATE",
        requests.AdminGroupCreate,
        outcomes.Created,
        groups.create_for_app,
        ADMINISTRATORS,
        ONCE,
    ),
    _operation("GROUP_SET", requests.GroupSet, outcomes.Edited, groups.edit, EVERYONE, SAME),
    _operation("GROUP_OWNER_SET", requests.GroupOwnerSet, outcomes.Done, groups.give, EVERYONE, ONCE),
    _operation("GROUP_DISSOLVE", requests.GroupDissolve, outcomes.Done, groups.dissolve, EVERYONE, ONCE),
    _operation(
        "GROUP_INFO",
        requests.GroupInfo,
        results.GroupFacts,
        groups.info,
        EVERYONE,
        READS,
        complete=groups.with_online,
    ),
    _operation("GROUPS_JOINED", requests.GroupsJoined, answers.GroupsPage, groups.joined, EVERYONE, READS),
    _operation("GROUP_FIND", requests.GroupFind, answers.GroupsPage, groups.find, USERS, READS),
    _operation("GROUP_JOIN", requests.GroupJoin, outcomes.Joined, members.join, EVERYONE, ONCE, reserves=True),
    _operation("GROUP_LEAVE", requests.GroupLeave, outcomes.Done, members.leave, EVERYONE, ONCE),
    _operation("GROUP_MEMBERS", requests.GroupMembers, outcomes.Members, members.members, EVERYONE, READS),
    _operation("GROUP_MEMBER_GET", requests.GroupMemberGet, outcomes.Members, members.some, EVERYONE, READS),
    _operation("GROUP_MEMBER_SET", requests.GroupMemberSet, outcomes.Done, members.edit, USERS, SAME),
    _operation("GROUP_INVITE", requests.GroupInvite, outcomes.Added, members.invite, EVERYONE, ONCE),
    _operation(
        "GROUP_INVITATIONS", requests.GroupInvitations, outcomes.Invitations, members.invitations, USERS, READS
    ),
    _operation(
        "GROUP_INVITATION_ANSWER",
        requests.GroupInvitationAnswer,
        outcomes.Joined | outcomes.Done,
        members.answer_invitation,
        USERS,
        ONCE,
    ),
    _operation("APPLICATIONS_OWN", requests.ApplicationsOwn, outcomes.Applied, members.applied, USERS, READS),
    _operation("GROUP_KICK", requests.GroupKick, outcomes.Done, members.kick, EVERYONE, ONCE),
    _operation("GROUP_BLOCK", requests.GroupBlock, outcomes.Done, members.block, EVERYONE, ONCE),
    _operation("GROUP_BLOCKED", requests.GroupBlocked, outcomes.Marks, members.marked, EVERYONE, READS),
    _operation("GROUP_MUTE", requests.GroupMute, outcomes.Done, members.mute, EVERYONE, ONCE),
    _operation("GROUP_MUTED", requests.GroupMuted, outcomes.Marks, members.marked, EVERYONE, READS),
    _operation("GROUP_MUTE_ALL", requests.GroupMuteAll, outcomes.Done, members.mute_all, EVERYONE, SAME),
    _operation("GROUP_APPLICATIONS", requests.GroupApplications, outcomes.Marks, members.marked, EVERYONE, READS),
    _operation(
        "GROUP_APPLICATION_DECIDE", requests.GroupApplicationDecide, outcomes.Done, members.decide, EVERYONE, ONCE
    ),
    _operation(
        "ROOM_ATTRIBUTES_SET", requests.RoomAttributesSet, outcomes.AttributesSet, rooms.set_attributes, USERS, ONCE
    ),
    _operation(
        "ROOM_ATTRIBUTES_DELETE",
        requests.RoomAttributesDelete,
        outcomes.AttributesSet,
        rooms.delete_attributes,
        USERS,
        ONCE,
    ),
    _operation(
        "ROOM_ATTRIBUTES", requests.RoomAttributes, outcomes.AttributesPage, rooms.attributes, EVERYONE, READS
    ),
    _operation("CHANNEL_CREATE", requests.ChannelCreate, outcomes.Created, ultra.create, USERS, ONCE),
    _operation("CHANNELS", requests.Channels, outcomes.Channels, ultra.channels, USERS, READS),
    _operation("CHANNEL_USERS_CHANGE", requests.ChannelUsersChange, outcomes.Done, ultra.change_users, USERS, ONCE),
    _operation("CHANNEL_USERS", requests.ChannelUsers, user_results.Listed, ultra.users, USERS, READS),
    _operation("CHANNEL_PRIVATE_SET", requests.ChannelPrivateSet, outcomes.Done, ultra.set_private, USERS, SAME),
    _operation("PUSH_LEVEL_SET", requests.PushLevelSet, outcomes.Done, ultra.set_push_level, USERS, SAME),
    _operation("PUSH_LEVEL", requests.PushLevelGet, outcomes.PushLevels, ultra.push_level, USERS, READS),
    _operation("HISTORY_TRIM", requests.HistoryTrim, outcomes.TrimmedTo, ultra.trim, USERS, SAME),
    _operation("PROFILE_SET", requests.ProfileSet, outcomes.Done, users.profile_set, USERS, SAME),
    _operation("PROFILE_GET", requests.ProfileGet, user_results.UserFacts, users.profile_get, USERS, READS),
    _operation("PROFILES_GET", requests.ProfilesGet, user_results.Profiles, users.profiles_get, USERS, READS),
    _operation("USER_LIST_CHANGE", requests.UserListChange, outcomes.Done, users.change_list, USERS, SAME),
    _operation("USER_LIST", requests.UserListGet, user_results.Listed, users.list_, USERS, READS),
    _operation("QUIET_HOURS_SET", requests.QuietHoursSet, outcomes.Done, users.set_quiet, USERS, SAME),
    _operation("QUIET_HOURS", requests.QuietHoursGet, user_results.UserFacts, users.quiet, USERS, READS),
    _operation("INVITE_CONSENT_SET", requests.InviteConsentSet, outcomes.Done, users.set_consent, USERS, SAME),
    _operation("INVITE_CONSENT", requests.InviteConsentGet, user_results.UserFacts, users.consent, USERS, READS),
    _operation("PUSH_TOKEN_SET", requests.PushTokenSet, outcomes.Done, push.set_token, USERS, SAME),
    _operation("PUSH_TOKEN_REMOVE", requests.PushTokenRemove, outcomes.Done, push.remove_token, USERS, SAME),
    _operation("PUSH_TOKENS", requests.PushTokens, push_answers.PushTokensPage, push.tokens, USERS, READS),
    _operation("ADMIN_PUSH_TEST", requests.AdminPushTest, outcomes.Done, push.send_test, ADMINISTRATORS, ONCE),
    _operation("DEVICES", requests.Devices, connection_answers.DevicesPage, devices.devices, USERS, READS),
    _operation("DEVICES_CLOSE", requests.DevicesClose, connection_answers.DevicesClosed, devices.close, USERS, ONCE),
    _operation("PRESENCE_SET", requests.PresenceSet, outcomes.Done, devices.set_state, USERS, SAME),
    _operation("PRESENCE_GET", requests.PresenceGet, connection_answers.PresencePage, devices.get, USERS, READS),
    _operation(
        "PRESENCE_WATCH",
        requests.PresenceWatch,
        connection_answers.PresencePage,
        devices.watch,
        USERS,
        SAME,
        complete=devices.watching,
    ),
    _operation("PRESENCE_UNWATCH", requests.PresenceUnwatch, outcomes.Done, devices.unwatch, USERS, SAME),
    _operation(
        "ADMIN_GROUPS", requests.AdminGroups, answers.GroupsPage, administration.groups, ADMINISTRATORS, READS
    ),
    _operation(
        "ADMIN_CONNECTIONS",
        requests.AdminConnections,
        connection_answers.ConnectionsPage,
        administration.connections,
        ADMINISTRATORS,
        READS,
    ),
    _operation("ADMIN_STATS", requests.AdminStats, answers.Counted, administration.stats, ADMINISTRATORS, READS),
    _operation(
        "ADMIN_METRICS", requests.AdminMetrics, answers.Metrics, administration.metrics, ADMINISTRATORS, READS
    ),
    _operation("ADMIN_HEALTH", requests.AdminHealth, answers.Health, administration.health, ADMINISTRATORS, READS),
    _operation("ADMIN_FLOW", requests.AdminFlow, user_results.Flow, moderation.flow, ADMINISTRATORS, READS),
    _operation(
        "ADMIN_TRACE",
        requests.AdminTrace,
        results.TracedMessage,
        moderation.trace,
        ADMINISTRATORS,
        READS,
        complete=moderation.with_online,
    ),
    _operation("ADMIN_LIST", requests.AdminList, user_results.Listed, moderation.list_, ADMINISTRATORS, READS),
    _operation(
        "ADMIN_LIST_CHANGE",
        requests.AdminListChange,
        user_results.ListAltered,
        moderation.change_list,
        ADMINISTRATORS,
        ONCE,
    ),
    _operation("ADMIN_NOTICE", requests.AdminNotice, outcomes.Done, administration.notice, ADMINISTRATORS, ONCE),
    _operation(
        "ADMIN_GROUP_IMPORT",
        requests.AdminGroupImport,
        outcomes.Created,
        administration.group_import,
        ADMINISTRATORS,
        ONCE,
    ),
    _operation(
        "ADMIN_MEMBERS_IMPORT",
        requests.AdminMembersImport,
        outcomes.Added,
        administration.members_import,
        ADMINISTRATORS,
        ONCE,
    ),
    _operation(
        "ADMIN_MESSAGES_IMPORT",
        requests.AdminMessagesImport,
        outcomes.Imported,
        administration.messages_import,
        ADMINISTRATORS,
        ONCE,
    ),
    _operation(
        "ADMIN_PAIR_IMPORT",
        requests.AdminPairImport,
        outcomes.Imported,
        administration.pair_import,
        ADMINISTRATORS,
        ONCE,
    ),
    _operation(
        "ADMIN_IMPORT_FINISH",
        requests.AdminImportFinish,
        outcomes.Done,
        administration.import_finish,
        ADMINISTRATORS,
        ONCE,
    ),
    _operation("ADMIN_ROOMS", requests.AdminRooms, answers.GroupsPage, rooms.rooms, ADMINISTRATORS, READS),
    _operation("ADMIN_ROOM_SET", requests.AdminRoomSet, outcomes.Done, rooms.set_room, ADMINISTRATORS, SAME),
    _operation("ADMIN_ROOMS_KEPT", requests.AdminRoomsKept, answers.GroupsPage, rooms.kept, ADMINISTRATORS, READS),
    _operation(
        "ADMIN_ROOM_PROTECTED",
        requests.AdminRoomProtected,
        user_results.Listed,
        rooms.protected,
        ADMINISTRATORS,
        READS,
    ),
    _operation("ADMIN_TYPES", requests.AdminTypes, user_results.Types, administration.types, ADMINISTRATORS, READS),
    _operation("ADMIN_TYPE_SET", requests.AdminTypeSet, outcomes.Done, administration.type_set, ADMINISTRATORS, SAME),
    _operation(
        "ADMIN_TYPE_REMOVE", requests.AdminTypeRemove, outcomes.Done, administration.type_remove, ADMINISTRATORS, ONCE
    ),
    _operation("ADMIN_USER_BLOCK", requests.AdminUserBlock, outcomes.Done, accounts.block, ADMINISTRATORS, ONCE),
    _operation(
        "ADMIN_USER_BLOCKED",
        requests.AdminUserBlocked,
        user_results.BlockedUsers,
        accounts.blocked,
        ADMINISTRATORS,
        READS,
    ),
    _operation("ADMIN_USER_MUTE", requests.AdminUserMute, outcomes.Done, accounts.mute, ADMINISTRATORS, ONCE),
    _operation(
        "ADMIN_USER_MUTED", requests.AdminUserMuted, user_results.MutedUsers, accounts.muted, ADMINISTRATORS, READS
    ),
    _operation(
        "ADMIN_ACCOUNTS_IMPORT",
        requests.AdminAccountsImport,
        outcomes.Added,
        accounts.accounts_import,
        ADMINISTRATORS,
        SAME,
    ),
    _operation(
        "ADMIN_ACCOUNTS_DELETE",
        requests.AdminAccountsDelete,
        outcomes.Added,
        accounts.accounts_delete,
        ADMINISTRATORS,
        ONCE,
    ),
    _operation(
        "ADMIN_ACCOUNTS_QUERY",
        requests.AdminAccountsQuery,
        answers.Accounts,
        accounts.accounts_query,
        ADMINISTRATORS,
        READS,
    ),
    _operation(
        "ADMIN_ACCOUNT_INVALIDATE",
        requests.AdminAccountInvalidate,
        user_results.Invalidated,
        accounts.invalidate,
        ADMINISTRATORS,
        ONCE,
    ),
    _operation(
        "ADMIN_SYSTEM_WRITERS",
        requests.AdminSystemWriters,
        outcomes.SystemWriters,
        system.writers,
        ADMINISTRATORS,
        READS,
    ),
    _operation("ADMIN_SYSTEM_SEND", requests.AdminSystemSend, outcomes.SystemSent, system.send, ADMINISTRATORS, SAME),
    _operation("ADMIN_SENDER_SET", requests.AdminSenderSet, outcomes.Done, system.set_sender, ADMINISTRATORS, SAME),
    _operation(
        "ADMIN_PROFILE_SET", requests.AdminProfileSet, outcomes.Done, accounts.admin_profile_set, ADMINISTRATORS, SAME
    ),
    _operation(
        "ADMIN_GROUPS_SYNC",
        requests.AdminGroupsSync,
        results.SyncedGroups,
        accounts.groups_sync,
        ADMINISTRATORS,
        SAME,
        complete=accounts.fitting,
    ),
    _operation(
        "ADMIN_BROADCAST", requests.AdminBroadcast, outcomes.BroadcastSent, broadcasts.send, ADMINISTRATORS, SAME
    ),
    _operation("ADMIN_BROADCASTS", requests.AdminBroadcasts, outcomes.Page, broadcasts.list_, ADMINISTRATORS, READS),
    _operation(
        "ADMIN_BROADCAST_RECALL",
        requests.AdminBroadcastRecall,
        outcomes.Altered,
        broadcasts.recall,
        ADMINISTRATORS,
        SAME,
    ),
    _operation(
        "ADMIN_TAGS_CHANGE", requests.AdminTagsChange, outcomes.Added, broadcasts.change_tags, ADMINISTRATORS, SAME
    ),
    _operation(
        "ADMIN_ATTRIBUTES_CHANGE",
        requests.AdminAttributesChange,
        outcomes.Added,
        broadcasts.change_attributes,
        ADMINISTRATORS,
        SAME,
    ),
    _operation("ADMIN_LABELS", requests.AdminLabels, user_results.Profiles, broadcasts.labels, ADMINISTRATORS, READS),
    _operation(
        "ADMIN_ATTRIBUTE_NAMES",
        requests.AdminAttributeNames,
        outcomes.AttributeNames,
        broadcasts.attribute_names,
        ADMINISTRATORS,
        READS,
    ),
    _operation(
        "ADMIN_ATTRIBUTE_NAMES_SET",
        requests.AdminAttributeNamesSet,
        outcomes.Done,
        broadcasts.set_attribute_names,
        ADMINISTRATORS,
        SAME,
    ),
    _operation("ADMIN_RELOAD", requests.AdminReload, reload_results.Reloaded, reloading.reload, ADMINISTRATORS, SAME),
    _operation("ADMIN_KEY_CREATE", requests.AdminKeyCreate, api_keys.KeyCreated, keys.create, ADMINISTRATORS, ONCE),
    _operation("ADMIN_AUDIT", requests.AdminAudit, log_answers.AuditPage, auditing.page, ADMINISTRATORS, READS),
    _operation("ADMIN_KEYS", requests.AdminKeys, api_keys.KeysPage, keys.list_, ADMINISTRATORS, READS),
    _operation("ADMIN_KEY_REVOKE", requests.AdminKeyRevoke, outcomes.Done, keys.revoke, ADMINISTRATORS, ONCE),
    _operation("ADMIN_KEY_USE", requests.AdminKeyUse, api_keys.KeyFound, keys.use, ADMINISTRATORS, SAME),
    _operation(
        "ADMIN_MEMBERS_SET", requests.AdminMembersSet, outcomes.MembersSet, member_settings.set_, ADMINISTRATORS, SAME
    ),
    _operation(
        "ADMIN_MEMBERS_GET", requests.AdminMembersGet, answers.MemberRows, member_settings.get, ADMINISTRATORS, READS
    ),
    _operation(
        "ADMIN_USER_EXPORT",
        requests.AdminUserExport,
        person_answers.ExportPage,
        personal_data.export,
        ADMINISTRATORS,
        READS,
    ),
    _operation(
        "ADMIN_USER_ERASE", requests.AdminUserErase, outcomes.ErasedSome, personal_data.erase, ADMINISTRATORS, ONCE
    ),
    _operation(
        "ADMIN_USER_UNREAD",
        requests.AdminUserUnread,
        answers.UnreadCounts,
        personal_data.unread,
        ADMINISTRATORS,
        READS,
    ),
    _operation(
        "MESSAGE_LOG_LIST",
        requests.MessageLogList,
        log_answers.LogFilesPage,
        message_log.listing,
        ADMINISTRATORS,
        READS,
    ),
    _operation(
        "MESSAGE_LOG_GET", requests.MessageLogGet, log_answers.LogChunk, message_log.chunk, ADMINISTRATORS, READS
    ),
    _operation(
        "MESSAGE_LOG_EXPIRE",
        requests.MessageLogExpire,
        log_answers.LogExpired,
        message_log.expire,
        ADMINISTRATORS,
        SAME,
    ),
    _operation("OUTBOX_LIST", requests.OutboxList, outbox_results.Consumers, outbox.list_, ADMINISTRATORS, READS),
    _operation("OUTBOX_SHOW", requests.OutboxShow, outbox_results.Consumers, outbox.show, ADMINISTRATORS, READS),
    _operation("OUTBOX_PAUSE", requests.OutboxPause, outcomes.Done, outbox.pause, ADMINISTRATORS, SAME),
    _operation("OUTBOX_RESUME", requests.OutboxResume, outcomes.Done, outbox.resume, ADMINISTRATORS, SAME),
    _operation("OUTBOX_REPLAY", requests.OutboxReplay, outbox_results.Replayed, outbox.replay, ADMINISTRATORS, ONCE),
    _operation("OUTBOX_DEAD", requests.OutboxDead, outbox_results.DeadLetterPage, outbox.dead, ADMINISTRATORS, READS),
    _operation(
        "OUTBOX_DEAD_RETRY",
        requests.OutboxDeadRetry,
        outbox_results.DeadLettersRetried,
        outbox.dead_retry,
        ADMINISTRATORS,
        ONCE,
    ),
    _operation(
        "OUTBOX_DEAD_DROP",
        requests.OutboxDeadDrop,
        outbox_results.DeadLettersDropped,
        outbox.dead_drop,
        ADMINISTRATORS,
        ONCE,
    ),
    *LIVE_OPERATIONS,
)
assert all(row.callers is EVERYONE and row.complete is None and not row.reserves for row in OPERATIONS if row.hot), (
    "nothing is checked, and nothing added, on the hot path"
)
BY_NAME = {operation.name: operation for operation in OPERATIONS}
BY_REQUEST = {operation.request: operation for operation in OPERATIONS}
