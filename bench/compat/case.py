"""A case: one documented command of a vendor's API, called as the vendor documents it, and its effect read back by
another way (frames, or another API). The state of a command is what its case has found, never what a list says."""

from __future__ import annotations

import itertools
import json
from collections.abc import Awaitable, Callable
from enum import Enum
from typing import Any, NamedTuple
from urllib.parse import urlencode

import aiohttp

from rcim.base import clock
from rcim.client.client import Client
from rcim.session.usersig import mint

Json = dict[str, Any]


class State(Enum):
    """What became of a command."""

    WORKS = "works"
    DIFFERS = "differs"
    NOT_OFFERED = "not offered"
    FAILS = "fails"


class Found(NamedTuple):
    """A state, and what there is to say of it: how it differs, why it is not offered, what has failed."""

    state: State
    note: str = ""


class CaseFailed(Exception):
    """The command did not do what its case expects."""


def check(true: object, what: str) -> None:
    """Raises CaseFailed with `what` unless `true`."""
    if not true:
        raise CaseFailed(what)


class Trial:
    """A running server and a back end that calls it. `admin` is an app administrator over frames, who looks at what a
    command has changed. `key` signs UserSigs."""

    def __init__(self, base_url: str, sdkappid: int, key: str, session: aiohttp.ClientSession, admin: Client) -> None:
        self.base_url = base_url
        self.session = session
        self.admin = admin
        self._sdkappid = sdkappid
        self._key = key
        self._numbers = itertools.count(1)

    def name(self, prefix: str) -> str:
        """An id that nothing else in this run has."""
        return f"{prefix}{next(self._numbers)}"

    def sign(self, user_id: str) -> str:
        """A UserSig for this user."""
        return mint(self._sdkappid, self._key, user_id, clock.wall_ms() // 1000, 3600)

    async def tencent(self, command: str, body: Json | None = None) -> Json:
        """What Tencent's API answers."""
        query = {
            "sdkappid": self._sdkappid,
            "identifier": self.admin.user_id,
            "usersig": self.sign(self.admin.user_id),
            "random": next(self._numbers),
            "contenttype": "json",
        }
        url = f"{self.base_url}/v4/{command}?{urlencode(query)}"
        async with self.session.post(url, data=json.dumps(body or {}).encode()) as response:
            check(response.status == 200, f"HTTP status {response.status}")
            found: Json = await response.json(content_type=None)
            return found

    async def tencent_ok(self, command: str, body: Json | None = None) -> Json:
        """As `tencent`, of a command that has to succeed. Raises CaseFailed."""
        found = await self.tencent(command, body)
        check(found.get("ErrorCode") == 0, f"{command}: {found.get('ErrorCode')} {found.get('ErrorInfo')}")
        return found


Run = Callable[[Trial], Awaitable[Found | None]]
"""Calls a command and looks at what it has done; None: it works. Raises CaseFailed or RcimError if it does not."""


class Case(NamedTuple):
    """A row of the table. `command` as the vendor documents it."""

    vendor: str
    command: str
    run: Run


CASES: list[Case] = []


def case(vendor: str, *commands: str) -> Callable[[Run], Run]:
    """Makes a case of a function for each of these names of a command."""

    def made(run: Run) -> Run:
        CASES.extend(Case(vendor, command, run) for command in commands)
        return run

    return made
