"""One connection of http2.py: requests out, answers in, many at a time. It needs h2, which is an extra: `rcim[push]`."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from h2 import events
from h2.config import H2Configuration
from h2.connection import ConnectionState, H2Connection
from h2.errors import ErrorCodes
from h2.exceptions import FrameTooLargeError, ProtocolError
from hpack import Encoder, HeaderTuple, NeverIndexedHeaderTuple
from hyperframe.frame import Frame, GoAwayFrame

from rcim.web.client import ANSWER_BYTES_MAX, BadAnswer, WebAnswer

STREAMS_MAX = 500
"""Requests under way at a time, whatever the server allows: at 100 ms each, 5,000 a second."""
WAITING_MAX = 10_000
"""Requests that wait for a stream."""
WINDOW_BYTES = 1 << 20
"""What the server may send on the whole connection before we have read it: STREAMS_MAX answers of 2 KiB."""
CLOSE_S = 1.0
"""For the end of TLS; then the connection is cut."""
FRAME_BYTES_MAX = 16 * 1024
"""Of a frame of the server (RFC 9113, 4.2). h2 looks at that only when it has all of a frame."""
FRAME_HEAD_BYTES = 9
OUT_BYTES_MAX = 1 << 20
"""Unsent bytes above which no further request begins."""

Headers = Sequence[tuple[str, str, bool]]
"""Name, value, and whether the connection's table may keep it."""


class NotWorkedOn(ConnectionError):
    """The server has not worked on the request, and said so: it may be sent again."""


class _Exchange:
    """One request, from when it waits for a stream until its answer is complete."""

    __slots__ = ("body", "done", "found", "headers", "response", "stream")

    def __init__(self, headers: Headers, body: bytes, done: asyncio.Future[WebAnswer]) -> None:
        self.headers = headers
        self.body = memoryview(body)
        """What is still to be sent."""
        self.done = done
        self.stream = 0
        self.response: Mapping[str, str] = {}
        self.found = bytearray()


class _Plain(Encoder):
    """Headers without Huffman coding, which costs more time than the bytes are worth."""

    def encode(self, headers: Any, huffman: bool = False) -> bytes:
        return super().encode(headers, huffman=False)


class _Patient(H2Connection):
    """h2 takes GOAWAY for the end of everything. RFC 9113, 6.8 lets what the server works on come to its end."""

    def __init__(self, config: H2Configuration) -> None:
        super().__init__(config)
        self.encoder = _Plain()

    def _receive_goaway_frame(self, frame: GoAwayFrame) -> tuple[list[Frame], list[events.Event]]:
        found = super()._receive_goaway_frame(frame)
        self.state_machine.state = ConnectionState.CLIENT_OPEN
        return found


class _Lengths:
    """Finds a frame that is longer than it may be as soon as it begins."""

    def __init__(self) -> None:
        self._left = 0
        self._head = bytearray()

    def check(self, data: bytes) -> None:
        """Look at what has come. Raises ProtocolError."""
        at = 0
        while at < len(data):
            if self._left:
                step = min(self._left, len(data) - at)
                self._left -= step
                at += step
                continue
            part = data[at : at + FRAME_HEAD_BYTES - len(self._head)]
            self._head += part
            at += len(part)
            if len(self._head) == FRAME_HEAD_BYTES:
                self._left = int.from_bytes(self._head[:3], "big")
                self._head.clear()
                if self._left > FRAME_BYTES_MAX:
                    raise FrameTooLargeError(f"a frame of {self._left} bytes")


class Http2Connection(asyncio.Protocol):
    """See the module's text. `exchange` is used from the loop; h2 is the state machine."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        config = H2Configuration(client_side=True, header_encoding="utf-8", validate_outbound_headers=False)
        self._h2 = _Patient(config)
        self._transport: asyncio.Transport | None = None
        self._open: dict[int, _Exchange] = {}
        """By stream: requests whose answer is not complete."""
        self._waiting: deque[_Exchange] = deque()
        """Requests without a stream."""
        self._ended = False
        self._going_away = False
        self._writable = True
        self._flushing = False
        self._heard_s = self._loop.time()
        self._lengths = _Lengths()
        self._gone: asyncio.Future[None] = self._loop.create_future()
        self._on: Mapping[type[events.Event], Callable[[Any], None]] = self._handlers()

    @property
    def usable(self) -> bool:
        """True if it takes further requests."""
        return not self._ended and not self._going_away

    def check_protocol(self) -> None:
        """Raises OSError if the server does not speak HTTP/2."""
        assert self._transport is not None
        tls = self._transport.get_extra_info("ssl_object")
        if tls is None or tls.selected_alpn_protocol() != "h2":
            self._transport.abort()
            raise OSError("the server does not speak HTTP/2")

    async def exchange(self, headers: Headers, body: bytes) -> WebAnswer:
        """The answer. Raises NotWorkedOn, OSError, BadAnswer. If it is cancelled, the server is told; if the server has
        said nothing since, the connection is taken for dead."""
        if self._ended or self._going_away:
            raise NotWorkedOn("the connection is closed")
        if len(self._waiting) >= WAITING_MAX:
            raise OSError("too many requests wait")
        one = _Exchange(headers, body, self._loop.create_future())
        since_s = self._loop.time()
        self._waiting.append(one)
        self._begin()
        try:
            return await one.done
        except asyncio.CancelledError:
            self._give_up(one, since_s)
            raise

    async def close(self) -> None:
        """End it; what is under way gets no answer."""
        if self._transport is None or self._ended:
            return
        self._h2.close_connection()
        self._flush()
        self._transport.close()
        self._end(ConnectionResetError("the connection was closed"))
        await asyncio.wait([self._gone], timeout=CLOSE_S)
        if not self._gone.done():
            self._transport.abort()

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(OUT_BYTES_MAX)
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(WINDOW_BYTES)
        self._flush()

    def data_received(self, data: bytes) -> None:
        self._heard_s = self._loop.time()
        self._flush()  # h2 forgets what it has not given out when it hears GOAWAY
        try:
            self._lengths.check(data)
            for event in self._h2.receive_data(data):
                handle = self._on.get(type(event))
                if handle is not None:
                    handle(event)
        except ProtocolError as error:
            self._flush()
            self._cut(ConnectionResetError(f"the server broke HTTP/2: {type(error).__name__}"))
            return
        self._begin()
        self._flush_soon()

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        self._begin()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(ConnectionResetError(f"the connection broke: {exc or 'the server closed it'}"))
        if not self._gone.done():
            self._gone.set_result(None)

    # -- sending

    def _begin(self) -> None:
        """Give streams to those that wait, as many as there are; send what the windows allow."""
        while self._waiting and self._writable and self.usable and len(self._open) < self._streams_max():
            one = self._waiting.popleft()
            if one.done.done():
                continue
            try:
                self._start(one)
            except ProtocolError:  # no stream ids are left
                self._going_away = True
                self._waiting.appendleft(one)
                self._refuse_waiting("the connection has no streams left")
                return
        self._flush_soon()

    def _streams_max(self) -> int:
        return min(STREAMS_MAX, self._h2.remote_settings.max_concurrent_streams)

    def _start(self, one: _Exchange) -> None:
        stream = self._h2.get_next_available_stream_id()
        fields = [
            (HeaderTuple if kept else NeverIndexedHeaderTuple)(name, value) for name, value, kept in one.headers
        ]
        self._h2.send_headers(stream, fields, end_stream=not one.body)
        one.stream = stream
        self._open[stream] = one
        self._send_body(one)

    def _send_body(self, one: _Exchange) -> None:
        """What the windows allow of the body; the rest when they open."""
        while one.body:
            size = min(
                len(one.body), self._h2.local_flow_control_window(one.stream), self._h2.max_outbound_frame_size
            )
            if size <= 0:
                return
            part, one.body = one.body[:size], one.body[size:]
            self._h2.send_data(one.stream, bytes(part), end_stream=not one.body)

    def _flush_soon(self) -> None:
        """Write once for all that is said in this turn of the loop."""
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        data = self._h2.data_to_send()
        if data and self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    # -- what the server says

    def _handlers(self) -> Mapping[type[events.Event], Callable[[Any], None]]:
        return {
            events.ResponseReceived: self._on_response,
            events.DataReceived: self._on_data,
            events.StreamEnded: self._on_end,
            events.StreamReset: self._on_reset,
            events.WindowUpdated: self._on_window,
            events.RemoteSettingsChanged: self._on_window,
            events.ConnectionTerminated: self._on_goaway,
        }

    def _on_response(self, event: Any) -> None:
        one = self._open.get(event.stream_id)
        if one is not None:
            one.response = {str(name).lower(): str(value) for name, value in event.headers}

    def _on_data(self, event: Any) -> None:
        if event.flow_controlled_length:
            self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        one = self._open.get(event.stream_id)
        if one is None:
            return
        one.found += event.data
        if len(one.found) > ANSWER_BYTES_MAX:
            self._reset(one.stream)
            self._fail(one, BadAnswer(f"it is longer than {ANSWER_BYTES_MAX} bytes"))

    def _on_end(self, event: Any) -> None:
        one = self._open.pop(event.stream_id, None)
        if one is None:
            return
        status = one.response.get(":status", "")
        if one.body:
            self._reset(one.stream)  # the answer came before all was sent
        if not one.done.done():
            one.done.set_result(WebAnswer(int(status) if status.isdigit() else 0, one.response, bytes(one.found)))
        self._close_if_over()

    def _on_reset(self, event: Any) -> None:
        one = self._open.get(event.stream_id)
        if one is None:
            return
        if event.error_code == ErrorCodes.REFUSED_STREAM:
            self._fail(one, NotWorkedOn("the server refused the stream"))
        else:
            self._fail(one, ConnectionResetError("the server reset the stream"))

    def _on_window(self, _event: Any) -> None:
        for one in list(self._open.values()):
            if one.body:
                self._send_body(one)

    def _on_goaway(self, event: Any) -> None:
        """No new requests; those that the server still works on may end."""
        self._going_away = True
        last = event.last_stream_id if event.last_stream_id is not None else 0
        for one in [one for stream, one in self._open.items() if stream > last]:
            self._fail(one, NotWorkedOn("the server is going away"))
        self._refuse_waiting("the server is going away")
        self._close_if_over()

    # -- the end

    def _reset(self, stream: int) -> None:
        from h2.errors import ErrorCodes

        try:
            self._h2.reset_stream(stream, ErrorCodes.CANCEL)
        except ProtocolError:
            pass  # it has ended meanwhile
        self._flush_soon()

    def _give_up(self, one: _Exchange, since_s: float) -> None:
        """Nobody waits for the answer any more."""
        if one.stream in self._open:
            del self._open[one.stream]
            self._reset(one.stream)
            if self._heard_s <= since_s:
                self._cut(ConnectionResetError("the server says nothing any more"))
            self._close_if_over()

    def _fail(self, one: _Exchange, error: Exception) -> None:
        self._open.pop(one.stream, None)
        if not one.done.done():
            one.done.set_exception(error)

    def _refuse_waiting(self, reason: str) -> None:
        while self._waiting:
            self._fail(self._waiting.popleft(), NotWorkedOn(reason))

    def _close_if_over(self) -> None:
        if self._going_away and not self._open and self._transport is not None:
            self._transport.close()

    def _cut(self, error: Exception) -> None:
        self._end(error)
        if self._transport is not None:
            self._transport.abort()

    def _end(self, error: Exception) -> None:
        self._ended = True
        self._refuse_waiting(str(error))
        for one in list(self._open.values()):
            self._fail(one, error)
