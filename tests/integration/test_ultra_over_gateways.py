"""Ultra groups on a server of several processes: what a gateway asks for after the owner has died (UG-02, RX-05)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rcim.base.terms import ApplyJoinOption
from rcim.connect import resubscribe
from rcim.wire import frames as f
from tests.kit import Raw, TestCluster, send

CITY = "@TGS#_city"


def channel(name: str) -> str:
    return f"{CITY}@TOPIC#_{name}"


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[TestCluster]:
    """Two gateways, plain."""
    made = TestCluster(tmp_path / "data")
    await made.start()
    yield made
    await made.stop()


async def two(cluster: TestCluster) -> tuple[Raw, Raw]:
    """alice's ultra group with channels, at one gateway, and bob and carol, who have joined it, at the other."""
    cluster.at = 0
    alice = await cluster.member("alice")
    await alice.ask(f.GroupCreate(CITY, "UltraGroup", "City", "", "", "", ApplyJoinOption.FREE_ACCESS, []))
    for name in ("news", "quiet", "team"):
        await alice.ask(f.ChannelCreate(CITY, name, name, "", name == "team"))
    cluster.at = 1
    bob = await cluster.member("bob")
    await bob.ask(f.GroupJoin(CITY, ""))
    carol = await cluster.member("carol")
    await carol.ask(f.GroupJoin(CITY, ""))
    await alice.ask(f.ChannelUsersChange(channel("news"), ["carol"], []))  # who is not the only one to hear it
    return alice, bob


async def test_a_channel_that_nobody_here_has_heard_is_asked_for_too(
    cluster: TestCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resubscribe, "ULTRA_AT_ONCE", 1)
    alice, bob = await two(cluster)
    for name in ("news", "team"):
        await alice.ask(send(channel(name), f"in {name}"))
    await bob.take_of(f.Deliver)
    hub = cluster.hubs[1]
    group = hub.fanout.find("g:" + CITY)
    assert group is not None
    group.children.clear()  # as if this gateway had started after the message
    hub.deliveries.owner_is_new()
    told = await bob.take_of(f.Resync)
    assert (told.conversation, told.from_seq, told.newest_seq) == ("g:" + channel("news"), 1, 1)
    await alice.ask(send(CITY, "after"))
    seen: list[str] = []
    while not seen or seen[-1] != "g:" + CITY:
        frame = await bob.take()
        if isinstance(frame, f.Resync | f.Deliver):
            seen.append(frame.conversation)
    assert seen == ["g:" + CITY], "nothing of a channel without messages, or of one that is private"
