"""Tencent's API: accounts, presence, profiles, lists, mutes, pushes to all, the message log (AB-02), with the state read
back by another way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rcim.base.terms import MuteScope, UserList
from tests.kit_http import BackEnd, back_end

TEXT = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello"}}]
FIELDS = ("app.user_fields=Level anyone app_admin, BirthDay anyone app_admin",)


async def ok(app: BackEnd, command: str, body: Any = None) -> dict[str, Any]:
    """The answer to a command that has to succeed."""
    said = await app.tencent(command, body)
    assert said["ErrorCode"] == 0 and said.get("ActionStatus", "OK") == "OK", (command, said)
    return said


async def code(app: BackEnd, command: str, body: Any = None) -> int:
    """The code with which a command is refused."""
    said = await app.tencent(command, body)
    found: int = said["ErrorCode"]
    assert found and said["ErrorInfo"], (command, said)
    return found


async def people(app: BackEnd, *users: str) -> None:
    await ok(app, "im_open_login_svc/multiaccount_import", {"AccountList": [{"UserID": user} for user in users]})


async def test_accounts(tmp_path: Path) -> None:  # ID-09, AB-02
    svc = "im_open_login_svc"
    async with back_end(tmp_path) as app:
        await ok(app, f"{svc}/account_import", {"Identifier": "alice", "Nick": "Al", "FaceUrl": "https://f/a"})
        assert (await ok(app, f"{svc}/multiaccount_import", {"Accounts": ["bob", "carol"]}))["FailAccounts"] == []
        await ok(app, f"{svc}/multiaccount_import", {"AccountList": [{"UserID": "dora", "Nick": "Do"}]})
        async with app.server.client("administrator") as root:
            assert (await root.profile("alice")).nickname == "Al"
            assert (await root.profile("dora")).nickname == "Do"
        said = await ok(app, f"{svc}/account_check", {"CheckItem": [{"UserID": "bob"}, {"UserID": "nobody"}]})
        assert [(row["UserID"], row["AccountStatus"]) for row in said["ResultItem"]] == [
            ("bob", "Imported"),
            ("nobody", "NotImported"),
        ]
        said = await ok(app, f"{svc}/account_delete", {"DeleteItem": [{"UserID": "bob"}, {"UserID": "nobody"}]})
        assert [row["ResultCode"] for row in said["ResultItem"]] == [0, 70107]
        said = await ok(app, f"{svc}/account_check", {"CheckItem": [{"UserID": "bob"}]})
        assert said["ResultItem"][0]["AccountStatus"] == "NotImported"
        async with app.server.client("carol") as carol:
            await ok(app, f"{svc}/kick", {"UserID": "carol"})
            assert (await carol.closed()).code.name == "LOGGED_OUT"
        for wrong, body, expected in (
            ("account_import", {}, 70402),
            ("account_import", {"UserID": 7}, 60015),
            ("account_import", {"UserID": "x" * 200}, 70402),
            ("multiaccount_import", {"AccountList": [{"UserID": "new"}, {"UserID": ""}]}, 70402),
            ("multiaccount_import", {"Accounts": [f"u{n}" for n in range(101)]}, 70402),
            ("account_delete", {"DeleteItem": []}, 70402),
            ("account_delete", {"DeleteItem": [{"UserID": "dora"}, {"UserID": "administrator"}]}, 70402),
            ("account_check", {"CheckItem": "dora"}, 70402),
            ("kick", {"UserID": "nobody"}, 70107),
        ):
            assert await code(app, f"{svc}/{wrong}", body) == expected, (wrong, body)
        said = await ok(app, f"{svc}/account_check", {"CheckItem": [{"UserID": "new"}, {"UserID": "dora"}]})
        assert [row["AccountStatus"] for row in said["ResultItem"]] == ["NotImported", "Imported"], "nothing half done"
