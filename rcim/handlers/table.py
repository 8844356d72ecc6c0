"""Which handler takes which frame, and what makes the answer of its result. The whole of it, in one place: ROUTES."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import force_setattr

from rcim.base.errors import ADMIN_REQUIRED, RcimError
from rcim.handlers import (
    admin,
    altering,
    conversations,
    devices,
    groups,
    members,
    messages,
    moderation,
    searching,
    users,
)
from rcim.handlers.context import ActorCommand, Principal, RequestContext, RunWorkflow, Work
from rcim.wire import frames
from rcim.wire.schema import FRAMES, Frame

Handler = Callable[[Any, Principal, RequestContext], Work]
Answerer = Callable[[Any, RequestContext], Frame]


def _empty(reply: type[Frame]) -> Answerer:
    """The answer of a request of which there is nothing to say but that it is done."""
    made = reply()
    return lambda result, context: made


f = frames
ROUTES: dict[type[Frame], tuple[Handler, Answerer]] = {
    f.Send: (messages.send, messages.sent),
    f.History: (messages.history, messages.page),
    f.MessageRecall: (altering.recall, altering.recalled_ok),
    f.MessageEdit: (altering.edit, altering.edited_ok),
    f.MessageDelete: (altering.delete, altering.deleted_ok),
    f.MessagesErase: (altering.erase, _empty(f.MessagesEraseOk)),
    f.MessagesHide: (altering.hide, _empty(f.MessagesHideOk)),
    f.ConversationClear: (altering.clear, _empty(f.ConversationClearOk)),
    f.MessageReceipts: (altering.receipts, altering.receipts_ok),
    f.ConversationRead: (messages.read, messages.read_ok),
    f.Sync: (conversations.sync, conversations.sync_ok),
    f.Search: (searching.search, searching.found_ok),
    f.ConversationFlag: (conversations.flag, _empty(f.ConversationFlagOk)),
    f.ConversationPin: (conversations.pin, _empty(f.ConversationPinOk)),
    f.ConversationRemove: (conversations.remove, _empty(f.ConversationRemoveOk)),
    f.GroupCreate: (groups.create, groups.created_ok),
    f.GroupSet: (groups.edit, groups.edited_ok),
    f.GroupOwnerSet: (groups.give, _empty(f.GroupOwnerSetOk)),
    f.GroupDissolve: (groups.dissolve, _empty(f.GroupDissolveOk)),
    f.GroupInfo: (groups.info, groups.info_ok),
    f.GroupsJoined: (groups.joined, groups.groups_ok),
    f.GroupFind: (groups.find, groups.found_ok),
    f.GroupJoin: (members.join, members.joined_ok),
    f.GroupLeave: (members.leave, _empty(f.GroupLeaveOk)),
    f.GroupMembers: (members.members, members.members_ok),
    f.GroupMemberGet: (members.some, members.some_ok),
    f.GroupMemberSet: (members.edit, _empty(f.GroupMemberSetOk)),
    f.GroupInvite: (members.invite, members.invited_ok),
    f.GroupInvitations: (members.invitations, members.invitations_ok),
    f.GroupInvitationAnswer: (members.answer_invitation, members.answered_ok),
    f.ApplicationsOwn: (members.applied, members.applied_ok),
    f.GroupKick: (members.kick, _empty(f.GroupKickOk)),
    f.GroupBlock: (members.block, _empty(f.GroupBlockOk)),
    f.GroupBlocked: (members.marked, members.marks_ok),
    f.GroupMute: (members.mute, _empty(f.GroupMuteOk)),
    f.GroupMuted: (members.marked, members.marks_ok),
    f.GroupMuteAll: (members.mute_all, _empty(f.GroupMuteAllOk)),
    f.GroupApplications: (members.marked, members.marks_ok),
    f.GroupApplicationDecide: (members.decide, _empty(f.GroupApplicationDecideOk)),
    f.ProfileSet: (users.profile_set, _empty(f.ProfileSetOk)),
    f.ProfileGet: (users.profile_get, users.facts_ok),
    f.ProfilesGet: (users.profiles_get, users.profiles_ok),
    f.UserListChange: (users.change_list, _empty(f.UserListChangeOk)),
    f.UserListGet: (users.list_, users.list_ok),
    f.QuietHoursSet: (users.set_quiet, _empty(f.QuietHoursSetOk)),
    f.QuietHoursGet: (users.quiet, users.quiet_ok),
    f.InviteConsentSet: (users.set_consent, _empty(f.InviteConsentSetOk)),
    f.InviteConsentGet: (users.consent, users.consent_ok),
    f.Devices: (devices.devices, devices.devices_ok),
    f.DevicesClose: (devices.close, devices.closed_ok),
    f.PresenceSet: (devices.set_state, _empty(f.PresenceSetOk)),
    f.PresenceGet: (devices.get, devices.presence_ok),
    f.PresenceWatch: (devices.watch, devices.watched_ok),
    f.PresenceUnwatch: (devices.unwatch, _empty(f.PresenceUnwatchOk)),
    f.AdminGroups: (
        admin.groups,
        admin.groups_ok,
    ),
    f.AdminConnections: (admin.connections, admin.connections_ok),
    f.AdminStats: (admin.stats, admin.stats_ok),
    f.AdminFlow: (moderation.flow, moderation.flow_ok),
    f.AdminTrace: (moderation.trace, moderation.traced_ok),
    f.AdminList: (moderation.list_, moderation.listed_ok),
    f.AdminListChange: (moderation.change_list, moderation.list_changed_ok),
    f.AdminNotice: (admin.notice, _empty(f.AdminNoticeOk)),
    f.AdminGroupImport: (admin.group_import, admin.group_imported_ok),
    f.AdminMembersImport: (admin.members_import, admin.members_imported_ok),
    f.AdminMessagesImport: (admin.messages_import, admin.messages_imported_ok),
    f.AdminImportFinish: (admin.import_finish, _empty(f.AdminImportFinishOk)),
    f.AdminTypes: (admin.types, admin.types_ok),
    f.AdminTypeSet: (admin.type_set, _empty(f.AdminTypeSetOk)),
    f.AdminTypeRemove: (admin.type_remove, _empty(f.AdminTypeRemoveOk)),
    f.AdminUserMute: (users.mute, _empty(f.AdminUserMuteOk)),
    f.AdminUserMuted: (users.muted, users.muted_ok),
    f.AdminAccountsImport: (users.accounts_import, users.imported_ok),
    f.AdminAccountsDelete: (users.accounts_delete, users.deleted_ok),
    f.AdminAccountsQuery: (users.accounts_query, users.accounts_ok),
    f.AdminAccountInvalidate: (users.invalidate, users.invalidated_ok),
    f.AdminProfileSet: (users.admin_profile_set, _empty(f.AdminProfileSetOk)),
    f.AdminGroupsSync: (users.groups_sync, users.synced_ok),
}
_BY_TYPE = {frame.TYPE: answerer for frame, (_, answerer) in ROUTES.items()}


SESSION_FRAMES = {f.Hello, f.Login, f.Logout, f.Ping}
"""Requests that the session answers itself."""
assert ROUTES.keys() == {frame for frame in FRAMES.values() if frame.DECLARED.role == "request"} - SESSION_FRAMES


def work(frame: Frame, principal: Principal, context: RequestContext) -> Work:
    """What `frame` becomes. A command or workflow gets what the caller has logged in with (ID-09).

    Raises RcimError: refused, and nothing was done.
    """
    if frame.DECLARED.admin and not principal.admin:
        raise RcimError(ADMIN_REQUIRED)
    made = ROUTES[type(frame)][0](frame, principal, context)
    asked = made.command if type(made) is ActorCommand else made.workflow if type(made) is RunWorkflow else None
    if asked is not None:
        force_setattr(asked, "credential", principal.credential)  # it was made just now, and nobody else has it
    return made


def answer(result: Any, request_type: int, context: RequestContext) -> Frame:
    """The frame that answers a request of `request_type` with `result`."""
    return _BY_TYPE[request_type](result, context)
