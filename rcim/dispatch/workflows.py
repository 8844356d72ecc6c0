"""Workflows: requests that take several commands, one after the other or many at once, and get one answer at the end.

Each command is carried out by itself, as if somebody had asked for it; what became of each is in the answer. a workflow
that is cut off by the server's end has done some of it: who asks again has the rest done. Which of them are repeated
without being asked again, rcim/actor/repeating.py says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec

from rcim.actor import commands as c
from rcim.actor import user_commands as u
from rcim.actor.app_state import AppState
from rcim.actor.outcomes import (
    Added,
    Applied,
    Done,
    Invalidated,
    Page,
    Refused,
    Synced,
    Traced,
    UserFacts,
    UserImported,
)
from rcim.actor.queries import AccountsQuery, AppliedQuery, LoginQuery, MessageQuery, WhoIsOnlineQuery
from rcim.actor.user import user_key
from rcim.actor.workflows import (
    AcceptInvitation,
    DeleteUsers,
    EnterGroup,
    ImportUsers,
    ListUsers,
    SendAs,
    SyncGroups,
    Trace,
    WithMessage,
    Workflow,
)
from rcim.base import clock
from rcim.base.errors import BLOCKED, NO_SUCH_GROUP, NOT_PERMITTED, TOO_MANY_ENTRIES, RcimError
from rcim.base.terms import AddResult, Priority, pair_conversation
from rcim.dispatch.effect_runner import contained
from rcim.dispatch.entering import Entering
from rcim.dispatch.many import Many, Once, Users, WorkflowRunner
from rcim.dispatch.requests import Request
from rcim.rules.conversation_kinds import PAIR, kind_of
from rcim.store.answers import Accounts, LoginFacts

NOT_LET_IN = (NO_SUCH_GROUP, NOT_PERMITTED, BLOCKED, TOO_MANY_ENTRIES)
"""A group's answers to a guest that mean no; after any other it is asked again."""

APPLIED_AT_ONCE = 100
"""Applications of a user that are looked for in one query."""


class Workflows:
    """See the module's text."""

    def __init__(self, doer: WorkflowRunner, users: Users, app_state: AppState) -> None:
        self._doer = doer
        self._app_state = app_state
        self._entering = Entering(doer, users, app_state)
        self._listing: dict[str, deque[Request]] = {}
        """SC-07: by user, changes of its lists that wait for the one that is under way."""

    @staticmethod
    def takes(ask: Any) -> bool:
        """True if `ask` is one."""
        return isinstance(ask, Workflow | AccountsQuery) or (isinstance(ask, LoginQuery) and bool(ask.heard))

    def begin(self, request: Request) -> None:
        """Carry it out; `request` is answered at the end. Its commands are on the credential of who asked, so that what
        waits on the way is refused with it (ID-09)."""
        if isinstance(request.ask, Workflow) and self._void(request):
            return
        _ERRANDS[type(request.ask)](self, request, request.ask)

    def _void(self, request: Request) -> bool:
        """True if who asked counts no more as logged in; then it has been answered."""
        try:
            self._app_state.invalidated.check(request.ask.credential)
        except RcimError as error:
            self._answer(request, Refused(error.code, error.detail))
            return True
        return False

    def _answer(self, request: Request, result: Any) -> None:
        with contained("answer", request.key):
            request.reply_to.answer(request.token, result)

    def _many(
        self,
        commands: Sequence[tuple[str, Any]],
        each: Callable[[Any, Any], None],
        end: Callable[[], None],
    ) -> None:
        Many(self._doer, iter(commands), each, end).go()

    # -- MS-06

    def _send_as(self, request: Request, ask: SendAs) -> None:
        """The sender's profile from its actor, which has it in memory; then the message."""

        def read(_: Any, result: Any) -> None:
            if not isinstance(result, UserFacts):
                self._answer(request, result)
                return
            profile = result.profile
            send = c.SendMessage(
                ask.by,
                True,
                profile.nickname,
                profile.face_url,
                ask.client_msg_id,
                Priority(ask.priority),
                ask.body,
                self._app_state.config.sent_fields(profile.fields),
                ask.extra,
                ask.transient,
                credential=ask.credential,
            )
            self._many([(ask.key, send)], lambda _, sent: self._answer(request, sent), _nothing)

        self._many([(user_key(ask.by), u.ReadUser(ask.by, True))], read, _nothing)

    # -- MS-10, MS-11

    def _with_message(self, request: Request, ask: WithMessage) -> None:
        """The message as it is kept, then the command about it. What becomes of it in between, the actor knows."""

        def found(page: Any) -> None:
            if not isinstance(page, Page):
                self._answer(request, page)
                return
            original = page.messages[0] if page.messages else None
            command = msgspec.structs.replace(ask.command, original=original, credential=ask.credential)
            self._many([(ask.key, command)], lambda _, result: self._answer(request, result), _nothing)

        self._doer.read(Request("", MessageQuery(ask.key, ask.command.seq, ask.by), Once(found), 0))

    def _trace(self, request: Request, ask: Trace) -> None:
        """Where a message is, from its group's actor; if it has a SEQ, what it is now, from the store."""

        def traced(_: Any, result: Any) -> None:
            if not isinstance(result, Traced) or not result.seq:
                self._answer(request, result)
                return

            def found(page: Any) -> None:
                made = result
                if isinstance(page, Page) and page.messages:
                    message = page.messages[0]
                    to = message.extra.to if message.extra is not None else ()
                    made = msgspec.structs.replace(result, state=message.state, to=to)
                self._answer(request, made)

            self._doer.read(Request("", MessageQuery(ask.key, result.seq), Once(found), 0))

        self._many([(ask.key, ask.command)], traced, _nothing)

    # -- GR-10, ID-09

    def _enter(self, request: Request, ask: EnterGroup) -> None:
        self._entering.enter(ask, lambda result: self._answer(request, result))

    def _accept(self, request: Request, ask: AcceptInvitation) -> None:
        self._entering.accept(ask, lambda result: self._answer(request, result))

    def _sync(self, request: Request, ask: SyncGroups) -> None:
        def found(facts: Any) -> None:
            if not isinstance(facts, LoginFacts):
                self._answer(request, facts)
                return
            wanted, there = set(ask.groups), set(facts.conversations)
            results: list[tuple[str, bool, int]] = []

            def became(key: str, result: Any) -> None:
                code = result.code.number if isinstance(result, Refused) else 0
                results.append((key, key in wanted, code))

            def enter() -> None:
                """After the others are left: they make room for these."""
                self._entering.place(ask.by, sorted(wanted - there), became, end)

            def end() -> None:
                self._answer(request, Synced(sorted(results)))

            left = [(key, c.PlaceMember(ask.by, True, False)) for key in sorted(there - wanted)]
            keys = {id(command): key for key, command in left}
            self._many(left, lambda command, result: became(keys[id(command)], result), enter)

        self._doer.read(Request("", LoginQuery(ask.by, hidden=True), Once(found), 0))

    def _delete(self, request: Request, ask: DeleteUsers) -> None:
        """Signatures and connections first, so that nobody joins anew; then the groups."""
        known: dict[str, bool] = {}
        failed: dict[str, bool] = {}
        left: list[tuple[str, Any]] = []
        waiting = set(ask.users)

        def invalidated(command: Any, result: Any) -> None:
            known[command.by] = isinstance(result, Invalidated) and result.known
            failed[command.by] = isinstance(result, Refused)

        def ask_groups() -> None:
            for user_id in ask.users:
                self._doer.read(
                    Request("", LoginQuery(user_id, hidden=True, pairs=True), Once(partial(groups, user_id)), 0)
                )

        def groups(user_id: str, facts: Any) -> None:
            if isinstance(facts, LoginFacts):
                left.extend((key, leaving(key, user_id)) for key in facts.conversations)
                known[user_id] = known[user_id] or bool(facts.conversations)
            else:
                failed[user_id] = True
            ask_applied(user_id, "")

        def ask_applied(user_id: str, cursor: str) -> None:
            query = AppliedQuery(user_id, cursor, APPLIED_AT_ONCE, "")
            self._doer.read(Request("", query, Once(partial(applied, user_id)), 0))

        def applied(user_id: str, page: Any) -> None:
            """GR-12: nobody is to decide what a user has applied for whose id another may have then."""
            if isinstance(page, Applied):
                left.extend((one.key, leaving(one.key, user_id)) for one in page.rows)
                if page.next:
                    ask_applied(user_id, page.next)
                    return
            else:
                failed[user_id] = True
            waiting.discard(user_id)
            if not waiting:
                self._many(left, gone, end)

        def leaving(key: str, user_id: str) -> c.Command:
            if kind_of(key) is PAIR:
                return c.ForgetUser(user_id, True)
            return c.PlaceMember(user_id, True, False, True)

        def gone(command: Any, result: Any) -> None:
            # A group that has ended meanwhile is one that the user is no longer in.
            failed[command.by] |= isinstance(result, Refused) and result.code is not NO_SUCH_GROUP

        def end() -> None:
            self._answer(request, Added([(u, _deleted(known[u], failed[u])) for u in ask.users]))

        self._many(
            [(user_key(name), u.InvalidateUser(name, True, True, clock.wall_ms())) for name in ask.users],
            invalidated,
            ask_groups,
        )

    def _list_users(self, request: Request, ask: ListUsers) -> None:
        """SC-07. One change of a user's lists after the other: conversations get to know of them in their order."""
        if ask.by in self._listing:
            self._listing[ask.by].append(request)
            return
        self._listing[ask.by] = deque()
        self._list(request, ask)

    def _listed(self, request: Request, ask: ListUsers, result: Any) -> None:
        """One change is done: on with the next."""
        waiting = self._listing[ask.by]
        if waiting:
            following = waiting.popleft()
            self._list(following, following.ask)
        else:
            del self._listing[ask.by]
        self._answer(request, result)

    def _list(self, request: Request, ask: ListUsers) -> None:
        """First it is kept. Then conversations in memory get to know of it, also of what was so before; one that can't
        take it is not in memory any more, and is loaded with it."""

        def changed(_: Any, result: Any) -> None:
            if isinstance(result, Refused):
                self._listed(request, ask, result)
                return
            news = dict.fromkeys(ask.remove, False) | dict.fromkeys(ask.add, True)
            told = [
                (pair_conversation(ask.by, user), c.TakeListed(ask.by, True, ask.which, on))
                for user, on in news.items()
            ]
            self._many(told, lambda _, one: None, lambda: self._listed(request, ask, Done()))

        command = u.ChangeUserList(ask.by, True, ask.which, ask.add, ask.remove, credential=ask.credential)
        self._many([(user_key(ask.by), command)], changed, _nothing)

    def _import(self, request: Request, ask: ImportUsers) -> None:
        results: dict[str, AddResult] = {}

        def each(command: Any, result: Any) -> None:
            new = isinstance(result, UserImported) and result.new
            failed = isinstance(result, Refused)
            results[command.by] = AddResult.FAILED if failed else AddResult.ADDED if new else AddResult.ALREADY

        def end() -> None:
            self._answer(request, Added([(user_id, results[user_id]) for user_id, _, _ in ask.users]))

        commands = [
            (user_key(name), u.SetUserProfile(name, True, nickname or None, face_url or None, imported=True))
            for name, nickname, face_url in ask.users
        ]
        self._many(commands, each, end)

    def _keep_guest(self, request: Request, ask: LoginQuery) -> None:
        """ID-06: which of the groups that a guest hears let it in again, now that their owner is a new one."""
        assert ask.heard is not None
        kept: list[str] = []
        failed: list[Refused] = []

        commands = [(key, c.KeepGuest(ask.user_id, False)) for key in ask.heard]
        keys = {id(command): key for key, command in commands}

        def each(command: Any, result: Any) -> None:
            if not isinstance(result, Refused):
                kept.append(keys[id(command)])
            elif result.code not in NOT_LET_IN:
                failed.append(result)

        def told(facts: Any) -> None:
            """The store says which history it is of; a guest is a member of nothing."""
            found = isinstance(facts, LoginFacts)
            self._answer(request, msgspec.structs.replace(facts, conversations=kept) if found else facts)

        def end() -> None:
            if failed:
                self._answer(request, failed[0])
            else:
                self._doer.read(Request("", LoginQuery(ask.user_id, []), Once(told), 0))

        self._many(commands, each, end)

    def _accounts(self, request: Request, ask: AccountsQuery) -> None:
        def found(answer: Any) -> None:
            if not isinstance(answer, Accounts):
                self._answer(request, answer)
                return
            self._doer.look(
                WhoIsOnlineQuery(ask.users),
                lambda online: self._answer(request, Accounts(answer.rows, sorted(set(online)))),
            )

        self._doer.read(Request("", ask, Once(found), 0))


def _deleted(known: bool, failed: bool) -> AddResult:
    if failed:
        return AddResult.FAILED
    return AddResult.ADDED if known else AddResult.ALREADY


def _nothing() -> None:
    """The answer has been given already."""


_ERRANDS: dict[type, Callable[[Workflows, Request, Any], None]] = {
    SendAs: Workflows._send_as,
    WithMessage: Workflows._with_message,
    Trace: Workflows._trace,
    SyncGroups: Workflows._sync,
    EnterGroup: Workflows._enter,
    AcceptInvitation: Workflows._accept,
    DeleteUsers: Workflows._delete,
    ImportUsers: Workflows._import,
    ListUsers: Workflows._list_users,
    AccountsQuery: Workflows._accounts,
    LoginQuery: Workflows._keep_guest,
}
