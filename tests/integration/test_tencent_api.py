"""Tencent's API: who may call it, its envelope, and what a command leaves behind (AB-02)."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

from rcim_bench.compat.cases import all_cases

from rcim.adapters.tencent.table import BY_NAME, COMMANDS
from tests.kit_compat import lines_found, lines_of_page
from tests.kit_http import back_end

TEXT = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello"}}]


async def test_what_each_command_does(tmp_path: Path) -> None:
    cases = {one.command for one in all_cases() if one.vendor == "tencent"}
    assert cases <= set(BY_NAME)
    assert all(cases & set(row.names) for row in COMMANDS), "each command has a case"
    assert await lines_found("tencent", tmp_path) == lines_of_page("tencent-commands.md"), (
        "the page says what was found"
    )


async def test_a_group_and_a_message_in_it(tmp_path: Path) -> None:
    async with back_end(tmp_path) as app:
        assert (await app.tencent("im_open_login_svc/account_import", {"UserID": "alice"}))["ErrorCode"] == 0
        made = await app.tencent(
            "group_open_http_svc/create_group",
            {"Type": "Public", "GroupId": "lobby", "Name": "Lobby", "Owner_Account": "alice"},
        )
        assert made == {"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0, "GroupId": "lobby"}
        sent = await app.tencent(
            "group_open_http_svc/send_group_msg",
            {"GroupId": "lobby", "From_Account": "alice", "Random": 7, "MsgBody": TEXT},
        )
        assert sent["ErrorCode"] == 0 and sent["MsgSeq"] == 1
        async with app.server.client("alice") as alice:
            page = await alice.history("lobby")
            assert [(m.seq, m.sender, m.client_msg_id) for m in page] == [(1, "alice", "7")]


async def test_who_is_refused(tmp_path: Path) -> None:
    async with back_end(tmp_path) as app:
        command = "group_open_http_svc/destroy_group"
        for code, query in (
            (60012, {"sdkappid": ""}),
            (60006, {"sdkappid": 1}),
            (60010, {"identifier": "alice"}),
            (60004, {"identifier": "a\0b"}),
            (70002, {"usersig": ""}),
            (70003, {"usersig": "nonsense"}),
        ):
            said = await app.tencent(command, {"GroupId": "x"}, **query)
            assert (said["ActionStatus"], said["ErrorCode"]) == ("FAIL", code), query
        many = {f"field{n}": n for n in range(60)}
        assert (await app.tencent(command, {"GroupId": "x"}, **many))["ErrorCode"] == 60002
        async with app.session.get(f"{app.base}/v4/open_msg_svc/file?{urlencode(many)}") as response:
            assert (response.status, (await response.json())["ErrorCode"]) == (200, 60002)
        assert (await app.tencent("group_open_http_svc/nothing"))["ErrorCode"] == 60009
        assert (await app.tencent(command, b"{"))["ErrorCode"] == 60003
        assert (await app.tencent(command, b"[7]"))["ErrorCode"] == 60003
        twice = await app.tencent(command, b'{"UserID": "alice", "UserID": "bob"}')
        assert twice["ErrorCode"] == 60003 and "stands twice" in twice["ErrorInfo"]
        assert (await app.tencent(command, b"[]"))["ErrorCode"] == 10004, "as PHP writes an object without fields"
        assert (await app.tencent(command, {}))["ErrorCode"] == 10004
        assert (await app.tencent(command, {"GroupId": "x"}))["ErrorCode"] == 10010
