"""Queries about the files of the message log (AB-03)."""

from __future__ import annotations

from rcim.actor.asks import Asks


class LogFilesQuery(Asks, frozen=True, gc=False):
    """A page of the files of the message log after the one with this hour and kind (AB-03)."""

    hour: str
    kind: str
    limit: int


class LogChunkQuery(Asks, frozen=True, gc=False):
    """Up to `limit` bytes of a file of the message log, which has to have this checksum if one is named (AB-03)."""

    hour: str
    kind: str
    offset: int
    limit: int
    sha256: bytes = b""


LogQuery = LogFilesQuery | LogChunkQuery
"""Answered where the files of the message log are."""
