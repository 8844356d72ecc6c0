"""The command `rcim`: which commands it has. Each command imports what it needs when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from rcim.app.programs.command_line import Commands
from rcim.app.programs.entry import run_program
from rcim.cli.backups import backup, restore
from rcim.cli.chatting import chat
from rcim.cli.demos import demo_app
from rcim.cli.diagnosing import doctor
from rcim.cli.exports import export, import_
from rcim.cli.installing import example_config, systemd_units
from rcim.cli.keys import rotate_key, token
from rcim.cli.serving import serve
from rcim.cli.stores import accept_clock, check, new_history
from rcim.cli.watching import top
from rcim.version import __version__

app = typer.Typer(
    cls=Commands,
    help="An instant-messaging server that an app team runs itself.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"rcim {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """An instant-messaging server that an app team runs itself."""


app.command()(serve)
app.command()(token)
app.command("rotate-key")(rotate_key)
app.command()(check)
app.command()(doctor)
app.command()(backup)
app.command()(restore)
app.command()(export)
app.command("import")(import_)
app.command("accept-clock")(accept_clock)
app.command("new-history")(new_history)
app.command("example-config")(example_config)
app.command("systemd-units")(systemd_units)
app.command()(chat)
app.command()(top)
app.add_typer(demo_app, name="demo")


def main() -> None:
    """Entry point."""
    run_program("rcim", app)
