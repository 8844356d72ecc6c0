"""One request of a back end, as far as it asks the service and takes turns with others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TypeVar

from rcim.http.turns import Turns
from rcim.service.back_ends import Principal
from rcim.service.requests import Request
from rcim.service.service import Service

R = TypeVar("R")


class ServiceCalls:
    """What the calls of all APIs have: the service, who calls, and the turns of other requests."""

    def __init__(self, service: Service, principal: Principal, turns: Turns | None) -> None:
        self.service = service
        self.principal = principal
        self.turns = turns or Turns()

    async def ask(self, request: Request, result: type[R], by: Principal | None = None) -> R:
        """The result of an operation of the service, which is of this type; `by` somebody else than who calls. Raises
        RcimError."""
        found = await self.service.call(by or self.principal, request)
        assert isinstance(found, result), found
        return found

    async def ask_each(self, changes: Sequence[Request], result: type[R]) -> AsyncIterator[R]:
        """The result of each of these, one after the other; none is carried out if one has a mistake. Raises RcimError:
        those before it are done then, if the mistake was not one of its fields."""
        for request in changes:
            self.service.check(self.principal, request)
        for request in changes:
            yield await self.ask(request, result)
