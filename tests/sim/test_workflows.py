"""Running workflows: each is answered once, whatever happens to it; one user's and all of them have a bound; and what is
no query is not asked."""

from __future__ import annotations

import typing
from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as replace_struct

from rcim.actor import commands as c
from rcim.actor import outcomes as o
from rcim.actor import queries as q
from rcim.actor import user_commands as u
from rcim.actor import workflows as w
from rcim.actor.user import user_key
from rcim.actor.user_commands import Credential
from rcim.base.errors import OVERLOADED, RcimError
from rcim.base.limits import DEFAULTS
from rcim.base.terms import UserList
from rcim.dispatch.requests import Request
from rcim.dispatch.workflows import runner as runner_module
from rcim.dispatch.workflows.context import COMMANDS_AT_ONCE, CommandAnswer, WorkflowContext
from rcim.dispatch.workflows.runner import WorkflowRunner
from rcim.dispatch.workflows.table import WORKFLOWS
from rcim.store.answers import LoginFacts
from tests.kit import until
from tests.sim.test_dispatcher import create, send, stop_all
from tests.sim.test_entering import Asking

assert stop_all, "the fixture is this module's too"


def code(result: Any) -> str:
    assert isinstance(result, o.Refused), result
    return result.code.name


def stuck(sim: Asking, key: str = "g:a") -> None:
    """The actor of `key` takes no commands, as while its deliveries can not be given out."""
    sim.sink.stuck.add(key)


def go_on(sim: Asking, key: str = "g:a") -> None:
    sim.sink.stuck.discard(key)
    sim.dispatcher.resume(key)


def trace(by: str = "u0", group: str = "a", credential: Credential | None = None) -> w.Trace:
    return w.Trace(by, f"g:{group}", c.TraceMessage(by, True, "u0", "c1"), credential=credential)


async def made(**more: Any) -> Asking:
    sim = Asking(**more)
    await sim.answer("g:a", create("a"))
    return sim


# ------------------------------------------------------------------------------------------ what raises


class Faulty(Asking):
    """Runs these coroutines in place of Trace, one after the other."""

    def put_in_place(self, *coroutines: Any) -> None:
        left = list(coroutines)

        def following(context: WorkflowContext, workflow: w.Trace) -> Any:
            return left.pop(0)(context, workflow)

        runner = self.dispatcher._workflows
        self.dispatcher._workflows = WorkflowRunner(runner._context, {**WORKFLOWS, w.Trace: following})


async def test_one_that_raises_is_answered_and_takes_nobody_with_it(caplog: pytest.LogCaptureFixture) -> None:
    sim = Faulty()
    await sim.answer("g:a", create("a"))

    async def at_once(context: WorkflowContext, workflow: w.Trace) -> CommandAnswer:
        raise ZeroDivisionError

    async def later(context: WorkflowContext, workflow: w.Trace) -> CommandAnswer:
        await context.command(workflow.key, workflow.command)
        raise ZeroDivisionError

    async def refusing(context: WorkflowContext, workflow: w.Trace) -> CommandAnswer:
        await context.command(workflow.key, workflow.command)
        raise RcimError(OVERLOADED, "not now", 7)

    sim.put_in_place(at_once, later, refusing, WORKFLOWS[w.Trace])
    tokens = [sim.begin(trace()) for _ in range(4)]
    found = [await sim.result(token) for token in tokens]
    assert [code(one) for one in found[:3]] == ["SERVER_ERROR", "SERVER_ERROR", "OVERLOADED"]
    assert found[2] == o.Refused(OVERLOADED, "not now", 7) and isinstance(found[3], o.Traced)
    assert any("a workflow failed workflow=Trace" in record.message for record in caplog.records)
    await until(lambda: sim.dispatcher.idle)


# --------------------------------------------------------------------------------------------- the end


async def test_those_that_run_when_the_server_stops_are_answered_and_leave_nothing(  # WI-07
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(runner_module, "SAME_WORKFLOWS_MAX", 3)
    sim = await made()
    await sim.answer(user_key("bob"), u.ReadUser("bob", True))
    stuck(sim)
    tokens = [sim.invite("a", "bob"), sim.begin(trace()), sim.begin(trace()), sim.begin(trace())]
    tokens += [sim.begin(w.ListUsers("bob", UserList.BLACK, [f"x{i}"], [])) for i in range(3)]
    await until(lambda: list(sim.under_way) == ["bob"])
    await until(lambda: len([token for token in tokens if token in sim.asker.answers]) == 3, "the lists are changed")
    sim.dispatcher._workflows._context.list_turns.take("bob").begin(lambda _: None)  # type: ignore[arg-type]
    tokens += [sim.begin(w.ListUsers("bob", UserList.BLACK, [f"y{i}"], [])) for i in range(3)]
    sim.dispatcher.stop()
    assert all(token in sim.asker.answers for token in tokens), "each once: the asker looks"
    refused = [sim.asker.answers[token] for token in (*tokens[:4], *tokens[7:])]
    refused.append(sim.asker.answers[sim.begin(trace())])
    assert {code(one) for one in refused} == {"SHUTTING_DOWN"}
    assert sim.dispatcher._workflows.idle


async def test_admissions_end_when_the_server_stops() -> None:
    """ID-09: the group's command is in its mailbox, and nobody will look at it."""
    sim = await made()
    stuck(sim)
    token = sim.invite("a", "bob", "carol")
    await until(lambda: len(sim.under_way) == 2 and not sim.dispatcher._mailboxes[user_key("carol")].queue)
    sim.dispatcher._mailboxes.pop(user_key("bob"))
    sim.dispatcher.stop()
    ended = [one.body for one in sim.dispatcher._mailboxes[user_key("carol")].queue]
    assert [type(one) for one in ended] == [u.EndAdmission], "who has an actor is told by it"
    assert list(sim.under_way) == ["carol"], "who has none is let go at once"
    assert code(sim.asker.answers[token]) == "SHUTTING_DOWN"


async def test_nobody_is_handed_a_turn_when_the_server_stops() -> None:  # SC-07, WI-07
    sim = Asking()
    key = user_key("bob")
    await sim.answer(key, u.ReadUser("bob", True))
    stuck(sim, key)
    tokens = [sim.begin(w.ListUsers("bob", UserList.BLACK, [f"x{i}"], [])) for i in range(3)]
    await until(lambda: len(sim.dispatcher._mailboxes[key].queue) == 1)
    sim.dispatcher.stop()
    assert [type(one.body) for one in sim.dispatcher._mailboxes[key].queue] == [u.ChangeUserList]
    assert {code(sim.asker.answers[token]) for token in tokens} == {"SHUTTING_DOWN"}
    assert not sim.dispatcher._workflows._context.list_turns._waiting


# --------------------------------------------------------------------------------------------- in order


async def test_two_changes_of_one_users_lists_reach_a_conversation_in_their_order() -> None:  # SC-07
    sim = Asking()
    told: list[tuple[str, bool]] = []
    submit = sim.dispatcher.submit

    def noting(request: Any) -> bool:
        if isinstance(request.body, c.TakeListed):
            told.append((request.key, request.body.on))
        return submit(request)

    sim.dispatcher._workflows._context._dispatcher = Noting(sim, noting)
    put, take = (w.ListUsers("bob", UserList.BLACK, *lists) for lists in ((["carol"], []), ([], ["carol"])))
    tokens = [sim.begin(one) for one in (put, take, put, take)]
    other = sim.begin(w.ListUsers("dave", UserList.BLACK, ["carol"], []))
    assert [await sim.result(token) for token in (*tokens, other)] == [o.Done()] * 5
    of_bob = [on for key, on in told if "bob" in key]
    assert of_bob == [True, False, True, False]
    assert sim.store.load_user(user_key("bob"), "bob").lists == []


class Noting:
    """What workflows get in place of the dispatcher."""

    def __init__(self, sim: Asking, submit: Any) -> None:
        self.submit = submit
        self.read = sim.dispatcher.read


async def test_what_is_asked_after_a_workflow_stands_behind_its_first_command() -> None:  # WI-06
    """Without waiting for its answer, in the same turn of the loop."""
    sim = Asking()
    changing = sim.begin(w.ListUsers("bob", UserList.BLACK, ["carol"], []))
    reading = sim.ask(user_key("bob"), u.ReadUserList("bob", True, UserList.BLACK, "", 10))
    assert (await sim.result(reading)).entries == ["carol"]
    assert await sim.result(changing) == o.Done()


async def test_a_turn_is_passed_on_by_one_that_fails() -> None:  # SC-07
    sim = Asking()
    sim.backend.share = 1.0
    tokens = [sim.begin(w.ListUsers("bob", UserList.BLACK, [f"x{i}"], [])) for i in range(2)]
    assert code(await sim.result(tokens[0])) == "STORE_UNAVAILABLE"
    sim.backend.share = 0.0
    await sim.result(tokens[1])
    assert await sim.result(sim.begin(w.ListUsers("bob", UserList.BLACK, ["y"], []))) == o.Done()
    assert not sim.dispatcher._workflows._context.list_turns._waiting


# --------------------------------------------------------------------------------------------- bounds


async def test_users_have_a_bound_and_so_have_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "SAME_WORKFLOWS_MAX", 2)
    monkeypatch.setattr(runner_module, "WORKFLOWS_MAX", 5)
    sim = await made()
    stuck(sim)
    runner = sim.dispatcher._workflows
    tokens = [sim.begin(trace("one")) for _ in range(4)]
    assert runner._counts == {"one": 2}, "its others wait"
    tokens += [sim.begin(trace(f"u{i}")) for i in range(5)]
    assert runner._count == 5 and list(runner._waiting) == ["one", "u3", "u4"]
    token = sim.begin(w.Login("late", False))
    assert isinstance(await sim.result(token), LoginFacts), "logins wait for nobody"
    go_on(sim)
    for token in tokens:
        assert isinstance(await sim.result(token), o.Traced)
    assert runner.idle and not runner._counts and not runner._waiting and not runner._count
    assert [token for token in sim.asker.answers if token in tokens[:4]] == tokens[:4], "in their order"


async def test_a_slow_conversation_holds_up_no_workflow_about_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the same user too: a back end is one user with many connections."""
    monkeypatch.setattr(runner_module, "SAME_WORKFLOWS_MAX", 2)
    sim = await made()
    await sim.answer("g:b", create("b"))
    stuck(sim)
    waiting = [sim.begin(trace("root")) for _ in range(5)]
    other = sim.begin(trace("root", "b"))
    assert isinstance(await sim.result(other), o.Traced)
    sent = w.SendAs("root", "g:b", "c1", 2, b"", credential=Credential("root", 1))
    assert isinstance(await sim.result(sim.begin(sent)), o.Sent | o.Refused), "messages have a queue of their own"
    assert not any(token in sim.asker.answers for token in waiting)
    go_on(sim)
    for token in waiting:
        assert isinstance(await sim.result(token), o.Traced)
    runner = sim.dispatcher._workflows
    assert runner.idle and not runner._counts and not runner._same and not runner._waiting


async def test_what_an_administrator_asks_for_others_counts_as_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "SAME_WORKFLOWS_MAX", 2)
    sim = await made()
    stuck(sim)
    for i in range(3):
        sim.begin(trace(f"u{i}", credential=Credential("root", 1)))
    runner = sim.dispatcher._workflows
    assert runner._counts == {"root": 2} and len(runner._waiting["root"]) == 1


async def test_what_waits_on_a_signature_that_counts_no_more_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """ID-09, and very many of them are no deep call."""
    monkeypatch.setattr(runner_module, "SAME_WORKFLOWS_MAX", 1)
    sim = await made()
    stuck(sim)
    tokens = [sim.begin(trace(credential=Credential("bob", 1))) for _ in range(2000)]
    sim.dispatcher._app_state.invalidated.note("bob", 2, 2)
    go_on(sim)
    found = [await sim.result(token) for token in tokens]
    assert isinstance(found[0], o.Traced), "it was under way"
    assert {code(one) for one in found[1:]} == {"NOT_PERMITTED"} and sim.dispatcher._workflows.idle


async def test_commands_of_one_workflow_have_a_bound_and_wait_for_room() -> None:
    sim = Asking(limits=replace(DEFAULTS, mailbox_max=4))
    await sim.answer("g:a", create("a"))
    most = under_way = 0
    submit, results = sim.dispatcher.submit, []

    async def many(context: WorkflowContext, workflow: w.Trace) -> CommandAnswer:
        results.extend(await context.commands((workflow.key, send("u0", f"c{i}")) for i in range(100)))
        results.extend(await context.commands((f"g:none{i}", send("u0", "c")) for i in range(100)))
        assert await context.commands([]) == []
        return o.Done()

    def counting(request: Any) -> bool:
        nonlocal most, under_way
        taken = submit(request)
        most = max(most, sum(len(one.queue) for one in sim.dispatcher._mailboxes.values()))
        return taken

    runner = sim.dispatcher._workflows
    runner._context._dispatcher = Noting(sim, counting)
    sim.dispatcher._workflows = WorkflowRunner(runner._context, {w.Trace: many})
    assert await sim.result(sim.begin(trace())) == o.Done()
    assert [one.seq for one in results[:100]] == list(range(1, 101)), "in the order of the commands"
    assert {code(one) for one in results[100:]} == {"NO_SUCH_GROUP"} and len(results) == 200
    assert most == COMMANDS_AT_ONCE


# ------------------------------------------------------------------------------------------- three kinds


def test_each_workflow_has_a_coroutine() -> None:
    assert set(WORKFLOWS) == set(typing.get_args(w.AnyWorkflow))
    assert not {*typing.get_args(w.AnyWorkflow)} & {*typing.get_args(q.Query)}


async def test_only_a_login_begins_a_session() -> None:  # ID-04
    """What a workflow reads of a user, or is read of it for a new owner, notes nothing."""
    sim = await made()
    sessions = sim.dispatcher._sessions
    sim.dispatcher.ask(Request("", q.LoginQuery("bob"), sim.asker, 900))
    await sim.result(sim.begin(w.SyncGroups("bob", ["g:a"])))
    await until(lambda: 900 in sim.asker.answers)
    assert not sessions._begun
    facts = await sim.result(sim.begin(w.Login("bob", False, 1000)))
    assert facts.conversations == ["g:a", "b:all"] and sessions._begun == {"bob": facts.began_ms}
    assert replace_struct(facts, began_ms=0) == sim.store.answer_all([q.LoginQuery("bob", broadcasts=True)])[0]
