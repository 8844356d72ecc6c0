"""A server of several processes, its parts in this one: what a gateway's or the owner's death costs, who hears what
through the bus, and that every wait on it has an end (OP-04, WI-06, RX-05, ST-01)."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from rcim.actor.outcomes import Refused
from rcim.actor.queries import LoginQuery
from rcim.actor.records import Message, MessageOptions
from rcim.app.files.datadir import DataDirError
from rcim.app.processes import gateways as gateways_module
from rcim.app.processes import kept_process
from rcim.app.processes.process_spec import ProcessSpec
from rcim.app.settings.sources import load
from rcim.base.errors import SERVER_ERROR, RcimError
from rcim.base.terms import Priority
from rcim.bus import gateway_router as links_module
from rcim.bus import messages as m
from rcim.bus import remote as remote_module
from rcim.bus.pipe import Pipe, encoded
from rcim.dispatch.requests import Delivery
from rcim.store.backend import DamagedError, StoreError
from rcim.wire import frames as f
from tests.kit import Raw, TestCluster, create, send, until


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[TestCluster]:
    """Two gateways, plain."""
    made = TestCluster(tmp_path / "data")
    await made.start()
    yield made
    await made.stop()


async def member_at(cluster: TestCluster, gateway: int, user: str) -> Raw:
    """A raw connection, logged in, at gateway 0 or 1."""
    cluster.at = gateway
    return await cluster.member(user)


async def two(cluster: TestCluster) -> tuple[Raw, Raw]:
    """alice at one gateway and bob at the other, both in group g."""
    alice, bob = await member_at(cluster, 0, "alice"), await member_at(cluster, 1, "bob")
    await alice.ask(create("g", "bob"))
    return alice, bob


def owner_of(cluster: TestCluster, gateway: int) -> remote_module.RemoteOwner:
    return cluster.gateways[gateway][1]


def hold_answers(remote: remote_module.RemoteOwner) -> tuple[list[Any], Callable[[], None]]:
    """Answers that come down to `remote` wait, and everything else overtakes them, until the function is called."""
    pipe = remote._pipe
    assert pipe is not None
    take, held = pipe._on_message, list[Any]()

    def hold(message: Any) -> None:
        (held.append if isinstance(message, m.Answered) else take)(message)

    def release() -> None:
        pipe._on_message = take  # type: ignore[method-assign]
        for message in held:
            take(message)

    pipe._on_message = hold  # type: ignore[method-assign]
    return held, release


async def linked(cluster: TestCluster) -> None:
    """Wait until the gateways have found the owner."""
    await until(lambda: all(remote.linked for _, remote in cluster.gateways), "the owner is found")


async def test_across_gateways(cluster: TestCluster) -> None:  # GR-05, AB-01
    alice, bob = await two(cluster)
    sent = await alice.ask(send("g", "c1"))
    assert sent.seq == 1
    for one in (alice, bob):
        assert (await one.take_of(f.Deliver)).messages[0].seq == 1
    for one in (alice, bob):
        assert (await one.ask(f.GroupInfo("g"))).online_num == 2
    again = await member_at(cluster, 1, "alice")
    assert (await bob.ask(f.GroupInfo("g"))).online_num == 2, "a user with two connections is one"
    await again.close()
    cluster.at = 1
    admin = await cluster.member("administrator")
    rows = (await admin.ask(f.AdminConnections(0, 100, ""))).connections
    assert {row.user_id for row in rows} >= {"alice", "bob", "administrator"}
    assert [row.connection_id for row in rows] == sorted({row.connection_id for row in rows})
    page = await admin.ask(f.AdminConnections(0, 2, ""))
    assert len(page.connections) == 2 and page.next_id == page.connections[-1].connection_id
    stats = {s.name: s.value for s in (await admin.ask(f.AdminStats())).stats}
    assert stats["gateways"] == 2 and stats["connections"] == 3 and stats["messages"] == 1
    bob.write(f.GroupLeave("g").encode(900))
    assert (await bob.take_of(f.GroupGone)).group_id == "g"
    await until(lambda: not cluster.hubs[1].subscriptions.listening("g:g"))
    alice.write(f.GroupDissolve("g").encode(901))
    assert (await alice.take_of(f.GroupGone)).group_id == "g"


async def test_deliveries_come_only_where_somebody_is(cluster: TestCluster) -> None:
    alice, bob = await two(cluster)
    assert len(cluster.links._listening["g:g"]) == 2
    await bob.close()
    await until(lambda: len(cluster.links._listening["g:g"]) == 1, "the gateway says that nobody is there")
    await until(lambda: "bob" not in cluster.links._users)
    await alice.ask(send("g", "c1"))
    await alice.close()
    await until(lambda: not cluster.links._listening and not cluster.links._users)


async def test_a_gateway_that_dies_costs_its_own_clients_alone(cluster: TestCluster) -> None:
    alice, bob = await two(cluster)
    await cluster.stop_gateway(0)
    assert await alice.closed()
    await until(lambda: cluster.links._users.keys() == {"bob"}, "its users are forgotten")
    assert (await bob.ask(send("g", "c1"))).seq == 1
    assert (await bob.take_of(f.Deliver)).messages[0].seq == 1
    cluster.at = 0  # what is left
    back = await cluster.member("alice")
    page = await back.ask(f.History("g:g", 1, 0, 10, False))
    assert [message.seq for message in page.messages] == [1]


async def test_clients_stay_while_the_owner_is_away(cluster: TestCluster) -> None:  # ST-01, MS-02
    alice, bob = await two(cluster)
    assert (await alice.ask(send("g", "c1"))).seq == 1
    cluster.kill_owner()
    await until(lambda: not any(remote.linked for _, remote in cluster.gateways))
    for i in range(2, 12):
        alice.write(send("g", f"c{i}").encode(1000 + i))
    alice.write(f.GroupInfo("g").encode(77))
    await until(lambda: len(owner_of(cluster, 0)._outstanding) == 11)
    await cluster.start_owner()
    seqs = [(await alice.answer_to(1000 + i)).seq for i in range(2, 12)]
    assert seqs == list(range(2, 12)), "in their order, without a gap"
    assert (await alice.answer_to(77)).next_msg_seq == 12
    seen: list[int] = []
    while not seen or seen[-1] < 11:
        push = await bob.take()
        if isinstance(push, f.Deliver):
            seen += [message.seq for message in push.messages]
        elif isinstance(push, f.Resync):
            page = await bob.ask(f.History("g:g", push.from_seq, push.newest_seq, 100, False))
            seen += [message.seq for message in page.messages]
    assert sorted(set(seen)) == list(range(1, 12))


async def test_what_was_acknowledged_and_not_heard_is_told(cluster: TestCluster) -> None:  # RX-05
    """The owner dies after it has answered the sender and before the other gateway has the message."""
    alice, bob = await two(cluster)
    await alice.ask(send("g", "c1"))
    await bob.take_of(f.Deliver)
    pipe = owner_of(cluster, 1)._pipe
    assert pipe is not None
    pipe._on_message = lambda message: None  # type: ignore[method-assign]
    assert (await alice.ask(send("g", "c2"))).seq == 2
    cluster.kill_owner()
    await cluster.start_owner()
    told = await bob.take_of(f.Resync)
    assert (told.conversation, told.from_seq, told.newest_seq) == ("g:g", 2, 2)


async def test_membership_that_was_not_heard_is_asked_for(cluster: TestCluster) -> None:
    alice, bob = await two(cluster)
    carol = await member_at(cluster, 1, "carol")
    await alice.ask(create("left", "bob"))
    pipe = owner_of(cluster, 1)._pipe
    assert pipe is not None
    pipe._on_message = lambda message: None  # type: ignore[method-assign]
    await alice.ask(create("new", "carol"))
    await alice.ask(f.GroupDissolve("left"))
    cluster.kill_owner()
    await cluster.start_owner()
    assert (await bob.take_of(f.GroupGone)).group_id == "left"
    await until(lambda: cluster.hubs[1].subscriptions.listening("g:new"), "the hub knows of the group")
    await alice.ask(send("new", "c1"))
    assert (await carol.take_of(f.Deliver)).conversation == "g:new"


async def test_what_may_not_be_done_twice_is_not(cluster: TestCluster) -> None:
    """A request under way whose outcome is not known gets SERVER_ERROR, and is not sent again."""
    alice, _ = await two(cluster)
    remote = owner_of(cluster, 0)
    assert remote._pipe is not None
    remote._pipe.send = lambda data: None  # type: ignore[method-assign]
    alice.write(create("other").encode(50))
    alice.write(send("g", "c1").encode(51))
    await until(lambda: len(remote._outstanding) == 2)
    cluster.kill_owner()
    refused = await alice.answer_to(50)
    assert isinstance(refused, RcimError) and refused.code.name == "SERVER_ERROR" and refused.retry_after_ms > 0
    await cluster.start_owner()
    assert (await alice.answer_to(51)).seq == 1


async def test_an_owner_that_does_not_come_back(cluster: TestCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, _ = await two(cluster)
    monkeypatch.setattr(remote_module, "WAIT_S", 0.0)
    cluster.kill_owner()
    await until(lambda: not owner_of(cluster, 0).linked)
    refused = await alice.ask(send("g", "c1"))
    assert isinstance(refused, RcimError) and refused.code.name == "STORE_UNAVAILABLE"
    monkeypatch.undo()
    await cluster.start_owner()
    await linked(cluster)
    assert (await alice.ask(send("g", "c1"))).seq == 1


async def test_who_is_silent_is_given_up(cluster: TestCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, _ = await two(cluster)
    before = set(cluster.links._links.values())
    monkeypatch.setattr(links_module, "SILENT_S", -1.0)
    cluster.links._watch.cancel()  # type: ignore[union-attr]
    cluster.links._tick()
    assert all(link.pipe.lost for link in before)
    monkeypatch.undo()
    await until(lambda: len(cluster.links._links) == 2, "they come back")
    assert before.isdisjoint(cluster.links._links.values())
    assert (await alice.ask(send("g", "c1"))).seq == 1
    monkeypatch.setattr(remote_module, "SILENT_S", -1.0)
    remote = owner_of(cluster, 0)
    pipe = remote._pipe
    remote._beat.cancel()  # type: ignore[union-attr]
    remote._tick()
    assert pipe is not None and pipe.lost
    monkeypatch.undo()
    await until(lambda: remote.linked and remote._pipe is not pipe)
    assert (await alice.ask(send("g", "c2"))).seq == 2


async def test_a_process_that_was_stopped_reads_what_waits_before_it_gives_anybody_up(cluster: TestCluster) -> None:
    """Its timers come before what the others have said meanwhile."""
    alice, _ = await two(cluster)
    remote, slept_s = owner_of(cluster, 0), 30.0
    pipe, links = remote._pipe, set(cluster.links._links.values())
    asked = asyncio.create_task(alice.ask(send("g", "c1")))
    await until(lambda: remote._outstanding)
    for one in (remote, cluster.links):  # as if both had been stopped for so long
        one._lateness._due_s -= slept_s
    remote._heard_s -= slept_s
    for pipe_of in (pipe, *(link.pipe for link in links)):
        assert pipe_of is not None
        pipe_of.heard_s -= slept_s
    remote._beat.cancel()  # type: ignore[union-attr]
    cluster.links._watch.cancel()  # type: ignore[union-attr]
    remote._tick()
    cluster.links._tick()
    assert (await asked).seq == 1
    assert remote._pipe is pipe and pipe is not None and not pipe.lost and not any(link.pipe.lost for link in links)


async def test_a_full_mailbox_holds_a_gateway_back_in_order(tmp_path: Path) -> None:  # WI-06
    cluster = TestCluster(tmp_path / "d", flags=("limits.mailbox_max=4",))
    await cluster.start()
    alice, _ = await two(cluster)
    for i in range(60):
        alice.write(send("g", f"c{i}").encode(100 + i))
    assert [(await alice.answer_to(100 + i)).seq for i in range(60)] == list(range(1, 61))
    await cluster.stop()


async def test_many_full_mailboxes_do_not_wake_each_other(tmp_path: Path) -> None:
    """One link waits for several mailboxes at a time: it stands in each once, and is woken for the one with room."""
    cluster = TestCluster(tmp_path / "d", flags=("limits.mailbox_max=2",))
    await cluster.start()
    alice, bob = await two(cluster)
    carol = await member_at(cluster, 0, "carol")
    groups = ["g", "h", "i"]
    for group in groups[1:]:
        await alice.ask(create(group, "bob", "carol"))
    await carol.ask(f.GroupJoin("g", ""))
    for number, one in enumerate((alice, bob, carol)):
        for i in range(50):
            for at, group in enumerate(groups):
                one.write(send(group, f"{number}-{group}-{i}").encode(1000 * (at + 1) + i))
    assert cluster.back is not None
    dispatcher, most = cluster.back.dispatcher, 0
    for one in (alice, bob, carol):
        answered = 0
        while answered < 50 * len(groups):
            raw = await one.take_raw()
            assert raw is not None
            answered += raw.type == f.SendOk.TYPE
            most = max([most, *(len(box.waiting) for box in dispatcher._mailboxes.values())])
    assert most <= 2, "each gateway stands in a mailbox's line once"
    for group in groups:
        assert (await alice.ask(f.History(f"g:{group}", 1, 0, 1, True))).newest_seq == 150
    await cluster.stop()


async def test_one_conversation_that_waits_leaves_room_for_others(tmp_path: Path) -> None:
    cluster = TestCluster(tmp_path / "d", flags=("limits.mailbox_max=4",))
    await cluster.start()
    alice, bob = await two(cluster)
    await alice.ask(create("other", "bob"))
    (link,) = [one for one in cluster.links._links.values() if one.number == 1]
    link.congested.add("g:g")  # its actor pauses until this gateway says otherwise
    for i in range(30):
        alice.write(send("g", f"c{i}").encode(100 + i))
    remote = owner_of(cluster, 0)
    await until(lambda: remote._of_key.get("g:g") == 4, "as many as a mailbox takes are under way, and no more")
    cluster.at = 0
    carol = await cluster.member("carol")
    await carol.ask(f.GroupJoin("other", ""))
    assert (await carol.ask(send("other", "c"))).seq == 1
    remote.resume("g:g")
    assert [(await alice.answer_to(100 + i)).seq for i in range(30)] == list(range(1, 31))
    assert not remote._of_key and not remote._waiting and not remote._outstanding
    assert bob is not None
    await cluster.stop()


async def test_an_owner_that_hangs_is_as_good_as_none(cluster: TestCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the connection and says nothing: what waits for it is refused, and nothing piles up. It may still carry
    out what it was sent, so nobody is told that nothing was done."""
    alice, _ = await two(cluster)
    remote, other = owner_of(cluster, 0), owner_of(cluster, 1)
    cluster.kill_owner()
    pipes: list[asyncio.StreamWriter] = []

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        pipes.append(writer)

    path = cluster._bus / "owner"
    path.unlink(missing_ok=True)
    hung = await asyncio.start_unix_server(mute, str(path))
    await until(lambda: remote.linked and other.linked)
    alice.write(send("g", "c1").encode(60))
    await until(lambda: any(command for _, command in remote._outstanding.values()))
    monkeypatch.setattr(remote_module, "WAIT_S", -1.0)
    remote._tick()
    refused = await alice.answer_to(60)
    assert isinstance(refused, RcimError) and refused.code.name == "SERVER_ERROR"
    monkeypatch.undo()
    for writer in pipes:
        writer.close()
    hung.close()
    await until(lambda: not remote.linked)
    await cluster.start_owner()
    await linked(cluster)
    await until(
        lambda: not remote._outstanding and not cluster.hubs[0].resubscribe._asking, "asked once, answered once"
    )
    assert (await alice.ask(send("g", "c1"))).seq == 1


async def test_what_an_owner_has_had_may_be_done_though_it_was_given_up(
    cluster: TestCluster, monkeypatch: pytest.MonkeyPatch
) -> None:  # ST-01, MS-02
    """Its answers come too late: a message is there once, however often it is sent, and of what only reads nobody has to
    ask what it has done."""
    alice, bob = await two(cluster)
    remote = owner_of(cluster, 0)
    held, release = hold_answers(remote)
    alice.write(send("g", "c1").encode(60))
    alice.write(f.GroupInfo("g").encode(61))
    await until(lambda: len(held) == 2)
    monkeypatch.setattr(remote_module, "WAIT_S", -1.0)
    remote._tick()
    refused = [await alice.answer_to(number) for number in (60, 61)]
    assert [isinstance(one, RcimError) and one.code.name for one in refused] == ["SERVER_ERROR", "STORE_UNAVAILABLE"]
    monkeypatch.undo()
    release()
    assert (await alice.ask(send("g", "c1"))).seq == 1
    assert (await alice.ask(send("g", "c2"))).seq == 2
    page = await bob.ask(f.History("g:g", 1, 0, 10, False))
    assert [message.client_msg_id for message in page.messages] == ["c1", "c2"]


async def test_owners_that_come_and_go_are_asked_once(cluster: TestCluster) -> None:
    alice, _ = await two(cluster)
    remote = owner_of(cluster, 0)
    for _ in range(5):
        remote._hub.owner_is_new()  # type: ignore[union-attr]
    assert len(cluster.hubs[0].resubscribe._asking) == 1
    assert sum(isinstance(message, m.QueryMessage) for _, message in remote._outstanding.values()) == 1
    assert (await alice.ask(send("g", "c1"))).seq == 1


async def test_what_an_owner_before_said_does_not_count_any_more(cluster: TestCluster) -> None:
    """It said that bob has left; then it died, and bob came again: the new owner's answer is the newer one."""
    alice, bob = await two(cluster)
    subscriptions = cluster.hubs[1].subscriptions
    user = subscriptions.wait_for("bob")
    cluster.hubs[1].deliveries.member_gone("g:g", "bob")
    assert user.changes == {"g:g": False}
    cluster.kill_owner()
    await cluster.start_owner()
    await until(lambda: cluster.hubs[1].fanout.find("g:g") is not None, "the new owner knows of bob")
    subscriptions.waited(user)
    await alice.ask(send("g", "c1"))
    assert (await bob.take_of(f.Deliver)).messages[0].seq == 1


async def test_a_question_for_heads_is_asked_until_it_is_answered(
    cluster: TestCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rcim.connect.resubscribe.ANEW_PAUSE_S", 0.0)
    alice, bob = await two(cluster)
    await alice.ask(send("g", "c1"))
    await bob.take_of(f.Deliver)
    assert cluster.back is not None
    await alice.ask(send("g", "c2"))
    cluster.hubs[1].fanout.find("g:g").newest_seq = 1  # type: ignore[union-attr]
    store = cluster.back.store
    answer_some, failing = store.answer_some, [True]

    def flaky(queries: Any, for_s: float) -> Any:
        if failing:
            failing.clear()
            raise StoreError("a bad moment")
        return answer_some(queries, for_s)

    monkeypatch.setattr(store, "answer_some", flaky)
    cluster.hubs[1].resubscribe._ask_heads(["g:g"])
    told = await bob.take_of(f.Resync)
    assert (told.from_seq, told.newest_seq) == (2, 2) and not failing


async def test_queries_take_no_room_of_commands(cluster: TestCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many queries of some users are under way, the messages of others go."""
    alice, bob = await two(cluster)
    monkeypatch.setattr(remote_module, "OUTSTANDING_MAX", 2)
    _, go_on = hold_answers(owner_of(cluster, 0))
    for number in range(10):
        alice.write(f.ProfileGet("bob").encode(300 + number))
    await until(lambda: len(owner_of(cluster, 0)._outstanding) == 10)
    alice.write(send("g", "c1").encode(400))
    assert (await bob.take_of(f.Deliver)).messages[0].client_msg_id == "c1"
    go_on()
    assert isinstance(await alice.answer_to(400), f.SendOk)


async def test_who_can_not_be_asked_for_keeps_nobody_from_what_was_missed(  # RX-05, ST-03
    cluster: TestCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rcim.connect.resubscribe.ANEW_PAUSE_S", 0.0)
    alice, bob = await two(cluster)
    carol = await member_at(cluster, 1, "carol")
    await carol.ask(create("c"))
    await carol.ask(send("c", "c1"))
    await alice.ask(send("g", "c1"))
    await bob.take_of(f.Deliver)
    hub = cluster.hubs[1]
    assert cluster.back is not None
    store, damaged = cluster.back.store, [True]
    answer_some = store.answer_some

    def asks_for_carol(query: Any) -> bool:
        return isinstance(query, LoginQuery) and query.user_id == "carol"

    def answered(queries: Any, for_s: float) -> Any:
        found = answer_some(queries, for_s)
        return [
            (DamagedError("a head") if damaged and asks_for_carol(query) else answer, took_s)
            for query, (answer, took_s) in zip(queries, found, strict=False)
        ]

    monkeypatch.setattr(store, "answer_some", answered)
    hub.fanout.find("g:g").newest_seq = 0  # type: ignore[union-attr]
    hub.deliveries.owner_is_new()
    assert (await bob.take_of(f.Resync)).newest_seq == 1
    hub.fanout.find("g:c").newest_seq = 0  # type: ignore[union-attr]
    damaged.clear()
    assert (await carol.take_of(f.Resync)).conversation == "g:c"
    assert not hub.resubscribe._asking and not hub.resubscribe._awaited


async def test_a_count_under_way_is_shared(cluster: TestCluster) -> None:
    alice, _ = await two(cluster)
    before = cluster.links.scatter_gather._last_look
    for i in range(20):
        alice.write(f.GroupInfo("g").encode(300 + i))
    for i in range(20):
        assert (await alice.answer_to(300 + i)).online_num == 2
    assert cluster.links.scatter_gather._last_look - before < 20


async def test_who_is_not_there_is_said_after_a_login_too(cluster: TestCluster) -> None:
    """Joined and left while a login waited: the owner does not go on sending to a gateway where nobody is."""
    alice = await member_at(cluster, 0, "alice")
    await alice.ask(create("g"))
    phone = await member_at(cluster, 0, "bob")
    held, release = hold_answers(owner_of(cluster, 1))
    logging_in = asyncio.create_task(member_at(cluster, 1, "bob"))
    await until(lambda: held)
    await phone.ask(f.GroupJoin("g", ""))
    await phone.ask(f.GroupLeave("g"))
    release()
    await logging_in
    await until(lambda: len(cluster.links._listening["g:g"]) == 1)


def test_a_large_batch_goes_down_in_parts() -> None:
    def of(seq: int) -> Delivery:
        body = bytes(300_000)
        return Delivery(Message(seq, 1, seq, Priority.NORMAL, "a", "", "", "", f"c{seq}", body), Priority.NORMAL)

    rows = [of(seq) for seq in range(1, 11)]
    parts = list(links_module._parts(rows))
    assert [p for part in parts for p in part] == rows and len(parts) == 3
    assert list(links_module._parts([])) == []


def test_whom_a_message_names_counts_for_the_length_of_a_part() -> None:
    """Of directed messages most of it is whom they are for."""
    ids = tuple(chr(0x20000 + number) * 64 for number in range(500))
    extra = MessageOptions("", ids, ids, False, b"")
    message = Message(1, 1, 1, Priority.NORMAL, "a", "", "", "", "c1", b"", extra=extra)
    parts = list(links_module._parts([Delivery(message, Priority.NORMAL)] * 256))
    longest = max(len(encoded(m.Deliver("g:g", part))) for part in parts)
    assert longest < 2 * links_module.DELIVER_BYTES


async def test_a_part_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(kept_process, "SILENT_S", 0.05)
    kept = kept_process.KeptProcess(ProcessSpec("gateway", 1, "", 0), load(None, {}, []))
    kept._process = await asyncio.create_subprocess_exec("sleep", "600", stdout=asyncio.subprocess.PIPE)
    await kept._until_it_ends()
    assert kept._process.returncode == -signal.SIGKILL


async def test_a_part_that_can_not_start_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever keeps it from starting, with longer and longer pauses, until it can."""
    monkeypatch.setattr(kept_process, "AGAIN_S", 0.001)
    kept = kept_process.KeptProcess(ProcessSpec("gateway", 1, "", 0), load(None, {}, []))
    kept._process = await asyncio.create_subprocess_exec("true", stdout=asyncio.subprocess.PIPE)
    troubles: list[Exception] = [OSError("no memory"), ValueError("no JSON"), DataDirError("in use")]
    started = asyncio.Event()

    async def start() -> None:
        if troubles:
            raise troubles.pop(0)
        kept._process = await asyncio.create_subprocess_exec("sleep", "600", stdout=asyncio.subprocess.PIPE)
        started.set()

    monkeypatch.setattr(kept, "start", start)
    keeping = asyncio.create_task(kept.keep())
    await started.wait()
    assert not troubles and not keeping.done()
    monkeypatch.setattr(gateways_module, "STOP_SLACK_S", 0.0)
    await kept.stop(0.0)
    await keeping


async def test_a_port_that_another_server_has_is_refused(cluster: TestCluster) -> None:
    with pytest.raises(OSError, match="in use"):
        gateways_module._holding("127.0.0.1", cluster.gateways[0][0].port)
    with gateways_module._holding("127.0.0.1", 0) as place:
        assert place.getsockname()[1] > 0


def test_a_long_data_directory_has_its_bus_elsewhere(tmp_path: Path) -> None:
    for data, there in ((tmp_path / "d", True), (tmp_path / ("x" * 120), False)):
        data.mkdir()
        with gateways_module._bus_of(load(None, {}, [f"server.data={data}"])) as bus:
            assert (bus.parent == data) is there and len(bytes(bus)) < 108
            bus.touch()
        assert not bus.exists()


async def test_commands_under_way_have_a_bound(cluster: TestCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_module, "OUTSTANDING_MAX", 2)
    alice, bob = await two(cluster)
    for i in range(40):
        alice.write(send("g", f"a{i}").encode(100 + i))
        bob.write(send("g", f"b{i}").encode(100 + i))
    for one in (alice, bob):
        seqs = [(await one.answer_to(100 + i)).seq for i in range(40)]
        assert seqs == sorted(seqs)


async def test_a_congested_gateway_pauses_the_actor(cluster: TestCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rcim.connect.fanout.KEPT_MESSAGES_MAX", 8)
    monkeypatch.setattr("rcim.connect.fanout.wait_ms", lambda sockets, since_ms, waiting: 10 if waiting else 0)
    alice, bob = await two(cluster)
    for i in range(200):
        alice.write(send("g", f"c{i}").encode(100 + i))
    seen: list[int] = []
    while len(seen) < 200:
        seen += [message.seq for message in (await bob.take_of(f.Deliver)).messages]
    assert seen == list(range(1, 201))


async def test_a_full_pipe_pauses_the_actor(cluster: TestCluster) -> None:
    alice, bob = await two(cluster)
    (link,) = [one for one in cluster.links._links.values() if one.number == 2]
    link.pipe.pause_writing()
    assert cluster.links.congested("g:g")
    alice.write(send("g", "c1").encode(100))
    await until(lambda: "g:g" in link.parked)
    link.pipe.resume_writing()
    assert (await alice.answer_to(100)).seq == 1
    assert (await bob.take_of(f.Deliver)).messages[0].seq == 1


async def test_a_login_between_a_join_and_its_news(cluster: TestCluster) -> None:
    """A user enters a group while its first connection at a gateway logs in: it hears the group."""
    alice = await member_at(cluster, 0, "alice")
    await alice.ask(create("g"))
    phone = await member_at(cluster, 0, "bob")
    held, release = hold_answers(owner_of(cluster, 1))
    logging_in = asyncio.create_task(member_at(cluster, 1, "bob"))
    await until(lambda: held, "the login was answered, and the gateway does not know it yet")
    await phone.ask(f.GroupJoin("g", ""))
    await until(lambda: cluster.hubs[1].subscriptions.listening("g:g"), "the news has come before")
    release()
    desk = await logging_in
    await alice.ask(send("g", "c1"))
    assert (await desk.take_of(f.Deliver)).messages[0].seq == 1


async def test_a_gateway_with_the_number_of_another_takes_its_place(cluster: TestCluster) -> None:
    loop = asyncio.get_running_loop()
    (before,) = [one for one in cluster.links._links.values() if one.number == 2]
    second = remote_module.RemoteOwner(cluster._bus / "owner", 2, cluster.settings.limits, loop)
    await second.start(cluster.hubs[1].deliveries)
    await until(lambda: before.pipe.lost)
    second.stop()


async def test_strange_bytes_end_a_pipe(cluster: TestCluster) -> None:
    for bad in (b"\xff" * 64, (5).to_bytes(4, "big") + b"hello"):
        reader, writer = await asyncio.open_unix_connection(str(cluster._bus / "owner"))
        writer.write(bad)
        assert await reader.read() == b""
        writer.close()
    alice, _ = await two(cluster)
    assert (await alice.ask(send("g", "c1"))).seq == 1


async def test_a_pipe_cut_anywhere_gives_whole_messages() -> None:
    found: list[Any] = []
    pipe = Pipe(asyncio.get_running_loop(), m.Up, found.append, lambda: None)
    said = [m.Hello(1), m.Resume("g:a"), m.UserGone("bob"), m.NobodyIn("g:b", 7)]
    for byte in b"".join(map(encoded, said)):
        pipe.data_received(bytes([byte]))
    assert found == said


async def test_an_unknown_answer_is_passed_over(cluster: TestCluster) -> None:
    remote = owner_of(cluster, 0)
    remote._take(m.Answered(999_999, Refused(SERVER_ERROR, "")))
    assert remote.linked


async def test_requests_and_answers_survive_the_way(cluster: TestCluster) -> None:
    """Every error code is itself again on the other side."""
    alice, bob = await two(cluster)
    refused = await bob.ask(f.GroupDissolve("g"))
    assert isinstance(refused, RcimError) and refused.code.name == "NOT_PERMITTED"
    missing = await bob.ask(send("nothing", "c"))
    assert isinstance(missing, RcimError) and missing.code.name == "NO_SUCH_GROUP"
    assert (await alice.ask(send("g", "c"))).seq == 1
