"""`rcim-admin audit`: what app administrators and back ends have changed."""

from __future__ import annotations

from typing import Annotated

import typer
from rcim_tools.admin import words
from rcim_tools.admin.calls import call
from rcim_tools.admin.output import Row, row_of, show

from rcim.base import clock
from rcim.base.errors import code_of
from rcim.client import Client

app = typer.Typer(
    help="Show the audit log.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
COLUMNS = ("time_ms", "user_id", "key_id", "api", "address", "operation", "about", "result")
UNKNOWN = 0xFFFFFFFF
"""No result is written."""


@app.callback()
def audit() -> None:
    """Show the audit log."""


@app.command("list")
def list_(
    last: Annotated[str, typer.Option(help="How far back, such as 30m or 7d.")] = "1d",
    who: Annotated[str, typer.Option(help="Only changes by this user or API key.")] = "",
    operation: Annotated[str, typer.Option(help="Only changes by this operation, such as GROUP_DISSOLVE.")] = "",
) -> None:
    """List what app administrators have changed.

    Back ends too; the oldest change first.
    """
    from_ms = clock.wall_ms() - words.seconds_of(last) * 1000

    async def job(client: Client) -> list[Row]:
        found = client.audit(from_ms=from_ms, who=who, operation=operation)
        return [row_of(entry) | {"result": _result(entry.code)} async for entry in found]

    show(call(job), COLUMNS)


def _result(code: int) -> str:
    if code == UNKNOWN:
        return "not known"
    return f"{code} {code_of(code).name}" if code else "done"
