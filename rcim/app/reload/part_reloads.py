"""Reloads in one process of a server of several (OP-03): the supervisor gives the orders, one a line (gateways.py).

1. `prepare {token, settings, files}`: make everything that these settings need, and say `{prepared: token}`, with `error`
   if it can't be. What was prepared before and not put into force is dropped.
2. `force TOKEN`: put it into force, and say `{forced: token}`. `drop TOKEN`: do not.
3. The owner of the conversations asks for a reload when an administrator does: it says `{reload: number, check}`, and
   gets `answer {number, ...}`. One that it does not pass on because too many wait it counts: `{reload_busy: true}`.
4. `counts {...}`: what came of all reloads until now, which the owner shows (reload_counts.py).

A process that can't do what it is told ends: it is started again, with the settings in force.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Coroutine
from itertools import count
from typing import Any

import msgspec

from rcim.actor.outcomes import AnyResult, Refused
from rcim.actor.reload_results import Reloaded
from rcim.actor.reload_workflows import Reload
from rcim.app.reload.reload_counts import ReloadCounts
from rcim.app.reload.reload_parts import Prepared, ReloadRefused
from rcim.app.settings.all_settings import Settings, from_plain, plain
from rcim.base.errors import RELOAD_REFUSED, code_of
from rcim.base.limited_log import Log
from rcim.store.decoders import converted

log = Log("rcim.reload")

PREPARE, FORCE, DROP, ANSWER, COUNTS = b"prepare", b"force", b"drop", b"answer", b"counts"
SAID_CHARS_MAX = 1500
"""Of an error that is told to the supervisor: a line fits the pipe at once."""
ANSWER_S = 40.0
"""How long the supervisor may take for a reload, with one that it carries out before."""
ASKED_MAX = 16
"""Reloads that administrators wait for: the supervisor refuses all but two of them at once."""

Prepare = Callable[[Settings, frozenset[str]], Awaitable[Prepared]]
Say = Callable[..., None]


def prepare_order(token: int, settings: Settings, files: frozenset[str]) -> bytes:
    """The order to prepare these settings."""
    said = {"token": token, "settings": plain(settings), "files": sorted(files)}
    return PREPARE + b" " + json.dumps(said).encode()


def answer_order(number: int, answer: Reloaded | Refused) -> bytes:
    """The answer to the owner."""
    said: dict[str, Any] = {"number": number}
    if isinstance(answer, Refused):
        said |= {"code": answer.code.number, "detail": answer.detail}
    else:
        said["reloaded"] = msgspec.to_builtins(answer)
    return ANSWER + b" " + json.dumps(said).encode()


def counts_order(counts: ReloadCounts) -> bytes:
    """The order to show these counts."""
    return COUNTS + b" " + json.dumps(counts.plain()).encode()


class PartReloads:
    """See the module's text. `prepare` is what this process does; `say` tells the supervisor. Used from the loop."""

    def __init__(self, prepare: Prepare, say: Say, counts: ReloadCounts | None = None) -> None:
        """`counts` is shown by this process; None: by another one."""
        self._prepare = prepare
        self._say = say
        self._counts = counts
        self._prepared: tuple[int, Prepared] | None = None
        self._line = asyncio.Lock()
        """Orders are carried out one after the other."""
        self._tasks: set[asyncio.Task[None]] = set()
        """As many as there are orders: the supervisor waits for the answer to each."""
        self._numbers = count(1)
        self._asked: dict[int, tuple[Callable[[AnyResult], None], asyncio.TimerHandle]] = {}

    # -- orders

    def take(self, order: bytes, said: bytes) -> None:
        """Carry out an order; one that is not known is passed over."""
        if order == ANSWER:
            self._answered(json.loads(said))
        elif order == COUNTS and self._counts is not None:
            self._counts.take(json.loads(said))
        elif order in (PREPARE, FORCE, DROP):
            self._run(self._in_line(order, said))

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _in_line(self, order: bytes, said: bytes) -> None:
        async with self._line:
            if order == PREPARE:
                await self._make(json.loads(said))
            elif order == DROP:
                await self._drop()
            else:
                await self._force(int(said))

    async def _make(self, said: dict[str, Any]) -> None:
        await self._drop()
        token = said["token"]
        try:
            made = await self._prepare(from_plain(said["settings"]), frozenset(said["files"]))
        except ReloadRefused as error:
            self._say(prepared=token, error=str(error)[:SAID_CHARS_MAX])
            return
        except Exception as error:
            log.exception("the settings could not be prepared")
            self._say(prepared=token, error=f"a fault of the server: {type(error).__name__}; its log says more")
            return
        self._prepared = token, made
        self._say(prepared=token)

    async def _drop(self) -> None:
        if self._prepared is not None:
            (_, made), self._prepared = self._prepared, None
            await made.drop()

    async def _force(self, token: int) -> None:
        prepared, self._prepared = self._prepared, None
        try:
            if prepared is None or prepared[0] != token:
                raise RuntimeError("other settings were prepared")
            prepared[1].put_in_force()
            await prepared[1].finish()
        except Exception:
            log.exception("the settings could not be put into force: this process is started again with them")
            os._exit(1)
        self._say(forced=token)

    # -- the owner asks

    def carry_out(self, workflow: Reload, done: Callable[[AnyResult], None]) -> None:
        """See ReloadControl."""
        if len(self._asked) >= ASKED_MAX:
            if not workflow.check_only:
                self._say(reload_busy=True)
            done(Refused(RELOAD_REFUSED, "too many administrators ask for a reload"))
            return
        number = next(self._numbers)
        timer = asyncio.get_running_loop().call_later(ANSWER_S, self._unanswered, number)
        self._asked[number] = done, timer
        self._say(reload=number, check=workflow.check_only)

    def _unanswered(self, number: int) -> None:
        done, _ = self._asked.pop(number)
        done(Refused(RELOAD_REFUSED, f"no answer within {ANSWER_S:g} s; the log says what became of it"))

    def _answered(self, said: dict[str, Any]) -> None:
        found = self._asked.pop(said["number"], None)
        if found is None:
            return
        done, timer = found
        timer.cancel()
        if "code" in said:
            done(Refused(code_of(said["code"]), said["detail"]))
        else:
            done(converted(said["reloaded"], Reloaded))

    async def stop(self) -> None:
        """Carry out no more."""
        for _, timer in self._asked.values():
            timer.cancel()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
