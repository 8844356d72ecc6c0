"""A path of RongCloud's API: a row of the table, and what its function is given."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from rcim.adapters.rongcloud.codes import FAILED, WRONG_PARAMETER, RongError, refusal
from rcim.adapters.rongcloud.form import Form
from rcim.base.errors import RcimError
from rcim.base.terms import PERMANENT_S, AddResult
from rcim.http.service_calls import ServiceCalls
from rcim.http.turns import Turns
from rcim.service.back_ends import Principal
from rcim.service.results import Added
from rcim.service.service import Service

Json = dict[str, Any]
R = TypeVar("R")
T = TypeVar("T")
AT_ONCE = 16
"""Operations of one request that are under way at a time."""
MINUTES_MAX = 43_200
"""A month: the longest time for which the vendor mutes and blocks."""
TIME_FORM = "%Y-%m-%d %H:%M:%S"


@dataclass(frozen=True)
class RongApp:
    """The app as RongCloud knows it: what the settings say. The secret is in no text of it."""

    app_key: str
    app_secret: str
    group_type: str
    """Type of the groups that this API makes."""
    group_has_owner: bool
    """Whether groups of this type have an owner: the first of the users whom a group is made with."""
    room_type: str
    """Type of the chat rooms that it makes."""
    token_s: int
    """For so long a token logs a user in."""
    window_ms: int
    """How far the time of a signature may be from the server's; 0: any."""
    offset_min: int
    """Times in answers and the hours of the message history are that far east of UTC."""
    tls: bool
    """The API is reached by https."""

    def __repr__(self) -> str:
        return f"RongApp({self.app_key!r})"

    def shown(self, time_ms: int) -> str:
        """A time as the vendor's answers have it."""
        try:
            there = datetime.fromtimestamp(time_ms / 1000, UTC) + timedelta(minutes=self.offset_min)
        except (ValueError, OverflowError, OSError):  # a mute without an end
            return datetime(9999, 12, 31, 23, 59, 59).strftime(TIME_FORM)
        return there.strftime(TIME_FORM)


class Call(ServiceCalls):
    """One request: who calls, the fields of the body, the service, and the turns of other requests."""

    def __init__(
        self,
        service: Service,
        principal: Principal,
        app: RongApp,
        form: Form,
        host: str,
        turns: Turns | None = None,
    ) -> None:
        super().__init__(service, principal, turns)
        self.app = app
        self.form = form
        self.host = host
        """Under which name the caller reached the server, with the port."""

    def acting_for(self, user_id: str) -> Principal:
        """A user, in whose name the app does what users do for themselves (BackEnds.acting_for)."""
        return self.service.back_ends.acting_for(self.principal, user_id)

    def under_name_of(self, user_id: str) -> Principal:
        """The app, under a user's name: what it sets counts as set by this user, who need not have the right to."""
        return self.service.back_ends.trusted(user_id, self.principal.source)

    def seconds(self, name: str = "minute") -> int:
        """The minutes of a mute or a block, 1 to 43,200, as seconds; 0 and -1: without an end. Raises RongError."""
        minutes = self.form.number(name, least=-1, most=MINUTES_MAX)
        return minutes * 60 if minutes > 0 else PERMANENT_S


Answer = Callable[[Call], Awaitable[Json]]
"""Carries out a command and returns the fields of its answer beside `code`. Raises RongError or RcimError."""


class Command(NamedTuple):
    """A row of the table. `path` is without its extension. `enabled` False: it has no subject here, and `answer` raises
    the vendor's code for a service that is not enabled."""

    path: str
    answer: Answer
    enabled: bool = True


def command(*paths: str) -> Callable[[Answer], tuple[Command, ...]]:
    """Makes a row for each of these paths of the function that it decorates."""

    def made(answer: Answer) -> tuple[Command, ...]:
        return tuple(Command(path, answer) for path in paths)

    return made


def rows_of(module: Any) -> list[Command]:
    """The commands of a module, in their order."""
    found: list[Command] = []
    for one in vars(module).values():
        if isinstance(one, tuple) and one and all(isinstance(row, Command) for row in one):
            found += one
    return found


async def each(jobs: Sequence[Callable[[], Coroutine[Any, Any, T]]]) -> list[T | BaseException]:
    """What becomes of each of these, AT_ONCE at a time: its result, or what it raised."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(job: Callable[[], Coroutine[Any, Any, T]]) -> T:
        async with turns:
            return await job()

    return await asyncio.gather(*(one(job) for job in jobs), return_exceptions=True)


def failures(names: Sequence[str], results: Sequence[object], name: str) -> Json:
    """What an answer says of those of a request's entries that failed: nothing, or `failed` with the code of each. `name`
    is what it calls an entry. Raises RongError if all of them failed, and whatever is no error of an entry."""
    failed: list[Json] = []
    for entry, result in zip(names, results, strict=True):
        if not isinstance(result, BaseException):
            continue
        if not isinstance(result, RcimError | RongError):
            raise result
        why = result if isinstance(result, RongError) else refusal(result)
        failed.append({name: entry, "code": why.code, "errorMessage": why.text})
        if len(failed) == len(names):
            raise why
    return {"failed": failed} if failed else {}


def check_all(made: Added) -> None:
    """Returns if it was done for each user, now or before. Raises RongError(FAILED) if it could not be done
    for one: the same request may succeed later."""
    failed = [user for user, result in made.results if result is AddResult.FAILED]
    if failed:
        raise RongError(FAILED, f"Not done for {len(failed)} users, the first is {failed[0]}; try again.")


def chunks(rows: Sequence[T], size: int) -> list[Sequence[T]]:
    """The rows in pieces of at most `size`."""
    return [rows[at : at + size] for at in range(0, len(rows), size)]


def page_of(
    form: Form, rows: Sequence[T], *, size: str = "pageSize", default: int = 50, most: int = 200, whole: bool = False
) -> list[T]:
    """The rows of the page that `page` names, of as many as the field called `size` says. `whole`: all rows, if `page` is
    absent or 0. Raises RongError."""
    page = form.number("page", 0 if whole else 1, 0 if whole else 1)
    length = form.number(size, default, 1, most)
    return list(rows[length * (page - 1) : length * page]) if page else list(rows)


def choice(form: Form, name: str, known: dict[int, T]) -> T:
    """What a number stands for. Raises RongError."""
    number = form.number(name, least=-1)
    if number not in known:
        raise RongError(WRONG_PARAMETER, f"Parameter {name} has to be one of {', '.join(map(str, known))}.")
    return known[number]
