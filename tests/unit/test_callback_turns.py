"""Whose turn it is to be asked about (CB-03): one user's waiting questions delay no other user's."""

from __future__ import annotations

import asyncio

import pytest

from rcim.hooks import turns as module
from rcim.hooks.turns import Turns


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("AT_ONCE", 4), ("OF_USER", 3), ("WAITING_MAX", 12), ("WAITING_OF_USER", 8)):
        monkeypatch.setattr(module, name, value)


class Questions:
    """Questions that are under way until they are answered."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.begun: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def ask(self, *names: str) -> None:
        """`a1` is a question of user a."""
        for name in names:
            assert self.turns.take(name[0])
            self.tasks[name] = asyncio.create_task(self._wait(name))
        await turn_over()

    async def _wait(self, name: str) -> None:
        await self.turns.wait(name[0])
        self.begun.append(name)

    async def answer(self, *names: str) -> None:
        for name in names:
            self.turns.done(name[0])
            self.turns.leave(name[0])
        await turn_over()

    async def give_up(self, *names: str) -> None:
        for name in names:
            self.tasks[name].cancel()
            self.turns.leave(name[0])
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


async def turn_over() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_a_user_whose_questions_wait_leaves_room_for_others() -> None:
    q = Questions()
    await q.ask("a1", "a2", "a3", "a4", "a5")
    assert q.begun == ["a1", "a2", "a3"], "no more of one user are under way, though a place is free"
    await q.ask("b1")
    assert q.begun[-1] == "b1", "another user does not wait for them"
    await q.give_up("a4", "a5")


async def test_turns_go_from_user_to_user() -> None:
    q = Questions()
    await q.ask("a1", "a2", "a3", "b1")
    await q.ask("a4", "a5", "a6", "b2", "b3", "c1")
    assert q.begun == ["a1", "a2", "a3", "b1"]
    for name in ("a1", "a2", "a3", "b1"):
        await q.answer(name)
    assert q.begun[4:] == ["a4", "b2", "c1", "a5"], "each user's oldest, in turn"
    await q.give_up("a6", "b3")


async def test_a_users_questions_have_a_bound() -> None:
    q = Questions()
    await q.ask(*(f"a{i}" for i in range(8)))
    assert not q.turns.take("a"), "so many of one user"
    await q.ask(*(f"{user}1" for user in "bcde"))
    assert not q.turns.take("f"), "and so many in all"
    await q.answer("a0")
    assert q.turns.take("f")
    q.turns.leave("f")
    await q.give_up(*(name for name in q.tasks if name not in q.begun))


async def test_who_gives_up_holds_no_place() -> None:
    q = Questions()
    await q.ask("a1", "a2", "a3", "b1", "b2", "b3")
    assert q.begun == ["a1", "a2", "a3", "b1"]
    q.turns.done("a1"[0])  # b2 has its turn, and is cancelled before it knows
    q.tasks["b2"].cancel()
    await turn_over()
    assert q.begun[-1] == "b3"
