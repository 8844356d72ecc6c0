"""A case: one documented command of a vendor's API, called as the vendor documents it, and its effect read back by
another way (frames, or another API). The state of a command is what its case has found, never what a list says."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Awaitable, Callable
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import aiohttp

from rcim.base import clock
from rcim.client.client import Client
from rcim.session.usersig import mint

Json = dict[str, Any]


RONG_KEY, RONG_SECRET = "compat-key", "compat-secret"


def rong_flags(folder: Path) -> tuple[str, ...]:
    """Settings with which a server has RongCloud's API beside Tencent's; the secret is written into the folder, since no
    flag can have it."""
    secret = folder / "rongcloud-secret"
    secret.write_text(RONG_SECRET, encoding="utf-8")
    return (
        "http.apis=tencent,rongcloud",
        f"rongcloud.app_key={RONG_KEY}",
        f"rongcloud.app_secret_file={secret}",
        "message_log.enabled=true",
    )


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

    async def rongcloud(self, path: str, body: Json | None = None, **form: Any) -> Json:
        """What RongCloud's API answers to this JSON object, or else to a form of these fields; a list is a field that
        comes again."""
        timestamp, nonce = str(clock.wall_ms()), str(next(self._numbers))
        signature = hashlib.sha1(f"{RONG_SECRET}{nonce}{timestamp}".encode()).hexdigest()
        headers = {"App-Key": RONG_KEY, "Nonce": nonce, "Timestamp": timestamp, "Signature": signature}
        data = json.dumps(body).encode() if body is not None else urlencode(form, doseq=True).encode()
        async with self.session.post(f"{self.base_url}{path}.json", data=data, headers=headers) as response:
            check(response.status == 200, f"HTTP status {response.status}")
            found: Json = await response.json(content_type=None)
            return found

    async def rongcloud_ok(self, path: str, body: Json | None = None, **form: Any) -> Json:
        """As `rongcloud`, of a command that has to succeed. Raises CaseFailed."""
        found = await self.rongcloud(path, body, **form)
        check(found.get("code") == 200, f"{path}: {found.get('code')} {found.get('errorMessage')}")
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
