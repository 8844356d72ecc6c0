"""BChatRoom: what the app says goes to everyone who is online in it (SY-05)."""

from __future__ import annotations

from pathlib import Path

from rcim.base.terms import ApplyJoinOption, Platform
from rcim.client import Message
from rcim.wire import frames as f
from tests.kit import TestServer, send
from tests.kit_sdk import next_of

ADMIN = "administrator"


async def test_the_apps_message_goes_to_everyone_online(tmp_path: Path) -> None:  # SY-05, GT-21
    server = TestServer(tmp_path, tls=False, flags=(f"app.administrators={ADMIN}", "app.guests=true"))
    await server.start()
    async with server.client(ADMIN) as app, server.client("alice") as alice, server.client("bob") as bob:
        await app.create_group("All", group_id="all", type_="BChatRoom")
        await alice.join("all")
        await bob.join("all")
        second = await server.member("bob")  # another device of his
        guest = await server.raw()
        await guest.hello()
        assert isinstance(await guest.ask(f.Login("", "", Platform.WEB, "")), f.LoginOk)
        assert isinstance(await guest.ask(f.GroupJoin("all", "")), f.GroupJoinOk)
        away = await server.member("carol")
        await away.ask(f.GroupJoin("all", ""))
        await away.close()
        outside = await server.member("dora")
        await app.send("all", "good evening")
        for client in (alice, bob):
            assert (await next_of(client, Message)).text == "good evening"
        for raw in (second, guest):
            told = await raw.take_of(f.Deliver)
            assert (told.conversation, [m.sender for m in told.messages]) == ("g:all", [ADMIN])
        found = await (await server.member("bob")).ask(send("all", "c"))
        assert found.code.name == "NOT_PERMITTED"
        made = f.GroupCreate("own", "ChatRoom", "own", "", "", "", ApplyJoinOption.FREE_ACCESS, [])
        await outside.ask(made)
        await outside.ask(send("own", "c"))
        assert (await outside.take_of(f.Deliver)).conversation == "g:own"  # the first that came
    await server.stop()
