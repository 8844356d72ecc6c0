"""`rcim-admin tags`: tags and attributes of users, by which broadcasts are targeted (SY-04)."""

from __future__ import annotations

from typing import Annotated

import typer
from rcim_tools.admin.broadcasts import pairs
from rcim_tools.admin.calls import USAGE, call, fail
from rcim_tools.admin.output import show, show_one, show_results

from rcim.base.terms import AddResult

app = typer.Typer(
    help="Show and change tags and attributes of users.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

CHANGED = {AddResult.FAILED: "FAILED", AddResult.ADDED: "CHANGED", AddResult.ALREADY: "ALREADY"}

Users = Annotated[list[str], typer.Argument(metavar="USER", help="Ids of the users, up to 100.")]
Tags = Annotated[list[str], typer.Option("--tag", metavar="TAG", help="A tag; may be repeated.")]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Set an attribute.")]
Remove = Annotated[list[str] | None, typer.Option("--remove", metavar="NAME", help="Remove an attribute.")]


@app.command("show")
def show_(users: Users) -> None:
    """Show the tags and attributes of users."""
    found = call(lambda client: client.labels(users))
    show(
        [
            {
                "user_id": user,
                "tags": list(row.tags),
                "attributes": [f"{one.name}={one.value}" for one in row.attributes],
            }
            for user, row in found.items()
        ]
    )


@app.command("add")
def add(users: Users, tag: Tags) -> None:
    """Add tags to users."""
    _show(call(lambda client: client.change_tags(users, add=tag)))


@app.command("remove")
def remove(users: Users, tag: Tags) -> None:
    """Remove tags from users."""
    _show(call(lambda client: client.change_tags(users, remove=tag)))


@app.command("clear")
def clear(users: Users) -> None:
    """Remove all tags of users."""
    _show(call(lambda client: client.change_tags(users, remove_all=True)))


@app.command("attributes")
def attributes(users: Users, set_: Set = None, remove: Remove = None) -> None:
    """Set and remove attributes of users.

    `rcim-admin tags declare` says which there are.
    """
    given = pairs(set_)
    if not given and not remove:
        raise fail("name an attribute with --set or --remove", USAGE)
    _show(call(lambda client: client.change_attributes(users, set_=given, remove=remove or ())))


@app.command("names")
def names() -> None:
    """Show which attributes users can have."""
    found = call(lambda client: client.attribute_names())
    show([{"number": number, "name": name} for number, name in found.items()])


@app.command("declare")
def declare(
    number: Annotated[int, typer.Argument(min=0, max=9, help="The attribute's number, 0 to 9.")],
    name: Annotated[str, typer.Argument(help="Its name; empty: no attribute has this number any more.")],
) -> None:
    """Declare an attribute that users can have."""
    call(lambda client: client.set_attribute_names({number: name}))
    show_one({"number": number, "name": name})


def _show(results: dict[str, AddResult]) -> None:
    show_results(results, CHANGED)
