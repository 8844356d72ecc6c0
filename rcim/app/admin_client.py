"""Which server an administrator's program asks, and as whom: `rcim-admin` and `rcim top`."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from rcim.app.datadir import DataDir
from rcim.app.exposure import secret_given
from rcim.base.terms import Platform
from rcim.base.texts import read_text
from rcim.client import Client, client_context
from rcim.client.trust import context_for


class TargetError(Exception):
    """It can't be known where the server is, or as whom to log in; the text says why."""


@dataclass(frozen=True)
class Target:
    """Which server, and as whom. `server`: None for the one that runs on the data directory; `token`: None for the
    credential there."""

    data: Path
    server: str | None = None
    user: str = "administrator"
    token: str | None = None
    ca: Path | None = None
    plain: bool = False


def context_of(data: DataDir, server: str | None, ca: Path | None) -> ssl.SSLContext:
    """What is trusted: `ca` if it is given. The server on the data directory (`server` None) is known by its certificate.
    Raises OSError, ssl.SSLError."""
    if ca is None and server is None and data.certificate_in_use.exists():
        return context_for(data.certificate_in_use)
    return client_context(ca or (data.certificate if data.certificate.exists() else None))


def admin_client(target: Target) -> tuple[Client, str]:
    """A client, not connected, and the address `host:port` that it is for. Raises TargetError."""
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
                raise TargetError(f"--server {target.server}: has to be HOST:PORT")
        context = context_of(data, target.server, target.ca) if secure else None
    except ssl.SSLError as error:
        raise TargetError(f"certificate: {error}") from None
    except OSError as error:
        text = f"{error.filename}: {error.strerror}. Is this the data directory of a server? --data names another."
        raise TargetError(text) from None
    except ValueError:
        raise TargetError(f"{target.data}: its address or credential can't be read") from None
    host = "127.0.0.1" if host == "0.0.0.0" else host.strip("[]")
    made = Client(host, int(port), user_id=target.user, user_sig=token, tls=context, platform=Platform.SERVER)
    return made, f"{host}:{port}"
