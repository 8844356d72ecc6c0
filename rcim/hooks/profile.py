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
from rcim.base.terms import Platform, Presence
from rcim.web.client import WebAnswer, WebRequest

Json = dict[str, Any]


class Callback(NamedTuple):
    """One callback: the service's name for it, and its fields."""

    command: str
    fields: Json
    id: str = ""
    """Of what is told: the same at each try and after a restart, and no other callback has it (CB-04)."""
    platform: Platform | None = None
    """Of the device that is the cause; None: it is not known."""
    address: str = ""
    """Of that device; empty: it is not known, or not to be told."""


class Facts(Protocol):
    """What a profile may ask about the present, beside what an event says."""

    async def members(self, key: str, limit: int) -> Sequence[str]:
        """Up to `limit` members of the conversation, by their ids."""

    async def presence(self, users: Sequence[str]) -> Mapping[str, Presence]:
        """What those of the users do who have a session; the others are offline."""

    async def unread(self, user_id: str) -> int:
        """How many messages the user has not read, over all conversations (RX-08), as far as they count (RX-04)."""


class Profile(Protocol):
    """See the module's text. `before` and `after` are those of its Names (profiles/table.py)."""

    @property
    def before(self) -> Mapping[str, Sequence[BeforeKind]]:
        """By the service's names: what may be asked before it is done."""

    @property
    def after(self) -> Mapping[str, frozenset[EventKind]]:
        """By the service's names: what may be told after it has happened, and the events of which each is made."""

    def members_for(self, ask: BeforeCallback) -> int:
        """How many members of the conversation `question` is to be given at the most; 0: none."""

    def asks(self, ask: BeforeCallback) -> bool:
        """False for what `before` has, and the receiver is not asked about all the same."""

    def question(self, ask: BeforeCallback, members: Sequence[str]) -> Callback:
        """What is posted to ask. Raises KeyError for a kind that `before` has not."""

    def verdict(self, answer: WebAnswer, asked: Callback) -> CallbackVerdict:
        """What the app has answered to `question`. Raises BadAnswer."""

    async def notices(self, event: AnyEvent, facts: Facts) -> Sequence[Callback]:
        """What is posted to tell of the event, in this order; none if the service has nothing for it."""

    def request(self, url: str, callbacks: Sequence[Callback]) -> WebRequest:
        """The request that carries these callbacks of one command: one, or where the service has batches several."""
