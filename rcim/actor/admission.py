"""Frequency control in a group's actor (section 6): which messages pass now, which wait, what became of them; and that
whatever else goes to all members because of somebody's request takes its place in the group's limit (`admit`).

The rules stand in flow/frequency.py. What is held back is remembered by its client message id, so that sending it again
is answered as the first time (MS-02); what is sent again while it waits, waits with the first.
"""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from rcim.actor.app_state import AppState
from rcim.actor.commands import SendMessage
from rcim.actor.events import EventKind
from rcim.actor.outcomes import AnyResult, Done, Outcome, Refused, Sent
from rcim.actor.recent_ids import RecentIds
from rcim.actor.records import Member
from rcim.actor.tracing import Stage, Stop
from rcim.actor.user_results import FlowRow
from rcim.base.errors import NO_SUCH_GROUP, TOO_FREQUENT, RcimError
from rcim.base.terms import AppList, HeldBack, Priority, Role
from rcim.flow.buckets import Rate
from rcim.flow.frequency import PERIOD_MS, FrequencyControl
from rcim.flow.offers import Figures, FlowLimits, Offer, OfferVerdict
from rcim.rules.group_types import GroupType

Settled = tuple[int, AnyResult]


APART = "\0"
"""In front of the client message ids of transient messages: no id that a client gives has a control character."""


class Claim(Enum):
    """What of the group's limit (FC-02) something asks for that goes to all members and can't wait, as a message can."""

    ROOM = "a message's"
    """It is refused when a message would have to wait: edits, changes of the profile and of roles."""
    OWN = "its own"
    """What moderates: it is refused only if there is more of its like in a second than the group may have messages, for
    it is needed most when a group is flooded."""
    APART = "apart"
    """It is refused only if there is more of its like in a second than the group may have messages, and takes no room
    from messages: attributes of a room, whose changes are told together (CR-03)."""
    ANY = "any"
    """It is never refused: who comes and goes (GT-15)."""


class Waiting(NamedTuple):
    """A message that waits, and under which number; None: a strong notice (GT-15)."""

    number: int
    command: SendMessage | None


NOTICE = Waiting(0, None)
FIRST = -1.0
"""A lot that goes before all that are drawn."""


class _Second:
    """What is counted by itself: as many a second as the group may have messages."""

    __slots__ = ("_full_ms", "_per_s", "_rate")

    def __init__(self) -> None:
        self._rate: Rate | None = None
        self._per_s = 0
        self._full_ms = 0.0

    def take(self, per_s: int, now_ms: int) -> int:
        """0: one more may go. Else in how many milliseconds. `per_s` 0: no limit."""
        if not per_s:
            return 0
        if self._rate is None or self._per_s != per_s:
            self._rate, self._per_s = Rate(per_s, PERIOD_MS), per_s
        self._full_ms, wait = self._rate.take(self._full_ms, now_ms)
        return wait


def _check_wait(policy: GroupType, wait_ms: int) -> None:
    """Returns if there is nothing to wait for. Raises RcimError(TOO_FREQUENT)."""
    if wait_ms:
        raise RcimError(TOO_FREQUENT, f"{policy.messages_per_s} a second go to all members of the group", wait_ms)


def flow_rows(name: str, figures: Figures) -> list[FlowRow]:
    """FC-08: what `figures` say, by priority."""
    f = figures
    return [
        FlowRow(
            name=name,
            priority=p,
            offered=f.offered[p],
            passed=f.passed[p],
            held_by_total=f.held_by_total[p],
            held_by_priority=f.held_by_priority[p],
        )
        for p in Priority
    ]


class Admission:
    """For one group, whose key is `key`. See the module's text."""

    __slots__ = (
        "_apart",
        "_app_state",
        "_flow",
        "_free",
        "_held",
        "_key",
        "_moderating",
        "_numbers",
        "_policy",
        "_transient",
        "figures",
        "withheld",
    )

    def __init__(self, key: str, app_state: AppState) -> None:
        self._key = key
        self._app_state = app_state
        self.figures = Figures()
        """FC-08, since the group is in memory."""
        self._flow = FrequencyControl(FlowLimits(0, 0, 0, 0))
        self._policy: GroupType | None = None
        self._free = False
        """True without any limit."""
        self._numbers: dict[tuple[str, str], int] = {}
        """Of what waits: its name (`_name`) to its number."""
        self._held: RecentIds | None = None
        self.withheld: list[tuple[SendMessage, str]] = []
        """Messages that nobody gets, and why, if somebody wants to know of them (events.MessageWithheld)."""
        self._transient = _Second()
        self._moderating = _Second()
        self._apart = _Second()

    def admit(
        self, policy: GroupType, claim: Claim, now_ms: int, priority: Priority = Priority.HIGH, *, exempt: bool = True
    ) -> None:
        """The gate of everything but messages that goes to all members because of a request (FC-02): it counts like a
        message of `priority`; `exempt`: it is free of that priority's own limit (FC-04). Call it when nothing else can
        refuse, and before anything has changed. Raises RcimError(TOO_FREQUENT) with the time to wait, as `claim` says."""
        if policy is not self._policy:
            self._settle_policy(policy)
        if claim is Claim.ROOM:
            _check_wait(policy, self._flow.take(priority, exempt, now_ms))
            return
        if claim is Claim.APART:
            _check_wait(policy, self._apart.take(policy.messages_per_s, now_ms))
            return
        if claim is Claim.OWN:
            _check_wait(policy, self._moderating.take(policy.messages_per_s, now_ms))
        self._flow.count(priority, exempt, now_ms)

    def admit_notice(self, policy: GroupType, claim: Claim, now_ms: int) -> bool:
        """The gate of strong notices (GT-15). True: it has its place in the group's limit. False: the group is near it,
        and the notice is to wait and be joined with others (`offer_notice`). Raises RcimError(TOO_FREQUENT), as `admit`
        does."""
        if policy is not self._policy:
            self._settle_policy(policy)
        if claim is Claim.ROOM:
            self.admit(policy, claim, now_ms)
            return True
        if claim is Claim.OWN:
            _check_wait(policy, self._moderating.take(policy.messages_per_s, now_ms))
        return self._flow.passes_far_below(now_ms)

    def offer_notice(self, policy: GroupType, now_ms: int) -> bool:
        """A strong notice that has waited asks for a place, before all messages. True: it has it. False: it waits, until
        NOTICE is among what `release` lets pass; another one is not offered before."""
        if policy is not self._policy:
            self._settle_policy(policy)
        offer = Offer(NOTICE, "", Priority.HIGH, FIRST, exempt=True, protected=True, patient=True)
        return self._flow.offer(offer, now_ms)[0] is OfferVerdict.PASS

    def stops(
        self, command: SendMessage, member: Member | None, policy: GroupType, now_ms: int, number: int
    ) -> Outcome | None:
        """None: the message passes now. Else the outcome: it waits, or is held back. `number` is what it waits under
        already; 0: it has not waited."""
        if policy is not self._policy:
            self._settle_policy(policy)
        if self._free and not self._numbers:
            for figures in self._flow.figures:
                figures.offered[command.priority] += 1
                figures.passed[command.priority] += 1
            return None
        exempt = command.admin or (member is not None and member.role > Role.MEMBER)  # FC-04
        protected = self._app_state.config.lists.protects and self._protected(command)
        if self._flow.passes(command.priority, protected, exempt, now_ms):
            return None
        lot = self._app_state.lots.random()
        waiting = Waiting(number or next(self._app_state.numbers), command)
        offer = Offer(waiting, command.by, command.priority, lot, exempt=exempt, protected=protected)
        verdict, other = self._flow.offer(offer, now_ms)
        if verdict is OfferVerdict.PASS:
            return None
        if verdict is OfferVerdict.HELD:
            return Outcome(self._hold(offer, now_ms))
        self._numbers[_name(command)] = waiting.number
        settled: tuple[Settled, ...] = (self._settled(other, now_ms),) if other is not None else ()
        again = self._flow.asks_in_ms(offer, now_ms)
        return Outcome(Done(), wait=waiting.number, settled=settled, again_in_ms=again)

    def _protected(self, command: SendMessage) -> bool:
        """True if the message passes before all others (FC-07)."""
        lists = self._app_state.config.lists
        if lists.holds(AppList.PROTECTED_USERS, command.by):
            return True
        return command.extra is not None and lists.holds(AppList.PROTECTED_TYPES, command.extra.type_name)

    def enter(self, command: SendMessage) -> int:
        """It waits for the app (CB-03): under which number."""
        number = self._numbers[_name(command)] = next(self._app_state.numbers)
        return number

    def leave(self, command: SendMessage) -> None:
        """It waits no longer for the app."""
        self._numbers.pop(_name(command), None)

    @property
    def remembers(self) -> bool:
        """False if `known` has nothing to say, whatever it is asked."""
        return self._held is not None or bool(self._numbers)

    def known(self, command: SendMessage, now_ms: int) -> Outcome | None:
        """MS-02: what became of the message, if it was sent before and got no SEQ."""
        name = _name(command)
        number = self._numbers.get(name)
        if number is not None:
            return Outcome(Done(), wait=number)
        before = self._held.find(*name, now_ms) if self._held is not None else None
        if before is None:
            return None
        return Outcome(Sent(0, before[1], 0, True, HeldBack(before[2])))

    def waits(self, sender: str, client_msg_id: str) -> bool:
        """True if the message waits."""
        return (sender, client_msg_id) in self._numbers or (sender, APART + client_msg_id) in self._numbers

    def takes_transient(self, policy: GroupType, command: SendMessage, now_ms: int) -> bool:
        """MS-08: up to as many a second as the group may have ordinary messages."""
        self.swallow(command, now_ms)
        return not self._transient.take(policy.messages_per_s, now_ms)

    def release(self, now_ms: int) -> tuple[list[Waiting], list[Settled]]:
        """What passes now, by number and in the order in which it came; what is held back."""
        passed, held = self._flow.release(now_ms)
        for offer in passed:
            if offer.item is not NOTICE:
                self.leave(offer.item.command)
        return [offer.item for offer in passed], [self._settled(offer, now_ms) for offer in held]

    def waiting(self) -> list[SendMessage]:
        """The messages that `release` may let pass, in no order."""
        return [offer.item.command for offer in self._flow.offers() if offer.item is not NOTICE]

    def due_in_ms(self, now_ms: int) -> int:
        """When `release` is to be called again; -1: nothing waits."""
        return self._flow.due_in_ms(now_ms)

    def end(self) -> tuple[Settled, ...]:
        """The group is gone, and with it what waited."""
        self._numbers.clear()
        self._held = None
        refused = Refused(NO_SUCH_GROUP, NO_SUCH_GROUP.meaning)
        return tuple((offer.item.number, refused) for offer in self._flow.clear() if offer.item is not NOTICE)

    def flow(self, name: str) -> list[FlowRow]:
        """FC-08: the figures of the group, whose name is `name`."""
        return flow_rows(name, self.figures)

    def _settle_policy(self, policy: GroupType) -> None:
        """FC-02: limits by type, changeable while it runs."""
        self._policy = policy
        self._free = not (policy.messages_per_s or policy.normal_per_s or policy.low_per_s or policy.lowest_per_s)
        self._flow.figures = (self.figures, self._app_state.figures.setdefault(policy.name, Figures()))
        self._flow.limits = FlowLimits(
            per_s=policy.messages_per_s,
            normal_per_s=policy.normal_per_s,
            low_per_s=policy.low_per_s,
            lowest_per_s=policy.lowest_per_s,
            slice_ms=self._app_state.config.limits.flow_slice_ms,
        )

    def _settled(self, offer: Offer, now_ms: int) -> Settled:
        self.leave(offer.item.command)
        return offer.item.number, self._hold(offer, now_ms)

    def _hold(self, offer: Offer, now_ms: int) -> Sent:
        """FC-05: success, without a SEQ."""
        command: SendMessage = offer.item.command
        stop = Stop(Stage.FREQUENCY, now_ms, 0, f"held back by the limit of its {offer.rule.value}")
        self._app_state.traces.note(self._key, command.by, command.client_msg_id, stop)
        self.note_withheld(command, stop.text)
        self._remember(command, now_ms, HeldBack.FREQUENCY)
        return Sent(0, now_ms, 0, False, HeldBack.FREQUENCY)

    def keep_back(self, command: SendMessage, now_ms: int, reason: str) -> Sent:
        """CR-07: success, without a SEQ; nobody gets it, for this `reason`."""
        self.note_withheld(command, reason)
        self._remember(command, now_ms, HeldBack.STOPPED)
        return Sent(0, now_ms, 0, False, HeldBack.STOPPED)

    def note_withheld(self, command: SendMessage, reason: str) -> None:
        """The message was accepted, and nobody gets it."""
        if EventKind.MESSAGE_WITHHELD in self._app_state.wanted_events:
            self.withheld.append((command, reason))

    def swallow(self, command: SendMessage, now_ms: int) -> None:
        """It gets no SEQ, and nothing is said about why: it is transient, or the app dropped it (CB-03)."""
        self._remember(command, now_ms, HeldBack.NO)

    def _remember(self, command: SendMessage, now_ms: int, why: HeldBack) -> None:
        """MS-02, of what gets no SEQ."""
        if self._held is None:
            limits = self._app_state.config.limits
            self._held = RecentIds(limits.dedupe_window_ms, limits.held_back_ids_max)
        self._held.remember(_name(command), 0, now_ms, why)


def _name(command: SendMessage) -> tuple[str, str]:
    """MS-02: the sender and the client message id, by which a message is known when it is sent again. A transient one
    (MS-08) is known apart: an ordinary message with the same id is another one, and goes."""
    name = command.client_msg_id
    return command.by, APART + name if command.transient else name
