"""What the pages of protocol-spec/ say of sending and the vectors can't: it needs a group, or comes in no order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rcim.base.errors import RcimError
from rcim.base.terms import ApplyJoinOption, HeldBack
from rcim.client.link import decode
from rcim.wire import frames
from rcim.wire.schema import Frame
from tests.kit import Raw, TestServer, create, send


@pytest.fixture
async def alice(tmp_path: Path) -> Any:
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    raw = await server.raw()
    await raw.login("alice", server.sign("alice"))
    await raw.ask(create("lobby"))
    yield raw
    await server.stop()


async def name_of(raw: Raw, frame: Frame) -> str:
    found = await raw.ask(frame)
    assert isinstance(found, RcimError), found
    return found.code.name


def directed(name: str, **more: Any) -> frames.Send:
    plain = send("lobby", name)
    return frames.Send(plain.conversation, name, plain.priority, plain.body, **more)


async def test_of_several_sends_under_way_one_is_refused_and_the_others_are_not(alice: Raw) -> None:  # WI-06
    wrong = directed("two", type_name="no:such")
    alice.write(send("lobby", "one").encode(101) + wrong.encode(102) + send("lobby", "three").encode(103))
    found: dict[int, Any] = {}
    while len(found) < 3:
        raw = await alice.take_raw()
        assert raw is not None
        if raw.request_id:
            found[raw.request_id] = decode(raw)
    assert [found[101].seq, found[103].seq] == [1, 2]
    assert isinstance(found[102], RcimError) and found[102].code.name == "BAD_PARAMETER"


async def test_the_content_of_a_repeated_send_is_not_compared(alice: Raw) -> None:  # MS-02
    first = await alice.ask(send("lobby", "m-1", "hello"))
    again = await alice.ask(send("lobby", "m-1", "something else"))
    assert again.duplicate and (again.seq, again.message_id) == (first.seq, first.message_id)


async def test_a_transient_message_needs_an_id_of_its_own(alice: Raw) -> None:  # MS-08
    kept = await alice.ask(send("lobby", "m-1"))
    other = await alice.ask(directed("m-1", transient=True))
    assert kept.seq == 1 and (other.seq, other.duplicate) == (0, False)  # ids of transient messages are apart
    once, twice = [await alice.ask(directed("t-1", transient=True)) for _ in range(2)]
    assert (once.seq, once.duplicate, once.held_back) == (0, False, HeldBack.NO) and twice.duplicate


async def test_why_a_send_is_refused(alice: Raw) -> None:  # MS-07, MS-09
    assert await name_of(alice, directed("a", to=["nobody"])) == "NO_SUCH_MEMBER"
    assert await name_of(alice, directed("b", mentions=["nobody"])) == "NO_SUCH_MEMBER"
    assert await name_of(alice, directed("c", type_name="no:such")) == "BAD_PARAMETER"
    assert await name_of(alice, send("lobby", "@tip-1")) == "BAD_PARAMETER"


async def test_a_chat_room_is_made_without_members(alice: Raw) -> None:  # GT-07
    free = ApplyJoinOption.FREE_ACCESS
    frame = frames.GroupCreate("room", "AVChatRoom", "Room", "", "", "", free, ["bob"])
    assert await name_of(alice, frame) == "NOT_PERMITTED"
