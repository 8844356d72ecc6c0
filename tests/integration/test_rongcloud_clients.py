"""RongCloud's two official clients, unmodified, call every method that they have; what that has changed is read back over
frames (AB-02). The unit tests that come with one of them run too."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from rcim.base.terms import AppList, MessageState, MsgFlag, UserList
from rcim.client import BROADCASTS, Client, Message, User
from rcim.content import elements as el
from tests import kit_rongcloud as clients
from tests.kit import until
from tests.kit_callbacks import Receiver, receiver
from tests.kit_http import ADMINISTRATOR, BackEnd, back_end, rong_flags

__all__ = ["receiver"]  # the fixture

UNKNOWN_UID = {"test_private_recall", "test_group_recall", "test_chatroom_recall"}
"""Unit tests that recall a messageUID which no message has: they pass where nobody looks whether there is one."""
TEST_KEYS = ("8luwapkvucoil", "y0icysjl4h3LWz")
"""Key and secret that these tests have."""
METHODS = {"python": 85, "node": 83}


@asynccontextmanager
async def app(folder: Path, receiver: Receiver, *keys: str) -> AsyncIterator[BackEnd]:
    """A back end whose server has a message log, and a service that brings pushes."""
    secret = folder / "secret"
    secret.write_text("whsec_" + base64.b64encode(b"0" * 24).decode(), encoding="utf-8")
    own = "push_providers.own"
    flags = (f"{own}.provider=webhook", f"{own}.url={receiver.url}", f"{own}.secret_file={secret}")
    flags += (f"{own}.allow_private=true", "message_log.enabled=true")
    async with back_end(folder / "data", *rong_flags(folder, *keys), *flags) as found:
        async with found.server.client("ann") as ann:
            await ann.set_push_token("phone", "own", "token of ann")
        yield found


def texts(messages: list[Message]) -> list[tuple[str, str, str]]:
    """Sender, type name, and what the content says, of messages that are as they were sent."""
    found = []
    for one in messages:
        if one.state is MessageState.AS_SENT:
            (item,) = one.elements
            said = item.text if isinstance(item, el.Text) else json.loads(item.data)["content"]  # type: ignore[attr-defined]
            found.append((one.sender, one.type_name, said))
    return found


async def check_common(root: Client) -> int:
    """What both clients leave behind; returns the number of checks."""
    checks: list[tuple[Any, Any]] = [
        ((await root.profile("ann")).nickname, "Ann"),
        ((await root.profile("ben")).nickname, "ben 忘情水"),
        (await root.user_list(UserList.BLACK, user_id="ann"), ["ben"]),
        (sorted(m.user_id for m in await root.members("g1")), ["ann", "ben", "cat"]),
        ((await root.info("g1")).name, "群名"),
        ({g.group_id for g in await root.all_groups()}, {"g1", "g2", "10001"}),
        (list(await root.muted("g1")), ["ben"]),
        ((await root.info("g1")).mute_all, True),
        ((await root.info("g2")).mute_all, False),
        (
            [(r.name, r.type_, r.keep_alive, r.stopped) for r in await root.rooms(["10001"])],
            [("name1", "RongRoom", False, False)],
        ),
        (list(await root.muted("10001")), ["ann"]),
        (list(await root.blocked("10001")), ["ann"]),
        (list(await root.muted_everywhere()), ["ann"]),
        (await root.protected_users("10001"), ["ann"]),
        (await root.app_list(AppList.LOW_TYPES), ["RC:VcMsg"]),
        (await root.app_list(AppList.PROTECTED_TYPES), ["RC:VcMsg"]),
        (await root.app_list(AppList.REPLACED_WORDS), []),
        (await root.app_list(AppList.REFUSED_WORDS), []),
        ((await root.labels(["ben"]))["ben"].tags, ["sh"]),
    ]
    for found, expected in checks:
        assert found == expected
    return len(checks)


async def check_answers(app: BackEnd, found: dict[str, Any], count: int) -> None:
    """Every method was called, and every answer is 200; a token that was given logs in."""
    assert found["called"] and sorted(found["called"]) == sorted(found["methods"]) and len(found["called"]) == count
    wrong = {name: answer for name, answer in found["answers"].items() if answer and answer["code"] != 200}
    assert not wrong
    token = next(answer["token"] for answer in found["answers"].values() if answer and "token" in answer)
    async with Client("127.0.0.1", app.server.port, user_id="dan", user_sig=token, tls=None) as dan:
        assert (await dan.profile("dan")).nickname == "dan 忘情水"


async def test_pythons_client(tmp_path: Path, receiver: Receiver) -> None:
    program = clients.python()
    async with app(tmp_path, receiver) as server:
        command = [program, str(clients.HERE / "python_client.py")]
        found = await asyncio.to_thread(clients.answers, command, server.base)
        answers = found["answers"]
        async with server.server.client(ADMINISTRATOR) as root, server.server.client("ann") as ann:
            assert list(await root.blocked_logins()) == ["dan"]
            await root.block_logins(["dan"], 0)
            assert await check_common(root) == 19
            assert (await root.user_list(UserList.WHITE, user_id="ann")) == ["ben"]
            assert (await root.labels(["ann"]))["ann"].tags == ["bj", "男"]
            assert ann.conversation(User("ben")).msg_flag is MsgFlag.ACCEPT_NOT_NOTIFY  # type: ignore[union-attr]
            private = await ann.history(User("ben"))
            assert private[0].state is MessageState.RECALLED
            assert texts(await ann.history(User("cat"))) == [
                ("ann", "RC:TxtMsg", "你好"),
                ("cat", "RC:TxtMsg", "1-x"),
            ]
            assert texts(await ann.history("g1")) == [("ann", "RC:TxtMsg", "to stay"), ("ann", "RC:TxtMsg", "to cat")]
            group = await ann.history("g1")
            assert [(m.state is MessageState.RECALLED, m.to) for m in group] == [
                (True, ()),
                (False, ()),
                (False, ("cat",)),
            ]
            assert {g.group_id for g in await root.groups("ann")} == {"g1", "g2"}
            assert texts(await ann.history(User("dan"))) == [
                ("ann", "RC:TxtMsg", "system"),
                ("ann", "RC:TxtMsg", "2-y"),
            ]
            assert texts(await ann.history(BROADCASTS))[0] == ("ann", "RC:TxtMsg", "to all")
            assert len(await root.broadcasts()) == 2
        assert answers["user.User.query"]["userPortrait"] == "https://example.com/ann.png"
        assert answers["group.Ban.query"]["groupinfo"] == [{"groupId": "g1", "stat": 1}, {"groupId": "g2", "stat": 0}]
        assert answers["sensitive.Sensitive.query"]["words"][1] == {"type": "1", "word": "坏话", "replaceWord": ""}
        await until(lambda: any(body.get("text") == "alert" for _, body in receiver.seen))
        named = {"userIds": ["ann"], "notification": {"title": "title", "pushContent": "to ann alone"}}
        await server.rong_ok("/push/user", named)
        await until(lambda: any(body.get("text") == "to ann alone" for _, body in receiver.seen))
        await check_answers(server, found, METHODS["python"])


async def test_nodes_client(tmp_path: Path, receiver: Receiver) -> None:
    program, modules = clients.node()
    async with app(tmp_path, receiver) as server:
        command = [program, str(clients.HERE / "client.js")]
        found = await asyncio.to_thread(lambda: clients.answers(command, server.base, NODE_PATH=modules))
        async with server.server.client(ADMINISTRATOR) as root, server.server.client("ann") as ann:
            assert await check_common(root) == 19
            assert not await root.blocked_logins()
            assert (await root.labels(["ann", "cat"]))["ann"].tags == []
            assert ann.conversation(User("ben")).msg_flag is MsgFlag.ACCEPT_AND_NOTIFY  # type: ignore[union-attr]
            group = await ann.history("g1")
            recalled = [one.state is MessageState.RECALLED for one in group]
            assert recalled == [True, False, True] and group[1].mentions == ("ben",)
            assert texts(await ann.history(User("cat"))) == [("cat", "RC:TxtMsg", "ann: 9")]
            assert texts(await ann.history(User("dan"))) == [("ann", "RC:TxtMsg", "你好")]
            assert {g.group_id for g in await root.groups("dan")} == {"g2"}
        await until(lambda: any(body.get("text") == "alert" for _, body in receiver.seen))
        await check_answers(server, found, METHODS["node"])


async def test_the_unit_tests_of_pythons_client(tmp_path: Path, receiver: Receiver) -> None:
    program, folder = clients.python(), clients.unit_tests()
    async with app(tmp_path, receiver, *TEST_KEYS) as server:
        command, keys = [program, str(clients.HERE / "unit_suite.py"), folder], ("APP_KEY", "APP_SECRET")
        given = dict(zip(keys, TEST_KEYS, strict=True))
        found = await asyncio.to_thread(lambda: clients.answers(command, server.base, **given))
        failed = {name.rpartition(".")[2] for name, code in found.items() if code != 200}
        assert len(found) == 80 and failed == UNKNOWN_UID
        async with server.server.client(ADMINISTRATOR) as root:
            assert sorted(m.user_id for m in await root.members("group_test")) == ["user_1", "user_2", "user_3"]
