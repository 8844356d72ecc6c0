"""Which server is asked, as whom; one call to it; and the exit statuses of what goes wrong."""

from __future__ import annotations

import asyncio
import math
import ssl
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import typer

from rcim.app.programs import admin_client
from rcim.base.errors import RcimError
from rcim.base.terminal import printable
from rcim.client import Client
from rcim.client.link import ConnectionGone

REFUSED = 1
"""Exit status when the server refused or failed."""
USAGE = 2
"""Exit status when what was asked for makes no sense, or there is no server to ask."""


@dataclass(frozen=True)
class Target(admin_client.Target):
    """With how to show what the server says."""

    json: bool = False


target: Target


def aim(at: Target) -> None:
    """Say which server the calls are for."""
    global target
    target = at


def fail(text: str, code: int) -> typer.Exit:
    """Say why on standard error; raise what comes back."""
    print(f"rcim-admin: {printable(text, lines=True)}", file=sys.stderr)
    return typer.Exit(code)


def _client() -> Client:
    """A client for the target. Raises typer.Exit with status 2."""
    try:
        return admin_client.admin_client(target)[0]
    except admin_client.TargetError as error:
        raise fail(str(error), USAGE) from None


def call(job: Callable[[Client], Awaitable[Any]]) -> Any:
    """Log in, do `job`, log out; errors end with their exit status."""

    async def main() -> Any:
        async with _client() as client:
            return await job(client)

    try:
        return asyncio.run(main())
    except RcimError as error:
        again = f" (try again in {math.ceil(error.retry_after_ms / 1000)} s)" if error.retry_after_ms else ""
        raise fail(f"{error}{again}", REFUSED) from None
    except (OSError, ssl.SSLError, TimeoutError, ConnectionGone) as error:
        raise fail(f"no answer from the server: {error or type(error).__name__}", USAGE) from None
