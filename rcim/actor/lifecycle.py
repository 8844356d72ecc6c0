"""The life of a group: created, edited, given to another, dissolved, reclaimed (GR-01, GR-03, GR-08, GT-24)."""

from __future__ import annotations

from typing import Any

import msgspec

from rcim.actor.commands import (
    CreateGroup,
    DissolveGroup,
    EditGroup,
    EndTemporary,
    GiveGroup,
    ReclaimGroup,
)
from rcim.actor.durations import FOR_EVER_MS
from rcim.actor.effects import (
    AllPlaced,
    ChannelsTold,
    ClosedToGuests,
    ConversationGone,
    Effect,
    GroupCounted,
    MemberGone,
    Notify,
    Placed,
    Silenced,
)
from rcim.actor.lifetimes import ends_ms
from rcim.actor.outcomes import Created, Done, Edited, Outcome
from rcim.actor.records import GroupCreated, GroupDissolved, Member, Profile
from rcim.actor.state import GroupState
from rcim.actor.unique import expected
from rcim.base.errors import (
    BAD_GROUP_ID,
    BAD_PARAMETER,
    GROUP_FULL,
    GROUP_ID_TAKEN,
    GROUP_ID_TAKEN_BY_YOU,
    NO_SUCH_MEMBER,
    NOT_PERMITTED,
    ROOM_KEPT_ALIVE,
    RcimError,
)
from rcim.base.terms import AddResult, ApplyJoinOption, ChangeKind, GoneReason, Place, Role
from rcim.rules.built_in_types import CHANNEL
from rcim.rules.conversation_kinds import BY_NAME as KIND_BY_NAME
from rcim.rules.conversation_kinds import GROUP, kind_of
from rcim.rules.custom_attributes import changed
from rcim.rules.custom_fields import GROUP_VALUE_BYTES_MAX, MEMBER_VALUE_BYTES_MAX, written
from rcim.rules.group_types import GroupType
from rcim.rules.rights import Operation, check_right
from rcim.rules.roles import Standing

SCREENED = frozenset({"name", "introduction", "notification"})
"""What the word filter reads of a group (SC-08)."""


def create(state: GroupState, command: CreateGroup, now_ms: int, position: int) -> Outcome:
    """GR-01; with `importing` GR-08."""
    if state.attributes.profile is not None:
        mine = state.attributes.profile.owner != "" and state.attributes.profile.owner == command.owner
        raise RcimError(GROUP_ID_TAKEN_BY_YOU if mine else GROUP_ID_TAKEN)
    policy = state.app_state.config.types.named(command.type)
    who = Standing.APP_ADMIN if command.admin else state.who(command.by, False)
    check_right(Operation.IMPORT if command.importing else Operation.CREATE, who, policy)
    _check_id(state, policy, command.unique)
    over_ms = ends_ms(policy, command, now_ms)
    owner = _owner(policy, command)
    option = _join_option(policy, command.apply_join_option or policy.join_option)
    if owner:
        state.app_state.entering.check(command.admissions, owner)
    named = [user for user in dict.fromkeys(command.members) if user != owner]
    others = [user for user in named if state.app_state.entering.holds(command.admissions, user)]
    if named and not policy.members_at_creation:  # GT-07
        raise RcimError(NOT_PERMITTED, f"members: must be empty; a {policy.name} group is created without members")
    most = _member_num(policy, command.max_member_num)
    if most and len(others) + bool(owner) > most:  # GT-12
        raise RcimError(GROUP_FULL, f"the group takes at most {most} members")
    if command.create_time_ms > now_ms:
        raise RcimError(BAD_PARAMETER, f"create_time_ms: {command.create_time_ms} is in the future")
    standing = max(who, Standing.OWNER) if owner == command.by else who
    fields = written(
        rules=policy.group_fields, values={}, changes=command.fields, who=standing, bytes_max=GROUP_VALUE_BYTES_MAX
    )
    member_fields = _member_fields(policy, command, who)
    named_so = _screened(state, command)
    state.app_state.counts.admit(policy)  # GT-13; the last thing that can refuse
    if policy.stored:
        state.timeline.begin_storing()
    state.attributes.profile = Profile(
        group_id=command.group_id,
        type=policy.name,
        name=named_so[0],
        introduction=named_so[1],
        notification=named_so[2],
        face_url=command.face_url,
        owner=owner,
        create_time_ms=command.create_time_ms or now_ms,
        apply_join_option=option,
        max_member_num=most,
        first_seq=state.timeline.next_seq,
        active=not policy.needs_first_message or command.importing or command.unique,  # GT-16
        importing=command.importing and not command.opened,
        fields=fields,
        creator=(command.creator or owner) if command.importing else command.by,
        attributes=command.attributes,
        ends_ms=over_ms,
        unique=command.unique,
        expected=expected(command, others),
        imported_seq=state.timeline.newest if command.opened else -1,
    )
    made = _first_members(state, policy, command, others, now_ms, member_fields=member_fields)
    for member in made:
        state.roster.put(member)
    state.watch_presence()
    state.timeline.last_msg_time_ms = 0  # what a group with this id had before is not this one's
    state.attributes.raise_info(now_ms)
    return Outcome(
        Created(command.group_id, [(user, AddResult.FAILED) for user in named if user not in state.roster]),
        GroupCreated(
            key=state.key, profile=state.attributes.profile, members=made, time_ms=now_ms, stored=policy.stored
        ),
        (*state.entering(made, command.by, now_ms), GroupCounted(policy.name, 1)),
    )


def _screened(state: GroupState, command: CreateGroup) -> tuple[str, str, str]:
    """Name, introduction and notification as the word filter lets them pass (SC-08). Raises RcimError."""
    named = command.name, command.introduction, command.notification
    if command.importing:
        return named
    words = state.app_state.config.lists
    return (
        words.screened("name", command.name),
        words.screened("introduction", command.introduction),
        words.screened("notification", command.notification),
    )


def _check_id(state: GroupState, policy: GroupType, unique: bool) -> None:
    """GT-25: the id says the kind; and only groups are `unique` (C2-02). Raises RcimError: BAD_GROUP_ID for the id of
    another kind than the type's, BAD_PARAMETER, GROUP_ID_TAKEN as long as members of an earlier group with this id are
    there (UG-01)."""
    if state.ending:
        raise RcimError(GROUP_ID_TAKEN, "members of an earlier group with this id are still being removed")
    kind, needed = kind_of(state.key), KIND_BY_NAME[policy.kind]
    assert kind is not None
    if unique and needed.name != GROUP.name:
        raise RcimError(BAD_PARAMETER, f"unique: must be absent; a {policy.name} group is of the kind {needed.name}")
    if kind.name != policy.kind and needed.ids_are_made:
        raise RcimError(BAD_GROUP_ID, f"group id: must be empty; the server makes the ids of {policy.name} groups")
    if kind.name != policy.kind:
        wanted = needed.group_prefix
        begins = f"must begin with {wanted}" if wanted else f"must not begin with {kind.group_prefix}"
        raise RcimError(BAD_GROUP_ID, f"group id: {begins} in a {policy.name} group")


def _owner(policy: GroupType, command: CreateGroup) -> str:
    """Who is to own it: who asks, or whom an app administrator names."""
    owner = command.owner
    if owner and owner != command.by and not command.admin:
        raise RcimError(NOT_PERMITTED, "owner: only an app administrator may create a group for another user")
    if owner and not policy.has_owner:
        if owner != command.by:
            raise RcimError(BAD_PARAMETER, f"owner: must be empty; a {policy.name} group has no owner")
        return ""
    return owner


def _member_fields(policy: GroupType, command: CreateGroup, who: Standing) -> dict[str, dict[str, bytes]]:
    """The fields that its first members have. Raises RcimError: they may not be written, or there are no admins."""
    if command.admins and policy.appoint is Standing.NOBODY:
        raise RcimError(BAD_PARAMETER, f"admins: a {policy.name} group has no admins")
    if command.member_fields and not policy.has_member_fields:
        raise RcimError(BAD_PARAMETER, f"member_fields: members of a {policy.name} group have no fields")
    return {
        user: written(
            rules=policy.member_fields, values={}, changes=changes, who=who, bytes_max=MEMBER_VALUE_BYTES_MAX
        )
        for user, changes in command.member_fields.items()
    }


def _first_members(
    state: GroupState,
    policy: GroupType,
    command: CreateGroup,
    others: list[str],
    now_ms: int,
    *,
    member_fields: dict[str, dict[str, bytes]],
) -> list[Member]:
    """The owner, if there is one, and the others; `state` has the profile already."""
    assert state.attributes.profile is not None
    owner, since_ms = state.attributes.profile.owner, command.create_time_ms or now_ms
    made = [_new(state=state, policy=policy, user_id=owner, role=Role.OWNER, now_ms=since_ms)] if owner else []
    for user in others:
        role, fields = Role.ADMIN if user in command.admins else Role.MEMBER, member_fields.get(user, {})
        made.append(_new(state=state, policy=policy, user_id=user, role=role, now_ms=now_ms, fields=fields))
    return made


def _new(
    state: GroupState,
    policy: GroupType,
    user_id: str,
    role: Role,
    now_ms: int,
    *,
    fields: dict[str, bytes] | None = None,
) -> Member:
    return Member(
        user_id=user_id,
        role=role,
        join_time_ms=now_ms,
        joined_seq=state.timeline.newest,
        name_card="",
        msg_flag=policy.msg_flag,
        fields=fields or {},
    )


def _join_option(policy: GroupType, option: ApplyJoinOption) -> ApplyJoinOption:
    """The ApplyJoinOption, if groups of this type can have it (GT-05, GT-06). Raises RcimError(BAD_PARAMETER)."""
    if not policy.apply and option is not ApplyJoinOption.DISABLE_APPLY:
        raise RcimError(
            BAD_PARAMETER, f"apply_join_option: must be DisableApply; a {policy.name} group takes no applications"
        )
    if option is ApplyJoinOption.NEED_PERMISSION and policy.decide is Standing.NOBODY:
        raise RcimError(
            BAD_PARAMETER,
            f"apply_join_option: NeedPermission needs somebody who decides; a {policy.name} group has nobody",
        )
    return option


def _member_num(policy: GroupType, wanted: int) -> int:
    """MaxMemberNum within the type's cap (GT-12); 0 is the cap itself."""
    if policy.member_cap and wanted > policy.member_cap:
        raise RcimError(
            BAD_PARAMETER, f"max_member_num: {wanted}, must be at most {policy.member_cap} in a {policy.name} group"
        )
    return wanted or policy.member_cap


def edit(state: GroupState, command: EditGroup, now_ms: int, position: int) -> Outcome:
    """Change profile and custom fields, each value as its own rule allows (GR-03, GR-06, GT-02). Raises RcimError."""
    profile, policy = state.there(command.by, command.admin)
    who = state.who(command.by, command.admin)
    if who is Standing.GUEST:  # whatever a field's rule says of anyone (ID-06)
        check_right(Operation.EDIT_PROFILE, who, policy)
    wanted: dict[str, Any] = dict(command.texts)
    settings = command.apply_join_option is not None or command.max_member_num is not None
    if settings:
        check_right(Operation.EDIT_SETTINGS, who, policy)
    attributes = _attributes(profile, command)
    muting = command.mute_all is not None
    if command.mute_all is not None:
        wanted |= _muting(profile, policy, who, on=command.mute_all)
    if command.texts or attributes is not None or not (settings or command.fields or muting):
        check_right(Operation.EDIT_PROFILE, who, policy)
    if command.apply_join_option is not None:
        wanted["apply_join_option"] = _join_option(policy, command.apply_join_option or policy.join_option)
    if command.max_member_num is not None:
        wanted["max_member_num"] = _member_num(policy, command.max_member_num)
    for name in SCREENED & command.texts.keys():  # SC-08
        wanted[name] = state.app_state.config.lists.screened(name, command.texts[name])
    if attributes is not None:
        wanted["attributes"] = attributes
    new = {name: value for name, value in wanted.items() if getattr(profile, name) != value}
    what = [name for name in new if name != "speakers"]
    if command.fields:
        fields = written(
            rules=policy.group_fields,
            values=profile.fields,
            changes=command.fields,
            who=who,
            bytes_max=GROUP_VALUE_BYTES_MAX,
        )
        what += [f"fields.{key}" for key, _ in command.fields if fields.get(key) != profile.fields.get(key)]
        if fields != profile.fields:
            new["fields"] = fields
    if not new:
        return Outcome(Edited(state.attributes.info_seq))
    was_open = state.open_to_guests
    edited = state.settle(
        Edited(state.attributes.info_seq + 1),
        now_ms,
        position,
        by=command.by,
        change=(ChangeKind.PROFILE_CHANGED, ()),
        what=what,
        profile=msgspec.structs.replace(profile, **new),
        more=(Notify(None, Silenced(FOR_EVER_MS if new["mute_all"] else 0, command.by, True)),)
        if "mute_all" in new
        else (),
    )
    if was_open and not state.open_to_guests and state.app_state.guests.of(state.key):
        return msgspec.structs.replace(edited, effects=(*edited.effects, ClosedToGuests()))
    return edited


def _muting(profile: Profile, policy: GroupType, who: Standing, *, on: bool) -> dict[str, Any]:
    """SC-03: what changes of the profile when all are muted, or may send again. The app ends it also where the type
    offers no muting any more. Raises RcimError(NOT_PERMITTED)."""
    if on or who is not Standing.APP_ADMIN:
        check_right(Operation.MUTE, who, policy)
    return {"mute_all": on, "speakers": profile.speakers if on and profile.mute_all else []}


def _attributes(profile: Profile, command: EditGroup) -> bytes | None:
    """GR-13: the attributes after the command; None: it does not say anything of them. Raises RcimError."""
    if not command.attribute_changes:
        return command.attributes
    before = profile.attributes if command.attributes is None else command.attributes
    return changed(before, command.attribute_changes)


def give(state: GroupState, command: GiveGroup, now_ms: int, position: int) -> Outcome:
    """GR-01: change of owner."""
    profile, _, _ = state.allowed(Operation.GIVE, command.by, command.admin)
    member = state.roster.get(command.user_id)
    if member is None:
        raise RcimError(NO_SUCH_MEMBER, f"{command.user_id} is not a member")
    if member.role is Role.OWNER:
        raise RcimError(BAD_PARAMETER, f"{command.user_id} is the owner already")
    put = [msgspec.structs.replace(member, role=Role.OWNER)]
    before = state.roster.get(profile.owner)
    if before is not None:
        put.append(msgspec.structs.replace(before, role=Role.MEMBER))
    outcome = state.settle(
        Done(),
        now_ms,
        position,
        by=command.by,
        change=(ChangeKind.OWNER_CHANGED, [command.user_id]),
        profile=msgspec.structs.replace(profile, owner=command.user_id),
        put=put,
    )
    if profile.active or profile.importing:
        return outcome
    hidden: tuple[Effect, ...] = ()
    entering = state.entering(put[:1], command.by, now_ms)
    if before is not None:  # only the new owner knows of it now (GT-16)
        hidden = (MemberGone(profile.owner), Placed([profile.owner], Place.HIDDEN))
    return msgspec.structs.replace(outcome, effects=(*outcome.effects, *hidden, *entering))


def dissolve(state: GroupState, command: DissolveGroup, now_ms: int, position: int) -> Outcome:
    """End the group and tell its members (GR-01, GT-04). Raises RcimError."""
    profile, _, _ = state.allowed(Operation.DISSOLVE, command.by, command.admin)
    if profile.keep_alive and not command.admin:  # CR-07
        raise RcimError(ROOM_KEPT_ALIVE)
    return end(state, profile, silently=False)


def reclaim(state: GroupState, command: ReclaimGroup, now_ms: int, position: int) -> Outcome:
    """GT-24: nothing has happened for so long. Silently: nobody is told."""
    profile, policy = state.there(command.by, command.admin)
    if (
        not policy.idle_days
        or profile.keep_alive
        or profile.importing
        or last_event_ms(state, profile) >= command.before_ms
    ):
        return Outcome(Done())
    return end(state, profile, silently=True)


def last_event_ms(state: GroupState, profile: Profile) -> int:
    """When the last message or change was."""
    return max(state.timeline.last_msg_time_ms, state.attributes.last_info_time_ms, profile.create_time_ms)


def end_temporary(state: GroupState, command: EndTemporary, now_ms: int, position: int) -> Outcome:
    """SY-02: end it, and tell its members, if its time is over; otherwise nothing changes."""
    profile = state.attributes.profile
    if profile is None or not 0 < profile.ends_ms <= now_ms:
        return Outcome(Done())
    return end(state, profile, silently=False, reason=GoneReason.ENDED)


def end(state: GroupState, profile: Profile, *, silently: bool, reason: GoneReason = GoneReason.DISSOLVED) -> Outcome:
    """The group is gone, with all that is kept of it; `silently`: nobody is told. `reason` is told to its members."""
    effects: list[Effect] = [ConversationGone(silently, reason)]
    if state.roster.walks:
        effects.append(Placed([member.user_id for member in state.roster], Place.OUTSIDE))
    else:
        effects.append(AllPlaced(Place.OUTSIDE))
        state.ending = True
    effects.append(GroupCounted(profile.type, -1))
    if state.channels:
        effects += [ChannelsTold(list(state.channels), None), GroupCounted(CHANNEL.name, -len(state.channels))]
        state.channels.clear()
    settled = state.clear()
    return Outcome(Done(), GroupDissolved(state.key), tuple(effects), settled=settled)


def ended_if_empty(state: GroupState, policy: GroupType, outcome: Outcome) -> Outcome:
    """GT-24: with its last member a group is gone, unless its type keeps it; and with its owner, as long as only the
    owner knows of it. `outcome` is that of the leaving."""
    profile = state.attributes.profile
    if profile is None or profile.importing:
        return outcome
    unreachable = not profile.active and not profile.owner  # nobody is left who could make it visible (GT-16)
    if not unreachable and (state.roster.count or policy.kept_when_empty or profile.keep_alive):
        return outcome
    ended = end(state, profile, silently=False)
    assert ended.record is not None
    effects = (*outcome.effects, *ended.effects)
    return Outcome(outcome.result, outcome.record, effects, (*outcome.more, ended.record), settled=ended.settled)
