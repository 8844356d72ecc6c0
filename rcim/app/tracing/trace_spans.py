"""Which messages are traced, and what a span is. Nothing here knows OpenTelemetry.

A message is named by its conversation and its client message id. Whether it is traced, the id of its trace and the id of
the trace's first span follow from the two by a hash, with a key that only the processes of one server have. So the owner
of the conversations and all gateways choose the same messages and write into the same trace, and nothing of it crosses
the bus; and nobody outside can send messages that are all traced.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from hashlib import blake2b, sha256
from typing import NamedTuple

CONTINUED = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")
"""A `traceparent` (https://www.w3.org/TR/trace-context/)."""
SAMPLED = 1

_numbers = random.Random()


def new_span_id() -> int:
    """An id for a span: not 0, and no secret."""
    return _numbers.getrandbits(64) | 1


class Trace(NamedTuple):
    """The trace of one message."""

    trace_id: int
    first: int
    """The id of its first span: from the request to its reply."""
    parent: int = 0
    """The span of the back end that asked for it; 0: the first span has no parent."""


def context_of(trace: Trace) -> str:
    """A `traceparent` whose span is the first one of the trace here."""
    return f"00-{trace.trace_id:032x}-{trace.first:016x}-01"


class Span(NamedTuple):
    """A span that has ended. Times are nanoseconds since 1970."""

    name: str
    trace: Trace
    span_id: int
    began_ns: int
    ended_ns: int
    facts: Mapping[str, str | int | bool]
    moments: tuple[tuple[str, int], ...] = ()
    """What happened in it, and when."""
    error: str = ""
    """The name of the error that it has ended with."""


class Chooser:
    """Says which messages are traced: `share` of them, 0 to 1. `key` is the server's."""

    def __init__(self, share: float, key: str) -> None:
        self._key = sha256(b"rcim traces\0" + key.encode()).digest()
        self._below = round(share * (1 << 32)).to_bytes(5)

    def of(self, conversation: str, client_msg_id: str) -> Trace | None:
        """The trace of the message with this id in the conversation; None if it is not traced."""
        text = f"{conversation}\0{client_msg_id}".encode()
        digest = blake2b(text, digest_size=28, key=self._key).digest()  # a microsecond; a CRC would choose unevenly
        if b"\0" + digest[:4] >= self._below or not client_msg_id:
            return None
        return Trace(int.from_bytes(digest[4:20]) or 1, int.from_bytes(digest[20:]) or 1)

    @staticmethod
    def within(context: str) -> Trace | None:
        """The trace that another process says with `context_of`; None if this says nothing of the kind."""
        found = CONTINUED.fullmatch(context)
        return Trace(int(found[1], 16), int(found[2], 16)) if found is not None else None

    @staticmethod
    def continued(traceparent: str) -> Trace | None:
        """The trace that a back end has begun and wants continued; None if this says nothing of the kind."""
        found = CONTINUED.fullmatch(traceparent)
        if found is None or traceparent.startswith("ff") or not int(found[3], 16) & SAMPLED:
            return None
        trace_id, parent = int(found[1], 16), int(found[2], 16)
        return Trace(trace_id, new_span_id(), parent) if trace_id and parent else None
