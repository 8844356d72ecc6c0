"""What settings and files leave open to others, in words: said at the start and by `--check` (OP-01, ID-08)."""

from __future__ import annotations

import stat
from pathlib import Path

from rcim.app.settings import Settings
from rcim.base.texts import read_text

LOCAL_HOSTS = ("127.0.0.1", "::1", "localhost")
GUIDE = "docs/how-to/run-in-production.md"


def warnings_of(settings: Settings) -> list[str]:
    """One sentence for each thing that others can see or do. Nothing is read but the modes of files."""
    server, callbacks = settings.server, settings.callbacks
    found = []
    if server.host not in LOCAL_HOSTS:
        if not server.tls:
            found.append(
                f"others can reach this server on {server.host}, and server.tls is off: UserSigs and messages can be "
                f"read on the way. Switch it on, or listen on 127.0.0.1 behind something that speaks TLS ({GUIDE})."
            )
        elif not server.certificate:
            found.append(
                "others can reach this server, and its certificate is only self-signed. "
                f"Set server.certificate and server.private_key ({GUIDE})."
            )
    if Path(server.data).is_dir() and _mode(server.data) & 0o077:
        found.append(f"other users of this machine can look into {server.data}: chmod 700 {server.data}")
    for key, file in (
        ("server.private_key", server.private_key),
        ("callbacks.token_file", callbacks.token_file),
    ):
        if file and _mode(file) & stat.S_IROTH:
            found.append(f"{key}: every user of this machine can read {file}: chmod 600 {file}")
    if (callbacks.url or callbacks.hooks) and not callbacks.commands:
        found.append(
            "callbacks.url or callbacks.hooks is set, and callbacks.commands names nothing: nobody is asked."
        )
    return found


def secret_given(text: str) -> str:
    """A secret as an option gives it: itself, or, as `@FILE`, what stands in a file, so that nobody sees it in the list
    of processes. Raises OSError and UnicodeDecodeError."""
    return read_text(text[1:]).strip() if text.startswith("@") else text


def _mode(path: str) -> int:
    """The permissions of a file; 0 if it is not there any more."""
    try:
        return stat.S_IMODE(Path(path).stat().st_mode)
    except OSError:
        return 0
