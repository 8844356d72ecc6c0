"""Tencent's API as a whole: checks who calls, finds the command, and puts its answer into the vendor's envelope.

Every answer has HTTP status 200; errors are in the body (reference of the vendor: "RESTful API overview").
"""

from __future__ import annotations

import msgspec

from rcim.adapters.tencent import codes, message_log
from rcim.adapters.tencent.codes import MESSAGE_LOG, Family, TencentError
from rcim.adapters.tencent.command import Call, Command
from rcim.adapters.tencent.fields import Json
from rcim.adapters.tencent.paging import Places
from rcim.adapters.tencent.table import BY_NAME
from rcim.base import clock
from rcim.base.errors import RcimError
from rcim.http.api import Fault, HttpRequest, HttpResponse
from rcim.http.json_bodies import JsonError, json_steps
from rcim.http.queries import query_fields
from rcim.http.rates import Rates
from rcim.http.turns import Turns
from rcim.service.back_ends import Principal, Source
from rcim.service.service import Service

PREFIX = "/v4/"
METHODS = ("POST", "GET")
"""The vendor documents POST; its clients also send GET, with a body or without."""
COMMON = Family(parameter=codes.TIMED_OUT, server=codes.TIMED_OUT, codes={"BAD_PARAMETER": codes.SIGNATURE_REFUSED})
"""Codes of what is refused before its command is known."""
FAULTS = {Fault.TOO_LARGE: 93000, Fault.SLOW: codes.TIMED_OUT, Fault.FAILED: codes.TIMED_OUT, Fault.BUSY: 60011}


class TencentApi:
    """The API, for one process."""

    name = "tencent"

    def __init__(self, service: Service, turns: Turns, *, paced: bool = True) -> None:
        """`turns`: of requests of all processes that change the same. `paced`: each command may come only as often in a
        second as the vendor lets it."""
        self.paced = paced
        self._service = service
        self._rates = Rates()
        self._places = Places()
        self._turns = turns

    def serves(self, path: str) -> bool:
        """Whether the path is one of this API's."""
        return path.startswith(PREFIX)

    def fault(self, fault: Fault, detail: str = "") -> HttpResponse:
        """As HttpApi."""
        text = f"{fault.text}: {detail}" if detail else fault.text
        return _response(COMMON, {}, TencentError(FAULTS.get(fault, codes.HTTP_FAULTY), text))

    async def answer(self, request: HttpRequest) -> HttpResponse:
        """As HttpApi."""
        family, said = COMMON, {}
        try:
            if request.path == PREFIX + message_log.FILE:
                family = MESSAGE_LOG
                return await message_log.download(self._service, request)
            command = BY_NAME.get(request.path.removeprefix(PREFIX))
            if request.method not in METHODS:
                raise TencentError(codes.HTTP_FAULTY, "the method has to be POST or GET")
            if command is None:
                raise TencentError(codes.UNKNOWN_RESOURCE, f"there is no command {request.path}")
            principal = await self._caller(request)
            family = command.family
            self._count(command)
            said = await command.answer(await self._call(principal, family, request))
        except TencentError as error:
            return _response(family, said, error)
        except RcimError as error:
            text = f"{error.code.name}: {error.detail or error.code.meaning}"
            return _response(family, said, TencentError(family.code_of(error), text))
        return _response(family, said, None)

    async def _call(self, principal: Principal, family: Family, request: HttpRequest) -> Call:
        """Raises TencentError."""
        return Call(
            self._service,
            principal,
            family,
            await _body(request),
            self._places,
            self._turns,
            base_url=_base_url(request),
        )

    async def _caller(self, request: HttpRequest) -> Principal:
        """Raises TencentError, RcimError or FaultError."""
        query = query_fields(request.query)
        app = query.get("sdkappid", "")
        if not app:
            raise TencentError(codes.NO_APP, "sdkappid is missing")
        if app != str(self._service.back_ends.sdkappid):
            raise TencentError(codes.UNKNOWN_APP, "sdkappid is not that of this app")
        source = Source(self.name, request.peer, request.request_id)
        back_ends = self._service.back_ends
        return await back_ends.administrator(query.get("identifier", ""), query.get("usersig", ""), source)

    def _count(self, command: Command) -> None:
        """Raises TencentError if the command comes too often."""
        if self.paced and self._rates.take(command.names[0], command.per_s, clock.steady_ms()):
            raise TencentError(codes.TOO_OFTEN, f"at most {command.per_s} requests of this command in a second")


def _base_url(request: HttpRequest) -> str:
    """Where the caller reaches this server, as the request says."""
    return f"{'https' if request.secure else 'http'}://{request.headers.get('Host') or 'localhost'}"


async def _body(request: HttpRequest) -> Json:
    """The body's object, in which no name stands twice. GET may have none; PHP writes one without fields as an empty
    array. Raises TencentError."""
    if not request.body.strip() and request.method == "GET":
        return {}
    try:
        found = await request.read(json_steps(request.body, unique=True))
    except JsonError as error:
        raise TencentError(codes.JSON_FAULTY, str(error)) from None
    if found == []:
        return {}
    if not isinstance(found, dict):
        raise TencentError(codes.JSON_FAULTY, "the body has to be a JSON object")
    return found


def _response(family: Family, said: Json, error: TencentError | None) -> HttpResponse:
    """The vendor's envelope around the fields of an answer. A command may have set `ActionStatus` itself."""
    code, info = (error.code, error.info) if error is not None else (0, "")
    envelope: Json = {"ActionStatus": "FAIL" if error is not None else "OK", "ErrorInfo": info, "ErrorCode": code}
    if not family.status:
        del envelope["ActionStatus"]
    if family.display:
        envelope["ErrorDisplay"] = info
    return HttpResponse(200, msgspec.json.encode(envelope | said), note=str(code))
