"""Closed loops: a connection that keeps so many sends under way, as fast as they are answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from rcim.base.errors import RcimError
from rcim.load.swarm import SwarmMember
from rcim.wire import frames
from rcim.wire.schema import Frame

STOP_S = 30.0
"""How long the sends under way may take to be answered once no more are made."""


class Load:
    """`window` sends of one connection under way, to `conversations` in turn, until `stopping`."""

    def __init__(self, member: SwarmMember, conversations: Sequence[str], window: int, body: bytes, tag: str) -> None:
        self.member = member
        self._conversations = conversations
        self._window = window
        self._body = body
        self._tag = tag
        self._number = 0
        self._under_way = 0
        self.accepted = self.refused = 0
        self.stopping = False
        self.stopped = asyncio.Event()

    def start(self) -> None:
        """Begin to send."""
        for _ in range(self._window):
            self._send()

    def _send(self) -> None:
        self._number += 1
        self._under_way += 1
        conversation = self._conversations[self._number % len(self._conversations)]
        self.member.send(conversation, f"{self._tag}-{self._number}", self._body, self._answered)

    def _answered(self, found: Frame | RcimError) -> None:
        self._under_way -= 1
        if isinstance(found, frames.SendOk):
            self.accepted += 1
        else:
            self.refused += 1
        if not self.stopping:
            self._send()
        elif self._under_way == 0:
            self.stopped.set()


async def stop_all(loads: Sequence[Load]) -> None:
    """Send no more, and wait for what is under way. Raises TimeoutError."""
    for load in loads:
        load.stopping = True
    end = time.monotonic() + STOP_S
    for load in loads:
        async with asyncio.timeout(max(0.1, end - time.monotonic())):
            await load.stopped.wait()
