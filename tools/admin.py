"""`rcim-admin`: administration over admin frames (AB-01). A table for people, `--json` for programs.

Exit status 0: done; 1: the server refused or failed (its code is printed); 2: wrong usage, or no server.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from rcim.app.datadir import DataDir
from rcim.base.errors import RcimError
from rcim.base.terms import ApplyJoinOption, Platform, Priority, Role
from rcim.client import Client, client_context
from rcim.client.link import ConnectionGone
from rcim.wire import frames

app = typer.Typer(
    help="Look after a running rcim server.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
group_app = typer.Typer(help="Groups: create, list, info, dissolve.", no_args_is_help=True)
app.add_typer(group_app, name="group")

JOIN_OPTIONS = {"free": ApplyJoinOption.FREE_ACCESS, "closed": ApplyJoinOption.DISABLE_APPLY}
PRIORITIES = {p.name.lower(): p for p in Priority}


@dataclass
class Target:
    """Which server, as whom, and how to show what it says."""

    data: Path
    server: str | None
    user: str
    token: str | None
    ca: Path | None
    plain: bool
    json: bool


target: Target


@app.callback()
def common(
    data: Annotated[Path, typer.Option(help="Data directory of the server.")] = Path("rcim-data"),
    server: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Server.", show_default="the one on the data directory")
    ] = None,
    user: Annotated[str, typer.Option(help="App administrator to log in as.")] = "administrator",
    token: Annotated[
        str | None, typer.Option(help="UserSig.", show_default="the data directory's credential")
    ] = None,
    ca: Annotated[
        Path | None, typer.Option(help="PEM file of whom to trust.", show_default="the data directory's certificate")
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="The server speaks no TLS (with --server).")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="JSON instead of a table.")] = False,
) -> None:
    """Look after a running rcim server."""
    global target
    target = Target(data, server, user, token, ca, plain, as_json)


def fail(text: str, code: int) -> typer.Exit:
    """Say why on standard error; raise what comes back."""
    print(f"rcim-admin: {text}", file=sys.stderr)
    return typer.Exit(code)


def _client() -> Client:
    """A client for the target. Raises typer.Exit with status 2."""
    data = DataDir(target.data)
    try:
        token = target.token or data.admin_credential.read_text().strip()
        if target.server is None:
            host, port, tls = data.address.read_text().strip().rsplit(":", 2)
            secure = tls == "1"
        else:
            host, colon, port = target.server.rpartition(":")
            secure = not target.plain
            if not colon or not port.isdigit():
                raise fail(f"--server {target.server}: has to be HOST:PORT", 2)
        trust = target.ca or (data.certificate if data.certificate.exists() else None)
        context = client_context(trust) if secure else None
    except OSError as error:
        raise fail(f"{error.filename}: {error.strerror}. Is this the data directory of a server?", 2) from None
    except ssl.SSLError as error:
        raise fail(f"certificate: {error}", 2) from None
    host = "127.0.0.1" if host == "0.0.0.0" else host
    return Client(host, int(port), user_id=target.user, user_sig=token, tls=context, platform=Platform.SERVER)


def call(job: Callable[[Client], Awaitable[Any]]) -> Any:
    """Log in, do `job`, log out; errors end with their exit status."""
    client = _client()

    async def main() -> Any:
        async with client:
            return await job(client)

    try:
        return asyncio.run(main())
    except RcimError as error:
        raise fail(str(error), 1) from None
    except (OSError, ssl.SSLError, TimeoutError, ConnectionGone) as error:
        raise fail(f"no answer from the server: {error or type(error).__name__}", 2) from None


def show(rows: Sequence[dict[str, Any]]) -> None:
    """Rows as a table or as JSON."""
    if target.json:
        print(json.dumps(list(rows), indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    made = Table()
    for name in rows[0] if rows else ["nothing"]:
        made.add_column(name)
    for row in rows:
        made.add_row(*(str(value) for value in row.values()))
    Console(markup=False, highlight=False).print(made)


def show_one(found: dict[str, Any]) -> None:
    """Named values as a table of two columns or as a JSON object."""
    if target.json:
        print(json.dumps(found, indent=2))
    else:
        show([{"name": name, "value": value} for name, value in found.items()])


def _plain(struct: msgspec.Struct) -> dict[str, Any]:
    found = {name.rstrip("_"): getattr(struct, name) for name in struct.__struct_fields__}
    return {name: v.name if isinstance(v, Role | ApplyJoinOption) else v for name, v in found.items()}


@group_app.command("create")
def group_create(
    name: Annotated[str, typer.Argument(help="Name, 1 to 30 bytes.")],
    group_id: Annotated[str, typer.Option("--id", help="Id wanted.", show_default="made by the server")] = "",
    type_: Annotated[str, typer.Option("--type", help="Group type.")] = "Public",
    join: Annotated[str, typer.Option(help="Who may join: free or closed.")] = "free",
    member: Annotated[
        list[str] | None, typer.Option(help="A member from the start; may be given many times.")
    ] = None,
) -> None:
    """Make a group, owned by the administrator."""
    if join not in JOIN_OPTIONS:
        raise fail(f"--join {join}: has to be one of {', '.join(JOIN_OPTIONS)}", 2)

    async def job(client: Client) -> str:
        option = JOIN_OPTIONS[join]
        return await client.create_group(
            name, group_id=group_id, type_=type_, apply_join_option=option, members=member or ()
        )

    show_one({"group_id": call(job)})


@group_app.command("list")
def group_list(
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 1000,
) -> None:
    """All groups of the app."""

    async def job(client: Client) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        cursor = ""
        while len(found) < limit:
            page = await client.request(frames.AdminGroups(cursor, 0), frames.AdminGroupsOk)
            found += [_plain(entry) for entry in page.groups]
            cursor = page.next
            if not cursor:
                break
        for row in found:
            del row["role"], row["joined_seq"]
        return found[:limit]

    show(call(job))


@group_app.command("info")
def group_info(group_id: Annotated[str, typer.Argument(help="Id of the group.")]) -> None:
    """A group's profile."""
    show_one(_plain(call(lambda client: client.info(group_id))))


@group_app.command("dissolve")
def group_dissolve(group_id: Annotated[str, typer.Argument(help="Id of the group.")]) -> None:
    """End a group, with its members and messages."""
    call(lambda client: client.dissolve(group_id))
    show_one({"group_id": group_id, "dissolved": True})


@app.command()
def members(group_id: Annotated[str, typer.Argument(help="Id of the group.")]) -> None:
    """The members of a group."""
    show([_plain(entry) for entry in call(lambda client: client.members(group_id))])


@app.command()
def send(
    group_id: Annotated[str, typer.Argument(help="Id of the group.")],
    text: Annotated[str, typer.Argument(help="Text to send.")],
    priority: Annotated[str, typer.Option(help="high, normal, low or lowest.")] = "normal",
) -> None:
    """Send a text into a group as the administrator (MS-06)."""
    if priority not in PRIORITIES:
        raise fail(f"--priority {priority}: has to be one of {', '.join(PRIORITIES)}", 2)
    sent = call(lambda client: client.send(group_id, text, priority=PRIORITIES[priority]))
    show_one({"seq": sent.seq, "time_ms": sent.time_ms, "message_id": sent.message_id})


@app.command()
def connections(
    user: Annotated[str, typer.Option(help="Only this user's.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 1000,
) -> None:
    """Who is connected."""

    async def job(client: Client) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after = 0
        while len(found) < limit:
            page = await client.request(frames.AdminConnections(after, 0, user), frames.AdminConnectionsOk)
            found += [_plain(entry) for entry in page.connections]
            after = page.next_id
            if not after:
                break
        names = {p.value: p.name for p in Platform}
        return [{**row, "platform": names.get(row["platform"], "")} for row in found[:limit]]

    show(call(job))


@app.command()
def stats() -> None:
    """The server's counters."""

    async def job(client: Client) -> dict[str, int]:
        found = await client.request(frames.AdminStats(), frames.AdminStatsOk)
        return {stat.name: stat.value for stat in found.stats}

    show_one(call(job))


def main() -> None:
    """Entry point."""
    app()
