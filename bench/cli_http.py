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
