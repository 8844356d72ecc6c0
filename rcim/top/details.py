"""Looking into one row: a conversation, a connection, a consumer, a process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from rcim.base.errors import RcimError
from rcim.base.terms import GROUP_PREFIX
from rcim.client import Client
from rcim.top.boards import CONNECTIONS, CONVERSATIONS, OUTBOX, PROCESSES, Board, platform_of
from rcim.top.overview import held
from rcim.top.texts import count, duration, shown
from rcim.wire import frames

Detail = Callable[[Client, Any], Awaitable[list[str]]]


def _fields(board: Board, row: Any) -> list[str]:
    """All columns of a row, one in a line."""
    width = max(len(column.title) for column in board.columns)
    return [f"{column.title:<{width}}  {column.text(row)}" for column in board.columns]


async def _conversation(client: Client, row: Any) -> list[str]:
    found = await client.request(frames.AdminActivity(row.conversation), frames.AdminActivityOk)
    if not found.rows:
        return [shown(row.conversation), "", "It is not in memory any more: nothing was asked of it lately."]
    now = found.rows[0]
    lines = [f"kind {shown(now.kind)}   type {shown(now.type_)}", "", *_fields(CONVERSATIONS, now)]
    lines += ["", "sent most in the last minute" + ("" if found.complete else " (of the newest messages)")]
    lines += [f"{count(one.messages):>8}  {shown(one.user_id, 60)}" for one in found.senders] or ["    nobody"]
    return lines + await _flow(client, row.conversation)


async def _flow(client: Client, conversation: str) -> list[str]:
    """What frequency control does in a group, by priority (FC-08)."""
    if not conversation.startswith(GROUP_PREFIX):
        return []
    try:
        rows = await client.flow(conversation[len(GROUP_PREFIX) :])
    except RcimError:  # it is over, or has no frequency control of its own
        return []
    lines = ["", f"{'priority':<10}{'offered':>10}{'passed':>10}{'withheld':>10}"]
    lines += [
        f"{one.priority.name.lower():<10}{count(one.offered):>10}{count(one.passed):>10}{count(held(one)):>10}"
        for one in rows
    ]
    return lines


async def _connection(client: Client, row: Any) -> list[str]:
    found = await client.slow(user_id=row.user_id, limit=20) if row.user_id else None
    same = [one for one in found.rows if one.connection_id == row.connection_id] if found is not None else [row]
    if not same:
        return [shown(row.user_id), "", "The connection is gone."]
    now = same[0]
    lines = [*_fields(CONNECTIONS, now), ""]
    lines.append(f"platform {platform_of(now) or '-'}   device {shown(now.device_tag) or '-'}")
    lines.append(f"client {shown(now.agent) or '-'}   number {now.connection_id}")
    others = [one for one in found.rows if one.connection_id != row.connection_id] if found is not None else []
    if others:
        lines += ["", "other connections of the user"]
        lines += [f"  {shown(one.address)}  {platform_of(one)}  {duration(one.connected_ms)}" for one in others]
    return lines


async def _consumer(client: Client, row: Any) -> list[str]:
    now, counts = await client.consumer(row.name)
    lines = _fields(OUTBOX, now)
    return [*lines, "", *(f"{shown(name):<30}{count(value):>12}" for name, value in sorted(counts.items()))]


async def _process(client: Client, row: Any) -> list[str]:
    for now in await client.processes():
        if now.name == row.name:
            return _fields(PROCESSES, now)
    return [shown(row.name), "", "The process doesn't answer, or is gone."]


DETAILS: dict[str, Detail] = {
    CONVERSATIONS.name: _conversation,
    CONNECTIONS.name: _connection,
    OUTBOX.name: _consumer,
    PROCESSES.name: _process,
}
"""By the name of the board."""
