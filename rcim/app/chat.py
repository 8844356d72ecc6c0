"""`rcim chat`: a readable chat in the terminal. At a terminal it edits lines; from a pipe it sends each line."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from rcim.app.datadir import DataDir, DataDirError
from rcim.app.settings import Settings
from rcim.base.errors import ALREADY_MEMBER, NO_SUCH_GROUP, RcimError
from rcim.base.ids import has_control
from rcim.base.terms import JoinStatus
from rcim.client import (
    ApplicationEvent,
    ChangesEvent,
    Client,
    GroupEvent,
    Message,
    NoticeEvent,
    OwnEvent,
    PresenceEvent,
    client_context,
)
from rcim.client.link import ConnectionGone
from rcim.session.usersig import mint
from rcim.wire.elements import GroupTip, Text, plain_text
from rcim.wire.frames import GroupChange

HISTORY_LINES = 20
TOKEN_S = 86400
HELP = "/members lists who is here, /quit ends, everything else is sent."


class ChatError(Exception):
    """The chat can't go on; the text says why."""


def run(
    settings: Settings,
    user: str,
    group: str,
    *,
    server: str | None,
    token: str | None,
    ca: Path | None,
    plain: bool,
    nickname: str | None,
) -> None:
    """Talk until /quit, the end of input, or Ctrl-C. Raises ChatError."""
    data = DataDir(Path(settings.server.data))
    host, port, tls = _server(data, server, plain)
    try:
        sig = token or mint(settings.app.sdkappid, data.key(), user, int(time.time()), TOKEN_S)
        trust = ca or (data.certificate if data.certificate.exists() else None)
        context = client_context(trust) if tls else None
    except (DataDirError, OSError, ssl.SSLError) as error:
        raise ChatError(str(error)) from None
    try:
        asyncio.run(_chat(Client(host, port, user_id=user, user_sig=sig, tls=context), group, nickname))
    except RcimError as error:
        raise ChatError(str(error)) from None
    except (OSError, ssl.SSLError, TimeoutError, ConnectionGone) as error:
        raise ChatError(f"{host}:{port}: {error or 'no answer'}") from None
    except KeyboardInterrupt:
        pass


def _server(data: DataDir, server: str | None, plain: bool) -> tuple[str, int, bool]:
    if server is not None:
        host, colon, port = server.rpartition(":")
        if not colon or not port.isdigit():
            raise ChatError(f"--server {server}: has to be HOST:PORT")
        return host.strip("[]"), int(port), not plain
    try:
        host, port, tls = data.address.read_text().strip().rsplit(":", 2)
    except (OSError, ValueError):
        raise ChatError(f"no server has run on {data.path}; start one with `rcim serve`, or give --server") from None
    return ("127.0.0.1" if host == "0.0.0.0" else host), int(port), tls == "1"


async def _chat(client: Client, group: str, nickname: str | None) -> None:
    show = _printer()
    async with client:
        if nickname is not None:
            await client.set_profile(nickname)
        await _enter(client, group, show)
        page = await client.history(group, backwards=True, limit=HISTORY_LINES)
        for message in reversed(page):
            show(_line(message))
        info = await client.info(group)
        client.follow(group, page[0].seq if page else info.next_msg_seq - 1)
        show(f"-- {info.name}: {info.member_num} members, {info.online_num} online. {HELP}")
        listener = asyncio.create_task(_listen(client, group, show))
        typist = asyncio.create_task(_type(client, group, show))
        done, pending = await asyncio.wait({listener, typist}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        for task in done:
            task.result()


async def _enter(client: Client, group: str, show: Callable[[str], None]) -> None:
    try:
        joined = await client.join(group)
        if joined.status is JoinStatus.WAITING:
            raise ChatError("the group's admins have been asked; try again once they have approved")
    except RcimError as error:
        if error.code is NO_SUCH_GROUP:
            await client.create_group(group[:30], group_id=group, type_="ChatRoom")
            show(f"-- made the group {group}")
        elif error.code is not ALREADY_MEMBER:
            raise


async def _listen(client: Client, group: str, show: Callable[[str], None]) -> None:
    async for event in client.events():
        if isinstance(event, GroupEvent):
            if event.group_id == group:
                show("-- the group is gone")
                return
        elif isinstance(event, PresenceEvent | OwnEvent) or event.group_id != group:
            continue
        elif isinstance(event, Message):
            show(_line(event))
        elif isinstance(event, ChangesEvent):
            for change in event.changes:
                show(f"-- {_change(change)}")
        elif isinstance(event, NoticeEvent):
            show("-- notice: " + _clean("".join(e.text for e in event.elements if isinstance(e, Text))))
        elif isinstance(event, ApplicationEvent):
            show(f"-- {_clean(event.user_id)} asks to join: {_clean(event.text)}")


async def _type(client: Client, group: str, show: Callable[[str], None]) -> None:
    async for line in _lines():
        text = line.strip()
        if text == "/quit":
            return
        try:
            if text == "/members":
                members = await client.members(group)
                show("-- " + ", ".join(_clean(m.name_card or m.user_id) for m in members))
            elif text.startswith("/"):
                show(f"-- {HELP}")
            elif text:
                await client.send(group, text)
        except RcimError as error:
            show(f"-- not sent: {error}")
    # The input has ended: what the server still owes us comes within a moment.
    await asyncio.sleep(0.3)


def _line(message: Message) -> str:
    clock = time.strftime("%H:%M:%S", time.localtime(message.time_ms / 1000))
    if message.tip is not None:
        return f"{clock} -- {_change(message.tip)}"
    text = plain_text(message.elements) or f"[{', '.join(e.NAME for e in message.elements) or 'unknown'}]"
    return f"{clock} {_clean(message.display_name)}: {_clean(text)}"


def _change(change: GroupChange | GroupTip) -> str:
    """What has happened in the group, in words."""
    users = ", ".join(change.users) + (
        f" and {change.count - len(change.users)} more" * (change.count > len(change.users))
    )
    what = change.kind.name.lower().replace("_", " ")
    by = f" (by {change.operator})" if change.operator and [change.operator] != change.users else ""
    return _clean(f"{what}: {users or ', '.join(change.what)}{by}")


def _clean(text: str) -> str:
    """Text for a terminal: what would steer it is shown as `?`."""
    return "".join("?" if has_control(c) else c for c in text)


def _printer() -> Callable[[str], None]:
    if sys.stdin.isatty() and sys.stdout.isatty():
        from prompt_toolkit import print_formatted_text
        from prompt_toolkit.formatted_text import FormattedText

        return lambda text: print_formatted_text(FormattedText([("", text)]))
    return lambda text: print(text, flush=True)


async def _lines() -> AsyncIterator[str]:
    """Lines that the user types, or that come through a pipe."""
    if sys.stdin.isatty() and sys.stdout.isatty():
        from prompt_toolkit import PromptSession
        from prompt_toolkit.patch_stdout import patch_stdout

        session: PromptSession[str] = PromptSession("> ", erase_when_done=True)
        with patch_stdout(), contextlib.suppress(EOFError):
            while True:
                yield await session.prompt_async()
    reader = asyncio.StreamReader(limit=1 << 20)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    try:
        while line := await reader.readline():
            yield line.decode(errors="replace")
    finally:
        transport.close()
