"""What became of a message (`trace`): at which stage it stopped and why, or what it is now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rcim.actor.tracing import TRACES_MAX, Stage, Stop, Traces
from rcim.base.errors import RcimError
from rcim.base.terms import AppList, MessageState, MsgFlag, Priority
from rcim.content.elements import Text, encode_body
from rcim.wire import frames as f
from tests.kit import SteadyClock, TestServer, create, send

FLAGS = tuple(f"types.ChatRoom.{rate}=3" for rate in ("messages_per_s", "normal_per_s", "low_per_s"))


async def test_every_stage_tells_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    time = SteadyClock(monkeypatch)
    server = TestServer(tmp_path / "data", tls=False, flags=FLAGS)
    await server.start()
    admin, alice, bob = await server.member("administrator"), await server.member("alice"), await server.member("bob")
    await alice.ask(create("g", "bob", "carol"))
    await bob.ask(f.GroupMemberSet("g", "bob", msg_flag=MsgFlag.DISCARD))

    async def trace(sender: str, name: str) -> Any:
        return await admin.ask(f.AdminTrace("g:g", sender, name))

    assert (await trace("alice", "none")).stage == "unknown"
    await admin.ask(f.AdminListChange(AppList.REFUSED_WORDS, ["evil"], []))
    await alice.ask(send("g", "dirty", "evil"))
    await alice.ask(f.GroupMute("g", ["bob"], 60))
    await bob.ask(send("g", "muted"))
    body = encode_body([Text("x")])
    await alice.ask(f.Send("g:g", "fleeting", Priority.NORMAL, body, transient=True))
    await alice.ask(f.Send("g:g", "named", Priority.NORMAL, body, to=["bob"]))
    dirty, muted, fleeting, named = [
        await trace(*one) for one in (("alice", "dirty"), ("bob", "muted"), ("alice", "fleeting"), ("alice", "named"))
    ]
    assert (dirty.stage, dirty.code) == ("word filter", 80001)
    assert (muted.stage, muted.code) == ("right to send", 10017) and "muted in this group" in muted.text
    assert (fleeting.stage, fleeting.seq) == ("transient", 0)
    assert (named.stage, named.seq, named.to, named.members, named.silent) == ("delivered", 1, ["bob"], 3, 1)
    assert named.online == 2, "carol is not there"
    await alice.ask(f.MessageRecall("g:g", 1))
    assert (await trace("alice", "named")).state is MessageState.RECALLED
    time.ms += 60_000  # there is room again
    for i in range(12):
        alice.write(send("g", f"c{i}", priority=Priority.LOW).encode(100 + i))
    answered = 0
    while answered < 12:  # in the order in which they pass
        raw = await alice.take_raw()
        assert raw is not None
        answered += raw.type == f.SendOk.TYPE
    stages = [(await trace("alice", f"c{i}")).stage for i in range(12)]
    assert set(stages) == {"delivered", "frequency control"}
    refused = await alice.ask(f.AdminTrace("g:g", "alice", "c0"))
    assert isinstance(refused, RcimError) and refused.code.name == "ADMIN_REQUIRED"
    await server.stop()


def test_only_the_newest_stops_are_kept() -> None:
    traces = Traces()
    for i in range(TRACES_MAX + 5):
        traces.note("g:g", "a", str(i), Stop(Stage.WORDS, i, 0, ""))
    assert len(traces) == TRACES_MAX
    assert traces.find("g:g", "a", "4") is None and traces.find("g:g", "a", "5") is not None
