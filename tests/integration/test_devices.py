"""Several devices of a user (ID-04, ID-05) and presence (ID-07), as clients find them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from rcim.base import clock
from rcim.base.errors import (
    ADMIN_REQUIRED,
    BAD_PARAMETER,
    COMMAND_DISABLED,
    KICKED_BY_OTHER_DEVICE,
    LOGGED_OUT,
    NOT_PERMITTED,
    TOO_MANY_ENTRIES,
    RcimError,
)
from rcim.base.terms import OwnChange, Platform, Presence, UserList
from rcim.client import Client, OwnEvent, PresenceEvent, User
from rcim.wire import frames as f
from tests.kit import PATIENCE_S, Raw, TestCluster, TestServer, until

MOBILE, WEB = Platform.MOBILE, Platform.WEB


async def log_in(server: TestServer, user: str, platform: Platform, tag: str = "", began: int = 0) -> Any:
    """A raw connection and its LOGIN_OK."""
    raw = await server.raw()
    await raw.hello()
    found = await raw.ask(f.Login(user, server.sign(user), platform, tag, began))
    assert isinstance(found, f.LoginOk), found
    return raw, found


async def why_closed(raw: Raw) -> RcimError:
    """The error that a connection ends with."""
    found: Any = None
    while (one := await raw.take()) is not None:
        found = one
    assert isinstance(found, RcimError), found
    return found


async def test_another_login_on_a_platform_closes_the_older_one(server: TestServer) -> None:
    phone, _ = await log_in(server, "alice", MOBILE)
    web, _ = await log_in(server, "alice", WEB)
    bob, _ = await log_in(server, "bob", MOBILE)
    newer, _ = await log_in(server, "alice", MOBILE, "phone-2")
    error = await why_closed(phone)
    assert error.code is KICKED_BY_OTHER_DEVICE
    assert "MOBILE 'phone-2'" in error.detail
    for still in (web, bob, newer):
        assert isinstance(await still.ask(f.Ping(1)), f.Pong)
    devices = (await newer.ask(f.Devices())).devices
    assert [(d.platform, d.device_tag) for d in devices] == [(WEB, ""), (MOBILE, "phone-2")]


async def test_who_reconnects_takes_no_place_of_a_session_that_began_later(server: TestServer) -> None:
    first, login = await log_in(server, "alice", MOBILE)
    await first.close()
    newer, _ = await log_in(server, "alice", MOBILE)
    began = login.began_ms - 1  # two logins may be of the same millisecond
    again, ok = await log_in(server, "alice", MOBILE, began=began)
    assert ok.began_ms == began
    assert (await why_closed(again)).code is KICKED_BY_OTHER_DEVICE
    assert isinstance(await newer.ask(f.Ping(1)), f.Pong)
    await newer.close()
    await until(lambda: not any(len(hub) for hub in server.hubs), "nobody is there")
    again, _ = await log_in(server, "alice", MOBILE, began=began)
    assert isinstance(await again.ask(f.Ping(1)), f.Pong)
    # A beginning that is to come is now.
    later, ok = await log_in(server, "alice", MOBILE, began=1 << 63)
    assert ok.began_ms <= ok.server_time_ms
    assert (await why_closed(again)).code is KICKED_BY_OTHER_DEVICE
    await later.close()


async def test_the_same_tag_closes_the_older_one_wherever_it_runs(server: TestServer) -> None:
    older, _ = await log_in(server, "alice", Platform.SERVER, "till 7")
    other, _ = await log_in(server, "alice", Platform.SERVER, "till 8")
    await log_in(server, "alice", WEB, "till 7")
    assert (await why_closed(older)).code is KICKED_BY_OTHER_DEVICE
    assert isinstance(await other.ask(f.Ping(1)), f.Pong)


async def test_an_app_may_let_several_webs_in(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "data", tls=False, flags=("devices.web=2",))
    await server.start()
    first, _ = await log_in(server, "alice", WEB)
    second, _ = await log_in(server, "alice", WEB)
    assert isinstance(await first.ask(f.Ping(1)), f.Pong)
    await log_in(server, "alice", WEB)
    assert (await why_closed(first)).code is KICKED_BY_OTHER_DEVICE
    assert isinstance(await second.ask(f.Ping(1)), f.Pong)
    await server.stop()


async def test_the_sdk_stays_away_when_its_place_is_taken(server: TestServer) -> None:
    async with server.client("alice", platform=MOBILE) as older, server.client("alice", platform=MOBILE) as newer:
        with pytest.raises(RcimError) as caught:
            async for _ in older.events():
                pass
        assert caught.value.code is KICKED_BY_OTHER_DEVICE
        with pytest.raises(RcimError) as caught:
            await older.devices()
        assert caught.value.code is KICKED_BY_OTHER_DEVICE
        assert older.reconnects == 0
        assert len(await newer.devices()) == 1


async def test_devices_are_logged_out_by_oneself_and_by_the_app(server: TestServer) -> None:
    phone, phone_ok = await log_in(server, "alice", MOBILE)
    web, _ = await log_in(server, "alice", WEB)
    bob, bob_ok = await log_in(server, "bob", MOBILE)
    # Of oneself: one, then all others. Others' connections are passed over.
    assert (await web.ask(f.DevicesClose([f.DeviceId(bob_ok.connection_id)], ""))).count == 0
    assert (await web.ask(f.DevicesClose([f.DeviceId(phone_ok.connection_id)], "sold"))).count == 1
    error = await why_closed(phone)
    assert (error.code, error.detail) == (LOGGED_OUT, "sold")
    phone, _ = await log_in(server, "alice", MOBILE)  # the UserSig is as good as before
    assert (await web.ask(f.DevicesClose([], ""))).count == 1
    assert (await why_closed(phone)).code is LOGGED_OUT
    # Of others: app administrators alone.
    assert (await bob.ask(f.Devices("alice"))).code is ADMIN_REQUIRED
    assert (await bob.ask(f.DevicesClose([], "", "alice"))).code is ADMIN_REQUIRED
    admin, _ = await log_in(server, "administrator", Platform.SERVER)
    assert [d.platform for d in (await admin.ask(f.Devices("alice"))).devices] == [WEB]
    assert (await admin.ask(f.DevicesClose([], "", "alice"))).count == 1
    assert (await why_closed(web)).code is LOGGED_OUT
    await until(lambda: sum(len(hub) for hub in server.hubs) == 2, "alice is gone")
    assert (await admin.ask(f.Devices("alice"))).devices == []
    assert isinstance(await bob.ask(f.Ping(1)), f.Pong)


async def next_presence(client: Client) -> dict[str, Presence]:
    """What the next PresenceEvent says."""
    async for event in client.events():
        if isinstance(event, PresenceEvent):
            return {row.user_id: row.state for row in event.users}
    raise AssertionError("the client has ended")


async def presence_until(client: Client, wanted: dict[str, Presence]) -> None:
    """Take events until they have said this."""
    known: dict[str, Presence] = {}
    async with asyncio.timeout(PATIENCE_S):
        while any(known.get(user) is not state for user, state in wanted.items()):
            known |= await next_presence(client)


async def test_presence_is_told_to_who_watches(server: TestServer) -> None:
    async with server.client("alice") as alice, server.client("bob", platform=MOBILE) as bob:
        for user in ("bob", "carol"):
            await alice.send(User(user), "hi")
        found = await alice.watch_presence(["bob", "carol"])
        assert [(row.user_id, row.state) for row in found] == [("bob", Presence.ONLINE), ("carol", Presence.OFFLINE)]
        assert [(d.platform, d.state) for d in found[0].devices] == [(MOBILE, Presence.ONLINE)]
        await bob.set_presence(Presence.BACKGROUND)
        await presence_until(alice, {"bob": Presence.BACKGROUND})
        async with server.client("carol"):
            await presence_until(alice, {"carol": Presence.ONLINE})
            async with server.client("bob", platform=WEB):
                await presence_until(alice, {"bob": Presence.ONLINE})
            await presence_until(alice, {"bob": Presence.BACKGROUND})
        await presence_until(alice, {"carol": Presence.OFFLINE})
        await alice.unwatch_presence(["carol"])
        async with server.client("carol"):
            await bob.set_presence(Presence.ONLINE)
            assert await next_presence(alice) == {"bob": Presence.ONLINE}
            (row,) = await alice.presence(["carol"])
            assert row.state is Presence.ONLINE
    await until(lambda: not any(len(hub.presence) for hub in server.hubs), "nobody is watched")


async def test_nobody_who_does_not_watch_is_told(plain_server: TestServer) -> None:
    """A room costs nothing for presence, whatever its size: members that come and go are told to nobody."""
    async with plain_server.client("alice") as alice:
        await alice.create_group("room", group_id="room", type_="ChatRoom")
        hub = plain_server.server.hub
        before = hub.table.counters.requests
        for n in range(20):
            async with plain_server.client(f"m{n}") as member:
                await member.join("room")
        assert not len(hub.presence)
        await alice.send("room", "here")
        async for event in alice.events():
            assert not isinstance(event, PresenceEvent)
            if getattr(event, "text", "") == "here":
                break
        assert hub.table.counters.requests > before


async def test_bounds_of_watching(tmp_path: Path) -> None:
    flags = ("limits.presence_watched_max=3", "limits.presence_watchers_max=1", "app.presence_seen_by=everyone")
    server = TestServer(tmp_path / "data", tls=False, flags=flags)
    await server.start()
    alice, bob = await server.member("alice"), await server.member("bob")
    assert (await alice.ask(f.PresenceWatch(["x", "y"]))).refused == []
    assert (await alice.ask(f.PresenceWatch(["y", "z", "w"]))).code is TOO_MANY_ENTRIES
    found = await bob.ask(f.PresenceWatch(["w", "x"]))  # x is watched by as many as may be
    assert found.refused == ["x"]
    assert [row.user_id for row in found.users] == ["w", "x"]
    assert (await alice.ask(f.PresenceWatch(["y", "z"]))).refused == []  # y was watched before
    await alice.ask(f.PresenceUnwatch([]))
    assert (await bob.ask(f.PresenceWatch(["x"]))).refused == []
    assert (await alice.ask(f.PresenceGet([f"u{n}" for n in range(101)]))).code is BAD_PARAMETER
    assert (await alice.ask(f.PresenceSet(Presence.OFFLINE))).code is BAD_PARAMETER
    await server.stop()


async def test_presence_can_be_switched_off(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "data", tls=False, flags=("app.presence=false", "app.guests=true"))
    await server.start()
    alice = await server.member("alice")
    for frame in (f.PresenceGet(["bob"]), f.PresenceWatch(["bob"]), f.PresenceUnwatch([])):
        assert (await alice.ask(frame)).code is COMMAND_DISABLED
    guest = await server.raw()
    await guest.hello()
    await guest.ask(f.Login("", "", WEB, ""))
    for frame in (f.PresenceGet(["bob"]), f.Devices(), f.DevicesClose([], ""), f.PresenceSet(Presence.ONLINE)):
        assert (await guest.ask(frame)).code is NOT_PERMITTED
    await server.stop()


async def test_what_is_set_on_one_device_is_told_to_the_others(server: TestServer) -> None:
    async with server.client("alice", platform=MOBILE) as phone, server.client("alice", platform=WEB) as web:
        await phone.set_profile("Alice", "")
        await phone.change_user_list(UserList.BLACK, add=["bob"])
        await phone.set_quiet_hours(1320, 420, 480)
        told: list[OwnChange] = []
        async for event in web.events():
            if isinstance(event, OwnEvent):
                told.append(event.what)
                if len(told) == 3:
                    break
        assert told == [OwnChange.PROFILE, OwnChange.BLACK_LIST, OwnChange.QUIET_HOURS]
        kept = await web.quiet_hours()
        assert (kept.start_min, kept.end_min, kept.offset_min) == (1320, 420, 480)
        async with server.client("administrator") as root:
            await root.set_quiet_hours(0, 0, 0, user_id="alice")
            assert (await root.quiet_hours(user_id="alice")).start_min == 0
        for refused in (phone.quiet_hours(user_id="bob"), phone.set_quiet_hours(0, 1, 0, user_id="bob")):
            with pytest.raises(RcimError) as caught:
                await refused
            assert caught.value.code is ADMIN_REQUIRED
        with pytest.raises(RcimError) as caught:
            await phone.set_quiet_hours(0, 1440, 0)
        assert caught.value.code is BAD_PARAMETER
        assert (await web.profile("alice")).nickname == "Alice"


async def test_a_new_owner_knows_of_all_devices_and_of_who_watches(tmp_path: Path) -> None:
    flags = ("limits.presence_gather_ms=50", "app.presence_seen_by=everyone")
    server = TestCluster(tmp_path / "data", flags=flags)
    await server.start()
    server.at = 0
    phone, _ = await log_in(server, "alice", MOBILE)
    server.at = 1
    async with server.client("bob") as bob, server.client("carol") as carol:
        await bob.watch_presence(["alice", "carol"])
        server.kill_owner()
        await server.start_owner()
        await presence_until(bob, {"alice": Presence.ONLINE, "carol": Presence.ONLINE})
        newer, _ = await log_in(server, "alice", MOBILE)  # at the other gateway than the older one
        assert (await why_closed(phone)).code is KICKED_BY_OTHER_DEVICE
        await newer.close()
        await presence_until(bob, {"alice": Presence.OFFLINE})
        assert len(await carol.devices()) == 1
        # A gateway that goes takes its devices with it.
        server.at = 0
        phone, _ = await log_in(server, "alice", MOBILE)
        await presence_until(bob, {"alice": Presence.ONLINE})
        await server.stop_gateway(0)
        await presence_until(bob, {"alice": Presence.OFFLINE})
    await server.stop()


async def test_what_is_asked_while_the_owner_is_away_is_answered_when_it_knows(tmp_path: Path) -> None:
    server = TestCluster(tmp_path / "data")
    await server.start()
    server.at = 0
    alice, _ = await log_in(server, "alice", MOBILE)
    server.at = 1
    admin, _ = await log_in(server, "administrator", Platform.SERVER)
    server.kill_owner()
    asked = asyncio.create_task(admin.ask(f.PresenceGet(["alice", "administrator"])))
    await until(lambda: any(len(remote._outstanding) for _, remote in server.gateways))
    await server.start_owner()
    assert [row.state for row in (await asked).users] == [Presence.ONLINE, Presence.ONLINE]
    server.kill_owner()
    await until(lambda: not any(remote.linked for _, remote in server.gateways), "it is known to be gone")
    asked = asyncio.create_task(admin.ask(f.DevicesClose([], "", "alice")))
    await until(lambda: any(len(remote._outstanding) for _, remote in server.gateways))
    await server.start_owner()
    assert (await asked).count == 1
    assert (await why_closed(alice)).code is LOGGED_OUT
    await server.stop()


async def test_connection_ids_do_not_come_again(tmp_path: Path) -> None:
    ids: list[int] = []
    for _ in range(2):
        server = TestServer(tmp_path / "data", tls=False)
        await server.start()
        for user in ("alice", "bob"):
            _, ok = await log_in(server, user, MOBILE)
            ids.append(ok.connection_id)
        await server.stop()
    assert len(set(ids)) == 4 and ids == sorted(ids)


async def test_a_session_begins_after_those_that_are_there_whatever_the_clock_says(
    server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:  # ID-04
    _, first = await log_in(server, "alice", WEB)
    monkeypatch.setattr(clock, "wall_ms", lambda: first.began_ms - 1000)
    raw = await server.raw()
    await raw.hello()
    answer = await raw.ask(f.Login("alice", server.sign("alice"), MOBILE, ""))
    assert answer.began_ms == first.began_ms + 1
