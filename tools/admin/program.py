"""The program `rcim-admin`: its options, and the nouns put together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rcim_tools.admin import calls, echo, group_types, groups, lists, members, messages, server, users

from rcim.app.entry import run_program

app = typer.Typer(
    help="Look after a running rcim server.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(groups.app, name="group")
app.add_typer(members.app, name="member")
app.add_typer(messages.app, name="message")
app.add_typer(users.app, name="user")
app.add_typer(group_types.app, name="type")
app.add_typer(lists.app, name="list")
app.command()(echo.callback_echo)
app.command()(server.connections)
app.command()(server.flow)
app.command()(server.stats)


@app.callback()
def aim(
    data: Annotated[Path, typer.Option(help="Data directory of the server.")] = Path("rcim-data"),
    server: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Server.", show_default="the one on the data directory")
    ] = None,
    user: Annotated[
        str, typer.Option(help="Who to log in as: an app administrator, or with --token anyone.")
    ] = "administrator",
    token: Annotated[
        str | None,
        typer.Option(
            help="UserSig, or @FILE with it in.",
            show_default="the data directory's credential",
        ),
    ] = None,
    ca: Annotated[
        Path | None, typer.Option(help="PEM file of whom to trust.", show_default="the data directory's certificate")
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="The server speaks no TLS (with --server).")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Look after a running rcim server."""
    calls.aim(calls.Target(data, server, user, token, ca, plain, as_json))


def main() -> None:
    """Entry point."""
    run_program("rcim-admin", app)
