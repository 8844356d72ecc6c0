"""`rcim-admin type`: the group types in force, and changes of them at run time (GT-20)."""

from __future__ import annotations

from typing import Annotated

import typer
from rcim_tools.admin import words
from rcim_tools.admin.calls import REFUSED, USAGE, call, fail
from rcim_tools.admin.output import Row, show, show_one

from rcim.wire import frames

app = typer.Typer(
    help="List, show, add and change group types.", no_args_is_help=True, add_completion=False, rich_markup_mode=None
)

TypeName = Annotated[str, typer.Argument(metavar="TYPE", help="Name of the group type.")]


def _row(found: frames.GroupTypeEntry) -> Row:
    policies = {policy.name: policy.value for policy in found.policies}
    return {
        "name": found.name,
        "base": found.base,
        "changed": found.changed,
        "groups": found.groups,
        "policies": policies,
    }


@app.command("list")
def list_() -> None:
    """List the group types."""
    rows = [_row(found) for found in call(lambda client: client.group_types())]
    show(rows, ("name", "base", "changed", "groups"))


@app.command("show")
def show_(name: TypeName) -> None:
    """Show a group type with all its policies."""
    found = {entry.name: entry for entry in call(lambda client: client.group_types())}
    if name not in found:
        raise fail(f"there is no group type {name}; there are {', '.join(found)}", REFUSED)
    show_one(_row(found[name]))


@app.command("set")
def set_(
    name: TypeName,
    policies: Annotated[
        list[str] | None,
        typer.Argument(metavar="POLICY=VALUE", help="A policy that differs; `rcim-admin type show` lists them."),
    ] = None,
    base: Annotated[
        str, typer.Option(help="The type that it is made from.", show_default="none: change an existing type")
    ] = "",
) -> None:
    """Create or change a group type.

    Policies that are not named are as in the base; an earlier change is replaced.
    """
    if not policies and not base:
        raise fail("nothing to change is given; see --help", USAGE)
    wanted = words.pairs_of("policy", policies)
    call(lambda client: client.set_group_type(name, wanted, base=base))
    show_one({"name": name, "set": True})


@app.command("remove")
def remove(name: TypeName) -> None:
    """Undo what `rcim-admin type set` did."""
    call(lambda client: client.remove_group_type(name))
    show_one({"name": name, "removed": True})
