"""The request of a query over conversations."""

from __future__ import annotations

from typing import Annotated as A

from rcim.service.bounds import Number, Text
from rcim.service.requests.kinds import CURSOR, Request

SKIP_MAX, LIMIT_MAX = 5000, 100


class ConversationsQuery(Request, frozen=True, gc=False):
    """Asks for conversations by what they are (GR-13)."""

    where: A[str, Text(8192)] = ""
    sort: A[str, Text(1024)] = ""
    skip: A[int, Number(SKIP_MAX)] = 0
    limit: A[int, Number(LIMIT_MAX)] = 0
    cursor: A[str, CURSOR] = ""
    compact: bool = False
    last_message: bool = False
    counts: bool = False
