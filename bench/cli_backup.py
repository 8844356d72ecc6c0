"""The command `rcim-bench backup`."""

from __future__ import annotations

from typing import Annotated

import typer
from rcim_bench.console import JsonOption, finish, run, say


def backup(
    mib: Annotated[int, typer.Option(min=1, max=100_000, help="MiB that the store is filled to first.")] = 256,
    rate: Annotated[float, typer.Option(min=1, max=20_000, help="Durable sends a second.")] = 200,
    seconds: Annotated[float, typer.Option(min=0.5, max=600, help="Of each window.")] = 1,
    rounds: Annotated[int, typer.Option(min=1, max=1000, help="Pairs of windows, without and with a backup.")] = 40,
    mib_per_s: Annotated[float, typer.Option("--mib-per-s", min=0, help="How fast a backup may write; 0: any.")] = 25,
    json_to: JsonOption = None,
) -> None:
    """Measure what users notice of a backup.

    A server under a steady rate of durable sends, by turns without and with a backup. The last backup is restored and
    checked: everything that was acknowledged before it has to be in it.
    """
    from rcim_bench import backup as scenario

    report = run(lambda: scenario.run(mib, rate, seconds, rounds, mib_per_s, say))
    finish(report, json_to, scenario.failures(report))
