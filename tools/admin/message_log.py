"""`rcim-admin log`: the files of the message log (AB-03)."""

from __future__ import annotations

import gzip
import json
import tempfile
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rcim_tools.admin import calls
from rcim_tools.admin.calls import REFUSED, USAGE, call, fail
from rcim_tools.admin.output import Row, row_of, show, show_one

from rcim.client import Client
from rcim.client.message_log import BadChecksum
from rcim.wire import frames

app = typer.Typer(
    help="List, download, show and remove message log files.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

Hour = Annotated[str, typer.Argument(metavar="HOUR", help="The hour in UTC: YYYYMMDDHH.")]
Kind = Annotated[
    str,
    typer.Argument(metavar="KIND", help="The kind of conversations: group, pair, channel and so on; see `log list`."),
]
HOUR_FORM = "%Y%m%d%H"


@app.callback()
def about() -> None:
    """The message log: list, download, show, expire. HOUR is YYYYMMDDHH in UTC."""


@app.command("list")
def list_files() -> None:
    """List the files.

    With the number of messages and the checksum (SHA-256) of each.
    """

    async def job(client: Client) -> list[Row]:
        return [_row(file) async for file in client.log_files()]

    show(call(job))


@app.command("get")
def get(
    hour: Hour,
    kind: Kind,
    to: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to write it.", show_default="HOUR-KIND.jsonl.gz in this folder"),
    ] = None,
) -> None:
    """Download a file and check it.

    A download that was broken off goes on where it was.
    """
    path = to or Path(f"{hour}-{kind}.jsonl.gz")

    found = _downloaded(hour, kind, path)
    show_one({"file": str(path), "size": found.size, "messages": found.messages, "sha256": found.sha256.hex()})


@app.command("show")
def show_messages(hour: Hour, kind: Kind) -> None:
    """Show the messages of a file, one a line.

    Times are in UTC, as HOUR is. With --json the lines of the file are shown as they are.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        _downloaded(hour, kind, path)
        try:
            with gzip.open(path, "rt", encoding="utf-8") as file:
                for line in file:
                    print(line.rstrip("\n") if calls.target.json else _words(json.loads(line)))
        except (OSError, EOFError, zlib.error) as error:
            raise fail(f"{hour}-{kind}: {error}", REFUSED) from None


@app.command("expire")
def expire(
    before: Annotated[
        str | None, typer.Option(metavar="HOUR", help="Files from before this hour in UTC, YYYYMMDDHH.")
    ] = None,
    days: Annotated[int | None, typer.Option(min=1, max=36500, help="Files older than this number of days.")] = None,
) -> None:
    """Remove old files."""
    if (before is None) == (days is None):
        raise fail("say which files with --before, or --days", USAGE)
    hour = before or (datetime.now(UTC) - timedelta(days=days or 0)).strftime(HOUR_FORM)
    show_one({"before": hour, "removed": call(lambda client: client.expire_log(hour))})


def _downloaded(hour: str, kind: str, path: Path) -> frames.MessageLogGetOk:
    """Download a file; what is wrong here ends the program."""

    async def job(client: Client) -> frames.MessageLogGetOk:
        try:
            return await client.download_log(hour, kind, path)
        except BadChecksum as error:
            raise fail(str(error), REFUSED) from None
        except OSError as error:
            if error.filename is None and error.errno is None:
                raise
            raise fail(f"{error.filename or path}: {error.strerror}", REFUSED) from None

    found: frames.MessageLogGetOk = call(job)
    return found


def _row(file: frames.LogFile) -> Row:
    return {**row_of(file), "sha256": file.sha256.hex()}


def _words(fields: Any) -> str:
    """A message in one line for people."""
    time = datetime.fromtimestamp(fields["MsgTimestamp"], UTC).strftime("%Y-%m-%d %H:%M:%S")
    parts = [item["MsgContent"].get("Text", f"[{item['MsgType']}]") for item in fields["MsgBody"]]
    text = json.dumps(" ".join(parts), ensure_ascii=False)
    return f"{time} {fields['Conversation']} {fields['MsgSeq']} {fields['From_Account']} {text}"
