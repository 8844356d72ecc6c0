"""`rcim-admin push`: what users' devices have registered for pushes, and trying them out (PU-01, PU-03)."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rcim_tools.admin.calls import USAGE, call, fail
from rcim_tools.admin.output import rows_of, show, show_one
from rcim_tools.admin.words import UserId

app = typer.Typer(
    help="Show, set, remove and try out push tokens of users.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)
Device = Annotated[str, typer.Option(help="The app's name for the device.")]
Provider = Annotated[str, typer.Option(help="The provider, as its section of the settings is called.")]
SHOWN = 12
"""Characters of a token that are shown: who has all of them can send to the device."""


@app.command("devices")
def devices(
    user_id: UserId,
    tokens: Annotated[bool, typer.Option("--tokens", help="Show tokens whole.")] = False,
) -> None:
    """List the devices that get pushes for a user."""
    rows = rows_of(call(lambda client: client.push_tokens(user_id=user_id)))
    show([{**row, "token": row["token"] if tokens else _short(row["token"])} for row in rows])


@app.command("set")
def set_(
    user_id: UserId,
    device: Device,
    provider: Provider,
    topic: Annotated[str, typer.Option(help="The app for which the token was made.")] = "",
    sandbox: Annotated[bool, typer.Option("--sandbox", help="A development build made it.")] = False,
    language: Annotated[str, typer.Option(help="The language of the device.")] = "",
) -> None:
    """Register a token for a user's device.

    The token is read from standard input, so that the list of processes does not show it. Whoever had it before has it
    no longer.
    """
    token = sys.stdin.readline().strip()
    if not token:
        raise fail("standard input: has to be the token", USAGE)
    call(
        lambda client: client.set_push_token(
            device, provider, token, topic=topic, sandbox=sandbox, language=language, user_id=user_id
        )
    )
    show_one({"user_id": user_id, "device_id": device, "provider": provider})


@app.command("remove")
def remove(user_id: UserId, device: Device = "", provider: Provider = "") -> None:
    """Remove push tokens of a user.

    Without --device those of all devices, without --provider those of all providers.
    """
    call(lambda client: client.remove_push_tokens(device, provider, user_id=user_id))
    show(rows_of(call(lambda client: client.push_tokens(user_id=user_id))))


@app.command("test")
def test(
    user_id: UserId,
    title: Annotated[str, typer.Option(help="Its title.")] = "Test",
    text: Annotated[str, typer.Option(help="Its text.")] = "This is a test.",
) -> None:
    """Send all devices of a user a push.

    `rcim-admin outbox show push.PROVIDER`, the counters push_… of `rcim-admin stats` and the server's log say what
    becomes of it.
    """
    call(lambda client: client.test_push(user_id, title, text))
    show_one({"user_id": user_id, "devices": len(call(lambda client: client.push_tokens(user_id=user_id)))})


def _short(token: str) -> str:
    return token if len(token) <= SHOWN else f"{token[:SHOWN]}…"
