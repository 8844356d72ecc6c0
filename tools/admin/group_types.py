"""`rcim-admin type`: the group types in force, and changes of them at run time (GT-20)."""

from __future__ import annotations

from typing import Annotated

import typer
from rcim_tools.admin import words
from rcim_tools.admin.calls import REFUSED, USAGE, call, fail
from rcim_tools.admin.output import Row, show, show_one

from rcim.wire import frames

app = typer.Typer(
    help="Group types: list, show, set, remove.", no_args_is_help=True, add_completion=False, rich_markup_mode=None
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
    """All group types in force."""
    rows = [_row(found) for found in call(lambda client: client.group_types())]
    show(rows, ("name", "base", "changed", "groups"))


@app.command("show")
def show_(name: TypeName) -> None:
    """A group type with all its policies."""
    found = {entry.name: entry for entry in call(lambda client: client.group_types())}
    if name not in found:
        raise fail(f"there is no group type {name}; there are {', '.join(found)}", REFUSED)
    show_one(_row(found[name]))


@app.command("set")
def set_(
    name: TypeName,
    policies: Annotated[
        list[str] | None, typer.Argument(metavar="POLICY=VALUE", help="What differs; `type show` has the names.")
    ] = None,
    base: Annotated[
        str, typer.Option(help="The type it is made from.", show_default="none: change one that is there")
    ] = "",
) -> None:
    """Make a group type, or change one. What is not named is as in the base; an earlier change is replaced."""
    if not policies and not base:
        raise fail("nothing to change is given; see --help", USAGE)
    wanted = words.pairs_of("policy", policies)
    call(lambda client: client.set_group_type(name, wanted, base=base))
    show_one({"name": name, "set": True})


@app.command("remove")
def remove(name: TypeName) -> None:
    """Take back what `type set` did."""
    call(lambda client: client.remove_group_type(name))
    show_one({"name": name, "removed": True})
