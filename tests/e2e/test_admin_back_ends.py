"""`rcim-admin` for back ends and persons: keys and unread counts, as an operator calls them (ID-08, AB-07)."""

from __future__ import annotations

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
