"""`rcim-admin room`: rooms as the app sees them, and their attributes (CR-01, CR-03 to CR-05, CR-07)."""

from __future__ import annotations

from typing import Annotated

import typer
from rcim_tools.admin.calls import USAGE, call, fail
from rcim_tools.admin.output import rows_of, show, show_one
from rcim_tools.admin.words import GroupId, UserIds

from rcim.client import Client
from rcim.wire import frames

app = typer.Typer(
    help="Keep, stop and destroy rooms; show and set attributes.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
GroupIds = Annotated[list[str], typer.Argument(metavar="GROUP", help="A room; up to 20.")]
Keys = Annotated[list[str], typer.Argument(metavar="KEY", help="Key of an attribute; up to 10.")]
Forced = Annotated[bool, typer.Option("--force", help="Also what others have set.")]
MEMBERS = ("user_id", "role", "join_time_ms", "name_card")


@app.command("show")
def show_(groups: GroupIds) -> None:
    """Show rooms: name, members, whether kept alive."""
    show(rows_of(call(lambda client: client.rooms(groups))))


@app.command("kept")
def kept() -> None:
    """List the rooms that are kept alive."""
    show(rows_of(call(lambda client: client.kept_rooms())))


@app.command("keep")
def keep(group_id: GroupId) -> None:
    """Keep a room alive: only the app destroys it."""
    call(lambda client: client.set_room(group_id, keep_alive=True))
    show_one({"group_id": group_id, "keep_alive": True})


@app.command("unkeep")
def unkeep(group_id: GroupId) -> None:
    """Keep a room alive no longer."""
    call(lambda client: client.set_room(group_id, keep_alive=False))
    show_one({"group_id": group_id, "keep_alive": False})


@app.command("stop")
def stop(group_id: GroupId) -> None:
    """Stop a room's distribution: users' messages go to nobody."""
    call(lambda client: client.set_room(group_id, stopped=True))
    show_one({"group_id": group_id, "stopped": True})


@app.command("resume")
def resume(group_id: GroupId) -> None:
    """Resume a room's distribution."""
    call(lambda client: client.set_room(group_id, stopped=False))
    show_one({"group_id": group_id, "stopped": False})


@app.command("destroy")
def destroy(group_id: GroupId) -> None:
    """Destroy a room, also one that is kept alive."""
    call(lambda client: client.dissolve(group_id))
    show_one({"group_id": group_id, "destroyed": True})


@app.command("protect")
def protect(group_id: GroupId, users: UserIds) -> None:
    """Protect members from leaving by themselves."""
    call(lambda client: client.set_room(group_id, protect=users))
    show_one({"group_id": group_id, "protected": users})


@app.command("unprotect")
def unprotect(group_id: GroupId, users: UserIds) -> None:
    """Protect members no longer."""
    call(lambda client: client.set_room(group_id, unprotect=users))
    show_one({"group_id": group_id, "unprotected": users})


@app.command("protected")
def protected(group_id: GroupId) -> None:
    """List the protected users of a room."""
    show([{"user_id": user} for user in call(lambda client: client.protected_users(group_id))])


@app.command("members")
def members(
    group_id: GroupId, latest: Annotated[bool, typer.Option("--latest", help="The latest first.")] = False
) -> None:
    """List up to 500 members in the order of joining."""
    show(rows_of(call(lambda client: client.members_by_joining(group_id, latest=latest))), MEMBERS)


@app.command("attributes")
def attributes(group_id: GroupId) -> None:
    """Show the attributes of a room."""

    async def job(client: Client) -> list[frames.RoomAttribute]:
        room = await client.room(group_id)
        return [room.entries[key] for key in sorted(room.entries)]

    columns = ("key", "value", "by", "time_ms", "with_setter")
    rows = [{name: row[name] for name in columns} for row in rows_of(call(job))]
    show(rows)


@app.command("set")
def set_(
    group_id: GroupId,
    pairs: Annotated[list[str], typer.Argument(metavar="KEY=VALUE", help="An attribute; up to 10.")],
    forced: Forced = False,
) -> None:
    """Set attributes of a room: all of them, or none on an error."""
    found: dict[str, str] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals:
            raise fail(f"{pair}: has to be KEY=VALUE", USAGE)
        found[key] = value
    version = call(lambda client: client.set_attributes(group_id, found, forced=forced))
    show_one({"group_id": group_id, "version": version})


@app.command("unset")
def unset(group_id: GroupId, keys: Keys, forced: Forced = False) -> None:
    """Remove attributes of a room: all of them, or none on an error."""
    version = call(lambda client: client.delete_attributes(group_id, keys, forced=forced))
    show_one({"group_id": group_id, "version": version})
