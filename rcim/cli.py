"""The command `rcim`: serve, token, check, chat, demo. Each command imports what it needs when it runs."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rcim.app.command_line import Commands
from rcim.app.entry import run_program
from rcim.app.exposure import warnings_at_start
from rcim.app.settings import Settings, SettingsError
from rcim.app.sources import load
from rcim.base.limits import USERSIG_EXPIRE_S_MAX
from rcim.base.terminal import printable
from rcim.version import __version__

if TYPE_CHECKING:
    from rcim.app.server import Ready

app = typer.Typer(
    cls=Commands,
    help="An instant-messaging server that an app team runs itself.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

EXIT_USAGE = 2
"""Exit status when what was asked for can't be done as asked: settings, files, addresses."""

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Settings file (TOML).", show_default="none", dir_okay=False)
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.NAME=VALUE", help="A setting; may be repeated."),
]
DataOption = Annotated[
    str | None, typer.Option("--data", help="Data directory.", show_default="rcim-data in this folder")
]


def fail(text: str, code: int = EXIT_USAGE) -> typer.Exit:
    """Say why on standard error; raise what comes back."""
    print(f"rcim: {printable(text, lines=True)}", file=sys.stderr)
    return typer.Exit(code)


def settings_of(config: Path | None, flags: list[str] | None, data: str | None) -> Settings:
    """The settings in force, or the end with what is wrong."""
    given = list(flags or [])
    if data is not None:
        given.append(f"server.data={data}")
    try:
        return load(config, flags=given)
    except SettingsError as error:
        raise fail(str(error)) from None


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


@app.command()
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
    """
    flags = list(set_ or [])
    flags += [f"server.host={host}"] if host is not None else []
    flags += [f"server.port={port}"] if port is not None else []
    flags += [f"server.gateways={gateways}"] if gateways is not None else []
    settings = settings_of(config, flags, data)
    if check:
        _print_warnings(warnings_at_start(settings))
        print("settings are good")
        return
    from rcim.app import serve as serving
    from rcim.app.datadir import DataDirError
    from rcim.app.gateways import GatewaysError
    from rcim.app.logs import begin_logging
    from rcim.store.backend import StoreError

    begin_logging(settings.log.level)
    try:
        serving.serve(settings, _ready_json if as_json else _ready_text)
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
    print(json.dumps(said), flush=True)
    _print_warnings(ready.warnings)


def _print_warnings(found: list[str]) -> None:
    """On standard error, where programs that read what is said do not stumble over them."""
    for text in found:
        print(f"rcim: WARNING: {printable(text)}", file=sys.stderr, flush=True)


def _ready_text(ready: Ready) -> None:
    server = ready.settings.server
    for thing in ready.made:
        print(f"made {printable(str(thing))}")
    kind = "TLS" if server.tls else "plain, without TLS"
    kind += f", {server.gateways} gateways" if server.gateways else ""
    print(f"rcim {__version__} listens on {ready.host}:{ready.port} ({kind}), data in {printable(server.data)}")
    if ready.http_port:
        http = ready.settings.http
        print(f"back ends: {'https' if http.tls else 'http'}://{http.host}:{ready.http_port}")
    _print_warnings(ready.warnings)
    where = "" if server.data == "rcim-data" else f" --data {printable(server.data)}"
    print(f"Talk to it from two other terminals in this folder:\n  rcim chat{where} --user alice --group lobby")
    print(f"  rcim chat{where} --user bob --group lobby\nCtrl-C stops the server.", flush=True)


@app.command()
def token(
    user: Annotated[str, typer.Option(help="User id that the UserSig is for.")],
    config: ConfigOption = None,
    data: DataOption = None,
    expire: Annotated[int, typer.Option(min=1, max=USERSIG_EXPIRE_S_MAX, help="Seconds until it expires.")] = 180
    * 86400,
    set_: SetOption = None,
) -> None:
    """Print a UserSig, with which a user logs in.

    It is signed with the key in the data directory of the server.
    """
    from rcim.app.datadir import DataDir, DataDirError
    from rcim.base.errors import RcimError
    from rcim.base.ids import check_user_id
    from rcim.session.usersig import mint

    settings = settings_of(config, set_, data)
    try:
        check_user_id(user)
        key = DataDir(Path(settings.server.data)).key()
    except RcimError as error:
        raise fail(error.detail) from None
    except DataDirError as error:
        raise fail(f"{error}. Has a server been started with this data directory?") from None
    print(mint(settings.app.sdkappid, key, user, int(time.time()), expire))


@app.command()
def check(
    config: ConfigOption = None,
    data: DataOption = None,
    set_: SetOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Check that the stored data are consistent.

    The server may be running. Exit status 0: they are; 1: they are not, or a part is damaged; 2: they can't be read.
    """
    from rcim.app.checking import check_file
    from rcim.store.backend import StoreError

    settings = settings_of(config, set_, data)
    path = Path(settings.server.data) / "store"
    if not path.is_dir():
        raise fail(f"{path}: there is no store")
    try:
        report = check_file(path, settings.store.map_bytes)
    except StoreError as error:
        raise fail(str(error)) from None
    if as_json:
        found = {
            "groups": report.groups,
            "one_to_one": report.pairs,
            "members": report.members,
            "messages": report.messages,
        }
        print(json.dumps({**found, "faults": report.faults}))
    else:
        for fault in report.faults:
            print(f"fault: {printable(fault)}")
        print(
            f"{report.groups} groups, {report.pairs} one-to-one, "
            f"{report.members} memberships, {report.messages} messages: "
            f"{len(report.faults)} faults"
        )
    if report.faults:
        raise typer.Exit(1)


@app.command("accept-clock")
def accept_clock(config: ConfigOption = None, data: DataOption = None, set_: SetOption = None) -> None:
    """Confirm that this machine's clock is right.

    For a server that has logged that its clock is in doubt. Stop the server first. Times that it has stamped since then
    are corrected.
    """
    from rcim.app.datadir import DataDirError
    from rcim.app.upkeep import accept
    from rcim.store.backend import StoreError

    try:
        mended = accept(settings_of(config, set_, data))
    except (DataDirError, StoreError) as error:
        raise fail(str(error)) from None
    print(
        f"the clock is accepted: it is {mended.by_ms / 1000:+.0f} s from the store's; {mended.moved} times were moved"
    )


@app.command("new-history")
def new_history(config: ConfigOption = None, data: DataOption = None, set_: SetOption = None) -> None:
    """Begin a new history after a restore from a backup.

    The server notices most restores by itself; this is for the ones that it can't notice. Stop the server first.
    Clients then discard the positions that they have kept, and read their conversations again.
    """
    from rcim.app.datadir import DataDirError
    from rcim.app.upkeep import new_history as begin
    from rcim.store.backend import StoreError

    try:
        print(f"history {begin(settings_of(config, set_, data))} begins")
    except (DataDirError, StoreError) as error:
        raise fail(str(error)) from None


@app.command()
def chat(
    user: Annotated[str, typer.Option(help="User id to log in as.")],
    group: Annotated[str, typer.Option(help="Group to open; it is created if it does not exist.")] = "lobby",
    data: DataOption = None,
    server: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT", help="Address of the server.", show_default="the one that runs on the data directory"
        ),
    ] = None,
    token_: Annotated[
        str | None,
        typer.Option(
            "--token",
            help="UserSig, or @FILE to read it from a file.",
            show_default="made with the data directory's key",
        ),
    ] = None,
    ca: Annotated[
        Path | None,
        typer.Option(
            help="PEM file with the certificates to trust.", show_default="the data directory's certificate"
        ),
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Connect without TLS (with --server).")] = False,
    nickname: Annotated[str | None, typer.Option(help="Nickname that others see.")] = None,
    store: Annotated[
        Path | None, typer.Option(help="File in which conversations are kept until the next start.")
    ] = None,
) -> None:
    """Chat in the terminal.

    Shows your conversations with their messages; F1 lists the commands. When standard input is not a terminal, each line
    of it is sent to the group.
    """
    from rcim.chat.kinds import ChatError
    from rcim.chat.program import run

    settings = settings_of(None, None, data)
    try:
        run(settings, user, group, server=server, token=token_, ca=ca, plain=plain, nickname=nickname, store=store)
    except ChatError as error:
        raise fail(str(error), 1) from None


demo_app = typer.Typer(rich_markup_mode=None)
app.add_typer(demo_app, name="demo")


@demo_app.callback(invoke_without_command=True)
def demo(
    context: typer.Context,
    members: Annotated[int, typer.Option(min=10, max=15_000, help="Simulated members.")] = 1000,
    seconds: Annotated[float, typer.Option(min=2, max=600, help="How long they talk.")] = 8.0,
    rate: Annotated[float, typer.Option(min=1, max=1000, help="Messages a second.")] = 20.0,
    as_json: Annotated[bool, typer.Option("--json", help="Result as JSON, no progress display.")] = False,
) -> None:
    """Show a server that is killed under load and loses nothing.

    Starts a server, lets members talk, kills the server with SIGKILL, starts it again, and counts what was lost.

    Exit status 0 only if nothing acknowledged was lost, nothing came twice and no SEQ was skipped.
    """
    if context.invoked_subcommand is not None:
        return
    from rcim.demo.durability import run

    if not run(members, seconds, rate, as_json):
        raise typer.Exit(1)


@demo_app.command("groups")
def demo_groups(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Table as JSON, no progress display.")] = False,
) -> None:
    """Show what each group type allows and refuses.

    Tries every operation on a real server and prints the types side by side.

    Exit status 0 only if all of it is as the type table says.
    """
    from rcim.demo.groups import run

    if not run(as_json or bool(context.parent and context.parent.params["as_json"])):
        raise typer.Exit(1)


@demo_app.command("kinds")
def demo_kinds(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Table as JSON, no progress display.")] = False,
) -> None:
    """Show what a user finds in each kind of conversation.

    Tries groups, one-to-one conversations, chat rooms, ultra groups and their channels, system and temporary
    conversations, and broadcasts on a real server, and prints them side by side.

    Exit status 0 only if all of it is as the tables and rules say.
    """
    from rcim.demo.kinds import run

    if not run(as_json or bool(context.parent and context.parent.params["as_json"])):
        raise typer.Exit(1)


@demo_app.command("callbacks")
def demo_callbacks(
    context: typer.Context,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="How long the back end is well at first.")] = 4.0,
    dead: Annotated[float, typer.Option(min=1, max=7200, help="How long it is dead; 3600 is an hour.")] = 8.0,
    as_json: Annotated[bool, typer.Option("--json", help="Result as JSON, no progress display.")] = False,
) -> None:
    """Show a back end that dies and misses nothing.

    Users write; a back end hears of each message by a callback. It dies, the server is killed too, both come back, and
    the rest arrives.

    Exit status 0 only if the back end has heard of every acknowledged message, in the order of its group.
    """
    from rcim.demo.callbacks import run

    if not run(seconds, dead, as_json or bool(context.parent and context.parent.params["as_json"])):
        raise typer.Exit(1)


@demo_app.command("flood")
def demo_flood(
    context: typer.Context,
    seconds: Annotated[float, typer.Option(min=3, max=600, help="How long it takes.")] = 15.0,
    seed: Annotated[int, typer.Option(help="Seed of the schedule.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Result as JSON, no picture.")] = False,
) -> None:
    """Flood a group and watch what passes.

    Sends six times the group's limit and shows, live and by priority, what is offered and what passes.

    Exit status 0 only if nothing was held back below the limit, no HIGH above it, and nothing lower overtook.
    """
    from rcim.demo.flood import run

    if not run(seconds, seed, as_json or bool(context.parent and context.parent.params["as_json"])):
        raise typer.Exit(1)


def main() -> None:
    """Entry point."""
    run_program("rcim", app)
