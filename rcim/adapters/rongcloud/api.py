"""RongCloud's API as a whole: checks who calls, finds the command, and puts its answer into the vendor's envelope.

What an API call has come to is in the body, with HTTP status 200: one of the two official clients decodes nothing else.
Only a request that is not signed as it has to be has status 401, and one that has not arrived whole the status of HTTP.
"""

from __future__ import annotations

import asyncio

import msgspec

from rcim.adapters.rongcloud import codes
from rcim.adapters.rongcloud.codes import RongError
from rcim.adapters.rongcloud.command import Call, Json, RongApp
from rcim.adapters.rongcloud.downloads import DOWNLOADS, download
from rcim.adapters.rongcloud.form import read_form
from rcim.adapters.rongcloud.signature import check_signature
from rcim.adapters.rongcloud.table import BY_PATH
from rcim.base import clock
from rcim.base.errors import RcimError
from rcim.http.api import Fault, HttpRequest, HttpResponse
from rcim.http.turns import Turns
from rcim.service.back_ends import Source
from rcim.service.service import Service

JSON, XML = ".json", ".xml"
FAULTS = {
    Fault.TOO_LARGE: codes.BODY_TOO_LARGE,
    Fault.SLOW: codes.TIMED_OUT,
    Fault.FAILED: codes.FAILED,
    Fault.BUSY: codes.TOO_OFTEN,
}


class RongCloudApi:
    """The API, for one process (AB-02)."""

    name = "rongcloud"

    def __init__(self, service: Service, app: RongApp, turns: Turns) -> None:
        """`turns`: of requests of all processes that change the same."""
        self._service = service
        self.app = app
        self._downloading = asyncio.Lock()
        self._turns = turns

    def serves(self, path: str) -> bool:
        """Whether the path is one of this API's."""
        return path.endswith((JSON, XML)) or path.startswith(DOWNLOADS)

    def fault(self, fault: Fault, detail: str = "") -> HttpResponse:
        """As HttpApi."""
        text = f"{fault.text}: {detail}" if detail else fault.text
        return _response({}, RongError(FAULTS.get(fault, codes.WRONG_PARAMETER), text), fault.status)

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """As HttpApi."""
        try:
            if request.path.startswith(DOWNLOADS) and not request.path.endswith((JSON, XML)):
                async with self._downloading:  # each holds a whole file
                    return await download(request, self._service, self.app)
            self._check_caller(request)
            return _response(await self._said(request), None)
        except RongError as error:
            status = 401 if error.code in (codes.WRONG_SIGNATURE, codes.WRONG_APP) else 200
            return _response({}, error, status)
        except RcimError as error:
            return _response({}, codes.refusal(error))

    def _check_caller(self, request: HttpRequest) -> None:
        """Raises RongError."""
        app = self.app
        check_signature(request.headers, app.app_key, app.app_secret, now_ms=clock.wall_ms(), window_ms=app.window_ms)

    async def _said(self, request: HttpRequest) -> Json:
        """The fields of the answer. Raises RongError or RcimError."""
        if request.path.endswith(XML):
            raise RongError(codes.NOT_ENABLED, "Answers in XML are not offered; call the same path with .json.")
        command = BY_PATH.get(request.path.removesuffix(JSON))
        if command is None:
            raise RongError(codes.WRONG_PARAMETER, f"There is no {request.path}.")
        if request.method != "POST":
            raise RongError(codes.NO_DATA, "Only POST is answered.")
        source = Source(self.name, request.peer, request.request_id)
        call = Call(
            service=self._service,
            principal=self._service.back_ends.trusted(source=source),
            app=self.app,
            form=await request.read(read_form(request.body)),
            host=request.headers.get("Host") or "localhost",
            turns=self._turns,
        )
        return await command.answer(call)


def _response(said: Json, error: RongError | None, status: int = 200) -> HttpResponse:
    """The vendor's envelope around the fields of an answer."""
    envelope: Json = {"code": codes.OK} if error is None else {"code": error.code, "errorMessage": error.text}
    return HttpResponse(status, msgspec.json.encode(envelope | said), note=str(envelope["code"]))
