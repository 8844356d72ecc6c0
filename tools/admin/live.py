"""`rcim-admin hot`, `activity`, `slow` and `processes`: what the server does now (OP-02)."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rcim_tools.admin.calls import call
from rcim_tools.admin.output import row_of, rows_of, show

from rcim.base.terms import HotSort, Platform, SlowSort
from rcim.client import Client
from rcim.wire import frames

HOT = ["conversation", "type", "members", "online", "in_10s", "in_60s", "withheld", "waiting", "last_msg_time_ms"]
SLOW = [
    "user_id",
    "platform",
    "address",
    "queued_bytes",
    "slow_ms",
    "dropped",
    "resyncs",
    "in_flight",
    "connected_ms",
]
ROWS_MAX = 1_000

HOT_BY = {one.name.lower(): one for one in HotSort}
SLOW_BY = {one.name.lower(): one for one in SlowSort}


def _order(text: str, known: dict[str, Any]) -> Any:
    """The order with this name."""
    if text not in known:
        raise typer.BadParameter(f"{text}: must be one of {', '.join(known)}", param_hint="--by")
    return known[text]


def hot(
    by: Annotated[str, typer.Option(help="Order: " + ", ".join(HOT_BY) + ".")] = "in_10s",
    search: Annotated[str, typer.Option(help="Only conversations with this in their ids.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=ROWS_MAX, help="The most rows.")] = 20,
) -> None:
    """List the busiest conversations.

    Of those in the server's memory; the others do nothing.
    """
    sort = _order(by, HOT_BY)

    async def job(client: Client) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while len(found) < limit:
            page = await client.hot(
                sort, ascending=sort is HotSort.ID, search=search, skip=len(found), limit=limit - len(found)
            )
            found += rows_of(page.rows)
            if not page.rows or len(found) >= page.found:
                break
        return found

    show(call(job), HOT)


def activity(
    conversation: Annotated[str, typer.Argument(help="The whole id: g:lobby, c:5:alice:bob.")],
) -> None:
    """Show who sends most in a conversation.

    In the last minute, at most 20 users.
    """

    async def job(client: Client) -> list[dict[str, Any]]:
        found = await client.request(frames.AdminActivity(conversation), frames.AdminActivityOk)
        return rows_of(found.senders)

    show(call(job), ["user_id", "messages"])


def slow(
    by: Annotated[str, typer.Option(help="Order: " + ", ".join(SLOW_BY) + ".")] = "queued",
    user: Annotated[str, typer.Option(help="Only the connections of this user.")] = "",
    search: Annotated[str, typer.Option(help="Only with this in the user's id or the address.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=ROWS_MAX, help="The most rows.")] = 20,
) -> None:
    """List the connections that take least.

    By the bytes that wait for them, or by another order.
    """
    sort = _order(by, SLOW_BY)
    ascending = sort in (SlowSort.USER, SlowSort.ADDRESS)

    async def job(client: Client) -> list[dict[str, Any]]:
        page = await client.slow(sort, ascending=ascending, user_id=user, search=search, limit=limit)
        names = {p.value: p.name for p in Platform}
        return [{**row_of(row), "platform": names.get(row.platform, "")} for row in page.rows]

    show(call(job), SLOW)


def processes() -> None:
    """Show what each process of the server uses."""

    async def job(client: Client) -> list[dict[str, Any]]:
        return rows_of(await client.processes())

    show(call(job))
