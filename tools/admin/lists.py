"""`rcim-admin list`: the app's lists of words, users and message types (SC-05, FC-07)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rcim_tools.admin import words
from rcim_tools.admin.calls import USAGE, call, fail
from rcim_tools.admin.output import Row, show, show_one

from rcim.base.terms import AppList
from rcim.base.texts import read_text
from rcim.client import Client

app = typer.Typer(
    help="Show and change the app's lists of words, users, types.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

NAMES = {which.name.lower().replace("_", "-"): which for which in AppList}
AT_ONCE = 500
Name = Annotated[str, typer.Argument(metavar="LIST", help=", ".join(NAMES))]
Entries = Annotated[list[str] | None, typer.Argument(metavar="ENTRY", help="An entry; may be repeated.")]
File = Annotated[Path | None, typer.Option("--file", help="File with more entries, one on each line.")]


@app.command("show")
def show_(name: Name) -> None:
    """Show a list."""
    which = words.one_of("LIST", name, NAMES)
    show([{"entry": entry} for entry in call(lambda client: client.app_list(which))])


@app.command("add")
def add(name: Name, entries: Entries = None, file: File = None) -> None:
    """Add entries to a list."""
    _change(name, entries, file, adding=True)


@app.command("remove")
def remove(name: Name, entries: Entries = None, file: File = None) -> None:
    """Remove entries from a list."""
    _change(name, entries, file, adding=False)


def _change(name: str, entries: list[str] | None, file: Path | None, *, adding: bool) -> None:
    which = words.one_of("LIST", name, NAMES)
    found = list(entries or ())
    if file is not None:
        try:
            found += [line.strip() for line in read_text(file).splitlines() if line.strip()]
        except (OSError, UnicodeDecodeError) as error:
            raise fail(f"--file {file}: {error}", USAGE) from None
    if not found:
        raise fail("there is nothing to put on the list or to take off it", USAGE)

    async def job(client: Client) -> list[str]:
        later: list[str] = []
        for at in range(0, len(found), AT_ONCE):
            part = found[at : at + AT_ONCE]
            later += await client.change_app_list(which, part if adding else (), () if adding else part)
        return later

    later = call(job)
    said: Row = {"list": name, "added" if adding else "removed": len(found)}
    show_one(said | ({"back_at_the_next_start": later} if later else {}))
