"""The command `rcim-bench push`."""

from __future__ import annotations

from typing import Annotated

import typer
from rcim_bench.console import JsonOption, finish, run, say


def push(
    devices: Annotated[int, typer.Option(min=10, max=5_000_000, help="Devices that are registered.")] = 100_000,
    pushes: Annotated[int, typer.Option(min=1, max=10_000_000, help="Pushes to APNs alone.")] = 20_000,
    seconds: Annotated[float, typer.Option(min=0.5, max=600, help="How long senders are measured.")] = 10,
    json_to: JsonOption = None,
) -> None:
    """Measure pushes to phones.

    How many a second go to APNs and how fast a server decides who gets one, what one costs, and what senders notice.
    """
    from rcim_bench import push as scenario

    report = run(lambda: scenario.run(devices, pushes, seconds, say))
    finish(report, json_to, scenario.failures(report))
