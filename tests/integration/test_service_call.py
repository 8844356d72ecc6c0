"""`Service.call`: a request that no connection makes, from whichever process (rcim/service/service.py)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from rcim.actor.outcomes import Created, Done, Info, Sent
from rcim.base.errors import RcimError
from rcim.base.ids import made_guest_id
from rcim.base.limits import DEFAULTS
from rcim.base.terms import Priority
from rcim.connect.principal import Principal
from rcim.service import requests as r
from rcim.service import service as service_module
from rcim.service.results import GroupFacts
from rcim.service.service import Service
from rcim.wire import frames as f
from tests.kit import SteadyClock, TestCluster, TestServer, create, send, until

ROOT = Principal("administrator", True)
BODY = send("g", "").body


@pytest.fixture(params=["one process", "gateway"])
async def service(request: Any, tmp_path: Path) -> AsyncIterator[Service]:
    """The service of a server, and that of a gateway whose engine is elsewhere."""
    if request.param == "one process":
        server = TestServer(tmp_path, tls=False)
        await server.start()
        yield server.server.service
        await server.stop()
        return
    cluster = TestCluster(tmp_path, tls=False)
    await cluster.start()
    yield cluster.gateways[0][0].service
    await cluster.stop()


async def test_a_call_returns_the_result(service: Service) -> None:
    made = await service.call(ROOT, r.GroupCreate("g", "Public", "g", members=["bob"], owner="alice"))
    assert isinstance(made, Created) and made.group_id == "g"
    alice = Principal("alice", False)
    sent = await service.call(alice, r.Send("g:g", "c1", Priority.NORMAL, BODY))
    assert isinstance(sent, Sent) and sent.seq == 1
    facts = await service.call(alice, r.GroupInfo("g"))
    assert isinstance(facts, GroupFacts) and isinstance(facts.info, Info) and facts.online_num == 0
    assert isinstance(await service.call(alice, r.GroupDissolve("g")), Done)


async def test_a_refusal_is_raised(service: Service) -> None:
    for principal, request, code in (
        (Principal("alice", False), r.AdminStats(), "ADMIN_REQUIRED"),
        (Principal("alice", False), r.GroupInfo(""), "BAD_PARAMETER"),
        (Principal("alice", False), r.GroupInfo("nowhere"), "NO_SUCH_GROUP"),
        (Principal("alice", False), r.PresenceWatch(["bob"]), None),
        (Principal(made_guest_id(1), False), r.ProfileGet("bob"), "NOT_PERMITTED"),
    ):
        if code is None:  # without a connection nobody is watched, and the answer says so
            assert (await service.call(principal, request)).refused == ["bob"]  # type: ignore[union-attr]
            continue
        with pytest.raises(RcimError) as refused:
            await service.call(principal, request)
        assert refused.value.code.name == code


async def test_calls_are_counted_for_their_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # LI-01
    SteadyClock(monkeypatch)
    server = TestServer(tmp_path, tls=False, limited=True, flags=("limits.reads_per_min=3",))
    await server.start()
    alice = Principal("alice", False)
    service = server.server.service
    for _ in range(3):
        with pytest.raises(RcimError, match="NO_SUCH_GROUP"):
            await service.call(alice, r.History("g:nowhere"))
    with pytest.raises(RcimError, match="TOO_FREQUENT"):
        await service.call(alice, r.History("g:nowhere"))
    with pytest.raises(RcimError, match="NO_SUCH_GROUP"):
        await service.call(ROOT, r.History("g:nowhere"))
    await server.stop()


async def test_a_call_waits_for_room_in_the_mailbox(plain_server: TestServer) -> None:
    """More calls than a mailbox holds: all are carried out, in their order."""
    alice = await plain_server.member("alice")
    await alice.ask(create("g"))
    service = plain_server.server.service
    count = DEFAULTS.mailbox_max + 20
    calls = [service.call(ROOT, r.Send("g:g", f"c{n}", Priority.NORMAL, BODY)) for n in range(count)]
    done = await asyncio.gather(*calls)
    assert [sent.seq for sent in done] == list(range(1, count + 1))  # type: ignore[union-attr]


async def test_a_call_that_gets_no_result_ends(plain_server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    service = plain_server.server.service
    held: list[Any] = []
    monkeypatch.setattr(plain_server.server.dispatcher, "submit", lambda request: held.append(request) or True)
    with pytest.raises(RcimError, match=r"GROUP_INFO: no result within 0.01 s"):
        await service.call(ROOT, r.GroupInfo("g"), timeout_s=0.01)
    held[0].refuse(service_module.Refused(service_module.NOT_PERMITTED, ""))  # it comes too late, and harms nobody
    call = asyncio.create_task(service.call(ROOT, r.GroupInfo("g")))
    await until(lambda: len(held) == 2)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    held[1].refuse(service_module.Refused(service_module.NOT_PERMITTED, ""))


async def test_a_call_and_a_connection_see_the_same(plain_server: TestServer) -> None:
    alice = await plain_server.member("alice")
    await alice.ask(create("g"))
    await plain_server.server.service.call(ROOT, r.Send("g:g", "c1", Priority.HIGH, BODY))
    (message,) = (await alice.take_of(f.Deliver)).messages
    assert (message.seq, message.sender) == (1, "administrator")
