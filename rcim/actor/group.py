"""The machine of one group. `handle` takes a command to its end; SEQ is assigned here and nowhere else (MS-01).

State changes at once, but what is returned counts only when its record is durable. If the commit fails, whoever
runs the machine throws it away and loads it again: a failed batch leaves no trace. What each command does stands in the
module of its kind: sending, importing, altering, lifecycle, membership, leaving, visiting, members, read_commands; what
they share is state.py.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from rcim.actor import (
    altering,
    group_events,
    hiding,
    import_commands,
    importing,
    leaving,
    lifecycle,
    members,
    membership,
    read_commands,
    receipts,
    rooms,
    scrubbing,
    sending,
    system_notices,
    ultra,
    visiting,
)
from rcim.actor import commands as c
from rcim.actor import room_commands as r
from rcim.actor import ultra_commands as uc
from rcim.actor import user_commands as u
from rcim.actor.app_state import AppState
from rcim.actor.before_callbacks import ABOUT_GROUPS, AboutGroup, BeforeCallback, asks_about_group, subject_of
from rcim.actor.before_kinds import BeforeKind
from rcim.actor.callback_verdicts import CallbackVerdict, GroupChanges
from rcim.actor.events import OF_USERS
from rcim.actor.outcomes import Done, Outcome, Refused
from rcim.actor.queries import Asks
from rcim.actor.snapshots import GroupSnapshot
from rcim.actor.state import GroupState
from rcim.base.errors import RcimError
from rcim.rules.conversation_kinds import GROUP
from rcim.rules.custom_attributes import changed


class GroupActor:
    """`app_state` is what all actors share; `shard` is the shard that the group's key belongs to."""

    __slots__ = ("_state",)

    def __init__(self, snapshot: GroupSnapshot, shard: int, app_state: AppState) -> None:
        self._state = self._make_state(snapshot, shard, app_state)

    def _make_state(self, snapshot: GroupSnapshot, shard: int, app_state: AppState) -> GroupState:
        """The state that the actor of this kind has."""
        return GroupState(snapshot, shard, app_state)

    @property
    def state(self) -> GroupState:
        """For who looks at it (looking.py), and changes nothing."""
        return self._state

    @property
    def exists(self) -> bool:
        """False if there is no such group: then nothing of it is worth keeping in memory."""
        return self._state.attributes.profile is not None

    def begin(self) -> None:
        """The actor is in memory, and is about to handle its first command; in the loop's thread."""
        self._state.watch_presence()

    def forgettable(self, idle_ms: int) -> bool:
        """True if it may leave memory after `idle_ms` without a command: what is only in memory stays longer (GT-22)."""
        if self._state.waits:
            return False
        return not self._state.timeline.tail or idle_ms > self._state.app_state.config.limits.tail_idle_ms

    def remembers(self, sender: str) -> bool:
        """True if it has messages of this user that are in memory alone (GT-22)."""
        return any(message.sender == sender for message in self._state.timeline.tail)

    def handle(self, command: c.Command, now_ms: int, position: int) -> Outcome:
        """Carry out one command. `now_ms` is the wall clock; `position` is the running number that a record of this
        command would have in the shard. Raises RcimError: refused, and nothing has changed."""
        wanted = self._state.app_state.wanted_events
        if wanted and not wanted <= OF_USERS:
            return group_events.handled(
                state=self._state, handle=self._handle, command=command, now_ms=now_ms, position=position
            )
        if type(command) is c.SendMessage:
            return sending.send(self._state, command, now_ms, position)  # it looks itself whether the app is asked
        return self._handle(command, now_ms, position)

    def _handle(self, command: c.Command, now_ms: int, position: int) -> Outcome:
        state = self._state
        kind = ABOUT_GROUPS.get(type(command)) if state.app_state.config.asks else None
        if kind is not None and (subject := subject_of(command)) is not None:
            profile = state.attributes.profile
            type_ = subject.type if isinstance(subject, c.CreateGroup) else profile.type if profile else ""
            if asks_about_group(state.app_state.config, kind, state.key, type_):
                return self._asked(subject, kind, type_)
        return _HANDLERS[type(command)](state, command, now_ms, position)

    def _asked(self, command: AboutGroup, kind: BeforeKind, type_: str) -> Outcome:
        """CB-03: the command waits until the app has answered."""
        number = next(self._state.app_state.numbers)
        self._state.asked[number] = command
        key = self._state.key
        group_id = GROUP.inner_id(key)
        ask = BeforeCallback(
            number=number,
            kind=kind,
            group_id=group_id,
            type=type_,
            command=command,
            key=key,
            profile=self._state.attributes.profile,
        )
        return Outcome(Done(), wait=number, asks=(ask,))


def take_verdict(state: GroupState, command: c.TakeVerdict, now_ms: int, position: int) -> Outcome:
    """CB-03: go on with what was asked about, if it is still there."""
    asked = state.asked.pop(command.number, None)
    if asked is None:
        return Outcome(Done())
    verdict = command.verdict
    if isinstance(asked, c.SendMessage):
        return sending.take_verdict(state, command.number, asked, verdict, now_ms=now_ms, position=position)
    if isinstance(asked, c.AlterMessage):
        return altering.take_verdict(state, command.number, asked, verdict, now_ms=now_ms, position=position)
    if not verdict.allow:
        code, text = verdict.error()
        return Outcome(Done(), settled=((command.number, Refused(code, text)),))
    try:
        if verdict.refused:
            asked = _without_refused(asked, verdict)
        if verdict.changes is not None and isinstance(asked, c.EditGroup):
            asked = _changed_by_app(asked, verdict.changes)
        # It has waited: all is looked at as if it came now (ID-09).
        state.app_state.invalidated.check(asked.credential)
        done = _HANDLERS[type(asked)](state, asked, now_ms, position)
    except RcimError as error:
        return Outcome(Done(), settled=((command.number, Refused(error.code, error.detail, error.retry_after_ms)),))
    assert not isinstance(done.result, Asks)
    settled = ((command.number, done.result), *done.settled)
    return msgspec.structs.replace(done, result=Done(), settled=settled)


def _without_refused(asked: AboutGroup, verdict: CallbackVerdict) -> AboutGroup:
    """The command about those whom the app has not refused. Raises RcimError if nobody is left to be removed: unlike
    that of an invitation, the answer names nobody."""
    if not isinstance(asked, c.InviteUsers | c.KickMembers | c.BlockUsers):
        return asked
    users = [user for user in asked.users if user not in verdict.refused]
    if not users and not isinstance(asked, c.InviteUsers):
        raise RcimError(*verdict.error())
    return msgspec.structs.replace(asked, users=users)


def _changed_by_app(asked: c.EditGroup, changes: GroupChanges) -> c.EditGroup:
    """The command with what the app wants instead. Where all attributes were to be replaced, those of the app's answer
    replace them, but for the keys that were to be changed afterwards. Raises RcimError: ATTRIBUTE_PATH,
    ATTRIBUTES_TOO_LARGE."""
    afterwards = {key for key, _ in asked.attribute_changes}
    whole = asked.attributes is not None
    return msgspec.structs.replace(
        asked,
        texts=changes.texts,
        apply_join_option=changes.apply_join_option,
        max_member_num=changes.max_member_num,
        mute_all=changes.mute_all,
        attributes=changed(b"", [one for one in changes.attributes if one[0] not in afterwards]) if whole else None,
        attribute_changes=tuple(one for one in changes.attributes if not whole or one[0] in afterwards),
    )


_HANDLERS: dict[type, Callable[..., Outcome]] = {
    c.SendMessage: sending.send,
    c.EndSlice: sending.end_slice,
    c.TakeVerdict: take_verdict,
    c.ReadHistory: read_commands.history,
    import_commands.ImportMessages: importing.import_messages,
    c.AlterMessage: altering.alter,
    c.ReadReceipts: receipts.receipts,
    c.HideMessages: hiding.hide,
    c.ClearMessages: hiding.clear,
    c.EraseSender: altering.erase,
    c.ScrubMessages: scrubbing.scrub,
    c.MarkRead: members.mark_read,
    c.SetFlag: members.set_flag,
    c.GiveNotice: system_notices.give_notice,
    c.CreateGroup: lifecycle.create,
    c.EditGroup: lifecycle.edit,
    c.GiveGroup: lifecycle.give,
    c.DissolveGroup: lifecycle.dissolve,
    c.ReclaimGroup: lifecycle.reclaim,
    c.EndTemporary: lifecycle.end_temporary,
    import_commands.ImportMembers: importing.import_members,
    import_commands.FinishImport: importing.finish_import,
    c.JoinGroup: membership.join,
    c.DecideApplication: membership.decide,
    c.LeaveGroup: leaving.leave,
    c.InviteUsers: membership.invite,
    c.AcceptInvitation: membership.accept,
    c.KickMembers: leaving.kick,
    c.BlockUsers: leaving.block,
    c.DropOffline: leaving.drop_offline,
    c.PlaceMember: membership.place,
    c.KeepGuest: visiting.keep,
    c.DropGuests: visiting.drop,
    c.MuteUsers: members.mute,
    c.MuteAll: members.mute_all,
    c.EditMember: members.edit_member,
    c.TraceMessage: read_commands.trace,
    u.ReadFlow: read_commands.flow,
    c.ReadInfo: read_commands.info,
    c.ReadMembers: read_commands.members,
    c.ReadSome: read_commands.some,
    c.ReadMarks: read_commands.marks,
    r.SetRoomAttributes: rooms.set_attributes,
    r.DeleteRoomAttributes: rooms.delete_attributes,
    r.ReadRoomAttributes: rooms.read_attributes,
    r.SetRoom: rooms.set_room,
    r.ReadProtected: rooms.read_protected,
    r.CloseEmpty: rooms.close_empty,
    r.NoteAbsent: rooms.note_absent,
    r.NoteBack: rooms.note_back,
    r.LeaveAbsent: rooms.leave_absent,
    uc.ListChannel: ultra.list_channel,
    uc.UnlistChannel: ultra.unlist_channel,
    uc.SetPushLevel: ultra.set_push_level,
    uc.ReadPushLevel: ultra.read_push_level,
    uc.TrimHistory: ultra.trim,
}
