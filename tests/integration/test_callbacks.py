"""Callbacks before something is done (CB-01 to CB-03, CB-05): a real receiver, well and badly behaved."""

from __future__ import annotations

import asyncio
import json
import socket
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from rcim.base import limited_log
from rcim.base.errors import RcimError
from rcim.base.terms import ApplyJoinOption, HeldBack, Priority
from rcim.content.elements import Text, decode_body, encode_body
from rcim.hooks import inprocess, turns
from rcim.hooks.profiles.tencent import signature
from rcim.web.addresses import PrivateAddress, PublicOnly, is_public, public_socket
from rcim.web.client import WebClient, WebRequest
from rcim.wire import frames as f
from tests.kit import Raw, SteadyClock, TestServer, create, send, until
from tests.kit_callbacks import SEND, Answer, Receiver, receiver, says, serve

__all__ = ["receiver"]  # the fixture

ALL = (
    "Group.CallbackBeforeSendMsg,Group.CallbackBeforeCreateGroup,"
    "Group.CallbackBeforeApplyJoinGroup,Group.CallbackBeforeInviteJoinGroup"
)


async def code(raw: Raw, frame: Any) -> str:
    found = await raw.ask(frame)
    return found.code.name if isinstance(found, RcimError) else "done"


async def texts(raw: Raw) -> list[str]:
    page = await raw.ask(f.History("g:g", 0, 0, 0, False))
    return ["".join(e.text for e in decode_body(m.body) if isinstance(e, Text)) for m in page.messages]


async def test_what_the_app_is_asked(tmp_path: Path, receiver: Receiver) -> None:  # CB-01
    (tmp_path / "token").write_text("xxxxyyyy\n", encoding="utf-8")
    server = await serve(tmp_path, receiver, f"callbacks.token_file={tmp_path / 'token'}")
    alice = await server.member("alice")
    await alice.ask(create("g"))
    for i in range(3):
        assert (await alice.ask(send("g", f"c{i}", "hello"))).seq == i + 1
    assert len(receiver.seen) == 3 and len(receiver.connections) == 1, "the connection is kept"
    query, body = receiver.seen[0]
    assert query.pop("Sign") == signature("xxxxyyyy", int(query.pop("RequestTime")))
    assert query == {
        "SdkAppid": "1400000000",
        "CallbackCommand": SEND,
        "contenttype": "json",
        "ClientIP": "",
        "OptPlatform": "RESTAPI",
    }
    assert body.pop("EventTime") > 1_700_000_000_000
    assert body == {
        "CallbackCommand": SEND,
        "Type": "ChatRoom",
        "GroupId": "g",
        "From_Account": "alice",
        "Operator_Account": "alice",
        "Random": 701504055,
        "MsgId": "c0",
        "MsgPriority": "Normal",
        "OnlineOnlyFlag": 0,
        "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello"}}],
        "CloudCustomData": "",
        "To_Account": [],
    }
    await server.stop()


@pytest.mark.parametrize("told", [True, False])
async def test_where_clients_are_is_told_only_if_it_is_set(tmp_path: Path, receiver: Receiver, told: bool) -> None:
    """CB-01: in questions and in events alike, and in none of them by default."""
    commands = f"{SEND},Group.CallbackBeforeCreateGroup,Group.CallbackAfterSendMsg,State.StateChange"
    settings = ["app.client_addresses=true"] if told else []
    server = await serve(tmp_path, receiver, *settings, commands=commands)
    alice = await server.member("alice")
    await alice.ask(create("g"))
    await alice.ask(send("g", "c1", "hello"))
    await until(lambda: {query["CallbackCommand"] for query, _ in receiver.seen} == set(commands.split(",")))
    await server.stop()
    assert {query["ClientIP"] for query, _ in receiver.seen} == {"127.0.0.1" if told else ""}


async def test_a_back_end_that_is_away_takes_one_line_of_the_log(
    tmp_path: Path, receiver: Receiver, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:  # OP-02, CB-03
    monkeypatch.setattr(limited_log, "EVERY_MS", 3_600_000)  # however long it takes here
    server = await serve(tmp_path, receiver)
    alice = await server.member("alice")
    await alice.ask(create("g"))
    await receiver.stop()
    for i in range(30):
        assert isinstance(await alice.ask(send("g", f"c{i}")), f.SendOk)
    lines = [text for text in caplog.messages if "got no answer" in text]
    assert len(lines) == 1 and "127.0.0.1" in lines[0], "it says which host"
    limited_log.say_counts(all_of_them=True)
    assert "suppressed=29" in caplog.messages[-1]
    await server.stop()


async def test_no_answer_brings_a_secret_of_the_url_into_the_log(
    tmp_path: Path, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:  # CB-03
    async def answer(request: web.Request, body: Any) -> web.StreamResponse:
        return web.Response(headers={"X-Long": "x" * 20_000})

    receiver.answer = answer
    receiver.url += "?key=hidden-word"
    server = await serve(tmp_path, receiver)
    alice = await server.member("alice")
    await alice.ask(create("g"))
    assert isinstance(await alice.ask(send("g", "c1")), f.SendOk)
    lines = [text for text in caplog.messages if "got no answer" in text]
    assert lines and not any("hidden-word" in text for text in lines)
    await server.stop()


def test_the_signature_is_the_vendors() -> None:
    assert signature("xxxxyyyy", 1669872112) == "17773bc39a671d7b9aa835458704d2a6db81360a5940292b587d6d760d484061"


async def test_the_app_decides_about_messages(tmp_path: Path, receiver: Receiver) -> None:  # CB-03
    server = await serve(tmp_path, receiver)
    alice, bob = await server.member("alice"), await server.member("bob")
    await alice.ask(create("g", "bob"))
    receiver.answer = says(1)
    assert await code(alice, send("g", "1")) == "CALLBACK_REFUSED"
    receiver.answer = says(10123, info="not today")
    found = await alice.ask(send("g", "2"))
    assert isinstance(found, RcimError) and (found.code.number, found.detail) == (10123, "not today")
    receiver.answer = says(2)
    dropped = await alice.ask(send("g", "3", "dropped"))
    assert (dropped.seq, dropped.held_back) == (0, HeldBack.NO), "its sender is not told"
    body = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "better"}}]
    receiver.answer = says(0, MsgBody=body, CloudCustomData="extra")
    assert (await alice.ask(send("g", "4", "worse"))).seq == 1
    (seen,) = (await bob.take_of(f.Deliver)).messages
    assert decode_body(seen.body) == [Text("better")] and seen.cloud_data == b"extra"
    asked = len(receiver.seen)
    assert (await alice.ask(send("g", "3", "dropped"))).seq == 0
    assert (await alice.ask(send("g", "4", "worse"))).duplicate
    assert len(receiver.seen) == asked, "sent again it is not asked about again"
    assert await texts(bob) == ["better"]
    await server.stop()


async def _html(request: web.Request, body: Any) -> web.StreamResponse:
    return web.Response(text="<html>oops</html>")


async def _error(request: web.Request, body: Any) -> web.StreamResponse:
    return web.Response(status=500)


async def _redirect(request: web.Request, body: Any) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"})


async def _huge(request: web.Request, body: Any) -> web.StreamResponse:
    return web.Response(body=b"[" + b" " * (10 << 20))


async def _deep(request: web.Request, body: Any) -> web.StreamResponse:
    return web.Response(body=b"[" * 30_000)


async def _cut(request: web.Request, body: Any) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


@pytest.mark.parametrize(
    "answer",
    [
        _html,
        _error,
        _redirect,
        _huge,
        _deep,
        _cut,
        says(7),
        says(0, MsgBody=[]),
        says(0, MsgBody=[{"MsgType": "TIMNone", "MsgContent": {}}]),
        says(0, MsgBody=[{"MsgType": "TIMTextElem", "MsgContent": {"Text": "x" * 9000}}]),
        says(0, CloudCustomData="x" * 2000),
        says(0, CloudCustomData="half \ud800"),
        says(0, MsgBody=[{"MsgType": "TIMTextElem", "MsgContent": {"Text": "half \ud800"}}]),
        says(0, MsgBody=[{"MsgType": "TIMCustomElem", "MsgContent": {"Data": "half \ud800"}}]),
        says(0, RefusedMembers_Account=["half \ud800"]),
    ],
)
async def test_what_is_no_answer_means_allow(tmp_path: Path, receiver: Receiver, answer: Answer) -> None:  # CB-03
    server = await serve(tmp_path, receiver)
    alice = await server.member("alice")
    await alice.ask(create("g"))
    receiver.answer = answer
    assert (await alice.ask(send("g", "1", "as it was"))).seq == 1
    assert await texts(alice) == ["as it was"]
    assert len(receiver.seen) == 1, "asked once"
    await server.stop()


@pytest.mark.parametrize("info", ["\ud800", "😀" * 400, "字" * 400])
async def test_whatever_the_app_says_is_told(tmp_path: Path, receiver: Receiver, info: str) -> None:
    server = await serve(tmp_path, receiver)
    alice = await server.member("alice")
    await alice.ask(create("g"))
    receiver.answer = says(10123, info=info)
    found = await alice.ask(send("g", "1"))
    assert isinstance(found, RcimError) and found.code.number == 10123
    await server.stop()


@pytest.mark.parametrize("drips", [False, True])
async def test_who_hangs_holds_up_nobody_else(
    tmp_path: Path, receiver: Receiver, drips: bool, monkeypatch: pytest.MonkeyPatch
) -> None:  # CB-03
    """The others of the same group get their SEQ while one waits; that one passes in the end, after them."""
    timers, timeout = list[asyncio.Timeout](), asyncio.timeout

    def noted(delay_s: float | None) -> asyncio.Timeout:
        made = timeout(delay_s)
        if delay_s == 59.0:
            timers.append(made)
        return made

    monkeypatch.setattr(asyncio, "timeout", noted)
    server = await serve(tmp_path, receiver, "callbacks.timeout_ms=59000")
    alice, bob = await server.member("alice"), await server.member("bob")
    await alice.ask(create("g", "bob"))

    async def answer(request: web.Request, body: Any) -> web.StreamResponse:
        if body["From_Account"] == "bob":
            return web.json_response({"ErrorCode": 0})
        response = web.StreamResponse()
        await response.prepare(request)
        while not receiver.release.is_set():
            if drips:
                await response.write(b" ")
            await asyncio.sleep(0.02)
        return response

    receiver.answer = answer
    alice.write(send("g", "slow").encode(77))
    await until(lambda: len(receiver.seen) == 1)
    assert [(await bob.ask(send("g", f"c{i}"))).seq for i in range(5)] == [1, 2, 3, 4, 5]
    timers[0].reschedule(asyncio.get_running_loop().time())  # the time of the first question is over
    assert (await alice.answer_to(77)).seq == 6, "order of SEQ is the order in which messages pass"
    await server.stop()


async def test_without_an_answer_it_can_be_refused_instead(tmp_path: Path, receiver: Receiver) -> None:
    server = await serve(tmp_path, receiver, "callbacks.refuse_on_failure=true")
    alice = await server.member("alice")
    await alice.ask(create("g"))
    receiver.answer = _html
    assert await code(alice, send("g", "1")) == "CALLBACK_FAILED"
    await receiver.stop()
    assert await code(alice, send("g", "2")) == "CALLBACK_FAILED", "nobody is there"
    await server.stop()


async def test_who_may_not_send_is_not_asked_about_and_is_looked_at_again(tmp_path: Path, receiver: Receiver) -> None:
    server = await serve(tmp_path, receiver)
    alice, bob = await server.member("alice"), await server.member("bob")
    await alice.ask(create("g", "bob"))
    await alice.ask(f.GroupMute("g", ["bob"], 60))
    assert await code(bob, send("g", "1")) == "SENDER_MUTED" and receiver.seen == []
    await alice.ask(f.GroupMute("g", ["bob"], 0))
    going = asyncio.Event()

    async def answer(request: web.Request, body: Any) -> web.StreamResponse:
        await going.wait()
        return web.json_response({"ErrorCode": 0})

    receiver.answer = answer
    bob.write(send("g", "2").encode(50) + send("g", "2").encode(51))
    await until(lambda: len(receiver.seen) == 1)
    await alice.ask(f.GroupKick("g", ["bob"], ""))
    going.set()
    for number in (50, 51):
        found = await bob.answer_to(number)
        assert isinstance(found, RcimError) and found.code.name == "NOT_PERMITTED"
    assert len(receiver.seen) == 1, "the repeat waited with the first"
    await server.stop()


async def test_the_end_of_a_group_answers_who_waits(tmp_path: Path, receiver: Receiver) -> None:
    server = await serve(tmp_path, receiver)
    alice = await server.member("alice")
    await alice.ask(create("g"))

    async def answer(request: web.Request, body: Any) -> web.StreamResponse:
        await receiver.release.wait()
        return web.json_response({"ErrorCode": 0})

    receiver.answer = answer
    alice.write(send("g", "1").encode(50))
    await until(lambda: len(receiver.seen) == 1)
    alice.write(f.GroupDissolve("g").encode(51))
    found = await alice.answer_to(50)
    assert isinstance(found, RcimError) and found.code.name == "NO_SUCH_GROUP"
    await server.stop()


async def test_before_groups_are_made_joined_and_invited_to(tmp_path: Path, receiver: Receiver) -> None:  # CB-02
    server = await serve(tmp_path, receiver, commands=ALL)
    alice, bob = await server.member("alice"), await server.member("bob")
    receiver.answer = says(1)
    assert await code(alice, create("g", "carol")) == "CALLBACK_REFUSED"
    assert receiver.seen[-1][1]["Name"] == "g" and receiver.seen[-1][1]["Owner_Account"] == "alice"
    assert receiver.seen[-1][1]["MemberList"] == [{"Member_Account": "carol"}]
    assert await code(alice, f.GroupInfo("g")) == "NO_SUCH_GROUP"
    receiver.answer = says(0)
    assert await code(alice, create("g")) == "done"
    assert await code(alice, create("g")) == "GROUP_ID_TAKEN_BY_YOU"
    receiver.answer = says(10199, info="members only")
    found = await bob.ask(f.GroupJoin("g", ""))
    assert isinstance(found, RcimError) and (found.code.number, found.detail) == (10199, "members only")
    assert receiver.seen[-1][1]["Requestor_Account"] == "bob" and receiver.seen[-1][1]["Type"] == "ChatRoom"
    receiver.answer = says(0)
    assert await code(bob, f.GroupJoin("g", "")) == "done"
    private = f.GroupCreate("p", "Private", "p", "", "", "", ApplyJoinOption.BY_TYPE, [])
    await alice.ask(private)
    receiver.answer = says(0, RefusedMembers_Account=["dave"])
    ok = await alice.ask(f.GroupInvite("p", ["carol", "dave"]))
    assert [row.user_id for row in ok.results] == ["carol"]
    assert receiver.seen[-1][1]["DestinationMembers"] == [{"Member_Account": "carol"}, {"Member_Account": "dave"}]
    await server.stop()


async def test_addresses_that_are_not_public_are_not_called(tmp_path: Path, receiver: Receiver) -> None:  # CB-01
    for url in (
        receiver.url,
        receiver.url.replace("127.0.0.1", "localhost"),
        "http://[::ffff:127.0.0.1]:9/",
        receiver.url.replace("127", "１２７"),
    ):
        flags = (f"callbacks.url={url}", f"callbacks.commands={SEND}", "callbacks.refuse_on_failure=true")
        server = TestServer(tmp_path / "data", tls=False, flags=flags)
        await server.start()
        alice = await server.member("alice")
        await alice.ask(create("g"))
        assert await code(alice, send("g", url)) == "CALLBACK_FAILED"
        await server.stop()
    assert receiver.seen == []


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("224.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("::127.0.0.1", False),
        ("fec0::1", False),
        ("2001:0:7f00:1::", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


async def test_one_users_waiting_callbacks_delay_no_other(tmp_path: Path, receiver: Receiver) -> None:  # CB-03
    server = await serve(tmp_path, receiver, "callbacks.timeout_ms=60000")
    alice, bob = await server.member("alice"), await server.member("bob")
    await alice.ask(create("g", "bob"))
    allow = receiver.answer

    async def late(request: web.Request, body: Any) -> web.StreamResponse:
        if body["From_Account"] == "alice":
            await receiver.release.wait()
        return await allow(request, body)

    receiver.answer = late
    for n in range(120):
        alice.write(send("g", f"a{n}").encode(1000 + n))
    await until(lambda: len(receiver.seen) >= turns.OF_USER, "as many of hers as may be are under way")
    assert (await bob.ask(send("g", "b"))).seq == 1
    assert len(receiver.seen) == turns.OF_USER + 1
    receiver.release.set()
    answered = set()
    while len(answered) < 120:  # in whichever order they pass
        raw = await alice.take_raw()
        assert raw is not None
        if raw.type == f.SendOk.TYPE:
            answered.add(raw.request_id)
    assert (await bob.ask(f.History("g:g", 0, 0, 1, True))).newest_seq == 121
    await server.stop()


HOSTS = ("127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001", "0", "localhost")


@pytest.mark.parametrize("host", [*HOSTS, "::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "fe80::1%lo"])
async def test_a_private_host_however_it_is_written(host: str) -> None:  # CB-01
    """Whatever the HTTP library makes of it: what the host stands for is looked at."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    resolver = PublicOnly()
    with pytest.raises(PrivateAddress):
        await resolver.resolve(host, 80, family)
    await resolver.close()
    place = socket.getaddrinfo(host, 80, family, socket.SOCK_STREAM)[0]
    with pytest.raises(PrivateAddress):
        public_socket(place)


@pytest.mark.parametrize("host", HOSTS)
async def test_a_private_host_is_not_called(receiver: Receiver, host: str) -> None:  # CB-01
    port = URL(receiver.url).port
    client = WebClient(30_000)
    with pytest.raises((OSError, aiohttp.ClientError)):
        await client.post(WebRequest(f"http://{host}:{port}/", b"{}", {}))
    assert receiver.seen == []
    await client.close()


async def test_what_was_not_checked_is_not_connected_to(  # CB-01
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that is public when it is looked at, and private a moment later."""

    async def looked_up(self: PublicOnly, host: str, port: int = 0, family: Any = 0) -> list[dict[str, Any]]:
        return [
            {"hostname": host, "host": "127.0.0.1", "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}
        ]

    monkeypatch.setattr(PublicOnly, "resolve", looked_up)
    client = WebClient(30_000)
    try:
        with pytest.raises((OSError, aiohttp.ClientError), match="not a public address"):
            await client.post(WebRequest(receiver.url.replace("127.0.0.1", "im.example.org"), b"{}", {}))
    finally:
        await client.close()
    assert receiver.seen == []


async def test_hooks_in_process(tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:  # CB-05
    asked: list[str] = []

    def first(name: str, fields: dict[str, Any]) -> dict[str, Any] | None:
        asked.append(name)
        text = fields["MsgBody"][0]["MsgContent"]["Text"]
        if text == "fail":
            raise RuntimeError("a fault of the app")
        if text == "cancelled":
            raise asyncio.CancelledError
        if text == "no":
            return {"ErrorCode": 1}
        return {"ErrorCode": 0, "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": text.upper()}}]}

    async def second(name: str, fields: dict[str, Any]) -> None:
        asked.append(json.dumps(fields["MsgBody"]))

    points = [_Point("first", first), _Point("second", second)]
    monkeypatch.setattr(inprocess, "entry_points", lambda group: points)
    server = await serve(tmp_path, receiver, "callbacks.hooks=first,second")
    alice = await server.member("alice")
    await alice.ask(create("g"))
    assert (await alice.ask(send("g", "1", "yes"))).seq == 1
    assert "YES" in asked[1] and receiver.seen[0][1]["MsgBody"][0]["MsgContent"]["Text"] == "YES"
    assert await code(alice, send("g", "2", "no")) == "CALLBACK_REFUSED"
    assert (await alice.ask(send("g", "3", "fail"))).seq == 2, "a hook that fails is as one that does not answer"
    assert (await alice.ask(send("g", "4", "cancelled"))).seq == 3
    assert await texts(alice) == ["YES", "fail", "cancelled"]
    await server.stop()
    with pytest.raises(ValueError, match="no hook 'third' is installed; there are first, second"):
        inprocess.load_hooks(["third"])


class _Point:
    def __init__(self, name: str, hook: Any) -> None:
        self.name = name
        self._hook = hook

    def load(self) -> Any:
        return self._hook


async def test_transients_are_asked_about_and_what_is_held_back_was(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = [f"types.ChatRoom.{rate}=2" for rate in ("messages_per_s", "normal_per_s")]
    server = await serve(tmp_path, receiver, *flags)
    alice = await server.member("alice")
    await alice.ask(create("g"))
    fleeting = f.Send("g:g", "t", Priority.NORMAL, encode_body([Text("x")]), transient=True)
    assert (await alice.ask(fleeting)).seq == 0
    assert receiver.seen[-1][1]["OnlineOnlyFlag"] == 1
    SteadyClock(monkeypatch)  # all at once, however long it takes
    for i in range(8):
        alice.write(send("g", f"c{i}").encode(100 + i))
    answers = []
    while len(answers) < 8:
        raw = await alice.take_raw()
        assert raw is not None
        if raw.type == f.SendOk.TYPE:
            answers.append(f.SendOk.decode(raw.body))
    assert len(receiver.seen) == 9, "FC-05: what is held back did trigger it"
    assert any(one.held_back is HeldBack.FREQUENCY for one in answers)
    assert sorted(one.seq for one in answers if one.seq) == list(range(1, sum(one.seq > 0 for one in answers) + 1))
    await server.stop()
