"""LeanCloud's hook of service conversations: what users write to a system conversation (SY-01, CB-04)."""

from __future__ import annotations

from pathlib import Path

from tests.kit import TestServer, until
from tests.kit_callbacks import Receiver, receiver

__all__ = ["receiver"]  # the fixture
SECTION = "receivers.hook"


async def test_what_users_write_comes_in_an_array(tmp_path: Path, receiver: Receiver) -> None:
    flags = (
        f"{SECTION}.profile=leancloud",
        f"{SECTION}.commands=web_hook",
        f"{SECTION}.urls=web_hook {receiver.url}",
        f"{SECTION}.allow_private=true",
        f"{SECTION}.timeout_ms=30000",
        f"{SECTION}.batch_max=10",
        f"{SECTION}.batch_wait_ms=1",
    )
    server = TestServer(tmp_path / "data", tls=False, flags=flags)
    await server.start()
    async with server.client("administrator") as admin, server.client("alice") as alice:
        news = await admin.create_system("News")
        await alice.join(news)
        await alice.send(await alice.create_group("Chess"), "not to the app")
        await alice.write_to_system(news, "what's new?")
        await admin.system_send(news, "a lot")
        sent = await alice.write_to_system(news, "thanks")
        await until(lambda: sum(len(rows) for _, rows in receiver.seen) == 2)
        rows = [row for _, rows in receiver.seen for row in rows]
        assert [row["data"] for row in rows] == [
            '{"_lctype":-1,"_lctext":"what\'s new?"}',
            '{"_lctype":-1,"_lctext":"thanks"}',
        ]
        assert rows[1]["msgId"] == f"{sent.message_id:x}" and rows[1]["from"] == "alice"
        assert rows[1]["conv"] == {"__type": "Pointer", "className": "_Conversation", "objectId": news}
    await server.stop()
