"""State.StateChange (ID-07): what the app's back end is told of devices, whatever it does with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from rcim.actor.events import SessionChanged
from rcim.app.consumers.app_callbacks import spec_of
from rcim.app.settings.all_settings import Receiver as ReceiverSettings
from rcim.base.limits import DEFAULTS
from rcim.base.terms import DeviceNews, Platform, Presence
from rcim.bus import gateway_router
from rcim.client import Client
from rcim.hooks.profiles.table import STATE_CHANGE
from rcim.hooks.profiles.tencent import TencentProfile
from rcim.outbox import consumer
from rcim.outbox.callbacks import telling as module
from rcim.outbox.callbacks.telling import Telling, ToldReceiver
from rcim.outbox.destination import Untaken
from rcim.store.event_log import KeptEvent
from rcim.web.client import WebClient
from rcim.wire import frames as f
from tests.kit import PATIENCE_S, TestCluster, TestServer, create, fall_silent, send, until
from tests.kit_callbacks import PATIENT, Receiver, receiver, says, serve

__all__ = ["receiver"]  # the fixture


def told(receiver: Receiver, user: str) -> list[tuple[str, str, str, list[str]]]:
    """Action, reason, platform and what was kicked, in the order in which it came."""
    infos = [(body["Info"], body.get("KickedDevice", [])) for _, body in receiver.seen if "Info" in body]
    return [
        (info["Action"], info["Reason"], info["Platform"], [one["Platform"] for one in kicked])
        for info, kicked in infos
        if info["To_Account"] == user
    ]


async def login(server: TestServer, user: str, platform: Platform) -> Any:
    raw = await server.raw()
    await raw.login(user, server.sign(user), platform)
    return raw


async def all_that_happens(server: TestServer, receiver: Receiver) -> None:
    await login(server, "alice", Platform.WEB)
    second = await login(server, "alice", Platform.WEB)
    await until(lambda: len(told(receiver, "alice")) == 2)
    mobile = await login(server, "alice", Platform.MOBILE)
    await mobile.close()
    await until(lambda: len(told(receiver, "alice")) == 4)
    async with Client(
        "127.0.0.1", server.port, user_id="bob", user_sig=server.sign("bob"), tls=None, platform=Platform.PAD
    ) as bob:
        assert bob._link is not None
        bob._link.abort()
        await until(lambda: bob.reconnects == 1 and len(told(receiver, "bob")) == 3)
    guest = await server.raw()
    await guest.login("", "")
    await guest.close()
    await second.close()
    await until(lambda: len(told(receiver, "alice")) == 5 and len(told(receiver, "bob")) == 4)
    assert told(receiver, "alice") == [
        ("Login", "Register", "Web", []),
        ("Login", "Register", "Web", ["Web"]),
        ("Login", "Register", "Mobile", []),
        ("Disconnect", "LinkClose", "Mobile", []),
        ("Disconnect", "LinkClose", "Web", []),
    ]
    assert told(receiver, "bob") == [
        ("Login", "Register", "Pad", []),
        ("Disconnect", "LinkClose", "Pad", []),
        ("Login", "Register", "Pad", []),
        ("Logout", "Unregister", "Pad", []),
    ]


async def test_what_the_app_is_told_of_devices(tmp_path: Path, receiver: Receiver) -> None:
    (tmp_path / "token").write_text("xxxxyyyy", encoding="utf-8")
    secret = f"callbacks.token_file={tmp_path / 'token'}"
    server = await serve(tmp_path, receiver, secret, "app.guests=true", commands=STATE_CHANGE)
    await all_that_happens(server, receiver)
    query, body = receiver.seen[0]
    assert query["CallbackCommand"] == STATE_CHANGE and query["Sign"]
    assert body.pop("EventTime") > 1_700_000_000_000
    assert body == {
        "CallbackCommand": STATE_CHANGE,
        "Info": {"Action": "Login", "To_Account": "alice", "Reason": "Register", "Platform": "Web"},
    }
    users = {body["Info"]["To_Account"] for _, body in receiver.seen}
    assert users == {"alice", "bob"}, "of guests nothing is told"
    await server.stop()


async def test_the_same_over_gateways(tmp_path: Path, receiver: Receiver) -> None:
    own = (
        f"callbacks.url={receiver.url}",
        f"callbacks.commands={STATE_CHANGE}",
        "callbacks.allow_private=true",
        PATIENT,
    )
    cluster = TestCluster(tmp_path / "data", flags=(*own, "app.guests=true"))
    await cluster.start()
    await all_that_happens(cluster, receiver)
    raw = await login(cluster, "carol", Platform.WEB)
    await until(lambda: len(told(receiver, "carol")) == 1)
    at = next(i for i, hub in enumerate(cluster.hubs) if hub.subscriptions.connections("carol"))
    await cluster.stop_gateway(at)
    await raw.closed()
    await until(lambda: told(receiver, "carol")[1:] == [("Disconnect", "LinkClose", "Web", [])])
    await cluster.stop()


async def test_silence_and_a_forced_log_out(tmp_path: Path, receiver: Receiver) -> None:
    server = await serve(tmp_path, receiver, commands=STATE_CHANGE)
    raw = await login(server, "alice", Platform.MOBILE)
    fall_silent(server)
    await raw.closed()
    await until(lambda: told(receiver, "alice")[1:] == [("Disconnect", "TimeOut", "Mobile", [])])
    await server.stop()
    server = await serve(tmp_path, receiver, commands=STATE_CHANGE)
    async with server.client("bob") as bob, server.client("administrator") as admin:
        await admin.close_devices(user_id="bob")
        await until(lambda: ("Logout", "Unregister", "Server", []) in told(receiver, "bob"))
        assert bob.user_id == "bob"
    await server.stop()


async def test_a_receiver_that_fails_is_told_again_in_order(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer, "PAUSE_S", 0.01)
    fails = [2]

    async def answer(request: web.Request, body: Any) -> web.StreamResponse:
        if fails[0]:
            fails[0] -= 1
            return web.Response(status=500)
        return await says(1)(request, body)  # what it says does not matter

    receiver.answer = answer
    server = await serve(tmp_path, receiver, commands=f"{STATE_CHANGE},Group.CallbackBeforeSendMsg")
    telling = server.server._back.consumers.back_end.subscriptions["callbacks"].destination
    raw = await login(server, "alice", Platform.WEB)  # twice not taken, then taken
    await until(lambda: telling.counts["told"] == 1)
    fails[0] = 3
    await raw.close()  # three times not taken, then taken: nothing is given up
    await until(lambda: telling.counts["told"] == 2)
    bob = await login(server, "bob", Platform.WEB)
    await until(lambda: telling.counts["told"] == 3)
    assert [one[0] for one in told(receiver, "alice")] == ["Login"] * 3 + ["Disconnect"] * 4
    assert told(receiver, "bob") == [("Login", "Register", "Web", [])]
    assert (await bob.ask(send("none", "1"))).code.name == "NO_SUCH_GROUP"
    async with server.client("administrator") as admin:
        stats = {one.name: one.value for one in (await admin.request(f.AdminStats(), f.AdminStatsOk)).stats}
        assert (stats["events_failed"], stats["events_lost"], stats["events_dropped.callbacks"]) == (5, 0, 0)
        assert stats["events_told"] >= 3, "the administrator's own login may be on its way"
        assert stats["events_written"] >= 3 and stats["events_waiting.callbacks"] >= 0
        assert stats["callbacks_asked"] == 0
    await server.stop()


async def test_a_dead_receiver_holds_nobody_up_and_is_told_after_the_next_start(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rcim.app.consumers.all_consumers.TELL_S", 0.01)

    async def answer(request: web.Request, body: Any) -> web.StreamResponse:
        await receiver.release.wait()
        return await says(0)(request, body)

    receiver.answer = answer
    server = await serve(tmp_path, receiver, commands=STATE_CHANGE)
    telling = server.server._back.consumers.back_end.subscriptions["callbacks"].destination
    for n in range(8):
        await login(server, f"user{n}", Platform.WEB)  # logins do not wait
    assert telling.counts["told"] == 0
    await server.stop()
    assert telling.counts["told"] == 0
    receiver.answer = says(0)
    receiver.seen.clear()
    server = await serve(tmp_path, receiver, commands=STATE_CHANGE)
    there = [("Login", "Register", "Web", []), ("Disconnect", "LinkClose", "Web", [])]
    await until(lambda: all(told(receiver, f"user{n}") == there for n in range(8)))
    await server.stop()
    receiver.seen.clear()
    server = await serve(tmp_path, receiver, commands=STATE_CHANGE)
    await login(server, "last", Platform.WEB)
    await until(lambda: told(receiver, "last"))
    assert len(receiver.seen) == 1, "what was told comes no more"
    await server.stop()


async def test_who_wants_no_news_any_more_holds_nothing_back(tmp_path: Path, receiver: Receiver) -> None:
    server = await serve(tmp_path, receiver, commands=STATE_CHANGE)
    assert set(server.server.store.events.consumers()) == {"callbacks"}
    await server.stop()
    server = await serve(tmp_path, receiver, commands="Group.CallbackBeforeSendMsg")
    assert server.server.store.events.consumers() == {}
    await login(server, "alice", Platform.WEB)
    await until(lambda: server.server.dispatcher.idle)
    following = server.server.store.events.following()
    await login(server, "bob", Platform.WEB)
    await until(lambda: server.server.dispatcher.idle)
    assert server.server.store.events.following() == following, "nothing is written for nobody"
    await server.stop()


async def test_what_waits_is_told_before_the_end(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rcim.app.consumers.all_consumers.TELL_S", PATIENCE_S)
    server = await serve(tmp_path, receiver, commands=STATE_CHANGE)
    await login(server, "alice", Platform.WEB)
    await server.stop()
    assert [one[0] for one in told(receiver, "alice")] == ["Login", "Disconnect"]


def happened(*users: str) -> list[KeptEvent]:
    """Logins of these users, in one shard, numbered from 1 on."""
    return [KeptEvent(0, n, SessionChanged(n, user, Platform.WEB, None)) for n, user in enumerate(users, 1)]


class NoFacts:
    """Nobody is a member of anything, or online."""

    async def members(self, key: str, limit: int) -> list[str]:
        return []

    async def presence(self, users: Sequence[str]) -> dict[str, Presence]:
        return {}


def telling_of(receiver: Receiver, hooks: list[Any]) -> Telling:
    spec = spec_of("callbacks", ReceiverSettings(url=receiver.url, commands=(STATE_CHANGE,)))
    told = ToldReceiver(spec, TencentProfile(1, "", DEFAULTS), WebClient(30_000, allow_private=True))
    return Telling(told, hooks, 1000, NoFacts())


def events_of(untaken: Sequence[Untaken]) -> list[KeptEvent]:
    return [one.event for one in untaken]


async def test_hooks_are_told_too_and_once(receiver: Receiver) -> None:  # CB-05
    seen: list[tuple[str, Any]] = []

    async def good(name: str, fields: Any) -> None:
        seen.append((name, fields["EventTime"]))

    def bad(name: str, fields: Any) -> None:
        raise RuntimeError("a fault of the app")

    async def fails(request: web.Request, body: Any) -> web.StreamResponse:
        return web.Response(status=503)

    receiver.answer = fails
    telling = telling_of(receiver, [bad, good])
    events = happened("alice", "alice", "bob")
    assert events_of(await telling.deliver(events)) == events, "what comes after it waits"
    assert telling.counts == {"failed": 2} and [body["EventTime"] for _, body in receiver.seen] == [1, 3]
    telling.forget(0, [7])
    assert telling._hooked == {(0, 1), (0, 3)}
    receiver.answer = says(0)
    assert await telling.deliver(events) == []
    await telling.close()
    assert sorted(seen) == [(STATE_CHANGE, n) for n in (1, 2, 3)] and telling.counts["told"] == 3
    assert sorted(body["EventTime"] for _, body in receiver.seen) == [1, 1, 2, 3, 3]
    assert not telling._hooked


async def test_of_events_that_were_dropped_nothing_is_remembered(receiver: Receiver) -> None:
    async def fails(request: web.Request, body: Any) -> web.StreamResponse:
        return web.Response(status=503)

    receiver.answer = fails
    telling = telling_of(receiver, [])
    events = happened("alice", "bob")
    assert events_of(await telling.deliver(events)) == events
    telling.forget(0, {1, 2})
    assert not telling._hooked
    await telling.close()


async def test_news_that_nobody_takes_hold_up_no_decision(tmp_path: Path, receiver: Receiver) -> None:
    async def answer(request: web.Request, body: Any) -> web.StreamResponse:
        if body["CallbackCommand"] == STATE_CHANGE:
            await receiver.release.wait()
        return await says(1)(request, body)

    receiver.answer = answer
    flags = ("callbacks.timeout_ms=20000", "callbacks.commands=State.StateChange,Group.CallbackBeforeSendMsg")
    server = await serve(tmp_path, receiver, *flags, commands=STATE_CHANGE)
    telling = server.server._back.consumers.back_end.subscriptions["callbacks"].destination
    alice = await login(server, "alice", Platform.WEB)
    await alice.ask(create("g"))
    telling_all = asyncio.create_task(telling.deliver(happened(*(f"user{n}" for n in range(module.AT_ONCE)))))
    await until(lambda: len(receiver.seen) >= module.AT_ONCE - 1)
    assert (await alice.ask(send("g", "1"))).code.name == "CALLBACK_REFUSED", "it was asked, at once"
    receiver.release.set()
    assert await telling_all == []
    await server.stop()


async def cluster_of(tmp_path: Path, receiver: Receiver) -> TestCluster:
    own = (
        f"callbacks.url={receiver.url}",
        f"callbacks.commands={STATE_CHANGE}",
        "callbacks.allow_private=true",
        PATIENT,
    )
    made = TestCluster(tmp_path / "data", flags=own)
    await made.start()
    return made


async def two(cluster: TestCluster, receiver: Receiver) -> tuple[Any, Any]:
    """Alice and bob are logged in, and the app knows."""
    found = [await login(cluster, user, Platform.WEB) for user in ("alice", "bob")]
    await until(lambda: told(receiver, "alice") and told(receiver, "bob"))
    return found[0], found[1]


def break_pipes(cluster: TestCluster, *gateways: int) -> Callable[[], None]:
    """Owner and gateways live, and what is between them does not, of all or of these; until the function is called."""
    broken = [owner for at, (_, owner) in enumerate(cluster.gateways) if not gateways or at in gateways]
    path = broken[0]._path
    for owner in broken:
        assert owner._pipe is not None
        owner._path = Path("/nonexistent")
        owner._pipe.close()

    def mend() -> None:
        for owner in broken:
            owner._path = path

    return mend


async def test_a_bus_that_breaks_is_no_end_of_anybody(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_router, "SETTLE_S", PATIENCE_S)
    cluster = await cluster_of(tmp_path, receiver)
    stays, goes = await two(cluster, receiver)
    mend = break_pipes(cluster)
    await until(lambda: cluster.links.session_grace.waiting)
    await goes.close()  # meanwhile
    mend()
    await until(lambda: len(told(receiver, "bob")) == 2)
    await until(
        lambda: all(owner.linked for _, owner in cluster.gateways) and not cluster.links.session_grace.waiting
    )
    assert cluster.back is not None and set(cluster.back.dispatcher._sessions._users) == {"alice"}
    await stays.close()
    await until(lambda: len(told(receiver, "alice")) == 2)
    ended = ("Disconnect", "LinkClose", "Web", [])
    assert told(receiver, "alice")[1:] == told(receiver, "bob")[1:] == [ended]
    await cluster.stop()


async def test_a_pipe_that_is_away_for_long_is_an_end_and_a_login(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_router, "SETTLE_S", 0.1)
    cluster = await cluster_of(tmp_path, receiver)
    stays, goes = await two(cluster, receiver)
    mend = break_pipes(cluster)
    await goes.close()
    await until(lambda: len(told(receiver, "alice")) == 2)
    mend()
    await until(lambda: len(told(receiver, "alice")) == 3)
    await stays.close()
    await until(lambda: len(told(receiver, "alice")) == 4)
    ended, there = ("Disconnect", "LinkClose", "Web", []), ("Login", "Register", "Web", [])
    assert told(receiver, "alice") == [there, ended, there, ended]
    assert told(receiver, "bob") == [there, ended]
    await cluster.stop()


async def test_who_is_replaced_while_its_pipe_is_broken_goes_when_it_is_back(
    tmp_path: Path, receiver: Receiver
) -> None:
    cluster = await cluster_of(tmp_path, receiver)
    cluster.at = 0
    first = await login(cluster, "alice", Platform.WEB)
    logged_out = await login(cluster, "bob", Platform.WEB)
    await until(lambda: told(receiver, "alice") and told(receiver, "bob"))
    cluster.at = 1
    async with cluster.client("administrator") as admin:
        await until(lambda: admin.user_id and cluster.links.unsettled_s <= 0)
        mend = break_pipes(cluster, 0)
        await until(lambda: cluster.links.session_grace.waiting)
        second = await login(cluster, "alice", Platform.WEB)
        assert await admin.close_devices(user_id="bob") == 1
        await second.close()
        mend()
        assert await first.closed() and await logged_out.closed()
    await until(lambda: len(told(receiver, "alice")) == 3 and len(told(receiver, "bob")) == 2)
    there, ended = ("Login", "Register", "Web", []), ("Disconnect", "LinkClose", "Web", [])
    assert told(receiver, "alice") == [there, ("Login", "Register", "Web", ["Web"]), ended]
    assert told(receiver, "bob")[1] == ("Logout", "Unregister", "Web", [])
    assert cluster.back is not None
    devices = cluster.back.dispatcher._sessions
    await until(lambda: not devices._users.keys() & {"alice", "bob"} and not devices._replaced)
    await cluster.stop()


async def test_sessions_that_begin_at_once_are_several(tmp_path: Path, receiver: Receiver) -> None:  # ID-04
    cluster = await cluster_of(tmp_path, receiver)
    raws = [await cluster.raw() for _ in range(30)]
    for raw in raws:
        await raw.hello()
    sig = cluster.sign("bot")
    answers = await asyncio.gather(*(raw.ask(f.Login("bot", sig, Platform.SERVER, "")) for raw in raws))
    assert len({answer.began_ms for answer in answers}) == 30
    await until(lambda: len(told(receiver, "bot")) == 30)
    assert cluster.back is not None
    await cluster.back.end()
    cluster.kill_owner()
    await until(lambda: not any(owner.linked for _, owner in cluster.gateways))
    await cluster.start_owner()
    await until(lambda: len(cluster.back.dispatcher._sessions._users.get("bot", ())) == 30)  # type: ignore[union-attr]
    for answer in answers[:10]:
        again = await cluster.raw()
        await again.hello()
        await again.ask(f.Login("bot", sig, Platform.SERVER, "", answer.began_ms))
    found = await again.ask(f.Devices(""))
    assert len({device.began_ms for device in found.devices}) == 30
    await cluster.stop()


async def test_who_goes_while_the_owner_is_away_is_told_of_when_it_is_back(
    tmp_path: Path, receiver: Receiver
) -> None:
    cluster = await cluster_of(tmp_path, receiver)
    goes, stays = await two(cluster, receiver)
    assert cluster.back is not None
    await cluster.back.end()
    cluster.kill_owner()
    await until(lambda: not any(owner.linked for _, owner in cluster.gateways))
    await goes.close()
    await until(lambda: not any(hub.subscriptions.connections("alice") for hub in cluster.hubs))
    await cluster.start_owner()
    await until(lambda: told(receiver, "alice")[1:] == [("Disconnect", "LinkClose", "Web", [])])
    assert len(told(receiver, "bob")) == 1, "it is still there"
    await stays.close()
    await until(lambda: len(told(receiver, "bob")) == 2)
    await cluster.stop()


async def test_a_hook_that_hangs_or_is_cancelled_ends_nothing() -> None:
    seen: list[int] = []

    async def hook(name: str, fields: Any) -> None:
        if fields["EventTime"] == 1:
            await asyncio.Event().wait()
        if fields["EventTime"] == 2:
            future = asyncio.get_running_loop().create_future()
            future.cancel()
            await future
        seen.append(fields["EventTime"])

    telling = Telling(None, [hook], 300, NoFacts())
    assert await telling.deliver(happened("one", "one", "one", "one", "two", "three")) == []
    assert telling.counts == {"told": 6}
    assert [n for n in seen if n in (3, 4)] == [3, 4] and {5, 6} <= set(seen)


async def test_what_is_answered_may_be_no_json(receiver: Receiver) -> None:
    async def text(request: web.Request, body: Any) -> web.StreamResponse:
        return web.Response(text="thanks")

    receiver.answer = text
    telling = telling_of(receiver, [])
    assert await telling.deliver(happened("alice")) == []
    assert telling.counts == {"told": 1}
    await telling.close()


async def test_a_login_whose_event_dies_with_the_owner_is_told_by_the_next(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = await cluster_of(tmp_path, receiver)
    await two(cluster, receiver)
    assert cluster.back is not None
    committer = cluster.back.dispatcher._committer
    monkeypatch.setattr(committer.untold, "_resting", True)  # as after a commit that has failed
    await login(cluster, "carol", Platform.WEB)
    await until(lambda: committer.untold)

    def news(user: str) -> DeviceNews:
        (found,) = [one.device.news for hub in cluster.hubs for one in hub.subscriptions.connections(user)]
        return found

    assert (news("alice"), news("carol")) == (DeviceNews.KNOWN, DeviceNews.BEGINS)
    await cluster.back.end()
    assert committer.untold, "its event dies with the owner"
    cluster.kill_owner()
    await cluster.start_owner()
    await until(lambda: told(receiver, "carol") == [("Login", "Register", "Web", [])])
    await until(lambda: news("carol") is DeviceNews.KNOWN)
    await cluster.stop()
