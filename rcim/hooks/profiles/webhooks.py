"""The profile `rcim`: events in the server's own form, signed by Standard Webhooks (CB-01).

1. The body is that of protocol-spec/events.md. `webhook-id` is the id of the event: the same at each try, so a receiver
   that has seen it takes the event for a repetition.
2. `webhook-signature` has one signature for each secret. So a secret is changed without a gap: give the server the new
   one beside the old one, then the receivers, and then take the old one away.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from standardwebhooks import Webhook

from rcim.actor.before_callbacks import BeforeCallback
from rcim.actor.callback_verdicts import CallbackVerdict
from rcim.actor.events import AnyEvent
from rcim.base import clock
from rcim.base.limits import Limits
from rcim.hooks.event_json import event_json, time_text
from rcim.hooks.profile import Callback, Facts, Json
from rcim.hooks.profiles.table import RCIM
from rcim.hooks.question_json import question_data, verdict_of
from rcim.hooks.signing_secrets import secrets_of
from rcim.web.client import BadAnswer, WebAnswer, WebRequest

_NAMES = {kind: name for name, kinds in RCIM.before.items() for kind in kinds}


class WebhooksProfile:
    """See the module's text. `secrets`: see `secrets_of`; empty: callbacks are not signed."""

    before = RCIM.before
    after = RCIM.after

    def __init__(self, secrets: str, limits: Limits) -> None:
        self._signing = [Webhook(secret) for secret in secrets_of(secrets)]
        self._limits = limits

    def asks(self, ask: BeforeCallback) -> bool:
        """It is asked about all that `before` has."""
        return True

    def members_for(self, ask: BeforeCallback) -> int:
        """No question names the members."""
        return 0

    def question(self, ask: BeforeCallback, members: Sequence[str] = ()) -> Callback:
        """What is posted to ask. Raises KeyError for a kind that `before` has not."""
        made: Json = {"type": _NAMES[ask.kind], "time": time_text(clock.wall_ms()), "key": ask.key or ask.operator}
        return Callback(_NAMES[ask.kind], made | {"data": question_data(ask)}, f"ask-{uuid.uuid4().hex}")

    def verdict(self, answer: WebAnswer, asked: Callback) -> CallbackVerdict:
        """What the app has answered to `asked`; no body (HTTP status 204) allows. Raises BadAnswer."""
        if answer.status == 204:
            return CallbackVerdict()
        if answer.status != 200:
            raise BadAnswer(f"HTTP status {answer.status}")
        return verdict_of(answer.json(), self._limits)

    async def notices(self, event: AnyEvent, facts: Facts) -> Sequence[Callback]:
        """What is posted to tell of the event: one callback."""
        made = event_json(event, "")
        return [Callback(made["type"], made)]

    def request(self, url: str, callbacks: Sequence[Callback]) -> WebRequest:
        """The request that carries these callbacks: one as it is, several in a list `events`."""
        bodies = [{**callback.fields, "id": _id_of(callback)} for callback in callbacks]
        first = _id_of(callbacks[0])
        id_ = first if len(callbacks) == 1 else f"{first}+{len(callbacks) - 1}"
        body = msgspec.json.encode(bodies[0] if len(bodies) == 1 else {"id": id_, "type": "batch", "events": bodies})
        return WebRequest(url, body, self._headers(id_, body))

    def _headers(self, id_: str, body: bytes) -> dict[str, str]:
        """Those of Standard Webhooks; the time is that of this try."""
        now = datetime.fromtimestamp(clock.wall_ms() // 1000, UTC)
        made = {"Content-Type": "application/json", "webhook-id": id_, "webhook-timestamp": str(int(now.timestamp()))}
        if self._signing:
            text = body.decode()
            made["webhook-signature"] = " ".join(one.sign(id_, now, text) for one in self._signing)
        return made


def _id_of(callback: Callback) -> str:
    """The id of the event: each gives one callback here, so that the command adds nothing to it."""
    return callback.id.removesuffix(f"-{callback.command}")
