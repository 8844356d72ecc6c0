"""Creator and attributes of conversations, through the SDK (GR-13)."""

from __future__ import annotations

from pathlib import Path

import pytest

from rcim.base.errors import RcimError
from rcim.base.terms import ChangeKind
from rcim.client import ChangesEvent
from rcim.client.attributes import attributes_of
from rcim.wire import frames as f
from tests.kit import TestServer
from tests.kit_callbacks import Receiver, receiver, serve
from tests.kit_sdk import next_of

__all__ = ["receiver"]  # the fixture

ADMIN = "administrator"
FLAGS = (f"app.administrators={ADMIN}",)


async def test_attributes_from_creation_to_removal(tmp_path: Path) -> None:
    server = TestServer(tmp_path, tls=False)
    await server.start()
    async with server.client("alice") as alice, server.client("bob") as bob:
        await alice.create_group(
            "g", group_id="g", type_="ChatRoom", members=["bob"], attributes={"topic": {"lang": "en"}, "n": 1}
        )
        made = await bob.info("g")
        assert made.creator == "alice"
        assert attributes_of(made) == {"topic": {"lang": "en"}, "n": 1}
        before = made.info_seq
        changed = await alice.edit_group(
            "g", attribute_changes={"topic.lang": "de", "topic.since.y": 2026, "n": None}
        )
        assert changed == before + 1
        assert attributes_of(await bob.info("g")) == {"topic": {"lang": "de", "since": {"y": 2026}}}
        assert await alice.edit_group("g", attributes={"b": [1, 2.5, None], "a": "é"}) == before + 2
        assert (await bob.info("g")).attributes == '{"a":"é","b":[1,2.5,null]}'.encode()
        assert await alice.edit_group("g", attributes={"a": "é", "b": [1, 2.5, None]}) == before + 2  # the same
        await alice.edit_group("g", attributes={})
        assert attributes_of(await bob.info("g")) == {}
    await server.stop()


async def test_the_creator_stays_when_the_owner_changes(tmp_path: Path) -> None:
    server = TestServer(tmp_path, tls=False, flags=FLAGS)
    await server.start()
    async with server.client("alice") as alice, server.client(ADMIN) as admin:
        await alice.create_group("g", group_id="g", type_="ChatRoom", members=["bob"])
        await alice.give_group("g", "bob")
        info = await admin.info("g")
        assert (info.owner, info.creator) == ("bob", "alice")
        await admin.create_group("o", group_id="o", type_="ChatRoom", owner="carol")
        assert (await admin.info("o")).creator == ADMIN
        for name, given, creator in (("i", "zoe", "zoe"), ("j", "", "dora")):
            await admin.import_group("i", group_id=name, owner="dora", creator=given, attributes={"old": True})
            await admin.finish_import(name)
            found = await admin.info(name)
            assert (found.creator, attributes_of(found)) == (creator, {"old": True})
    await server.stop()


async def test_refusals_change_nothing(tmp_path: Path) -> None:
    server = TestServer(tmp_path, tls=False)
    await server.start()
    async with server.client("alice") as alice, server.client("bob") as bob:
        await alice.create_group("g", group_id="g", type_="ChatRoom", members=["bob"], attributes={"a": 1})
        before = await alice.info("g")

        async def refused(frame: f.GroupSet, by: object = alice) -> str:
            with pytest.raises(RcimError) as error:
                await by.request(frame, f.GroupSetOk)  # type: ignore[attr-defined]
            return error.value.code.name

        assert await refused(f.GroupSet("g", attributes=b"{")) == "BAD_ATTRIBUTES"
        assert await refused(f.GroupSet("g", attributes=b"")) == "BAD_ATTRIBUTES"
        assert await refused(f.GroupSet("g", attributes=b"[1]")) == "BAD_ATTRIBUTES"
        assert await refused(f.GroupSet("g", attributes=b'{"a":"' + b"x" * 8200 + b'"}')) == "ATTRIBUTES_TOO_LARGE"
        change = [f.AttributeChange("b", b"1"), f.AttributeChange("a.b", b"1")]
        assert await refused(f.GroupSet("g", "new", attribute_changes=change)) == "ATTRIBUTE_PATH"
        assert await refused(f.GroupSet("g", attribute_changes=[f.AttributeChange("b", b"x")])) == "BAD_ATTRIBUTES"
        many = [f.AttributeChange(f"k{n}", b"1") for n in range(33)]
        with pytest.raises(RcimError):
            await alice.request(f.GroupSet("g", attribute_changes=many), f.GroupSetOk)
        assert await refused(f.GroupSet("g", attributes=b'{"b":2}'), bob) == "NOT_PERMITTED"
        with pytest.raises(RcimError, match="BAD_ATTRIBUTES"):
            deep: dict[str, object] = {}
            for _ in range(10):
                deep = {"a": deep}
            await alice.create_group("h", group_id="h", type_="ChatRoom", attributes=deep)
        after = await alice.info("g")
        assert (after.name, after.attributes, after.info_seq) == (before.name, before.attributes, before.info_seq)
    await server.stop()


async def test_a_change_is_announced_as_those_of_the_profile_are(tmp_path: Path) -> None:
    server = TestServer(tmp_path, tls=False)
    await server.start()
    async with server.client("alice") as alice, server.client("bob") as bob:
        await alice.create_group("live", group_id="live", type_="AVChatRoom")  # weak notices
        await bob.join("live")
        await alice.edit_group("live", attributes={"on": True})
        while True:
            told = await next_of(bob, ChangesEvent)
            rows = [row for row in told.changes if row.kind is ChangeKind.PROFILE_CHANGED]
            if rows:
                break
        assert rows[0].what == ["attributes"]
        await alice.create_group("p", group_id="p", type_="Public", members=["bob"])  # strong ones
        await alice.edit_group("p", attribute_changes={"a.b": 1})
        (message,) = await bob.history("p")
        assert message.tip is not None
        assert list(message.tip.what) == ["attributes"]
    await server.stop()


async def test_attributes_are_kept(tmp_path: Path) -> None:
    server = TestServer(tmp_path, tls=False)
    await server.start()
    async with server.client("alice") as alice:
        await alice.create_group("g", group_id="g", type_="ChatRoom", attributes={"a": {"b": 1}})
    await server.stop()
    server = TestServer(tmp_path, tls=False)
    await server.start()
    async with server.client("alice") as alice:
        info = await alice.info("g")
        assert (info.creator, attributes_of(info)) == ("alice", {"a": {"b": 1}})
    await server.stop()


async def test_the_app_is_asked_with_them(tmp_path: Path, receiver: Receiver) -> None:
    server = await serve(tmp_path, receiver, commands="Group.CallbackBeforeCreateGroup")
    async with server.client("alice") as alice:
        await alice.create_group("g", group_id="g", type_="ChatRoom", attributes={"a": {"b": 1}})
        await alice.create_group("h", group_id="h", type_="ChatRoom")
    asked = [body for _, body in receiver.seen if body["CallbackCommand"] == "Group.CallbackBeforeCreateGroup"]
    assert [body.get("Attributes") for body in asked] == [{"a": {"b": 1}}, None]
    await server.stop()
