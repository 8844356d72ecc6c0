"""`rcim-admin outbox`: what leaves the server, by consumer of the event log (CB-04)."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer
from rcim_tools.admin import words
from rcim_tools.admin.calls import REFUSED, USAGE, call, fail
from rcim_tools.admin.output import Row, row_of, rows_of, show, show_one

from rcim.client import Client
from rcim.wire import frames

app = typer.Typer(
    help="Show, pause and replay what leaves the server.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

Consumer = Annotated[
    str,
    typer.Argument(metavar="NAME", help="The consumer: callbacks, receivers.NAME and so on; see `outbox list`."),
]
COLUMNS = ["name", "state", "waiting", "oldest_ms", "delivered", "dropped", "dead_letters", "last_error"]
NO_LETTER = "there is no such dead letter; see `outbox dead`"
LETTERS = ["letter_id", "event_type", "key", "time_ms", "dead_ms", "reason"]


@app.command("list")
def list_() -> None:
    """List the consumers, and how they are doing."""
    show([_row(one) for one in call(lambda client: client.consumers())], COLUMNS)


@app.command("show")
def show_consumer(name: Consumer) -> None:
    """Show how one consumer is doing, in full.

    Counts begin with the start of the server. "Counts" is what the destination itself has counted, by its own names,
    since then or since a reload has changed it.
    """

    async def job(client: Client) -> Row:
        one, counts = await client.consumer(name)
        return {**_row(one), "counts": counts}

    show_one(call(job))


@app.command("pause")
def pause(name: Consumer) -> None:
    """Pass nothing on until `resume`, also after a restart.

    Events wait meanwhile; those that get too old, or too many, are dropped.
    """
    call(lambda client: client.pause_consumer(name))


@app.command("resume")
def resume(name: Consumer) -> None:
    """Go on, and try at once whatever waits for another try."""
    call(lambda client: client.resume_consumer(name))


@app.command("replay")
def replay(
    name: Consumer,
    since: Annotated[str, typer.Option("--from", metavar="TIME", help=f"This time, {words.TIME_HELP}.")] = "",
    last: Annotated[
        str,
        typer.Option("--last", metavar="DURATION", help="The last 30s, 10m, 2h, or forever for all that is kept."),
    ] = "",
) -> None:
    """Pass on once more what has happened since a time.

    The server keeps events that all consumers have had for an hour (limits.events_keep_ms).
    """
    if bool(since) == bool(last):
        raise fail("say since when with --from, or --last", USAGE)
    from_ms = (
        words.time_ms_of("--from", since)
        if since
        else max(0, int(time.time() - words.seconds_of(last, "--last")) * 1000)
    )
    events = call(lambda client: client.replay_consumer(name, from_ms))
    show_one({"from_time_ms": from_ms, "events": events})


@app.command("dead")
def dead(
    name: Consumer,
    retry: Annotated[
        str, typer.Option("--retry", metavar="ID|all", help="Pass this one, or all, on once more, out of order.")
    ] = "",
    drop: Annotated[str, typer.Option("--drop", metavar="ID|all", help="Remove this one, or all.")] = "",
    limit: words.Limit = 100,
) -> None:
    """List, retry or drop dead letters: events that were given up."""
    if retry and drop:
        raise fail("--retry and --drop: only one of them", USAGE)
    if retry:
        letter_id = id_of("--retry", retry)
        found = call(lambda client: client.retry_dead_letters(name, letter_id))
        if letter_id and not found.taken + found.not_taken:
            raise fail(f"--retry {retry}: {NO_LETTER}", REFUSED)
        row = row_of(found)
        show_one({key: row[key] for key in ("taken", "not_taken", "reason")})
        if found.not_taken:
            raise fail(f"{found.not_taken} of {found.taken + found.not_taken} were not taken", REFUSED)
    elif drop:
        letter_id = id_of("--drop", drop)
        dropped = call(lambda client: client.drop_dead_letters(name, letter_id))
        if letter_id and not dropped:
            raise fail(f"--drop {drop}: {NO_LETTER}", REFUSED)
        show_one({"dropped": dropped})
    else:
        show(rows_of(call(lambda client: client.dead_letters(name, limit))), LETTERS)


def id_of(option: str, text: str) -> int:
    """The id of a dead letter; 0 for all."""
    if text == "all":
        return 0
    if not text.isdecimal() or not 0 < int(text) <= words.SEQ_MAX:
        raise fail(f"{option} {text}: has to be an id of `outbox dead`, or all", USAGE)
    return int(text)


def _row(one: frames.OutboxConsumer) -> dict[str, Any]:
    """The consumer, with its state in a word."""
    state = "paused" if one.paused_ms else "refused" if one.refused else "retrying" if one.retrying else "running"
    name, *rest = row_of(one).items()
    return dict([name, ("state", state), *rest])
