"""A few coroutines at a time, in their order, so that others have their turn in between (CB-04)."""

from __future__ import annotations

import asyncio

from rcim.outbox.callbacks.pacing import Pacing


async def turns(number: int) -> None:
    """So many turns of the loop."""
    for _ in range(number):
        await asyncio.sleep(0)


async def test_a_few_go_on_at_a_time() -> None:
    pacing, went = Pacing(2, 3600.0), list[int]()

    async def one(number: int) -> None:
        await pacing.turn()
        went.append(number)

    tasks = [asyncio.create_task(one(number)) for number in range(7)]
    found: list[list[int]] = []
    for _ in range(4):
        await turns(10)
        found.append(list(went))
        tasks[3].cancel()
        if pacing._timer is not None:
            pacing._timer.cancel()
            pacing._next_period()  # as if the time had passed
    assert found == [[0, 1], [0, 1, 2, 4], [0, 1, 2, 4, 5, 6], [0, 1, 2, 4, 5, 6]]
    assert pacing._timer is None, "while nobody comes nothing happens"
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_no_two_go_on_in_the_same_turn_of_the_loop() -> None:
    """What else is ready comes between them: who sends a message waits for one callback, and not for five."""
    pacing, went = Pacing(5, 3600.0), list[int]()
    turn = 0

    async def one() -> None:
        await pacing.turn()
        went.append(turn)

    tasks = [asyncio.create_task(one()) for _ in range(3)]
    for turn in range(1, 20):
        if turn == 10:
            tasks += [asyncio.create_task(one()) for _ in range(2)]
        await turns(1)
    assert len(went) == len(set(went)) == 5
    await asyncio.gather(*tasks)


async def test_the_time_passes_by_itself() -> None:
    pacing = Pacing(1, 0.001)
    for _ in range(5):
        await pacing.turn()
