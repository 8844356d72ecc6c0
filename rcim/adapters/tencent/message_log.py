"""The message log: files of an hour, to download from this server by a signed URL (AB-03)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import urlencode

from rcim.adapters.tencent.codes import MESSAGE_LOG
from rcim.adapters.tencent.command import Call, Json, TencentError, command
from rcim.base import clock
from rcim.http.api import HttpRequest, HttpResponse
from rcim.http.queries import query_fields
from rcim.service import requests
from rcim.service.results import LogChunk, LogFileRow, LogFilesPage
from rcim.service.service import Service

FILE = "open_msg_svc/file"
"""The path below `/v4/` from which files are downloaded, without a UserSig."""
KINDS = {"C2C": ("pair",), "Group": ("group", "ultra-group", "channel", "temporary")}
"""Kinds of conversations in the files, by the vendor's ChatType."""
HOUR = "%Y%m%d%H"
ZONE = timezone(timedelta(hours=8))
"""The vendor's hours are those of Beijing."""
FIRST_HOUR = "1971010100"
"""No message is older, and hours of the first years can't be told in every zone."""
GOOD_S = 7 * 86_400
"""How long a URL is good."""
NO_SUCH_FILE, FORBIDDEN = 1004, 1005


@command(MESSAGE_LOG, "open_msg_svc/get_history")
async def get_history(call: Call) -> Json:
    """The files of an hour, each with a URL that is good for seven days (AB-03). An hour has up to four files of groups,
    one for each kind of group."""
    fields = call.fields
    kinds = fields.choice("ChatType", KINDS, ()) if fields.text("ChatType") else ()
    hour = _utc_hour(fields.text("MsgTime"))
    if hour is None:
        raise fields.refuse("MsgTime", "has to be an hour, YYYYMMDDHH")
    rows = [row for row in await _files(call, hour) if row.kind in kinds]
    if not rows:
        raise TencentError(NO_SUCH_FILE, "there is no file of this hour, or not yet")
    expires_s = clock.wall_ms() // 1000 + GOOD_S
    return {"File": [_file(call, row, expires_s) for row in rows]}


def _utc_hour(text: str) -> str | None:
    """The hour in UTC of one of the vendor's; None if it is none."""
    try:
        if len(text) == 10 and text.isascii() and text.isdigit() and text >= FIRST_HOUR:
            return datetime.strptime(text, HOUR).replace(tzinfo=ZONE).astimezone(UTC).strftime(HOUR)
    except ValueError:
        pass
    return None


async def _files(call: Call, hour: str) -> list[LogFileRow]:
    """The files of this hour."""
    before = (datetime.strptime(hour, HOUR) - timedelta(hours=1)).strftime(HOUR)
    page = await call.ask(requests.MessageLogList(before, "~"), LogFilesPage)
    return [row for row in page.rows if row.hour == hour and row.sha256]


def _file(call: Call, row: LogFileRow, expires_s: int) -> Json:
    """A file as an entry of File. Only the size of what is downloaded is known, and its SHA-256."""
    back_ends = call.service.back_ends
    query = {"hour": row.hour, "kind": row.kind, "expires": expires_s}
    query["sign"] = back_ends.seal(f"{FILE} {row.hour} {row.kind} {expires_s}")
    return {
        "URL": f"{call.base_url}/v4/{FILE}?{urlencode(query)}",
        "ExpireTime": datetime.fromtimestamp(expires_s, ZONE).strftime("%Y-%m-%d %H:%M:%S"),
        "FileSize": 0,
        "FileMD5": "",
        "GzipSize": row.size,
        "GzipMD5": "",
        "GzipSHA256": row.sha256.hex(),
    }


async def download(service: Service, request: HttpRequest) -> HttpResponse:
    """The file that a URL of get_history means. Raises TencentError, RcimError or FaultError."""
    query = query_fields(request.query)
    hour, kind, expires = (query.get(name, "") for name in ("hour", "kind", "expires"))
    if not service.back_ends.is_seal(f"{FILE} {hour} {kind} {expires}", query.get("sign", "")):
        raise TencentError(FORBIDDEN, "the URL is not signed by this server")
    if clock.wall_ms() // 1000 >= int(expires):
        raise TencentError(FORBIDDEN, "the URL has expired; ask for another")
    principal = service.back_ends.trusted()

    async def part(offset: int, sha256: bytes) -> LogChunk:
        found = await service.call(principal, requests.MessageLogGet(hour, kind, offset, sha256=sha256))
        assert isinstance(found, LogChunk)
        return found

    first = await part(0, b"")

    async def parts() -> AsyncIterator[bytes]:
        at, data = len(first.data), first.data
        yield data
        while at < first.file.size:
            data = (await part(at, first.file.sha256)).data
            at += len(data)
            yield data

    name = f"{hour}-{kind}.jsonl.gz"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(first.file.size)}
    return HttpResponse(200, b"", "application/gzip", headers, "0", parts())
