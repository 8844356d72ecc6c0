"""`rcim demo` and the other demonstrations."""

from __future__ import annotations

from typing import Annotated

import typer

demo_app = typer.Typer(rich_markup_mode=None)


@demo_app.callback(invoke_without_command=True)
def demo(
    context: typer.Context,
    members: Annotated[int, typer.Option(min=10, max=15_000, help="Simulated members.")] = 1000,
    seconds: Annotated[float, typer.Option(min=2, max=600, help="How long they talk.")] = 8.0,
    rate: Annotated[float, typer.Option(min=1, max=1000, help="Messages a second.")] = 20.0,
    as_json: Annotated[bool, typer.Option("--json", help="Result as JSON, no progress display.")] = False,
) -> None:
    """Show a server that is killed under load and loses nothing.

    Starts a server, lets members talk, kills the server with SIGKILL, starts it again, and counts what was lost.

    Exit status 0 only if nothing acknowledged was lost, nothing came twice and no SEQ was skipped.
    """
    if context.invoked_subcommand is not None:
        return
    from rcim.demo.durability import run

    if not run(members, seconds, rate, as_json):
        raise typer.Exit(1)


@demo_app.command("groups")
def demo_groups(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Table as JSON, no progress display.")] = False,
) -> None:
    """Show what each group type allows and refuses.

    Tries every operation on a real server and prints the types side by side.

    Exit status 0 only if all of it is as the type table says.
    """
    from rcim.demo.groups import run

    if not run(as_json or bool(context.parent and context.parent.params["as_json"])):
        raise typer.Exit(1)


@demo_app.command("kinds")
def demo_kinds(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Table as JSON, no progress display.")] = False,
) -> None:
    """Show what a user finds in each kind of conversation.

    Tries groups, one-to-one conversations, chat rooms, ultra groups and their channels, system and temporary
    conversations, and broadcasts on a real server, and prints them side by side.

    Exit status 0 only if all of it is as the tables and rules say.
    """
    from rcim.demo.kinds import run

    if not run(as_json or bool(context.parent and context.parent.params["as_json"])):
        raise typer.Exit(1)


@demo_app.command("callbacks")
def demo_callbacks(
    context: typer.Context,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="How long the back end is well at first.")] = 4.0,
    dead: Annotated[float, typer.Option(min=1, max=7200, help="How long it is dead; 3600 is an hour.")] = 8.0,
    as_json: Annotated[bool, typer.Option("--json", help="Result as JSON, no progress display.")] = False,
) -> None:
    """Show a back end that dies and misses nothing.

    Users write; a back end hears of each message by a callback. It dies, the server is killed too, both come back, and
    the rest arrives.

    Exit status 0 only if the back end has heard of every acknowledged message, in the order of its group.
    """
    from rcim.demo.callbacks import run

    if not run(seconds, dead, as_json or bool(context.parent and context.parent.params["as_json"])):
        raise typer.Exit(1)


@demo_app.command("flood")
def demo_flood(
    context: typer.Context,
    seconds: Annotated[float, typer.Option(min=3, max=600, help="How long it takes.")] = 15.0,
    seed: Annotated[int, typer.Option(help="Seed of the schedule.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Result as JSON, no picture.")] = False,
) -> None:
    """Flood a group and watch what passes.

    Sends six times the group's limit and shows, live and by priority, what is offered and what passes.

    Exit status 0 only if nothing was held back below the limit, no HIGH above it, and nothing lower overtook.
    """
    from rcim.demo.flood import run

    if not run(seconds, seed, as_json or bool(context.parent and context.parent.params["as_json"])):
        raise typer.Exit(1)
