"""What an operator should know before others find out, in words: what settings and files leave open to them, a
certificate that ends, a limit of open files that is too low. Said at the start and by `--check` (OP-01, ID-08)."""

from __future__ import annotations

import resource
import stat
import time
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from rcim.app.settings.checks.proxy_checks import trusts_everybody
from rcim.base.texts import read_text

if TYPE_CHECKING:
    from rcim.app.settings.all_settings import Settings

LOCAL_HOSTS = ("127.0.0.1", "::1", "localhost")
OTHER_FILES = 256
"""What a server has open besides connections: the store, the log, callbacks (at most 200)."""
GUIDE = "docs/operate/tls.md"


def warnings_of(settings: Settings) -> list[str]:
    """One sentence for each thing that others can see or do. Nothing is read but the modes of files."""
    server = settings.server
    found = []
    if server.host not in LOCAL_HOSTS and not server.tls:
        found.append(
            f"others can reach this server on {server.host}, and server.tls is off: UserSigs and messages can be "
            f"read on the way. Switch it on, or listen on 127.0.0.1 behind something that speaks TLS ({GUIDE})."
        )
    if not server.certificate and _others_see_the_certificate(settings):
        found.append(
            "others can reach this server, and its certificate is only self-signed. "
            f"Set server.certificate and server.private_key ({GUIDE})."
        )
    for key, networks in (("server", server.proxy_from), ("http", settings.http.proxy_from)):
        if networks and trusts_everybody(networks):
            found.append(
                f"{key}.proxy_from holds every address: anybody can say to come from anywhere, and nobody can connect "
                "without a proxy. Name the networks of the proxies alone (docs/operate/proxies.md)."
            )
    if Path(server.data).is_dir() and _mode(server.data) & 0o077:
        found.append(f"other users of this machine can look into {server.data}: chmod 700 {server.data}")
    for key, file in (("server.private_key", server.private_key), *files_of_secrets(settings)):
        if file and _mode(file) & stat.S_IROTH:
            found.append(f"{key}: every user of this machine can read {file}: chmod 600 {file}")
    return found + useless_of(settings)


def useless_of(settings: Settings) -> list[str]:
    """One sentence for each section that is there and does nothing."""
    callbacks, found = settings.callbacks, []
    if (callbacks.url or callbacks.hooks) and not callbacks.commands:
        found.append(
            "callbacks.url or callbacks.hooks is set, and callbacks.commands names nothing: nobody is told or asked."
        )
    for name, receiver in settings.receivers.items():
        if not receiver.commands:
            found.append(f"receivers.{name}.commands names nothing: nobody is told or asked.")
    for name, stream in settings.streams.items():
        if not stream.servers:
            found.append(f"streams.{name}.servers names nothing: no events go there.")
    return found


def _others_see_the_certificate(settings: Settings) -> bool:
    """Whether it is shown to more than this machine: to clients, or to back ends."""
    server, http = settings.server, settings.http
    clients = server.tls and server.host not in LOCAL_HOSTS
    return clients or (http.on and http.tls and http.host not in LOCAL_HOSTS)


def files_of_secrets(settings: Settings) -> Iterator[tuple[str, str]]:
    """The settings that name a file with a secret, each with the file."""
    from rcim.app.settings.all_settings import NAMED, SECTIONS  # only who has settings pays for them

    sections = {name: getattr(settings, name) for name in SECTIONS}
    for group in NAMED:
        sections |= {f"{group}.{name}": one for name, one in getattr(settings, group).items()}
    for section, values in sections.items():
        for f in fields(values):
            if f.metadata.get("secret"):
                key = f"{f.name}_file"
                yield f"{section}.{key}", getattr(values, key)


def warnings_at_start(settings: Settings) -> list[str]:
    """`warnings_of`, and what will not work here for long, or not as far as the settings say."""
    found = warnings_of(settings)
    if settings.server.tls:
        found += _of_certificate(settings, time.time())
    few = files_warning(settings.limits.connections_max, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    return [*found, few] if few else found


def _of_certificate(settings: Settings, now_s: float) -> list[str]:
    """A certificate that clients refuse, or soon will (OP-03)."""
    server = settings.server
    path = Path(server.certificate or Path(server.data) / "cert.pem")
    key = Path(server.private_key or Path(server.data) / "key.pem")
    if not server.certificate and not (path.exists() and key.exists()):
        return []  # the first start makes it
    from rcim.app.files.certificates import warning_of

    warning = warning_of(path, key, now_s)
    return [warning] if warning else []


def files_warning(connections_max: int, files_max: int) -> str | None:
    """If a process that may open so many files (-1: any number) can't hold so many connections."""
    wanted = connections_max + OTHER_FILES
    if files_max in (-1, resource.RLIM_INFINITY) or files_max >= wanted:
        return None
    return (
        f"limits.connections_max is {connections_max}, and this process may open only {files_max} files: raise that "
        f"(systemd: LimitNOFILE={wanted}; a shell, as root: ulimit -n {wanted}), or set limits.connections_max to "
        f"{max(files_max - OTHER_FILES, 1)}."
    )


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
