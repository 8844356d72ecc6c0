"""What LeanCloud's engine says of a push becomes what is pushed (PU-02)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from rcim_tools.event_examples import EXAMPLES

from rcim.actor.records import Message
from rcim.app.consumers.offline_hook import offline_hook_of
from rcim.hooks.offline_receivers import AS_USUAL, OfflineReceivers, OfflineVerdict
from rcim.outbox.push.hook import Offline, OfflineAnswer


class Engine(OfflineReceivers):
    """Says what it is told to say."""

    def __init__(self, verdict: OfflineVerdict) -> None:
        self.verdict = verdict
        self.asked: list[tuple[str, Sequence[str]]] = []

    async def ask(self, key: str, message: Message, offline: Sequence[str]) -> OfflineVerdict:
        self.asked.append((key, offline))
        return self.verdict


async def answer(verdict: OfflineVerdict) -> OfflineAnswer:
    engine = Engine(verdict)
    event: Any = EXAMPLES[0]
    found = await offline_hook_of(engine)(Offline(event, ["bob", "carol"], ["bob"]))
    assert engine.asked == [(event.where.key, ["bob", "carol"])]
    return found


async def test_nothing_said_is_as_without_the_hook() -> None:
    assert await answer(AS_USUAL) == OfflineAnswer()


async def test_who_gets_it_and_what_it_says() -> None:
    found = await answer(OfflineVerdict(users=["bob"], push={"alert": "Dinner", "badge": "Increment"}, force=True))
    assert (found.users, found.force, found.skip) == (["bob"], True, False)
    assert found.push is not None and found.push.text == "Dinner" and found.push.badge_mode.name == "INCREMENT"
    assert (await answer(OfflineVerdict(skip=True))).skip


@pytest.mark.parametrize("push", [{"badge": []}, {"alert": 7}])
async def test_what_is_no_push_data_is_as_if_it_had_said_nothing(push: dict[str, Any]) -> None:
    assert (await answer(OfflineVerdict(push=push))).push is None
