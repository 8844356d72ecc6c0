"""Messages go when they are too old, and clients see where history begins (ST-02, GT-22)."""

from __future__ import annotations

import time
from pathlib import Path

from rcim.base.terms import Priority, Role
from rcim.content.elements import Text, encode_body
from rcim.wire import frames as f
from tests.kit import TestServer, until

DAY_MS = 86_400_000


async def test_imported_messages_that_are_too_old_go(tmp_path: Path) -> None:
    server = TestServer(
        tmp_path / "data", tls=False, flags=("limits.trim_sweep_ms=100", "types.Public.roaming_days=5")
    )
    await server.start()
    now_ms = int(time.time() * 1000)
    async with server.client("administrator") as root, server.client("bob") as bob:

        async def bring(group: str, type_: str) -> None:
            created = now_ms - 30 * DAY_MS
            await root.import_group("Old", group_id=group, type_=type_, create_time_ms=created)
            await root.import_members(group, [f.ImportedMember("bob", Role.MEMBER, created, 0)])
            rows = [
                f.ImportedMessage(
                    "bob", now_ms - day * DAY_MS - 1000, Priority.NORMAL, f"d{day}", encode_body([Text("x")])
                )
                for day in range(20, -1, -1)
            ]
            await root.import_messages(group, rows)

        await bring("gone", "Public")
        await bring("stays", "ChatRoom")  # for seven days
        sweeps = server.server.dispatcher._retention.sweeps
        await until(lambda: server.server.dispatcher._retention.sweeps > sweeps + 1, "a sweep")
        assert (await root.history_page("gone", 1, 0, 100)).first_seq == 1, "nothing goes while it is imported"
        for group in ("gone", "stays"):
            await root.finish_import(group)
        await until(lambda: server.server.dispatcher._retention.trimmed == 16 + 14, "the old ones are gone")
        for group, first in (("gone", 17), ("stays", 15)):
            for client in (root, bob):
                page = await client.history_page(group, 1, 0, 100)
                assert page.first_seq == first
                assert [m.seq for m in page.messages] == list(range(first, 22))
        assert (await bob.send("gone", "and on")).seq == 22
        row = bob.conversation("gone")
        assert row is None or row.newest_seq >= 21
    await server.stop()
