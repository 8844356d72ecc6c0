"""The command `rcim`: which commands it has. Each command imports what it needs when it runs."""

from __future__ import annotations

from typing import Annotated

import typer

from rcim.app.command_line import Commands
from rcim.app.entry import run_program
from rcim.cli.chatting import chat
from rcim.cli.demos import demo_app
from rcim.cli.diagnosing import doctor
from rcim.cli.keys import token
from rcim.cli.serving import serve
from rcim.cli.stores import accept_clock, check, new_history
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
app.command()(check)
app.command()(doctor)
app.command("accept-clock")(accept_clock)
app.command("new-history")(new_history)
app.command()(chat)
app.add_typer(demo_app, name="demo")


def main() -> None:
    """Entry point."""
    run_program("rcim", app)
