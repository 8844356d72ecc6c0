"""`rcim serve`."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from rcim.app.programs.entry import print_no_more
from rcim.base.limited_log import Log
from rcim.base.terminal import printable
from rcim.cli.options import ConfigOption, DataOption, SetOption, fail, settings_and_source
from rcim.version import __version__

if TYPE_CHECKING:
    from rcim.app.processes.server import Ready
    from rcim.app.settings.all_settings import Settings


def serve(
    config: ConfigOption = None,
    data: DataOption = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; 0: any free port.", show_default="7460")
    ] = None,
    gateways: Annotated[
        int | None,
        typer.Option(
            help="Processes that hold connections, to use more than one core; 0: one process does everything.",
            show_default="0",
        ),
    ] = None,
    set_: SetOption = None,
    check: Annotated[bool, typer.Option("--check", help="Check the settings and exit.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON when the server is ready.")] = False,
) -> None:
    """Run a server until Ctrl-C or SIGTERM.

    The first start creates the data directory, with a signing key and a self-signed certificate in it. Every other
    setting is in docs/reference/settings.md; --set takes any of them.

    SIGHUP, or `rcim-admin reload`, has it read its settings, and the files that
    they name, again: docs/operate/reload.md.
    """
    flags = list(set_ or [])
    flags += [f"server.host={host}"] if host is not None else []
    flags += [f"server.port={port}"] if port is not None else []
    flags += [f"server.gateways={gateways}"] if gateways is not None else []
    settings, source = settings_and_source(config, flags, data)
    if check:
        from rcim.app.settings.exposure import warnings_at_start

        _print_warnings(warnings_at_start(settings))
        print("settings are good")
        return
    from rcim.app.files.datadir import DataDirError
    from rcim.app.log.logs import begin_logging
    from rcim.app.processes import serve as serving
    from rcim.app.processes.gateways import GatewaysError
    from rcim.store.backend import StoreError

    begin_logging(settings.log.level, settings.log.format, process=_process(settings))
    try:
        serving.serve(settings, _ready_json if as_json else _ready_text, source.load)
    except (DataDirError, StoreError, OSError) as error:
        raise fail(str(error)) from None
    except GatewaysError as error:
        raise fail(f"{error}: {error.__cause__}", 1) from None


def _ready_json(ready: Ready) -> None:
    import os

    server = ready.settings.server
    said = {"host": ready.host, "port": ready.port, "pid": os.getpid(), "tls": server.tls, "data": server.data}
    if ready.http_port:
        said["http_port"] = ready.http_port
    _tell(json.dumps(said))
    _log_warnings(ready.warnings)


def _process(settings: Settings) -> str:
    """What this process is called in the log."""
    return "supervisor" if settings.server.gateways else "server"


def _log_warnings(found: list[str]) -> None:
    """In the log, which whoever reads slowly does not hold up."""
    for text in found:
        Log("rcim.server").warning("the settings need attention", warning=text)


def _print_warnings(found: list[str]) -> None:
    """On standard error, where programs that read what is said do not stumble over them."""
    for text in found:
        print(f"rcim: WARNING: {printable(text)}", file=sys.stderr, flush=True)


def _ready_text(ready: Ready) -> None:
    server = ready.settings.server
    lines = [f"made {printable(str(thing))}" for thing in ready.made]
    kind = "TLS" if server.tls else "plain, without TLS"
    kind += f", {server.gateways} gateways" if server.gateways else ""
    lines.append(
        f"rcim {__version__} listens on {ready.host}:{ready.port} ({kind}), data in {printable(server.data)}"
    )
    if ready.http_port:
        http = ready.settings.http
        lines.append(f"back ends: {'https' if http.tls else 'http'}://{http.host}:{ready.http_port}")
    _log_warnings(ready.warnings)
    where = "" if server.data == "rcim-data" else f" --data {printable(server.data)}"
    lines.append("Talk to it from two other terminals in this folder:")
    lines += [f"  rcim chat{where} --user {user} --group lobby" for user in ("alice", "bob")]
    _tell("\n".join([*lines, "Ctrl-C stops the server."]))


def _tell(text: str) -> None:
    """On standard output. The server goes on if that is on a full disk, or whoever read it has gone."""
    try:
        print(text, flush=True)
    except OSError as error:
        print_no_more()
        Log("rcim.server").error("standard output can't be written", error=error.strerror)
