from __future__ import annotations
import json, time
from pathlib import Path
import pytest
from rcim.base.errors import RcimError
from rcim.wire import frames as f
from tests.integration.test_groups import Crowd
from tests.kit import TestServer, until, send

ADMIN = "administrator"

async def ids(client, where="", **more):
    return [row.group_id async for row in client.query(where, **more)]


async def test_channels_in_queries(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "data", tls=False, flags=("types.Public.search=on","types.UltraGroup.search=on","types.Channel.search=on"))
    await server.start()
    async with Crowd(server) as crowd:
        alice, bob, carol, root = await crowd("alice", "bob", "carol", ADMIN)
        u = await alice.create_group("U", type_="UltraGroup", members=["bob", "carol"])
        ch = await alice.create_channel(u, "secret", private=True)
        print(ch)
        await alice.change_channel_users(ch, add=["alice", "bob"])
        await bob.send(ch, "first")
        await bob.mark_read(ch, 1)
        print("bob in", await ids(bob, {"objectId": ch}), "carol", await ids(carol, {"objectId": ch}), "all", await ids(carol))
        await alice.change_channel_users(ch, remove=["bob"])
        await alice.send(ch, "hidden from bob")
        page = await bob.query_page({"objectId": ch}, last_message=True)
        print("removed bob", page)
        print("find", [g.group_id for g in await carol.find_groups("secret")], [g.group_id for g in await carol.find_groups(ch)])
        print("root", await ids(root))
    await server.stop()
    assert 0
