"""The commands `rcim-bench compat` and `rcim-bench http`."""

from __future__ import annotations

from typing import Annotated

import typer
from rcim_bench.console import JsonOption, finish, run, say


def compat(
    only: Annotated[
        list[str] | None, typer.Option(metavar="PART", help="Only commands with PART in their name; may be repeated.")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table as Markdown.")] = False,
    json_to: JsonOption = None,
) -> None:
    """Call every command that Tencent and RongCloud document.

    On a server of its own; the table says for each what was found: works, differs, not offered, fails.
    """
    from rcim_bench.compat import run as scenario

    report = run(lambda: scenario.run(only or [], say))
    failed = scenario.failures(report)
    if not markdown:
        finish(report, json_to, failed)
        return
    print(scenario.markdown(report), end="")
    if failed:
        say("FAILED: " + ", ".join(failed))
        raise typer.Exit(1)


def http(
    seconds: Annotated[float, typer.Option(min=0.5, max=600, help="Of each kind of sends.")] = 10,
    connections: Annotated[int, typer.Option(min=1, max=1000, help="Callers of the sends without limits.")] = 64,
    gateways: Annotated[int, typer.Option(min=0, max=16, help="A server of several processes.")] = 0,
    waiting: Annotated[int, typer.Option(min=1, max=3000, help="Callers of the sends with limits.")] = 1600,
    json_to: JsonOption = None,
) -> None:
    """Measure durable sends of a back end over HTTP.

    Beside the same sends over frames; and with ordinary limits: how many pass, how many wait, how many are refused.
    """
    from rcim_bench import http as scenario

    report = run(lambda: scenario.run(seconds, connections, gateways, waiting, say))
    finish(report, json_to, scenario.failures(report))
