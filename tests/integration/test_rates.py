"""Limits of rates through the wire: how often one user may ask (LI-01), and frequency control of a group (section 6)."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from msgspec.structs import replace

from rcim.base.errors import RcimError
from rcim.base.terms import HeldBack, Platform, Priority
from rcim.content.elements import Text, encode_body
from rcim.wire import frames as f
from rcim.wire.peeking import is_transient
from tests.kit import SteadyClock, TestServer, create, send


async def test_a_user_who_asks_too_often_is_told_how_long_to_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # LI-01
    SteadyClock(monkeypatch)
    flags = ("limits.sends_per_min=5", "limits.reads_per_min=3", "limits.requests_per_min=4")
    server = TestServer(tmp_path / "data", tls=False, limited=True, flags=flags)
    await server.start()
    alice = await server.member("alice")  # the login is one of the four
    assert isinstance(await alice.ask(create("g")), f.GroupCreateOk)
    found = [await alice.ask(send("g", f"c{i}")) for i in range(6)]
    assert [isinstance(one, f.SendOk) for one in found] == [True] * 5 + [False]
    assert isinstance(found[5], RcimError) and found[5].code.name == "TOO_FREQUENT"
    assert 0 < found[5].retry_after_ms <= 12_000
    reads = [await alice.ask(f.History("g:g", 0, 0, 0, False)) for _ in range(4)]
    assert [isinstance(one, f.HistoryOk) for one in reads] == [True] * 3 + [False]
    others = [await alice.ask(f.GroupInfo("g")) for _ in range(3)]
    assert [isinstance(one, f.GroupInfoOk) for one in others] == [True, True, False]
    assert isinstance(await alice.ask(f.Ping(1)), f.Pong), "a heartbeat is not counted"
    second = await server.raw()
    await second.hello()
    refused = await second.ask(f.Login("alice", server.sign("alice"), 2, ""))  # type: ignore[arg-type]
    assert isinstance(refused, RcimError) and refused.code.name == "TOO_FREQUENT" and refused.retry_after_ms
    bob = await server.member("bob")
    assert isinstance(await bob.ask(f.GroupJoin("g", "")), f.GroupJoinOk), "one user's rate is no other's"
    await server.stop()


async def test_known_frames_out_of_place_do_not_count_as_unknown_ones(tmp_path: Path) -> None:  # LI-01
    server = TestServer(tmp_path, tls=False, limited=True, flags=("limits.control_per_min=3",))
    await server.start()
    alice = await server.member("alice")
    for _ in range(8):
        refused = await alice.ask(f.Login("alice", "", Platform.WEB, ""))
        assert isinstance(refused, RcimError) and refused.code.name == "UNEXPECTED_FRAME"
    await server.stop()


async def test_transient_messages_have_a_rate_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # LI-01, MS-08
    SteadyClock(monkeypatch)
    flags = ("limits.sends_per_min=3", "limits.transients_per_min=2")
    server = TestServer(tmp_path / "data", tls=False, limited=True, flags=flags)
    await server.start()
    alice = await server.member("alice")
    await alice.ask(create("g"))

    async def codes(**more: bool) -> list[str]:
        found = [await alice.ask(replace(send("g", f"c{i}{more}"), cloud_data=b"x" * i, **more)) for i in range(4)]
        assert all(isinstance(one, f.SendOk) or "transient" in one.detail or not more for one in found)
        return [one.code.name if isinstance(one, RcimError) else "sent" for one in found]

    assert await codes(transient=True) == ["sent"] * 2 + ["TOO_FREQUENT"] * 2
    assert await codes() == ["sent"] * 3 + ["TOO_FREQUENT"]
    await server.stop()


def test_what_is_transient_is_known_undecoded() -> None:  # LI-01
    rng = random.Random(1)
    for _ in range(500):
        frame = f.Send(
            "g:" + "x" * rng.randint(1, 50),
            "c" * rng.randint(1, 40),
            Priority.LOW,
            encode_body([Text("t" * rng.randint(1, 2000))]),
            to=["bob"] * rng.randint(0, 3),
            transient=rng.random() < 0.5,
            cloud_data=b"\x06" * rng.randint(0, 300),
        )
        body = f.Send.encode_struct(frame)
        assert is_transient(body) == frame.transient
        if body != (whole := f.Send.encode_struct(replace(frame, transient=False))):
            assert is_transient(whole + b"\0\x06\0\1\1"), "in any place"
        is_transient(body[: rng.randint(0, len(body))])  # cut anywhere


async def test_app_administrators_are_free_of_it(tmp_path: Path) -> None:  # LI-01
    server = TestServer(tmp_path / "data", tls=False, limited=True, flags=("limits.requests_per_min=1",))
    await server.start()
    admin = await server.member("administrator")
    for _ in range(50):
        assert isinstance(await admin.ask(f.AdminStats()), f.AdminStatsOk)
    await server.stop()


async def test_a_flooded_group_holds_back_and_says_so(
    server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:  # FC-05, FC-08
    admin = await server.member("administrator")
    rates = [f.Policy(name, "5") for name in ("messages_per_s", "normal_per_s", "low_per_s")]
    await admin.ask(f.AdminTypeSet("Slow", "ChatRoom", rates))
    alice, bob = await server.member("alice"), await server.member("bob")
    made = create("g")
    await alice.ask(f.GroupCreate("g", "Slow", made.name, "", "", "", made.apply_join_option, []))
    await bob.ask(f.GroupJoin("g", ""))
    SteadyClock(monkeypatch)  # all at once, however long it takes
    sends = [send("g", f"c{i}", priority=Priority.LOW if i % 2 else Priority.NORMAL) for i in range(40)]
    for number, frame in enumerate(sends):
        bob.write(frame.encode(1000 + number))
    answers = {}
    while len(answers) < 40:
        raw = await bob.take_raw()
        assert raw is not None
        if raw.type == f.SendOk.TYPE:
            answers[raw.request_id] = f.SendOk.decode(raw.body)
    passed = sorted(one.seq for one in answers.values() if one.seq)
    held = [one for one in answers.values() if not one.seq]
    assert passed == list(range(1, len(passed) + 1)) and len(passed) < 40
    assert all(one.held_back is HeldBack.FREQUENCY and one.message_id == 0 for one in held)
    page = await alice.ask(f.History("g:g", 0, 0, 100, False))
    assert [m.seq for m in page.messages] == passed, "what is held back is in no history"
    flow = await admin.ask(f.AdminFlow("g"))
    assert sum(row.offered for row in flow.rows) == 40
    assert sum(row.passed for row in flow.rows) == len(passed)
    assert sum(row.held_by_total + row.held_by_priority for row in flow.rows) == len(held)
    types = await admin.ask(f.AdminFlow(""))
    assert [row.offered for row in types.rows if row.name == "Slow"] == [row.offered for row in flow.rows]
    refused = await alice.ask(f.AdminFlow("g"))
    assert isinstance(refused, RcimError) and refused.code.name == "ADMIN_REQUIRED"
