"""How requests are counted (LI-01), for adapters that count before they decode, and for calls."""

from __future__ import annotations

from rcim.flow.buckets import RateClass
from rcim.service.operations import Operation
from rcim.service.requests import Request, Send

__all__ = ["RateClass", "rate_of"]


def rate_of(operation: Operation, request: Request) -> RateClass:
    """The class in which this request counts: that of its operation; a transient message (MS-08) has one of its own."""
    if type(request) is Send and request.transient:
        return RateClass.TRANSIENT
    return operation.rate
