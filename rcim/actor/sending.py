"""Sending into a group: the stages of section 5 of the requirements, in their order."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from rcim.actor.absences import NEVER
from rcim.actor.barring import check_not_barred, check_not_muted
from rcim.actor.before_callbacks import BeforeCallback, asks_about
from rcim.actor.before_kinds import BeforeKind
from rcim.actor.callback_verdicts import CallbackVerdict
from rcim.actor.commands import EndSlice, SendMessage
from rcim.actor.effects import Deliver, Effect, LookForAbsent, Notify, Transient
from rcim.actor.message_making import made_message, next_message, sent_by
from rcim.actor.outcomes import AnyResult, Done, Outcome, Refused, Sent
from rcim.actor.queries import Asks
from rcim.actor.records import GroupChanged, Member, MessageKept, MessageOptions, Profile, Record, SeqReserved
from rcim.actor.state import GroupState
from rcim.actor.tracing import Stage, Stop
from rcim.actor.visiting import check_not_blocked
from rcim.base.errors import BAD_PARAMETER, CALLBACK_REFUSED, NO_SUCH_MEMBER, PAIR_CALLBACK_REFUSED, RcimError
from rcim.base.ids import message_id as make_message_id
from rcim.base.terms import MsgFlag, Role, other_of
from rcim.rules.group_types import GroupType, MemberList
from rcim.rules.message_types import CONTENT
from rcim.rules.rights import Operation, check_right

Sender = tuple[Profile, GroupType, Member | None]
"""The group, its type, and who sends as a member of it."""
RESERVE = 1000
"""SEQs taken at once where messages are not stored: one commit for so many messages, and a jump of at most as many at a
restart (MS-01)."""


def send(state: GroupState, command: SendMessage, now_ms: int, position: int) -> Outcome:
    """A message is to be sent. The first result again, if it was sent before (MS-02). Raises RcimError."""
    profile, policy = state.there(command.by, command.admin)
    timeline = state.timeline
    if not command.transient:
        first = timeline.recent.find(
            command.by, command.client_msg_id, now_ms
        )  # MS-02: also if it may no longer send
        if first is not None:
            return Outcome(Sent(first[0], first[1], first[2], True))
    if timeline.admission.remembers:
        before = timeline.admission.known(command, now_ms)
        if before is not None:
            return before
    sender = profile, policy, state.roster.get(command.by)
    command = _admitted(state, sender, command, now_ms)
    if state.app_state.config.asks:  # CB-03: it hears of what is held back too (FC-05)
        kind = BeforeKind.SEND if state.pair is None else BeforeKind.SEND_IN_PAIR
        unasked = command.extra is not None and command.extra.unasked
        if not unasked and asks_about(state.app_state.config, kind, state.key, policy.name, command.extra):
            number = timeline.admission.enter(command)
            state.asked[number] = command
            to = other_of(state.pair, command.by) if state.pair is not None else ""
            ask = BeforeCallback(
                number=number,
                kind=kind,
                group_id=profile.group_id,
                type=policy.name,
                command=command,
                to=to,
                key=state.key,
                profile=profile,
            )
            return Outcome(Done(), wait=number, asks=(ask,))
    return _go(state=state, sender=sender, command=command, now_ms=now_ms, position=position)


def _admitted(state: GroupState, sender: Sender, command: SendMessage, now_ms: int) -> SendMessage:
    """5.2, SC-05, MS-07: the message as it is to go on, if it may. Asked when it arrives, and again after it has waited.
    Raises RcimError; where it stopped is remembered."""
    stage = Stage.RIGHT
    try:
        _check_may_send(state, sender, command, now_ms)
        lists, policy = state.app_state.config.lists, sender[1]
        if lists.screens and lists.covers(policy.name):  # SC-05
            stage = Stage.WORDS
            body = state.app_state.screen(command.body)
            if body is not command.body:
                command = msgspec.structs.replace(command, body=body, words_replaced=True)
            stage = Stage.RIGHT
        if command.extra is not None or command.transient:
            command = _checked(state, policy, command)
    except RcimError as error:
        _stopped(state, command, Stop(stage, now_ms, error.code.number, error.detail))
        raise
    return command


def take_verdict(
    state: GroupState, number: int, command: SendMessage, verdict: CallbackVerdict, *, now_ms: int, position: int
) -> Outcome:
    """CB-03: the app has said what is to become of the message that waits under `number`."""
    state.timeline.admission.leave(command)
    if not verdict.allow:
        code, text = verdict.error(CALLBACK_REFUSED if state.pair is None else PAIR_CALLBACK_REFUSED)
        _stopped(state, command, Stop(Stage.CALLBACK, now_ms, code.number, text))
        return Outcome(Done(), settled=((number, Refused(code, text)),))
    to = tuple(user for user in verdict.to if user in state.roster) if verdict.to is not None else None
    if verdict.drop or to == ():  # an empty `to` would be everybody
        _stopped(state, command, Stop(Stage.CALLBACK, now_ms, 0, "dropped"))
        state.timeline.admission.note_withheld(command, "dropped by the app")
        state.timeline.admission.swallow(command, now_ms)
        return Outcome(Done(), settled=((number, Sent(0, now_ms, 0, False)),))
    if verdict.body is not None:
        command = msgspec.structs.replace(command, body=verdict.body)
    if verdict.cloud_data is not None:
        extra = msgspec.structs.replace(command.extra or MessageOptions(), cloud_data=verdict.cloud_data)
        command = msgspec.structs.replace(command, extra=extra)
    if to is not None:
        command = msgspec.structs.replace(
            command, extra=msgspec.structs.replace(command.extra or MessageOptions(), to=to)
        )
    try:
        sender, command = _admitted_again(state, command, now_ms)
    except RcimError as error:
        return Outcome(Done(), settled=((number, Refused(error.code, error.detail, error.retry_after_ms)),))
    went = _go(state=state, sender=sender, command=command, now_ms=now_ms, position=position, number=number)
    if went.wait:
        return Outcome(Done(), settled=went.settled, again_in_ms=went.again_in_ms)
    assert not isinstance(went.result, Asks)
    return Outcome(Done(), went.record, went.effects, went.more, settled=((number, went.result), *went.settled))


def _go(
    state: GroupState, sender: Sender, command: SendMessage, now_ms: int, position: int, *, number: int = 0
) -> Outcome:
    """It may be sent; frequency control says whether now."""
    admission = state.timeline.admission
    if sender[0].stopped and not command.admin:
        return Outcome(_kept_back(state, command, now_ms))
    if command.transient:
        before = admission.known(command, now_ms) if admission.remembers else None
        if before is not None:  # its type has made it transient (MS-09), which `send` did not know yet
            return before
        _stopped(state, command, Stop(Stage.TRANSIENT, now_ms, 0, ""))
        return _transient(state, sender, command, now_ms)
    # section 6, before a SEQ is spent
    stopped = admission.stops(command, sender[2], sender[1], now_ms, number)
    if stopped is not None:
        return stopped
    outcome = _pass(state=state, sender=sender, command=command, now_ms=now_ms, position=position)
    if state.absences is None:
        return outcome
    return msgspec.structs.replace(outcome, effects=(*outcome.effects, *_absent_counted(state, sender[1], now_ms)))


def _absent_counted(state: GroupState, policy: GroupType, now_ms: int) -> tuple[Effect, ...]:
    """CR-01: a message has passed, which counts for members who are absent."""
    assert state.absences is not None
    wait = state.absences.passed(policy, now_ms)
    return (LookForAbsent(wait),) if wait != NEVER else ()


def _kept_back(state: GroupState, command: SendMessage, now_ms: int) -> Sent:
    """CR-07: the app has stopped the room's distribution: success, without a SEQ, and nobody gets it."""
    _stopped(state, command, Stop(Stage.STOPPED, now_ms, 0, "the app has stopped the distribution of the room"))
    return state.timeline.admission.keep_back(command, now_ms, "the distribution of the room is stopped")


def _stopped(state: GroupState, command: SendMessage, stop: Stop) -> None:
    state.app_state.traces.note(state.key, command.by, command.client_msg_id, stop)


def _checked(state: GroupState, policy: GroupType, command: SendMessage) -> SendMessage:
    """MS-07, MS-09, GT-28: as it is kept; of a type that is not stored it is transient. Raises RcimError."""
    extra = command.extra
    if extra is None:
        return command
    if extra.mentions_all:
        check_right(Operation.MENTION_ALL, state.who(command.by, command.admin), policy)
    kind = CONTENT
    if extra.type_name:
        found = state.app_state.config.message_types.get(extra.type_name)
        if found is None:
            raise RcimError(
                BAD_PARAMETER, f"type_name: {extra.type_name!r} is not a message type of this app (app.message_types)"
            )
        kind = found
    members_named(state, policy, extra.to, command.by, command.admin)
    mentions = members_named(state, policy, extra.mentions, command.by, command.admin)
    counted = extra.counted and kind.counted and not extra.to  # as To_Account: not counted
    made = msgspec.structs.replace(extra, mentions=mentions, counted=counted)
    return msgspec.structs.replace(command, extra=made, transient=command.transient or not kind.stored)


def members_named(
    state: GroupState, policy: GroupType, users: Sequence[str], by: str, admin: bool
) -> tuple[str, ...]:
    """MS-07: those of the users named by `by` who are members. Where members are not listed (GT-03) nobody learns who is
    one, and nowhere whoever is none (GT-26): others are passed over. Elsewhere it raises RcimError(NO_SUCH_MEMBER)."""
    strangers = [user for user in users if user not in state.roster]
    if strangers and (admin or (policy.member_list is MemberList.ALL and by in state.roster)):
        raise RcimError(NO_SUCH_MEMBER, f"{strangers[0]} is not a member of the group")
    return tuple(user for user in users if user in state.roster)


def _transient(state: GroupState, sender: Sender, command: SendMessage, now_ms: int) -> Outcome:
    """MS-08: no SEQ, not kept. More of them than the group's limit are left out: nobody can rely on one anyway."""
    profile, policy, member = sender
    if state.timeline.admission.takes_transient(policy, command, now_ms):
        message = made_message(state, command, member, seq=0, time_ms=now_ms, message_id=0)
        users: list[str] | None = None
        if command.extra is not None and command.extra.to:
            users = [u for u in sorted({command.by, *command.extra.to}) if _hears(state, profile, u)]
        effects: tuple[Effect, ...] = (Notify(users, Transient(message)),)
    else:
        effects = ()
    return Outcome(Sent(0, now_ms, 0, False), None, effects)


def _hears(state: GroupState, profile: Profile, user_id: str) -> bool:
    """Whether a member gets what is for it alone: it knows of the group (GT-16), and wants anything of it (RX-01)."""
    member = state.roster.get(user_id)
    return member is not None and state.knows(profile, user_id) and member.msg_flag is not MsgFlag.DISCARD


def end_slice(state: GroupState, command: EndSlice, now_ms: int, position: int) -> Outcome:
    """FC-03: what waited and has room now goes, in the order in which it came, if its sender still may; strong notices
    before all others (GT-15)."""
    settled: list[tuple[int, AnyResult]] = []
    effects: list[Effect] = []
    records: list[Record] = []
    if state.notices and state.attributes.profile is not None:  # GT-15
        gone = state.notices.begin(state.app_state.config.types.of_group(state.attributes.profile.type), now_ms)
        records += state.tell_waiting(effects, gone, now_ms, position)
    if state.room is not None:  # CR-03
        effects += state.room.news(now_ms, state.app_state.config.limits.flow_slice_ms)
    passed, held = state.timeline.admission.release(now_ms)
    for number, waited in passed:
        if waited is None:
            assert state.attributes.profile is not None
            gone = state.notices.take(state.app_state.config.types.of_group(state.attributes.profile.type), now_ms)
            records += state.tell_waiting(effects, gone, now_ms, position + len(records))
            continue
        try:
            sender, waited = _admitted_again(state, waited, now_ms)
        except RcimError as error:
            settled.append((number, Refused(error.code, error.detail, error.retry_after_ms)))
            continue
        if sender[0].stopped and not waited.admin:
            settled.append((number, _kept_back(state, waited, now_ms)))
            continue
        one = _pass(state=state, sender=sender, command=waited, now_ms=now_ms, position=position + len(records))
        if state.absences is not None:
            effects += _absent_counted(state, sender[1], now_ms)
        assert not isinstance(one.result, Asks)
        settled.append((number, one.result))
        effects += one.effects
        if one.record is not None:
            records += (one.record, *one.more)
    return Outcome(
        Done(),
        records[0] if records else None,
        tuple(effects),
        tuple(records[1:]),
        settled=(*settled, *held),
        again_in_ms=_again_in_ms(state, now_ms),
    )


def _again_in_ms(state: GroupState, now_ms: int) -> int:
    """When messages or notices that wait are looked at again; -1: nothing waits."""
    due = [wait for wait in (state.timeline.admission.due_in_ms(now_ms), state.due_in_ms(now_ms)) if wait >= 0]
    return min(due, default=-1)


def _admitted_again(state: GroupState, command: SendMessage, now_ms: int) -> tuple[Sender, SendMessage]:
    """What has waited is looked at as if it came now: its sender's account, the group, the right, the words, whom it
    names. Raises RcimError."""
    state.app_state.invalidated.check(command.credential)
    profile, policy = state.there(command.by, command.admin)
    sender = profile, policy, state.roster.get(command.by)
    return sender, _admitted(state, sender, command, now_ms)


def _check_may_send(state: GroupState, sender: Sender, command: SendMessage, now_ms: int) -> None:
    if state.pair is not None:
        check_not_barred(state, command.by, command.admin)
    if not command.admin:
        profile, policy, member = sender
        if member is None or member.role < policy.send:
            check_right(Operation.SEND, state.who(command.by, False), policy)  # SC-01
            if member is None:  # GT-26
                check_not_blocked(state, command.by, now_ms)
        check_not_muted(state=state, profile=profile, policy=policy, by=command.by, now_ms=now_ms)


def _pass(state: GroupState, sender: Sender, command: SendMessage, now_ms: int, position: int) -> Outcome:
    """The message gets its SEQ."""
    profile, policy, member = sender
    first_of_owner = not profile.active and command.by == profile.owner  # GT-16
    if not policy.stored:
        return _unstored(state, command, sender, now_ms, activates=first_of_owner)
    timeline = state.timeline
    if timeline.reserved or first_of_owner:
        return _first(
            state=state, command=command, member=member, now_ms=now_ms, position=position, activates=first_of_owner
        )
    message = next_message(
        state=state,
        command=command,
        member=member,
        now_ms=now_ms,
        message_id=make_message_id(timeline.shard, position),
    )
    timeline.kept_next = timeline.next_seq
    kept = sent_by(state, member, message)
    return Outcome(
        Sent(message.seq, message.time_ms, message.message_id, False),
        MessageKept(state.key, message, kept),
        (Deliver(message, command.admin, command.words_replaced),),
    )


def _made_visible(state: GroupState, now_ms: int) -> list[Effect]:
    """GT-16: the others are in it from now on; its owner was before."""
    assert state.attributes.profile is not None
    others = [m for m in state.roster if m.role is not Role.OWNER]
    return state.entering(others, state.attributes.profile.owner, now_ms)


def _unstored(state: GroupState, command: SendMessage, sender: Sender, now_ms: int, *, activates: bool) -> Outcome:
    """GT-22: nothing of it is kept, but that the counter never falls back; and in memory, what it takes to recall it."""
    _, policy, member = sender
    message = next_message(
        state=state, command=command, member=member, now_ms=now_ms, message_id=state.app_state.ids.make()
    )
    state.timeline.tail.append(message)
    keep_ms = max(policy.recall_s * 1000, state.app_state.config.limits.unstored_recall_ms)
    state.timeline.unstored.add(message, message.sender if member is None else member.user_id, keep_ms)
    if member is not None and not message.directed:
        seen = msgspec.structs.replace(member, last_send_time_ms=message.time_ms, read_seq=message.seq)
        state.roster.update(member.user_id, seen)
    records: list[Record] = []
    if message.seq >= state.timeline.kept_next or not state.timeline.reserved:
        state.timeline.kept_next = message.seq + RESERVE
        state.timeline.reserved = True
        records.append(SeqReserved(state.key, state.timeline.kept_next))
    effects: list[Effect] = []
    if activates:
        assert state.attributes.profile is not None
        state.attributes.profile = msgspec.structs.replace(state.attributes.profile, active=True)
        effects = _made_visible(state, now_ms)
        records.append(
            GroupChanged(
                key=state.key,
                time_ms=now_ms,
                info=False,
                profile=state.attributes.profile,
                put=[],
                dropped=[],
                marks=[],
                message=None,
            )
        )
    sent = Sent(message.seq, message.time_ms, message.message_id, False)
    record = records[0] if records else None
    given = Deliver(message, command.admin, command.words_replaced)
    return Outcome(sent, record, (*effects, given), tuple(records[1:]))


def _first(
    state: GroupState, command: SendMessage, member: Member | None, now_ms: int, position: int, *, activates: bool
) -> Outcome:
    """The message that makes the group visible to the others (GT-16), or the first that is stored after some were not."""
    assert state.attributes.profile is not None
    effects: list[Effect] = []
    if activates:
        state.attributes.profile = msgspec.structs.replace(state.attributes.profile, active=True)
        effects = _made_visible(state, now_ms)
    if state.timeline.begin_storing():
        state.attributes.profile = msgspec.structs.replace(
            state.attributes.profile, first_seq=state.timeline.next_seq
        )
    message = next_message(
        state=state,
        command=command,
        member=member,
        now_ms=now_ms,
        message_id=make_message_id(state.timeline.shard, position),
    )
    state.timeline.kept_next = state.timeline.next_seq
    return Outcome(
        Sent(message.seq, message.time_ms, message.message_id, False),
        MessageKept(state.key, message, sent_by(state, member, message), state.attributes.profile),
        (*effects, Deliver(message, command.admin, command.words_replaced)),
    )
