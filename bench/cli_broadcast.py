"""The command `rcim-bench broadcast`."""

from __future__ import annotations

from typing import Annotated

import typer
from rcim_bench.console import JsonOption, finish, run, say


def broadcast(
    users: Annotated[int, typer.Option(min=1, max=10_000_000, help="Accounts that there are.")] = 100_000,
    online: Annotated[int, typer.Option(min=0, max=50_000, help="Those of them that are online.")] = 5000,
    later: Annotated[
        int,
        typer.Option(min=0, help="Others that come back afterwards, each with a login and a sync; 0: all of them."),
    ] = 5000,
    seconds: Annotated[int, typer.Option(min=1, max=20, help="For each half; one broadcast a second.")] = 10,
    groups: Annotated[int, typer.Option(min=1, max=1000, help="Small groups that talk all the while.")] = 20,
    tls: Annotated[bool, typer.Option("--tls", help="With TLS.")] = False,
    json_to: JsonOption = None,
) -> None:
    """Measure a broadcast to all users.

    Each gets it once, online or later; nothing is written for a user who is offline; others are not kept waiting.
    """
    from rcim_bench import broadcast as scenario

    if online > users:
        say(f"rcim-bench: --online {online}: there are {users} users")
        raise typer.Exit(2)
    report = run(lambda: scenario.run(users, online, later, seconds, groups, say, plain=not tls))
    finish(report, json_to, scenario.failures(report))
