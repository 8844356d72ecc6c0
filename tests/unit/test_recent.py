"""What was read a moment ago (rcim/service/recent.py): read once for many, and never too old."""

from __future__ import annotations

import asyncio

import pytest

from rcim.base import clock
from rcim.service.recent import Recent

AGE_MS = 1000


class Source:
    """Answers when it is told to. `asked` is how often it was."""

    def __init__(self) -> None:
        self.asked = 0
        self.answers: list[asyncio.Future[str]] = []

    async def read(self, key: str) -> str:
        """A reading of the key."""
        self.asked += 1
        self.answers.append(asyncio.get_running_loop().create_future())
        return f"{key} {await self.answers[-1]}"


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The steady time, which a test moves."""
    found = [5000]
    monkeypatch.setattr(clock, "steady_ms", lambda: found[0])
    return found


async def begun(*asking: asyncio.Task[str]) -> None:
    """Returns when they have asked."""
    for _ in range(3 * len(asking)):
        await asyncio.sleep(0)


def ask(recent: Recent[str, str], source: Source, key: str = "k") -> asyncio.Task[str]:
    return asyncio.create_task(recent.get(key, source.read))


async def test_many_callers_at_once_read_once(now: list[int]) -> None:
    recent, source = Recent[str, str](AGE_MS, 10), Source()
    first, second, gone = (ask(recent, source) for _ in range(3))
    await begun(first, second, gone)
    gone.cancel()
    await begun(first)
    source.answers[0].set_result("a")
    assert (await first, await second, source.asked) == ("k a", "k a", 1), (
        "who goes away takes nothing from the others"
    )
    now[0] += AGE_MS - 1
    assert await ask(recent, source) == "k a" and source.asked == 1
    now[0] += 1
    again = ask(recent, source)
    await begun(again)
    source.answers[1].set_result("b")
    assert await again == "k b"


async def test_a_failure_is_not_remembered(now: list[int]) -> None:
    recent, source = Recent[str, str](AGE_MS, 10), Source()
    both = ask(recent, source), ask(recent, source)
    await begun(*both)
    source.answers[0].set_exception(ValueError("wrong"))
    for one in both:
        with pytest.raises(ValueError, match="wrong"):
            await one
    later = ask(recent, source)
    await begun(later)
    source.answers[1].set_result("b")
    assert await later == "k b"


async def test_a_slow_reading_counts_from_when_it_began(now: list[int]) -> None:
    recent, source = Recent[str, str](AGE_MS, 10), Source()
    slow = ask(recent, source)
    await begun(slow)
    now[0] += AGE_MS
    later = ask(recent, source)
    await begun(later)
    assert source.asked == 2, "what it will say may be too old"
    source.answers[1].set_result("new")
    assert await later == "k new"
    source.answers[0].set_result("old")
    assert await slow == "k old"
    assert await ask(recent, source) == "k new", "the older answer takes no newer one's place"


async def test_it_is_bounded(now: list[int]) -> None:
    recent, source = Recent[str, str](AGE_MS, 2), Source()
    for key in "abc":
        one = ask(recent, source, key)
        await begun(one)
        source.answers[-1].set_result("x")
        await one
    assert await ask(recent, source, "c") == "c x" and source.asked == 3
    again = ask(recent, source, "a")
    await begun(again)
    assert source.asked == 4, "the others were forgotten"
    source.answers[-1].set_result("y")
    assert await again == "a y"
