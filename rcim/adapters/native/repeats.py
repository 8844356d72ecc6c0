"""`Idempotency-Key` (AB-02): the same request again gets the same answer, and nothing is done twice.

The header is that of draft-ietf-httpapi-idempotency-key-header, with or without its quotes. What a key was used for is
told apart by the caller, the method, the path and the body.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress

import msgspec

from rcim.adapters.native.forms import Json, wrong
from rcim.adapters.native.kept_answers import Kept, KeptAnswers
from rcim.adapters.native.problems import problem
from rcim.adapters.native.routes import Route
from rcim.base import clock
from rcim.base.errors import (
    CALLBACK_FAILED,
    IDEMPOTENCY_KEY_BUSY,
    IDEMPOTENCY_KEY_REUSED,
    IDEMPOTENCY_UNKNOWN,
    STORE_UNAVAILABLE,
    ErrorKind,
    RcimError,
)
from rcim.http.api import HttpResponse
from rcim.service.operations import Repeat

HEADER = "Idempotency-Key"
KEY_CHARS_MAX = 255
KEY_PATTERN = "^[!-~]+$"
BUSY_MS = 1000
NOTHING_DONE = frozenset({STORE_UNAVAILABLE.number, CALLBACK_FAILED.number})
"""Faults before which nothing was done: the disk is full, or the app's own back end does not answer (CB-03)."""
REPLAYED = {"Idempotency-Replayed": "true"}


class Repeats:
    """Carries out requests once for each key."""

    def __init__(self, answers: KeptAnswers) -> None:
        self._answers = answers

    async def once(
        self, route: Route, caller: str, key: str, fingerprint: bytes, work: Callable[[], Awaitable[HttpResponse]]
    ) -> HttpResponse:
        """The answer of `work`, or the one that was kept. Raises RcimError: IDEMPOTENCY_KEY_BUSY,
        IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_UNKNOWN or STORE_UNAVAILABLE, and nothing was done; or what `work` raises."""
        now_ms = clock.wall_ms()
        kept = await self._answers.claim(caller, key, fingerprint, now_ms)
        if kept is not None:
            answer = _kept_answer(kept, fingerprint, now_ms, route)
            if answer is not None:
                return answer
        try:
            response = await work()
        except RcimError as error:
            await self._settle_error(route, caller, key, error)
            raise
        await self._keep(caller, key, response)
        return response

    async def _settle_error(self, route: Route, caller: str, key: str, error: RcimError) -> None:
        """A refusal is kept as an answer is. If nothing was done for a reason that passes, the key is free again. If the
        server failed, the change may have been made: only what can be repeated frees its key."""
        kind = error.code.kind
        passes = kind is ErrorKind.OVERLOAD or error.code.number in NOTHING_DONE
        if passes or (kind is ErrorKind.FAULT and route.operation.repeat is Repeat.SAME):
            with suppress(RcimError):  # as `_keep`: what is told is why the request was refused
                await self._answers.drop(caller, key)
        elif kind is not ErrorKind.FAULT:
            await self._keep(caller, key, problem(error))

    async def _keep(self, caller: str, key: str, response: HttpResponse) -> None:
        """If it cannot be written, the caller still gets its answer; the key then counts as that of a request that was
        interrupted."""
        kept = Kept(b"", 0, response.status, response.content_type, response.body)
        with suppress(RcimError):
            await self._answers.keep(caller, key, kept)


def _kept_answer(kept: Kept, fingerprint: bytes, now_ms: int, route: Route) -> HttpResponse | None:
    """The answer that was kept; None: there is none, and the request can be carried out again. Raises RcimError."""
    if kept.fingerprint != fingerprint:
        raise RcimError(IDEMPOTENCY_KEY_REUSED)
    if kept.status:
        return HttpResponse(kept.status, kept.body, kept.content_type, REPLAYED, note="replayed")
    if kept.under_way(now_ms):
        raise RcimError(IDEMPOTENCY_KEY_BUSY, "", BUSY_MS)
    if route.operation.repeat is not Repeat.SAME:
        raise RcimError(IDEMPOTENCY_UNKNOWN)
    return None


def key_of(header: str | None) -> str:
    """The key in the header; empty if there is no header. Raises RcimError(BAD_PARAMETER)."""
    if header is None:
        return ""
    key = header
    if len(key) >= 2 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if len(key) > KEY_CHARS_MAX or not re.fullmatch(KEY_PATTERN, key):
        raise wrong(HEADER, f"has to be 1 to {KEY_CHARS_MAX} printable ASCII characters without spaces")
    return key


def fingerprint_of(method: str, path: str, body: Json) -> bytes:
    """What tells a request from another one with the same key. The order of names in the body does not matter."""
    said = msgspec.json.encode([method, path, body], order="deterministic")
    return hashlib.sha256(said).digest()


def client_msg_id(key: str) -> str:
    """The client message id of a send with this key: the conversation, too, takes it for the same message."""
    return "key-" + hashlib.sha256(key.encode()).hexdigest()[:40]
