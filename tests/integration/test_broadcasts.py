"""Broadcasts to all users (SY-03, SY-04, SY-06), through the SDK and a real server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rcim.base import clock
from rcim.base.errors import RcimError
from rcim.base.terms import BROADCAST_ALL, AddResult, MessageState, MsgFlag, Priority
from rcim.client import BROADCASTS, BroadcastTarget, ChangedEvent, Client, Message
from rcim.content.elements import Text, encode_body
from rcim.rules.broadcasts import DAY_MS, HOUR_MS
from rcim.session.usersig import mint
from rcim.wire import frames as f
from tests.integration.test_one_to_one import code
from tests.kit import SDKAPPID, TestCluster, TestServer, travel, until
from tests.kit_sdk import next_of, with_store

DAY_S = 86_400
HOUR_S = 3_600


@pytest.fixture(autouse=True)
def signed_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """UserSigs are dated by the clock that a test moves."""
    monkeypatch.setattr(
        TestServer, "sign", lambda self, user: mint(SDKAPPID, self.key, user, clock.wall_ms() // 1000, DAY_S)
    )


async def heard(client: Client) -> Message:
    """The next message, which has to be a broadcast."""
    message = await next_of(client, Message)
    assert message.conversation == BROADCAST_ALL and message.where == BROADCASTS
    return message


def row(client: Client) -> tuple[int, int, str]:
    """Of the user's list: the newest SEQ, what is unread, and what is last."""
    found = client.conversation(BROADCASTS)
    return (
        (found.newest_seq, found.unread, found.last.text if found.last is not None else "") if found else (0, 0, "")
    )


async def synced(server: TestServer, user: str, messages: int = 0) -> f.ConversationEntry | None:
    """What a new login of the user is told of broadcasts."""
    raw = await server.member(user)
    page = await raw.ask(f.Sync(b"", 0, messages))
    await raw.close()
    return next((one for one in page.conversations if one.conversation == BROADCAST_ALL), None)


async def test_everybody_gets_a_broadcast_online_or_later(plain_server: TestServer) -> None:  # SY-03
    server = plain_server
    async with server.client("administrator") as root, server.client("alice") as alice:
        async with server.client("bob"):
            pass
        sent = await root.broadcast("hello", sender="@news", client_msg_id="one")
        assert (sent.seq, sent.remaining, sent.duplicate) == (1, 29, False)
        message = await heard(alice)
        assert (message.seq, message.text, message.sender) == (1, "hello", "@news")
        assert message.expires_ms == sent.time_ms + 7 * DAY_MS
        again = await root.broadcast("hello", sender="@news", client_msg_id="one")
        assert (again.seq, again.duplicate, again.remaining) == (1, True, 29)
        async with server.client("bob") as bob:
            assert row(bob) == (1, 1, "hello")
            assert [m.text for m in await bob.history(BROADCASTS)] == ["hello"]
            assert await bob.mark_read(BROADCASTS, 1) == 1
            assert await alice.mark_read(BROADCASTS, 1) == 1, "her row is looked for in the store"
            assert row(bob) == (1, 0, "hello")
        async with server.client("bob") as bob:
            assert row(bob) == (1, 0, "hello"), "what is read stays read"


async def test_a_device_with_a_store_finds_what_it_has_missed(plain_server: TestServer, tmp_path: Path) -> None:
    server = plain_server
    async with server.client("administrator") as root:
        async with with_store(server, tmp_path) as bob:
            await root.broadcast("first")
            assert (await heard(bob)).text == "first"
        for text in ("second", "third"):
            await root.broadcast(text)
        async with with_store(server, tmp_path) as bob:
            texts = [(await heard(bob)).text for _ in range(3)]
            assert texts == ["first", "second", "third"], "the app had not asked for another one after the first"


async def test_a_broadcast_writes_nothing_for_its_users(plain_server: TestServer) -> None:  # SY-03
    server = plain_server
    async with server.client("administrator") as root:
        for user in ("alice", "bob"):
            async with server.client(user):
                pass
        await root.broadcast("hello")
        raw = await server.member("alice")
        before = server.server.dispatcher.counted()["records"]
        await raw.ask(f.Sync(b"", 0, 10))
        await raw.ask(f.History(BROADCAST_ALL, 0, 0, 0, False))
        assert server.server.dispatcher.counted()["records"] == before


async def test_a_new_user_gets_the_newest_that_has_not_expired(
    plain_server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:  # SY-03
    server, now = plain_server, clock.wall_ms()
    travel(monkeypatch, now)
    async with server.client("administrator") as root:
        await root.import_accounts([f.Account("early", "", "")])
        travel(monkeypatch, now + 1_000)
        await root.broadcast("long", expires_s=30 * DAY_S)
        await root.broadcast("kept", expires_s=10 * DAY_S)
        await root.broadcast("short", expires_s=HOUR_S)
        travel(monkeypatch, now + 2 * HOUR_MS)
        await root.import_accounts([f.Account("late", "", "")])
        later = await synced(server, "later", 10)
        travel(monkeypatch, now + 3 * HOUR_MS)
        await root.broadcast("after")
        for user in ("late", "later"):
            entry = await synced(server, user, 10)
            assert entry is not None and entry.unread == 2
            assert [m.seq for m in entry.messages] == [2, 4]
            raw = await server.member(user)
            page = await raw.ask(f.History(BROADCAST_ALL, 0, 0, 0, False))
            assert page.first_seq == 2
            assert [(m.seq, m.state) for m in page.messages] == [
                (2, MessageState.AS_SENT),
                (3, MessageState.NOT_FOR_YOU),
                (4, MessageState.AS_SENT),
            ]
            await raw.close()
        assert later is not None and [m.seq for m in later.messages] == [2]
        entry = await synced(server, "early", 10)
        assert entry is not None and [m.seq for m in entry.messages] == [1, 2, 4]


async def test_what_has_expired_stays_in_history_alone(
    plain_server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:  # SY-06
    server, now = plain_server, clock.wall_ms()
    travel(monkeypatch, now)
    async with server.client("administrator") as root, server.client("alice") as alice:
        async with server.client("bob"):
            pass
        await root.broadcast("now or never", expires_s=0)
        await root.broadcast("an hour", expires_s=HOUR_S)
        assert [(await heard(alice)).text for _ in range(2)] == ["now or never", "an hour"]
        await until(lambda: row(alice) == (2, 1, "an hour"), "what expires at once is not unread")
        await root.broadcast("at once", expires_s=0)
        await root.broadcast("a day", expires_s=DAY_S)
        await until(lambda: row(alice) == (4, 2, "a day"))
        entry = await synced(server, "bob", 10)
        assert entry is not None and (entry.unread, [m.seq for m in entry.messages]) == (2, [2, 4])
        travel(monkeypatch, now + 2 * HOUR_MS)
        entry = await synced(server, "bob", 0)
        assert entry is not None and (entry.newest_seq, entry.unread, [m.seq for m in entry.messages]) == (4, 1, [4])
        async with server.client("bob") as bob:
            texts = [m.text for m in await bob.history(BROADCASTS)]
            assert texts == ["now or never", "an hour", "at once", "a day"]


async def test_a_recalled_broadcast_is_gone_for_everybody(plain_server: TestServer) -> None:  # MS-10
    server = plain_server
    async with server.client("administrator") as root, server.client("alice") as alice:
        async with server.client("bob"):
            pass
        await root.broadcast("a mistake")
        await root.broadcast("better")
        await heard(alice)
        await root.recall_broadcast(1)
        changed = (await next_of(alice, ChangedEvent)).message
        assert (changed.seq, changed.state, changed.text) == (1, MessageState.RECALLED, "")
        entry = await synced(server, "bob", 10)
        assert entry is not None and (entry.unread, [m.seq for m in entry.messages]) == (1, [2])
        raw = await server.member("administrator")
        pages = [await raw.ask(f.AdminBroadcasts(before, 1)) for before in (0, 2, 1)]
        assert [[one.seq for one in page.broadcasts] for page in pages] == [[2], [1], []]
        assert [page.more for page in pages] == [True, False, False]
        listed = await root.broadcasts()
        assert [(one.seq, one.state) for one in listed] == [(2, MessageState.AS_SENT), (1, MessageState.RECALLED)]
        assert listed[1].expires_ms, "what it was for is still told"
        with pytest.raises(RcimError, match="NOT_PERMITTED"):
            await alice.recall(BROADCASTS, 2)
        with pytest.raises(RcimError, match="NO_SUCH_MESSAGE"):
            await root.recall_broadcast(9)


async def test_the_limits_of_a_day_and_an_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # SY-04
    flags = ("limits.broadcasts_per_day=3", "limits.broadcasts_per_hour=2")
    server, now = TestServer(tmp_path, tls=False, flags=flags), clock.wall_ms()
    travel(monkeypatch, now)
    await server.start()
    async with server.client("administrator") as root:
        assert [(await root.broadcast(str(n))).remaining for n in range(2)] == [2, 1]
        with pytest.raises(RcimError, match="BROADCAST_LIMIT") as refused:
            await root.broadcast("too much", client_msg_id="third")
        assert HOUR_MS - 60_000 < refused.value.retry_after_ms <= HOUR_MS
    await server.stop()
    travel(monkeypatch, now + 2 * HOUR_MS)
    await server.start()
    async with server.client("administrator") as root, server.client("alice") as alice:
        assert row(alice)[0] == 2, "nothing of what was refused was kept"
        sent = await root.broadcast("too much", client_msg_id="third")
        assert (sent.seq, sent.remaining) == (3, 0)
        with pytest.raises(RcimError, match="BROADCAST_LIMIT") as refused:
            await root.broadcast("too much again")
        assert 21 * HOUR_MS < refused.value.retry_after_ms < 23 * HOUR_MS
        travel(monkeypatch, now + 26 * HOUR_MS)
        assert (await root.broadcast("the next day")).seq == 4
    await server.stop()


# ------------------------------------------------------------------------------------------------- targets


async def _label(root: Client) -> None:
    await root.set_attribute_names({0: "city", 9: "level"})
    await root.change_tags(["alice", "bob"], add=["beta", "de"])
    await root.change_tags(["carol"], add=["beta"])
    await root.change_attributes(["alice"], set_={"city": "Basel", "level": "7"})


@pytest.mark.parametrize(
    ("target", "meant"),
    [
        (BroadcastTarget(tags_any=["beta", "none"]), "abc"),
        (BroadcastTarget(tags_all=["beta", "de"]), "ab"),
        (BroadcastTarget(tags_any=["beta"], attributes_all=[("city", "Basel"), ("level", "7")]), "a"),
        (BroadcastTarget(attributes_any=[("city", "Bern"), ("level", "7")]), "a"),
        (BroadcastTarget(tags_any=["de"], attributes_any=[("city", "Bern")]), ""),
        (BroadcastTarget(), "abc"),
    ],
)
async def test_a_target(plain_server: TestServer, target: BroadcastTarget, meant: str) -> None:  # SY-04
    server, users = plain_server, ("alice", "bob", "carol")
    async with server.client("administrator") as root:
        raws = {user: await server.member(user) for user in users}
        await _label(root)
        await root.broadcast("for some", target=target)
        for user, raw in raws.items():
            (message,) = (await raw.take_of(f.Deliver)).messages
            assert message.seq == 1
            found = [message, *(await raw.ask(f.History(BROADCAST_ALL, 0, 0, 0, False))).messages]
            states = {one.state for one in found}
            is_meant = user[0] in meant
            assert states == {MessageState.AS_SENT if is_meant else MessageState.NOT_FOR_YOU}, user
            assert all(bool(one.body) == is_meant and (one.sender == "administrator") == is_meant for one in found)
            entry = await synced(server, user, 10)
            assert entry is not None and (entry.unread, len(entry.messages)) == (is_meant, is_meant)
        await root.recall_broadcast(1)
        await root.broadcast("the end")
        for user, raw in raws.items():
            told = [type(await raw.take()) for _ in range(1 + (user[0] in meant))]
            assert told == [f.MessageChanged, f.Deliver][-len(told) :], "nobody else hears that it is recalled"


async def test_what_becomes_of_a_targeted_one_goes_out_slowly(
    plain_server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:  # SY-04
    """Also where it is for some: looking at the labels of very many takes the loop time too."""
    async with plain_server.client("administrator") as root:
        raws = [await plain_server.member(f"u{n}") for n in range(6)]
        await root.change_tags(["u0", "u1", "u5"], add=["beta"])
        await root.broadcast("a mistake", target=BroadcastTarget(tags_any=["beta"]))
        for raw in raws:
            await raw.take_of(f.Deliver)
        steps: list[Callable[[int], tuple[int, bool]]] = []
        monkeypatch.setattr(plain_server.server.hub.fanout._paced, "add", steps.append)
        await root.recall_broadcast(1)
        (step,) = steps
        visited, more = step(4)
        assert (visited, more) == (4, True)
        while more:
            visited, more = step(1)
        for n in (0, 1, 5):
            assert isinstance(await raws[n].take(), f.MessageChanged)


async def test_labels_count_at_the_moment_of_delivery(plain_server: TestServer) -> None:  # SY-04
    async with plain_server.client("administrator") as root:
        raw = await plain_server.member("alice")
        target = BroadcastTarget(tags_any=["beta"])
        states = []
        for change in ({"add": ["beta"]}, {"remove": ["beta"]}, {"add": ["beta"]}, {"remove_all": True}):
            await root.change_tags(["alice"], **change)  # type: ignore[arg-type]
            await root.broadcast("now", target=target)
            states.append((await raw.take_of(f.Deliver)).messages[0].state)
        assert states == [MessageState.AS_SENT, MessageState.NOT_FOR_YOU] * 2
        page = await raw.ask(f.History(BROADCAST_ALL, 0, 0, 0, False))
        assert {m.state for m in page.messages} == {MessageState.NOT_FOR_YOU}, "the labels of now"


async def test_labels_are_kept_and_bounded(tmp_path: Path) -> None:  # SY-04
    server = TestServer(tmp_path, tls=False)
    await server.start()
    async with server.client("administrator") as root:
        await _label(root)
        many = [f"t{n:02}" for n in range(98)]
        assert await root.change_tags(["alice", "carol"], add=many) == {
            "alice": AddResult.ADDED,
            "carol": AddResult.ADDED,
        }
        results = await root.change_tags(["alice", "bob"], add=["one more"])
        assert results == {"alice": AddResult.FAILED, "bob": AddResult.ADDED}
        with pytest.raises(RcimError, match="BAD_PARAMETER"):
            await root.change_attributes(["alice"], set_={"unknown": "1"})
        with pytest.raises(RcimError, match="BAD_PARAMETER"):
            await root.broadcast("x", target=BroadcastTarget(attributes_any=[("unknown", "1")]))
        with pytest.raises(RcimError, match="BAD_PARAMETER"):
            await root.set_attribute_names({1: "city"})
        with pytest.raises(RcimError, match="BAD_PARAMETER"):
            await root.set_attribute_names({10: "more"})
        for tags in ([""], ["x" * 51], [f"u{n}" for n in range(101)]):
            with pytest.raises((RcimError, ValueError)):
                await root.change_tags(["bob"], add=tags)
        too_many = BroadcastTarget(tags_any=many, tags_all=many)
        with pytest.raises(RcimError, match="target"):
            await root.broadcast("x", target=too_many)
        with pytest.raises(RcimError, match="BAD_PARAMETER"):
            await root.broadcast("x", expires_s=31 * DAY_S)
        with pytest.raises(RcimError, match="BAD_PARAMETER"):
            await root.broadcast("x", system_conversation="lobby")
        with pytest.raises(RcimError, match="NO_SUCH_GROUP"):
            await root.broadcast("x", system_conversation="@SYS#none")
        assert await root.broadcasts() == []
    await server.stop()
    await server.start()
    async with server.client("administrator") as root:
        assert await root.attribute_names() == {0: "city", 9: "level"}
        found = await root.labels(["alice", "bob", "nobody"])
        assert list(found["alice"].tags) == ["beta", "de", *many]
        assert [(one.name, one.value) for one in found["alice"].attributes] == [("city", "Basel"), ("level", "7")]
        assert list(found["bob"].tags) == ["beta", "de", "one more"] and not found["nobody"].tags
        await root.set_attribute_names({9: ""})
        await root.change_attributes(["alice"], remove=["city"])
        assert not (await root.labels(["alice"]))["alice"].attributes
    await server.stop()


# ------------------------------------------------------------------------------------------ as a conversation


async def test_what_a_user_does_with_it(plain_server: TestServer) -> None:  # MS-10, RX-01, RX-09
    server = plain_server
    async with server.client("administrator") as root:
        async with server.client("alice") as alice:
            for text in ("one", "two", "three"):
                await root.broadcast(text)
            await until(lambda: row(alice)[0] == 3)
            await alice.hide_messages(BROADCASTS, [2])
            await alice.pin(BROADCASTS, True)
            states = [m.state for m in await alice.history(BROADCASTS)]
            assert states == [MessageState.AS_SENT, MessageState.DELETED, MessageState.AS_SENT]
            await alice.set_msg_flag(BROADCASTS, MsgFlag.DISCARD)
            await root.broadcast("four")
        entry = await synced(server, "alice")
        assert entry is not None and entry.pinned_ms and (entry.msg_flag, entry.unread) == (MsgFlag.DISCARD, 3)
        raw = await server.member("alice")
        await root.broadcast("five")
        await until(lambda: server.server.hub.fanout.paced_waiting == 0, "it has been left out")
        await raw.ask(f.ConversationFlag(BROADCAST_ALL, MsgFlag.ACCEPT_AND_NOTIFY))
        await root.broadcast("six")
        (message,) = (await raw.take_of(f.Deliver)).messages
        assert message.seq == 6, "what was discarded does not come"
        await raw.ask(f.ConversationClear(BROADCAST_ALL))
        page = await raw.ask(f.History(BROADCAST_ALL, 0, 0, 0, False))
        assert (page.first_seq, list(page.messages)) == (7, [])
        found = await raw.ask(f.Search("five", b"", 0))
        assert not found.found, "what is cleared is not found"
        other = await server.member("bob")
        found = await other.ask(f.Search("six", b"", 0))
        assert [one.messages[0].seq for one in found.found] == [6]


async def test_what_is_removed_from_the_list_comes_back_with_what_is_for_the_user(
    plain_server: TestServer,
) -> None:  # RX-09, SY-04
    async with plain_server.client("administrator") as root:
        raw = await plain_server.member("alice")
        await root.broadcast("one")
        await raw.ask(f.ConversationRemove(BROADCAST_ALL))
        await root.broadcast("not for alice", target=BroadcastTarget(tags_any=["beta"]))
        entry = await synced(plain_server, "alice")
        assert entry is not None and entry.removed, "as a client that was there has it"
        await root.broadcast("two")
        entry = await synced(plain_server, "alice")
        assert entry is not None and not entry.removed


BODY = encode_body([Text("hello")])
NO, ADM, OK = "NOT_PERMITTED", "ADMIN_REQUIRED", "done"
MATRIX: list[tuple[f.Frame, str, str, str]] = [
    # the request; for a user, an app administrator, a guest
    (f.Send(BROADCAST_ALL, "n", Priority.NORMAL, BODY), NO, NO, NO),
    (f.Send(BROADCAST_ALL, "n", Priority.NORMAL, BODY, transient=True), NO, NO, NO),
    (f.Send(BROADCAST_ALL, "n", Priority.NORMAL, BODY, as_user="bob"), ADM, NO, ADM),
    (f.History(BROADCAST_ALL, 0, 0, 0, False), OK, OK, NO),
    (f.ConversationRead(BROADCAST_ALL, 1), OK, OK, NO),
    (f.ConversationFlag(BROADCAST_ALL, MsgFlag.ACCEPT_NOT_NOTIFY), OK, OK, NO),
    (f.ConversationPin(BROADCAST_ALL, True), OK, OK, NO),
    (f.ConversationRemove(BROADCAST_ALL), OK, OK, NO),
    (f.MessagesHide(BROADCAST_ALL, [f.SeqEntry(1)]), OK, OK, NO),
    (f.MessageReceipts(BROADCAST_ALL, 1, True, "", 0), NO, NO, NO),
    (f.MessageEdit(BROADCAST_ALL, 1, BODY), NO, OK, NO),
    (f.MessageRecall(BROADCAST_ALL, 1), NO, OK, NO),
    (f.MessageDelete(BROADCAST_ALL, 1), NO, OK, NO),
    (f.MessagesErase(BROADCAST_ALL, "administrator"), NO, OK, NO),
    (f.ConversationClear(BROADCAST_ALL), OK, OK, NO),
    (f.AdminTrace(BROADCAST_ALL, "administrator", "n"), ADM, NO, ADM),
    (f.AdminBroadcast("n", Priority.NORMAL, BODY), ADM, OK, ADM),
    (f.AdminBroadcasts(0, 0), ADM, OK, ADM),
    (f.AdminBroadcastRecall(1), ADM, "NOT_RECALLABLE", ADM),
    (f.AdminTagsChange(["bob"], ["x"], [], False), ADM, OK, ADM),
    (f.AdminAttributesChange(["bob"], [], ["x"]), ADM, OK, ADM),
    (f.AdminLabels(["bob"]), ADM, OK, ADM),
    (f.AdminAttributeNames(), ADM, OK, ADM),
    (f.AdminAttributeNamesSet([f.AttributeName(0, "x")]), ADM, OK, ADM),
    (f.History("b:other", 0, 0, 0, False), "NO_SUCH_GROUP", "NO_SUCH_GROUP", "NO_SUCH_GROUP"),
]


async def test_who_may_do_what(tmp_path: Path) -> None:
    server = TestServer(tmp_path, tls=False, flags=("app.guests=true",))
    await server.start()
    async with server.client("administrator") as root:
        await root.broadcast("hello")
    guest = await server.raw()
    await guest.login("", "")
    raws = (await server.member("alice"), await server.member("administrator"), guest)
    found = [(row[0].NAME, *[await code(raw, row[0]) for raw in (raws[0], raws[2], raws[1])]) for row in MATRIX]
    assert found == [(row[0].NAME, row[1], row[3], row[2]) for row in MATRIX]
    await server.stop()


async def test_a_deleted_account_leaves_nothing(
    plain_server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:  # ID-09
    server = plain_server
    async with server.client("administrator") as root:
        await root.import_accounts([f.Account("bob", "", "")])
        await root.change_tags(["bob"], add=["beta"])
        await root.broadcast("one", target=BroadcastTarget(tags_any=["beta"]))
        async with server.client("bob") as bob:
            await bob.mark_read(BROADCASTS, 1)
        await root.delete_accounts(["bob"])
        kept = server.server.store.load_members(BROADCAST_ALL, ["bob"])
        assert kept == {"bob": None} and not (await root.labels(["bob"]))["bob"].tags
        await root.broadcast("two")
        await root.broadcast("three")
        travel(monkeypatch, clock.wall_ms() + 2_000)  # the UserSigs of before are invalid
        entry = await synced(server, "bob", 10)
        assert entry is not None and [m.seq for m in entry.messages] == [3], "whoever has the id next is a new user"


# ------------------------------------------------------------------------------------------------- processes


async def test_over_gateways_and_after_the_owner_has_died(tmp_path: Path) -> None:  # ADR 0009
    server = TestCluster(tmp_path)
    await server.start()
    async with server.client("administrator") as root, server.client("alice") as alice, server.client("bob") as bob:
        await root.change_tags(["alice"], add=["beta"])
        await root.broadcast("one")
        await root.broadcast("two", target=BroadcastTarget(tags_any=["beta"]))
        await root.broadcast("three")
        assert [(await heard(alice)).text for _ in range(3)] == ["one", "two", "three"]
        assert [(await heard(bob)).text for _ in range(2)] == ["one", "three"]
        server.kill_owner()
        await server.start_owner()
        await root.broadcast("four", target=BroadcastTarget(tags_any=["beta"]))
        await root.broadcast("five")
        assert [(await heard(alice)).text for _ in range(2)] == ["four", "five"]
        assert (await heard(bob)).text == "five"
    await server.stop()
