"""A kind of conversation whose members are loaded when they are asked for, through the dispatcher: it answers, and keeps,
what one with all members in memory does, and a command that has to wait for rows has changed nothing."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from rcim.actor import commands as c
from rcim.actor import import_commands
from rcim.actor import outcomes as o
from rcim.actor.paged_group import PagedGroupActor
from rcim.actor.paged_roster import NotLoaded, PagedRoster
from rcim.actor.records import GroupChanged, Member, Message, MessageKept, Record
from rcim.base import clock
from rcim.base.terms import MessageState, Priority, Role
from rcim.dispatch import row_loading
from rcim.dispatch.loading import Loader
from rcim.dispatch.mailbox import Mailbox
from rcim.dispatch.requests import Request
from rcim.rules import conversation_kinds
from rcim.rules.conversation_kinds import GROUP, ConversationKind, RosterPart
from rcim.rules.policies import changed
from rcim.store.backend import ReadView, StoreError
from rcim.store.check import check
from rcim.store.shard_log import Done, ShardAppend, ShardLog
from rcim.store.store import Store
from tests.amount import some
from tests.kit import PATIENCE_S, UNLIMITED, travel, until
from tests.sim.test_dispatcher import FlakyBackend, Sim, create, running, send
from tests.sim.test_group_histories import TYPES, USERS, anything

KEY = "h:g"
CROWD = 5000
FROM_STORE = (c.ReadMembers, c.ReadMarks, c.ReadHistory)
"""What the store answers: with what is committed by then, which may be more than what was asked before."""
NO_CAP = {**UNLIMITED, "Public": changed(UNLIMITED["Public"], "Public", {"member_cap": "0", "notice": "weak"})}


@pytest.fixture(autouse=True)
def stop_all() -> Iterator[None]:
    """End the threads of what a test has started."""
    yield
    while running:
        running.pop().dispatcher.stop()


class Kinds:
    """The table of kinds with one more, whose ids begin with `h:`."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        self.use(RosterPart.PAGED, 64)

    def use(self, roster: RosterPart, rows_max: int = 0) -> None:
        kind = ConversationKind(GROUP.name, "h:", roster, created=True, entered_at_login=True, rows_max=rows_max)
        self._patch.setitem(conversation_kinds._BY_PREFIX, "h:", kind)


@pytest.fixture
def kinds(monkeypatch: pytest.MonkeyPatch) -> Kinds:
    return Kinds(monkeypatch)


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The commands that had to wait for rows. That each has changed nothing is looked at here."""
    found: list[object] = []
    handle = PagedGroupActor.handle

    def checked(actor: PagedGroupActor, command: Any, now_ms: int, position: int) -> o.Outcome:
        before = state_of(actor)
        try:
            return handle(actor, command, now_ms, position)
        except NotLoaded:
            assert state_of(actor) == before, f"{command} has changed something before it waits"
            found.append(command)
            raise

    monkeypatch.setattr(PagedGroupActor, "handle", checked)
    return found


def state_of(actor: PagedGroupActor) -> str:
    """All that the actor has, but the rows of members."""
    state = actor._state
    roster = actor._roster
    parts = [state.attributes, state.timeline, state.notices, state.asked, state.decided, state.listed]
    return repr([plain(part, set()) for part in parts] + [roster.count, roster.admins(), roster.restrictions])


def plain(value: object, seen: set[int]) -> object:
    """What an object of ours holds, and what those hold."""
    if (
        not type(value).__module__.startswith("rcim.")
        or isinstance(value, msgspec.Struct | tuple)
        or id(value) in seen
    ):
        return [plain(one, seen) for one in value] if isinstance(value, list) else value
    seen.add(id(value))
    names = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())] or list(vars(value))
    return [(name, plain(getattr(value, name), seen)) for name in names if "app_state" not in name]


class ReadingFails(FlakyBackend):
    """Its pictures can't be read while `unreadable`."""

    unreadable = False

    @contextmanager
    def read(self, *, around: bool = False) -> Iterator[ReadView]:
        if self.unreadable:
            raise StoreError("can't be read")
        with super().read(around=around) as view:
            yield view


class RecordingLog:
    """The store as a log, which remembers what was kept."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.appends_together = store.appends_together
        self.claim = store.claim
        self.records: list[Record] = []

    def append(self, appends: Sequence[ShardAppend], now_ms: int, doubted_ms: int, done: Done) -> None:
        def told(results: Any) -> None:
            if all(hasattr(result, "position") for result in results):
                self.records += [record for one in appends for record in one.records]
            done(results)

        self._store.append(appends, now_ms, doubted_ms, told)


class RecordingSim(Sim):
    """A Sim that remembers its records."""

    def make_log(self) -> ShardLog:
        self.log = RecordingLog(self.store)
        return self.log


def same(record: Record) -> Record:
    """The record without the order of members who joined at the same time."""
    if not isinstance(record, GroupChanged):
        return record
    put = sorted(record.put, key=lambda member: member.user_id)
    message = record.message
    if message is not None and message.tip is not None:
        message = msgspec.structs.replace(
            message, tip=msgspec.structs.replace(message.tip, users=sorted(message.tip.users))
        )
    return msgspec.structs.replace(record, put=put, dropped=sorted(record.dropped), message=message)


def mailbox_of(sim: Sim) -> Mailbox:
    return sim.dispatcher._mailboxes[KEY]


def roster_of(sim: Sim) -> PagedRoster:
    roster = mailbox_of(sim).actor._state.roster
    assert isinstance(roster, PagedRoster)
    return roster


def stored(sim: Sim) -> dict[str, Member]:
    """The members that the store has."""
    rows: dict[str, Member] = {}
    while page := sim.store.load_member_page(KEY, next(reversed(rows), ""), 999):
        rows |= {member.user_id: member for member in page}
    return rows


def counted(sim: Sim) -> int:
    """How many members the head of the conversation counts."""
    return sim.store.load_group(KEY, 0).member_num


async def crowd(sim: Sim, size: int = CROWD) -> None:
    """A group of `size` members: u0, its owner, and m0000 and so on."""
    assert isinstance(await sim.answer(KEY, create("g")), o.Created)
    names = [f"m{i:04}" for i in range(size - 1)]
    for at in range(0, len(names), 500):
        added = await sim.answer(KEY, c.InviteUsers("root", True, names[at : at + 500]))
        assert isinstance(added, o.Added)


async def test_a_group_of_5000_of_whom_64_are_in_memory(kinds: Kinds) -> None:  # GR-03, GR-05, SC-02
    sim = Sim(types=NO_CAP)
    await crowd(sim)
    assert counted(sim) == len(stored(sim)) == CROWD and roster_of(sim).rows <= 64
    rng = random.Random(1)
    count = CROWD
    for step in range(60):
        user = f"m{rng.randrange(CROWD - 1):04}"
        sent = await sim.answer(KEY, send(user, f"c{step}"))
        assert isinstance(sent, o.Sent) and sent.seq == step + 1
        (row,) = (await sim.answer(KEY, c.ReadSome("u0", False, [user]))).rows
        assert row.member.user_id == user
        assert roster_of(sim).rows <= 64
    muted = [f"m{i:04}" for i in range(100)]
    assert isinstance(await sim.answer(KEY, c.MuteUsers("u0", False, muted, 600)), o.Done)
    assert (await sim.answer(KEY, send("m0007", "no"))).code.name == "SENDER_MUTED"
    kicked = [f"m{i:04}" for i in range(100, 300)]
    assert isinstance(await sim.answer(KEY, c.KickMembers("u0", False, kicked, "")), o.Done)
    count -= 200
    assert (await sim.answer(KEY, c.KickMembers("u0", False, kicked[:1], ""))).code.name == "NO_SUCH_MEMBER"
    for i in range(20):
        assert isinstance(await sim.answer(KEY, c.LeaveGroup(f"m{4000 + i}", False)), o.Done)
        assert isinstance(await sim.answer(KEY, c.JoinGroup(f"n{i}", False, "")), o.Joined)
    info = await sim.answer(KEY, c.ReadInfo("u0", False))
    assert info.member_num == counted(sim) == len(stored(sim)) == roster_of(sim).count == count
    assert check(sim.backend).faults == []


async def test_members_are_listed_page_by_page(kinds: Kinds) -> None:  # GR-05
    sim = Sim(types=NO_CAP)
    await crowd(sim, 300)
    found: list[str] = []
    cursor = ""
    while True:
        page = await sim.answer(KEY, c.ReadMembers("u0", False, cursor, 77))
        found += [row.member.user_id for row in page.rows]
        cursor = page.next
        if not cursor:
            break
    assert found == sorted(stored(sim))


async def test_everybody_is_walked_over_in_pages(kinds: Kinds) -> None:  # GT-11
    types = {**NO_CAP, "Public": changed(NO_CAP["Public"], "Public", {"drop_offline": "true"})}
    sim = Sim(types=types)
    await crowd(sim, 2500)
    online = [f"m{i:04}" for i in range(0, 2499, 10)]
    await sim.answer(KEY, c.DropOffline("root", True, online, 1 << 62))
    assert set(stored(sim)) == {"u0", *online} and counted(sim) == len(online) + 1
    assert sim.dispatcher._rows.loads >= 3 and roster_of(sim).rows <= 64
    assert check(sim.backend).faults == []


def more(rng: random.Random, serial: int, kept: Callable[[int], Message | None]) -> Any:
    """A command of the kinds that `anything` leaves out."""
    by, admin = rng.choice(USERS), rng.random() < 0.2
    seq = rng.randrange(1, 20)
    some = tuple(rng.sample(USERS, 2))
    state = rng.choice([MessageState.EDITED, MessageState.RECALLED, MessageState.DELETED])
    aimed = msgspec.structs.replace(send(by, f"x{serial}"), extra=c.MessageOptions(to=some))
    named = msgspec.structs.replace(send(by, f"y{serial}"), extra=c.MessageOptions(mentions=some))
    return rng.choice(
        [
            aimed,
            named,
            c.AlterMessage(by, admin, seq, state, b"new", original=kept(seq)),
            c.ReadReceipts(by, admin, seq, True, "", 9, original=kept(seq)),
            c.ClearMessages(by, False),
            c.EraseSender(by, admin, rng.choice(USERS)),
            import_commands.ImportMessages(
                by,
                True,
                [import_commands.ImportedMessage(user, 0, Priority.NORMAL, f"i{serial}", b"b") for user in some],
            ),
            c.ReadSome(by, admin, list(USERS)),
            c.TraceMessage(by, True, by, f"d{serial - 1}"),
        ]
    )


async def history(seed: int, patch: pytest.MonkeyPatch, *, share: float, burst: int) -> tuple[Any, ...]:
    """What became of the history with this seed: answers, records, the next SEQ, the head count, and the members kept.
    Commits fail with the chance `share`; up to `burst` commands are asked at a time."""
    rng = random.Random(seed)
    sim = RecordingSim(seed=seed, types=TYPES)
    now_ms = 1_700_000_000_000
    sim.backend.share = share
    type_ = sorted(name for name, row in TYPES.items() if row.stored)[seed % 4]

    def kept(seq: int) -> Message | None:
        found = [r.message for r in sim.log.records if isinstance(r, MessageKept) and r.message.seq == seq]
        return found[-1] if found else None

    for serial in range(200):
        for _ in range(rng.randrange(burst) + 1):
            sim.ask(KEY, anything(rng, type_, serial) if rng.random() < 0.7 else more(rng, serial, kept))
        await until(lambda: len(sim.asker.answers) == len(sim.asked))
        now_ms += 1
        patch.setattr(clock, "wall_ms", lambda now_ms=now_ms: now_ms)
    sim.backend.share = 0.0
    assert check(sim.backend).faults == []
    counts = counted(sim), sim.store.load_group(KEY, 0).next_seq
    assert counts[0] == len(stored(sim))
    answers = {
        token: sim.asker.answers[token]
        for token, (_, command) in enumerate(sim.asked)
        if burst == 1 or not isinstance(command, FROM_STORE)
    }
    return answers, [same(r) for r in sim.log.records], counts, stored(sim)


@pytest.mark.parametrize("share, burst", [(0.0, 1), (0.0, 12), (0.2, 1)])
@pytest.mark.parametrize("seed", range(some(4, of=8)))  # four: a type for each
async def test_it_does_what_a_roster_in_memory_does(
    seed: int, share: float, burst: int, kinds: Kinds, waits: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:  # MS-01, GR-05, ST-01
    travel(monkeypatch, 1_700_000_000_000)
    kinds.use(RosterPart.MEMORY)
    memory = await history(seed, monkeypatch, share=share, burst=burst)
    travel(monkeypatch, 1_700_000_000_000)
    kinds.use(RosterPart.PAGED, 2)
    paged = await history(seed, monkeypatch, share=share, burst=burst)
    for token, answer in memory[0].items():
        assert paged[0][token] == answer, f"answer {token}"
    assert paged[1:] == memory[1:]
    assert len(waits) > 20, "rows were loaded"


async def test_a_change_that_is_not_durable_yet_is_not_read_from_the_store(
    kinds: Kinds, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds.use(RosterPart.PAGED, 0)
    sim = Sim(types=NO_CAP)
    await crowd(sim, 20)
    committer, load = sim.dispatcher._committer, row_loading.RowLoader.load

    def checked(rows: row_loading.RowLoader, mailbox: Mailbox) -> None:
        assert not committer.has_put and committer.open(mailbox.shard), "rows are read while a commit is under way"
        load(rows, mailbox)

    monkeypatch.setattr(row_loading.RowLoader, "load", checked)
    users = [f"m{i:04}" for i in range(19)]
    tokens = []
    for user in users:
        sim.ask(KEY, c.EditMember(user, False, user, f"{user} new", None, None, ()))
        tokens.append(sim.ask(KEY, c.ReadSome(user, False, [user])))
    await until(lambda: len(sim.asker.answers) == len(sim.asked))
    cards = [sim.asker.answers[token].rows[0].member.name_card for token in tokens]
    assert cards == [f"{user} new" for user in users]


async def test_what_is_only_known_of_a_senders_last_messages_is_not_lost(kinds: Kinds) -> None:  # GR-04, RX-11
    kinds.use(RosterPart.PAGED, 1)
    sim = Sim(types=NO_CAP)
    await crowd(sim, 20)
    for i in range(19):
        for n in range(2):  # the first one is kept with its sender, the second is not
            sent = await sim.answer(KEY, send(f"m{i:04}", f"c{i} {n}"))
        (row,) = (await sim.answer(KEY, c.ReadSome("u0", True, [f"m{(i + 7) % 19:04}"]))).rows
        (row,) = (await sim.answer(KEY, c.ReadSome("u0", True, [f"m{i:04}"]))).rows
        assert row.member.read_seq == sent.seq and row.member.last_send_time_ms == sent.time_ms


async def test_after_a_kill_the_next_owner_goes_on(kinds: Kinds) -> None:  # ST-04
    sim = Sim(types=NO_CAP)
    await crowd(sim, 300)
    await sim.answer(KEY, c.EditMember("u0", False, "m0003", None, None, Role.ADMIN, ()))
    for name in ("c1", "c2"):
        await sim.answer(KEY, send("m0100", name))
    again = Sim(types=NO_CAP, backend=sim.backend)
    assert (await again.answer(KEY, send("m0100", "c2"))).seq == 2, "sent before"
    assert (await again.answer(KEY, send("m0100", "c3"))).seq == 3
    (row,) = (await again.answer(KEY, c.ReadSome("root", True, ["m0100"]))).rows
    assert row.member.read_seq == 3
    assert isinstance(await again.answer(KEY, c.KickMembers("m0003", False, ["m0005"], "")), o.Done), "an admin still"
    assert counted(again) == roster_of(again).count == 299 and check(again.backend).faults == []


async def test_a_store_that_can_not_be_read_costs_the_command_alone(kinds: Kinds) -> None:  # ST-04
    sim = Sim(types=NO_CAP, make_backend=ReadingFails)
    backend = sim.backend
    assert isinstance(backend, ReadingFails)
    await crowd(sim, 300)
    await sim.answer(KEY, c.ReadSome("u0", True, [f"m{i:04}" for i in range(100)]))
    backend.unreadable = True
    lost, well = sim.ask(KEY, c.KickMembers("u0", False, ["m0200"], "")), sim.ask(KEY, c.ReadInfo("u0", False))
    await until(lambda: well in sim.asker.answers)
    assert sim.asker.answers[lost].code.name == "STORE_UNAVAILABLE"
    assert isinstance(sim.asker.answers[well], o.Info) and list(sim.asker.answers)[-2:] == [lost, well]
    backend.unreadable = False
    assert isinstance(await sim.answer(KEY, c.KickMembers("u0", False, ["m0200"], "")), o.Done)
    assert counted(sim) == 299


async def test_a_command_of_our_own_that_finds_no_rows_lets_nobody_wait_for_ever(kinds: Kinds) -> None:  # FC-03
    sim = Sim(types=NO_CAP, make_backend=ReadingFails)
    backend = sim.backend
    assert isinstance(backend, ReadingFails)
    await crowd(sim, 100)
    mailbox = mailbox_of(sim)
    waiting = Request(KEY, send("m0000", "c"), sim.asker, 900)
    mailbox.waits[1] = [waiting]
    mailbox.actor._state.asked[1] = waiting.body
    backend.unreadable = True
    sim.ask(KEY, c.TakeVerdict("", True, 1, None))
    await until(lambda: 900 in sim.asker.answers)
    assert sim.asker.answers[900].code.name == "STORE_UNAVAILABLE" and mailbox.actor is None
    backend.unreadable = False
    assert isinstance(await sim.answer(KEY, send("m0000", "c")), o.Sent)


class Gate:
    """Rows are read only when it is open."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._open = threading.Event()
        self.begun = threading.Event()
        rows = Loader.rows

        def gated(loader: Loader, key: str, wanted: NotLoaded) -> Any:
            self.begun.set()
            assert self._open.wait(PATIENCE_S)
            return rows(loader, key, wanted)

        patch.setattr(Loader, "rows", gated)

    def open(self) -> None:
        self._open.set()


async def test_later_commands_wait_and_other_conversations_go_on(
    kinds: Kinds, monkeypatch: pytest.MonkeyPatch
) -> None:  # WI-06
    sim = Sim(types=NO_CAP)
    await crowd(sim, 300)
    await sim.answer("g:other", create("other"))
    gate = Gate(monkeypatch)
    first, second = sim.ask(KEY, send("m0000", "c1")), sim.ask(KEY, send("u0", "c2"))
    await until(gate.begun.is_set)
    for i in range(10):
        assert isinstance(await sim.answer("g:other", send("u0", f"c{i}")), o.Sent)
    assert not {first, second} & set(sim.asker.answers)
    assert not sim.dispatcher.idle
    gate.open()
    await until(lambda: second in sim.asker.answers)
    assert [sim.asker.answers[token].seq for token in (first, second)] == [1, 2]


async def test_rows_for_a_mailbox_that_was_refused_meanwhile_are_passed_over(
    kinds: Kinds, monkeypatch: pytest.MonkeyPatch
) -> None:  # ST-01
    sim = Sim(types=NO_CAP)
    await crowd(sim, 300)
    gate = Gate(monkeypatch)
    lost = sim.ask(KEY, send("m0000", "c1"))
    await until(gate.begun.is_set)
    sim.dispatcher._releaser.give_up(mailbox_of(sim))
    assert sim.asker.answers[lost].code.name == "STORE_UNAVAILABLE"
    again = sim.ask(KEY, send("m0000", "c1"))
    gate.open()
    await until(lambda: again in sim.asker.answers)
    assert sim.asker.answers[again].seq == 1, "it was not done"


async def test_rows_for_an_actor_that_is_gone_are_passed_over(kinds: Kinds, monkeypatch: pytest.MonkeyPatch) -> None:
    sim = Sim(types=NO_CAP)
    await crowd(sim, 300)
    gate = Gate(monkeypatch)
    sent = sim.ask(KEY, send("m0000", "c1"))
    await until(gate.begun.is_set)
    mailbox_of(sim).actor = None
    gate.open()
    await until(lambda: sent in sim.asker.answers)
    assert sim.asker.answers[sent].seq == 1 and roster_of(sim).count == 300


async def test_a_command_that_asks_for_ever_is_refused(kinds: Kinds, monkeypatch: pytest.MonkeyPatch) -> None:
    sim = Sim(types=NO_CAP)
    await crowd(sim, 300)
    loads = sim.dispatcher._rows.loads
    with monkeypatch.context() as patch:
        patch.setattr(PagedRoster, "take_members", lambda roster, found: None)
        refused = sim.ask(KEY, send("m0000", "c1"))
        after = sim.ask(KEY, send("u0", "c2"))
        await until(lambda: after in sim.asker.answers)
    assert sim.asker.answers[refused].code.name == "SERVER_ERROR"
    assert sim.asker.answers[after].seq == 1
    assert sim.dispatcher._rows.loads - loads == row_loading.ROUNDS_MAX
    assert (await sim.answer(KEY, send("m0000", "c1"))).seq == 2
