"""`rcim-admin system`: system conversations, what users write to them, system senders (SY-01, SY-06)."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rcim_tools.admin import words
from rcim_tools.admin.calls import REFUSED, call, fail
from rcim_tools.admin.output import row_of, rows_of, show, show_one
from rcim_tools.admin.words import Limit, UserId, UserIds

from rcim.client import Client
from rcim.wire import frames

app = typer.Typer(
    help="Create system conversations and send from them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

SystemId = Annotated[str, typer.Argument(metavar="SYSTEM", help="Id of the system conversation: @SYS#...")]
Text = Annotated[str, typer.Argument(help="The text.")]


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Name, 1 to 30 bytes: also the nickname of its account.")],
    group_id: Annotated[
        str, typer.Option("--id", help="Id, which begins with @SYS#.", show_default="chosen by the server")
    ] = "",
    introduction: Annotated[str, typer.Option(help="Introduction, up to 120 bytes.")] = "",
    face_url: Annotated[str, typer.Option("--face-url", help="FaceUrl, up to 100 bytes.")] = "",
    attributes: Annotated[
        str | None, typer.Option(metavar="JSON", help="Attributes: a JSON object of up to 8 KiB.")
    ] = None,
) -> None:
    """Create a system conversation and its account.

    `rcim-admin group` shows, changes and dissolves it.
    """
    given = words.json_of("--attributes", attributes)

    async def job(client: Client) -> str:
        return await client.create_system(
            name, group_id=group_id, introduction=introduction, face_url=face_url, attributes=given
        )

    show_one({"group_id": call(job)})


@app.command("send")
def send(group_id: SystemId, text: Text) -> None:
    """Send a text to all subscribers."""
    sent = call(lambda client: client.system_send(group_id, text))
    show_one({"seq": sent.seq, "time_ms": sent.time_ms, "message_id": sent.message_id})


@app.command("send-to")
def send_to(group_id: SystemId, text: Text, users: UserIds) -> None:
    """Send a text to each of up to 100 users.

    Whether they subscribe or not, it is in the one-to-one conversation of each with the account.
    """
    rows = call(lambda client: client.system_send_to(group_id, users, text))
    show(rows_of(rows))
    failed = sum(row.code != 0 for row in rows)
    if failed:
        raise fail(f"{failed} of {len(rows)} failed", REFUSED)


@app.command("writers")
def writers(group_id: SystemId, limit: Limit = 1000) -> None:
    """Show who has written to a system conversation.

    `rcim-admin message --c2c history` shows what.
    """

    async def job(client: Client) -> list[frames.SystemWriter]:
        found: list[frames.SystemWriter] = []
        async for row in client.system_writers(group_id):
            found.append(row)
            if len(found) == limit:
                break
        return found

    rows: list[dict[str, Any]] = [row_of(row) for row in call(job)]
    show(rows)


@app.command("sender")
def sender(
    user_id: UserId,
    off: Annotated[bool, typer.Option("--off", help="Make it an ordinary account again.")] = False,
) -> None:
    """Make an account a system sender.

    It only sends in the app's name, and cannot log in.
    """
    call(lambda client: client.set_system_sender(user_id, not off))
    show_one({"user_id": user_id, "system_sender": not off})
