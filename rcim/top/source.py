"""Where the figures come from: a connection to the server, made again when it is lost."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rcim.app.datadir import DataDir
from rcim.app.exposure import secret_given
from rcim.base.errors import ErrorKind, RcimError
from rcim.base.terminal import reason_of
from rcim.base.terms import Platform
from rcim.base.texts import read_text
from rcim.client import Client, client_context
from rcim.client.link import ConnectionGone

ANSWER_S = 5.0
"""How long the server may take for one answer, or for a connection."""

T = TypeVar("T")


class TopError(Exception):
    """It can't be done as asked; the text says why. `refused`: the server said so."""

    def __init__(self, text: str, *, refused: bool = False) -> None:
        super().__init__(text)
        self.refused = refused


class Away(Exception):
    """The server doesn't answer; it may come back."""


@dataclass(frozen=True, slots=True)
class Target:
    """Which server, and as whom."""

    data: Path
    server: str | None = None
    user: str = "administrator"
    token: str | None = None
    ca: Path | None = None
    plain: bool = False


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
        target = self._target
        data = DataDir(target.data)
        try:
            token = secret_given(target.token) if target.token else read_text(data.admin_credential).strip()
            if target.server is None:
                host, port, tls = read_text(data.address).strip().rsplit(":", 2)
                secure = tls == "1"
            else:
                host, colon, port = target.server.rpartition(":")
                secure = not target.plain
                if not colon or not port.isdecimal() or int(port) > 65535:
                    raise TopError(f"--server {target.server}: has to be HOST:PORT")
            trust = target.ca or (data.certificate if data.certificate.exists() else None)
            context = client_context(trust) if secure else None
        except ssl.SSLError as error:
            raise TopError(f"certificate: {error}") from None
        except OSError as error:
            raise TopError(
                f"{error.filename}: {error.strerror}. Is this the data directory of a server? --data names another."
            ) from None
        except ValueError:
            raise TopError(f"{target.data}: its address or credential can't be read") from None
        host = "127.0.0.1" if host == "0.0.0.0" else host.strip("[]")
        self.address = f"{host}:{port}"
        return Client(host, int(port), user_id=target.user, user_sig=token, tls=context, platform=Platform.SERVER)

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
