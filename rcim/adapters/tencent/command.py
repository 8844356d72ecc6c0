"""A command of Tencent's API: a row of the table, and what its function is given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from rcim.adapters.tencent.codes import Family, TencentError
from rcim.adapters.tencent.fields import Fields, Json
from rcim.adapters.tencent.paging import Places
from rcim.base.errors import RcimError
from rcim.http.service_calls import ServiceCalls
from rcim.http.turns import Turns
from rcim.service import requests
from rcim.service.back_ends import Principal
from rcim.service.results import Accounts
from rcim.service.service import Service

R = TypeVar("R")
USERS_AT_ONCE = 100
"""Users in one request of the service, where the vendor allows more."""
PER_S = 200
"""Requests of one command in a second, unless the vendor documents another number."""


class Call(ServiceCalls):
    """One request: who calls, the fields of the body, and the service; the places of earlier pages, and the turns of
    other requests. `base_url` is where the caller reaches this server: scheme and host."""

    def __init__(
        self,
        service: Service,
        principal: Principal,
        family: Family,
        body: Json,
        places: Places | None = None,
        turns: Turns | None = None,
        *,
        base_url: str = "",
    ) -> None:
        super().__init__(service, principal, turns)
        self.family = family
        self.base_url = base_url
        self.fields = Fields(body, family.parameter, codes=family.fields)
        self.places = places or Places()

    async def known(self, users: Sequence[str]) -> set[str]:
        """Those of the users who have an account, or are here without one. Raises RcimError."""
        found: set[str] = set()
        for some in batches(users):
            page = await self.ask(requests.AdminAccountsQuery(some), Accounts)
            found |= {row.user_id for row in page.rows if row.known} | set(page.online)
        return found

    def code_of(self, error: RcimError) -> int:
        """The vendor's code of an error of ours, in this command's family."""
        return self.family.code_of(error)


def batches(users: Sequence[str]) -> Iterator[list[str]]:
    """The users, as many at a time as one request of the service takes."""
    for at in range(0, len(users), USERS_AT_ONCE):
        yield list(users[at : at + USERS_AT_ONCE])


Answer = Callable[[Call], Awaitable[Json]]
"""Carries out a command and returns the fields of its answer beside the envelope. Raises TencentError or RcimError."""


class Command(NamedTuple):
    """A row of the table. `names`: the paths below `/v4/`, the present one first. `enabled` False: the service has no
    subject here, and `answer` raises the vendor's code for a service that is not enabled."""

    names: tuple[str, ...]
    family: Family
    answer: Answer
    per_s: int = PER_S
    enabled: bool = True


def command(family: Family, *names: str, per_s: int = PER_S) -> Callable[[Answer], Command]:
    """Makes a row of the function that it decorates."""

    def made(answer: Answer) -> Command:
        return Command(names, family, answer, per_s)

    return made


def not_enabled(family: Family, code: int, info: str, *names: str) -> list[Command]:
    """A row for each name of a service that has no subject here. All are answered with this code and text."""

    async def refuse(call: Call) -> Json:
        raise TencentError(code, info)

    return [Command((name,), family, refuse, enabled=False) for name in names]


def rows_of(module: Any) -> list[Command]:
    """The commands of a module, in their order: those that stand there by name, and those of its lists of commands."""
    found: list[Command] = []
    for one in vars(module).values():
        rows = one if isinstance(one, list) else [one]
        found += [row for row in rows if isinstance(row, Command)]
    return found


__all__ = ["Call", "Command", "Fields", "Json", "TencentError", "batches", "command", "not_enabled", "rows_of"]
