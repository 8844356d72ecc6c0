"""`rcim chat`: at a terminal a client with all conversations (chat_view.py); from a pipe it sends lines to a group."""

from __future__ import annotations

import asyncio
import ssl
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from rcim.app.files.datadir import DataDir, DataDirError
from rcim.app.programs.admin_client import context_of
from rcim.app.settings.all_settings import Settings
from rcim.app.settings.exposure import secret_given
from rcim.base.errors import RcimError
from rcim.base.terms import Platform
from rcim.base.texts import is_text, read_text
from rcim.chat.kinds import ChatError, attribute_text, enter, gone_text
from rcim.chat.state import change_text, clean, invitation_text, message_line
from rcim.client import (
    BROADCASTS,
    ApplicationEvent,
    AttributesEvent,
    ChangesEvent,
    Client,
    GroupEvent,
    InvitationEvent,
    LocalStore,
    LocalStoreError,
    Message,
    NoticeEvent,
    OwnEvent,
    PresenceEvent,
)
from rcim.client.link import ConnectionGone
from rcim.content.elements import Text
from rcim.session.usersig import mint

HISTORY_LINES = 20
TOKEN_S = 86400
HELP = (
    "/members lists who is here, /accept GROUP and /refuse GROUP answer an invitation, /quit ends, all else is sent."
)


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
    store: Path | None = None,
) -> None:
    """Talk until it is quit, or the input ends. Raises ChatError."""
    if not (is_text(user) and is_text(group) and is_text(nickname or "")):
        raise ChatError("--user, --group and --nickname have to be UTF-8")
    data = DataDir(Path(settings.server.data))
    host, port, tls = _server(data, server, plain)
    try:
        sig = (
            secret_given(token)
            if token
            else mint(
                sdkappid=data.sdkappid_in_use() or settings.app.sdkappid,
                key=data.key(),
                user_id=user,
                now_s=int(time.time()),
                expire_s=TOKEN_S,
            )
        )
        context = context_of(data, server, ca) if tls else None
    except (DataDirError, OSError, UnicodeDecodeError, ssl.SSLError) as error:
        raise ChatError(str(error)) from None
    client = Client(
        host,
        port,
        user_id=user,
        user_sig=sig,
        tls=context,
        platform=Platform.DESKTOP,
        store=LocalStore(store) if store else None,
    )
    talk = _view if sys.stdin.isatty() and sys.stdout.isatty() else _chat
    try:
        asyncio.run(talk(client, group, nickname))
    except RcimError as error:
        raise ChatError(str(error)) from None
    except LocalStoreError as error:
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
        host, port, tls = read_text(data.address).strip().rsplit(":", 2)
    except (OSError, ValueError):
        raise ChatError(f"no server has run on {data.path}; start one with `rcim serve`, or give --server") from None
    return ("127.0.0.1" if host == "0.0.0.0" else host), int(port), tls == "1"


async def _view(client: Client, group: str, nickname: str | None) -> None:
    """At a terminal."""
    from rcim.chat.view import ChatView

    async with client:
        if nickname is not None:
            await client.set_profile(nickname)
        view = ChatView(client, group, await enter(client, group))
        await view.run_async()
        if view.failure is not None:
            raise view.failure


async def _chat(client: Client, group: str, nickname: str | None) -> None:
    """Through a pipe."""

    def show(text: str) -> None:
        print(clean(text), flush=True)

    async with client:
        if nickname is not None:
            await client.set_profile(nickname)
        note = await enter(client, group)
        if note:
            show(f"-- {note}")
        page = await client.history(group, backwards=True, limit=HISTORY_LINES)
        for message in reversed(page):
            show(message_line(message))
        info = await client.info(group)
        client.follow(group, page[0].seq if page else info.next_msg_seq - 1)
        for invitation in await client.invitations():
            show(f"-- {invitation_text(invitation)}")
        show(f"-- {info.name}: {info.member_num} members, {info.online_num} online. {HELP}")
        listener = asyncio.create_task(_listen(client, group, show))
        typist = asyncio.create_task(_type(client, group, show))
        done, pending = await asyncio.wait({listener, typist}, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        for task in done:
            task.result()


async def _listen(client: Client, group: str, show: Callable[[str], None]) -> None:
    async for event in client.events():
        if isinstance(event, GroupEvent):
            if event.group_id == group:
                show(f"-- {gone_text(event)}")
                return
        elif isinstance(event, InvitationEvent):
            show(f"-- {invitation_text(event)}")
        elif isinstance(event, Message) and event.where == BROADCASTS:
            show(f"-- broadcast: {message_line(event)}")
        elif isinstance(event, Message) and event.peer == group:  # what the app answers, and what it is asked (SY-01)
            show(message_line(event))
        elif isinstance(event, PresenceEvent | OwnEvent) or event.group_id != group:
            continue
        elif isinstance(event, Message):
            show(message_line(event))
        elif isinstance(event, AttributesEvent):
            for row in event.changes:
                show(f"-- {attribute_text(row)}")
        elif isinstance(event, ChangesEvent):
            for change in event.changes:
                show(f"-- {change_text(change)}")
        elif isinstance(event, NoticeEvent):
            show("-- notice: " + clean("".join(e.text for e in event.elements if isinstance(e, Text))))
        elif isinstance(event, ApplicationEvent):
            show(f"-- {clean(event.user_id)} asks to join: {clean(event.text)}")


async def _type(client: Client, group: str, show: Callable[[str], None]) -> None:
    async for line in _lines():
        text = line.strip()
        if text == "/quit":
            return
        try:
            if text == "/members":
                members = await client.members(group)
                show("-- " + ", ".join(clean(m.name_card or m.user_id) for m in members))
            elif text.startswith(("/accept ", "/refuse ")):
                word, _, invited = text.partition(" ")
                await client.answer_invitation(invited.strip(), word == "/accept")
            elif text.startswith("/"):
                show(f"-- {HELP}")
            elif text:
                await client.send(group, text)
        except RcimError as error:
            show(f"-- not sent: {error}")
    # The input has ended: what the server still owes us comes within a moment.
    await asyncio.sleep(0.3)


async def _lines() -> AsyncIterator[str]:
    """Lines that come through a pipe."""
    reader = asyncio.StreamReader(limit=1 << 20)
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    try:
        while line := await reader.readline():
            yield line.decode(errors="replace")
    finally:
        transport.close()
