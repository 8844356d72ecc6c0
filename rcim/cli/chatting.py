"""`rcim chat`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rcim.cli.options import CaOption, DataOption, PlainOption, ServerOption, fail, settings_of


def chat(
    user: Annotated[str, typer.Option(help="User id to log in as.")],
    group: Annotated[str, typer.Option(help="Group to open; it is created if it does not exist.")] = "lobby",
    data: DataOption = None,
    server: ServerOption = None,
    token_: Annotated[
        str | None,
        typer.Option(
            "--token",
            help="UserSig, or @FILE to read it from a file.",
            show_default="made with the data directory's key",
        ),
    ] = None,
    ca: CaOption = None,
    plain: PlainOption = False,
    nickname: Annotated[str | None, typer.Option(help="Nickname that others see.")] = None,
    store: Annotated[
        Path | None, typer.Option(help="File in which conversations are kept until the next start.")
    ] = None,
) -> None:
    """Chat in the terminal.

    Shows your conversations with their messages; F1 lists the commands. When standard input is not a terminal, each line
    of it is sent to the group.
    """
    from rcim.chat.kinds import ChatError
    from rcim.chat.program import run

    settings = settings_of(None, None, data)
    try:
        run(settings, user, group, server=server, token=token_, ca=ca, plain=plain, nickname=nickname, store=store)
    except ChatError as error:
        raise fail(str(error), 1) from None
