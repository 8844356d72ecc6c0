"""The command `rcim-bench top`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rcim_bench.console import JsonOption, finish, run, say


def top(
    conversations: Annotated[
        int, typer.Option(min=10, max=300_000, help="Conversations in the server's memory.")
    ] = 10_000,
    refreshes: Annotated[int, typer.Option(min=1, max=1000, help="Refreshes by each order.")] = 20,
    picture: Annotated[
        Path | None,
        typer.Option(
            help="Only write pictures of `rcim top` into this folder.", file_okay=False, show_default="none"
        ),
    ] = None,
    json_to: JsonOption = None,
) -> None:
    """Measure what watching costs: a refresh of `rcim top`.

    With many conversations in memory, by each order. With --picture a server with some life in it is drawn instead, for
    the documentation.
    """
    if picture is not None:
        from rcim_bench import top_picture

        folder = picture
        finish(run(lambda: top_picture.draw(folder, say)), json_to, [])
        return
    from rcim_bench import top as scenario

    report = run(lambda: scenario.run(conversations, refreshes, say))
    finish(report, json_to, scenario.failures(report))
