"""What came of reloads is counted (OP-02, OP-03)."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rcim.actor.reload_workflows import Reload
from rcim.app.reload import reload_counts
from rcim.app.reload.part_reloads import ASKED_MAX, PartReloads, counts_order
from rcim.app.reload.reload_counts import OUTCOMES, ReloadCounts
from rcim.app.reload.reload_parts import Prepared, ReloadRefused
from rcim.app.settings.all_settings import Settings
from rcim.base import metrics as m
from tests.kit_metrics import ON, key_of, scrape
from tests.kit_reload import FileServer

BAD = "[limits]\nmentions_max = x\n"


def figures(counts: ReloadCounts) -> tuple[dict[str, int], int, int]:
    """The counts that are not 0, whether the last reload was done, and when the last one was that was, in seconds."""
    found = list(counts.figures())
    values = {one.metric: one.value for one in found}
    by_outcome = {one.labels[0]: one.value for one in found if one.metric is m.RELOADS}
    assert tuple(by_outcome) == OUTCOMES, "each is there from the start, so that the first one is seen as growth"
    return (
        {name: count for name, count in by_outcome.items() if count},
        values[m.RELOAD_GOOD],
        values[m.RELOAD_GOOD_AT] // 1_000_000,
    )


async def test_each_outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start = now = 1_700_000_000
    monkeypatch.setattr(reload_counts, "clock", SimpleNamespace(wall_ms=lambda: now * 1000))
    server = FileServer(tmp_path)
    await server.start()
    reloader = server.server.reloader
    counts = reloader.counts
    assert figures(counts) == ({}, 1, start)
    now += 60
    await server.reload("[limits]\nmentions_max = 5\n")
    assert figures(counts) == ({"done": 1}, 1, start + 60)
    now += 60
    await server.refused(BAD)
    assert figures(counts) == ({"done": 1, "refused": 1}, 0, start + 60)
    await server.reload("", check_only=True)
    with pytest.raises(ReloadRefused):
        await server.reload(BAD, check_only=True)
    assert figures(counts) == ({"done": 1, "refused": 1}, 0, start + 60), "who only looks is not counted"
    await server.reload("")
    assert figures(counts) == ({"done": 2, "refused": 1}, 1, start + 120)
    first, second = (asyncio.create_task(reloader.reload()) for _ in range(2))
    await asyncio.sleep(0)
    with pytest.raises(ReloadRefused):
        await reloader.reload()
    assert figures(counts) == ({"done": 2, "refused": 1, "busy": 1}, 1, start + 120)
    await asyncio.gather(first, second)
    assert figures(counts) == ({"done": 4, "refused": 1, "busy": 1}, 1, start + 120)

    async def faulty(settings: Settings, files: frozenset[str]) -> Prepared:
        raise RuntimeError("a fault of the server")

    monkeypatch.setattr(server.server, "prepare", faulty)
    assert (await reloader.answer(check_only=False)).code.name == "SERVER_ERROR"  # type: ignore[union-attr]
    assert figures(counts) == ({"done": 4, "refused": 1, "busy": 1, "failed": 1}, 0, start + 120)
    await server.stop()


async def test_a_scrape_tells_it(tmp_path: Path) -> None:
    server = FileServer(tmp_path, flags=ON)
    await server.start()
    key = await key_of(server)
    await server.refused(BAD)
    said = await scrape(server.server.http_port, key)
    assert said.value(m.RELOADS.name, outcome="refused") == 1
    assert said.value(m.RELOADS.name, outcome="done") == 0
    assert said.value(m.RELOAD_GOOD.name) == 0
    await server.stop()


async def test_the_owner_of_several_processes_shows_them_and_says_which_it_has_refused() -> None:
    """It can't count them itself: others are asked for by a signal to another process."""
    elsewhere, shown = ReloadCounts(), ReloadCounts()
    elsewhere.count("refused")
    said: list[dict[str, Any]] = []

    async def prepare(settings: Settings, files: frozenset[str]) -> Prepared:
        raise AssertionError("nobody asks for it")

    parts = PartReloads(prepare, lambda **one: said.append(one), shown)
    parts.take(*counts_order(elsewhere).split(b" ", 1))
    assert figures(shown) == figures(elsewhere) == ({"refused": 1}, 0, figures(elsewhere)[2])
    answers: list[Any] = []
    for _ in range(ASKED_MAX + 1):
        parts.carry_out(Reload("root", False), answers.append)
    parts.carry_out(Reload("root", True), answers.append)
    assert [sorted(one) for one in said] == [["check", "reload"]] * ASKED_MAX + [["reload_busy"]]
    assert len(answers) == 2, "a look that is refused is none that counts"
    await parts.stop()
