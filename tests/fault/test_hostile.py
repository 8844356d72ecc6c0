"""Hostile, broken and slow clients: each ends as the specification says, and nobody else notices."""

from __future__ import annotations

import asyncio
import random
import socket
import ssl
from pathlib import Path

import msgspec
import pytest

from rcim.app.wiring.nodes import GatewayNode
from rcim.base import clock
from rcim.base.errors import TOO_SLOW, RcimError
from rcim.base.terms import Platform, Priority
from rcim.client.link import Link, decode
from rcim.session.client import ClientState
from rcim.session.tls import TlsCore
from rcim.wire import frames as f
from rcim.wire.header import HEADER
from rcim.wire.stream import RawFrame
from tests.kit import PATIENCE_S, Raw, TestServer, create, fall_silent, send, until


async def bystander(server: TestServer) -> tuple[Raw, Raw]:
    """Two members that talk; `still_talk` says that they are as well as before."""
    alice, bob = await server.member("alice"), await server.member("bob")
    await alice.ask(create("calm", "bob"))
    return alice, bob


async def still_talk(pair: tuple[Raw, Raw], name: str) -> None:
    sent = await pair[0].ask(send("calm", name))
    assert isinstance(sent, f.SendOk)
    while (await pair[1].take_of(f.Deliver)).messages[-1].seq != sent.seq:
        pass


async def bytes_to(server: TestServer, data: bytes) -> bytes:
    """What comes back, on bare TCP, until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(data)
    async with asyncio.timeout(PATIENCE_S):
        try:
            found = await reader.read()
        except ConnectionError:
            found = b""
    writer.close()
    return found


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        f.Hello(1, 1, 0, [], "plain").encode(1),
        b"\x00" * 64,
        b"\xff" * 64,
        b"SSH-2.0-x\r\n",
        b"\x16\x03\x01\xff\xff" + b"\x00" * 64,
    ],
    ids=["http", "rcim without tls", "zeros", "ones", "ssh", "a tls record that is too long"],
)
async def test_no_tls_on_the_tls_port(tmp_path: Path, data: bytes) -> None:
    server = TestServer(tmp_path / "d", tls=True)
    await server.start()
    pair = await bystander(server)
    found = await bytes_to(server, data)
    assert found == b"" or found[:2] == b"\x15\x03", "a TLS alert, or nothing"
    await still_talk(pair, "1")
    await server.stop()


async def test_tls_without_rcim(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "d", tls=True)
    await server.start()
    raw = await server.raw()
    raw.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    found = await raw.take()
    assert isinstance(found, RcimError) and found.code.name == "FRAME_TOO_LONG"
    assert await raw.closed()
    await server.stop()


async def test_an_old_tls_is_refused(tmp_path: Path) -> None:  # WI-01
    server = TestServer(tmp_path / "d", tls=True)
    await server.start()
    context = server.trust()
    assert context is not None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    _reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=context)
    assert writer.get_extra_info("ssl_object").version() == "TLSv1.2"
    writer.close()
    await writer.wait_closed()
    context = GatewayNode(server.settings, server.server.data).tls()
    assert context is not None and context.minimum_version == ssl.TLSVersion.TLSv1_2
    await server.stop()


async def test_keys_are_logged_where_it_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = TestServer(tmp_path / "d", tls=True)
    await server.start()
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    await server.member("alice")
    assert "SECRET" in (tmp_path / "keys").read_text(encoding="utf-8")
    await server.stop()


@pytest.mark.parametrize("seed", range(30))
async def test_random_bytes_after_login(plain_server: TestServer, seed: int) -> None:
    rng = random.Random(seed)
    pair = await bystander(plain_server)
    eve = await plain_server.member("eve")
    types = [0x0001, 0x0002, 0x0101, 0x0102, 0x0201, 0x0203, 0x0206, 0x0302, 0x0F01, 0x8101, 0x4001, 0x7777]
    for i in range(60):
        body = rng.randbytes(rng.randrange(60))
        eve.write(HEADER.pack(len(body) + 8, rng.choice(types), 0, i + 10) + body)
    eve.write(f.Ping(1).encode(9))
    found = await eve.answer_to(9)
    assert isinstance(found, f.Pong), "each of them had its answer, and the connection went on"
    await still_talk(pair, "1")


@pytest.mark.parametrize("cut", [1, 4, 11, 12, 13, 40])
async def test_a_connection_cut_in_the_middle_of_a_frame(plain_server: TestServer, cut: int) -> None:
    pair = await bystander(plain_server)
    eve = await plain_server.member("eve")
    eve.write(send("calm", "x").encode(5)[:cut])
    await eve.close()
    await still_talk(pair, "1")


async def test_login_and_handshake_have_deadlines(tmp_path: Path) -> None:  # WI-05
    for tls in (True, False):
        server = TestServer(tmp_path / f"d{tls}", tls=tls, flags=("limits.handshake_ms=200",))
        await server.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        async with asyncio.timeout(PATIENCE_S):
            said = await reader.read()
        writer.close()
        assert bool(said) == (not tls), "on a plain port LOGIN_TIMEOUT is said; before TLS nothing can be"
        await server.stop()
        server = TestServer(tmp_path / f"l{tls}", tls=tls, flags=("limits.login_ms=200",))
        await server.start()
        raw = await server.raw()
        raw.write(f.Hello(1, 1, 0, [], "test").encode(1))
        found = await raw.take()
        while isinstance(found, f.HelloOk):  # on a slow machine the time may be over before it was heard
            found = await raw.take()
        assert isinstance(found, RcimError) and found.code.name == "LOGIN_TIMEOUT"
        assert await raw.closed()
        await server.stop()


async def test_silence_is_ended(tmp_path: Path) -> None:  # WI-05
    server = TestServer(tmp_path / "d", tls=False)
    await server.start()
    raw = await server.member("alice")
    fall_silent(server)
    found = await raw.take()
    assert isinstance(found, RcimError) and found.code.name == "HEARTBEAT_TIMEOUT"
    assert await raw.closed()
    await server.stop()


async def test_bounds_on_connections(tmp_path: Path) -> None:
    for name in ("connections_per_address_max", "connections_max"):
        server = TestServer(tmp_path / name, tls=False, flags=(f"limits.{name}=2",))
        await server.start()
        first, second = await server.member("a"), await server.member("b")
        third = await server.raw()
        found = await third.take()
        assert isinstance(found, RcimError) and found.code.name == "TOO_MANY_CONNECTIONS"
        assert await third.closed()
        await first.close()
        await until(lambda s=server: len(s.server.hub) == 1)
        fourth = await server.member("c")
        assert isinstance(await fourth.ask(f.Ping(1)), f.Pong)
        assert isinstance(await second.ask(f.Ping(1)), f.Pong)
        await server.stop()


def stalled(server: TestServer) -> socket.socket:
    """A bare socket with a small receive buffer."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.connect(("127.0.0.1", server.port))
    made.setblocking(False)
    return made


async def login_on(sock: socket.socket, server: TestServer, user: str) -> None:
    loop = asyncio.get_running_loop()
    hello = f.Hello(1, 1, 0, [], "stalled").encode(1)
    login = f.Login(user, server.sign(user), Platform.WEB, "").encode(2)
    await loop.sock_sendall(sock, hello + login)
    found = b""
    while b"\x80\x02" not in found:
        found += await loop.sock_recv(sock, 4096)


SMALL_QUEUES = ("limits.out_soft_bytes=65536", "limits.out_hard_bytes=262144", "limits.out_slow_ms=60000")


async def test_a_slow_receiver_is_left_out_then_told_to_resync(tmp_path: Path) -> None:  # RX-07
    server = TestServer(tmp_path / "d", tls=False, flags=SMALL_QUEUES)
    await server.start()
    pair = await bystander(server)
    alice = pair[0]
    assert isinstance(await alice.ask(create("loud", "slow", "bob")), f.GroupCreateOk)
    sock = stalled(server)
    await login_on(sock, server, "slow")
    hub = server.server.hub
    text = "x" * 8000
    sent = 0
    while not hub.table.counters.left_out or sent < 400:
        sent += 1
        priority = Priority.LOW if sent % 2 else Priority.HIGH
        assert isinstance(await alice.ask(send("loud", f"c{sent}", text, priority)), f.SendOk)
        assert sent < 3000, "nothing was left out"
    slow = next(c for c in hub.table if c.principal and c.principal.user_id == "slow")
    assert slow.queued_bytes < 2 * 262144, "its queue is bounded"
    bob_seen: list[int] = []
    while len(bob_seen) < sent:
        push = await pair[1].take_of(f.Deliver)
        bob_seen += [m.seq for m in push.messages if push.conversation == "g:loud"]
    assert bob_seen == list(range(1, sent + 1)), "the quick one got everything"
    reader, writer = await asyncio.open_connection(sock=sock)
    raw = Raw(reader, writer)
    seen: list[int] = []
    resync = None
    while resync is None:
        push = await raw.take()
        assert push is not None
        if isinstance(push, f.Deliver):
            seen += [m.seq for m in push.messages]
        if isinstance(push, f.Resync):
            resync = push
    assert resync.conversation == "g:loud" and resync.from_seq not in seen
    assert seen == list(range(1, resync.from_seq)) and resync.newest_seq == sent
    missing = resync.from_seq
    while missing <= sent:
        page = await raw.ask(f.History("g:loud", missing, sent, 100, False))
        assert [m.seq for m in page.messages] == list(range(missing, missing + len(page.messages)))
        missing += len(page.messages)
    await alice.ask(send("loud", "after"))
    assert (await raw.take_of(f.Deliver)).messages[-1].seq == sent + 1
    await raw.close()
    await server.stop()


async def test_a_receiver_that_stays_slow_is_closed(tmp_path: Path) -> None:  # RX-07
    flags = (*SMALL_QUEUES[:2], "limits.out_slow_ms=300")
    server = TestServer(tmp_path / "d", tls=False, flags=flags)
    await server.start()
    pair = await bystander(server)
    assert isinstance(await pair[0].ask(create("loud", "slow")), f.GroupCreateOk)
    sock = stalled(server)
    await login_on(sock, server, "slow")
    hub = server.server.hub
    sent = 0
    while not hub.table.counters.slow_receivers:
        sent += 1
        await pair[0].ask(send("loud", f"c{sent}", "x" * 8000))
        assert sent < 3000
    await until(lambda: len(hub) == 2, "it is closed")
    await still_talk(pair, "1")
    sock.close()
    await server.stop()


@pytest.mark.parametrize("tls", [True, False])
async def test_who_is_closed_for_being_slow_is_told_so_if_it_reads_again(tmp_path: Path, tls: bool) -> None:  # RX-07
    """What waits unsealed is thrown away, so that the ERROR is the next thing that it gets."""
    server = TestServer(tmp_path / "d", tls=tls, flags=SMALL_QUEUES)
    await server.start()
    pair = await bystander(server)
    assert isinstance(await pair[0].ask(create("loud", "slow")), f.GroupCreateOk)
    loop = asyncio.get_running_loop()
    link = Link(f.Login("slow", server.sign("slow"), Platform.WEB, ""), server.trust(), "localhost")
    pushes: list[RawFrame] = []
    ends: list[Exception | None] = []
    link.on_push, link.on_closed = pushes.append, ends.append
    await loop.create_connection(lambda: link, "127.0.0.1", server.port)
    await until(lambda: link.session.state is ClientState.OPEN)
    link.pause_reading()
    hub = server.server.hub
    slow = next(c for c in hub.table if c.principal and c.principal.user_id == "slow")
    sent = 0
    while slow.held_bytes < 100_000:
        sent += 1
        await pair[0].ask(send("loud", f"c{sent}", "x" * 8000, Priority.HIGH))
        assert sent < 3000
    slow.on_timer(clock.steady_ms() + 60_000)
    assert slow.closing
    link.resume_reading()
    await until(lambda: ends)
    assert isinstance(ends[0], RcimError) and ends[0].code is TOO_SLOW
    found = [decode(raw) for raw in pushes]
    seqs = [m.seq for push in found if isinstance(push, f.Deliver) for m in push.messages]
    assert seqs == list(range(1, len(seqs) + 1)) and len(seqs) <= sent - 100_000 // 8200
    await server.stop()


async def test_a_silence_that_ends_soon_is_noticed_though_the_client_is_slow(tmp_path: Path) -> None:  # WI-05, RX-07
    """The deadline of a slow receiver does not take the place of an earlier one."""
    server = TestServer(tmp_path / "d", tls=False, flags=SMALL_QUEUES)
    await server.start()
    await server.member("slow")
    hub = server.server.hub
    (slow,) = hub.table
    slow.session._heard_ms = clock.steady_ms() - hub.limits.silence_ms_max + 10_000
    slow.pause_writing()
    assert slow in hub.table.wheel.advance(slow.session.deadline_ms + 250)
    await server.stop()


async def test_requests_under_way_are_bounded(tmp_path: Path) -> None:  # WI-06
    flags = ("limits.requests_in_flight_max=4", "limits.mailbox_max=8", "limits.batch_max=4")
    server = TestServer(tmp_path / "d", tls=False, flags=flags)
    await server.start()
    pair = await bystander(server)
    members = [await server.member(f"m{i}") for i in range(6)]
    await members[0].ask(create("busy", *(f"m{i}" for i in range(1, 6))))
    most = 0
    for i in range(150):
        for n, raw in enumerate(members):
            raw.write(send("busy", f"{n}-{i}").encode(1000 + i))
    hub = server.server.hub
    answered = 0
    for raw in members:
        for i in range(150):
            assert isinstance(await raw.answer_to(1000 + i), f.SendOk)
            answered += 1
            most = max(most, *(c.in_flight for c in hub.table))
    assert answered == 900 and most <= 4
    await still_talk(pair, "1")
    await server.stop()


async def test_a_client_that_never_reads_its_answers_is_not_read(tmp_path: Path) -> None:
    flags = (*SMALL_QUEUES[:2], "limits.out_slow_ms=60000")
    server = TestServer(tmp_path / "d", tls=False, flags=flags)
    await server.start()
    pair = await bystander(server)
    for i in range(20):
        await pair[0].ask(send("calm", f"h{i}", "x" * 8000))
    sock = stalled(server)
    await login_on(sock, server, "alice")
    loop = asyncio.get_running_loop()
    asks = b"".join(f.History("g:calm", 0, 0, 100, False).encode(i + 10) for i in range(5000))
    sending = asyncio.create_task(loop.sock_sendall(sock, asks))
    hub = server.server.hub
    await until(lambda: hub.table.counters.slow_receivers > 0)
    greedy = [c for c in hub.table if c.session.agent == "stalled"]
    await still_talk(pair, "1")
    assert greedy[0].queued_bytes < 65536 + 65 * 70_000, "answers under way, and no more"
    assert greedy[0].session.pending_bytes < 300_000
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    sock.close()
    await server.stop()


async def test_silent_connections_hold_nobody_up(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "d", tls=True, flags=("limits.handshake_turn_ms=1",))
    await server.start()
    pair = await bystander(server)
    idle = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(50)]
    for _, writer in idle[::2]:
        writer.write(b"\x16\x03\x01\x00\xc8\x01")  # the beginning of a hello, and no more
    late = await asyncio.gather(*(server.member(f"late{i}") for i in range(10)))
    assert isinstance(await late[0].ask(f.Ping(1)), f.Pong)
    await still_talk(pair, "1")
    for _, writer in idle:
        writer.close()
    await server.stop()


class TlsByHand:
    """A client that does its TLS itself, so that it can damage it."""

    def __init__(self, context: ssl.SSLContext, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.tls = TlsCore(context, server_side=False, server_hostname="127.0.0.1")

    async def login(self, user: str, sig: str) -> None:
        found = b""
        said = False
        while b"\x80\x02" not in found:
            self.writer.write(self.tls.data_to_send())
            if self.tls.ready and not said:
                said = True
                hello = f.Hello(1, 1, 0, [], "by hand").encode(1)
                self.writer.write(self.tls.seal(hello + f.Login(user, sig, Platform.WEB, "").encode(2)))
            found += self.tls.receive(await self.reader.read(65536))


@pytest.mark.parametrize("seed", range(4))
async def test_a_damaged_tls_record_ends_its_connection_alone(tmp_path: Path, seed: int) -> None:
    server = TestServer(tmp_path / "d", tls=True)
    await server.start()
    pair = await bystander(server)
    alice, bob = pair
    assert isinstance(await alice.ask(create("loud", "bob", "eve")), f.GroupCreateOk)
    rng = random.Random(seed)
    sent = 0
    for _ in range(8):
        context = server.trust()
        assert context is not None
        eve = TlsByHand(context, *await asyncio.open_connection("127.0.0.1", server.port))
        await eve.login("eve", server.sign("eve"))
        for _ in range(rng.randrange(5, 40)):
            sent += 1
            alice.write(send("loud", f"c{sent}").encode(1000 + sent))
        asks = b"".join(f.ProfileGet("bob").encode(50 + i) for i in range(40))
        eve.writer.write(eve.tls.seal(asks) + b"\x17\x03\x03\x00\x20" + rng.randbytes(32))
        await alice.answer_to(1000 + sent)
        eve.writer.close()
    seen: list[int] = []
    while len(seen) < sent:
        push = await bob.take_of(f.Deliver)
        seen += [m.seq for m in push.messages if push.conversation == "g:loud"]
    assert seen == list(range(1, sent + 1))
    await still_talk(pair, "1")
    await until(lambda: len(server.server.hub) == 2)
    await server.stop()


async def test_a_flood_of_pings_takes_its_turns(plain_server: TestServer) -> None:
    pair = await bystander(plain_server)
    flood = await plain_server.member("eve")
    flood.write(b"".join(f.Ping(i).encode(i + 10) for i in range(5000)))
    for i in range(5):
        await still_talk(pair, str(i))
    assert isinstance(await flood.answer_to(5009), f.Pong), "each of its pings is answered"


async def test_a_stranger_may_say_little(plain_server: TestServer) -> None:
    most = plain_server.settings.limits.frames_before_login_max
    flood = await plain_server.raw()
    await flood.hello()
    flood.write(b"".join(f.Ping(i).encode(i + 10) for i in range(5000)))
    for i in range(most - 1):
        assert isinstance(await flood.answer_to(i + 10), f.Pong)
    found = await flood.take()
    assert isinstance(found, RcimError) and found.code.name == "TOO_FREQUENT"
    assert await flood.closed()


async def test_what_one_visit_carries_is_bounded(tmp_path: Path) -> None:  # RX-07
    server = TestServer(tmp_path / "d", tls=False)
    await server.start()
    pair = await bystander(server)
    members = [await server.member(f"m{i}") for i in range(30)]
    await members[0].ask(create("loud", *(f"m{i}" for i in range(1, 30))))
    for i in range(400):
        members[0].write(send("loud", f"c{i}", "x" * 8000).encode(1000 + i))
    hub = server.server.hub
    most = 0
    audience = hub.fanout.find("g:loud")
    assert audience is not None
    seen: list[int] = []
    while len(seen) < 400:
        push = await members[1].take_of(f.Deliver)
        seen += [m.seq for m in push.messages]
        most = max(most, *(c.queued_bytes for c in hub.table))
    assert seen == list(range(1, 401))
    assert most < server.settings.limits.out_hard_bytes
    await still_talk(pair, "1")
    await server.stop()


async def test_over_the_ceiling_the_lowest_is_left_out(tmp_path: Path) -> None:  # LI-03
    server = TestServer(tmp_path / "d", tls=False, flags=("limits.deliveries_per_s_max=1",))
    await server.start()
    alice, bob = await server.member("alice"), await server.member("bob")
    await alice.ask(create("g", "bob"))
    sent = await alice.ask(send("g", "c1", priority=Priority.LOWEST))
    assert sent.seq == 1, "it is kept, and its sender is told so"
    page = await bob.ask(f.History("g:g", 1, 0, 10, False))
    assert [m.seq for m in page.messages] == [1], "and stands in history"
    assert server.server.hub.fanout.ceiling.left_out == 2 and server.server.hub.fanout.deliveries == 0
    await server.stop()


async def test_over_the_ceiling_types_of_the_low_list_go_first_whatever_their_priority(tmp_path: Path) -> None:
    """FC-07 under LI-03: for two sockets and a ceiling of 2, HIGH goes out and LOWEST never does."""
    flags = ("limits.deliveries_per_s_max=2", "app.message_types=gift content", "app.low_types=gift")
    server = TestServer(tmp_path / "d", tls=False, flags=flags)
    await server.start()
    alice, bob = await server.member("alice"), await server.member("bob")
    await alice.ask(create("g", "bob"))
    word = send("g", "c2", priority=Priority.HIGH)
    gift = await alice.ask(msgspec.structs.replace(word, client_msg_id="c1", type_name="gift"))
    word = await alice.ask(word)
    assert (gift.seq, word.seq) == (1, 2), "both are kept"
    assert [m.seq for m in (await bob.take_of(f.Deliver)).messages] == [2]
    assert server.server.hub.fanout.ceiling.left_out == 2
    assert [m.priority for m in (await bob.ask(f.History("g:g", 1, 0, 10, False))).messages] == [Priority.HIGH] * 2
    await server.stop()


async def test_a_full_store_refuses_and_goes_on(tmp_path: Path) -> None:  # ST-04
    flags = ("store.map_bytes=1048576", "store.map_bytes_max=1048576")
    server = TestServer(tmp_path / "d", tls=False, flags=flags)
    await server.start()
    alice = await server.member("alice")
    await alice.ask(create("g"))
    seqs, refused = [], None
    for i in range(2000):
        found = await alice.ask(send("g", f"c{i}", "x" * 8000))
        if isinstance(found, RcimError):
            refused = found
            break
        seqs.append(found.seq)
    assert refused is not None and refused.code.name == "STORE_UNAVAILABLE" and refused.retry_after_ms > 0
    assert seqs == list(range(1, len(seqs) + 1))
    again = await alice.ask(send("g", "again", "x" * 8000))
    assert isinstance(again, RcimError) and again.code.name == "STORE_UNAVAILABLE"
    page = await alice.ask(f.History("g:g", len(seqs), 0, 10, False))
    assert [m.seq for m in page.messages] == [len(seqs)] and page.newest_seq == len(seqs)
    server.server.store._backend._map_bytes_max = 1 << 24  # type: ignore[attr-defined]
    later = await alice.ask(send("g", "again", "x" * 8000))
    assert isinstance(later, f.SendOk) and later.seq == len(seqs) + 1, "there is room again; no SEQ was lost"
    await server.stop()


async def test_two_servers_on_one_directory(tmp_path: Path) -> None:
    from rcim.app.files.datadir import DataDirError

    first = TestServer(tmp_path / "d")
    await first.start()
    second = TestServer(tmp_path / "d")
    with pytest.raises(DataDirError, match="in use"):
        await second.start()
    await first.stop()
    await second.start()
    await second.stop()
