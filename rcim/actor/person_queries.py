"""Queries about what is kept of one person (AB-06)."""

from __future__ import annotations

from rcim.actor.asks import Asks


class SentQuery(Asks, frozen=True, gc=False):
    """Messages that the user has sent, in any conversation, behind the row `after` of all messages."""

    user_id: str
    after: bytes
    limit: int


class ExportQuery(Asks, frozen=True, gc=False):
    """The next bytes of all that is kept of the user, as lines of JSON, from `cursor` on."""

    user_id: str
    cursor: str
    bytes_max: int


PersonQuery = SentQuery | ExportQuery
