"""Which hooks an engine of LeanCloud has defined: others are not called.

1. It is looked up at the start, and again every LOOK_S; after a failure in AGAIN_S.
2. Until it has been found out, each hook counts as defined: the engine answers 404 for one that is not.
3. If it can't be found out, what was known is kept.
"""

from __future__ import annotations

import asyncio

from rcim.base.limited_log import LimitedLog
from rcim.web.client import FAULTS, BadAnswer, WebClient, WebRequest
from rcim.web.faults import fault_of

log = LimitedLog("rcim.hooks")

LOOK_S, AGAIN_S = 150.0, 10.0
"""LeanCloud takes up to three minutes to notice a hook that is new."""
HOOKS_MAX = 10_000
"""Names that an engine may have: functions of the app are among them."""


class DefinedHooks:
    """See the module's text. `request` asks the engine. Used from the loop; `close` at the end."""

    def __init__(self, request: WebRequest, client: WebClient) -> None:
        self._request = request
        self._client = client
        self._known: frozenset[str] | None = None
        self._looked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.failed = 0
        """How many times the engine did not say, since the start."""

    def start(self) -> None:
        """Look now, and again from time to time."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._look_again())

    def has(self, hook: str) -> bool:
        """True if the hook is defined, as far as is known."""
        return self._known is None or hook in self._known

    async def looked(self) -> None:
        """Until the first look is over, whatever it found."""
        if self._task is not None:
            await self._looked.wait()

    async def look(self) -> bool:
        """Ask the engine; False if it does not say."""
        try:
            answer = await self._client.post(self._request)
            if answer.status != 200:
                raise BadAnswer(f"HTTP status {answer.status}")
            found = answer.json()
            names = found.get("result") if isinstance(found, dict) else None
            if not isinstance(names, list) or len(names) > HOOKS_MAX or not all(isinstance(n, str) for n in names):
                raise BadAnswer("it is no list of names")
        except FAULTS as error:
            self.failed += 1
            log.warning("the engine does not say which hooks it has", error=fault_of(error).text)
            return False
        finally:
            self._looked.set()
        self._known = frozenset(names)
        return True

    async def _look_again(self) -> None:
        while True:
            try:
                found = await self.look()
            except Exception:  # a fault of ours: the next look may go well
                log.exception("finding out which hooks the engine has failed")
                found = False
            await asyncio.sleep(LOOK_S if found else AGAIN_S)

    async def close(self) -> None:
        """Look no more."""
        self._looked.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._client.close()
