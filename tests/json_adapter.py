"""A second adapter, as small as can be: newline-delimited JSON over TCP. It shows what the service asks of a protocol.

`{"id": 7, "op": "GROUP_JOIN", "group_id": "lobby"}` is a request: `op` names an operation, the rest are fields of its
request; LOGIN is the first. `{"id": 7, "result": …}` or `{"id": 7, "error": …}` answers it. SEND takes a `text`.
"""

from __future__ import annotations

import json
from base64 import b64encode as b64
from collections.abc import Sequence
from typing import Any

import msgspec

from rcim.base import clock
from rcim.base.errors import (
    BAD_PARAMETER,
    FRAME_TOO_LONG,
    HEARTBEAT_TIMEOUT,
    LOGIN_REQUIRED,
    LOGIN_TIMEOUT,
    SHUTTING_DOWN,
    UNKNOWN_FRAME,
    ErrorCode,
    RcimError,
)
from rcim.base.terms import Platform, Priority
from rcim.content.elements import Text, decode_body, encode_body, plain_text
from rcim.service.connection import Connection, Taken
from rcim.service.deliveries import GoingAway, Message, Push
from rcim.service.login import LoginRequest
from rcim.service.operations import BY_NAME
from rcim.service.results import Page, Result, plain
from rcim.service.service import Service

LINE_BYTES_MAX = 64 * 1024
LINES_PER_TURN = 64


def line(**said: Any) -> bytes:
    return msgspec.json.encode(plain(said)) + b"\n"


def shown(message: Message) -> dict[str, Any]:
    text = plain_text(decode_body(message.body)) if message.body else ""
    return {"seq": message.seq, "sender": message.sender, "time_ms": message.time_ms, "text": text}


class JsonCodec:
    """Messages and pushes as lines."""

    def message(self, message: Message) -> bytes:
        return msgspec.json.encode(shown(message))

    def stem(self, conversation: str) -> bytes:
        return b'{"conversation":' + msgspec.json.encode(conversation) + b',"messages":['

    def deliver(self, stem: bytes, messages: Sequence[bytes]) -> bytes:
        return stem + b",".join(messages) + b"]}\n"

    def push(self, conversation: str, push: Push) -> bytes:
        return line(push=type(push).__name__, conversation=conversation, about=push)


CODEC = JsonCodec()


class JsonConnection(Connection):
    """One client. Tokens are the numbers that clients give their requests."""

    __slots__ = ("_buffer", "_checking", "_heard_ms", "_left")

    def __init__(self, service: Service) -> None:
        super().__init__(service, CODEC, None)
        self._buffer = bytearray()
        self._checking = False
        self._left = 0
        self._heard_ms = clock.steady_ms()

    # -- input

    @property
    def is_user(self) -> bool:
        return self.principal is not None and not self._checking

    def received(self, data: bytes) -> None:
        self._heard_ms = clock.steady_ms()
        self._buffer += data
        if len(self._buffer) > LINE_BYTES_MAX and b"\n" not in self._buffer:
            self.refuse_all(FRAME_TOO_LONG)

    @property
    def has_input(self) -> bool:
        return b"\n" in self._buffer

    def begin_turn(self) -> None:
        self._left = LINES_PER_TURN

    def take(self) -> Taken:
        if self.closing or self._checking:
            return Taken.CLOSED
        end = self._buffer.find(b"\n")
        if end < 0:
            return Taken.NONE
        if not self._left:
            return Taken.TURN_OVER
        self._left -= 1
        token, taken = 0, bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        try:
            asked = self._read(taken)
            token = asked.pop("id", 0)
            self._take(asked, token)
        except RcimError as error:
            self.refuse(token, error)
        return Taken.ONE

    @staticmethod
    def _read(data: bytes) -> dict[str, Any]:
        """Raises RcimError for what is no request."""
        try:
            asked = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise RcimError(BAD_PARAMETER, f"not JSON: {error}") from None
        if not isinstance(asked, dict) or type(asked.get("id", 0)) is not int:
            raise RcimError(BAD_PARAMETER, "a request is an object with a whole number as its id")
        return asked

    def _take(self, asked: dict[str, Any], token: int) -> None:
        name = asked.pop("op", "")
        if name == "LOGIN" and self.principal is None:
            self._checking = True
            user, sig = str(asked.get("user_id", "")), str(asked.get("user_sig", ""))
            self.login(LoginRequest(user, sig, Platform.WEB), token)
            return
        if self.principal is None:
            raise RcimError(LOGIN_REQUIRED)
        operation = BY_NAME.get(name) if isinstance(name, str) else None
        if operation is None:
            raise RcimError(UNKNOWN_FRAME, f"op: {name!r}")
        self.charge(operation.rate, operation.name)
        if "text" in asked and name == "SEND":
            asked = {
                "priority": Priority.NORMAL,
                "body": b64(encode_body([Text(str(asked.pop("text")))])).decode(),
            } | asked
        try:
            request = msgspec.convert(asked, operation.request)
        except msgspec.ValidationError as error:
            raise RcimError(BAD_PARAMETER, str(error)) from None
        self.submit(request, token)

    # -- output

    def reply(self, token: int, result: Result) -> None:
        said: Any = {"messages": [shown(m) for m in result.messages]} if isinstance(result, Page) else result
        self.write(line(id=token, result=said))

    def refuse(self, token: int, error: RcimError) -> None:
        self._error(error, id=token)
        if error.code.closes:
            self.close()

    def _error(self, error: RcimError, **about: int) -> None:
        self.write(line(**about, error=error.code.name, detail=error.detail, retry_after_ms=error.retry_after_ms))

    def refuse_all(self, code: ErrorCode, text: str = "") -> None:
        self._error(RcimError(code, text))
        self.close()

    # -- log-in, time and the end

    @property
    def expects_login(self) -> bool:
        return self._checking

    def logged_in(self, token: int, history_id: int) -> None:
        self._checking = False
        self.write(line(id=token, result={"connection": self.id, "history": history_id}))
        self.opened()

    def login_refused(self, token: int, error: RcimError) -> None:
        self.refuse(token, error)
        self.close()

    @property
    def next_deadline_ms(self) -> int:
        limits = self.service.limits
        return self._heard_ms + (limits.silence_ms_max if self.is_user else limits.login_ms)

    def on_deadline(self, now_ms: int) -> None:
        if now_ms >= self.next_deadline_ms:
            self.refuse_all(HEARTBEAT_TIMEOUT if self.is_user else LOGIN_TIMEOUT)

    def going_away(self, notice: GoingAway) -> None:
        self.refuse_all(SHUTTING_DOWN)

    def drained(self) -> None:
        self.close()
