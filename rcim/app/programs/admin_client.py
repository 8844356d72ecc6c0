"""Which server an administrator's program asks, and as whom: `rcim-admin`, `rcim top` and `rcim doctor`."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rcim.app.files.datadir import DataDir, DataDirError
from rcim.app.settings.exposure import secret_given
from rcim.base.errors import USERSIG_BAD_KEY, RcimError
from rcim.base.terms import Platform
from rcim.base.texts import read_text
from rcim.client import Client, client_context
from rcim.client.trust import context_for
from rcim.session.usersig import read


class TargetError(Exception):
    """It can't be known where the server is, or as whom to log in; the text says why. The OSError that it comes from, if
    there is one, is its cause."""


@dataclass(frozen=True)
class Target:
    """Which server, and as whom. `server`: None for the one that runs on the data directory; `user`: None for whom the
    UserSig is for; `token`: None for the credential in the data directory."""

    data: Path
    server: str | None = None
    user: str | None = None
    token: str | None = None
    ca: Path | None = None
    plain: bool = False


LOGIN_ROUNDS = 8
"""How often all credentials are tried. Each try may reach another process, and the one that knows the key only by chance:
of two keys that half of the processes know each, one of ten million log-ins finds none."""


class AdminClient(Client):
    """A client that logs in with the first of several credentials whose key the server knows: while keys are being
    changed, processes of one server may have different ones in force (ID-08). A single credential is tried once."""

    def __init__(self, host: str, port: int, user_id: str, credentials: Sequence[str], tls: ssl.SSLContext | None):
        self._credentials = credentials
        self._credential = credentials[0]
        super().__init__(
            host, port, user_id=user_id, user_sig=lambda: self._credential, tls=tls, platform=Platform.SERVER
        )

    async def _connect_once(self) -> None:
        all_ = self._credentials
        rounds = LOGIN_ROUNDS if len(all_) > 1 else 1
        # Each round begins with another one: processes that take turns are not always met with the wrong one.
        tries = [all_[(first + n) % len(all_)] for first in range(rounds) for n in range(len(all_))]
        for left, credential in zip(range(len(tries) - 1, -1, -1), tries, strict=True):
            self._credential = credential
            try:
                await super()._connect_once()
                return
            except RcimError as error:
                if error.code != USERSIG_BAD_KEY or not left:
                    raise


def address_of(data: DataDir) -> tuple[str, int, bool]:
    """(host, port, with TLS) of the server that runs on the data directory, or ran there last. Raises OSError and
    ValueError."""
    host, port, tls = read_text(data.address).strip().rsplit(":", 2)
    host = host.strip("[]")
    return "127.0.0.1" if host == "0.0.0.0" else host, int(port), tls == "1"


def context_of(data: DataDir, server: str | None, ca: Path | None) -> ssl.SSLContext:
    """What is trusted: `ca` if it is given. The server on the data directory (`server` None) is known by its certificate,
    also when that has ended; everywhere else dates and names count. Raises OSError, ssl.SSLError."""
    if ca is None and server is None:
        for own in (data.certificate_in_use, data.certificate):
            if own.exists():
                return context_for(own)
    return client_context(ca or (data.certificate if data.certificate.exists() else None))


def admin_client(target: Target) -> tuple[Client, str]:
    """A client, not connected, and the address `host:port` that it is for. Raises TargetError."""
    data = DataDir(target.data)
    try:
        credentials = [secret_given(target.token)] if target.token else _credentials_in(data)
        if target.server is None:
            host, port, secure = address_of(data)
        else:
            host, colon, text = target.server.rpartition(":")
            secure = not target.plain
            if not colon or not text.isdecimal() or int(text) > 65535:
                raise TargetError(f"--server {target.server}: has to be HOST:PORT")
            host, port = "127.0.0.1" if host == "0.0.0.0" else host.strip("[]"), int(text)
        context = context_of(data, target.server, target.ca) if secure else None
    except ssl.SSLError as error:
        raise TargetError(f"certificate: {error}") from None
    except OSError as error:
        text = f"{error.filename}: {error.strerror}. Is this the data directory of a server? --data names another."
        raise TargetError(text) from error
    except ValueError:
        raise TargetError(f"{target.data}: its address or credential can't be read") from None
    user = target.user if target.user is not None else _user_of(credentials[0])
    return AdminClient(host, port, user, credentials, context), f"{host}:{port}"


def _user_of(user_sig: str) -> str:
    """Whom a UserSig is for. Of one that can't be read this is nobody in particular: the server says what is wrong."""
    try:
        return str(read(user_sig)["TLS.identifier"])
    except RcimError:
        return "administrator"


def _credentials_in(data: DataDir) -> list[str]:
    """Those that the server keeps there, and one of the signing key that is there now, which a process that was started
    since knows alone. Raises OSError and ValueError."""
    found = data.admin_credentials()
    if not found:
        raise ValueError("there is no credential")
    with contextlib.suppress(DataDirError, RcimError):
        found.append(data.minted_for_admin(found[0]))
    return found
