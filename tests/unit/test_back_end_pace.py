"""What the app's back end sends beyond its rate: it waits, or is refused before whoever asked has given up (LI-02)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rcim.actor import commands as c
from rcim.actor.outcomes import Refused
from rcim.actor.user_commands import Credential
from rcim.base import clock
from rcim.base.limits import DEFAULTS
from rcim.base.terms import Platform, Priority
from rcim.dispatch.back_end_pace import BackEndPace
from rcim.dispatch.requests import CommandRequest, Request

LIMITS = replace(DEFAULTS, backend_sends_per_s=10, backend_queue_max=100)


class Pace:
    """A pace whose time and timer are the test's."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now_ms = 1_000_000
        self.sent: list[int] = []
        self.refused: dict[int, Refused] = {}
        self.due: list[tuple[float, Callable[[], None]]] = []
        patch.setattr(clock, "steady_ms", lambda: self.now_ms)
        loop: Any = self
        self.pace = BackEndPace(LIMITS, loop, self._submit)

    def call_later(self, wait_s: float, go_on: Callable[[], None]) -> None:
        self.due.append((wait_s, go_on))

    def _submit(self, request: CommandRequest) -> bool:
        self.sent.append(request.token)
        return True

    def answer(self, token: int, result: Any) -> None:
        self.refused[token] = result

    def mailbox_drained(self, key: str) -> None:
        """Nothing is held here."""

    def send(self, token: int, patience_ms: int) -> None:
        credential = Credential("root", 1, Platform.SERVER, patience_ms)
        command = c.SendMessage("root", True, "", "", f"m{token}", Priority.NORMAL, b"b", credential=credential)
        assert self.pace.take(Request("g:a", command, self, token))

    def later(self, ms: int) -> None:
        """So much time goes by at once, and the timer comes."""
        self.now_ms += ms
        self.due.pop(0)[1]()


def test_who_would_give_up_before_its_turn_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Pace(monkeypatch)
    for token in range(20):
        app.send(token, patience_ms=500)
    assert app.sent == list(range(10)), "a second's worth at once"
    assert list(app.refused) == [16, 17, 18, 19], "six wait, 100 ms each; the next would wait 600 ms"
    assert {(one.code.name, one.retry_after_ms) for one in app.refused.values()} == {("TOO_FREQUENT", 100)}
    app.send(20, patience_ms=0)
    assert len(app.pace) == 7, "who has time waits"
    while app.due:
        app.later(100)
    assert app.sent == [*range(16), 20] and len(app.refused) == 4


def test_nothing_is_sent_whose_caller_has_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    app = Pace(monkeypatch)
    for token in range(12):
        app.send(token, patience_ms=500)
    app.send(12, patience_ms=0)
    app.later(60_000)  # the server stood still
    assert app.sent == [*range(10), 12] and list(app.refused) == [10, 11]
    assert {one.code.name for one in app.refused.values()} == {"OVERLOADED"}
