"""Pushes of a running server (PU-01 to PU-04), with a provider that is a fake one: tokens through the SDK, and what the
phones of users who are away are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from rcim.app.consumers import push
from rcim.app.settings.all_settings import Settings
from rcim.base import clock
from rcim.base.errors import RcimError
from rcim.base.terms import MsgFlag, Presence, PushLevel
from rcim.client import Client, User
from rcim.client.broadcasts import BroadcastTarget
from rcim.content import elements as el
from rcim.outbox.push.provider import BadgeMode, Push, PushOutcome, PushResult
from rcim.wire import frames as f
from tests.kit import PATIENCE_S, TestCluster, TestServer, until


class Phones:
    """A provider that brings everything at once; tokens in `bad` it does not know."""

    def __init__(self) -> None:
        self.got: list[Push] = []
        self.bad: set[str] = set()
        self.outcome = PushOutcome.SENT
        self.calls = 0

    async def send(self, pushes: Sequence[Push]) -> Sequence[PushResult]:
        self.calls += 1
        if self.outcome is not PushOutcome.SENT:
            return [PushResult(self.outcome, "away")] * len(pushes)
        self.got += [one for one in pushes if one.token not in self.bad]
        return [PushResult(PushOutcome.BAD_TOKEN if one.token in self.bad else PushOutcome.SENT) for one in pushes]

    async def close(self) -> None:
        """It has no connections."""

    def told(self, token: str) -> list[str]:
        return [one.text for one in self.got if one.token == token]


@pytest.fixture
def phones(monkeypatch: pytest.MonkeyPatch) -> Phones:
    made = Phones()
    monkeypatch.setattr(Settings, "push_names", frozenset({"fake"}))
    monkeypatch.setattr(push, "providers_of", lambda settings: {"fake": made})
    monkeypatch.setattr("rcim.outbox.consumer.PAUSE_S", 0.01)
    monkeypatch.setattr(push, "START_S", 0.0)
    return made


@pytest.fixture
async def server(tmp_path: Path, phones: Phones) -> AsyncIterator[TestServer]:
    made = TestServer(tmp_path, tls=False, flags=("app.administrators=root",))
    await made.start()
    yield made
    await made.stop()


async def register(server: TestServer, user: str, token: str, **more: str) -> None:
    """The user's app starts, registers, and ends."""
    async with server.client(user) as client:
        await client.set_push_token("phone", "fake", token, **more)  # type: ignore[arg-type]


async def counts(root: Client) -> dict[str, int]:
    """The counters of pushes, by name."""
    ok = await root.request(f.AdminStats(), f.AdminStatsOk)
    return {one.name.removesuffix(".fake"): one.value for one in ok.stats if one.name.startswith("push_")}


async def comes_to(root: Client, name: str, count: int) -> None:
    """Wait until this counter of pushes has come so far."""
    async with asyncio.timeout(PATIENCE_S):
        while (await counts(root)).get(f"push_{name}", 0) < count:
            await asyncio.sleep(0)


async def test_tokens_of_a_user(server: TestServer) -> None:  # PU-03
    async with server.client("alice") as alice, server.client("root") as root, server.client("bob") as bob:
        await alice.set_push_token("phone", "fake", "a1", topic="com.example", language="zh")
        await alice.set_push_token("pad", "fake", "a2", sandbox=True)
        rows = await alice.push_tokens()
        assert [(row.device_id, row.token, row.topic, row.sandbox, row.language) for row in rows] == [
            ("pad", "a2", "", True, ""),
            ("phone", "a1", "com.example", False, "zh"),
        ]
        await bob.set_push_token("phone", "fake", "a1")
        assert [row.token for row in await root.push_tokens(user_id="alice")] == ["a2"]
        await root.set_push_token("phone", "fake", "b1", user_id="bob")
        assert [row.token for row in await bob.push_tokens()] == ["b1"]
        await root.remove_push_tokens(user_id="bob")
        await alice.remove_push_tokens("pad")
        assert await alice.push_tokens() == await bob.push_tokens() == []
        for wrong, code in [
            (alice.set_push_token("phone", "other", "t"), "NO_PUSH_PROVIDER"),
            (alice.set_push_token("phone", "fake", "x" * 4097), "BAD_PUSH_TOKEN"),
            (alice.set_push_token("phone", "fake", "x" * 10_000), "BAD_PUSH_TOKEN"),
            (alice.set_push_token("phone", "fake", ""), "BAD_PUSH_TOKEN"),
            (alice.set_push_token("phone", "fake", "a\nb"), "BAD_PUSH_TOKEN"),
            (alice.push_tokens(user_id="bob"), "ADMIN_REQUIRED"),
            (alice.set_push_token("phone", "fake", "t", user_id="bob"), "ADMIN_REQUIRED"),
            (alice.remove_push_tokens(user_id="bob"), "ADMIN_REQUIRED"),
            (alice.test_push("bob", "", ""), "ADMIN_REQUIRED"),
        ]:
            with pytest.raises(RcimError) as error:
                await wrong
            assert error.value.code.name == code
        assert await alice.push_tokens() == []


async def test_users_who_are_away_are_told(server: TestServer, phones: Phones) -> None:
    for user in ("bob", "carol", "dave"):
        await register(server, user, user)
    async with server.client("alice") as alice, server.client("dave") as dave:
        await alice.set_profile("Alice", "")
        await alice.create_group("Team", group_id="team", members=["bob", "carol", "dave"])
        await dave.set_presence(Presence.ONLINE)
        await alice.send("team", "hello")
        await until(lambda: phones.told("bob") and phones.told("carol"))
        await dave.set_presence(Presence.BACKGROUND)
        await alice.send("team", "again")
        await until(lambda: phones.told("dave") and len(phones.got) == 5)
    assert phones.told("bob") == ["Alice(Team): hello", "Alice(Team): again"]
    assert phones.told("dave") == ["Alice(Team): again"]
    of_bob = [one for one in phones.got if one.token == "bob"]
    assert [(one.badge_mode, one.badge) for one in of_bob] == [(BadgeMode.SET, 1), (BadgeMode.SET, 2)]
    assert {one.collapse_key for one in of_bob} == {"g:team"} and of_bob[1].data["seq"] == "2"


async def test_what_users_and_messages_say(server: TestServer, phones: Phones) -> None:  # RX-01, RX-02, PU-02, MS-09
    await register(server, "bob", "bob", language="zh")
    async with server.client("bob") as bob:
        await bob.create_group("Team", group_id="team", members=["alice"])
        await bob.set_msg_flag("team", MsgFlag.ACCEPT_NOT_NOTIFY)
    async with server.client("alice") as alice, server.client("root") as root:
        await alice.send("team", "not notified", mentions=["bob"])
        await alice.send(User("bob"), "off", push=b'{"PushFlag":1}')
        await alice.send(User("bob"), "notice", type_name="RC:InfoNtf")
        await alice.send(User("bob"), "typing", transient=True)
        now_min = clock.wall_ms() // 60_000 % 1440
        await root.set_quiet_hours((now_min - 60) % 1440, (now_min + 60) % 1440, 0, user_id="bob")
        await alice.send(User("bob"), "in the night")
        await comes_to(root, "not_quiet_hours", 1)
        await root.set_quiet_hours(0, 0, 0, user_id="bob")
        await alice.send(User("bob"), [el.Text("see "), el.Face(1, b"")])
        said = b'{"Title":"Order","Desc":"It is here","Ext":"7","ApnsInfo":{"Sound":"ding"},"Badge":9}'
        await alice.send(User("bob"), "hidden", push=said)
        with pytest.raises(RcimError) as error:
            await alice.send(User("bob"), "wrong", push=b'{"PushFlag":7}')
        assert error.value.code.name == "BAD_PUSH_INFO"
        await until(lambda: len(phones.got) == 2)
        stats = await counts(root)
        assert [stats[f"push_not_{why}"] for why in ("msg_flag", "switched_off", "type")] == [1, 1, 1]
    first, second = phones.got
    assert first.text == "alice: see [表情]" and first.title == "alice"
    assert (second.title, second.text, second.sound, second.badge) == ("Order", "It is here", "ding", 9)
    assert second.data["ext"] == "7"


async def test_a_token_that_moved_is_the_new_owners(server: TestServer, phones: Phones) -> None:  # PU-03
    await register(server, "bob", "phone")
    await register(server, "carol", "phone")
    async with server.client("alice") as alice:
        await alice.send(User("bob"), "for bob")
        await alice.send(User("carol"), "for carol")
        await until(lambda: phones.told("phone"))
    assert phones.told("phone") == ["alice: for carol"]


async def test_a_token_that_the_service_does_not_know_is_removed(server: TestServer, phones: Phones) -> None:
    await register(server, "bob", "old")
    phones.bad.add("old")
    async with server.client("alice") as alice, server.client("root") as root:
        await alice.send(User("bob"), "one")
        await comes_to(root, "bad_token", 1)
        found = await root.push_tokens(user_id="bob")
        while found:
            found = await root.push_tokens(user_id="bob")
        await register(server, "bob", "new")
        await alice.send(User("bob"), "two")
        await until(lambda: phones.told("new") == ["alice: two"])


async def test_a_trial_push_and_invalidation(server: TestServer, phones: Phones) -> None:  # ID-09
    async with server.client("bob") as bob, server.client("root") as root:
        await bob.set_push_token("phone", "fake", "bob")
        await root.test_push("bob", "Hello", "Does it arrive?")
        await until(lambda: phones.told("bob"))
        assert phones.got[0].title == "Hello" and phones.told("bob") == ["Does it arrive?"]
        await root.invalidate_account("bob")
        assert await root.push_tokens(user_id="bob") == []


async def test_broadcasts_and_messages_of_the_app(server: TestServer, phones: Phones) -> None:  # SY-01, SY-04
    for user in ("bob", "carol"):
        await register(server, user, user)
    async with server.client("root") as root:
        await root.change_tags(["bob"], add=["vip"])
        await root.broadcast("only online", expires_s=0)
        await root.broadcast("for some", target=BroadcastTarget(tags_any=["vip"]), push=b'{"alert":"Hello, VIP"}')
        await root.broadcast("for all", sender="root")
        await until(lambda: len(phones.got) == 3)
        assert phones.told("bob") == ["Hello, VIP", "root: for all"] and phones.told("carol") == ["root: for all"]
        news = await root.create_group("News", group_id="@SYS#news", type_="System")
        await root.system_send_to(news, ["carol"], "for you", push=b'{"Title":"News"}')
        await until(lambda: len(phones.got) == 4)
        assert (phones.got[3].title, phones.got[3].text) == ("News", "News: for you")
        for wrong in (root.broadcast("x", push=b"[]"), root.system_send_to(news, ["bob"], "x", push=b"{")):
            with pytest.raises(RcimError) as error:
                await wrong
            assert error.value.code.name == "BAD_PUSH_INFO"


async def test_channels_of_ultra_groups(server: TestServer, phones: Phones) -> None:  # UG-03, UG-05
    for user in ("bob", "carol"):
        await register(server, user, user)
    async with server.client("alice") as alice, server.client("root") as root:
        group = await alice.create_group("City", group_id="@TGS#_city", type_="UltraGroup")
        for user in ("bob", "carol"):
            await root.invite(group, [user])
        channel = await alice.create_channel(group, "news", name="News")
        await alice.send(channel, "to all")
        await until(lambda: len(phones.got) == 2)
        assert {one.text for one in phones.got} == {"alice(News): to all"}
        await alice.set_push_level(channel, PushLevel.MENTIONS, whole=True)
        await alice.send(channel, "to none")
        await alice.send(channel, "to carol", mentions=["carol"])
        await until(lambda: len(phones.got) == 3)
        assert phones.got[2].token == "carol" and phones.got[2].text == "alice(News): to carol"


async def test_what_a_provider_could_not_take_is_pushed_after_a_restart(
    tmp_path: Path, phones: Phones, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rcim.app.consumers.all_consumers.TELL_S", 0.01)
    phones.outcome = PushOutcome.LATER
    server = TestServer(tmp_path, tls=False)
    await server.start()
    await register(server, "bob", "bob")
    async with server.client("alice") as alice:
        await alice.send(User("bob"), "one")
        await alice.send(User("bob"), "two")
        await until(lambda: phones.calls)
    await server.stop()
    phones.outcome = PushOutcome.SENT
    server = TestServer(tmp_path, tls=False)
    await server.start()
    try:
        await until(lambda: len(phones.got) == 2)
        assert phones.told("bob") == ["alice: one", "alice: two"]
    finally:
        await server.stop()


async def test_over_gateways_and_after_the_owner_has_died(
    tmp_path: Path, phones: Phones, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = asyncio.Event()
    known.set()

    async def settled(began_s: float) -> None:
        await known.wait()

    monkeypatch.setattr(push, "settled", settled)
    cluster = TestCluster(tmp_path, flags=("app.administrators=root",))
    await cluster.start()
    try:
        await register(cluster, "bob", "bob")
        async with cluster.client("alice") as alice, cluster.client("carol") as carol:
            await carol.set_push_token("phone", "fake", "carol")
            await alice.create_group("Team", group_id="team", members=["bob", "carol"])
            await alice.send("team", "one")
            await until(lambda: phones.got)
            phones.outcome = PushOutcome.LATER
            await alice.send("team", "two")
            cluster.kill_owner()
            phones.outcome = PushOutcome.SENT
            known.clear()
            await cluster.start_owner()
            await alice.send("team", "three")
            assert [row.token for row in await carol.push_tokens()] == ["carol"]
            while (await alice.presence(["carol"]))[0].state is not Presence.ONLINE:
                await asyncio.sleep(0)
            known.set()
            await until(lambda: "alice(Team): three" in phones.told("bob"))
        told = phones.told("bob")
        assert list(dict.fromkeys(told)) == ["alice(Team): one", "alice(Team): two", "alice(Team): three"]
        assert len({one.push_id for one in phones.got}) == 3, "one that comes twice has the same id"
        assert phones.told("carol") == [], "carol is there"
    finally:
        await cluster.stop()


async def test_a_server_without_providers(tmp_path: Path) -> None:
    server = TestServer(tmp_path, tls=False, flags=("app.administrators=root",))
    await server.start()
    try:
        async with server.client("root") as root:
            for refused in (root.set_push_token("phone", "fake", "t"), root.test_push("root", "", "")):
                with pytest.raises(RcimError) as error:
                    await refused
                assert error.value.code.name == "NO_PUSH_PROVIDER"
    finally:
        await server.stop()
