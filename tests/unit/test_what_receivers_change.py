"""What an answer of the app changes beside the body (CB-03): who gets a message."""

from __future__ import annotations

import pytest

from rcim.actor.before_kinds import BeforeKind
from rcim.actor.callback_verdicts import CallbackVerdict
from rcim.actor.effects import Deliver
from rcim.actor.outcomes import Sent
from tests.unit.test_before_kinds import Asking
from tests.unit.test_events import send


@pytest.mark.parametrize(("to", "told"), [(("carol",), ("carol",)), (("stranger", "bob"), ("bob",)), (None, None)])
def test_who_gets_a_message(to: tuple[str, ...] | None, told: tuple[str, ...] | None) -> None:
    acting = Asking(BeforeKind.SEND)
    ask = acting.asked(send())
    outcome, _ = acting.answer(ask, CallbackVerdict(to=to))
    (message,) = [effect.message for effect in outcome.effects if isinstance(effect, Deliver)]
    assert (message.extra.to if message.extra is not None else None) == told


@pytest.mark.parametrize("to", [("stranger",), ()])
def test_a_message_for_nobody_goes_to_nobody(to: tuple[str, ...]) -> None:
    acting = Asking(BeforeKind.SEND)
    outcome, result = acting.answer(acting.asked(send()), CallbackVerdict(to=to))
    assert outcome.record is None and not outcome.effects and isinstance(result, Sent) and result.seq == 0
