"""`rcim-admin` against a running server: every verb of every noun, and what is refused.

The program runs in a thread of the test: a process for each of these commands would take half a second. test_commands.py
and the last test here run it as a process.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import typer
from rcim_tools.admin.program import app
from typer.testing import CliRunner

from rcim.app.files.datadir import DataDir
from rcim.app.processes.process import ServerProcess
from rcim.app.settings.all_settings import NO_RATES, Settings
from rcim.base.errors import RcimError
from rcim.client import BROADCASTS, Client, JoinStatus, NoticeEvent, User, client_context
from rcim.content import elements
from rcim.session.usersig import mint
from tests.e2e.test_commands import BIN, DEADLINE_S, run

PAGE = Path(__file__).parents[2] / "docs/reference/commands.md"
FLAGS = (
    "limits.drain_grace_ms=300",
    "app.user_fields=Level anyone app_admin",
    "limits.broadcasts_per_hour=2",
)


class Admin:
    """The operator at the data directory of a server."""

    def __init__(self, process: ServerProcess) -> None:
        self.process = process
        self.data = DataDir(process.data)

    async def __call__(self, *command: str, say: str | None = None) -> tuple[int, str, str]:
        """Run a command to its end: (exit status, standard output, standard error)."""
        words = ["--data", str(self.data.path), *command]
        found = await asyncio.to_thread(CliRunner().invoke, app, words, input=say)
        assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
        return found.exit_code, found.stdout, found.stderr

    async def json(self, *command: str, say: str | None = None) -> Any:
        """What a command says with `--json`, which has to be done without a fault."""
        code, out, error = await self("--json", *command, say=say)
        assert code == 0, error
        return json.loads(out)

    async def table(self, *command: str) -> str:
        """What a command shows to people."""
        code, out, error = await self(*command)
        assert code == 0, error
        return out

    async def refused(self, *command: str, code: int = 1, say: str | None = None) -> str:
        """Why a command is refused."""
        found, _, error = await self(*command, say=say)
        assert found == code, error
        return error

    def user(self, user_id: str) -> Client:
        """A client of an ordinary user."""
        tls = client_context(self.data.certificate)
        return Client("127.0.0.1", self.process.port, user_id=user_id, user_sig=self.token(user_id), tls=tls)

    def token(self, user_id: str) -> str:
        """The UserSig of an ordinary user."""
        return mint(Settings().app.sdkappid, self.data.key(), user_id, int(time.time()), 3600)


@pytest.fixture
async def admin(tmp_path: Path) -> AsyncIterator[Admin]:
    """An operator whose server runs."""
    process = ServerProcess(tmp_path / "rcim-data", (*NO_RATES, *FLAGS))
    await process.start()
    yield Admin(process)
    assert await process.stop() == 0


async def test_conversations(admin: Admin) -> None:  # GR-13, SY-02, C2-02
    for name, rank in (("one", 1), ("two", 2)):
        given = ("--attributes", f'{{"rank": {rank}}}')
        await admin.json("group", "create", name, "--id", name, "--type", "ChatRoom", "--owner", "olga", *given)
    query = ("conversation", "query", "--where")
    assert [row["group_id"] for row in await admin.json(*query, '{"rank":{"$gt":0}}', "--sort", "-rank")] == [
        "two",
        "one",
    ]
    (row,) = await admin.json(*query, '{"rank":2}', "--members")
    assert row["members"] == ["olga"] and row["attributes"] == {"rank": 2} and row["creator"] == "administrator"
    assert await admin.json(*query, '{"m":"olga"}', "--count") == {"count": 2}
    assert "Group ID" in await admin.table(*query, '{"rank":2}')
    assert (await admin.table(*query, '{"rank":2}', "--members")).count("Members") == 1
    assert "BAD_QUERY" in await admin.refused(*query, '{"rank":{"$near":1}}')
    create = ("conversation", "create", "Ours", "--owner", "olga", "--member", "ann")
    first = await admin.json(*create, "--unique")
    assert not first["existed"] and first["left_out"] == {}
    assert await admin.json(*create, "--unique") == {"group_id": first["group_id"], "existed": True, "left_out": {}}
    made = await admin.json(*create, "--temporary", "--ttl", "10m")
    info = await admin.json("group", "info", made["group_id"])
    assert info["ends_ms"] == info["create_time_ms"] + 600_000
    assert "BAD_PARAMETER" in await admin.refused(*create, "--temporary", "--ttl", "2d")
    assert "--temporary or --unique" in await admin.refused(*create, code=2)
    assert "--ttl" in await admin.refused(*create, "--unique", "--ttl", "1h", code=2)


async def test_types_and_groups(admin: Admin) -> None:  # GT-20, GR-01, GR-03, GR-06, GR-09
    assert [t["name"] for t in await admin.json("type", "list")][-2:] == ["Temporary", "UltraGroup"]
    policies = ("search=on", "notice=weak", "group_fields=Topic member admin", "member_cap=7")
    assert await admin.json("type", "set", "Shop", *policies, "--base", "Public") == {"name": "Shop", "set": True}
    shown = await admin.json("type", "show", "Shop")
    assert (shown["base"], shown["changed"], shown["groups"]) == ("Public", True, 0)
    assert shown["policies"]["search"] == "on" and shown["policies"]["kick"] == "admin"
    assert "10004 BAD_PARAMETER" in await admin.refused("type", "set", "Shop", "colour=red")
    assert "no group type Shed" in await admin.refused("type", "show", "Shed")

    create = ("group", "create", "Red shoes", "--id", "red", "--type", "Shop", "--owner", "olga", "--join", "closed")
    more = ("--introduction", "all red", "--notification", "sale", "--face-url", "http://f", "--max-members", "5")
    made = await admin.json(*create, *more, "--member", "ann", "--member", "ben", "--field", "Topic=shoes")
    assert made == {"group_id": "red"}
    info = await admin.json("group", "info", "red")
    wanted = {
        "type": "Shop",
        "name": "Red shoes",
        "introduction": "all red",
        "notification": "sale",
        "face_url": "http://f",
        "owner": "olga",
        "member_num": 3,
        "max_member_num": 5,
        "apply_join_option": "DISABLE_APPLY",
        "fields": {"Topic": "shoes"},
    }
    assert {name: info[name] for name in wanted} == wanted
    assert "10021 GROUP_ID_TAKEN" in await admin.refused(*create[:5])
    changes = ("--name", "Blue \x1b shoes", "--join", "approval", "--field", "Topic=\udcff", "--max-members", "6")
    assert "control characters" in await admin.refused("group", "set", "red", *changes)
    await admin.json("group", "set", "red", "--introduction", "in \x1b[31m red", *changes[2:])
    info = await admin.json("group", "info", "red")
    assert (info["apply_join_option"], info["max_member_num"]) == ("NEED_PERMISSION", 6)
    assert info["fields"] == {"Topic": "0xff"}, "what is not UTF-8 is shown as hex"
    text = await admin.table("group", "info", "red")
    assert "in ?[31m red" in text and "Topic=0xff" in text, "nothing steers the terminal"
    assert [g["group_id"] for g in await admin.json("group", "find", "red", "sho")] == ["red"]
    assert await admin.json("group", "find", "brown") == []
    await admin.json("group", "give", "red", "ann")
    assert "300021 NO_SUCH_MEMBER" in await admin.refused("group", "give", "red", "zoe")
    (row,) = await admin.json("group", "list")
    assert (row["owner"], row["name"], row["member_num"]) == ("ann", "Red shoes", 3)

    assert "10007 NOT_PERMITTED" in await admin.refused("type", "remove", "Shop"), "there is a group of it"
    assert await admin.json("group", "dissolve", "red") == {"group_id": "red", "dissolved": True}
    assert "10010 NO_SUCH_GROUP" in await admin.refused("group", "dissolve", "red")
    assert await admin.json("type", "remove", "Shop") == {"name": "Shop", "removed": True}


async def test_members(admin: Admin) -> None:  # GR-02, GR-04, GR-05, GR-11, SC-02, SC-03
    await admin.json("type", "set", "Public", "member_fields=Badge member admin")
    await admin.json("group", "create", "Team", "--id", "t", "--owner", "olga", "--join", "approval")
    invited = await admin.json("member", "invite", "t", "ann", "ben", "olga")
    assert [row["result"] for row in invited] == ["ADDED", "ADDED", "ALREADY"]
    await admin.json("member", "set", "t", "ann", "--role", "admin", "--card", "A", "--field", "Badge=gold")
    await admin.json("member", "set", "t", "ann", "--flag", "quiet")
    assert "300021 NO_SUCH_MEMBER" in await admin.refused("member", "set", "t", "zoe", "--card", "Z")
    (ann,) = await admin.json("member", "get", "t", "ann", "zoe")
    assert (ann["role"], ann["name_card"], ann["msg_flag"]) == ("ADMIN", "A", "ACCEPT_NOT_NOTIFY")
    assert ann["fields"] == {"Badge": "gold"}
    assert [m["user_id"] for m in await admin.json("member", "list", "t")] == ["ann", "ben", "olga"]
    assert [m["user_id"] for m in await admin.json("member", "list", "t", "--role", "owner")] == ["olga"]
    assert "Badge=gold" in await admin.table("member", "list", "t")

    await admin.json("member", "mute", "t", "ben", "carl", "--for", "2h")
    until = {m["user_id"]: m["until_ms"] for m in await admin.json("member", "muted", "t")}
    assert set(until) == {"ben", "carl"} and 7000_000 < until["ben"] - time.time() * 1000 <= 7200_000
    await admin.json("member", "unmute", "t", "ben")
    await admin.json("member", "mute", "t", "carl", "--for", "forever")
    table = await admin.table("member", "muted", "t")
    assert "carl" in table and "forever" in table and "ben" not in table
    assert "10007 NOT_PERMITTED" in await admin.refused("member", "mute", "t", "olga", "ann", "--for", "1s"), (
        "the owner is above"
    )
    await admin.json("member", "mute-all", "t", "--speaker", "ben")
    info = await admin.json("group", "info", "t")
    assert (info["mute_all"], info["speakers"]) == (True, ["ben"])
    assert (await admin.json("member", "mute-all", "t", "--off"))["mute_all"] is False

    assert await admin.json("member", "kick", "t", "ben", "--text", "bye") == {"group_id": "t", "kicked": ["ben"]}
    assert "300021 NO_SUCH_MEMBER" in await admin.refused("member", "kick", "t", "ben")
    blocked = await admin.json("member", "block", "t", "ben", "--for", "30d", "--text", "for long")
    assert blocked == {"group_id": "t", "blocked": ["ben"], "seconds": 30 * 86400}
    code, out, error = await admin("--json", "member", "invite", "t", "ben", "dora")
    assert code == 1 and [row["result"] for row in json.loads(out)] == ["FAILED", "ADDED"] and "1 of 2" in error
    assert [m["user_id"] for m in await admin.json("member", "blocked", "t")] == ["ben"]
    await admin.json("member", "unblock", "t", "ben")
    assert await admin.json("member", "blocked", "t") == []

    as_ann = ("--user", "ann", "--token", admin.token("ann"))  # an admin of the group, not of the app
    assert len(await admin.json(*as_ann, "member", "list", "t")) == 3
    await admin.json(*as_ann, "member", "mute", "t", "dora", "--for", "30s")
    assert "10007 NOT_PERMITTED" in await admin.refused(*as_ann, "member", "invite", "t", "ben")
    assert "60010 ADMIN_REQUIRED" in await admin.refused(*as_ann, "group", "list")

    for user_id in ("ben", "eve"):
        async with admin.user(user_id) as user:
            assert (await user.join("t", text=f"I am {user_id}")).status is JoinStatus.WAITING
    waiting = await admin.json("member", "applications", "t")
    assert [(a["user_id"], a["text"]) for a in waiting] == [("ben", "I am ben"), ("eve", "I am eve")]
    await admin.json("member", "approve", "t", "ben", "--text", "welcome")
    assert (await admin.json("member", "refuse", "t", "eve"))["approved"] is False
    assert "10024 ALREADY_HANDLED" in await admin.refused("member", "approve", "t", "eve")
    assert "10007 NOT_PERMITTED" in await admin.refused("member", "leave", "t"), "who is no member can't leave"
    await admin.json("member", "invite", "t", "administrator")
    assert await admin.json("member", "leave", "t") == {"group_id": "t", "left": True}
    assert [m["user_id"] for m in await admin.json("member", "list", "t")] == ["ann", "ben", "dora", "olga"]


async def test_messages(admin: Admin) -> None:  # MS-05, MS-06, RX-06
    await admin.json("group", "create", "Room", "--id", "r", "--type", "ChatRoom", "--member", "ann")
    assert (await admin.json("message", "send", "r", "one"))["seq"] == 1
    assert (await admin.json("message", "send", "r", "two\nlines", "--as", "ann", "--priority", "low"))["seq"] == 2
    async with admin.user("ann") as ann:
        for number in range(3, 106):
            await ann.send("r", [elements.Custom(b"\xff", "d", ""), elements.Text(f"number {number}")])
        events = ann.events()
        await admin.json("message", "notice", "r", "only ann", "--user", "ann")
        await admin.json("message", "notice", "r", "all")
        heard: list[str] = []
        async with asyncio.timeout(DEADLINE_S):
            while len(heard) < 2:
                event = await anext(events)
                if isinstance(event, NoticeEvent):
                    heard += [e.text for e in event.elements if isinstance(e, elements.Text)]
    assert heard == ["only ann", "all"]
    newest = await admin.json("message", "history", "r")
    assert [m["seq"] for m in newest] == list(range(86, 106))
    assert newest[-1]["text"] == "[Custom] number 105"
    assert newest[-1]["elements"][0] == {"element": "Custom", "data_hex": "ff", "description": "d", "extension": ""}
    assert [m["seq"] for m in await admin.json("message", "history", "r", "--to", "103", "--limit", "102")] == list(
        range(2, 104)
    ), "over two pages"
    assert len(await admin.json("message", "history", "r", "--limit", "1000")) == 105
    early = await admin.json("message", "history", "r", "--from", "1", "--to", "2")
    assert [(m["sender"], m["priority"], m["text"]) for m in early] == [
        ("administrator", "NORMAL", "one"),
        ("ann", "LOW", "two\nlines"),
    ]
    assert len(await admin.json("message", "history", "r", "--from", "3", "--limit", "101")) == 101
    assert "two" in await admin.table("message", "history", "r", "--to", "2")
    for verb in ("send", "notice"):
        assert "10010 NO_SUCH_GROUP" in await admin.refused("message", verb, "none", "x")
    assert "10010 NO_SUCH_GROUP" in await admin.refused("message", "history", "none")


async def test_messages_afterwards(admin: Admin) -> None:  # MS-10, MS-11, FC-08
    await admin.json(
        "group", "create", "Room", "--id", "r", "--type", "ChatRoom", "--member", "ann", "--member", "ben"
    )
    for text in ("one", "two", "three", "four"):
        await admin.json("message", "send", "r", text, "--as", "ann")
    assert (await admin.json("message", "recall", "r", "1"))["seq"] == 1
    assert (await admin.json("message", "edit", "r", "2", "zwei"))["changed_ms"] > 0
    assert (await admin.json("message", "delete", "r", "3"))["seq"] == 3
    assert await admin.json("message", "receipts", "r", "4") == [
        {"user_id": "administrator", "read": False},
        {"user_id": "ben", "read": False},
    ]
    history = await admin.json("message", "history", "r")
    assert [(m["state"], m["text"]) for m in history] == [
        ("RECALLED", "[recalled by administrator]"),
        ("EDITED", "zwei"),
        ("DELETED", "[deleted by administrator]"),
        ("AS_SENT", "four"),
    ]
    assert await admin.json("message", "erase", "r", "ann") == {"conversation": "r", "user_id": "ann", "erased": True}
    assert {m["state"] for m in await admin.json("message", "history", "r")} == {"DELETED"}
    assert "10030 NO_SUCH_MESSAGE" in await admin.refused("message", "recall", "r", "9")
    flow = {row["priority"]: row for row in await admin.json("flow", "r")}
    assert flow["NORMAL"]["offered"] == flow["NORMAL"]["passed"] == 4 + 3, (
        "what goes to all counts like a message (FC-02)"
    )
    assert flow["HIGH"]["passed"] == 1, "of all messages of one, once"
    assert {row["name"] for row in await admin.json("flow")} == {"ChatRoom"}


async def test_lists(admin: Admin, tmp_path: Path) -> None:  # SC-05, FC-07
    words = tmp_path / "words"
    words.write_text("".join(f"word{i}\n" for i in range(600)), encoding="utf-8")
    assert await admin.json("list", "add", "refused-words", "evil", "--file", str(words)) == {
        "list": "refused-words",
        "added": 601,
    }
    assert len(await admin.json("list", "show", "refused-words")) == 601
    await admin.json("group", "create", "Room", "--id", "r", "--type", "ChatRoom")
    assert "80001 DIRTY_WORD" in await admin.refused("message", "send", "r", "evil")
    assert await admin.json("list", "remove", "refused-words", "--file", str(words)) == {
        "list": "refused-words",
        "removed": 600,
    }
    assert await admin.json("list", "show", "refused-words") == [{"entry": "evil"}]
    assert "has to be one of" in await admin.refused("list", "show", "words", code=2)
    assert "there is nothing" in await admin.refused("list", "add", "low-types", code=2)
    assert "No such file" in await admin.refused("list", "add", "low-types", "--file", "none", code=2)


async def test_callback_echo(tmp_path: Path) -> None:  # CB-01, CB-03
    command = [str(BIN / "rcim-admin"), "callback-echo", "--answer", "replace", "--count", "2"]
    pipe = asyncio.subprocess.PIPE
    echo = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    assert echo.stderr is not None
    url = (await echo.stderr.readline()).decode().strip()
    both = "Group.CallbackBeforeSendMsg,Group.CallbackAfterSendMsg"
    flags = (url, f"callbacks.commands={both}", "callbacks.allow_private=true")
    process = ServerProcess(tmp_path / "rcim-data", (*NO_RATES, *FLAGS, *flags))
    await process.start()
    admin = Admin(process)
    await admin.json("group", "create", "Room", "--id", "r", "--type", "ChatRoom")
    assert (await admin.json("message", "send", "r", "one"))["seq"] == 1
    out, _ = await echo.communicate()
    before, after = map(json.loads, out.splitlines())
    assert before["body"]["MsgBody"][0]["MsgContent"] == {"Text": "one"} and "event" not in before
    assert after["body"]["MsgBody"][0]["MsgContent"] == {"Text": "replaced by callback-echo"}
    assert after["event"].endswith("-Group.CallbackAfterSendMsg")  # CB-04
    assert [m["text"] for m in await admin.json("message", "history", "r")] == ["replaced by callback-echo"]
    assert (await admin.json("message", "send", "r", "two"))["seq"] == 2, "nobody answers any more"
    await process.stop()
    code, _, error = await admin("callback-echo", "--answer", "maybe")
    assert code == 2 and "has to be one of allow, refuse, drop, replace" in error


async def test_users(admin: Admin) -> None:  # ID-09, AB-05, GR-10, SC-04
    await admin.json("group", "create", "A", "--id", "a", "--member", "ann")
    await admin.json("group", "create", "B", "--id", "b", "--type", "ChatRoom")
    lines = '{"user_id": "ann", "nickname": "Ann"}\n\n{"user_id": "ben", "face_url": "http://b"}\n'
    assert [row["result"] for row in await admin.json("user", "import", "-", say=lines)] == ["ADDED", "ADDED"]
    assert "standard input:3: user id: must be 1 to 64 characters" in await admin.refused(
        "user", "import", "-", say=lines.replace("ben", ""), code=2
    )
    many = text_of([{"user_id": f"many{n}", "nickname": "n" * 100} for n in range(250)])
    assert len(await admin.json("user", "import", "-", say=many)) == 250, "more than one batch"
    changes = ("--nickname", "Anna", "--gender", "female", "--signature", "hi", "--face-url", "http://a")
    await admin.json("user", "set", "ann", *changes, "--field", "Level=7")
    assert "10004 BAD_PARAMETER" in await admin.refused("user", "set", "ann", "--field", "Height=7")
    assert await admin.json("user", "show", "ann") == {
        "user_id": "ann",
        "imported": True,
        "online": False,
        "system_sender": False,
        "groups": 1,
        "valid_from_ms": 0,
        "nickname": "Anna",
        "face_url": "http://a",
        "gender": "FEMALE",
        "signature": "hi",
        "fields": {"Level": "7"},
    }
    assert await admin.json("user", "sync", "ann", "b") == [
        {"group_id": "a", "joined": False, "error": ""},
        {"group_id": "b", "joined": True, "error": ""},
    ]
    (row,) = await admin.json("user", "groups", "ann")
    assert (row["group_id"], row["role"]) == ("b", "MEMBER")
    code, out, error = await admin("--json", "user", "sync", "ann", "b", "none")
    assert code == 1 and json.loads(out)[0]["error"] == "10010 NO_SUCH_GROUP" and "1 of 1" in error
    assert len(await admin.json("user", "sync", "ann", "--none")) == 1

    await admin.json("user", "mute", "ann", "ben", "--for", "10m")
    await admin.json("user", "unmute", "ann")
    assert [row["user_id"] for row in await admin.json("user", "muted")] == ["ben"]
    await admin.json("user", "mute", "ann", "--for", "10m", "--where", "one-to-one")
    assert [row["user_id"] for row in await admin.json("user", "muted", "--where", "one-to-one")] == ["ann"]
    await admin.json("user", "unmute", "ann", "--where", "one-to-one")
    assert await admin.json("user", "muted", "--where", "one-to-one") == []
    assert "10004 BAD_PARAMETER" in await admin.refused("user", "mute", "u" * 65, "--for", "10m")

    ann = admin.user("ann")
    assert (await admin.json("user", "invalidate", "ann"))["valid_from_ms"] > 0
    with pytest.raises(RcimError, match="USERSIG_INVALIDATED"):
        await ann.connect()
    await ann.close()
    deleted = await admin.json("user", "delete", "ben", "nobody")
    assert deleted == [{"user_id": "ben", "result": "DELETED"}, {"user_id": "nobody", "result": "ABSENT"}]
    rows = await admin.json("user", "profiles", "ann", "nobody")  # AB-05
    assert [(row["user_id"], row["known"]) for row in rows] == [("ann", True), ("nobody", False)]
    assert (await admin.json("user", "show", "ben"))["imported"] is False
    assert "10004 BAD_PARAMETER" in await admin.refused("user", "delete", "administrator"), "oneself"


LONG_AGO_MS = int(time.time() * 1000) - 3_600_000
"""An hour: what is older than a group keeps is read by no member (GT-22)."""
GROUP = {
    "name": "Old",
    "group_id": "old",
    "owner": "olga",
    "create_time_ms": LONG_AGO_MS + 1000,
    "apply_join_option": "FREE_ACCESS",
}


def old_group(members: int, messages: int) -> list[dict[str, Any]]:
    """The lines of a group with an owner, so many other members, and so many messages of 1000 bytes."""
    lines: list[dict[str, Any]] = [{"group": GROUP}]
    lines += [
        {"member": {"user_id": f"u{n:04}", "join_time_ms": LONG_AGO_MS + 2000 + n, "unread": n}}
        for n in range(members)
    ]
    lines[1]["member"]["role"] = "ADMIN"
    parts = [{"element": "Custom", "data_hex": "00ff"}, {"element": "Bytes", "type_name": "t", "data": "é"}]
    for n in range(messages):
        message = {
            "sender": "u0000",
            "time_ms": LONG_AGO_MS + 5000 + n,
            "text": f"{n} {'x' * 1000}",
            "priority": "LOW",
        }
        lines.append({"message": message})
    del lines[-1]["message"]["text"]
    lines[-1]["message"] |= {"elements": parts, "client_msg_id": "last"}
    return lines


def text_of(lines: list[dict[str, Any]]) -> str:
    """JSON lines."""
    return "".join(f"{json.dumps(line)}\n" for line in lines)


async def test_a_group_is_imported(admin: Admin, tmp_path: Path) -> None:  # GR-08
    lines = old_group(members=310, messages=130)  # more than one batch of each, by number and by bytes
    file = tmp_path / "old.jsonl"
    file.write_text(text_of(lines), encoding="utf-8")
    assert await admin.json("group", "import", str(file)) == {"group_id": "old", "members": 310, "messages": 130}
    info = await admin.json("group", "info", "old")
    assert (info["member_num"], info["next_msg_seq"], info["create_time_ms"]) == (311, 131, LONG_AGO_MS + 1000)
    (admins,) = await admin.json("member", "list", "old", "--role", "admin")
    assert (admins["user_id"], admins["join_time_ms"]) == ("u0000", LONG_AGO_MS + 2000)
    (last,) = await admin.json("message", "history", "old", "--limit", "1")
    assert (last["client_msg_id"], last["time_ms"], last["priority"]) == ("last", LONG_AGO_MS + 5129, "LOW")
    assert [e["element"] for e in last["elements"]] == ["Custom", "Bytes"] and last["elements"][1]["data"] == "é"
    (row,) = await admin.json("user", "groups", "u0005")
    assert row["unread"] == 5
    assert "line 1: " in (error := await admin.refused("group", "import", str(file)))
    assert "10025 GROUP_ID_TAKEN_BY_YOU" in error

    lines[0] = {"group": {**GROUP, "group_id": "other"}}
    lines[400]["message"]["time_ms"] = 1
    error = await admin.refused("group", "import", "-", say=text_of(lines))
    assert "10004 BAD_PARAMETER: line 401: " in error and "the group other stays closed" in error
    await admin.json("group", "dissolve", "other")
    assert [g["group_id"] for g in await admin.json("group", "list")] == ["old"]


GOOD = text_of(old_group(members=2, messages=2))
BAD_FILES = {
    "": ": there is nothing in it",
    GOOD.replace('"name"', '"nam"'): ":1: Object contains unknown field `nam` - at `$.group`",
    GOOD.replace(f"{LONG_AGO_MS + 5000}", "-5"): ":4: Expected `int` >= 0 - at `$.message.time_ms`",
    GOOD.replace("ADMIN", "OWNER"): ":2: Invalid enum value 'OWNER' - at `$.member.role`",
    GOOD.replace("u0001", "u" * 65): ":3: user id: must be 1 to 64 characters",
    GOOD.replace("00ff", "0"): ":5: data_hex: ",
    GOOD.replace('"elements"', '"text": "x", "elements"'): ":5: a message has either text or elements",
    GOOD + GOOD: ":6: there is a group already",
    GOOD + "{}\n": ":6: has to hold one of group, member, message",
    GOOD + "{": ":6: Input data was truncated",
    GOOD[GOOD.index("\n") + 1 :]: ":1: the first line has to be the group",
}


async def test_a_byte_order_mark_is_passed_over(admin: Admin) -> None:
    assert (await admin.json("user", "import", "-", say='\ufeff{"user_id": "marked"}\n'))[0]["user_id"] == "marked"


@pytest.mark.parametrize(("text", "wrong"), BAD_FILES.items(), ids=BAD_FILES.values())
async def test_a_file_is_checked_before_anything_is_sent(tmp_path: Path, text: str, wrong: str) -> None:
    nobody = Admin(ServerProcess(tmp_path / "nowhere"))
    assert f"standard input{wrong}" in await nobody.refused("group", "import", "-", say=text, code=2)


USAGE = {
    "group import nowhere.jsonl": "nowhere.jsonl: No such file",
    "group create x --join often": "--join often: has to be one of free, approval, closed",
    "group create x --field Level": "--field Level: has to be like KEY=VALUE",
    "group set g": "nothing to change is given",
    "group set g --field a=1 --field a=2": "a is there twice",
    "member mute g ann": "Missing option '--for'",
    "member mute g ann --for 0s": "--for 0s: has to be like 30s, 10m, 2h, 30d",
    "member block g ann --for 49711d": "--for 49711d: has to be like",
    "user mute ann --for ever": "--for ever: has to be like",
    "member set g ann --role king": "--role king: has to be one of member, admin, owner",
    "member set g ann --flag loud": "--flag loud: has to be one of notify, quiet, discard",
    "member list g --role king": "--role king",
    "member mute-all g --off --speaker ann": "no speakers when it ends",
    "message send g x --priority urgent": "--priority urgent",
    "user set ann --gender other": "--gender other",
    "user sync ann": "give the groups, or --none",
    "user sync ann g --none": "give the groups, or --none",
    "type set Public": "nothing to change is given",
    "type set Public search": "policy search: has to be like KEY=VALUE",
    "--server h:99999 --token t stats": "--server h:99999: has to be HOST:PORT",
    "stats": "Is this the data directory of a server?",
}


async def test_broadcasts_and_tags(admin: Admin) -> None:  # SY-03, SY-04
    assert await admin.json("tags", "declare", "0", "city") == {"number": 0, "name": "city"}
    assert await admin.json("tags", "names") == [{"number": 0, "name": "city"}]
    added = await admin.json("tags", "add", "ann", "ben", "--tag", "beta", "--tag", "de")
    assert added == [{"user_id": "ann", "result": "CHANGED"}, {"user_id": "ben", "result": "CHANGED"}]
    await admin.json("tags", "remove", "ben", "--tag", "de")
    await admin.json("tags", "attributes", "ann", "--set", "city=Basel")
    assert "NAME=VALUE" in await admin.refused("tags", "attributes", "ann", "--set", "Basel", code=2)
    assert "--set or --remove" in await admin.refused("tags", "attributes", "ann", code=2)
    assert await admin.json("tags", "show", "ann", "ben") == [
        {"user_id": "ann", "tags": ["beta", "de"], "attributes": ["city=Basel"]},
        {"user_id": "ben", "tags": ["beta"], "attributes": []},
    ]
    sent = await admin.json("broadcast", "send", "hello", "--sender", "news", "--for", "2h", "--tag", "de")
    assert (sent["seq"], sent["remaining"]) == (1, 29)
    await admin.json("broadcast", "send", "now", "--for", "0", "--all-attributes", "city=Basel")
    assert re.search(r"BROADCAST_LIMIT.*\(try again in 3\d\d\d s\)", await admin.refused("broadcast", "send", "more"))
    listed = await admin.json("broadcast", "list")
    assert [(one["seq"], one["sender"], one["target"]) for one in listed] == [
        (2, "administrator", "all: city=Basel"),
        (1, "news", "any tag: de"),
    ]
    async with admin.user("ann") as ann:
        assert [m.text for m in await ann.history(BROADCASTS)] == ["hello", "now"]
    assert (await admin.json("broadcast", "recall", "1"))["seq"] == 1
    assert "recalled" in (await admin.table("broadcast", "list")).lower()
    assert "NO_SUCH_MESSAGE" in await admin.refused("broadcast", "recall", "7")
    await admin.json("tags", "clear", "ann", "ben")
    assert (await admin.json("tags", "show", "ben"))[0]["tags"] == []


@pytest.mark.parametrize("command", USAGE)
async def test_wrong_usage_ends_before_a_server_is_asked(tmp_path: Path, command: str) -> None:
    nobody = Admin(ServerProcess(tmp_path / "nowhere"))
    assert USAGE[command] in await nobody.refused(*command.split(), code=2)


def test_every_verb_is_on_the_page() -> None:
    nouns: Any = typer.main.get_command(app)
    page = PAGE.read_text(encoding="utf-8")
    for noun in nouns.list_commands(None):
        group = nouns.get_command(None, noun)
        for verb, command in getattr(group, "commands", {"": group}).items():
            assert f"`{noun} {verb}".rstrip() in page, f"{noun} {verb}"
            assert command.help, f"{noun} {verb}"


async def test_as_processes(admin: Admin) -> None:
    cwd = admin.data.path.parent
    code, out, error = await run("rcim-admin", "--json", "group", "import", "-", cwd=cwd, say=GOOD)
    assert code == 0 and json.loads(out) == {"group_id": "old", "members": 2, "messages": 2}, error
    code, out, _ = await run("rcim-admin", "member", "list", "old", cwd=cwd)
    assert code == 0 and "olga" in out and "OWNER" in out
    code, out, error = await run("rcim-admin", "member", "kick", "old", "olga", cwd=cwd)
    assert code == 1 and out == "" and error.startswith("rcim-admin: 10007 NOT_PERMITTED"), "nobody kicks an owner"


async def test_who_is_asked_first(admin: Admin) -> None:  # GT-07
    assert await admin.json("user", "consent", "bob") == {"user_id": "bob", "consent": "AS_APP"}
    for flag, said in (("--ask", "ASK"), ("--add", "ADD"), ("--as-app", "AS_APP")):
        assert (await admin.json("user", "consent", "bob", flag))["consent"] == said


async def test_one_to_one(admin: Admin) -> None:  # C2-01, SC-07
    key = "c:5:alice:bob"
    sent = await admin.json("message", "--c2c", "send", key, "hello", "--as", "alice")
    assert sent["seq"] == 1
    assert [m["sender"] for m in await admin.json("message", "--c2c", "history", key)] == ["alice"]
    assert (await admin.json("message", "--c2c", "edit", key, "1", "hi"))["seq"] == 1
    assert "hi" in await admin.table("message", "--c2c", "history", key)
    assert await admin.json("message", "--c2c", "receipts", key, "1") == [{"user_id": "bob", "read": False}]
    await admin.json("message", "--c2c", "recall", key, "1")
    await admin.json("user", "list-add", "bob", "black", "alice", "carol")
    assert await admin.json("user", "listed", "bob", "black") == [{"user_id": "alice"}, {"user_id": "carol"}]
    async with admin.user("alice") as alice:
        with pytest.raises(RcimError) as error:
            await alice.send(User("bob"), "me again", client_msg_id="c1")
        assert error.value.code.name == "BLACKLISTED"
    traced = await admin.json("message", "--c2c", "trace", key, "alice", "c1")
    assert (traced["stage"], traced["code"]) == ("right to send", 20007)
    assert await admin.json("message", "trace", key, "alice", "c1") == traced, "the id as the log has it"
    await admin.json("user", "list-remove", "bob", "black", "alice")
    assert await admin.json("user", "listed", "bob", "black") == [{"user_id": "carol"}]
    assert await admin.json("user", "listed", "bob", "white") == []
    assert "LIST" in await admin.refused("user", "listed", "bob", "grey", code=2)
    assert "NOT_PERMITTED" in await admin.refused("message", "--c2c", "send", key, "as nobody of them")


async def test_a_group_that_is_called_like_a_conversation_is_a_group(admin: Admin) -> None:  # GT-25, C2-01
    key = "c:4:anna:bert"
    await admin.json("message", "--c2c", "send", key, "between us", "--as", "anna")
    await admin.json("group", "create", "Trap", "--id", key, "--type", "ChatRoom")
    assert await admin.json("message", "history", key) == []
    await admin.json("message", "send", key, "to the room")
    for flags, said in (([], "to the room"), (["--c2c"], "between us")):
        (message,) = await admin.json("message", *flags, "history", key)
        assert message["text"] == said
    async with admin.user("anna") as anna:
        await anna.join(key)
        await anna.send(key, "hello", client_msg_id="c1")
    for whole in (key, f"g:{key}"):
        assert (await admin.json("message", "trace", whole, "anna", "c1"))["stage"] == "delivered"
    assert "--c2c lobby" in await admin.refused("message", "--c2c", "history", "lobby", code=2)
