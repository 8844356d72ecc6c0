"""The back end of an app, as small as can be: it takes callbacks (CB-04), can be away, and counts what came of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from aiohttp import web

SENT = "Group.CallbackAfterSendMsg"


class BackEnd:
    """A receiver of callbacks about messages in groups, on a port of its own that it keeps while it is away."""

    def __init__(self) -> None:
        self.port = 0
        self.seqs: dict[str, list[int]] = {}
        """By group: the SEQs in the order in which they came first."""
        self.doubled = 0
        """Callbacks that came again."""
        self.out_of_order = 0
        self.late: Counter[str] = Counter()
        """By group: callbacks that came after the back end was away."""
        self._texts: list[str] = []
        self._runner: web.AppRunner | None = None
        self.came = asyncio.Event()
        """Set with each callback."""

    @property
    def url(self) -> str:
        """Where callbacks go."""
        return f"http://127.0.0.1:{self.port}/callback"

    @property
    def count(self) -> int:
        """Messages of which it has heard."""
        return sum(map(len, self.seqs.values()))

    async def start(self) -> None:
        """Listen, on the port that it had before. Raises OSError."""
        app = web.Application()
        app.router.add_post("/callback", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Be away: connections are closed, and new ones refused."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        fields: dict[str, Any] = await request.json()
        if fields.get("CallbackCommand") == SENT:
            self._note(fields["GroupId"], int(fields["MsgSeq"]))
        self.came.set()
        return web.json_response({"ActionStatus": "OK", "ErrorInfo": "", "ErrorCode": 0})

    def _note(self, group: str, seq: int) -> None:
        had = self.seqs.setdefault(group, [])
        if seq in had[-1000:]:
            self.doubled += 1
            return
        self.out_of_order += bool(had) and seq < had[-1]
        had.append(seq)
