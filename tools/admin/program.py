"""The program `rcim-admin`: its options, and the nouns put together."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from rcim_tools.admin import calls, echo, live, reloading, server
from rcim_tools.admin.history import history
from typer.main import get_command

from rcim.app.programs.command_line import Commands
from rcim.app.programs.entry import run_program
from rcim.cli.options import CaOption, PlainOption, ServerOption

NOUNS = {
    "group": "groups",
    "conversation": "conversations",
    "member": "members",
    "message": "messages",
    "user": "users",
    "type": "group_types",
    "list": "lists",
    "room": "rooms",
    "broadcast": "broadcasts",
    "tags": "labels",
    "system": "system",
    "channel": "channels",
    "log": "message_log",
    "push": "push",
    "outbox": "outbox",
    "key": "keys",
    "audit": "audit",
}
"""What comes before a verb, and the module that has its verbs."""


class Nouns(Commands):
    """The nouns, each imported when it is asked for: a call needs one of them."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*NOUNS, *super().list_commands(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in NOUNS:
            return super().get_command(ctx, cmd_name)
        found = get_command(import_module(f"rcim_tools.admin.{NOUNS[cmd_name]}").app)
        found.name = cmd_name
        return found


app = typer.Typer(
    cls=Nouns,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(echo.callback_echo)
app.command()(history)
app.command()(server.connections)
app.command()(server.flow)
app.command()(server.health)
app.command()(server.stats)
app.command()(reloading.reload)
app.command()(live.hot)
app.command()(live.activity)
app.command()(live.slow)
app.command()(live.processes)


@app.callback()
def aim(
    data: Annotated[Path, typer.Option(help="Data directory of the server.")] = Path("rcim-data"),
    server: ServerOption = None,
    user: Annotated[
        str | None,
        typer.Option(
            help="User to log in as: an app administrator, or, with --token, any user.",
            show_default="whom the UserSig is for",
        ),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            help="UserSig, or @FILE to read it from a file.",
            show_default="the data directory's credential",
        ),
    ] = None,
    ca: CaOption = None,
    plain: PlainOption = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Administer a running rcim server.

    Run it in the folder that holds the server's data directory, or name the directory with --data. These options come
    before the command:

    \b
      rcim-admin group list
      rcim-admin --data /srv/rcim-data member mute lobby bob --for 2h
      rcim-admin --json stats
    """
    calls.aim(calls.Target(data, server, user, token, ca, plain, json=as_json))


def main() -> None:
    """Entry point."""
    run_program("rcim-admin", app)
