"""`rcim-admin group`: life, profile and lists of groups (GR-01, GR-03, GR-08, GR-09)."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rcim_tools.admin import importing, words
from rcim_tools.admin.calls import call
from rcim_tools.admin.output import row_of, rows_of, show, show_one
from rcim_tools.admin.words import Fields, GroupId, Limit, MaxMembers, UserId

from rcim.base.terms import ApplyJoinOption
from rcim.client import Client
from rcim.wire import frames

app = typer.Typer(
    help="Create, list, find, change and dissolve groups.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

COLUMNS = ("group_id", "type", "name", "owner", "member_num", "newest_seq", "info_seq")
"""What of a group in a list is the same for everyone."""
Introduction = Annotated[str | None, typer.Option(help="Introduction, up to 120 bytes.")]
Notification = Annotated[str | None, typer.Option(help="Notification, up to 150 bytes.")]
FaceUrl = Annotated[str | None, typer.Option("--face-url", help="FaceUrl, up to 100 bytes.")]

Attributes = Annotated[
    str | None, typer.Option(metavar="JSON", help="Attributes: all of them, as a JSON object of up to 8 KiB.")
]


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Name, 1 to 30 bytes.")],
    group_id: Annotated[str, typer.Option("--id", help="Id of the group.", show_default="chosen by the server")] = "",
    type_: Annotated[str, typer.Option("--type", help="Group type; `rcim-admin type list` shows them.")] = "Public",
    join: Annotated[
        str | None,
        typer.Option(
            help="Who may join: free (everyone), approval, closed (nobody).", show_default="as the group type says"
        ),
    ] = None,
    owner: Annotated[str, typer.Option(help="User id of the owner.", show_default="the administrator")] = "",
    member: Annotated[list[str] | None, typer.Option(help="A member from the start; may be repeated.")] = None,
    introduction: Introduction = None,
    notification: Notification = None,
    face_url: FaceUrl = None,
    max_members: MaxMembers = None,
    field: Fields = None,
    attributes: Attributes = None,
) -> None:
    """Create a group."""
    given = words.json_of("--attributes", attributes)
    option = words.one_of("--join", join, words.JOIN) if join is not None else ApplyJoinOption.BY_TYPE
    fields = words.fields_of(field)

    async def job(client: Client) -> str:
        return await client.create_group(
            name,
            group_id=group_id,
            type_=type_,
            introduction=introduction or "",
            notification=notification or "",
            face_url=face_url or "",
            apply_join_option=option,
            members=member or (),
            owner=owner,
            max_member_num=max_members or 0,
            fields=fields,
            attributes=given,
        )

    show_one({"group_id": call(job)})


@app.command("list")
def list_(limit: Limit = 1000) -> None:
    """List all groups of the app."""

    async def job(client: Client) -> list[frames.GroupEntry]:
        found: list[frames.GroupEntry] = []
        cursor = ""
        while len(found) < limit:
            page = await client.request(frames.AdminGroups(cursor, 0), frames.AdminGroupsOk)
            found += page.groups
            cursor = page.next
            if not cursor:
                break
        return found[:limit]

    show(_of_everyone(call(job)))


@app.command("find")
def find(
    text: Annotated[list[str], typer.Argument(metavar="WORD", help="The group's id, or words of its name.")],
    limit: Limit = 100,
) -> None:
    """Find groups by id or by words of their name.

    Only groups of types that can be searched are found.
    """
    show(_of_everyone(call(lambda client: client.find_groups(" ".join(text), limit=limit))))


def _of_everyone(groups: list[frames.GroupEntry]) -> list[dict[str, Any]]:
    return [{name: row[name] for name in COLUMNS} for row in rows_of(groups)]


@app.command("info")
def info(group_id: GroupId) -> None:
    """Show a group's profile."""
    show_one(row_of(call(lambda client: client.info(group_id))))


@app.command("set")
def set_(
    group_id: GroupId,
    name: Annotated[str | None, typer.Option(help="Name, 1 to 30 bytes.")] = None,
    introduction: Introduction = None,
    notification: Notification = None,
    face_url: FaceUrl = None,
    join: Annotated[str | None, typer.Option(help="Who may join: free, approval or closed.")] = None,
    max_members: MaxMembers = None,
    field: Fields = None,
    attributes: Attributes = None,
    attribute: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=JSON", help="One attribute, by its dotted key; null removes it; may be repeated."),
    ] = None,
) -> None:
    """Change a group's profile: what is given, nothing else."""
    changes = words.changes_of(
        name=name,
        introduction=introduction,
        notification=notification,
        face_url=face_url,
        apply_join_option=words.one_of_or_none("--join", join, words.JOIN),
        max_member_num=max_members,
        fields=words.fields_of(field),
        attributes=words.json_of("--attributes", attributes),
        attribute_changes=words.attributes_of(attribute),
    )
    info_seq = call(lambda client: client.edit_group(group_id, **changes))
    show_one({"group_id": group_id, "info_seq": info_seq})


@app.command("give")
def give(group_id: GroupId, user_id: UserId) -> None:
    """Make a member the owner of the group."""
    call(lambda client: client.give_group(group_id, user_id))
    show_one({"group_id": group_id, "owner": user_id})


@app.command("dissolve")
def dissolve(group_id: GroupId) -> None:
    """Dissolve a group and delete its messages."""
    call(lambda client: client.dissolve(group_id))
    show_one({"group_id": group_id, "dissolved": True})


@app.command("import")
def import_(file: Annotated[str, typer.Argument(help="File of JSON lines; `-`: standard input.")]) -> None:
    """Import a group from another service.

    With its profile, members and messages; the format is in docs/reference/commands.md.
    """
    found = importing.check_group(file)
    show_one(call(found.send))
