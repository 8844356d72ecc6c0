"""The owner of the conversations dies after it has committed and before its answer is there: nothing is done or told
twice, whichever way the request went (ST-01, MS-10, ID-04, ID-09)."""

from __future__ import annotations

import time
import typing
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from rcim.actor import commands, queries, repeating, workflows
from rcim.base import clock
from rcim.base.errors import RcimError
from rcim.base.terms import MessageState
from rcim.bus import messages as m
from rcim.connect.logins import Logins
from rcim.content.elements import Text, encode_body
from rcim.session.usersig import mint
from rcim.wire import frames as f
from rcim.wire.schema import Frame
from tests.kit import SDKAPPID, Raw, TestCluster, create, send, until

NEW, NEWER = encode_body([Text("better")]), encode_body([Text("best")])
UNKNOWN = "SERVER_ERROR"


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[TestCluster]:
    """Two gateways, plain."""
    made = TestCluster(tmp_path / "data")
    await made.start()
    yield made
    await made.stop()


async def at(cluster: TestCluster, gateway: int, user: str) -> Raw:
    cluster.at = gateway
    return await cluster.member(user)


async def lost_answer(cluster: TestCluster, raw: Raw, frame: Frame) -> Any:
    """Ask at gateway 0: the owner carries it out and dies, its answer is lost, and there is a new one. Returns what the
    client is answered."""
    remote = cluster.gateways[0][1]
    pipe = remote._pipe
    assert pipe is not None
    take, lost = pipe._on_message, list[Any]()

    def pass_by(message: Any) -> None:
        (lost.append if isinstance(message, m.Answered) else take)(message)

    pipe._on_message = pass_by  # type: ignore[method-assign]
    raw.write(frame.encode(70))
    await until(lambda: bool(lost), "the owner has answered")
    cluster.kill_owner()
    await cluster.start_owner()
    answer = await raw.answer_to(70)
    await until(lambda: all(one.linked for _, one in cluster.gateways), "the owner is found")
    return answer


async def changes(raw: Raw) -> list[Any]:
    """What was told of changed messages before now; a message sent now is the last thing that comes."""
    found: list[Any] = []
    raw.write(send("g", "mark").encode(71))
    while True:
        push = await raw.take()
        if isinstance(push, f.MessageChanged):
            found += push.messages
        elif isinstance(push, f.Deliver) and any(one.client_msg_id == "mark" for one in push.messages):
            return found


async def test_a_recall_is_told_once(cluster: TestCluster) -> None:  # MS-10
    alice, bob = await at(cluster, 0, "alice"), await at(cluster, 1, "bob")
    await alice.ask(create("g", "bob"))
    await alice.ask(send("g", "c1"))
    answer = await lost_answer(cluster, alice, f.MessageRecall("g:g", 1))
    assert not isinstance(answer, RcimError), "it is asked again, and answered as the first time"
    told = await changes(bob)
    assert [(one.seq, one.state, one.changed_ms) for one in told] == [(1, MessageState.RECALLED, answer.changed_ms)]
    kept = (await bob.ask(f.History("g:g", 1, 1, 1, False))).messages[0]
    assert (kept.state, kept.changed_ms) == (MessageState.RECALLED, answer.changed_ms)


async def test_an_edit_is_not_made_again_over_a_later_one(cluster: TestCluster) -> None:  # MS-10
    """Who has made it is told that it is not known what became of it."""
    alice, other = await at(cluster, 0, "alice"), await at(cluster, 1, "alice")
    await alice.ask(create("g"))
    await alice.ask(send("g", "c1"))
    answer = await lost_answer(cluster, alice, f.MessageEdit("g:g", 1, NEW))
    assert isinstance(answer, RcimError) and answer.code.name == UNKNOWN
    (kept,) = (await other.ask(f.History("g:g", 1, 1, 1, False))).messages
    assert (kept.state, kept.body) == (MessageState.EDITED, NEW), "it had been carried out"


async def test_a_deletion_for_all_is_told_once(cluster: TestCluster) -> None:  # MS-10
    alice, bob = await at(cluster, 0, "alice"), await at(cluster, 1, "bob")
    await alice.ask(create("g", "bob"))
    await bob.ask(send("g", "c1"))
    answer = await lost_answer(cluster, alice, f.MessageDelete("g:g", 1))
    assert [one.changed_ms for one in await changes(bob)] == [answer.changed_ms]


async def test_an_account_is_deleted_once(cluster: TestCluster) -> None:  # ID-09
    """What became of it is not known: the administrator is told so, and whoever is imported meanwhile stays."""
    admin = await at(cluster, 0, "administrator")
    await admin.ask(f.AdminAccountsImport([f.Account("bob", "Bob", "")]))
    answer = await lost_answer(cluster, admin, f.AdminAccountsDelete(["bob"]))
    assert isinstance(answer, RcimError) and answer.code.name == UNKNOWN
    (row,) = (await admin.ask(f.AdminAccountsQuery(["bob"]))).accounts
    assert not row.imported and row.valid_from_ms, "it had been carried out"


async def test_who_was_logged_out_with_a_clock_that_was_ahead_stays_logged_in(
    cluster: TestCluster, monkeypatch: pytest.MonkeyPatch
) -> None:  # ID-09
    """Signatures made since count, also for a new owner."""
    admin = await at(cluster, 0, "administrator")
    with monkeypatch.context() as ahead:
        right = clock.wall_ms
        ahead.setattr(clock, "wall_ms", lambda: right() + 400 * 86_400_000)
        await admin.ask(f.AdminAccountInvalidate("alice"))
    cluster.at = 1
    alice = await cluster.raw()
    await alice.login("alice", mint(SDKAPPID, cluster.key, "alice", int(time.time()) + 2, 3600))
    found: list[str] = []
    found_again = Logins.found_again

    def noted(logins: Logins, user_id: str, *rest: Any) -> None:
        found_again(logins, user_id, *rest)
        found.append(user_id)

    monkeypatch.setattr(Logins, "found_again", noted)
    cluster.kill_owner()
    await cluster.start_owner()
    await until(lambda: "alice" in found, "the new owner says what she is in")
    assert isinstance(await alice.ask(f.ConversationPin("g:g", True)), f.ConversationPinOk)


async def test_who_is_blocked_is_logged_out_by_the_next_owner(cluster: TestCluster) -> None:  # ID-09
    admin, alice = await at(cluster, 0, "administrator"), await at(cluster, 1, "alice")
    answer = await lost_answer(cluster, admin, f.AdminUserBlock(["alice"], 3600))
    assert isinstance(answer, RcimError) and answer.code.name == UNKNOWN
    assert await alice.closed()


async def test_devices_are_closed_once(cluster: TestCluster) -> None:  # ID-04
    """Asked again, closing all devices would close one that has logged in since."""
    alice = await at(cluster, 0, "alice")
    other = await at(cluster, 1, "alice")
    answer = await lost_answer(cluster, alice, f.DevicesClose([], "", ""))
    assert isinstance(answer, RcimError) and answer.code.name == UNKNOWN
    assert await other.closed()
    cluster.at = 1
    later = await cluster.member("alice")
    assert len((await later.ask(f.Devices(""))).devices) == 2, "who has logged in since stays"


async def test_an_edit_that_changes_nothing_is_told_nobody(cluster: TestCluster) -> None:  # MS-10
    alice, bob = await at(cluster, 0, "alice"), await at(cluster, 1, "bob")
    await alice.ask(create("g", "bob"))
    await alice.ask(send("g", "c1"))
    first = await alice.ask(f.MessageEdit("g:g", 1, NEW))
    assert await alice.ask(f.MessageEdit("g:g", 1, NEW)) == first
    second = await alice.ask(f.MessageEdit("g:g", 1, NEWER))
    third = await alice.ask(f.MessageEdit("g:g", 1, NEW))
    assert first.changed_ms < second.changed_ms < third.changed_ms, "back to what it was is a change"
    assert [one.changed_ms for one in await changes(bob)] == [ok.changed_ms for ok in (first, second, third)]


# -- every request says by its type whether it may be repeated


def members(union: Any) -> Iterator[type]:
    """The types of a union, and those of unions in it."""
    for one in typing.get_args(union):
        yield from members(one) if typing.get_args(one) else [one]


EVERYTHING = sorted(
    {*members(commands.Command), *members(queries.Query), *members(workflows.AnyWorkflow)},
    key=lambda one: one.__name__,
)


@pytest.mark.parametrize("asked", EVERYTHING, ids=lambda one: one.__name__)
def test_each_request_is_classified(asked: type) -> None:  # ST-01
    tables = (repeating.READS, repeating.SAME, repeating.ONCE, repeating.BY_CONTENT)
    assert sum(asked in table for table in tables) == 1, "rcim/actor/repeating.py: in just one table"


def test_nothing_else_is_classified() -> None:
    named = repeating.READS | repeating.SAME | repeating.ONCE | repeating.BY_CONTENT
    assert named == set(EVERYTHING)
    assert not repeating.repeatable(object()), "what is not known is not repeated"


def test_what_is_inside_decides() -> None:
    """MS-10, RX-09."""
    edit = commands.AlterMessage("u", False, 1, MessageState.EDITED, NEW)
    recall = commands.AlterMessage("u", False, 1, MessageState.RECALLED)
    assert not repeating.repeatable(workflows.WithMessage("u", "g:g", edit))
    assert repeating.repeatable(workflows.WithMessage("u", "g:g", recall))
    choose = repeating.u.ChooseConversation
    assert repeating.repeatable(choose("u", False, "g:g", True))
    assert not repeating.repeatable(choose("u", False, "g:g", None, True))
