"""Users with the longest ids there are (ID-01), through the wire and the store."""

from __future__ import annotations

from pathlib import Path

from rcim.base.errors import RcimError
from rcim.base.limits import DEFAULTS
from rcim.base.terms import ApplyJoinOption, UserList, pair_conversation
from rcim.client import User
from rcim.wire import frames as f
from tests.kit import TestServer, send

ANN, BEN = "\U0001f600" * 64, "\U0001f601" * 64


async def test_they_talk_and_are_found_again(tmp_path: Path) -> None:  # ID-01, C2-01
    server = TestServer(tmp_path, tls=False)
    await server.start()
    async with server.client(ANN) as ann, server.client(BEN) as ben:
        for number in range(3):
            assert (await ann.send(User(BEN), f"message {number}")).seq == number + 1
        assert [m.text for m in await ben.history(User(ANN))] == ["message 0", "message 1", "message 2"]
        await ann.pin(User(BEN), True)
        await ann.create_group("Both", group_id="both", type_="Private")
        await ann.invite("both", [BEN])
        await ann.send("both", "hello")
        assert {m.user_id for m in await ben.members("both")} == {ANN, BEN}
        found = [m.text async for m in ben.search("message")]
        assert found == ["message 2", "message 1", "message 0"]
    await server.stop()
    again = TestServer(tmp_path, tls=False)
    await again.start()
    async with again.client(ANN) as ann:
        assert {row.conversation for row in ann.conversations} == {pair_conversation(ANN, BEN), "g:both"}
        assert ann.conversations[0].pinned_ms
    raw = await again.member(BEN)
    await raw.ask(f.UserListChange(UserList.BLACK, [ANN], []))
    assert (await raw.ask(f.UserListGet(UserList.BLACK, "", 0))).users == [ANN]
    await again.stop()


async def test_pages_of_long_ids_fit_their_frames(plain_server: TestServer) -> None:  # ID-01
    owner = await plain_server.member("owner")
    users = [chr(0x1F600 + n) * 64 for n in range(70)] + [chr(0x1F680 + n) * 64 for n in range(60)]
    await owner.ask(f.GroupCreate("g", "Public", "n", "", "", "", ApplyJoinOption.BY_TYPE, []))
    await owner.ask(send("g", "0"))
    for at in range(0, len(users), 50):
        admin = await plain_server.member("administrator")
        await admin.ask(f.GroupInvite("g", users[at : at + 50]))
    found: list[str] = []
    cursor = ""
    while True:
        page = await owner.ask(f.GroupMembers("g", cursor, 1000))
        assert not isinstance(page, RcimError), page
        found += [m.user_id for m in page.members]
        cursor = page.next
        if not cursor:
            break
    assert sorted(found) == sorted([*users, "owner"])
    assert (await owner.ask(send("g", "1"))).seq


async def test_a_sync_of_strong_notices_fits_its_frame(plain_server: TestServer) -> None:  # RX-03, GT-15
    admin, owner, away = [await plain_server.member(u) for u in ("administrator", "owner", "away")]
    await owner.ask(f.GroupCreate("g", "Public", "n", "", "", "", ApplyJoinOption.BY_TYPE, ["away"]))
    for at in range(0, 600, 100):
        await admin.ask(f.GroupInvite("g", [chr(0x20000 + n) * 64 for n in range(at, at + 100)]))
    synced = await away.ask(f.Sync(b"", 100, 20))
    (row,) = synced.conversations
    assert len(synced.encode()) <= DEFAULTS.frame_bytes_max and row.unread == 6 and row.messages
