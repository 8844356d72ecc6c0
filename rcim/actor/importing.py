"""Import: the app's back end brings members and messages of a group from elsewhere (GR-08).

A group is closed while it is imported, or open: then the import of messages ends with the first message of another
origin, since SEQs are given in the order of times.
"""

from __future__ import annotations

import msgspec

from rcim.actor.import_commands import FinishImport, ImportedMessage, ImportMembers, ImportMessages
from rcim.actor.outcomes import Added, Done, Imported, Outcome
from rcim.actor.paged_roster import WALK_MAX
from rcim.actor.records import Member, Message, MessageKept, Profile, Record
from rcim.actor.state import GroupState
from rcim.actor.visiting import is_blocked
from rcim.base.errors import ALREADY_HANDLED, BAD_PARAMETER, GROUP_FULL, NOT_PERMITTED, TOO_MANY_ENTRIES, RcimError
from rcim.base.terms import AddResult, Role
from rcim.rules.conversation_kinds import is_paged
from rcim.rules.rights import Operation
from rcim.rules.roles import Standing


def import_messages(state: GroupState, command: ImportMessages, now_ms: int, position: int) -> Outcome:
    """GR-08: all of them or none; times in order, neither before the group nor in the future."""
    profile, _, _ = state.allowed(Operation.IMPORT, command.by, command.admin)
    if not profile.importing and profile.imported_seq != state.timeline.newest:
        raise RcimError(
            NOT_PERMITTED,
            "messages can be imported only while the group itself is being imported, and nothing was sent into it",
        )
    _check_times(command, max(profile.create_time_ms, state.timeline.last_msg_time_ms), now_ms)
    opened: Profile | None = None
    if state.timeline.begin_storing():
        opened = state.attributes.profile = msgspec.structs.replace(profile, first_seq=state.timeline.next_seq)
    records: list[Record] = []
    first = state.timeline.next_seq
    for at, item in enumerate(command.messages):
        numbered = state.timeline.numbered(item.time_ms, position + at, _bare(state, item))
        records.append(MessageKept(state.key, numbered, None, opened))
    result = Imported(first, state.timeline.newest)
    if profile.importing:
        return Outcome(result, records[0], (), tuple(records[1:]))
    return _while_open(state=state, result=result, records=records, now_ms=now_ms, position=position + len(records))


def _check_times(command: ImportMessages, oldest: int, now_ms: int) -> None:
    """Raises RcimError(BAD_PARAMETER)."""
    for at, item in enumerate(command.messages):
        if not oldest <= item.time_ms <= now_ms:
            raise RcimError(BAD_PARAMETER, f"messages[{at}].time_ms: {item.time_ms}, must be {oldest} to {now_ms}")
        oldest = item.time_ms


def _bare(state: GroupState, item: ImportedMessage) -> Message:
    """The message before it has its SEQ."""
    sender = state.roster.get(item.sender)
    return Message(
        seq=0,
        time_ms=0,
        message_id=0,
        priority=item.priority,
        sender=item.sender,
        nickname="",
        face_url="",
        name_card=sender.name_card if sender is not None else "",
        client_msg_id=item.client_msg_id,
        body=item.body,
    )  # the rest is set by `numbered`


def _while_open(state: GroupState, result: Imported, records: list[Record], now_ms: int, position: int) -> Outcome:
    """The members have as much unread as before, or as was said of them, and were not meant to get these messages by
    DELIVER. Members of a group with too many to look at all keep their read position."""
    profile = state.attributes.profile
    assert profile is not None
    stretch = result.first_seq, result.last_seq
    put = [_not_told(member, stretch) for member in state.roster] if state.roster.walks else []
    settled = state.settle(
        result,
        now_ms,
        position,
        profile=msgspec.structs.replace(profile, imported_seq=state.timeline.newest),
        put=put,
        info=False,
    )
    assert settled.record is not None
    return msgspec.structs.replace(settled, record=records[0], more=(*records[1:], settled.record, *settled.more))


def _not_told(member: Member, stretch: tuple[int, int]) -> Member:
    """The member after messages have been imported that have these SEQs."""
    first, last = stretch
    unheard = [*member.unheard]
    if unheard and unheard[-1][1] == first - 1:
        unheard[-1] = (unheard[-1][0], last)
    elif not unheard or unheard[-1][1]:
        unheard.append(stretch)
    unread = max(member.import_unread, first - 1 - max(member.read_seq, member.joined_seq))
    return msgspec.structs.replace(member, read_seq=max(last - unread, member.read_seq), unheard=unheard)


def import_members(state: GroupState, command: ImportMembers, now_ms: int, position: int) -> Outcome:
    """GR-08: all of them or none. In a group that is open meanwhile they are in it at once, may see all that there is,
    and have read all but as much as was said; nobody else is told. Raises RcimError."""
    profile, policy, _ = state.allowed(Operation.IMPORT, command.by, command.admin)
    if not profile.importing and profile.imported_seq < 0:
        raise RcimError(NOT_PERMITTED, "members can be imported only while the group itself is being imported")
    newest = state.timeline.newest
    results: list[tuple[str, AddResult]] = []
    put: dict[str, Member] = {}
    for at, item in enumerate(command.members):
        if item.role is Role.OWNER:
            raise RcimError(
                BAD_PARAMETER, f"members[{at}].role: must not be OWNER; name the owner when you create the group"
            )
        if item.role is Role.ADMIN and policy.appoint is Standing.NOBODY:
            raise RcimError(BAD_PARAMETER, f"members[{at}].role: a {policy.name} group has no admins")
        joined = item.join_time_ms or now_ms
        if not profile.create_time_ms <= joined <= now_ms:
            raise RcimError(
                BAD_PARAMETER, f"members[{at}].join_time_ms: {joined}, must be {profile.create_time_ms} to {now_ms}"
            )
        if item.user_id in state.roster or item.user_id in put:
            results.append((item.user_id, AddResult.ALREADY))
        elif item.role is Role.MEMBER and is_blocked(state, item.user_id, now_ms):
            results.append((item.user_id, AddResult.FAILED))  # GR-11
        else:
            results.append((item.user_id, AddResult.ADDED))
            put[item.user_id] = Member(
                user_id=item.user_id,
                role=item.role,
                join_time_ms=joined,
                joined_seq=0 if profile.importing else profile.first_seq - 1,
                name_card="",
                msg_flag=policy.msg_flag,
                read_seq=0 if profile.importing else max(newest - item.unread, 0),
                import_unread=item.unread,
            )
    cap = state.cap(policy)
    if cap and state.roster.count + len(put) > cap:
        raise RcimError(GROUP_FULL, f"the group takes at most {cap} members")
    if not put:
        return Outcome(Added(results))
    walked = profile.importing and is_paged(state.key)  # all of them change with FinishImport
    if walked and state.roster.count + len(put) > WALK_MAX:
        raise RcimError(
            TOO_MANY_ENTRIES, f"at most {WALK_MAX} members can be imported into an ultra group; add others afterwards"
        )
    waited = [mark for user in put if (mark := state.roster.restrictions.get(user)) is not None and mark.applied_ms]
    marks = [msgspec.structs.replace(mark, applied_ms=0, text="", name_card="") for mark in waited]
    return state.settle(Added(results), now_ms, position, put=list(put.values()), marks=marks)


def finish_import(state: GroupState, command: FinishImport, now_ms: int, position: int) -> Outcome:
    """GR-08: the group is open to its members, who may see all that was imported, as much of it unread as was said. Those
    in whose name the app has sent meanwhile have read up to that (RX-11)."""
    profile, _ = state.there(command.by, command.admin)
    if not profile.importing:
        raise RcimError(ALREADY_HANDLED, "the group is not being imported")
    imported = [(profile.first_seq, state.timeline.newest)] if state.timeline.newest >= profile.first_seq else []
    put = [
        msgspec.structs.replace(
            m,
            read_seq=max(state.timeline.newest - m.import_unread, m.read_seq),
            joined_seq=profile.first_seq - 1,
            import_unread=0,
            unheard=imported,
        )
        for m in state.roster
    ]
    opened = msgspec.structs.replace(profile, importing=False)
    outcome = state.settle(Done(), now_ms, position, profile=opened, put=put)
    return msgspec.structs.replace(outcome, effects=tuple(state.entering(put, command.by, now_ms)))
