"""The command `rcim-bench system`."""

from __future__ import annotations

from typing import Annotated

import typer
from rcim_bench.console import JsonOption, finish, run, say


def system(
    subscribers: Annotated[
        int, typer.Option(min=10, max=5_000_000, help="Subscribers of the system conversation.")
    ] = 100_000,
    online: Annotated[int, typer.Option(min=1, max=20_000, help="How many of them are online.")] = 2000,
    seconds: Annotated[float, typer.Option(min=0.5, max=600, help="How long others talk, alone and beside it.")] = 10,
    json_to: JsonOption = None,
) -> None:
    """Measure a message to all subscribers.

    What it writes, what it costs, compared with 1,000 subscribers, and what others notice of it.
    """
    from rcim_bench import system as scenario

    report = run(lambda: scenario.run(subscribers, online, seconds, say))
    finish(report, json_to, scenario.failures(report))
