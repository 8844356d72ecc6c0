"""`rcim-admin history`: any range of any conversation, as a stream of lines (AB-04)."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rcim_tools.admin import calls, words
from rcim_tools.admin.calls import USAGE, call, fail
from rcim_tools.admin.messages import row_of_message
from rcim_tools.admin.reading import cell

from rcim.base.terms import BROADCAST_ALL, is_group, pair_of
from rcim.client import Client
from rcim.client.model import where_of


def history(
    conversation: Annotated[
        str, typer.Argument(metavar="CONVERSATION", help="Its whole id: g:lobby, c:5:alice:bob or b:all.")
    ],
    begin: Annotated[
        str, typer.Option("--from", metavar="SEQ|TIME", help=f"From this SEQ on, or this time, {words.TIME_HELP}.")
    ] = "",
    end: Annotated[str, typer.Option("--to", metavar="SEQ|TIME", help="Up to this SEQ, or before this time.")] = "",
) -> None:
    """Show any range of a conversation's history.

    One message a line, the oldest first. With --json each line is a JSON object.
    """
    if not (is_group(conversation) or pair_of(conversation) or conversation == BROADCAST_ALL):
        raise fail(f"{conversation}: has to be like g:lobby, c:5:alice:bob or b:all", USAGE)
    from_seq, from_time_ms = bound_of("--from", begin)
    to_seq, before_ms = bound_of("--to", end)

    async def job(client: Client) -> None:
        messages = client.history_range(
            where_of(conversation, ""),
            from_seq=from_seq,
            to_seq=to_seq,
            from_time_ms=from_time_ms,
            to_time_ms=max(0, before_ms - 1),
        )
        async for message in messages:
            row = row_of_message(message)
            if calls.target.json:
                print(json.dumps(row))
            else:
                time, text = cell("time_ms", message.time_ms), json.dumps(row["text"], ensure_ascii=False)
                print(f"{time} {message.seq} {message.sender} {text}")

    call(job)


def bound_of(option: str, text: str) -> tuple[int, int]:
    """The SEQ and the time (milliseconds since 1970) that an option names; one of them is 0, or both."""
    if not text:
        return 0, 0
    if text.isascii() and text.isdigit() and 0 < int(text) <= words.SEQ_MAX:
        return int(text), 0
    return 0, words.time_ms_of(option, text, "a SEQ, or ")
