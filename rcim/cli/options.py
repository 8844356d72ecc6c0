"""Options that several commands have, and how a command says that it can't do what was asked for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rcim.base.terminal import printable

if TYPE_CHECKING:
    from rcim.app.settings.all_settings import Settings
    from rcim.app.settings.sources import Source

EXIT_USAGE = 2
"""Exit status when what was asked for can't be done as asked: settings, files, addresses."""

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Settings file (TOML).", show_default="none", dir_okay=False)
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.NAME=VALUE", help="A setting; may be repeated."),
]
ServerOption = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT", help="Address of the server.", show_default="the one that runs on the data directory"
    ),
]
CaOption = Annotated[
    Path | None,
    typer.Option(help="PEM file with the certificates to trust.", show_default="the data directory's certificate"),
]
PlainOption = Annotated[bool, typer.Option("--plain", help="Connect without TLS (with --server).")]
DataOption = Annotated[
    str | None, typer.Option("--data", help="Data directory.", show_default="rcim-data in this folder")
]


def fail(text: str, code: int = EXIT_USAGE) -> typer.Exit:
    """Say why on standard error; raise what comes back."""
    print(f"rcim: {printable(text, lines=True)}", file=sys.stderr)
    return typer.Exit(code)


def settings_of(config: Path | None, flags: list[str] | None, data: str | None) -> Settings:
    """The settings in force, or the end with what is wrong."""
    return settings_and_source(config, flags, data)[0]


def settings_and_source(config: Path | None, flags: list[str] | None, data: str | None) -> tuple[Settings, Source]:
    """The settings in force, and where to read them again (OP-03); or the end with what is wrong."""
    from rcim.app.settings.all_settings import SettingsError
    from rcim.app.settings.sources import Source

    given = list(flags or [])
    if data is not None:
        given.append(f"server.data={data}")
    source = Source(config, tuple(given))
    try:
        return source.load(), source
    except SettingsError as error:
        raise fail(str(error)) from None
