"""The message history of an hour: a link to one file, signed, and good for some time (AB-03).

The file is that of the message log: gzip of lines of JSON, those of all kinds of conversations one after another. It is
read as a whole, one download at a time in each process; a larger one than FILE_BYTES_MAX is refused.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta

from rcim.adapters.rongcloud.codes import NOT_ENABLED, WRONG_PARAMETER, RongError
from rcim.adapters.rongcloud.command import Call, Json, RongApp, command
from rcim.base import clock
from rcim.base.errors import MESSAGE_LOG_OFF, RcimError
from rcim.http.api import HttpRequest, HttpResponse
from rcim.http.queries import query_fields
from rcim.service import requests
from rcim.service.back_ends import Principal
from rcim.service.results import LogChunk, LogExpired, LogFilesPage
from rcim.service.service import Service

DOWNLOADS = "/message/history/"
SUFFIX = ".jsonl.gz"
FIRST_HOUR = "1971010100"
"""No message is older, and hours of the first years can't be told in every zone."""
GOOD_S = 3600
FILE_BYTES_MAX = 64 << 20
HOUR_FORM = "%Y%m%d%H"


def _hour_utc(app: RongApp, date: str) -> str:
    """The hour in UTC that the app's clock calls so. Raises RongError."""
    try:
        if len(date) != 10 or not (date.isascii() and date.isdigit()) or date < FIRST_HOUR:
            raise ValueError(date)
        return (datetime.strptime(date, HOUR_FORM) - timedelta(minutes=app.offset_min)).strftime(HOUR_FORM)
    except (ValueError, OverflowError):
        raise RongError(WRONG_PARAMETER, "Parameter date has to be an hour, YYYYMMDDHH.") from None


async def _kinds(service: Service, principal: Principal, hour: str) -> list[str]:
    """The kinds of conversations that have a file of this hour. Raises RcimError."""
    before = (datetime.strptime(hour, HOUR_FORM) - timedelta(hours=1)).strftime(HOUR_FORM)
    found = await service.call(principal, requests.MessageLogList(before, "z" * 32, 100))
    assert isinstance(found, LogFilesPage)
    return [row.kind for row in found.rows if row.hour == hour]


@command("/message/history")
async def history(call: Call) -> Json:
    """A link to the messages of an hour; empty if there are none, or not yet."""
    date = call.form.text("date")
    hour = _hour_utc(call.app, date)
    try:
        kinds = await _kinds(call.service, call.principal, hour)
    except RcimError as error:
        if error.code == MESSAGE_LOG_OFF:
            raise RongError(NOT_ENABLED, error.detail) from None
        raise
    return {"url": link(call.app, call.host, hour) if kinds else "", "date": date}


def link(app: RongApp, host: str, hour: str) -> str:
    """A link to the file of this hour in UTC, good for an hour."""
    expires_s = clock.wall_ms() // 1000 + GOOD_S
    scheme = "https" if app.tls else "http"
    signature = _signature(app, hour, str(expires_s))
    return f"{scheme}://{host}{DOWNLOADS}{hour}{SUFFIX}?expires={expires_s}&signature={signature}"


def _signature(app: RongApp, hour: str, expires_s: str) -> str:
    return hmac.new(app.app_secret.encode(), f"{hour} {expires_s}".encode(), hashlib.sha256).hexdigest()


async def download(request: HttpRequest, service: Service, app: RongApp) -> HttpResponse:
    """The file that a link names. Raises RongError, RcimError or FaultError."""
    hour = request.path.removeprefix(DOWNLOADS).removesuffix(SUFFIX)
    query = query_fields(request.query)
    expires_s = query.get("expires", "")
    good = hmac.compare_digest(query.get("signature", "").encode(), _signature(app, hour, expires_s).encode())
    if not good or int(expires_s) < clock.wall_ms() // 1000:
        text = b"the link is wrong, or has expired: ask for another with /message/history.json\n"
        return HttpResponse(403, text, "text/plain; charset=utf-8", note="expired")
    principal = service.back_ends.trusted()
    found = bytearray()
    for kind in await _kinds(service, principal, hour):
        offset, sha256 = 0, b""
        while True:
            chunk = await service.call(principal, requests.MessageLogGet(hour, kind, offset, 0, sha256))
            assert isinstance(chunk, LogChunk)
            if len(found) + chunk.file.size - offset > FILE_BYTES_MAX:
                raise RongError(NOT_ENABLED, f"The file has more than {FILE_BYTES_MAX} bytes.")
            found += chunk.data
            offset, sha256 = offset + len(chunk.data), chunk.file.sha256
            if offset >= chunk.file.size or not chunk.data:
                break
    headers = {"Content-Disposition": f'attachment; filename="{hour}{SUFFIX}"'}
    return HttpResponse(200, bytes(found), "application/gzip", headers, note=hour)


@command("/message/history/delete")
async def delete(call: Call) -> Json:
    """Removes the messages of one hour from the history."""
    hour = _hour_utc(call.app, call.form.text("date"))
    await call.ask(requests.MessageLogExpire(hour, only=True), LogExpired)
    return {}
