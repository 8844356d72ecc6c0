"""`rcim-admin conversation`: queries over conversations, temporary and unique ones (GR-13, SY-02, C2-02)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer
from rcim_tools.admin import words
from rcim_tools.admin.calls import USAGE, call, fail
from rcim_tools.admin.output import show, show_one

from rcim.client import Client

app = typer.Typer(
    help="Find, and create temporary and unique conversations.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

COLUMNS = ("group_id", "type", "name", "creator", "member_num", "last_msg_time_ms")
Where = Annotated[
    str, typer.Option(metavar="JSON", help="Conditions, as a JSON object; protocol-spec/conversation-queries.md.")
]


@app.command("query")
def query(
    where: Where = "",
    sort: Annotated[
        str, typer.Option(metavar="NAMES", help="What to sort by: names with commas, `-` before one for descending.")
    ] = "",
    limit: words.Limit = 100,
    members: Annotated[bool, typer.Option("--members", help="Show the members too.")] = False,
    count: Annotated[bool, typer.Option("--count", help="Show only how many there are.")] = False,
) -> None:
    """Find conversations.

    The server looks at 5,000 conversations at a time, and each such part is sorted by itself.
    """

    async def counted(client: Client) -> int:
        return await client.count_conversations(where)

    async def found(client: Client) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        async for row in client.query(where, sort=sort, compact=not members):
            rows.append({name: value for name, value in asdict(row).items() if name != "last_message"})
            if len(rows) == limit:
                break
        return rows

    if count:
        show_one({"count": call(counted)})
    else:
        named = (*(one for one in COLUMNS if one != "member_num"), "members")
        show(call(found), named if members else COLUMNS)


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Name, 1 to 30 bytes.")],
    owner: Annotated[str, typer.Option(help="User id of the owner.", show_default="the administrator")] = "",
    member: Annotated[list[str] | None, typer.Option(help="Another member; may be repeated.")] = None,
    temporary: Annotated[
        bool, typer.Option("--temporary", help="Create one that ends by itself; nothing is left of it.")
    ] = False,
    unique: Annotated[
        bool, typer.Option("--unique", help="The one conversation of owner and members: create it, or find it.")
    ] = False,
    ttl: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help="How long a temporary one lives: 10m, 1d; at most a day, the default."),
    ] = None,
    type_: Annotated[str, typer.Option("--type", help="Group type of a unique one.")] = "Private",
) -> None:
    """Create a temporary or a unique conversation."""
    if temporary == unique:
        raise fail("say either --temporary or --unique; `rcim-admin group create` creates other groups", USAGE)
    if ttl is not None and not temporary:
        raise fail("--ttl: only a temporary conversation ends by itself", USAGE)
    ttl_s = words.seconds_of(ttl, "--ttl") if ttl is not None else None

    async def job(client: Client) -> dict[str, Any]:
        if temporary:
            return {"group_id": await client.create_temporary(name, member or (), ttl_s=ttl_s, owner=owner)}
        made = await client.create_unique(name, member or (), type_=type_, owner=owner)
        left_out = {user_id: result.name for user_id, result in made.left_out.items()}
        return {"group_id": made.group_id, "existed": made.existed, "left_out": left_out}

    show_one(call(job))
