"""Which coroutine each workflow is."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from rcim.actor import outbox_workflows as ob
from rcim.actor import person_workflows as pw
from rcim.actor import workflows as w
from rcim.actor.reload_workflows import Reload
from rcim.dispatch.workflows.accounts import delete_users, import_users
from rcim.dispatch.workflows.app_lists import change_app_list
from rcim.dispatch.workflows.broadcasts import broadcast, label_users
from rcim.dispatch.workflows.context import CommandAnswer, WorkflowContext
from rcim.dispatch.workflows.coroutines import Wait
from rcim.dispatch.workflows.entering import accept_invitation, sync_groups
from rcim.dispatch.workflows.erasing import erase_user
from rcim.dispatch.workflows.lists import list_users
from rcim.dispatch.workflows.members import set_members
from rcim.dispatch.workflows.message_log import expire_message_log
from rcim.dispatch.workflows.messages import send_as, trace, with_message
from rcim.dispatch.workflows.outbox import control_outbox
from rcim.dispatch.workflows.reloading import reload
from rcim.dispatch.workflows.sessions import close_devices, login, readmit_guest
from rcim.dispatch.workflows.system import system_send, write_to_system
from rcim.dispatch.workflows.ultra import create_channel, dissolve_channel, trim_up_to
from rcim.dispatch.workflows.unique import enter_or_create

WorkflowCoroutine = Coroutine[Wait[Any], Any, CommandAnswer]
WorkflowTable = Mapping[type, Callable[[WorkflowContext, Any], WorkflowCoroutine]]

WORKFLOWS: WorkflowTable = {
    w.Login: login,
    w.ReadmitGuest: readmit_guest,
    w.CloseDevices: close_devices,
    w.SendAs: send_as,
    w.SystemSend: system_send,
    w.WriteToSystem: write_to_system,
    w.WithMessage: with_message,
    w.Trace: trace,
    w.SyncGroups: sync_groups,
    w.EnterGroup: enter_or_create,
    w.AcceptInvitation: accept_invitation,
    w.DeleteUsers: delete_users,
    w.ImportUsers: import_users,
    w.ListUsers: list_users,
    w.ChangeAppList: change_app_list,
    w.Broadcast: broadcast,
    w.LabelUsers: label_users,
    w.CreateChannel: create_channel,
    w.DissolveChannel: dissolve_channel,
    w.TrimUpTo: trim_up_to,
    w.ExpireMessageLog: expire_message_log,
    pw.SetMembers: set_members,
    pw.EraseUser: erase_user,
    ob.ReadConsumers: control_outbox,
    ob.PauseConsumer: control_outbox,
    ob.ReplayConsumer: control_outbox,
    ob.ReadDeadLetters: control_outbox,
    ob.RetryDeadLetters: control_outbox,
    ob.DropDeadLetters: control_outbox,
    Reload: reload,
}
