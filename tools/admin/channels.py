"""`rcim-admin channel`: channels of ultra groups, their own lists, and deleting by time (UG-02 to UG-05)."""

from __future__ import annotations

from typing import Annotated

import typer
from rcim_tools.admin.calls import call
from rcim_tools.admin.output import rows_of, show, show_one
from rcim_tools.admin.words import GroupId, UserIds

app = typer.Typer(
    help="Channels of ultra groups, and who sees them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

ChannelId = Annotated[
    str, typer.Argument(metavar="CHANNEL", help="Id of the channel, such as @TGS#_city@TOPIC#_news.")
]


@app.command("create")
def create(
    group_id: GroupId,
    name_id: Annotated[
        str,
        typer.Argument(metavar="NAME_ID", help="What the channel's id ends with: 1 to 20 of A-Z, a-z, 0-9, _ and -."),
    ],
    name: Annotated[str, typer.Option(help="Name, 1 to 30 bytes.", show_default="as NAME_ID")] = "",
    private: Annotated[bool, typer.Option("--private", help="Only users on its own list see it.")] = False,
) -> None:
    """Create a channel of an ultra group."""
    made = call(lambda client: client.create_channel(group_id, name_id, name=name, private=private))
    show_one({"group_id": made})


@app.command("list")
def list_(group_id: GroupId) -> None:
    """List the channels of an ultra group."""
    show(rows_of(call(lambda client: client.channels(group_id))))


@app.command("users")
def users(channel: ChannelId) -> None:
    """List the users on a channel's own list."""
    show([{"user_id": user_id} for user_id in call(lambda client: client.channel_users(channel))])


@app.command("add")
def add(channel: ChannelId, user: UserIds) -> None:
    """Put members of the ultra group on a channel's own list."""
    call(lambda client: client.change_channel_users(channel, add=user))
    show_one({"channel": channel, "added": user})


@app.command("remove")
def remove(channel: ChannelId, user: UserIds) -> None:
    """Take users off a channel's own list."""
    call(lambda client: client.change_channel_users(channel, remove=user))
    show_one({"channel": channel, "removed": user})


@app.command("private")
def private(channel: ChannelId) -> None:
    """Let only users on its own list see a channel."""
    call(lambda client: client.set_channel_private(channel, True))
    show_one({"channel": channel, "private": True})


@app.command("public")
def public(channel: ChannelId) -> None:
    """Let all members of the ultra group see a channel and its history."""
    call(lambda client: client.set_channel_private(channel, False))
    show_one({"channel": channel, "private": False})


@app.command("trim")
def trim(
    channel: ChannelId,
    to_time_ms: Annotated[int, typer.Argument(min=1, metavar="TIME", help="Milliseconds since 1970.")],
) -> None:
    """Delete all messages up to a time for everyone."""
    show_one({"first_seq": call(lambda client: client.trim_history(channel, to_time_ms))})
