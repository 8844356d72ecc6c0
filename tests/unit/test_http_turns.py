"""Turns of requests that look before they change something, in one process and in several (AB-02)."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from rcim.base.errors import RcimError
from rcim.http import turns as module
from rcim.http.turns import Turns
from tests.kit import PATIENCE_S

HOLDER = """
import asyncio, sys
from pathlib import Path
from rcim.http.turns import Turns

async def main():
    async with Turns(Path(sys.argv[1])).of("a"):
        print("held", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

asyncio.run(main())
"""


async def counted(turns: list[Turns], names: list[list[str]]) -> int:
    """How many were at most inside at once, of some that enter by these turns with these names."""
    inside = most = 0

    async def one(by: Turns, wanted: list[str]) -> None:
        nonlocal inside, most
        async with by.of_all(wanted):
            inside += 1
            most = max(most, inside)
            for _ in range(3):
                await asyncio.sleep(0)
            inside -= 1

    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*(one(by, wanted) for by, wanted in zip(turns, names, strict=True)))
    return most


@pytest.mark.parametrize("shared", [False, True], ids=["one object", "one file"])
async def test_one_at_a_time_for_a_name(tmp_path: Path, shared: bool) -> None:
    def made() -> Turns:
        return Turns(tmp_path / "turns") if shared else alone

    alone = Turns()
    assert await counted([made() for _ in range(20)], [["a"]] * 20) == 1
    assert await counted([made() for _ in range(6)], [["a", "b", "c"], ["c", "b", "a"], ["b", "a"]] * 2) == 1
    assert await counted([made() for _ in range(4)], [["a"], ["b"], ["c"], ["d"]]) == 4, "others wait for nobody"
    assert await counted([made()], [["a", "a"]]) == 1


async def test_what_raises_gives_its_turn_back(tmp_path: Path) -> None:
    turns = Turns(tmp_path / "turns")
    with pytest.raises(ValueError, match="x"):
        async with turns.of("a"):
            raise ValueError("x")
    assert await counted([turns], [["a"]]) == 1


async def test_who_waits_for_long_is_refused_and_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = Turns(tmp_path / "turns")
    async with turns.of("a"):
        monkeypatch.setattr(module, "WAIT_S", 0.0)
        with pytest.raises(RcimError) as caught:
            async with turns.of_all(["a", "b", "c"]):
                pass
        assert caught.value.code.name == "OVERLOADED"
        monkeypatch.undo()
        async with turns.of_all(["b", "c"]):
            pass
    async with turns.of("a"):
        pass


async def test_another_process_and_its_death(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits longer than it may is told so; what a dead process had is free."""
    file = tmp_path / "turns"
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, str(file), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdout is not None
    try:
        async with asyncio.timeout(PATIENCE_S):
            assert await holder.stdout.readline() == b"held\n"
        async with Turns(file).of("b"):
            pass
        monkeypatch.setattr(module, "WAIT_S", 0.0)
        with pytest.raises(RcimError) as caught:
            async with Turns(file).of("a"):
                pass
        assert caught.value.code.name == "OVERLOADED"
        monkeypatch.undo()
    finally:
        holder.kill()
        await holder.wait()
    async with Turns(file).of("a"):
        pass
