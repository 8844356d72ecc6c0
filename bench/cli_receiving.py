"""Commands of `rcim-bench` about receiving: coming back, syncing, searching, and what each device should see."""

from __future__ import annotations

from typing import Annotated

import typer
from rcim_bench.console import JsonOption, PlainOption, finish, run, say


def reconnect(
    members: Annotated[
        int, typer.Option(min=1, max=18_000, help="Members of the group, each a client of the SDK.")
    ] = 1000,
    away: Annotated[
        float, typer.Option(min=0.1, max=600, metavar="SECONDS", help="How long nobody can connect.")
    ] = 5.0,
    rate: Annotated[float, typer.Option(min=0.1, max=1000, help="Messages a second all the while.")] = 2.0,
    size: Annotated[int, typer.Option(min=1, max=8000, help="Bytes of a message's text.")] = 100,
    plain: PlainOption = False,
    json_to: JsonOption = None,
) -> None:
    """Measure a reconnection of everybody at once.

    How long it takes until all are in sync, and that nothing was lost.
    """
    from rcim_bench import reconnect as scenario

    report = run(lambda: scenario.run(members, away, rate, size, plain, say))
    finish(report, json_to, scenario.failures(report))


def rooms(
    members: Annotated[int, typer.Option(min=4, max=18_000, help="Members of the room.")] = 10_000,
    leave: Annotated[int, typer.Option(min=1, help="Those of them who lose their connections.")] = 1000,
    after: Annotated[
        int,
        typer.Option(min=1, max=3600, metavar="SECONDS", help="After so long they leave, from the next message on."),
    ] = 30,
    seconds: Annotated[float, typer.Option(min=0.1, max=600, help="For how long attributes are set.")] = 5,
    json_to: JsonOption = None,
) -> None:
    """Measure chat rooms: absent members, attributes.

    When absent members have left, and what that costs; how many changes of attributes reach members.
    """
    from rcim_bench import rooms as scenario

    if leave >= members - 1:
        say(f"rcim-bench: --leave {leave}: the room has only {members} members")
        raise typer.Exit(2)
    report = run(lambda: scenario.run(members, leave, after, seconds, say))
    finish(report, json_to, scenario.failures(report))


def model(
    seeds: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many random worlds.")] = 100,
    first: Annotated[int, typer.Option(min=0, help="The first seed.")] = 0,
    json_to: JsonOption = None,
) -> None:
    """Compare what devices see with a simple model.

    Random users on random devices; lists the seeds with differences.
    """
    from rcim_bench import model as scenario

    report = run(lambda: scenario.run(seeds, first, say))
    finish(report, json_to, scenario.failures(report))


def search(
    groups: Annotated[int, typer.Option(min=1, max=10_000, help="Groups that the user is in.")] = 100,
    messages: Annotated[int, typer.Option(min=1000, max=10_000_000, help="Messages in them.")] = 100_000,
    seed: Annotated[int, typer.Option(help="Seed of the texts.")] = 1,
    json_to: JsonOption = None,
) -> None:
    """Measure a search in history.

    By message, compared with reading the same messages as history.
    """
    from rcim_bench import search as scenario

    report = scenario.run(min(groups, messages), messages, seed, say)
    finish(report, json_to, scenario.failures(report))


def sync(
    groups: Annotated[int, typer.Option(min=1, max=100_000, help="Groups that the user is in.")] = 1000,
    changed: Annotated[int, typer.Option(min=1, max=1000, help="Those of them that have news.")] = 5,
    away: Annotated[str, typer.Option(metavar="TIME", help="How long the user was away: 1h, 1d.")] = "1h",
    messages: Annotated[int, typer.Option(min=1, max=10_000_000, help="Messages that came meanwhile.")] = 500,
    seed: Annotated[int, typer.Option(help="Seed of which groups get which messages.")] = 1,
    json_to: JsonOption = None,
) -> None:
    """Measure the sync of a user who comes back.

    Frames, bytes, time and server CPU, compared with a user in a hundredth of the groups.
    """
    from rcim_bench import sync as scenario

    units = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    if not away[:-1].isdigit() or away[-1:] not in units or not 0 < int(away[:-1]) * units[away[-1]] <= 30 * 86400:
        say(f"rcim-bench: --away {away}: has to be a time as 30s, 10m, 2h or 1d, up to 30d")
        raise typer.Exit(2)
    seconds = int(away[:-1]) * units[away[-1]]
    if changed > groups:
        say(f"rcim-bench: --changed {changed}: there are {groups} groups")
        raise typer.Exit(2)
    report = run(lambda: scenario.run(groups, changed, seconds, messages, seed, say))
    finish(report, json_to, scenario.failures(report))


def ultra(
    members: Annotated[int, typer.Option(min=2, max=10_000_000, help="Members of the ultra group.")] = 1_000_000,
    online: Annotated[int, typer.Option(min=1, max=18_000, help="Those of them that are online.")] = 2000,
    channels: Annotated[int, typer.Option(min=1, max=50, help="Its channels.")] = 50,
    plain: PlainOption = False,
    json_to: JsonOption = None,
) -> None:
    """Measure an ultra group with very many members.

    Start, memory, logins, delivery in channels and syncs, compared with a group of 10,000 members.
    """
    from rcim_bench import ultra as scenario

    report = run(lambda: scenario.run(members, online, channels, plain, say))
    finish(report, json_to, scenario.failures(report))


def query(
    conversations: Annotated[int, typer.Option(min=1000, max=1_000_000, help="Conversations of the app.")] = 100_000,
    json_to: JsonOption = None,
) -> None:
    """Measure queries over conversations.

    By id, by membership, and through all; and what others notice of a user who queries all the time.
    """
    from rcim_bench import queries as scenario

    report = run(lambda: scenario.run(conversations, say))
    finish(report, json_to, scenario.failures(report))
