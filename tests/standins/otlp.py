"""A collector of traces: OTLP over HTTP, as protobuf."""

from __future__ import annotations

from typing import Any, NamedTuple

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


class Seen(NamedTuple):
    """A span as it has arrived."""

    name: str
    trace_id: str
    span_id: str
    parent: str
    began_ns: int
    ended_ns: int
    facts: dict[str, Any]
    moments: dict[str, int]
    error: str
    process: str
    kind: int


def _value(one: Any) -> Any:
    return getattr(one, one.WhichOneof("value"))


class Collector:
    """Takes spans; `status` is what it answers, and `location` where it sends whoever asks."""

    def __init__(self) -> None:
        self.spans: list[Seen] = []
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.status = 200
        self.location = ""

    async def start(self) -> None:
        """Begin to listen."""
        app = web.Application()
        app.router.add_post("/v1/traces", self._take)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.endpoint = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1/traces"

    async def stop(self) -> None:
        """It is gone."""
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.headers.append(dict(request.headers))
        if self.status == 200:
            self.bodies.append(body)
            asked = ExportTraceServiceRequest.FromString(body)
            for of_process in asked.resource_spans:
                process = {one.key: _value(one.value) for one in of_process.resource.attributes}
                for scope in of_process.scope_spans:
                    self.spans += [_seen(span, process["rcim.process"]) for span in scope.spans]
        return web.Response(
            status=self.status,
            body=ExportTraceServiceResponse().SerializeToString(),
            content_type="application/x-protobuf",
            headers={"Location": self.location} if self.location else None,
        )


def _seen(span: Any, process: str) -> Seen:
    return Seen(
        name=span.name,
        trace_id=span.trace_id.hex(),
        span_id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        began_ns=span.start_time_unix_nano,
        ended_ns=span.end_time_unix_nano,
        facts={one.key: _value(one.value) for one in span.attributes},
        moments={one.name: one.time_unix_nano for one in span.events},
        error=span.status.message if span.status.code == 2 else "",
        process=process,
        kind=span.kind,
    )
