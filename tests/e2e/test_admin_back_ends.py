"""`rcim-admin` for back ends and persons, as an operator calls it: keys, the audit log, unread counts, settings of
members, export and erasure (ID-08, AB-06, AB-07, AB-08)."""

from __future__ import annotations

import json

from tests.e2e.test_admin_groups import Admin, admin

__all__ = ["admin"]  # the fixture


async def test_back_ends_and_persons(admin: Admin) -> None:
    code, out, error = await admin("key", "create", "billing", "--scope", "users:read", "--rate", "5")
    assert code == 0 and len(out.split()) == 1, "the secret alone"
    secret, key_id = out.strip(), out.partition(".")[0]
    assert key_id in error and secret not in error
    (row,) = await admin.json("key", "list")
    assert (row["key_id"], row["name"], row["scopes"], row["per_s"]) == (key_id, "billing", ["users:read"], 5)
    assert key_id in await admin.table("key", "list")
    made = await admin.json("key", "create", "short", "--scope", "all", "--expires-days", "1")
    assert made["secret"].startswith(made["key_id"]) and made["expires_ms"] - made["created_ms"] > 86_000_000
    assert "BAD_PARAMETER" in await admin.refused("key", "create", "x", "--scope", "everything")
    await admin.refused("key", "create", "x", code=2)
    assert await admin.json("key", "revoke", key_id) == {"key_id": key_id, "revoked": True}
    assert "NO_SUCH_KEY" in await admin.refused("key", "revoke", key_id)
    (made_first, *_, revoked, failed) = await admin.json("audit", "list", "--last", "1h")
    assert (made_first["operation"], made_first["result"]) == ("ADMIN_KEY_CREATE", "done")
    assert (revoked["operation"], revoked["about"]) == ("ADMIN_KEY_REVOKE", f'{{"key_id":"{key_id}"}}')
    assert failed["result"] == "300142 NO_SUCH_KEY"
    assert "ADMIN_KEY_REVOKE" in await admin.table("audit", "list", "--operation", "ADMIN_KEY_REVOKE")
    assert await admin.json("user", "unread", "bob") == [{"conversation": "total", "unread": 0}]
    await admin.json("group", "create", "Lobby", "--id", "lobby", "--member", "ann")
    set_ = ("member", "setting", "g:lobby", "ann", "--flag", "quiet", "--card", "Ann")
    assert await admin.json(*set_) == [{"user_id": "ann", "result": "SET"}]
    (row,) = await admin.json("member", "settings", "g:lobby", "ann")
    assert (row["msg_flag"], row["name_card"], row["code"]) == ("ACCEPT_NOT_NOTIFY", "Ann", "")
    assert "1 of 1 failed" in await admin.refused("member", "setting", "g:lobby", "zoe", "--read", "1")
    async with admin.user("ann") as ann:
        await ann.set_profile(nickname="Ann")
        await ann.send("lobby", "hello")
    code, out, _ = await admin("user", "export", "ann")
    kinds = [json.loads(line)["kind"] for line in out.splitlines()]
    assert code == 0 and kinds == ["profile", "membership", "message"]
    assert "--yes" in await admin.refused("user", "erase", "ann", code=2)
    assert await admin.json("user", "erase", "ann", "--yes") == {"user_id": "ann", "messages": 1}
    assert (await admin("user", "export", "ann"))[1].count("hello") == 0
