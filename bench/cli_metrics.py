"""The command `rcim-bench metrics`."""

from __future__ import annotations

from typing import Annotated

import typer
from rcim_bench.console import JsonOption, finish, run, say


def metrics(
    members: Annotated[int, typer.Option(min=2, max=20_000, help="Members online in the group.")] = 1000,
    rate: Annotated[float, typer.Option(min=0.1, max=40, help="Messages a second to it.")] = 37,
    groups: Annotated[int, typer.Option(min=10, max=10_000, help="Groups of ten, for sends.")] = 1000,
    seconds: Annotated[float, typer.Option(min=0.1, help="Of each turn of a server.")] = 2,
    pairs: Annotated[int, typer.Option(min=1, max=100, help="How often both servers have their turn.")] = 15,
    json_to: JsonOption = None,
) -> None:
    """Measure what measuring costs.

    CPU of a delivery and of a send, on a server with metrics and on one without, in turns.
    """
    from rcim_bench import metrics as scenario

    extent = scenario.Extent(members, rate, groups, seconds, pairs)
    report = run(lambda: scenario.run(extent, say))
    finish(report, json_to, scenario.failures(report))
