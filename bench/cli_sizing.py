"""The command `rcim-bench sizing`."""

from __future__ import annotations

from typing import Annotated

import typer
from rcim_bench.console import JsonOption, finish, run, say


def sizing(
    connections: Annotated[int, typer.Option(min=40, max=20_000, help="Users who connect.")] = 2000,
    groups: Annotated[int, typer.Option(min=20, max=100_000, help="Groups of 20 that are in memory.")] = 2000,
    messages: Annotated[int, typer.Option(min=200, max=1_000_000, help="Messages of each length to store.")] = 20_000,
    seconds: Annotated[float, typer.Option(min=0.5, max=600, help="For each measurement of CPU.")] = 10,
    gateways: Annotated[int, typer.Option(min=1, max=16, help="Gateways whose memory is measured.")] = 2,
    json_to: JsonOption = None,
) -> None:
    """Measure what the formulas of sizing need.

    Memory, descriptors, CPU, disk and bandwidth by connection, conversation and message; then each formula beside what
    a server with another load takes (docs/operate/sizing.md).
    """
    from rcim_bench import sizing as scenario

    extent = scenario.Extent(connections, groups, messages, seconds, gateways)
    report = run(lambda: scenario.run(extent, say))
    finish(report, json_to, scenario.failures(report))
