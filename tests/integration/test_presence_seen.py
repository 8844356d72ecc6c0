"""Who may see what a user does (ID-07): whom it does not bar, and who is in a conversation with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from rcim.actor import queries as q
from rcim.actor import records as r
from rcim.base.errors import RcimError
from rcim.base.terms import ApplyJoinOption, Presence, Role, UserList
from rcim.store import seeing
from rcim.store.backend import MemoryBackend
from rcim.store.connection_answers import Seen
from rcim.wire import frames as f
from tests.kit import FilledStore, Raw, TestServer, create, send

AB = "c:5:alice:bob"


async def states(raw: Raw, *users: str) -> list[str]:
    """What PRESENCE_GET and PRESENCE_WATCH say, which is the same."""
    found = (await raw.ask(f.PresenceGet(list(users)))).users
    watched = (await raw.ask(f.PresenceWatch(list(users)))).users
    assert watched == found and [entry.user_id for entry in found] == list(users)
    assert all(bool(entry.devices) == (entry.state is not Presence.OFFLINE) for entry in found)
    return [entry.state.name for entry in found]


async def test_it_is_seen_by_who_shares_a_conversation(server: TestServer) -> None:
    names = ("alice", "bob", "carol", "dave", "administrator")
    alice, bob, carol, dave, root = [await server.member(name) for name in names]
    await alice.ask(create("g", "carol"))
    await alice.ask(f.Send(AB, "c1", send("g", "x").priority, send("g", "x").body))
    assert await states(alice, "alice", "bob", "carol", "dave", "nobody") == ["ONLINE"] * 3 + ["OFFLINE"] * 2
    assert await states(bob, "alice", "carol") == ["ONLINE", "OFFLINE"]
    assert await states(dave, "alice") == ["OFFLINE"]
    assert await states(root, "alice", "dave") == ["ONLINE", "ONLINE"]
    await carol.ask(f.GroupLeave("g"))
    assert await states(carol, "alice") == ["OFFLINE"]
    await alice.ask(f.UserListChange(UserList.BLACK, ["bob", "administrator"], []))
    assert await states(bob, "alice") == ["OFFLINE"]
    assert await states(root, "alice") == ["ONLINE"], "app administrators see all"


async def test_who_may_not_see_a_user_is_told_of_no_change(plain_server: TestServer) -> None:
    alice, bob, dave, root = [await plain_server.member(n) for n in ("alice", "bob", "dave", "administrator")]
    await alice.ask(f.Send(AB, "c1", send("g", "x").priority, send("g", "x").body))
    for raw in (bob, dave, root):
        await states(raw, "alice")
    presence_subscriptions = plain_server.server.hub.presence
    assert sorted(c.principal.user_id for c in presence_subscriptions._watchers["alice"] if c.principal) == [
        "administrator",
        "bob",
    ]
    await alice.ask(f.PresenceSet(Presence.BACKGROUND))
    (told,) = (await bob.take_of(f.PresenceChanged)).users
    assert told.state is Presence.BACKGROUND
    await alice.ask(f.UserListChange(UserList.BLACK, ["bob"], []))
    assert [c.principal.user_id for c in presence_subscriptions._watchers["alice"] if c.principal] == [
        "administrator"
    ], "at once"


async def test_until_it_is_known_nothing_is_told(plain_server: TestServer) -> None:
    alice, bob = await plain_server.member("alice"), await plain_server.member("bob")
    hub = plain_server.server.hub
    (connection,) = hub.subscriptions.connections("bob")
    assert hub.presence.watch(connection, ["alice"]) == []
    await alice.ask(f.PresenceSet(Presence.BACKGROUND))
    assert not hub.presence._waiting
    hub.may_watch(connection.id, ["alice"], [])
    await alice.ask(f.PresenceSet(Presence.ONLINE))
    assert (await bob.take_of(f.PresenceChanged)).users[0].state is Presence.ONLINE, "the first that bob is told"


@pytest.mark.parametrize("whom", ["everyone", "nobody"])
async def test_the_app_may_have_it_otherwise(tmp_path: Path, whom: str) -> None:
    server = TestServer(tmp_path / "data", tls=False, flags=(f"app.presence_seen_by={whom}",))
    await server.start()
    alice, bob, root = [await server.member(name) for name in ("alice", "bob", "administrator")]
    assert await states(root, "alice") == ["ONLINE"]
    if whom == "nobody":
        for frame in (f.PresenceGet(["alice"]), f.PresenceWatch(["alice"])):
            refused = await bob.ask(frame)
            assert isinstance(refused, RcimError) and refused.code.name == "COMMAND_DISABLED"
    else:
        assert await states(bob, "alice") == ["ONLINE"]
        await alice.ask(f.UserListChange(UserList.BLACK, ["bob"], []))
        assert await states(bob, "alice") == ["OFFLINE"]
    await server.stop()


@pytest.mark.parametrize("looked_at", [1, 2, 3, 7, 1000])
def test_it_is_looked_up_in_bounded_steps(monkeypatch: pytest.MonkeyPatch, looked_at: int) -> None:
    monkeypatch.setattr(seeing, "LOOKED_AT", looked_at)
    monkeypatch.setattr(seeing, "SCAN_ROWS", 2)
    kept = FilledStore(MemoryBackend())

    def group(name: str, *users: str, active: bool = True) -> None:
        option = ApplyJoinOption.FREE_ACCESS
        profile = r.Profile(name, "Private", "n", "", "", "", "boss", 1, option, 0, 1, active)
        kept.append(r.GroupCreated(f"g:{name}", profile, [r.Member(u, Role.MEMBER, 1, 0, "") for u in users], 1))

    for n in range(9):
        group(f"{n}", "me", *(["first"] if n == 0 else ["last"] if n == 8 else ["both"] if n in (3, 5) else []))
    group("hidden", "me", "unknown", active=False)  # its members do not know of it yet (GT-16)
    users = ["none", "last", "first", "unknown", "me", "both"]
    (found,) = kept.store.answer_all([q.PresenceQuery(users, by="me", shared=True)])
    assert isinstance(found, Seen) and found.users == ["last", "first", "me", "both"]
