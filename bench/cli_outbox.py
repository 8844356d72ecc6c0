"""The command `rcim-bench outbox`."""

from __future__ import annotations

from typing import Annotated

import typer
from rcim_bench.console import JsonOption, finish, run, say


def outbox(
    seconds: Annotated[float, typer.Option(min=1, max=3600, help="Of sending, half of it without callbacks.")] = 60,
    rate: Annotated[float, typer.Option(min=1, max=10_000, help="Messages a second.")] = 500,
    receiver: Annotated[str, typer.Option(help="What the receiver is like: slow, dead or flapping.")] = "dead",
    json_to: JsonOption = None,
) -> None:
    """Measure what a bad receiver of callbacks costs.

    Senders wait no longer; and when the receiver is good again, everything arrives, in order.
    """
    from rcim_bench import outbox as scenario
    from rcim_bench.outbox_receiver import MODES

    if receiver not in MODES:
        say(f"rcim-bench: --receiver {receiver}: has to be {', '.join(MODES)}")
        raise typer.Exit(2)
    report = run(lambda: scenario.run(seconds, rate, receiver, say))
    finish(report, json_to, scenario.failures(report))
