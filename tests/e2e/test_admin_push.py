"""`rcim-admin push`, as an operator calls it (PU-01, PU-03)."""

from __future__ import annotations

from tests.e2e.test_admin_groups import Admin, admin

__all__ = ["admin"]  # the fixture


async def test_push_of_a_server_without_providers(admin: Admin) -> None:
    assert await admin.json("push", "devices", "bob") == []
    assert await admin.json("push", "remove", "bob", "--device", "phone") == []
    assert "NO_PUSH_PROVIDER" in await admin.refused("push", "test", "bob")
    set_ = ("push", "set", "bob", "--device", "phone", "--provider", "ios")
    assert "has to be the token" in await admin.refused(*set_, code=2, say="")
