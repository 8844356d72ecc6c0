"""`rcim-admin system` and attributes, as an operator calls them (SY-01, SY-06, GR-13)."""

from __future__ import annotations

from rcim.client import User
from tests.e2e.test_admin_groups import Admin, admin

__all__ = ["admin"]  # the fixture

NEWS = "@SYS#news"


async def test_system_conversations(admin: Admin) -> None:
    made = await admin.json("system", "create", "News", "--id", NEWS, "--attributes", '{"lang": "en"}')
    assert made == {"group_id": NEWS}
    info = await admin.json("group", "info", NEWS)
    assert (info["type"], info["creator"], info["attributes"]) == ("System", "administrator", {"lang": "en"})
    await admin.json("group", "set", NEWS, "--attribute", "topic.main=[1]", "--attribute", "lang=null")
    assert (await admin.json("group", "info", NEWS))["attributes"] == {"topic": {"main": [1]}}
    assert "JSON" in await admin.refused("group", "set", NEWS, "--attribute", "topic=text", code=2)
    assert "JSON object" in await admin.refused("group", "set", NEWS, "--attributes", "[1]", code=2)
    assert (await admin.json("system", "send", NEWS, "to all"))["seq"] == 1
    rows = await admin.json("system", "send-to", NEWS, "for you", "alice", "bob")
    assert [(row["user_id"], row["code"]) for row in rows] == [("alice", 0), ("bob", 0)]
    assert await admin.json("system", "writers", NEWS) == []
    async with admin.user("alice") as alice:
        await alice.send(NEWS, "thanks")
        assert [m.text for m in await alice.history(User(NEWS))] == ["for you", "thanks"]
    (row,) = await admin.json("system", "writers", NEWS)
    assert (row["user_id"], row["newest_seq"]) == ("alice", 2)
    assert await admin.json("system", "sender", "robot") == {"user_id": "robot", "system_sender": True}
    assert "NOT_PERMITTED" in await admin.refused("system", "sender", NEWS, "--off")
    assert "NO_SUCH_GROUP" in await admin.refused("system", "send", "@SYS#none", "x")
