"""Which handler takes which frame, and what makes the answer of its result. The whole of it, in one place."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from rcim.base.errors import ADMIN_REQUIRED, RcimError
from rcim.handlers import admin, altering, conversations, groups, members, messages, passing, users
from rcim.handlers.desk import Caller, Desk, Work
from rcim.wire import frames
from rcim.wire.schema import FRAMES, Frame

Handler = Callable[[Any, Caller, Desk], Work]
Answerer = Callable[[Any, Desk], Frame]


def _empty(reply: type[Frame]) -> Answerer:
    """The answer of a request of which there is nothing to say but that it is done."""
    made = reply()
    return lambda result, desk: made


f = frames
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
    f.GroupKick: _empty(f.GroupKickOk),
    f.GroupBlock: _empty(f.GroupBlockOk),
    f.GroupBlocked: members.marks_ok,
    f.GroupMute: _empty(f.GroupMuteOk),
    f.GroupMuted: members.marks_ok,
    f.GroupMuteAll: _empty(f.GroupMuteAllOk),
    f.GroupApplications: members.marks_ok,
    f.GroupApplicationDecide: _empty(f.GroupApplicationDecideOk),
    f.ProfileSet: _empty(f.ProfileSetOk),
    f.ProfileGet: users.facts_ok,
    f.UserListChange: _empty(f.UserListChangeOk),
    f.UserListGet: users.list_ok,
    f.AdminGroups: lambda result, desk: f.AdminGroupsOk([groups.entry(row) for row in result.groups], result.next),
    f.AdminConnections: admin.connections_ok,
    f.AdminStats: admin.stats_ok,
    f.AdminFlow: passing.flow_ok,
    f.AdminTrace: passing.traced_ok,
    f.AdminList: passing.listed_ok,
    f.AdminListChange: _empty(f.AdminListChangeOk),
    f.AdminNotice: _empty(f.AdminNoticeOk),
    f.AdminGroupImport: admin.group_imported_ok,
    f.AdminMembersImport: admin.members_imported_ok,
    f.AdminMessagesImport: admin.messages_imported_ok,
    f.AdminImportFinish: _empty(f.AdminImportFinishOk),
    f.AdminTypes: admin.types_ok,
    f.AdminTypeSet: _empty(f.AdminTypeSetOk),
    f.AdminTypeRemove: _empty(f.AdminTypeRemoveOk),
    f.AdminUserMute: _empty(f.AdminUserMuteOk),
    f.AdminUserMuted: users.muted_ok,
    f.AdminAccountsImport: users.imported_ok,
    f.AdminAccountsDelete: users.deleted_ok,
    f.AdminAccountsQuery: users.accounts_ok,
    f.AdminAccountInvalidate: users.invalidated_ok,
    f.AdminProfileSet: _empty(f.AdminProfileSetOk),
    f.AdminGroupsSync: users.synced_ok,
}
_BY_TYPE = {frame.TYPE: answerer for frame, answerer in ANSWERS.items()}


class Handlers:
    """The table in force. `start_ms` is the wall clock at the server's start, `number` that of the gateway: ids of groups
    come from them."""

    def __init__(self, start_ms: int, number: int = 0) -> None:
        ids = groups.GroupIds(start_ms, number)
        self._table: dict[type[Frame], Handler] = {
            f.Send: messages.send,
            f.History: messages.history,
            f.MessageRecall: altering.recall,
            f.MessageEdit: altering.edit,
            f.MessageDelete: altering.delete,
            f.MessagesErase: altering.erase,
            f.MessagesHide: altering.hide,
            f.ConversationClear: altering.clear,
            f.MessageReceipts: altering.receipts,
            f.ConversationRead: messages.read,
            f.Sync: conversations.sync,
            f.ConversationFlag: conversations.flag,
            f.ConversationPin: conversations.pin,
            f.ConversationRemove: conversations.remove,
            f.GroupCreate: partial(groups.create, ids=ids),
            f.GroupSet: groups.edit,
            f.GroupOwnerSet: groups.give,
            f.GroupDissolve: groups.dissolve,
            f.GroupInfo: groups.info,
            f.GroupsJoined: groups.joined,
            f.GroupFind: groups.find,
            f.GroupJoin: members.join,
            f.GroupLeave: members.leave,
            f.GroupMembers: members.members,
            f.GroupMemberGet: members.some,
            f.GroupMemberSet: members.edit,
            f.GroupInvite: members.invite,
            f.GroupKick: members.kick,
            f.GroupBlock: members.block,
            f.GroupBlocked: members.marked,
            f.GroupMute: members.mute,
            f.GroupMuted: members.marked,
            f.GroupMuteAll: members.mute_all,
            f.GroupApplications: members.marked,
            f.GroupApplicationDecide: members.decide,
            f.ProfileSet: users.profile_set,
            f.ProfileGet: users.profile_get,
            f.UserListChange: users.change_list,
            f.UserListGet: users.list_,
            f.AdminGroups: admin.groups,
            f.AdminConnections: admin.connections,
            f.AdminStats: admin.stats,
            f.AdminFlow: passing.flow,
            f.AdminTrace: passing.trace,
            f.AdminList: passing.list_,
            f.AdminListChange: passing.change_list,
            f.AdminNotice: admin.notice,
            f.AdminGroupImport: partial(admin.group_import, ids=ids),
            f.AdminMembersImport: admin.members_import,
            f.AdminMessagesImport: admin.messages_import,
            f.AdminImportFinish: admin.import_finish,
            f.AdminTypes: admin.types,
            f.AdminTypeSet: admin.type_set,
            f.AdminTypeRemove: admin.type_remove,
            f.AdminUserMute: users.mute,
            f.AdminUserMuted: users.muted,
            f.AdminAccountsImport: users.accounts_import,
            f.AdminAccountsDelete: users.accounts_delete,
            f.AdminAccountsQuery: users.accounts_query,
            f.AdminAccountInvalidate: users.invalidate,
            f.AdminProfileSet: users.admin_profile_set,
            f.AdminGroupsSync: users.groups_sync,
        }
        wanted = {frame for frame in FRAMES.values() if frame.DECLARED.role == "request"} - SESSION_FRAMES
        assert self._table.keys() == ANSWERS.keys() == wanted, "a request has no handler or no answer"

    def work(self, frame: Frame, caller: Caller, desk: Desk) -> Work:
        """What `frame` becomes. Raises RcimError: refused, and nothing was done."""
        if frame.DECLARED.admin and not caller.admin:
            raise RcimError(ADMIN_REQUIRED)
        return self._table[type(frame)](frame, caller, desk)


SESSION_FRAMES = {f.Hello, f.Login, f.Logout, f.Ping}
"""Requests that the session answers itself."""


def answer(result: Any, request_type: int, desk: Desk) -> Frame:
    """The frame that answers a request of `request_type` with `result`."""
    return _BY_TYPE[request_type](result, desk)
