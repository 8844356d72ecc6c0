"""What may be asked twice: whether a request whose answer is lost may be carried out again.

If the owner of the conversations dies, a gateway does not know whether what was under way has been carried out (ST-01).
A request may be asked again only if the second time changes nothing and tells nobody anything. So each type of command,
query and workflow stands in one of three tables: it only reads (READS), as every query does; it says how things are to
be, and whoever finds them so does nothing (SAME); or it is carried out at most once and, without an answer, refused
(ONCE). What stands in none is not repeated.
"""

from __future__ import annotations

from typing import get_args

from rcim.actor import commands as c
from rcim.actor import import_commands
from rcim.actor import key_commands as k
from rcim.actor import outbox_workflows as ob
from rcim.actor import person_workflows as pw
from rcim.actor import queries as q
from rcim.actor import room_commands as r
from rcim.actor import ultra_commands as uc
from rcim.actor import user_commands as u
from rcim.actor import workflows as e
from rcim.actor.log_workflows import ExpireMessageLog
from rcim.actor.reload_workflows import Reload
from rcim.base.terms import MessageState

READS: frozenset[type] = frozenset(get_args(q.Query)) | frozenset(
    {
        c.ReadHistory,
        c.ReadReceipts,
        c.TraceMessage,
        c.ReadInfo,
        c.ReadMembers,
        c.ReadSome,
        c.ReadMarks,
        r.ReadRoomAttributes,
        r.ReadProtected,
        uc.ReadInsiders,
        uc.ReadPushLevel,
        u.ReadFlow,
        u.ReadTypes,
        u.ReadList,
        u.ReadMuted,
        u.ReadBlockedLogins,
        u.ReadUser,
        u.ReadUserList,
        u.ReadInvitations,
        u.FindInvitation,
        u.ReadAttributeNames,
        k.ReadKeys,
        e.Trace,
        ob.ReadConsumers,
        ob.ReadDeadLetters,
    }
)
"""They change nothing: every query, and commands and workflows that only read."""

SAME: frozenset[type] = frozenset(
    {
        c.SendMessage,  # its client message id is kept (MS-02); where nothing is stored it may be heard twice
        e.SendAs,  # the same
        e.SystemSend,
        e.WriteToSystem,
        c.MarkRead,
        c.ScrubMessages,
        c.SetFlag,
        c.EditGroup,
        c.EditMember,
        c.MuteAll,
        r.SetRoom,
        uc.ListChannel,
        uc.UnlistChannel,
        uc.SetPrivate,
        uc.SetPushLevel,
        uc.TrimHistory,  # up to the same SEQ
        u.SetUserProfile,
        u.SetQuietHours,
        u.SetInviteConsent,
        u.SetSystemSender,
        u.ChangeUserList,
        u.SetType,
        u.SetAttributeNames,
        k.UseKey,  # the second time it is noted already
        u.ChangeLabels,
        u.NoteFirstLogin,
        u.SetPushToken,
        u.RemovePushToken,
        c.SendBroadcast,  # as SendMessage
        e.Broadcast,  # the same
        e.LabelUsers,
        e.TrimUpTo,
        e.Login,  # its client has not heard that its session began, and it begins another one
        e.ReadmitGuest,
        e.SyncGroups,
        e.ImportUsers,
        e.ListUsers,
        pw.SetMembers,
        ob.PauseConsumer,
        Reload,
        ExpireMessageLog,
    }
)
"""They say how things are to be: the second time there is nothing to change, and nobody is told."""

ONCE: frozenset[type] = frozenset(
    {
        c.EndSlice,
        c.TakeVerdict,
        import_commands.ImportMessages,
        import_commands.ImportPairMessage,
        c.HideMessages,  # the user's own devices would be told twice
        c.ClearMessages,  # what came since would be gone too
        c.EraseSender,  # the same
        c.GiveNotice,
        c.CreateGroup,
        c.GiveGroup,
        c.DissolveGroup,  # there may be another group with this id
        c.ReclaimGroup,
        c.EndTemporary,
        import_commands.ImportMembers,
        import_commands.FinishImport,
        c.JoinGroup,
        c.DecideApplication,
        c.LeaveGroup,
        c.InviteUsers,
        c.KickMembers,
        c.BlockUsers,
        c.MuteUsers,
        c.DropOffline,
        c.PlaceMember,
        c.TakeListed,
        c.ForgetUser,
        c.AcceptInvitation,
        c.KeepGuest,  # a new owner is told of every guest anyway
        c.DropGuests,
        r.SetRoomAttributes,  # everybody would be told twice
        r.DeleteRoomAttributes,
        r.CloseEmpty,
        r.NoteAbsent,
        r.NoteBack,
        r.LeaveAbsent,
        uc.OpenChannel,
        uc.TellChannel,
        uc.ChangeInsiders,  # who was taken off since would be on the list again
        e.CreateChannel,  # it would find its own channel, and say that the id is taken
        e.DissolveChannel,  # there may be another channel with this id
        e.EnterGroup,  # who is in the group by then would be told that they were there before
        e.AcceptInvitation,
        u.AdmitToGroup,
        u.EndAdmission,
        u.NotePlace,
        u.TakeInvitation,
        u.DropInvitation,
        u.InvalidateUser,  # signatures made since would count no more
        u.RemoveType,
        k.CreateKey,  # there would be two
        k.RevokeKey,
        u.ChangeList,
        e.ChangeAppList,  # what was added or removed since would be undone
        u.SendTestPush,
        u.MuteEverywhere,  # it would end later than was said
        pw.EraseUser,  # the same as DeleteUsers
        u.BlockLogins,  # the same
        e.DeleteUsers,  # accounts imported again since would be gone
        ob.ReplayConsumer,  # everything would come once more
        ob.RetryDeadLetters,  # the same
        ob.DropDeadLetters,  # those that came since would go too
        e.CloseDevices,  # devices that have logged in since would be closed too
    }
)
"""They are carried out at most once."""


def only_reads(body: object) -> bool:
    """True if `body`, a command, query or workflow, changes nothing."""
    return type(body) in READS


def repeatable(body: object) -> bool:
    """True if `body`, a command, query or workflow, may be carried out a second time."""
    match body:
        case e.WithMessage():
            return repeatable(body.command)
        case c.AlterMessage():  # what is recalled or deleted stays so; an edit would undo one that came after it (MS-10)
            return body.state is not MessageState.EDITED
        case u.ChooseConversation():  # what is removed comes back with the next message, which may have come (RX-09)
            return not body.removed
    return only_reads(body) or type(body) in SAME


BY_CONTENT: frozenset[type] = frozenset({e.WithMessage, c.AlterMessage, u.ChooseConversation})
"""Those of which `repeatable` looks at what is in them."""
