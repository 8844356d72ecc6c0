"""Callbacks about what has happened: of real servers and clients, with their keys, in batches, to a URL for each command;
and receivers that behave badly (CB-02, CB-04)."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from rcim.actor.events import GroupFull, MessagePassed, SessionChanged, UserListChanged
from rcim.app.consumers.app_callbacks import spec_of
from rcim.app.files import certificates
from rcim.app.settings.all_settings import Receiver as ReceiverSettings
from rcim.base.limits import DEFAULTS
from rcim.base.terms import ApplyJoinOption, Platform, UserList
from rcim.client import User
from rcim.hooks.profile import Callback
from rcim.hooks.profiles.table import TENCENT
from rcim.hooks.profiles.tencent import TencentProfile
from rcim.outbox import consumer
from rcim.outbox.callbacks import telling as module
from rcim.outbox.callbacks.telling import Telling, ToldReceiver
from rcim.store.event_log import KeptEvent
from rcim.web.client import WebAnswer, WebClient, WebRequest
from rcim.web.faults import RETRY_AFTER_MAX_S, retry_after_of
from tests.integration.test_state_callbacks import NoFacts, happened
from tests.kit import PATIENCE_S, TestServer, until
from tests.kit_callbacks import Receiver, receiver, says, serve
from tests.unit.test_tencent_after import GROUP, MESSAGE

__all__ = ["receiver"]  # the fixture

AFTER = tuple(TENCENT.after)
AFTER_SEND = "Group.CallbackAfterSendMsg"
STATE = "State.StateChange"


def named(receiver: Receiver) -> list[str]:
    return [body["CallbackCommand"] for _, body in receiver.seen if body["CallbackCommand"] != STATE]


def of(receiver: Receiver, command: str) -> list[Any]:
    return [body for _, body in receiver.seen if body["CallbackCommand"] == command]


async def everything(server: TestServer) -> None:
    """What gives each of the callbacks, but those of sessions, rooms and frequency control."""
    async with server.client("alice") as alice, server.client("bob") as bob, server.client("administrator") as admin:
        await alice.create_group(
            "Chess", group_id="a", max_member_num=2, apply_join_option=ApplyJoinOption.FREE_ACCESS
        )
        await bob.join("a")
        first = await bob.send("a", "hello")
        await bob.recall("a", first.seq)
        await alice.edit_group("a", name="Go")
        await alice.kick("a", ["bob"])
        await alice.dissolve("a")
        sent = await alice.send(User("bob"), "hi")
        await bob.mark_read(User("alice"), sent.seq)
        await alice.recall(User("bob"), sent.seq)
        await bob.set_profile("Bobby")
        await bob.change_user_list(UserList.BLACK, ["x"])
        await bob.change_user_list(UserList.BLACK, [], ["x"])
        await admin.create_group("Club", group_id="@TGS#_u", type_="UltraGroup", owner="alice")
        topic = await alice.create_channel("@TGS#_u", "t")
        await alice.send(topic, "first")
        await alice.edit_group(topic, name="Talk")
        await alice.dissolve(topic)


async def test_each_command_is_told(tmp_path: Path, receiver: Receiver) -> None:  # CB-02
    server = await serve(tmp_path, receiver, commands=",".join(AFTER))
    await everything(server)
    rare = {STATE, "Group.CallbackOnMemberStateChange", "Group.CallbackSendMsgException"}
    await until(lambda: set(named(receiver)) == set(AFTER) - rare)
    await server.stop()
    of_group = [
        body["CallbackCommand"].split("Callback")[1] for _, body in receiver.seen if body.get("GroupId") == "a"
    ]
    assert of_group == [
        "AfterCreateGroup",
        "AfterNewMemberJoin",
        "AfterGroupFull",
        "AfterSendMsg",
        "AfterRecallMsg",
        "AfterGroupInfoChanged",
        "AfterMemberExit",
        "AfterGroupDestroyed",
    ]
    (sent,) = [body for body in of(receiver, AFTER_SEND) if body["GroupId"] == "a"]
    assert (sent["From_Account"], sent["Type"]) == ("bob", "Public") and sent["MsgBody"][0]["MsgContent"][
        "Text"
    ] == "hello"
    (in_topic,) = [body for body in of(receiver, AFTER_SEND) if "TopicId" in body]
    assert (in_topic["GroupId"], in_topic["TopicId"]) == ("@TGS#_u", "@TGS#_u@TOPIC#_t")
    assert max(Counter(receiver.keys).values()) == 1 and all(receiver.keys)
    assert all(
        key.endswith(body["CallbackCommand"]) for key, (_, body) in zip(receiver.keys, receiver.seen, strict=True)
    )


async def test_members_of_a_room_who_lose_their_connection(tmp_path: Path, receiver: Receiver) -> None:  # CR-01
    command = "Group.CallbackOnMemberStateChange"
    server = await serve(tmp_path, receiver, commands=command)
    async with server.client("alice") as alice, server.client("bob") as bob:
        await alice.create_group("Live", group_id="live", type_="AVChatRoom")
        await bob.join("live")
        assert bob._link is not None
        bob._link.abort()
        await until(lambda: len(receiver.seen) == 2)
    await server.stop()
    states = [(body["EventType"], body["MemberList"]) for body in of(receiver, command)]
    assert states[:2] == [("Offline", [{"Member_Account": "bob"}]), ("Online", [{"Member_Account": "bob"}])]
    assert {body["GroupId"] for body in of(receiver, command)} == {"live"}


async def test_what_is_withheld_is_told(tmp_path: Path, receiver: Receiver) -> None:  # FC-05
    before, exception = "Group.CallbackBeforeSendMsg", "Group.CallbackSendMsgException"

    async def answer(request: web.Request, body: Any) -> web.StreamResponse:
        return await says(2 if body["CallbackCommand"] == before else 0)(request, body)

    receiver.answer = answer
    server = await serve(tmp_path, receiver, commands=f"{before},{exception},{AFTER_SEND}")
    async with server.client("alice") as alice:
        await alice.create_group("Chess", group_id="a")
        await alice.send("a", "bad")
        await until(lambda: of(receiver, exception))
    await server.stop()
    (told,) = of(receiver, exception)
    (asked,) = of(receiver, before)
    assert told["ErrorInfo"] == "dropped by the app" and not of(receiver, AFTER_SEND)
    assert (told["Random"], told["MsgId"], told["MsgBody"]) == (asked["Random"], asked["MsgId"], asked["MsgBody"])


async def test_only_what_is_switched_on_is_told(tmp_path: Path, receiver: Receiver) -> None:
    server = await serve(tmp_path, receiver, "callbacks.types=Public", commands="Group.CallbackAfterCreateTopic")
    await everything(server)
    await server.stop()
    assert not receiver.seen, "a channel is of another type"


async def test_the_key_is_the_same_after_a_restart(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:  # CB-04
    async def fails(request: web.Request, body: Any) -> web.StreamResponse:
        return web.Response(status=500)

    monkeypatch.setattr(consumer, "PAUSE_S", 0.01)
    receiver.answer = fails
    server = await serve(tmp_path, receiver, commands=AFTER_SEND)
    async with server.client("alice") as alice:
        await alice.create_group("Chess", group_id="a")
        await alice.send("a", "one")
        counted = server.server._back.consumers.counted
        await until(lambda: counted().get("events_failed_status", 0) >= 2)
        assert counted()["events_told"] == 0
    await server.stop()
    before = set(receiver.keys)
    receiver.answer, receiver.keys[:] = says(0), []
    server = await serve(tmp_path, receiver, commands=AFTER_SEND)
    await until(lambda: len(receiver.keys) == 1)
    assert set(receiver.keys) == before and len(before) == 1
    await server.stop()


# ---------------------------------------------------------------------------------------------- one receiver


def telling_to(url: str, *, timeout_ms: int = 30_000, private: bool = True, **more: Any) -> Telling:
    batch = {name: more.pop(name) for name in ("batch_max", "batch_wait_ms") if name in more}
    spec = spec_of("callbacks", ReceiverSettings(url=url, commands=AFTER, **more))
    client = WebClient(timeout_ms, allow_private=private)
    told = ToldReceiver(spec, TencentProfile(1, "", DEFAULTS), client, **batch)
    return Telling(told, [], 1000, NoFacts(), history=0xABC)


def messages(*groups: str) -> list[KeptEvent]:
    """A message in each of these groups, in one shard, numbered from 1 on."""
    return [
        KeptEvent(3, n, MessagePassed(n, GROUP.__class__(f"g:{group}", "Public", "", "", 2), MESSAGE))
        for n, group in enumerate(groups, 1)
    ]


async def test_the_key_says_which_event_it_is(receiver: Receiver) -> None:
    telling = telling_to(receiver.url)
    assert await telling.deliver(messages("a")) == []
    assert receiver.keys == ["abc-3-1-Group.CallbackAfterSendMsg"]
    await telling.close()


@pytest.mark.parametrize("status", [200, 201, 202, 204, 203, 206, 301, 304, 400, 404, 410, 500])
async def test_which_statuses_say_that_it_was_taken(receiver: Receiver, status: int) -> None:
    async def answer(request: web.Request, body: Any) -> web.StreamResponse:
        return web.Response(status=status, headers={"Location": receiver.url} if status == 301 else {})

    receiver.answer = answer
    telling = telling_to(receiver.url)
    left = await telling.deliver(messages("a"))
    assert bool(left) is (status not in (200, 201, 202, 204)) and len(receiver.seen) == 1
    names = {301: "redirect", 304: "redirect", 410: "gone"}
    assert left == [] or telling.counted() == {"told": 0, "failed": 1, f"failed_{names.get(status, 'status')}": 1}
    await telling.close()


async def test_all_callbacks_of_an_event_come_again(receiver: Receiver) -> None:
    statuses = [200, 500, 200, 200]

    async def answer(request: web.Request, body: Any) -> web.StreamResponse:
        return web.Response(status=statuses.pop(0))

    receiver.answer = answer
    telling = telling_to(receiver.url)
    event = KeptEvent(0, 9, UserListChanged(1, "bob", UserList.BLACK, ["x"], ["y"], "bob"))
    assert [one.event for one in await telling.deliver([event])] == [event]
    assert await telling.deliver([event]) == [] and telling.counts == {"failed": 1, "told": 1}
    keys = [f"abc-0-9-Sns.CallbackBlackList{what}" for what in ("Delete", "Add")]
    assert receiver.keys == [*keys, *keys]
    await telling.close()


async def test_a_receiver_says_when_to_come_again(receiver: Receiver) -> None:
    async def answer(request: web.Request, body: Any) -> web.StreamResponse:
        return web.Response(status=503, headers={"Retry-After": "7"})

    receiver.answer = answer
    telling = telling_to(receiver.url)
    first, second = await telling.deliver(messages("a", "a"))
    assert (first.retry_after_s, first.reason) == (7.0, "HTTP status 503") and not second.reason
    await telling.close()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", 0.0),
        ("120", 120.0),
        ("99999999999999999999", RETRY_AFTER_MAX_S),
        ("-3", 0.0),
        ("soon", 0.0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0),
        ("Thu, 01 Jan 1970 00:00:01 GMT", 0.0),
    ],
)
def test_how_long_a_receiver_wants_to_be_left_alone(text: str, seconds: float) -> None:
    assert retry_after_of(WebAnswer(503, {"retry-after": text}, b""), 10.0) == seconds


# ------------------------------------------------------------------------------------------------- bad ones


async def bad(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A receiver that does what the path says."""
    try:
        if await reader.readexactly(4) != b"POST":  # somebody speaks TLS
            return
        path = (await reader.readuntil(b"\r\n\r\n")).decode().split()[0].split("?")[0]
        if path == "/drips":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            while not writer.is_closing():
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.02)
        elif path == "/huge":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n")
            for _ in range(100):
                writer.write(b"x" * 100_000)
                await writer.drain()
        elif path == "/chunks":
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in range(1000):
                writer.write(b"1\r\nx\r\n" * 1000)
                await writer.drain()
        elif path == "/interim":
            for _ in range(1000):
                writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000)
                await writer.drain()
        elif path == "/no-http":
            writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")
        elif path == "/half":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        elif path == "/hangs":
            await reader.read()
        await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


@asynccontextmanager
async def bad_server(tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    server = await asyncio.start_server(bad, "127.0.0.1", 0, ssl=tls)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("hangs", "timeout"),
        ("drips", "timeout"),
        ("closes", "broken"),
        ("half", "broken"),
        ("no-http", "broken"),
        ("huge", "bad_answer"),
        ("chunks", "broken"),
        ("interim", "broken"),
    ],
)
async def test_a_bad_receiver_costs_no_more_than_its_time(path: str, why: str) -> None:
    async with bad_server() as port:
        timeout_ms = 200 if why == "timeout" else 3_600_000
        telling = telling_to(f"http://127.0.0.1:{port}/{path}?secret=1", timeout_ms=timeout_ms)
        async with asyncio.timeout(PATIENCE_S):
            (left,) = await telling.deliver(messages("a"))
        assert telling.counted() == {"told": 0, "failed": 1, f"failed_{why}": 1}
        assert left.reason and "secret" not in left.reason and not left.for_good
        await telling.close()


@pytest.mark.parametrize(
    ("url", "private", "why"),
    [
        ("http://127.0.0.1:{port}/", False, "private_address"),
        ("http://localhost:{port}/", False, "private_address"),
        ("http://127.0.0.1:1/?secret=1", True, "unreachable"),
        ("http://nowhere.invalid/?secret=1", True, "unresolved"),
        ("http://a..invalid/?secret=1", True, "unresolved"),
        ("https://127.0.0.1:{port}/?secret=1", True, "unreachable"),
    ],
)
async def test_a_receiver_that_can_not_be_called(url: str, private: bool, why: str) -> None:
    async with bad_server() as port:
        telling = telling_to(url.format(port=port), private=private)
        (left,) = await telling.deliver(messages("a"))
        assert telling.counted()[f"failed_{why}"] == 1 and left.reason and "secret" not in left.reason
        await telling.close()


async def test_a_certificate_that_nobody_has_signed(tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made = certificates.new_key()
    key.write_bytes(certificates.key_pem(made))
    certificate.write_bytes(certificates.self_signed(made, time.time()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    async with bad_server(context) as port:
        telling = telling_to(f"https://127.0.0.1:{port}/")
        await telling.deliver(messages("a"))
        assert telling.counted()["failed_certificate"] == 1
        await telling.close()


# ------------------------------------------------------------------------------------- URLs, turns, batches


async def test_a_slow_url_holds_up_no_other_command(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TURN_S", 0.0)

    async def answer(request: web.Request, body: Any) -> web.StreamResponse:
        if request.path == "/slow":
            await receiver.release.wait()
        return await says(0)(request, body)

    receiver.answer = answer
    slow = receiver.url.replace("/callback", "/slow")
    telling = telling_to(receiver.url, timeout_ms=20_000, urls=(f"{AFTER_SEND} {slow}",))
    share = module.AT_ONCE // 2
    first = asyncio.create_task(telling.deliver(messages(*(f"g{n}" for n in range(module.AT_ONCE)), "g0")))
    await until(lambda: len(receiver.seen) == share)
    assert await telling.deliver([KeptEvent(4, 1, GroupFull(1, GROUP)), *happened("bob")]) == []
    receiver.release.set()
    left = await first
    assert [one.event.number for one in left] == [module.AT_ONCE + 1] and not left[0].reason, "its turn comes again"
    await telling.close()


def batches(receiver: Receiver) -> list[list[tuple[str, int]]]:
    """Of each batch: group and time of its callbacks."""
    return [
        [(one["Callback"]["GroupId"], one["Callback"]["EventTime"]) for one in body["Callbacks"]]
        for _, body in receiver.seen
        if "Callbacks" in body
    ]


async def test_callbacks_go_in_batches(receiver: Receiver) -> None:
    telling = telling_to(receiver.url, batch_max=4, batch_wait_ms=200)
    events = messages("a", "b", "a", "a", "a", "b")
    assert await telling.deliver(events) == []
    assert sorted(batches(receiver), key=len, reverse=True) == [
        [("a", 1), ("a", 3), ("a", 4), ("a", 5)],
        [("b", 2), ("b", 6)],
    ]
    events_of = [one["Event"] for _, body in receiver.seen for one in body["Callbacks"]]
    assert sorted(events_of) == [f"abc-3-{n}-{AFTER_SEND}" for n in range(1, 7)] and not any(receiver.keys)
    assert telling.counts["told"] == 6
    await telling.close()


async def test_a_batch_is_taken_or_not_and_too_large_ones_are_divided(receiver: Receiver) -> None:
    statuses = [500, 413, 500, 200, 200, 200]

    async def answer(request: web.Request, body: Any) -> web.StreamResponse:
        return web.Response(status=statuses.pop(0))

    receiver.answer = answer
    telling = telling_to(receiver.url, batch_max=10, batch_wait_ms=200)
    events = messages("a", "b", "a")
    assert [one.event for one in await telling.deliver(events)] == events
    left = await telling.deliver(events)
    assert [one.event.number for one in left] == [1, 3], "after 413 each key goes alone"
    assert await telling.deliver([one.event for one in left]) == []
    assert batches(receiver)[-1] == [("a", 1), ("a", 3)]
    await telling.close()


async def test_what_is_too_large_together_of_one_key_goes_one_by_one(receiver: Receiver) -> None:
    async def answer(request: web.Request, body: Any) -> web.StreamResponse:
        return web.Response(status=413 if len(body.get("Callbacks", [])) > 1 else 200)

    receiver.answer = answer
    telling = telling_to(receiver.url, batch_max=3, batch_wait_ms=5)
    assert await telling.deliver(messages("a", "a", "a", "a")) == []
    alone = [body["MsgTime"] for _, body in receiver.seen if "Callbacks" not in body]
    assert len(alone) == 4 and telling.counts == {"failed": 1, "told": 4}
    await telling.close()


class Faulty(TencentProfile):
    """A profile with a fault: it can say nothing of `unsaid`, and make no request of `unmade` (times of events)."""

    unsaid = unmade = 0

    async def notices(self, event: Any, facts: Any) -> Any:
        if event.time_ms == self.unsaid:
            raise ValueError("a fault of ours")
        return await super().notices(event, facts)

    def request(self, url: str, callbacks: Sequence[Callback]) -> WebRequest:
        if any(one.fields.get("EventTime") == self.unmade for one in callbacks):
            raise ValueError("a fault of ours")
        return super().request(url, callbacks)


@pytest.mark.parametrize("batch_max", [1, 10])
async def test_an_event_that_is_a_fault_holds_up_only_its_key(receiver: Receiver, batch_max: int) -> None:
    telling = telling_to(receiver.url, batch_max=batch_max, batch_wait_ms=200)
    assert telling._receiver is not None
    profile = Faulty(1, "", DEFAULTS)
    profile.unsaid = 3
    told = telling._receiver._replace(profile=profile)
    telling._receiver = telling._posting.receiver = told  # type: ignore[union-attr]
    left = await telling.deliver(messages("a", "b", "a", "b", "a", "b"))
    assert [(one.event.number, bool(one.reason), one.for_good) for one in left] == [
        (3, True, False),
        (5, False, False),
    ]
    assert telling.counts["told"] == 4, "those before it, and the other key"
    await telling.close()


@pytest.mark.parametrize("batch_max", [1, 10])
async def test_an_event_of_which_no_request_can_be_made_becomes_a_dead_letter(
    receiver: Receiver, batch_max: int
) -> None:
    telling = telling_to(receiver.url, batch_max=batch_max, batch_wait_ms=200)
    assert telling._receiver is not None
    profile = Faulty(1, "", DEFAULTS)
    profile.unmade = 3
    told = telling._receiver._replace(profile=profile)
    telling._receiver = telling._posting.receiver = told  # type: ignore[union-attr]
    (left,) = await telling.deliver(messages("a", "b", "a", "b", "a", "b"))
    assert (left.event.number, left.for_good) == (3, True) and left.reason
    assert telling.counts["told"] == 5, "it holds up nothing"
    await telling.close()


async def test_cookies_of_a_receiver_are_not_kept(receiver: Receiver) -> None:
    async def answer(request: web.Request, body: Any) -> web.StreamResponse:
        assert not request.cookies
        return web.Response(headers={"Set-Cookie": f"c{len(receiver.seen)}=1"})

    receiver.answer = answer
    telling = telling_to(receiver.url.replace("127.0.0.1", "localhost"))
    assert await telling.deliver(messages("a", "a", "a")) == []
    await telling.close()


async def test_other_commands_of_a_key_wait_for_its_batch(receiver: Receiver) -> None:
    telling = telling_to(receiver.url, batch_max=10, batch_wait_ms=200)
    one, two, three = messages("a", "a", "a")
    full = KeptEvent(3, 2, GroupFull(2, two.event.where))  # type: ignore[union-attr]
    assert await telling.deliver([one, full, three]) == []
    assert [body["CallbackCommand"] for _, body in receiver.seen] == [
        AFTER_SEND,
        "Group.CallbackAfterGroupFull",
        AFTER_SEND,
    ]
    await telling.close()


async def test_a_batch_that_waits_ends_with_the_server(receiver: Receiver) -> None:
    telling = telling_to(receiver.url, batch_max=10, batch_wait_ms=3_600_000)
    delivering = asyncio.create_task(telling.deliver(messages("a")))
    await asyncio.sleep(0)
    await until(lambda: telling._posting is not None and bool(telling._posting._batches._open))  # type: ignore[union-attr]
    await telling.close()
    (left,) = await delivering
    assert left.reason and not receiver.seen


async def test_batches_of_a_server(tmp_path: Path, receiver: Receiver) -> None:
    async def answer(request: web.Request, body: Any) -> web.StreamResponse:
        await receiver.release.wait()
        return await says(0)(request, body)

    receiver.answer = answer
    flags = ("callbacks.batch_max=100", "callbacks.batch_wait_ms=50")
    server = await serve(tmp_path, receiver, *flags, commands=AFTER_SEND)
    async with server.client("alice") as alice:
        await alice.create_group("Chess", group_id="a")
        await asyncio.gather(*(alice.send("a", str(n)) for n in range(60)))
        receiver.release.set()  # what was sent meanwhile has gathered
        await until(lambda: server.server._back.consumers.counted()["events_told"] == 60)
    await server.stop()
    bodies: Sequence[Any] = [body for _, body in receiver.seen]
    alone = [body for body in bodies if "Callbacks" not in body]
    together = [one["Callback"] for body in bodies if "Callbacks" in body for one in body["Callbacks"]]
    seqs = [
        one["MsgSeq"]
        for body in bodies
        for one in ([c["Callback"] for c in body["Callbacks"]] if "Callbacks" in body else [body])
    ]
    assert len(alone) + len(together) == 60 and seqs == sorted(seqs) and len(bodies) < 30


def session(platform: Platform) -> KeptEvent:
    return KeptEvent(0, 1, SessionChanged(1, "bob", platform, None))


async def test_of_which_platform_a_device_is(receiver: Receiver) -> None:
    telling = telling_to(receiver.url)
    for platform in (Platform.WEB, Platform.MOBILE):
        await telling.deliver([session(platform)])
    assert [query["OptPlatform"] for query, _ in receiver.seen] == ["Web", "Unknown"]
    await telling.close()
