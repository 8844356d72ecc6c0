"""Everybody comes back and sees what should be seen: the benches that show it, small (RX-03 to RX-09)."""

from __future__ import annotations

from typing import Any

import pytest
from rcim_bench import model, reconnect

from tests.amount import some


@pytest.mark.slow
async def test_random_devices_see_what_the_model_says() -> None:
    report = await model.run(some(3, of=6), 5000, lambda _: None)
    assert model.failures(report) == [], report["rows"]


async def test_the_model_finds_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that loses what was deleted elsewhere is told from one that does not."""
    monkeypatch.setattr(model, "MATCH_S", 0.3)
    monkeypatch.setattr("rcim.client.inbox.Inbox._cleared", lambda *_: None)
    monkeypatch.setattr("rcim.client.stream.Stream.look_again", _nothing)
    report = await model.run(2, 4, lambda _: None)
    assert report["seeds_with_differences"] > 0 and model.failures(report)


async def _nothing(*_: Any) -> None:
    """It should have looked."""


@pytest.mark.slow
async def test_all_come_back_small() -> None:
    report = await reconnect.run(20, 0.5, 10.0, 50, True, lambda _: None)
    assert reconnect.failures(report) == []
    assert report["back"] == 20 and report["reconnects"] >= 40
    assert report["deliveries"] >= 20 * (report["acknowledged"] - 5)


def test_what_is_lost_fails_the_bench() -> None:
    report = {"lost": 1, "doubled": 0, "back": 3, "members": 3, "rows": [{"messages_meanwhile": 2}]}
    assert reconnect.failures(report) == ["1 lost"]
    report = {"lost": 0, "doubled": 2, "back": 2, "members": 3, "rows": [{"messages_meanwhile": 0}]}
    assert len(reconnect.failures(report)) == 3
