"""A mistake in one entry of a vendor's request keeps all of its entries from being done (AB-02)."""

from __future__ import annotations

from pathlib import Path

from tests.kit_http import back_end, rong_flags

LONG = "y" * 300


async def test_labels_of_tencent(tmp_path: Path) -> None:
    async with back_end(tmp_path / "data") as app:
        await app.tencent("all_member_push/im_set_attr_name", {"AttrNames": {"0": "sex"}})
        alice = {"To_Account": "alice", "Tags": ["one"]}
        for other in ({"To_Account": "bob", "Tags": [LONG]}, {"To_Account": LONG, "Tags": ["one"]}):
            found = await app.tencent("all_member_push/im_add_tag", {"UserTags": [alice, other]})
            assert found["ErrorCode"] == 90001, found
        found = await app.tencent("all_member_push/im_get_tag", {"To_Account": ["alice"]})
        assert found["UserTags"] == [{"To_Account": "alice", "Tags": []}]

        alice = {"To_Account": "alice", "Attrs": {"sex": "f"}}
        for attrs in ({"height": "180"}, {"sex": LONG}):
            rows = [alice, {"To_Account": "bob", "Attrs": attrs}]
            found = await app.tencent("all_member_push/im_set_attr", {"UserAttrs": rows})
            assert found["ErrorCode"] == 90001, found
        found = await app.tencent("all_member_push/im_get_attr", {"To_Account": ["alice"]})
        assert found["UserAttrs"] == [{"To_Account": "alice", "Attrs": {}}]


async def test_users_of_rongcloud(tmp_path: Path) -> None:
    async with back_end(tmp_path / "data", *rong_flags(tmp_path)) as app:
        users = [f"u{number}" for number in range(150)]
        wrong = [*users, "with a\nline"]
        assert (await app.rong("/user/tag/batch/set", {"userIds": wrong, "tags": ["vip"]}))["code"] == 1002
        found = await app.rong_ok("/user/tags/get", userIds=["u0", "u149"])
        assert found["result"] == {"u0": [], "u149": []}
