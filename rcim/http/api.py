"""What the listener and an API exchange: a request with its whole body, a response, and faults of HTTP itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, Protocol, TypeVar

from rcim.http.loop_turns import LoopTurns
from rcim.http.steps import Steps, at_once

T = TypeVar("T")

SHORT_BYTES = 2 * 1024
"""A body up to this size is read at once, in 0.1 ms: what every request is counted with when it begins."""


class HttpRequest(NamedTuple):
    """A request, complete and bounded. `path` is decoded and has no query; `query` is as it was sent, without `?`."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    """Names are found in any case; of a header that was sent twice, the first."""
    body: bytes
    """Without its content encoding."""
    peer: str
    """The caller's address."""
    request_id: str
    """Names the request in the log and in the response; the caller's own, if it sent a good one."""
    raw_path: str = ""
    """The path as it was sent: a slash within a name is `%2F`."""
    secure: bool = False
    """It came over TLS."""
    turns: LoopTurns | None = None
    """The part of each turn of the loop that callers have; None: nobody else waits for the loop."""

    async def read(self, steps: Steps[T]) -> T:
        """The result of reading the body, step by step; other work of the loop is done between the steps of a large one.
        Raises what a step raises."""
        if self.turns is None or len(self.body) <= SHORT_BYTES:
            return at_once(steps)
        return await self.turns.run(self.peer, steps)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A response; its length and X-Request-ID are added by the listener."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    """What the access log says of it besides the status: a code, an operation. Never content."""
    parts: AsyncIterator[bytes] | None = None
    """What follows `body`, piece by piece, if it is too large to be there at once; `headers` has the Content-Length of
    all of it then. If it fails, the connection is closed before the end."""


class Fault(Enum):
    """What can be wrong before an API sees a request: the HTTP status, and what is said of it."""

    MALFORMED = (400, "the request is not HTTP as it has to be")
    NOT_FOUND = (404, "there is no such path")
    METHOD = (405, "the method is not supported")
    SLOW = (408, "the request did not arrive in time")
    TOO_LARGE = (413, "the body is too large")
    ENCODING = (415, "the content encoding is not supported: identity, gzip and deflate are")
    EXPECTATION = (417, "the expectation is not supported: 100-continue is")
    HEADERS_TOO_LARGE = (431, "the headers are too large")
    FAILED = (500, "the server failed while handling this request; try again")
    BUSY = (503, "too many requests are under way; try again later")

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.value[0]

    @property
    def text(self) -> str:
        """What is said of it."""
        return self.value[1]


class FaultError(Exception):
    """A request that is not HTTP as it has to be, or that there is no room for."""

    def __init__(self, fault: Fault, detail: str = "") -> None:
        super().__init__(fault, detail)
        self.fault = fault
        self.detail = detail


class HttpApi(Protocol):
    """An API: it owns some paths. It is called in the loop's thread, for any number of requests at a time."""

    name: str
    """As in the settings and the access log."""

    def serves(self, path: str) -> bool:
        """Whether the path is one of this API's, known to it or not."""

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """Carry out the request. Raises FaultError for what no API can read. Whatever else it raises is a fault of ours.
        The listener calls `fault` for both."""

    def fault(self, fault: Fault, detail: str = "") -> HttpResponse:
        """The response to a request that did not get as far as `answer`, in this API's envelope. `detail` is for the
        caller, and may be shown."""
