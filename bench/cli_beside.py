"""Commands of `rcim-bench` that measure rcim beside others: a raw writer without a protocol, other servers."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import typer
from rcim_bench.console import JsonOption, finish, numbers_of, run, say


class Extent(NamedTuple):
    """How much is measured, where the command line doesn't say it."""

    members: str
    seconds: float
    rounds: int

    def or_given(self, members: str | None, seconds: float | None, rounds: int | None) -> Extent:
        """With what the command line says in its place."""
        return Extent(
            self.members if members is None else members,
            self.seconds if seconds is None else seconds,
            self.rounds if rounds is None else rounds,
        )


LIMITS, LIMITS_QUICK = Extent("1000,5000,10000", 4, 3), Extent("1000", 1, 1)
PEERS, PEERS_QUICK = Extent("1000", 5, 3), Extent("200", 1, 1)
"""A quarter of an hour or more; with --quick about a minute."""

Quick = Annotated[
    bool, typer.Option("--quick", help="A first look in about a minute: few members, short, one round.")
]


def _default(full: Extent, quick: Extent, name: str) -> str:
    return f"{getattr(full, name)}; with --quick {getattr(quick, name)}"


def limits(
    members: Annotated[
        str | None,
        typer.Option(
            help="Numbers of connections, comma-separated.", show_default=_default(LIMITS, LIMITS_QUICK, "members")
        ),
    ] = None,
    k: Annotated[str, typer.Option(help="Messages in one write, comma-separated.")] = "1,4",
    payload: Annotated[int, typer.Option(min=16, max=8000, help="Bytes of a message.")] = 200,
    seconds: Annotated[
        float | None,
        typer.Option(
            min=0.5,
            help="For each row and each of the two.",
            show_default=_default(LIMITS, LIMITS_QUICK, "seconds"),
        ),
    ] = None,
    rounds: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=20,
            help="How often each row is measured; the median counts.",
            show_default=_default(LIMITS, LIMITS_QUICK, "rounds"),
        ),
    ] = None,
    raw: Annotated[
        str, typer.Option(help="How the raw writer writes: `socket` (the limit) or `loop` (as the server does).")
    ] = "socket",
    quick: Quick = False,
    json_to: JsonOption = None,
) -> None:
    """Compare a delivery with a bare write to a socket.

    The CPU time of both, on the same number of sockets and bytes. The whole measurement takes about half an hour; --quick
    takes about a minute, and its figures vary more.
    """
    from rcim_bench import limits as scenario

    if raw not in (scenario.RAW_SOCKET, scenario.RAW_LOOP):
        say(f"rcim-bench: --raw {raw}: has to be `{scenario.RAW_SOCKET}` or `{scenario.RAW_LOOP}`")
        raise typer.Exit(2)
    extent = (LIMITS_QUICK if quick else LIMITS).or_given(members, seconds, rounds)
    counts, ks = numbers_of("--members", extent.members), numbers_of("--k", k)
    report = run(lambda: scenario.run(counts, ks, payload, extent.seconds, extent.rounds, raw, say))
    finish(
        report, json_to, [f"{name} {report[name]}" for name in ("lost", "wrong", "raw_lost_bytes") if report[name]]
    )


def peers(
    members: Annotated[
        int | None,
        typer.Option(min=2, max=9000, help="Receivers.", show_default=_default(PEERS, PEERS_QUICK, "members")),
    ] = None,
    rate: Annotated[float, typer.Option(min=0.1, help="Messages a second of the paced half.")] = 40,
    seconds: Annotated[
        float | None,
        typer.Option(
            min=0.5,
            help="For each half of a measurement.",
            show_default=_default(PEERS, PEERS_QUICK, "seconds"),
        ),
    ] = None,
    payload: Annotated[int, typer.Option(min=36, max=8000, help="Bytes of a message.")] = 200,
    window: Annotated[int, typer.Option(min=1, max=64, help="Messages under way in the other half.")] = 16,
    rounds: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=20,
            help="How often each is measured; the median counts.",
            show_default=_default(PEERS, PEERS_QUICK, "rounds"),
        ),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="PART", help="Only servers with PART in their name; may be repeated.")
    ] = None,
    quick: Quick = False,
    json_to: JsonOption = None,
) -> None:
    """Compare rcim with other servers that are installed.

    The same fan-out on each. With all of them it takes about a quarter of an hour; --quick takes about a minute, and its
    figures vary more. How to install them: docs/how-to/compare-with-other-servers.md.
    """
    from rcim_bench.peers import run as scenario

    extent = (PEERS_QUICK if quick else PEERS).or_given(None if members is None else str(members), seconds, rounds)
    count = int(extent.members)
    report = run(lambda: scenario.run(count, rate, extent.seconds, payload, window, extent.rounds, only or [], say))
    finish(report, json_to, scenario.failures(report))
