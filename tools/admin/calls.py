"""Which server is asked, as whom; one call to it; and the exit statuses of what goes wrong."""

from __future__ import annotations

import asyncio
import math
import ssl
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from rcim.app.datadir import DataDir
from rcim.app.exposure import secret_given
from rcim.base.errors import RcimError
from rcim.base.terminal import printable
from rcim.base.terms import Platform
from rcim.base.texts import read_text
from rcim.client import Client, client_context
from rcim.client.link import ConnectionGone

REFUSED = 1
"""Exit status when the server refused or failed."""
USAGE = 2
"""Exit status when what was asked for makes no sense, or there is no server to ask."""


@dataclass
class Target:
    """Which server, as whom, and how to show what it says."""

    data: Path
    server: str | None
    user: str
    token: str | None
    ca: Path | None
    plain: bool
    json: bool


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
    data = DataDir(target.data)
    try:
        token = secret_given(target.token) if target.token else read_text(data.admin_credential).strip()
        if target.server is None:
            host, port, tls = read_text(data.address).strip().rsplit(":", 2)
            secure = tls == "1"
        else:
            host, colon, port = target.server.rpartition(":")
            secure = not target.plain
            if not colon or not port.isdecimal() or int(port) > 65535:
                raise fail(f"--server {target.server}: has to be HOST:PORT", USAGE)
        trust = target.ca or (data.certificate if data.certificate.exists() else None)
        context = client_context(trust) if secure else None
    except ssl.SSLError as error:
        raise fail(f"certificate: {error}", USAGE) from None
    except OSError as error:
        raise fail(
            f"{error.filename}: {error.strerror}. Is this the data directory of a server? --data names another.",
            USAGE,
        ) from None
    except ValueError:
        raise fail(f"{target.data}: its address or credential can not be read", USAGE) from None
    host = "127.0.0.1" if host == "0.0.0.0" else host.strip("[]")
    return Client(host, int(port), user_id=target.user, user_sig=token, tls=context, platform=Platform.SERVER)


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
