"""`rcim-admin message`: send, notice, history, and what can happen afterwards (MS-05, MS-06, MS-10, MS-11, RX-06)."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rcim_tools.admin import words
from rcim_tools.admin.calls import call
from rcim_tools.admin.output import Row, row_of, show, show_one, text_of
from rcim_tools.admin.words import SEQ_MAX, ConversationId, GroupId, Limit, UserId

from rcim.base.terms import MessageState, is_group, pair_of
from rcim.client import Client, Where
from rcim.client.model import where_of
from rcim.content import elements
from rcim.wire import frames

app = typer.Typer(
    help="Send, read, search, recall and delete messages.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

Text = Annotated[str, typer.Argument(help="The text.")]
COLUMNS = ("seq", "time_ms", "priority", "sender", "text")
"""What a table has of a message; JSON has all."""
PAGE = 100


_one_to_one = False


@app.callback()
def about(
    c2c: Annotated[bool, typer.Option("--c2c", help="CONVERSATION is that of two users: c:5:alice:bob.")] = False,
) -> None:
    """Messages: send, read, recall, edit, delete. `--c2c` stands before the command."""
    global _one_to_one
    _one_to_one = c2c


def _where(conversation: str) -> Where:
    return words.where(conversation, _one_to_one)


@app.command("send")
def send(
    conversation: ConversationId,
    text: Text,
    priority: Annotated[str, typer.Option(help="high, normal, low or lowest.")] = "normal",
    as_user: Annotated[
        str, typer.Option("--as", metavar="USER", help="User to send as.", show_default="the administrator")
    ] = "",
) -> None:
    """Send a text to a conversation.

    Into a one-to-one conversation only with --as.
    """
    level = words.one_of("--priority", priority, words.PRIORITIES)
    sent = call(lambda client: client.send(_where(conversation), text, priority=level, as_user=as_user))
    show_one({"seq": sent.seq, "time_ms": sent.time_ms, "message_id": sent.message_id})


@app.command("notice")
def notice(
    group_id: GroupId,
    text: Text,
    user: Annotated[
        list[str] | None, typer.Option(help="Only to this member; may be repeated.", show_default="to all")
    ] = None,
) -> None:
    """Send a system notice to members who are online.

    It is not stored.
    """
    call(lambda client: client.notice(group_id, text, users=user or ()))
    show_one({"group_id": group_id, "given": True})


@app.command("history")
def history(
    conversation: ConversationId,
    from_seq: Annotated[
        int | None,
        typer.Option(
            "--from", min=1, max=SEQ_MAX, metavar="SEQ", help="From this SEQ on.", show_default="the newest"
        ),
    ] = None,
    to_seq: Annotated[
        int, typer.Option("--to", min=0, max=SEQ_MAX, metavar="SEQ", help="Up to this SEQ; 0: the newest.")
    ] = 0,
    limit: Limit = 20,
) -> None:
    """Show the newest messages, oldest first.

    With --from, the messages from that SEQ on.
    """

    async def job(client: Client) -> list[frames.Message]:
        if from_seq is not None:
            return await _pages(client, conversation, from_seq, to_seq, limit, False)
        return list(reversed(await _pages(client, conversation, 0, to_seq, limit, True)))

    show([row_of_message(message) for message in call(job)], COLUMNS)


async def _pages(
    client: Client, conversation: str, low: int, high: int, limit: int, backwards: bool
) -> list[frames.Message]:
    """Up to `limit` messages with `low` <= SEQ <= `high` (0: the newest), page by page."""
    found: list[frames.Message] = []
    while True:
        page = await client.history_page(_where(conversation), low, high, min(limit - len(found), PAGE), backwards)
        found += page.messages
        if not page.more or not page.messages or len(found) >= limit:
            return found
        low, high = (low, found[-1].seq - 1) if backwards else (found[-1].seq + 1, high)
        if backwards and not high:
            return found


def row_of_message(message: frames.Message) -> Row:
    """A message as JSON has it."""
    parts = elements.decode_body(message.body)
    row = row_of(message)
    del row["body"]
    row["cloud_data"] = text_of(message.cloud_data)
    return {
        **row,
        "text": " ".join(map(_words, parts)) or _gone(message),
        "elements": [_element(part) for part in parts],
    }


def _gone(message: frames.Message) -> str:
    return "" if message.state is MessageState.AS_SENT else f"[{message.state.name.lower()} by {message.changed_by}]"


def _words(part: elements.Element) -> str:
    """An element in one line for people."""
    if isinstance(part, elements.Text):
        return part.text
    if isinstance(part, elements.GroupTip):
        return f"[{part.kind.name.lower().replace('_', ' ')}: {', '.join(part.users or part.what)}]"
    return f"[{part.NAME}]"


def _element(part: elements.Element) -> dict[str, Any]:
    """An element as JSON has it, and as `group import` takes it."""
    found: dict[str, Any] = {"element": part.NAME}
    for name, value in row_of(part).items():
        if isinstance(value, bytes):
            found |= _data(name, value)
        else:
            found[name] = value
    return found


def _data(name: str, value: bytes) -> dict[str, str]:
    try:
        return {name: value.decode()}
    except UnicodeDecodeError:
        return {f"{name}_hex": value.hex()}


# ----------------------------------------------------------------------------------------- afterwards (MS-10)

Seq = Annotated[int, typer.Argument(min=1, max=SEQ_MAX, metavar="SEQ", help="The message's SEQ.")]


@app.command("search")
def search(
    conversation: ConversationId,
    words: Annotated[str, typer.Argument(help="Words that the message contains, separated by spaces.")] = "",
    sender: Annotated[str, typer.Option(help="Only messages of this user.")] = "",
    limit: Limit = 100,
) -> None:
    """Search messages by words, the newest first."""

    async def job(client: Client) -> list[Row]:
        found: list[Row] = []
        cursor = b""
        while True:
            page = await client.search_page(words, cursor, _where(conversation), sender)
            found += [row_of_message(row.messages[0]) for row in page.found]
            cursor = page.cursor
            if not cursor or len(found) >= limit:
                return found[:limit]

    show(call(job), COLUMNS)


@app.command("recall")
def recall(conversation: ConversationId, seq: Seq) -> None:
    """Recall a message."""
    show_one({"seq": seq, "changed_ms": call(lambda client: client.recall(_where(conversation), seq))})


@app.command("edit")
def edit(conversation: ConversationId, seq: Seq, text: Text) -> None:
    """Replace the text of a message."""
    show_one({"seq": seq, "changed_ms": call(lambda client: client.edit_message(_where(conversation), seq, text))})


@app.command("delete")
def delete(conversation: ConversationId, seq: Seq) -> None:
    """Delete a message for everyone."""
    show_one({"seq": seq, "changed_ms": call(lambda client: client.delete_message(_where(conversation), seq))})


@app.command("erase")
def erase(conversation: ConversationId, user_id: UserId) -> None:
    """Delete all messages of a user for everyone."""
    call(lambda client: client.erase_messages(_where(conversation), user_id))
    show_one({"conversation": conversation, "user_id": user_id, "erased": True})


@app.command("receipts")
def receipts(conversation: ConversationId, seq: Seq) -> None:
    """Show who has read a message and who has not."""
    read, unread = call(lambda client: client.receipts(_where(conversation), seq))
    show([{"user_id": user, "read": user in set(read)} for user in sorted([*read, *unread])])


@app.command("trace")
def trace(
    conversation: Annotated[
        str,
        typer.Argument(
            metavar="CONVERSATION", help="Id of a group, or the whole id, as logged: g:lobby, c:5:alice:bob."
        ),
    ],
    sender: UserId,
    client_msg_id: Annotated[str, typer.Argument(metavar="ID", help="The message's client message id.")],
) -> None:
    """Show where a message stopped, and why."""
    # A group's own id may look like a whole id, so the group comes first.
    meant = [_where(conversation)]
    if not _one_to_one and (is_group(conversation) or pair_of(conversation)):
        meant.append(where_of(conversation, ""))

    async def job(client: Client) -> frames.AdminTraceOk:
        for where in meant:
            traced = await client.trace(where, sender, client_msg_id)
            if traced.stage != "unknown":
                break
        return traced

    show_one(row_of(call(job)))
