"""Events in NATS JetStream, by the library nats-py.

1. A record goes to the subject TOPIC.TYPE. It is taken when the stream has acknowledged it.
2. `Nats-Msg-Id` is the id of the event: what is written again within the stream's window for duplicates, two minutes by
   default, is there once.
3. The library does not reconnect, and buffers nothing while there is no connection: what it would send later could
   overtake what was written since. A connection is made when something is to be written, once in RETRY_S at the most,
   to one server after the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from nats.aio.client import Client
from nats.errors import Error, MaxPayloadError
from nats.js.client import JetStreamContext
from nats.js.errors import APIError, NoStreamResponseError

from rcim.outbox.streams.publisher import NotTaken, Record, StreamSpec, reason_of
from rcim.outbox.streams.tls import trust

RETRY_S = 1.0
CLOSE_S = 1.0
TOO_LARGE = 10054
"""JetStream's code for a message that is larger than the stream takes."""
FAULTS = (OSError, TimeoutError, Error)


class NatsPublisher:
    """A Publisher; see the module's text."""

    def __init__(self, spec: StreamSpec) -> None:
        self._spec = spec
        self._client: Client | None = None
        self._stream: JetStreamContext | None = None
        self._connecting = asyncio.Lock()
        self._turn = 0
        """Which server is next."""
        self._failed_s = float("-inf")
        """When the last try to connect failed, and why."""
        self._why = ""

    async def publish(self, records: Sequence[Record]) -> int:
        """Write the first one; see Publisher."""
        record = records[0]
        stream = await self._connected()
        subject = f"{self._spec.topic}.{record.type}"
        try:
            await stream.publish(
                subject, record.value, timeout=self._spec.timeout_s, headers={"Nats-Msg-Id": record.id}
            )
        except NoStreamResponseError:
            raise NotTaken(f"no stream takes the subject {subject}") from None
        except MaxPayloadError:
            raise NotTaken(f"{len(record.value)} bytes are more than the server takes", for_good=True) from None
        except APIError as error:
            raise NotTaken(reason_of(error), for_good=error.err_code == TOO_LARGE) from None
        except FAULTS as error:
            await self._drop(stream)
            raise NotTaken(f"the server has not answered: {reason_of(error)}") from None
        return 1

    async def close(self) -> None:
        """Give back the connection."""
        if self._stream is not None:
            await self._drop(self._stream)

    async def _connected(self) -> JetStreamContext:
        """The connection, made if there is none. Raises NotTaken."""
        now_s = asyncio.get_running_loop().time
        async with self._connecting:
            if self._stream is not None and self._client is not None and self._client.is_connected:
                return self._stream
            if now_s() < self._failed_s + RETRY_S:
                raise NotTaken(self._why)
            server = self._spec.servers[self._turn % len(self._spec.servers)]
            try:
                self._client = await self._connect(server)
            except FAULTS as error:
                self._turn += 1
                self._failed_s = now_s()
                self._why = f"no connection to {server}: {reason_of(error)}"
                raise NotTaken(self._why) from None
            self._stream = self._client.jetstream(timeout=self._spec.timeout_s)
            return self._stream

    async def _connect(self, server: str) -> Client:
        spec = self._spec
        client = Client()
        try:
            async with asyncio.timeout(spec.timeout_s):
                await client.connect(
                    [server],
                    name="rcim",
                    allow_reconnect=False,
                    connect_timeout=max(1, round(spec.timeout_s)),
                    ping_interval=10,
                    pending_size=-1,
                    error_cb=_quiet,
                    tls=trust(spec.ca) if spec.tls or spec.ca else None,
                    user=spec.user or None,
                    password=spec.password if spec.user else None,
                    token=spec.password if spec.password and not spec.user else None,
                )
        except BaseException:
            await _closed(client)
            raise
        return client

    async def _drop(self, stream: JetStreamContext) -> None:
        """End this connection, if it is still the one in use: another one is made with the next record."""
        if self._stream is not stream or self._client is None:
            return
        client, self._client, self._stream = self._client, None, None
        await _closed(client)


async def _quiet(error: Exception) -> None:
    """Ignore the library's reports of errors: a failed write reports its own."""


async def _closed(client: Client) -> None:
    try:
        async with asyncio.timeout(CLOSE_S):
            await client.close()
    except FAULTS:
        pass
