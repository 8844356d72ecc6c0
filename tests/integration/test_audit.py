"""The audit log: who has changed what through which API, with its result, and what is never in it (ADR 0028)."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from rcim.actor.log_queries import AuditQuery
from rcim.base import clock
from rcim.base.limits import Limits
from rcim.base.terms import AppList
from rcim.dispatch.audit_reading import AuditReading
from rcim.dispatch.trusted_time import TrustedTime
from rcim.service import requests as r
from rcim.service.audit import about
from rcim.service.back_ends import Source
from rcim.store import audit_files
from rcim.store.audit_files import DAY_MS, UNKNOWN, AuditFiles, read_page
from rcim.store.log_answers import AuditRow
from tests.integration.test_groups import Crowd, refused, rooms
from tests.kit import TestServer
from tests.kit_http import back_end

__all__ = ["rooms"]
NOON = 1_764_244_800_000
"""2025-11-27 12:00 in UTC."""


async def test_changes_of_clients_are_in_it(rooms: TestServer) -> None:
    async with Crowd(rooms) as crowd:
        root, alice = await crowd("administrator", "alice")
        await root.create_group("Lobby", group_id="g", type_="Public")
        await alice.create_group("Own", group_id="own")
        await root.send("g", "a secret text")
        await root.mark_read("g", 1)
        await root.change_app_list(AppList.PROTECTED_USERS, ["alice"])
        assert await refused(root.dissolve("nothing")) == "NO_SUCH_GROUP"
        assert await refused(alice.flow()) == "ADMIN_REQUIRED"
        found = [entry async for entry in root.audit()]
        assert [(one.operation, one.code, json.loads(one.about)) for one in found] == [
            ("GROUP_CREATE", 0, {"group_id": "g", "type": "Public"}),
            ("ADMIN_LIST_CHANGE", 0, {"which": int(AppList.PROTECTED_USERS), "add": ["alice"]}),
            ("GROUP_DISSOLVE", 10010, {"group_id": "nothing"}),
        ]
        assert {(one.user_id, one.api, one.key_id) for one in found} == {("administrator", "client", "")}
        assert all(one.address.startswith("127.0.0.1:") for one in found)
        only = [one async for one in root.audit(operation="GROUP_CREATE", who="administrator", from_ms=1)]
        assert len(only) == 1 and [one async for one in root.audit(who="alice")] == []
        assert [one async for one in root.audit(to_ms=found[0].time_ms - 1)] == []
        assert await refused(_all(root.audit(from_ms=1 << 62))) == "BAD_PARAMETER"
        assert await refused(_all(alice.audit())) == "ADMIN_REQUIRED"
    folder = rooms.server.data.audit
    files = list(folder.iterdir())  # one a day: two, if midnight has just passed
    assert files and all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not [file for file in files if "a secret text" in file.read_text(encoding="utf-8")]


async def test_what_is_lost_is_counted_and_stops_nobody(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    server.server.data.audit.write_text("no folder", encoding="utf-8")
    async with server.client("administrator") as root:
        await root.create_group("Lobby", group_id="g")
        assert server.hubs[0].table.counters.audit_lost == 2, "the change, and its result"
        assert (await root.info("g")).name == "Lobby"
    await server.stop()


async def _all(found: Any) -> list[Any]:
    return [one async for one in found]


async def test_changes_of_back_ends_are_in_it(tmp_path: Path) -> None:
    async with back_end(tmp_path) as app, app.server.client("administrator") as root:
        await app.tencent("im_open_login_svc/account_import", {"UserID": "alice", "Nick": "private"})
        secret, key = await root.create_key("k", ["groups:write"])
        caller = await app.server.server.service.back_ends.key(secret, Source("native", "192.0.2.1", "req-1"))
        await app.server.server.service.call(caller, r.GroupCreate("g", "Public", "Named"))
        found = [entry async for entry in root.audit()]
        assert [(one.operation, one.api, one.key_id, one.code) for one in found] == [
            ("ADMIN_ACCOUNTS_IMPORT", "tencent", "", 0),
            ("ADMIN_KEY_CREATE", "client", "", 0),
            ("GROUP_CREATE", "native", key.key_id, 0),
        ]
        assert found[0].request_id and found[0].address == "127.0.0.1"
        assert (found[2].address, found[2].request_id) == ("192.0.2.1", "req-1")
        assert len([one async for one in root.audit(who=key.key_id)]) == 1
        text = "".join(file.read_text(encoding="utf-8") for file in app.server.server.data.audit.iterdir())
        assert "private" not in text and secret.partition(".")[2] not in text


def line(number: int, **more: Any) -> dict[str, Any]:
    return {"time_ms": NOON + number, "id": f"p-{number}", "user_id": "root", "operation": "X", "about": {}} | more


def query(**more: Any) -> AuditQuery:
    fields: dict[str, Any] = {"from_ms": 0, "to_ms": 0, "who": "", "operation": "", "cursor": "", "limit": 3}
    return AuditQuery(**fields | more)


def pages(folder: Path, **more: Any) -> list[list[AuditRow]]:
    found, cursor = [], ""
    while True:
        page = read_page(folder, query(cursor=cursor, **more))
        found.append(page.rows)
        cursor = page.next
        if not cursor:
            return found


def test_pages_go_on_over_days_and_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = AuditFiles(tmp_path / "audit")
    assert pages(tmp_path / "audit") == [[]], "before the first change"
    for number in range(20):
        at = NOON + (number >= 10) * DAY_MS
        files.append(line(number, time_ms=at + number), at)
        if number % 2:
            files.append({"time_ms": at, "id": f"p-{number}", "code": number}, at)
    files.close()
    files.append(line(99), NOON)
    assert files.lost == 0, "what comes after the end is nobody's"
    wanted = [(f"p-{number}", number if number % 2 else UNKNOWN) for number in range(20)]
    found = pages(tmp_path / "audit")
    assert [(row.id, row.code) for page in found for row in page] == wanted and max(map(len, found)) == 3
    monkeypatch.setattr(audit_files, "WINDOW", 300)
    monkeypatch.setattr(audit_files, "LOOKED_AHEAD", 200)
    found = pages(tmp_path / "audit", limit=100)
    assert [(row.id, row.code) for page in found for row in page] == wanted and len(found) > 4
    second_day = [f"p-{number}" for number in range(10, 20)]
    assert [row.id for page in pages(tmp_path / "audit", from_ms=NOON + DAY_MS) for row in page] == second_day


def test_a_result_is_found_beyond_midnight(tmp_path: Path) -> None:
    files = AuditFiles(tmp_path)
    files.append(line(1), NOON)
    files.append({"time_ms": NOON + DAY_MS, "id": "p-1", "code": 7}, NOON + DAY_MS)
    files.close()
    for more in ({}, {"to_ms": NOON + 1}):
        assert [(row.id, row.code) for page in pages(tmp_path, **more) for row in page] == [("p-1", 7)]


def test_a_line_cut_short_is_passed_over(tmp_path: Path) -> None:
    files = AuditFiles(tmp_path)
    files.append(line(1), NOON)
    (file,) = tmp_path.iterdir()
    damaged = b'{"half": \n[]\n{"time_ms":"never","id":1,"operation":2}\n{"time_ms":1,"id":"p-1","code":-1}\n'
    file.write_bytes(damaged + file.read_bytes() + b'{"time_ms":1,"id":"p-1","co')
    files.append(line(2, about={"users": ['{"time_ms":0']}), NOON)
    files.append({"time_ms": NOON, "id": "p-2", "code": 7}, NOON)
    files.close()
    (rows,) = pages(tmp_path)
    assert [(row.id, row.code) for row in rows] == [("p-1", UNKNOWN), ("p-2", 7)], "what stands behind it is read"


async def test_old_days_go_while_the_clock_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    files = AuditFiles(tmp_path)
    for day in range(6):
        files.append(line(day), NOON + day * DAY_MS)
    files.close()
    now = [NOON]
    monkeypatch.setattr(clock, "wall_ms", lambda: now[0])
    monkeypatch.setattr(clock, "elapsed_ms", lambda: 0)
    time = TrustedTime(NOON, Limits())
    for keep_days, now[0] in ((0, NOON), (2, NOON + 5 * DAY_MS), (2, NOON)):
        reading = AuditReading(tmp_path, keep_days, time, asyncio.get_running_loop())
        reading.start()
        reading.stop()
        assert len(os.listdir(tmp_path)) == 7, "nothing is old, or the clock has jumped ahead"
    now[0] = NOON + 5 * DAY_MS
    reading = AuditReading(tmp_path, 2, TrustedTime(0, Limits()), asyncio.get_running_loop())
    reading.start()
    reading.stop()
    names = ["2025-11-30.jsonl", "2025-12-01.jsonl", "2025-12-02.jsonl", "notes.txt"]
    assert sorted(os.listdir(tmp_path)) == names


def test_what_cannot_be_written_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "audit").write_text("no folder", encoding="utf-8")
    files = AuditFiles(tmp_path / "audit")
    files.append(line(1), NOON)
    assert files.lost == 1
    full = AuditFiles(tmp_path / "full")
    full.append(line(1), NOON)
    monkeypatch.setattr(audit_files, "DAY_BYTES_MAX", 0)
    full.append(line(2), NOON)
    full.append(line(3), NOON + DAY_MS)
    assert full.lost == 1, "the next day has a file of its own"
    full.append(line(4, about={"users": "x" * 20_000}), NOON + 2 * DAY_MS)
    full.close()
    assert [row.about for page in pages(tmp_path / "full") for row in page][-1] == '"too long for a line"'


def test_what_a_change_is_about_is_bounded_and_has_no_content() -> None:
    users = [f"user{number}" for number in range(30)]
    assert about("GROUP_KICK", r.GroupKick("g", users, "why")) == {
        "group_id": "g",
        "users": [*users[:20], "and 10 more"],
    }
    assert about("ADMIN_ACCOUNTS_IMPORT", r.AdminAccountsImport([r.Account("bob", "Bob")])) == {
        "accounts": [{"user_id": "bob"}]
    }
    assert about("PUSH_TOKEN_SET", r.PushTokenSet("device", "fcm", "token")) == {"device_id": "device"}
    assert about("ADMIN_KEY_CREATE", r.AdminKeyCreate("k", ["all"])) == {"name": "k", "scopes": ["all"]}
