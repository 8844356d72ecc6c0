"""What the form of callbacks has to say: the interface that each module of `profiles` implements.

A service's receivers expect names, fields and signatures of their own. A profile makes requests of what is asked and of
what has happened, and reads the answers. It does no I/O.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from rcim.actor.before_callbacks import BeforeCallback
from rcim.actor.before_kinds import BeforeKind
from rcim.actor.callback_verdicts import CallbackVerdict
from rcim.actor.events import AnyEvent, EventKind
from rcim.base.terms import Presence
from rcim.web.client import WebAnswer, WebRequest

Json = dict[str, Any]


class Callback(NamedTuple):
    """One callback: the service's name for it, and its fields."""

    command: str
    fields: Json
    event: str = ""
    """Of what has happened: the idempotency key, which is the same each time that this is told (CB-04)."""
    platform: int = 0
    """Of the device that is the cause (rcim.base.terms.Platform); 0: it is not known."""


class Facts(Protocol):
    """What a profile may ask about the present, beside what an event says."""

    async def members(self, key: str, limit: int) -> Sequence[str]:
        """Up to `limit` members of the conversation, by their ids."""

    async def presence(self, users: Sequence[str]) -> Mapping[str, Presence]:
        """What those of the users do who have a session; the others are offline."""


class Profile(Protocol):
    """See the module's text. `before` and `after` are those of its Names (profiles/table.py)."""

    @property
    def before(self) -> Mapping[str, Sequence[BeforeKind]]:
        """By the service's names: what may be asked before it is done."""

    @property
    def after(self) -> Mapping[str, frozenset[EventKind]]:
        """By the service's names: what may be told after it has happened, and the events of which each is made."""

    def question(self, ask: BeforeCallback) -> Callback:
        """What is posted to ask. Raises KeyError for a kind that `before` has not."""

    def verdict(self, answer: WebAnswer) -> CallbackVerdict:
        """What the app has answered. Raises BadAnswer."""

    async def notices(self, event: AnyEvent, facts: Facts) -> Sequence[Callback]:
        """What is posted to tell of the event, in this order; none if the service has nothing for it."""

    def request(self, url: str, callbacks: Sequence[Callback]) -> WebRequest:
        """The request that carries these callbacks of one command: one, or where the service has batches several."""
