"""The command `rcim-bench`. Each scenario ends with a table, or JSON with `--json FILE` (`-` is standard output)."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated, Any

import typer
from rcim_bench import (
    cli_backup,
    cli_beside,
    cli_broadcast,
    cli_http,
    cli_metrics,
    cli_outbox,
    cli_push,
    cli_receiving,
    cli_sizing,
    cli_system,
    cli_top,
)
from rcim_bench.console import (
    DataOption,
    JsonOption,
    PlainOption,
    ServerOption,
    SetOption,
    finish,
    numbers_of,
    run,
    say,
)

from rcim.app.programs.entry import run_program
from rcim.rules.built_in_types import BUILT_IN

app = typer.Typer(
    help="Measure an rcim server.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

PERFORMANCE = Path("docs/explanation/performance")
"""Where a checkout keeps what was measured."""


@app.command()
def fanout(
    members: Annotated[int, typer.Option(min=2, max=60_000, help="Members online in the group.")] = 1000,
    rate: Annotated[float, typer.Option(min=0.1, help="Messages a second.")] = 40,
    seconds: Annotated[float, typer.Option(min=0.1, help="For how long.")] = 5,
    payload: Annotated[int, typer.Option(min=0, max=8000, help="Bytes of a message.")] = 200,
    checked: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Members that decrypt and check; the others count.",
            show_default="all up to 1,000, of more one in 20",
        ),
    ] = None,
    plain: PlainOption = False,
    server: ServerOption = None,
    data: DataOption = None,
    set_: SetOption = None,
    json_to: JsonOption = None,
) -> None:
    """Measure delivery to one large group.

    One sender, and members that check that nothing is lost, duplicated or reordered; latency, CPU and memory.
    """
    from rcim_bench import fanout as scenario
    from rcim_bench.rig import given, rig

    async def job() -> dict[str, Any]:
        if server is not None:
            if data is None:
                raise ValueError("--server needs --data, the data directory of that server (for its key)")
            # Who only counts sends no heartbeats, and a given server has its own idea of idle time.
            return await scenario.run(given(data, server), members, rate, seconds, payload, say, members)
        # Within the limit of a group its frequency control is in force; more can only be measured without.
        within = rate <= BUILT_IN["ChatRoom"].messages_per_s
        async with rig(set_ or [], plain=plain, frequency=within) as made:
            return await scenario.run(made, members, rate, seconds, payload, say, checked)

    report = run(job)
    finish(report, json_to, scenario.failures(report))


@app.command()
def flood(
    limit: Annotated[int, typer.Option(min=1, max=500, help="The group's limit, messages a second.")] = 40,
    offer: Annotated[
        str, typer.Option(help="Messages a second by priority.")
    ] = "High=10,Normal=60,Low=130,Lowest=40",
    seconds: Annotated[float, typer.Option(min=1, help="For how long.")] = 10,
    seed: Annotated[int, typer.Option(help="Seed of the schedule.")] = 1,
    plain: PlainOption = False,
    set_: SetOption = None,
    json_to: JsonOption = None,
) -> None:
    """Measure frequency control above a group's limit.

    What passes and what is held back, by priority.
    """
    from rcim_bench import flood as scenario
    from rcim_bench.rig import rig

    async def job() -> dict[str, Any]:
        offers = scenario.read_offer(offer)
        async with rig([*scenario.flags(limit), *(set_ or [])], plain=plain) as made:
            return await scenario.run(made, limit, offers, seconds, seed, say)

    report = run(job)
    finish(report, json_to, scenario.failures(report))


@app.command()
def commit(
    groups: Annotated[str, typer.Option(help="Numbers of groups, comma-separated.")] = "1,10,100,1000",
    senders: Annotated[str, typer.Option(help="Numbers of connections that send, comma-separated.")] = "1,20",
    window: Annotated[int, typer.Option(min=1, max=64, help="Sends of one connection under way at a time.")] = 32,
    seconds: Annotated[float, typer.Option(min=0.2, help="For each number of groups.")] = 3,
    payload: Annotated[int, typer.Option(min=0, max=8000, help="Bytes of a message.")] = 200,
    plain: PlainOption = True,
    set_: SetOption = None,
    json_to: JsonOption = None,
) -> None:
    """Measure durable sends a second.

    By number of groups and of senders: it shows what group commit gains.
    """
    from rcim_bench import commit as scenario
    from rcim_bench.rig import rig

    group_numbers, sender_numbers = numbers_of("--groups", groups), numbers_of("--senders", senders)

    async def job() -> dict[str, Any]:
        async with rig(set_ or [], plain=plain) as made:
            return await scenario.run(made, group_numbers, sender_numbers, window, seconds, payload, say)

    report = run(job)
    finish(report, json_to, [f"refused {report['refused']}"] if report["refused"] else [])


@app.command()
def scenario(
    name: Annotated[str, typer.Argument(help="Name of the figure; `list` shows all names.")],
    scale: Annotated[
        float, typer.Option(min=0.001, max=10, help="Of the connections and the time; below 1 only for a try-out.")
    ] = 1.0,
    json_to: JsonOption = None,
) -> None:
    """Measure one target figure; `list` shows them.

    Their results are on docs/explanation/performance.md. --scale 0.02 is a quick try-out.
    """
    from rcim_bench import scenario as module

    if name == "list":
        for scene in module.scenes().values():
            print(f"{scene.name:14} {scene.figure}")
        return
    report = run(lambda: module.run(name, scale, say))
    finish(report, json_to, module.failures(report))


@app.command()
def groups(
    members: Annotated[
        int, typer.Option(min=8, max=15_000, help="Members of a room, and guests of another.")
    ] = 10_000,
    groups: Annotated[int, typer.Option(min=20, max=2_000_000, help="Groups of 20 in the store.")] = 100_000,
    seconds: Annotated[
        float, typer.Option(min=0.5, max=600, help="Within which all members join; at most 5 of them for messages.")
    ] = 10,
    only: Annotated[
        list[str] | None, typer.Option(metavar="PART", help="`store`, `joins` or `guests`; again for more.")
    ] = None,
    json_to: JsonOption = None,
) -> None:
    """Measure many groups, joins, members and guests.

    Many groups in the store, many joins at once, rooms of many members and guests, and how the cost grows.
    """
    from rcim_bench import groups as scenario

    report = run(lambda: scenario.run(members, groups, seconds, only or [], say))
    finish(report, json_to, scenario.failures(report))


@app.command()
def stages(
    members: Annotated[int, typer.Option(min=2, max=20_000, help="Members online in the group.")] = 1000,
    rate: Annotated[float, typer.Option(min=0.1, help="Messages a second.")] = 40,
    seconds: Annotated[float, typer.Option(min=0.1, help="For each of the two loads.")] = 5,
    payload: Annotated[int, typer.Option(min=0, max=8000, help="Bytes of a message.")] = 200,
    plain: PlainOption = False,
    json_to: JsonOption = None,
) -> None:
    """Show where the server spends its CPU time.

    By stage of a message's way, for a fan-out and for sends alone.
    """
    from rcim_bench import stages as scenario

    report = run(lambda: scenario.run(members, rate, seconds, payload, plain, say))
    finish(report, json_to, [f"{k} {report[k]}" for k in ("lost", "duplicated", "reordered") if report[k]])


@app.command("all")
def all_(
    folder: Annotated[Path, typer.Argument(help="Where the JSON files go.")],
    only: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this measurement; may be given many times.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, max=20, help="Of what is measured in rounds.")] = 3,
    again: Annotated[bool, typer.Option("--again", help="Measure again what is there already.")] = False,
    json_to: JsonOption = None,
) -> None:
    """Measure everything on the performance page (an hour).

    One measurement after the other; nothing else should run on the machine.
    """
    from rcim_bench import measure as module

    report = run(lambda: module.run(folder, only or [], rounds, again, say))
    finish(report, json_to, [f"{row['measurement']}: {row['wrong']}" for row in report["rows"] if row["wrong"]])


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="The JSON files of `rcim-bench all`.")] = PERFORMANCE,
    page: Annotated[Path, typer.Option(help="The page to write.")] = PERFORMANCE.with_suffix(".md"),
    pictures: Annotated[bool, typer.Option(help="Draw the pictures too; needs the extra `report`.")] = True,
) -> None:
    """Write the performance page from the measurements."""
    from rcim_bench import report as module

    try:
        found = module.load(folder)
        page.write_text(module.page(found), encoding="utf-8")
        if pictures:
            from rcim_bench.pictures import draw

            draw(found, folder)
    except (OSError, ValueError) as error:
        say(f"rcim-bench: {error}")
        raise typer.Exit(2) from None
    except ModuleNotFoundError:
        say("rcim-bench: the pictures need matplotlib: pip install 'rcim[report]', or use --no-pictures")
        raise typer.Exit(2) from None
    say(f"{page} is written")


@app.command("filter")
def filter_(
    words: Annotated[int, typer.Option(min=1, max=200_000, help="Words of the filter.")] = 10_000,
    length: Annotated[int, typer.Option(min=20, max=8000, help="Characters of a text.")] = 200,
    seconds: Annotated[float, typer.Option(min=0.01, help="For each row.")] = 0.5,
    seed: Annotated[int, typer.Option(help="Seed of words and texts.")] = 1,
    json_to: JsonOption = None,
) -> None:
    """Measure the word filter.

    Microseconds for a text, compared with a regular expression of the same words.
    """
    from rcim_bench import filter as scenario

    finish(scenario.run(words, length, seconds, seed), json_to, [])


@app.command()
def codec(
    seconds: Annotated[float, typer.Option(min=0.01, help="For each row.")] = 0.2,
    json_to: JsonOption = None,
) -> None:
    """Measure building and parsing frames.

    Microseconds of the server's codec, compared with construct, the reference.
    """
    from rcim_bench import codec as scenario

    report = scenario.run(seconds)
    finish(report, json_to, [])


@app.command()
def crash(
    kills: Annotated[int, typer.Option(min=1, help="How often the server is killed.")] = 20,
    seed: Annotated[int, typer.Option(help="Seed of everything that is random; it is printed.")] = 1,
    clients: Annotated[int, typer.Option(min=1, max=200, help="Clients that send.")] = 12,
    groups: Annotated[int, typer.Option(min=1, max=100, help="Groups they send to.")] = 4,
    gateways: Annotated[
        int, typer.Option(min=0, max=16, help="A server of several processes; parts of it die too.")
    ] = 0,
    backup: Annotated[bool, typer.Option("--backup", help="Back it up every second; restore the last one.")] = False,
    reload: Annotated[bool, typer.Option("--reload", help="Send it SIGHUP every second.")] = False,
    plain: PlainOption = False,
    json_to: JsonOption = None,
) -> None:
    """Kill a server under load, again and again.

    With SIGKILL. No acknowledged message may be lost and no SEQ skipped.
    """
    from rcim_bench import crash as scenario

    with contextlib.suppress(KeyboardInterrupt):
        beside = {"backup": backup, "reload": reload}
        report = run(lambda: scenario.run(kills, seed, clients, groups, plain, gateways, say, **beside))
        finish(report, json_to, scenario.failures(report))
        return
    raise typer.Exit(130)


@app.command()
def attack(
    only: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="This attack alone; may be repeated.")
    ] = None,
    gateways: Annotated[int, typer.Option(min=0, max=16, help="A server of several processes.")] = 0,
    seconds: Annotated[float, typer.Option(min=1, help="For each attack, and for the calm before it.")] = 5,
    json_to: JsonOption = None,
) -> None:
    """Measure what users notice of attacks.

    Sends, history and logins, before and during each attack: p50 / p99 / max in milliseconds, and how many failed.
    """
    from rcim_bench import attack as scenario

    report = run(lambda: scenario.run(only or [], gateways, seconds, say))
    finish(report, json_to, scenario.failures(report))


for command in (cli_beside.limits, cli_beside.peers):
    app.command()(command)
for command in (
    cli_receiving.reconnect,
    cli_receiving.model,
    cli_receiving.search,
    cli_receiving.sync,
    cli_receiving.rooms,
    cli_receiving.ultra,
    cli_receiving.query,
):
    app.command()(command)
app.command()(cli_backup.backup)
app.command()(cli_broadcast.broadcast)
app.command()(cli_outbox.outbox)

app.command()(cli_system.system)
app.command()(cli_top.top)
app.command()(cli_sizing.sizing)
app.command()(cli_push.push)
app.command()(cli_http.compat)
app.command()(cli_http.http)
app.command()(cli_metrics.metrics)


def main() -> None:
    """Entry point."""
    run_program("rcim-bench", app)
