"""`rcim-admin broadcast`: messages to all users of the app (SY-03, SY-04)."""

from __future__ import annotations

from typing import Annotated

import typer
from rcim_tools.admin import words
from rcim_tools.admin.calls import USAGE, call, fail
from rcim_tools.admin.output import Row, row_of, show, show_one

from rcim.base.terms import Priority
from rcim.client import BroadcastTarget
from rcim.client.broadcasts import EXPIRES_S
from rcim.wire import frames

app = typer.Typer(
    help="Send messages to all users, list and recall them.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

COLUMNS = ["seq", "time_ms", "expires_ms", "state", "sender", "target"]
Tags = Annotated[list[str] | None, typer.Option(metavar="TAG", help="Only users with one of these; may be repeated.")]
AllTags = Annotated[
    list[str] | None, typer.Option(metavar="TAG", help="Only users with all of these; may be repeated.")
]
Attributes = Annotated[
    list[str] | None, typer.Option(metavar="NAME=VALUE", help="Only users with one of these; may be repeated.")
]
AllAttributes = Annotated[
    list[str] | None, typer.Option(metavar="NAME=VALUE", help="Only users with all of these; may be repeated.")
]


@app.command("send")
def send(
    text: Annotated[str, typer.Argument(help="The text of the broadcast.")],
    sender: Annotated[str, typer.Option(help="Send in the name of this user.")] = "",
    through: Annotated[str, typer.Option(help="Group id of the system conversation it is sent through.")] = "",
    for_: Annotated[
        str, typer.Option("--for", help="How long until it expires, such as 2h or 7d; 0: only users who are online.")
    ] = "",
    tag: Tags = None,
    all_tags: AllTags = None,
    attribute: Attributes = None,
    all_attributes: AllAttributes = None,
    client_msg_id: Annotated[str, typer.Option("--id", help="Client message id: the same one sends it once.")] = "",
) -> None:
    """Send a message to all users, or to some of them."""
    target = BroadcastTarget(tag or (), all_tags or (), pairs(attribute), pairs(all_attributes))
    expires_s = 0 if for_ == "0" else words.seconds_of(for_) if for_ else EXPIRES_S
    ok = call(
        lambda client: client.broadcast(
            text,
            sender=sender,
            system_conversation=through,
            target=target,
            expires_s=expires_s,
            priority=Priority.NORMAL,
            client_msg_id=client_msg_id,
        )
    )
    show_one(row_of(ok))


@app.command("list")
def list_(limit: Annotated[int, typer.Option(min=1, max=10_000, help="The most broadcasts shown.")] = 20) -> None:
    """List broadcasts, newest first."""
    show([_row(one) for one in call(lambda client: client.broadcasts(limit))], COLUMNS)


@app.command("recall")
def recall(seq: Annotated[int, typer.Argument(min=1, help="The broadcast's SEQ.")]) -> None:
    """Recall a broadcast."""
    show_one({"seq": seq, "changed_ms": call(lambda client: client.recall_broadcast(seq))})


def pairs(texts: list[str] | None) -> list[tuple[str, str]]:
    """Names and values of attributes, as they are given on the command line."""
    found = [text.partition("=") for text in texts or ()]
    if any(not name or not sign for name, sign, _ in found):
        raise fail("an attribute is given as NAME=VALUE", USAGE)
    return [(name, value) for name, _, value in found]


def _row(one: frames.BroadcastEntry) -> Row:
    row = row_of(one)
    parts = {
        "any tag": [*one.tags_any],
        "all tags": [*one.tags_all],
        "any": [f"{a.name}={a.value}" for a in one.attributes_any],
        "all": [f"{a.name}={a.value}" for a in one.attributes_all],
    }
    for name in ("tags_any", "tags_all", "attributes_any", "attributes_all"):
        row.pop(name, None)
    return row | {"target": "; ".join(f"{name}: {', '.join(said)}" for name, said in parts.items() if said)}
