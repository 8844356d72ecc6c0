"""A store that is restored from a backup is recognised, and every client ends with what it holds, and was told."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rcim.base.errors import RcimError
from rcim.client import Client, GroupEvent, LocalStore, Message, RereadEvent
from rcim.client.link import ConnectionGone
from rcim.operate.upkeep import new_history
from rcim.wire import frames as f
from tests.kit import TestCluster, TestServer, create, send, until
from tests.kit_broker import free_port


class App:
    """An app that shows what it is given, and reads again what it is told to."""

    def __init__(self, client: Client, shown: dict[str, dict[int, str]] | None = None) -> None:
        self.client = client
        self.shown: dict[str, dict[int, str]] = shown if shown is not None else {}
        self.told: list[str] = []
        self._taking = asyncio.create_task(self._take())

    async def _take(self) -> None:
        async for item in self.client.events():
            if isinstance(item, Message):
                self.shown.setdefault(item.group_id, {})[item.seq] = item.text
            elif isinstance(item, GroupEvent):
                self.shown.pop(item.group_id, None)
            elif isinstance(item, RereadEvent):
                self.told.append(item.group_id)
                page = await self.client.history(item.group_id, from_seq=1, limit=100)
                self.shown[item.group_id] = {m.seq: m.text for m in page}

    async def stop(self) -> dict[str, dict[int, str]]:
        self._taking.cancel()
        await asyncio.gather(self._taking, return_exceptions=True)
        return self.shown


def copied(store: Path, backup: Path) -> None:
    """The backup takes the place of the store: another file."""
    shutil.rmtree(store)
    shutil.copytree(backup, store)


def in_place(store: Path, backup: Path) -> None:
    """The backup is written over the store: the file stays the same one."""
    for name in ("data.mdb", "lock.mdb"):
        (store / name).write_bytes((backup / name).read_bytes())


async def two_histories(data: Path, restore: Callable[[Path, Path], None], flags: tuple[str, ...]) -> None:
    """11 messages are in the backup; 9 come after it, and are lost with the restore; then others take their SEQs."""
    server = TestServer(data, tls=False, flags=flags)
    await server.start()
    alice = await server.member("alice")
    for n in range(12, 21):
        await alice.ask(send("g", f"lost {n}", f"lost {n}"))
    await alice.ask(create("gone", "bob", "carol"))
    await server.stop()
    restore(data / "store", data.parent / "backup")


async def begun(tmp_path: Path) -> TestServer:
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    alice = await server.member("alice")
    await alice.ask(create("g", "bob", "carol"))
    for n in range(1, 12):
        await alice.ask(send("g", f"kept {n}", f"kept {n}"))
    return server


def expected(newest: int) -> dict[str, dict[int, str]]:
    return {"g": {n: f"kept {n}" if n < 12 else f"new {n}" for n in range(1, newest + 1)}}


@pytest.mark.parametrize("restore", [copied, in_place])
async def test_every_client_ends_with_what_the_restored_store_holds(
    tmp_path: Path, restore: Callable[[Path, Path], None]
) -> None:
    """bob keeps what he has in memory, carol in a local store that is started again. Positions of the new history have
    passed those of the old one before either comes back: without its id nothing would be seen."""
    server = await begun(tmp_path)
    await server.stop()
    shutil.copytree(tmp_path / "data" / "store", tmp_path / "backup")
    flags = (f"server.port={free_port()}",)  # it starts again at the same place
    server = TestServer(tmp_path / "data", tls=False, flags=flags)
    await server.start()
    bob = server.client("bob")
    carol = server.client("carol", store=LocalStore(tmp_path / "carol.db"))
    await bob.connect()
    await carol.connect()
    apps = [App(bob), App(carol)]
    alice = await server.member("alice")
    for n in range(12, 21):
        await alice.ask(send("g", f"lost {n}", f"lost {n}"))
    await alice.ask(create("gone", "bob", "carol"))
    await alice.ask(send("gone", "x", "x"))
    await until(lambda: all(len(app.shown.get("g", ())) == 9 and "gone" in app.shown for app in apps))
    before = bob.history_id
    shown = await apps[1].stop()
    await carol.close()
    gate = asyncio.Event()
    connect = bob._connect_once

    async def waits() -> None:
        await gate.wait()
        await connect()

    bob._connect_once = waits  # type: ignore[method-assign]
    await server.stop()
    restore(tmp_path / "data" / "store", tmp_path / "backup")
    server = TestServer(tmp_path / "data", tls=False, flags=flags)
    await server.start()
    alice = await server.member("alice")
    for n in range(12, 26):
        await alice.ask(send("g", f"new {n}", f"new {n}"))
    gate.set()
    carol = server.client("carol", store=LocalStore(tmp_path / "carol.db"))
    await carol.connect()
    apps[1] = App(carol, shown)
    await until(lambda: all(app.shown == expected(25) for app in apps), str([app.shown for app in apps]))
    assert all(app.told == ["g"] for app in apps), "told once"
    assert bob.history_id == carol.history_id != before
    await alice.ask(send("g", "new 26", "new 26"))
    await until(lambda: all(app.shown == expected(26) for app in apps), "and goes on")
    for app in apps:
        await app.stop()
        await app.client.close()
    await server.stop()


async def test_what_was_to_be_told_is_told_after_the_next_start(tmp_path: Path) -> None:
    """The app ends after the client has started over, and before it was told."""
    server = await begun(tmp_path)
    store = LocalStore(tmp_path / "bob.db")
    async with server.client("bob", store=store) as bob:
        assert bob.conversation("g") is not None
        known = bob.history_id
    await server.stop()
    store.open("bob")
    assert store.history_id == known and store.cursor
    store.start_over(["g:g"], known + 1)
    store.close()
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    for _ in range(2):  # the second time because the app has not taken it the first time
        async with server.client("bob", store=LocalStore(tmp_path / "bob.db")) as bob:
            async for item in bob.events():
                if isinstance(item, RereadEvent):
                    assert item.group_id == "g"
                    break
    await server.stop()


async def test_an_ordinary_start_is_no_restore(tmp_path: Path) -> None:
    server = await begun(tmp_path)
    first = server.server.store.history_id
    await server.stop()
    for damaged in (None, b"", b"x" * 28):
        trail = tmp_path / "data" / "trail"
        if damaged is None:
            trail.unlink()
        else:
            trail.write_bytes(damaged)
        server = TestServer(tmp_path / "data", tls=False)
        await server.start()
        assert server.server.store.history_id == first
        alice = await server.member("alice")
        await alice.ask(send("g", f"c{damaged!r}"))
        await server.stop()
    trail.unlink()
    trail.mkdir()  # it can't be written: nothing else suffers
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    assert server.server.store.history_id == first
    alice = await server.member("alice")
    assert isinstance(await alice.ask(send("g", "after")), f.SendOk)
    await server.stop()


async def test_a_backup_of_a_history_before_the_last_restore(tmp_path: Path) -> None:
    """Restored twice from the same backup: that is three histories."""
    server = await begun(tmp_path)
    ids = [server.server.store.history_id]
    await server.stop()
    shutil.copytree(tmp_path / "data" / "store", tmp_path / "backup")
    for _ in range(2):
        await two_histories(tmp_path / "data", in_place, ())
        server = TestServer(tmp_path / "data", tls=False)
        await server.start()
        ids.append(server.server.store.history_id)
        await server.stop()
    assert len(set(ids)) == 3


async def test_the_operator_says_so(tmp_path: Path) -> None:
    """A volume that is set back as a whole takes the trail with it."""
    server = await begun(tmp_path)
    before = server.server.store.history_id
    bob = await server.member("bob")
    cursor = (await bob.ask(f.Sync(b"", 0, 0))).cursor
    found = await bob.ask(f.Search("kept", b"", 1))
    await server.stop()
    began = new_history(server.settings)
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    assert server.server.store.history_id == began != before
    bob = await server.raw()
    assert (await bob.login("bob", server.sign("bob"))).history_id == began
    assert (await bob.ask(f.Sync(cursor, 0, 0))).reset
    refused = await bob.ask(f.Search("kept", found.cursor, 1))
    assert isinstance(refused, RcimError) and refused.code.name == "BAD_PARAMETER"
    await server.stop()


async def test_an_owner_that_was_restored_behind_living_gateways(tmp_path: Path) -> None:
    cluster = TestCluster(tmp_path / "data")
    await cluster.start()
    raw = await cluster.member("alice")
    await raw.ask(create("g", "bob"))
    for n in range(1, 12):
        await raw.ask(send("g", f"kept {n}", f"kept {n}"))
    cluster.kill_owner()
    shutil.copytree(tmp_path / "data" / "store", tmp_path / "backup")
    await cluster.start_owner()
    cluster.at = 0
    async with cluster.client("bob") as bob:
        app = App(bob)
        before = bob.history_id
        for n in range(12, 21):
            await raw.ask(send("g", f"lost {n}", f"lost {n}"))
        await until(lambda: len(app.shown.get("g", ())) == 9)
        cluster.kill_owner()
        copied(tmp_path / "data" / "store", tmp_path / "backup")
        await cluster.start_owner()
        assert isinstance(await raw.take_of(f.GoingAway), f.GoingAway)
        raw = await cluster.member("alice")
        for n in range(12, 26):
            await raw.ask(send("g", f"new {n}", f"new {n}"))
        await until(lambda: app.shown == expected(25), "all of the new history")
        assert bob.history_id != before and app.told == ["g"]
        await app.stop()
    await cluster.stop()


async def test_a_request_that_names_a_message_is_not_sent_again_to_another_history(tmp_path: Path) -> None:
    """What is to be recalled may be another message there."""
    server = await begun(tmp_path)
    async with server.client("alice") as alice:
        ask = alice._ask

        async def loses(link: Any, frame: Any) -> Any:
            if isinstance(frame, f.MessageRecall):
                assert alice.login_ok is not None
                alice.login_ok = type(alice.login_ok)(
                    *[getattr(alice.login_ok, name) for name in alice.login_ok.__struct_fields__[:-1]],
                    alice.login_ok.history_id + 1,
                )
                alice._link = None
                raise ConnectionGone
            return await ask(link, frame)

        link = alice._link
        alice._ask = loses  # type: ignore[method-assign]

        async def another(_: Any) -> None:
            alice._link = link

        alice._another_than = another  # type: ignore[method-assign]
        with pytest.raises(ConnectionGone, match="restored"):
            await alice.recall("g", 3)
    await server.stop()
