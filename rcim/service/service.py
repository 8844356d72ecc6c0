"""The service: the only entrance to the server, for every adapter and every protocol.

`submit` is for requests of connections: no future, no task; the result comes by `requester.answer`. `await call` is for
everything else. Both look the request up in the table of operations (operations.py), check who may call it and the bounds
of its fields, and pass on what the operation returns: a command to the actor of a conversation, a query or a workflow
to the engine. Nothing else in the server checks rights that do not depend on a conversation, bounds, or rates.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec.structs import force_setattr

from rcim.actor.outcomes import Refused
from rcim.base import clock
from rcim.base.errors import (
    ADMIN_REQUIRED,
    FLOODING,
    NOT_PERMITTED,
    OVERLOADED,
    SERVER_ERROR,
    TOO_FREQUENT,
    RcimError,
)
from rcim.base.ids import is_guest
from rcim.base.limited_log import LimitedLog
from rcim.base.limits import Limits
from rcim.base.meters import Meters
from rcim.base.terms import Presence, SeenBy
from rcim.connect.codec import GoingAway
from rcim.connect.hub import Hub
from rcim.connect.online import Identity
from rcim.connect.outgoing import Outgoing
from rcim.connect.principal import Principal
from rcim.dispatch.request_ids import REQUEST_ID_MASK
from rcim.dispatch.requests import CommandRequest, Engine
from rcim.dispatch.requests import Request as EngineRequest
from rcim.flow.buckets import Patience, RateClass
from rcim.service import bounds, scopes
from rcim.service.audit import Audit, NoAuditLines
from rcim.service.back_ends import BackEnds
from rcim.service.context import ActorCommand, Answered, GroupIds, RunWorkflow, StoreQuery, Work
from rcim.service.operations import BY_REQUEST, Callers, Operation
from rcim.service.rates import rate_of
from rcim.service.requests import Request
from rcim.service.results import Requester, Result

log = LimitedLog("rcim.service")

CALL_TIMEOUT_S = 30.0
"""How long `call` waits: longer than any single request may take, with its callbacks before it."""
RETRY_MS = 1000
CALLS_OF_USER_MAX, CALLS_MAX = 4096, 16_384
"""Calls of one user, and of all, that the engine has not answered, given up or not: 4 KiB each."""
KEY_MARK = "\0key "
"""What a caller begins with that is an API key: no user id does."""

Held = CommandRequest
"""A command that found no room: `Service.retry` it after `mailbox_drained`, or say that it was `dropped`."""


class Service:
    """See the module's text; it is the RequestContext of all operations. `engine` carries out commands, queries and
    workflows, in this process or another. `number` tells several processes of one server apart. `meters` measures what
    this process does."""

    def __init__(
        self,
        limits: Limits,
        identity: Identity,
        engine: Engine,
        loop: asyncio.AbstractEventLoop,
        number: int = 0,
        meters: Meters | None = None,
    ) -> None:
        self.limits = limits
        self.loop = loop
        self.group_ids = GroupIds(clock.wall_ms(), number)
        self.back_ends = BackEnds(self, identity)
        self.audit = Audit(NoAuditLines())
        """Whoever keeps an audit log puts it here."""
        self.hub = Hub(limits=limits, identity=identity, engine=engine, loop=loop, number=number, meters=meters)
        self.meters = self.hub.meters
        self._engine = engine
        self._identity = identity
        self._calls: dict[str, int] = {}
        self._calls_open = 0

    def take_limits(self) -> None:
        """What is made of limits follows them (OP-03)."""
        self.hub.table.take_limits()
        self.hub.fanout.take_limits()

    def start(self) -> None:
        """Begin to watch deadlines."""
        self.hub.start()

    def stop(self) -> None:
        """No more timers."""
        self.hub.stop()

    def tell_heads(self, connection: Outgoing) -> None:
        """RX-05, with a heartbeat: send the client the newest SEQ of its active conversations."""
        self.hub.deliveries.tell_heads(connection)

    def going_away(self, notice: GoingAway) -> None:
        """Tell every connection that the server is stopping (WI-07)."""
        self.hub.going_away(notice)

    # -- requests

    def submit(self, principal: Principal, request: Request, requester: Requester, token: int) -> Held | None:
        """Carry out a request; `requester.answer(token, result)` is called once, maybe before this returns. Raises
        RcimError: it is refused, and nothing was done.

        Returns None, or the command if its conversation has no room for it: `requester.mailbox_drained` is then called
        when there is room, and the command is to be given to `retry`.
        """
        operation = BY_REQUEST[type(request)]
        if not operation.hot:
            _check(operation, principal, request)
            if operation.complete is not None or operation.reserves or _is_audited(operation, principal):
                return self._submit(operation, principal, request, token=token, requester=requester)
        work = operation.make(request, principal, self)
        if type(work) is not ActorCommand:
            self._hand_on(work, principal, requester, token)
            return None
        command = work.command
        force_setattr(command, "credential", principal.credential)  # it was made just now, and nobody else has it
        made = EngineRequest(work.key, command, requester, token)
        return None if self._engine.submit(made) else made

    def _submit(
        self, operation: Operation, principal: Principal, request: Request, *, token: int, requester: Requester
    ) -> Held | None:
        """As `submit`, of an operation with more to do before its result is given. Raises RcimError."""
        entry = ""
        if _is_audited(operation, principal):
            entry = self.audit.begin(operation.name, principal, request)
        try:
            work = operation.make(request, principal, self)
        except RcimError as error:
            self.note_result(entry, error.code.number)
            raise
        completing = _Completing(self, operation, principal, requester, entry)
        if type(work) is not ActorCommand:
            self._hand_on(work, principal, completing, token)
            return None
        force_setattr(work.command, "credential", principal.credential)
        made = EngineRequest(work.key, work.command, completing, token)
        return None if self._engine.submit(made) else made

    def note_result(self, entry: str, code: int) -> None:
        """The result of an operation that is audited, if it has an entry."""
        if entry:
            self.audit.end(entry, code)

    def _hand_on(self, work: Work, principal: Principal, requester: Requester, token: int) -> None:
        """What is no command: a workflow and a query are the engine's, an answer is there."""
        if type(work) is StoreQuery:
            self._engine.ask(EngineRequest("", work.query, requester, token))
        elif type(work) is RunWorkflow:
            force_setattr(work.workflow, "credential", principal.credential)
            self._engine.run(EngineRequest("", work.workflow, requester, token))
        else:
            assert type(work) is Answered
            requester.answer(token, work.result)

    def retry(self, held: Held) -> bool:
        """Try again to submit a command that found no room. False: there is still none; as for `submit`."""
        return self._engine.submit(held)

    @staticmethod
    def dropped(held: Held) -> None:
        """The command will not be tried again: the requester is gone."""
        if isinstance(held.reply_to, _Completing):
            held.reply_to.over(OVERLOADED.number)

    async def call(self, principal: Principal, request: Request, timeout_s: float = CALL_TIMEOUT_S) -> Result:
        """Carry out a request and return its result, in any process. Counts it for the user (LI-01). Raises RcimError:
        NO_SCOPE if the principal's API key may not; also if there is no result in time: then it may or may not have been
        carried out. Raises RcimError(OVERLOADED) at once
        if too many calls of the user or the API key, or of all, are not answered yet."""
        operation = BY_REQUEST[type(request)]
        if principal.scopes is not None:
            scopes.check(operation.name, principal.scopes)
        if not principal.admin:
            self.charge(principal, rate_of(operation, request), operation.name)
        key = principal.key
        caller = f"{KEY_MARK}{key.key_id}" if key is not None else principal.user_id
        most = self.back_ends.calls_of_key_max if key is not None else CALLS_OF_USER_MAX
        if self._calls.get(caller, 0) >= most or self._calls_open >= CALLS_MAX:
            raise RcimError(OVERLOADED, f"{operation.name}: too many calls wait for their results", RETRY_MS)
        call = _Call(self, caller)
        try:
            call.held = self.submit(principal, request, call, 0)
        except RcimError:
            call.end()
            raise
        if call.result.done():
            return call.result.result()
        timer = self.loop.call_later(timeout_s, call.late, operation.name, timeout_s)  # cheaper than asyncio.timeout
        try:
            return await call.result
        finally:
            call.given_up = True
            timer.cancel()

    def check(self, principal: Principal, request: Request) -> None:
        """Raises RcimError if the caller or a field of the request would be refused before anything is done. `call`
        carries it out: this is for who makes several requests and wants none of them done if one has a mistake. Only for
        operations that are a command, a query or a workflow: what is answered at once would be done."""
        operation = BY_REQUEST[type(request)]
        _check(operation, principal, request)
        operation.make(request, principal, self)

    def count_call(self, caller: str, by: int) -> None:
        """One call more (1) or less (-1) of this user, or this API key, that the engine has not answered."""
        self._calls_open += by
        count = self._calls[caller] = self._calls.get(caller, 0) + by
        if not count:
            del self._calls[caller]

    def charge(self, principal: Principal, rate: RateClass, what: str) -> None:
        """LI-01: count a request of the user. Raises TooFrequentError, and after too many of these RcimError(FLOODING),
        which is to end the connection."""
        table, now_ms = self.hub.table, clock.steady_ms()
        rates = table.rates
        wait = rates.take(principal.user_id, rate, now_ms)
        if not wait:
            return
        table.counters.too_frequent += 1
        patience = rates.refused(principal.user_id, now_ms)
        if patience is Patience.CLOSE:
            raise RcimError(FLOODING, "", rates.flooding_ms(principal.user_id, now_ms))
        raise TooFrequentError(what, wait, slow=patience is Patience.SLOW)

    # -- RequestContext

    @property
    def tells_presence(self) -> bool:
        return self._identity.presence

    @property
    def presence_seen_by(self) -> SeenBy:
        return self._identity.presence_seen_by

    def is_administrator(self, user_id: str) -> bool:
        return user_id in self._identity.administrators

    def set_state(self, principal: Principal, state: Presence) -> None:
        self.hub.set_state(principal, state)

    def watch(self, principal: Principal, user_ids: Sequence[str]) -> list[str]:
        return self.hub.watch(principal.connection_id, user_ids)

    def may_watch(self, connection_id: int, user_ids: Sequence[str], unseen: Sequence[str]) -> None:
        self.hub.may_watch(connection_id, user_ids, unseen)

    def unwatch(self, principal: Principal, user_ids: Sequence[str]) -> None:
        self.hub.unwatch(principal.connection_id, user_ids)

    def online(self, conversation: str) -> int:
        return self.hub.online(conversation)


def _is_audited(operation: Operation, principal: Principal) -> bool:
    """True if the audit log has to say that the principal changes something."""
    return operation.audited and (principal.admin or principal.acted_by != "")


def _check(operation: Operation, principal: Principal, request: Request) -> None:
    """Returns if the principal may call the operation and every field is within its bounds. Raises RcimError."""
    if operation.callers is Callers.ADMINISTRATORS:
        if not principal.admin:
            raise RcimError(ADMIN_REQUIRED)
    elif operation.callers is Callers.USERS and is_guest(principal.user_id):
        raise RcimError(NOT_PERMITTED, "guests may only join, leave and receive")
    bounds.check(request)


class TooFrequentError(RcimError):
    """LI-01: refused for its rate. `slow`: the user continues in spite of it, and is read slowly from now on."""

    def __init__(self, what: str, wait_ms: int, *, slow: bool) -> None:
        super().__init__(
            TOO_FREQUENT, f"{what}: too many requests of this kind in a minute; wait before the next", wait_ms
        )
        self.slow = slow


class _Completing:
    """Adds to a result what only this process knows, ends a reservation, and writes the result to the audit log, under
    `entry`, unless that is empty, before the caller gets it."""

    __slots__ = ("_entry", "_operation", "_principal", "_requester", "_reserved", "_service")

    def __init__(
        self, service: Service, operation: Operation, principal: Principal, requester: Requester, entry: str
    ) -> None:
        self._entry = entry
        self._service = service
        self._operation = operation
        self._principal = principal
        self._requester = requester
        self._reserved = operation.reserves
        if self._reserved:
            principal.reserve(1)

    def over(self, code: int) -> None:
        """The request is answered, or will not be: with 0, or with the number of an error."""
        self._service.note_result(self._entry, code)
        self._entry = ""
        if self._reserved:
            self._reserved = False
            self._principal.reserve(-1)

    def answer(self, token: int, result: Result) -> None:
        """Pass on the completed result."""
        self.over(result.code.number if isinstance(result, Refused) else 0)
        complete = self._operation.complete
        if complete is not None and not isinstance(result, Refused):
            try:
                result = complete(result, self._service)
            except Exception:  # a fault of ours: who asked must not wait for ever
                log.exception(
                    "completing a result failed",
                    operation=self._operation.name,
                    user=self._principal.user_id,
                    request_id=token & REQUEST_ID_MASK,
                )
                result = Refused(SERVER_ERROR, SERVER_ERROR.meaning)
        self._requester.answer(token, result)

    def mailbox_drained(self, key: str) -> None:
        """There is room again."""
        self._requester.mailbox_drained(key)


class _Call:
    """The ReplyTo of one `call`. It counts until the engine has answered, or has room for what it held, also if whoever
    called waits no more: so calls that are given up can't pile up."""

    __slots__ = ("_caller", "_open", "_service", "given_up", "held", "result")

    def __init__(self, service: Service, caller: str) -> None:
        self._service = service
        self._caller = caller
        self._open = True
        self.given_up = False
        """True if nobody waits for the result any more."""
        self.held: Held | None = None
        self.result: asyncio.Future[Result] = service.loop.create_future()
        service.count_call(caller, 1)

    def end(self) -> None:
        """It counts no longer."""
        if self._open:
            self._open = False
            self._service.count_call(self._caller, -1)

    def answer(self, token: int, result: Result) -> None:
        """The call is over, unless it was given up."""
        self.end()
        if self.result.done():
            return
        if isinstance(result, Refused):
            self.result.set_exception(RcimError(result.code, result.detail, result.retry_after_ms))
            if self.given_up:
                self.result.exception()  # nobody asks for it
        else:
            self.result.set_result(result)

    def late(self, name: str, timeout_s: float) -> None:
        """The result of this operation has not come in time."""
        if not self.result.done():
            self.given_up = True
            self.result.set_exception(RcimError(SERVER_ERROR, f"{name}: no result within {timeout_s:g} s"))

    def mailbox_drained(self, key: str) -> None:
        """There is room again for the command that is held: it goes in, unless nobody waits for it any more."""
        held, self.held = self.held, None
        if held is None:
            return
        if self.given_up:
            self._service.dropped(held)
            self.end()
        elif not self._service.retry(held):
            self.held = held
