"""Where the figures come from: a connection to the server, made again when it is lost."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from typing import TypeVar

from rcim.app.programs.admin_client import Target as Target
from rcim.app.programs.admin_client import TargetError, admin_client
from rcim.base.errors import ErrorKind, RcimError
from rcim.base.terminal import reason_of
from rcim.client import Client
from rcim.client.link import ConnectionGone

ANSWER_S = 5.0
"""How long the server may take for one answer, or for a connection."""

T = TypeVar("T")


class TopError(Exception):
    """What was asked for can't be shown; the text says why. `refused`: the server refused it."""

    def __init__(self, text: str, *, refused: bool = False) -> None:
        super().__init__(text)
        self.refused = refused


class Away(Exception):
    """The server doesn't answer; it may come back."""


class Source:
    """Asks the server. The address and the credential are read for each connection, so a server that comes back at
    another port is found. `close` at the end."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._client: Client | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self.address = target.server or ""
        """`host:port` of the server, once it is known."""

    async def ask(self, job: Callable[[Client], Awaitable[T]]) -> T:
        """Do `job` with a connected client. Raises Away if there is no answer: the next call connects again. Raises
        TopError if the server refuses, or if it can't be known where it is."""
        try:
            async with asyncio.timeout(ANSWER_S):
                client = await self._connected()
                return await job(client)
        except RcimError as error:
            if error.code.kind is ErrorKind.OVERLOAD:
                raise Away(reason_of(error)) from None
            self._drop()
            raise TopError(reason_of(error), refused=True) from None
        except (OSError, ssl.SSLError, TimeoutError, ConnectionGone) as error:
            self._drop()
            raise Away(f"{self.address}: {reason_of(error) if str(error) else 'no answer'}") from None

    async def _connected(self) -> Client:
        if self._client is None:
            client = self._made()
            try:
                await client.connect()
            except BaseException:
                self._close(client)
                raise
            self._client = client
        return self._client

    def _made(self) -> Client:
        """A client, not connected. Raises TopError."""
        try:
            made, self.address = admin_client(self._target)
        except TargetError as error:
            raise TopError(str(error)) from None
        return made

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            self._close(client)

    def _close(self, client: Client) -> None:
        task = asyncio.create_task(client.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Log out."""
        self._drop()
        await asyncio.gather(*self._closing, return_exceptions=True)
