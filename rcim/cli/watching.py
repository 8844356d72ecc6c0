"""`rcim top`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from rcim.cli.options import EXIT_USAGE, CaOption, DataOption, PlainOption, ServerOption, fail, settings_of


def top(
    data: DataOption = None,
    server: ServerOption = None,
    user: Annotated[
        str | None,
        typer.Option(help="User to log in as: an app administrator.", show_default="whom the UserSig is for"),
    ] = None,
    token_: Annotated[
        str | None,
        typer.Option(
            "--token",
            help="UserSig, or @FILE to read it from a file.",
            show_default="the data directory's credential",
        ),
    ] = None,
    ca: CaOption = None,
    plain: PlainOption = False,
    interval: Annotated[float, typer.Option(min=0.2, max=3600, help="Seconds from one refresh to the next.")] = 1.0,
    search: Annotated[str, typer.Option(help="Only conversations with this in their ids.")] = "",
    once: Annotated[bool, typer.Option("--once", help="Print one picture as text, and end.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one picture as JSON, and end.")] = False,
) -> None:
    """Watch a running server.

    Rates, busy conversations, slow connections, what leaves the server, and its processes; F1 lists the keys. When
    standard output is no terminal, one picture is printed as text. Exit status 1 if the server refuses, 2 if there is
    none.
    """
    from rcim.top.source import Target, TopError

    settings = settings_of(None, None, data)
    target = Target(Path(settings.server.data), server, user, token_, ca, plain)
    try:
        if once or as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
            from rcim.top.once import run

            run(target, interval, to_json=as_json, search=search)
        else:
            from rcim.top.view import watch

            watch(target, interval, search=search)
    except TopError as error:
        raise fail(str(error), 1 if error.refused else EXIT_USAGE) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
