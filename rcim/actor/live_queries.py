"""Queries about what the running server does now: which conversations are busy, which connections are slow, and what its
processes use (OP-02). Nothing of it is stored."""

from __future__ import annotations

from rcim.actor.asks import Asks
from rcim.base.terms import HotSort, SlowSort


class HotQuery(Asks, frozen=True, gc=False):
    """The conversations in memory with `search` in their ids, by `sort`: `limit` of them, after the first `skip`."""

    sort: HotSort
    ascending: bool
    search: str
    skip: int
    limit: int


class ActivityQuery(Asks, frozen=True, gc=False):
    """What one conversation does, and who sends most in it."""

    key: str


class ProcessesQuery(Asks, frozen=True, gc=False):
    """What each process of the server uses."""


class SlowQuery(Asks, frozen=True, gc=False):
    """Connections by `sort`, `limit` of them. Only those of `user_id` and with `search` in the user's id or the address,
    unless these are empty."""

    sort: SlowSort
    ascending: bool
    user_id: str
    search: str
    limit: int


class AudiencesQuery(Asks, frozen=True, gc=False):
    """How many users hear what is delivered to each of these addresses, and how many deliveries they were given."""

    addresses: list[str]


class BusiestQuery(Asks, frozen=True, gc=False):
    """The `limit` conversations with `search` in their ids that most users hear, or that have most deliveries."""

    deliveries: bool
    search: str
    limit: int


LiveQuery = HotQuery | ActivityQuery | ProcessesQuery | SlowQuery | AudiencesQuery | BusiestQuery
LiveLook = ProcessesQuery | SlowQuery | AudiencesQuery | BusiestQuery
"""Answered by who holds connections."""
