"""Requests of app administrators about the message log (AB-03)."""

from __future__ import annotations

from typing import Annotated as A

from rcim.service.bounds import U16, U32, U64, Data, Text
from rcim.service.requests.kinds import Request

HOUR = Text(10, one_line=True)
LOG_KIND = Text(32, one_line=True)


class MessageLogList(Request, frozen=True, gc=False):
    """Asks for a page of the files of the message log (AB-03)."""

    hour: A[str, HOUR] = ""
    kind: A[str, LOG_KIND] = ""
    limit: A[int, U16] = 0


class MessageLogGet(Request, frozen=True, gc=False):
    """Asks for a part of a file of the message log (AB-03)."""

    hour: A[str, HOUR]
    kind: A[str, LOG_KIND]
    offset: A[int, U64] = 0
    limit: A[int, U32] = 0
    sha256: A[bytes, Data(32)] = b""


class MessageLogExpire(Request, frozen=True, gc=False):
    """Removes the files of the message log from before an hour, or only those of that hour (AB-03)."""

    before: A[str, HOUR]
    only: bool = False
