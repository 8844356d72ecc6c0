"""`rcim-admin connections`, `rcim-admin flow` and `rcim-admin stats`."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rcim_tools.admin.calls import call
from rcim_tools.admin.metrics import COLUMNS, all_metrics, metric_row
from rcim_tools.admin.output import rows_of, show, show_counters
from rcim_tools.admin.words import Limit

from rcim.base.terms import Platform
from rcim.client import Client
from rcim.wire import frames


def connections(
    user: Annotated[str, typer.Option(help="Only the connections of this user.")] = "",
    limit: Limit = 1000,
) -> None:
    """List the connections to the server."""

    async def job(client: Client) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after = 0
        while len(found) < limit:
            page = await client.request(frames.AdminConnections(after, 0, user), frames.AdminConnectionsOk)
            found += rows_of(page.connections)
            after = page.next_id
            if not after:
                break
        names = {p.value: p.name for p in Platform}
        return [{**row, "platform": names.get(row["platform"], "")} for row in found[:limit]]

    show(call(job))


def flow(
    group: Annotated[str, typer.Argument(help="Id of the group.", show_default="all groups, by type")] = "",
) -> None:
    """Show what frequency control passes and holds back.

    By priority.
    """

    async def job(client: Client) -> list[dict[str, Any]]:
        return rows_of(await client.flow(group))

    show(call(job))


def health() -> None:
    """Show the health checks; exit 1: not ready."""

    found = call(lambda client: client.health())
    rows = []
    for check in found.checks:
        figures = {stat.name: stat.value for stat in check.figures}
        row = {"name": check.name, "process": check.process, "state": check.state, "reason": check.reason}
        rows.append({**row, "figures": figures})
    show(rows)
    if not found.ready:
        raise typer.Exit(1)


def stats(
    metrics: Annotated[
        bool, typer.Option("--metrics", help="All metrics, with labels and distributions, as /metrics has them.")
    ] = False,
) -> None:
    """Show the server's counters."""
    if metrics:
        show([metric_row(entry) for entry in call(all_metrics)], COLUMNS)
        return

    async def job(client: Client) -> dict[str, int]:
        found = await client.request(frames.AdminStats(), frames.AdminStatsOk)
        return {stat.name: stat.value for stat in found.stats}

    show_counters(call(job))
