"""A provider for a Service: it posts, and keeps the access token that the service gives out.

1. All pushes share one access token. It is asked for once, whoever needs it, and again shortly before it ends.
2. If the service refuses the credentials, the access token is asked for again, and the push is sent once more. If that
   is refused too, pushes are LATER, with the name of the setting, and wait for DENIED_PAUSE_S.
3. A connection that the service has closed before the answer is made again, once, at once.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import aiohttp

from rcim.base import clock
from rcim.outbox.push.provider import Push, PushResult
from rcim.outbox.push.providers.sending import CONCURRENT_MAX, Sender
from rcim.outbox.push.providers.service import Access, Denied, Service
from rcim.web.client import WebAnswer, WebClient, WebRequest

EARLY_S = 300.0
"""An access token is replaced so long before it ends, or after half of its time."""
RENEW_MS = 10_000
"""After an access token was refused: a device whose every push is answered so costs no request for each."""
NO_ACCESS = Access("", float("inf"))


class _Kept(NamedTuple):
    token: str
    until_ms: float


class HttpProvider:
    """A Provider (rcim.outbox.push.provider). `section` is that of the settings; `per_s` bounds pushes a second, 0: the
    limit that the service documents."""

    def __init__(self, section: str, service: Service, client: WebClient, per_s: int = 0) -> None:
        self._service = service
        self._client = client
        self._asking = asyncio.Lock()
        self._access: _Kept | None = None
        self._renew_from_ms = 0
        where = " and ".join(f"{section}.{key}" for key in service.credentials.split())
        denied = f": the service refuses the credentials in {where}"
        self._sender = Sender(section, self._send_one, per_s or service.per_s, CONCURRENT_MAX, denied)

    @property
    def counts(self) -> Counter[str]:
        """Pushes by what became of them, and pauses, since the start."""
        return self._sender.counts

    async def send(self, pushes: Sequence[Push]) -> Sequence[PushResult]:
        """Send these; a result for each, in their order."""
        return await self._sender.send(pushes)

    async def close(self) -> None:
        """Give back the connections."""
        await self._client.close()

    async def _send_one(self, push: Push) -> PushResult:
        token = await self._token()
        try:
            return await self._try(push, token)
        except Denied:
            if not token or not self._forget(token):
                raise
        return await self._try(push, await self._token())

    async def _try(self, push: Push, token: str) -> PushResult:
        return self._service.result(await self._post(self._service.request(push, token)), push)

    async def _post(self, request: WebRequest) -> WebAnswer:
        try:
            try:
                return await self._client.post(request)
            except (aiohttp.ServerDisconnectedError, ConnectionResetError):
                return await self._client.post(request)
        except aiohttp.ClientError as error:
            raise ConnectionError(str(error) or type(error).__name__) from None

    async def _token(self) -> str:
        async with self._asking:
            if self._access is None or clock.steady_ms() >= self._access.until_ms:
                self._sender.check()  # those before it have found that there is none now
                self._access = None
                asked = self._service.ask_access()
                access = NO_ACCESS if asked is None else self._service.access(await self._post(asked))
                usable_s = max(access.lasts_s - EARLY_S, access.lasts_s / 2)
                self._access = _Kept(access.token, clock.steady_ms() + usable_s * 1000)
            return self._access.token

    def _forget(self, token: str) -> bool:
        """The service has refused it; perhaps another push has found that out already. False: that was so a moment ago,
        and another access token is not asked for again so soon."""
        if self._access is None or self._access.token != token:
            return True
        if clock.steady_ms() < self._renew_from_ms:
            return False
        self._renew_from_ms = clock.steady_ms() + RENEW_MS
        self._access = None
        return True
