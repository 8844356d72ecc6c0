"""A few coroutines at a time, in their order, so that others have their turn in between (CB-04)."""

from __future__ import annotations

import asyncio

from rcim.outbox.callbacks.pacing import Pacing


async def test_a_few_go_on_at_a_time() -> None:
    pacing, went = Pacing(2, 3600.0), list[int]()

    async def one(number: int) -> None:
        await pacing.turn()
        went.append(number)

    tasks = [asyncio.create_task(one(number)) for number in range(7)]
    found: list[list[int]] = []
    for _ in range(4):
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        found.append(list(went))
        tasks[3].cancel()
        if pacing._timer is not None:
            pacing._timer.cancel()
            pacing._next()  # as if the time had passed
    assert found == [[0, 1], [0, 1, 2, 4], [0, 1, 2, 4, 5, 6], [0, 1, 2, 4, 5, 6]]
    assert pacing._timer is None, "while nobody comes nothing happens"
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_the_time_passes_by_itself() -> None:
    pacing = Pacing(1, 0.001)
    for _ in range(5):
        await pacing.turn()
