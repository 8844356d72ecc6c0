"""The actor of a group whose members are loaded when they are asked for: what waits for frequency control, for room for a
notice, or for the app goes on as it does where all members are in memory, and nothing is changed by halves."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest

from rcim.actor import commands as c
from rcim.actor import effects as e
from rcim.actor.before_kinds import BeforeKind
from rcim.actor.callback_verdicts import ALLOWED, CallbackVerdict
from rcim.actor.group import GroupActor
from rcim.actor.outcomes import Outcome, Refused
from rcim.actor.paged_group import PagedGroupActor
from rcim.actor.paged_roster import NotLoaded
from rcim.actor.records import Message, MessageAltered, Record
from rcim.actor.snapshots import GroupSnapshot
from rcim.base.errors import RcimError
from rcim.base.ids import shard_of
from rcim.base.limits import DEFAULTS
from rcim.base.terms import ApplyJoinOption
from rcim.dispatch.loading import Loader
from rcim.dispatch.row_loading import ROUNDS_MAX
from rcim.rules.conditions import EVERYTHING
from rcim.rules.conversation_kinds import RosterPart
from rcim.store.backend import MemoryBackend
from rcim.store.check import check
from rcim.store.shard_log import AppendFailed, ShardAppend
from rcim.store.store import Store
from tests.amount import some
from tests.kit import GROUP_TYPES, app_state
from tests.sim.test_dispatcher import send
from tests.sim.test_group_histories import USERS, anything
from tests.sim.test_paged_rosters import KEY, Kinds, more, same, state_of

TIGHT = {n: replace(row, messages_per_s=3, member_cap=0) for n, row in GROUP_TYPES.items() if n != "BChatRoom"}
"""The built-in types with so little room that messages and notices wait."""


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> Kinds:
    return Kinds(monkeypatch)


class Acting:
    """One group, its store, and who runs its actor: each outcome is kept at once."""

    def __init__(self, seed: int, asks: bool) -> None:
        self.app_state = app_state(TIGHT)
        self.app_state.lots = random.Random(seed)
        if asks:
            kinds = {kind: [EVERYTHING] for kind in BeforeKind if kind is not BeforeKind.CREATE}
            self.app_state.replace(replace(self.app_state.config, asks=kinds))
        self.backend = MemoryBackend()
        self.store = Store(self.backend, DEFAULTS)
        self.shard = shard_of(KEY)
        self.claim = self.store.claim([self.shard])[self.shard]
        self.position = self.claim.position
        self.loader = Loader(self.store, self.app_state)
        actor = self.loader.actor(KEY, self.shard, 0)
        assert isinstance(actor, GroupActor)
        self.actor = actor
        self.loads = 0
        self.asked: list[int] = []
        self.messages: dict[int, Message] = {}

    def do(self, command: Any, now_ms: int) -> Outcome:
        """Carry it out, with whatever rows it needs."""
        for _ in range(ROUNDS_MAX):
            before = state_of(self.actor) if isinstance(self.actor, PagedGroupActor) else ""
            try:
                outcome = self.actor.handle(command, now_ms, self.position)
            except NotLoaded as wanted:
                assert isinstance(self.actor, PagedGroupActor)
                assert state_of(self.actor) == before, f"{command} has changed something before it waits"
                self._load(self.actor, wanted)
            except RcimError as error:
                return Outcome(Refused(error.code, error.detail, error.retry_after_ms))
            else:
                self._keep(outcome, now_ms)
                return outcome
        raise AssertionError("it asks for ever")

    def _load(self, actor: PagedGroupActor, wanted: NotLoaded) -> None:
        self.loads += 1
        rows = self.loader.rows(KEY, wanted)
        if isinstance(rows, dict):
            actor.take_members(rows)
        else:
            actor.take_page(wanted.after, rows)

    def _keep(self, outcome: Outcome, now_ms: int) -> None:
        self.asked += [ask.number for ask in outcome.asks]
        self.messages |= {one.message.seq: one.message for one in outcome.effects if isinstance(one, e.Deliver)}
        if outcome.record is None:
            return
        records: list[Record] = [outcome.record, *outcome.more]
        append = ShardAppend(self.shard, self.claim.epoch, self.position, records)
        told: list[Any] = []
        self.store.append([append], now_ms, 0, told.extend)
        assert not [result for result in told if isinstance(result, AppendFailed)]
        self.position += len(records)
        self.messages |= {one.message.seq: one.message for one in records if isinstance(one, MessageAltered)}


def ours(rng: random.Random, acting: Acting) -> Any:
    """A command that carries on what waits."""
    if acting.asked and rng.random() < 0.7:
        number = acting.asked.pop(rng.randrange(len(acting.asked)))
        verdicts = [ALLOWED, ALLOWED, CallbackVerdict(allow=False), CallbackVerdict(drop=True)]
        return c.TakeVerdict("", True, number, rng.choice(verdicts))
    return c.EndSlice("", True)


def seen(outcome: Outcome) -> object:
    """What is compared of an outcome: users who joined at the same time have no order."""
    records = [same(one) for one in (outcome.record, *outcome.more) if one is not None]
    kinds = [type(effect).__name__ for effect in outcome.effects]
    return outcome.result, records, kinds, outcome.settled, outcome.wait, outcome.again_in_ms


def history(seed: int, type_: str, asks: bool) -> tuple[list[object], Acting]:
    """What became of the history with this seed."""
    rng = random.Random(seed)
    acting = Acting(seed, asks)
    found: list[object] = []
    now_ms = 1_700_000_000_000
    acting.do(c.CreateGroup("u0", False, "g", type_, "n", "", "", "", ApplyJoinOption.BY_TYPE, [], "u0"), now_ms)
    for serial in range(400):
        now_ms += rng.choice([1, 1, 1, 300, 900])
        which = rng.random()
        command = anything(rng, type_, serial) if which < 0.6 else more(rng, serial, acting.messages.get)
        if which > 0.75:
            command = ours(rng, acting)
        found.append((command, seen(acting.do(command, now_ms))))
    assert check(acting.backend).faults == []
    return found, acting


@pytest.mark.parametrize("asks", [False, True])
@pytest.mark.parametrize("type_", sorted(TIGHT))
@pytest.mark.parametrize("seed", range(some(1, of=3)))
def test_what_waits_goes_on_alike(seed: int, type_: str, asks: bool, kinds: Kinds) -> None:  # FC-03, GT-15, CB-03
    kinds.use(RosterPart.MEMORY)
    memory, _ = history(seed, type_, asks)
    kinds.use(RosterPart.PAGED, 1)
    paged, acting = history(seed, type_, asks)
    for step, (one, other) in enumerate(zip(paged, memory, strict=True)):
        assert one == other, f"step {step}"
    assert acting.loads > 50


def burst(roster: RosterPart, kinds: Kinds) -> tuple[list[object], Acting]:
    """What became of twelve messages of six members at a time, where three go in a second."""
    kinds.use(roster, 1)
    acting = Acting(0, asks=False)
    now_ms = 1_700_000_000_000
    option = ApplyJoinOption.FREE_ACCESS
    acting.do(c.CreateGroup("u0", False, "g", "ChatRoom", "n", "", "", "", option, USERS[1:], "u0"), now_ms)
    for n in range(12):
        acting.do(send(USERS[1 + n % 6], f"c{n}"), now_ms)
    return [seen(acting.do(c.EndSlice("", True), now_ms + 100 * n)) for n in range(60)], acting


def test_messages_that_waited_go_with_rows_that_had_left_memory(kinds: Kinds) -> None:  # FC-03
    memory, _ = burst(RosterPart.MEMORY, kinds)
    paged, acting = burst(RosterPart.PAGED, kinds)
    assert paged == memory
    settled = [one for outcome in paged for one in outcome[3]]  # type: ignore[index]
    assert len(settled) >= 3 and acting.loads > 12


def test_only_a_kind_that_pages_has_such_an_actor(kinds: Kinds) -> None:
    kinds.use(RosterPart.MEMORY)
    with pytest.raises(TypeError, match="not loaded when"):
        PagedGroupActor(GroupSnapshot(KEY, None, 1, 0, 0, 0, [], []), 1, app_state())
