"""Sending spans to a collector, in a thread of its own: OTLP over HTTP, with OpenTelemetry's encoder and exporter.

The loop only puts spans into a queue. A collector that is away or slow costs spans, which are counted, and nothing else.
Nothing imports this module while `traces.on` is false.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections import deque
from collections.abc import Mapping
from typing import Any

import requests
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags
from urllib3.exceptions import HTTPError

from rcim.app.tracing.trace_spans import Span
from rcim.base.limited_log import LimitedLog
from rcim.version import __version__

log = LimitedLog("rcim.traces")

QUEUE_MAX = 8192
"""Spans that wait for the thread, about 1 KiB each."""
BATCH_MAX = 256
"""Spans of one request: some milliseconds of the thread, in which the loop has its turns."""
EVERY_S = 1.0
"""After which what has come goes out, if there is no whole batch before."""
REQUEST_S = 5.0
"""For one request with its repetitions."""
STOP_S = 2.0
"""How long what waits may take to go out when the server stops."""
ANSWER_BYTES = 4096
"""Of an answer that are read."""
FIRST = "rcim.send"
"""The name of the first span of a trace."""

logging.getLogger("opentelemetry").setLevel(
    logging.CRITICAL
)  # it says what fails for each request; we count, and say it


class _Session(requests.Session):
    """Requests to a collector that may be anybody: what it answers is read once and no more, and it sends nobody
    elsewhere, with the spans or with the headers that are meant for it."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """As requests does, without the body. Raises requests.RequestException."""
        answer = super().send(request, **{**options, "stream": True})
        try:
            if 300 <= answer.status_code < 400:
                raise requests.TooManyRedirects(f"the collector answers {answer.status_code}", response=answer)
            answer.raw.read1(ANSWER_BYTES)  # a short answer is whole then, and the connection can be used again
        except requests.RequestException:
            raise
        except (OSError, HTTPError):
            pass  # the spans are taken or not, as the status says
        finally:
            answer.close()
        answer._content = b""
        return answer

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Nowhere."""


class TraceExport:
    """See the module's text. `role` tells the processes of a server apart. `add` from the loop; `stop` once."""

    def __init__(self, endpoint: str, headers: Mapping[str, str], role: str) -> None:
        self._exporter = OTLPSpanExporter(endpoint, headers=dict(headers), timeout=REQUEST_S, session=_Session())
        self._endpoint = endpoint
        self._resource = Resource.create(
            {
                "service.name": os.environ.get("OTEL_SERVICE_NAME", "rcim"),
                "service.version": __version__,
                "service.instance.id": f"{socket.gethostname()}-{os.getpid()}",
                "rcim.process": role,
            }
        )
        self._scope = InstrumentationScope("rcim", __version__)
        self._queue: deque[Span] = deque()
        self._due = threading.Event()
        self._stopping = False
        self._refused = False
        """True if the last request was not taken: a server that stops does not try again."""
        self.sent = self.dropped = self.failed = 0
        """Spans that the collector has taken, that found no room in the queue, and that the collector has not taken."""
        self._thread = threading.Thread(target=self._run, name="rcim-traces", daemon=True)
        self._thread.start()

    def add(self, span: Span) -> None:
        """Send it some time."""
        if len(self._queue) >= QUEUE_MAX:
            self.dropped += 1
            return
        self._queue.append(span)
        if len(self._queue) == BATCH_MAX:
            self._due.set()

    def counted(self) -> dict[str, int]:
        """What became of spans since the start."""
        return {
            "trace_spans_sent": self.sent,
            "trace_spans_dropped": self.dropped,
            "trace_spans_failed": self.failed,
        }

    def stop(self) -> None:
        """Send what there is, for STOP_S at the most. Blocks so long; a second time not at all."""
        if self._stopping:
            return
        self._stopping = True
        self._due.set()
        self._thread.join(STOP_S)
        if self._thread.is_alive():
            log.warning("the collector of traces is too slow, and some spans are lost", endpoint=self._endpoint)

    # -- in the thread

    def _run(self) -> None:
        while not self._stopping:
            self._due.wait(EVERY_S)
            self._due.clear()
            while self._queue and not (self._stopping and self._refused):
                self._send()
        self._exporter.shutdown()  # type: ignore[no-untyped-call]

    def _send(self) -> None:
        queue = self._queue
        spans = [queue.popleft() for _ in range(min(BATCH_MAX, len(queue)))]
        try:
            result = self._exporter.export([self._readable(span) for span in spans])
        except Exception:  # a fault of the exporter's; the next spans have their chance
            log.exception("traces can't be sent")
            result = SpanExportResult.FAILURE
        self._refused = result is not SpanExportResult.SUCCESS
        if self._refused:
            self.failed += len(spans)
            log.warning("the collector of traces takes nothing, and spans are lost", endpoint=self._endpoint)
        else:
            self.sent += len(spans)

    def _readable(self, span: Span) -> ReadableSpan:
        trace, first = span.trace, span.name == FIRST
        parent = trace.parent if first else trace.first
        return ReadableSpan(
            span.name,
            _context(trace.trace_id, span.span_id),
            _context(trace.trace_id, parent, is_remote=first) if parent else None,
            self._resource,
            span.facts,
            [Event(name, timestamp=at_ns) for name, at_ns in span.moments],
            kind=SpanKind.SERVER if first else SpanKind.INTERNAL,
            status=Status(StatusCode.ERROR, span.error) if span.error else Status(StatusCode.UNSET),
            start_time=span.began_ns,
            end_time=span.ended_ns,
            instrumentation_scope=self._scope,
        )


def _context(trace_id: int, span_id: int, *, is_remote: bool = False) -> SpanContext:
    return SpanContext(trace_id, span_id, is_remote, TraceFlags(TraceFlags.SAMPLED))
