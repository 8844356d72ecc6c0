"""What may be read of a group: history, profile, members, and what waits for its admins (RX-06, GR-03, GR-05)."""

from __future__ import annotations

from itertools import islice

import msgspec

from rcim.actor.commands import ReadHistory, ReadInfo, ReadMarks, ReadMembers, ReadSome, TraceMessage
from rcim.actor.outcomes import Info, MemberRow, Members, Outcome, Page, Traced
from rcim.actor.queries import MarksQuery, MembersQuery, MessagesQuery
from rcim.actor.records import Fields, Member, Message, Profile, bare_profile
from rcim.actor.roster import MemoryRoster
from rcim.actor.state import GroupState
from rcim.actor.tracing import Stage, Stop
from rcim.actor.ultra import push_levels
from rcim.actor.user_commands import ReadFlow
from rcim.actor.user_results import Flow
from rcim.base.errors import BAD_PARAMETER, NOT_PERMITTED, RcimError
from rcim.base.terms import ApplyJoinOption, MemberOrder, MsgFlag
from rcim.rules.conversation_kinds import heard_with, open_address
from rcim.rules.custom_fields import readable
from rcim.rules.group_types import GroupType, MemberList
from rcim.rules.rights import Operation, verdict
from rcim.rules.roles import Standing
from rcim.rules.visibility import first_for_member, first_for_stranger, oldest_ms, sight

CURSOR_DIGITS_MAX = 20
PART = 500
"""GT-03: so many of the earliest members are shown where the list is a part."""
FRAME_RESERVE = 2048
"""What a page's frame holds besides its rows."""
MESSAGE_BYTES, MARK_BYTES, MEMBER_BYTES = 1000, 640, 100
"""What a row has at the most: a message besides its body and fields, a mark, a member besides its names and fields."""


def history(state: GroupState, command: ReadHistory, now_ms: int, position: int) -> Outcome:
    """A page of messages that `by` may see; which ones, the store finds (RX-06, GT-14, GT-22). Raises RcimError."""
    profile, policy, who = state.allowed(Operation.HISTORY, command.by, command.admin)
    if not policy.stored:
        return Outcome(_tail(state, command, policy, who))
    first = first_visible(state=state, profile=profile, policy=policy, by=command.by, who=who)
    oldest = oldest_ms(now_ms, policy.roaming_days)
    if who is Standing.APP_ADMIN or profile.create_time_ms >= oldest:
        oldest = 0  # GT-22; AB-04 sees all that is there
    return Outcome(
        MessagesQuery(
            key=state.key,
            from_seq=max(command.from_seq, first),
            to_seq=min(command.to_seq or state.timeline.newest, state.timeline.newest),
            limit=command.limit,
            backwards=command.backwards,
            from_time_ms=command.from_time_ms,
            to_time_ms=command.to_time_ms,
            newest_seq=state.timeline.newest,
            first_seq=first,
            by="" if who is Standing.APP_ADMIN else command.by,
            erased=state.timeline.erased,
            oldest_ms=oldest,
            seqs=command.seqs,
        )
    )


def first_visible(state: GroupState, profile: Profile, policy: GroupType, by: str, who: Standing) -> int:
    """The least SEQ that this user may see (GT-14)."""
    if who is Standing.APP_ADMIN:
        return profile.first_seq
    before_joining = policy.history_before_joining
    member = state.roster.get(by)
    if member is not None:
        return first_for_member(
            profile.first_seq, member.joined_seq, member.cleared_seq, before_joining=before_joining
        )
    admitted = state.app_state.guests.since(state.key, by)
    return first_for_stranger(profile.first_seq, state.timeline.newest, admitted, before_joining=before_joining)


def _tail(state: GroupState, command: ReadHistory, policy: GroupType, who: Standing) -> Page:
    """GT-22: the last messages, from memory."""
    oldest = state.timeline.tail[0].seq if state.timeline.tail else state.timeline.newest + 1
    assert state.attributes.profile is not None
    first = max(
        oldest, first_visible(state=state, profile=state.attributes.profile, policy=policy, by=command.by, who=who)
    )
    last, low, high = command.to_seq or state.timeline.newest, command.from_time_ms, command.to_time_ms
    found: list[Message] = [
        m
        for m in state.timeline.tail
        if max(first, command.from_seq) <= m.seq <= last and low <= m.time_ms and (not high or m.time_ms <= high)
    ]
    if command.seqs:  # RX-12
        found = [m for m in found if m.seq in command.seqs]
    if command.backwards:
        found.reverse()
    room = page_bytes(state)
    page: list[Message] = []
    for message in found[: command.limit]:
        fields = (*message.user_fields, *message.member_fields, *message.group_fields)
        room -= (
            len(message.body) + MESSAGE_BYTES + sum(len(value) + 24 for _, value in fields) + _extra_bytes(message)
        )
        if room < 0 and page:
            break
        page.append(message if who is Standing.APP_ADMIN else seen_by(message, command.by))
    return Page(state.timeline.newest, first, len(found) > len(page), page)


def _extra_bytes(message: Message) -> int:
    """What few messages have besides, in a frame."""
    x = message.extra
    return 120 + len(x.cloud_data) + sum(len(user.encode()) + 2 for user in (*x.to, *x.mentions)) if x else 0


def seen_by(message: Message, user_id: str) -> Message:
    """MS-07: what the user gets of it."""
    return message.seen_as(sight(hidden=False, for_user=message.is_for(user_id), erased=False))


def page_bytes(state: GroupState) -> int:
    """What the rows of one page may have, so that its frame is within the bound (WI-04)."""
    return state.app_state.config.limits.frame_bytes_max - FRAME_RESERVE


def trace(state: GroupState, command: TraceMessage, now_ms: int, position: int) -> Outcome:
    """What became of a message: it waits, it has a SEQ, or it stopped somewhere."""
    sender, name = command.sender, command.client_msg_id
    members = state.roster.count
    silent = sum(m.msg_flag is MsgFlag.DISCARD for m in state.roster) if state.roster.walks else 0
    if state.timeline.admission.waits(sender, name):
        return Outcome(Traced(state.key, Stage.WAITING.value, members=members, silent=silent))
    sent = state.timeline.recent.find(sender, name, now_ms)
    if sent is not None:
        stage = Stage.DELIVERED.value
        return Outcome(Traced(state.key, stage, sent[1], seq=sent[0], members=members, silent=silent))
    stop = state.app_state.traces.find(state.key, sender, name) or Stop(Stage.UNKNOWN, 0, 0, "")
    return Outcome(
        Traced(
            key=state.key,
            stage=stop.stage.value,
            time_ms=stop.time_ms,
            code=stop.code,
            text=stop.text,
            members=members,
            silent=silent,
        )
    )


def flow(state: GroupState, command: ReadFlow, now_ms: int, position: int) -> Outcome:
    """FC-08, since the group is in memory."""
    profile, _ = state.there(command.by, command.admin)
    return Outcome(Flow(state.timeline.admission.flow(profile.group_id)))


def info(state: GroupState, command: ReadInfo, now_ms: int, position: int) -> Outcome:
    """GR-03, GR-06. Who may not read the profile, and is no guest, still reads the fields that anyone may."""
    profile, policy = state.there(command.by, command.admin)
    who = state.who(command.by, command.admin)
    if who is Standing.ANYONE and verdict(Operation.INFO, who, policy) is not None:
        open_fields = [rule for rule in policy.group_fields if rule.read <= Standing.ANYONE]
        if open_fields:
            return Outcome(_fields_alone(profile, readable(open_fields, profile.fields, who)))
    state.allowed(Operation.INFO, command.by, command.admin)
    shown = profile
    if not policy.apply:  # GT-06: it does not apply; what counts is that nobody may
        shown = msgspec.structs.replace(profile, apply_join_option=ApplyJoinOption.DISABLE_APPLY)
    return Outcome(
        Info(
            key=_online_in(state),
            profile=shown,
            info_seq=state.attributes.info_seq,
            last_info_time_ms=state.attributes.last_info_time_ms,
            last_msg_time_ms=state.timeline.last_msg_time_ms,
            next_seq=state.timeline.next_seq,
            member_num=state.roster.count,
            fields=readable(policy.group_fields, profile.fields, max(who, Standing.ANYONE)),  # a guest is anyone too
        )
    )


def _online_in(state: GroupState) -> str:
    """The conversation whose listeners are counted as online: of a public channel its ultra group's (UG-02)."""
    return heard_with(open_address(state.key)) if state.key in state.app_state.open_channels else state.key


def _fields_alone(profile: Profile, fields: Fields) -> Info:
    """What somebody gets of a group whose profile it may not read: its id, its type, and these fields (GR-06)."""
    bare = bare_profile(profile.type, profile.group_id, first_seq=0)
    return Info(
        key="",
        profile=bare,
        info_seq=0,
        last_info_time_ms=0,
        last_msg_time_ms=0,
        next_seq=0,
        member_num=0,
        fields=fields,
    )


def members(state: GroupState, command: ReadMembers, now_ms: int, position: int) -> Outcome:
    """A page of members, or of the part that clients get (GR-05, GT-03). Raises RcimError."""
    _, policy, who = state.allowed(Operation.MEMBERS, command.by, command.admin)
    if command.order is not MemberOrder.OF_TYPE:  # CR-05
        return Outcome(_by_joining(state, command, policy, who, now_ms=now_ms))
    if who is not Standing.APP_ADMIN and policy.member_list is MemberList.PART:
        return Outcome(_part(state=state, command=command, policy=policy, who=who, now_ms=now_ms))
    keys = [rule.key for rule in policy.member_fields if who >= rule.read]
    own = [rule.key for rule in policy.member_fields if who >= rule.read or rule.self_read]
    role = int(command.role or 0)
    return Outcome(
        MembersQuery(
            key=state.key,
            cursor=command.cursor,
            limit=command.limit,
            role=role,
            by=command.by,
            keys=keys,
            own_keys=own,
            now_ms=now_ms,
        )
    )


def _part(state: GroupState, command: ReadMembers, policy: GroupType, who: Standing, now_ms: int) -> Members:
    """The earliest members, page by page, by JoinTime. The cursor is a place in that order, which stays when the member
    who was there leaves. Raises RcimError(BAD_PARAMETER) for a cursor that is none."""
    after = _place(command.cursor)
    earliest = [m for m in islice(state.roster, PART) if (m.join_time_ms, m.user_id) > after]
    earliest.sort(key=lambda m: (m.join_time_ms, m.user_id))
    return _joined_page(state, command, earliest, policy, who, now_ms=now_ms)


def _by_joining(state: GroupState, command: ReadMembers, policy: GroupType, who: Standing, *, now_ms: int) -> Members:
    """CR-05: the first or the last PART members by JoinTime, page by page, from the earliest or from the latest on.
    Raises RcimError(BAD_PARAMETER) for a bad cursor, and where members are not in memory."""
    roster = state.roster
    if not isinstance(roster, MemoryRoster):
        raise RcimError(BAD_PARAMETER, "order: members of this kind of conversation are listed by user id only")
    if command.order is MemberOrder.EARLIEST:
        return _part(state=state, command=command, policy=policy, who=who, now_ms=now_ms)
    before = _place(command.cursor) if command.cursor else None
    latest = [m for m in roster.latest(PART) if before is None or (m.join_time_ms, m.user_id) < before]
    latest.sort(key=lambda m: (m.join_time_ms, m.user_id), reverse=True)
    return _joined_page(state, command, latest, policy, who, now_ms=now_ms)


def _joined_page(
    state: GroupState,
    command: ReadMembers,
    found: list[Member],
    policy: GroupType,
    who: Standing,
    *,
    now_ms: int,
) -> Members:
    """The first of these members that fit a page; the cursor is the place of the last one."""
    earliest = found if command.role is None else [m for m in found if m.role is command.role]
    page: list[MemberRow] = []
    room = page_bytes(state)
    for member in earliest[: command.limit]:
        made = _row(state, member, policy, who, by=command.by, now_ms=now_ms)
        room -= _row_bytes(made)
        if room < 0 and page:
            break
        page.append(made)
    newest = page[-1].member if len(page) < len(earliest) and page else None
    return Members(page, f"{newest.join_time_ms} {newest.user_id}" if newest is not None else "")


def _place(cursor: str) -> tuple[int, str]:
    """JoinTime and user id that a cursor of `_part` names. Raises RcimError(BAD_PARAMETER)."""
    if not cursor:
        return -1, ""
    joined, _, user_id = cursor.partition(" ")
    if not (joined.isascii() and joined.isdecimal()) or len(joined) > CURSOR_DIGITS_MAX:
        raise RcimError(BAD_PARAMETER, "cursor: none that this server has given")
    return int(joined), user_id


def some(state: GroupState, command: ReadSome, now_ms: int, position: int) -> Outcome:
    """GR-04, of those asked for; who is no member is left out."""
    _, policy = state.there(command.by, command.admin)
    who = state.who(command.by, command.admin)
    if set(command.users) != {command.by} or who < Standing.MEMBER:
        code = verdict(Operation.MEMBERS, who, policy)
        if code is not None:
            raise RcimError(NOT_PERMITTED, f"may not read the members of a {policy.name} group")
    found = [m for m in map(state.roster.get, dict.fromkeys(command.users)) if m is not None]
    rows = [_row(state, m, policy, who, by=command.by, now_ms=now_ms) for m in found]
    if sum(map(_row_bytes, rows)) > page_bytes(state):
        raise RcimError(BAD_PARAMETER, f"users: what {len(rows)} have does not fit a frame; ask for fewer at once")
    return Outcome(Members(rows))


def _row_bytes(policy: MemberRow) -> int:
    """What a member has in a frame."""
    fields = sum(len(value) + 24 for _, value in policy.fields)
    return MEMBER_BYTES + len(policy.member.user_id.encode()) + len(policy.member.name_card.encode()) + fields


def _row(state: GroupState, member: Member, policy: GroupType, who: Standing, *, by: str, now_ms: int) -> MemberRow:
    mark = state.roster.restrictions.get(member.user_id)
    fields: Fields = readable(policy.member_fields, member.fields, who, member.user_id == by)
    profile, parent = state.attributes.profile, state.parent
    assert profile is not None
    levels = push_levels(profile, parent.profile if parent is not None else None, member)
    return MemberRow(member, mark.muted_at(now_ms) if mark is not None else 0, fields, levels.in_force)


def marks(state: GroupState, command: ReadMarks, now_ms: int, position: int) -> Outcome:
    """GR-05, SC-02, GR-11: applications, the muted, the blocked, by user id."""
    state.allowed(_MARKS[command.which], command.by, command.admin)
    limit = min(command.limit, page_bytes(state) // MARK_BYTES)
    after_ms = state.app_state.config.limits.applied_after_ms(now_ms)
    return Outcome(
        MarksQuery(
            key=state.key,
            which=command.which,
            cursor=command.cursor,
            limit=limit,
            now_ms=now_ms,
            by=command.by,
            applied_after_ms=after_ms,
        )
    )


_MARKS = {"applied": Operation.DECIDE, "muted": Operation.MUTE, "blocked": Operation.BLOCK}
