"""`rcim-admin reload`: read the settings of the server again (OP-03)."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rcim_tools.admin import calls
from rcim_tools.admin.calls import call
from rcim_tools.admin.output import Row, row_of, show

from rcim.client import Client

COLUMNS = ("name", "before", "after", "state")


def reload(
    check: Annotated[bool, typer.Option("--check", help="Only say what would change.")] = False,
) -> None:
    """Have the server read its settings again.

    All or nothing: if anything is wrong, nothing changes, and the exit status
    is 1. Settings that need a restart are listed and stay as they are.
    """

    async def job(client: Client) -> tuple[list[Row], int]:
        found = await client.reload(check_only=check)
        good = "would be in force" if check else "in force"
        rows = [row_of(one) | {"state": "needs a restart" if one.needs_restart else good} for one in found.changes]
        return rows, found.more

    rows, more = call(job)
    if rows or calls.target.json:
        show(rows, COLUMNS)
    else:
        print("nothing has changed")
    if more:
        print(f"rcim-admin: {more} further changes are in the server's log", file=sys.stderr)
