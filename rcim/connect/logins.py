"""Logins: who is logged in with which connections, and which conversations each of them is in (ID-02, ID-08).

A login reads the user's conversations from the store, which takes a moment. What changes in that moment is kept
with the user, and counts on top of what was read.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from rcim.actor.outcomes import HeadsQuery, LoginQuery, Refused
from rcim.base import clock
from rcim.base.errors import RcimError
from rcim.base.ids import check_user_id
from rcim.connect.connection import Connection
from rcim.dispatch.requests import Request
from rcim.handlers.desk import Caller
from rcim.session.states import State
from rcim.session.usersig import verify
from rcim.store.answers import Heads, LoginFacts
from rcim.wire.frames import Login, LoginOk

if TYPE_CHECKING:
    from rcim.connect.hub import Hub


ANEW_PAUSE_S = 1.0
"""Before a question for a user that was refused is asked again."""
HEADS_AT_ONCE = 256
"""Conversations asked for in one query."""


class Identity:
    """Whose app this is: `sdkappid`, the signing `key`, and the ids of its administrators."""

    __slots__ = ("administrators", "key", "sdkappid")

    def __init__(self, sdkappid: int, key: str, administrators: frozenset[str]) -> None:
        self.sdkappid = sdkappid
        self.key = key
        self.administrators = administrators


class _User:
    """A user with at least one connection that is logged in or about to be."""

    __slots__ = ("changes", "connections", "conversations", "entering", "pending", "profile")

    def __init__(self) -> None:
        self.connections: dict[Connection, None] = {}
        self.conversations: set[str] = set()
        self.entering = 0
        """Requests under way that would put the user into a conversation."""
        self.profile: tuple[str, str] | None = None
        """While `pending`: nickname and face URL, if they have changed."""
        self.pending = 0
        """Logins of this user that wait for the store."""
        self.changes: dict[str, bool] = {}
        """While `pending`: conversation to whether the user is in it now."""

    def reserve(self, by: int) -> None:
        """Count requests that are about to put the user into a conversation."""
        self.entering += by


class _Pending:
    """A login that waits for the store; the Origin of its query."""

    __slots__ = ("_connection", "_logins", "_request_id")

    def __init__(self, logins: Logins, connection: Connection, request_id: int) -> None:
        self._logins = logins
        self._connection = connection
        self._request_id = request_id

    def answer(self, token: int, result: Any) -> None:
        self._logins.finish(self._connection, self._request_id, result)

    def mailbox_drained(self, key: str) -> None:
        """Queries need no mailbox."""


class _Anew:
    """A question for a user that is online; the Origin of its query."""

    __slots__ = ("_logins", "_user", "_user_id")

    def __init__(self, logins: Logins, user_id: str, user: _User) -> None:
        self._logins = logins
        self._user_id = user_id
        self._user = user

    def answer(self, token: int, result: Any) -> None:
        self._logins._anew(self._user_id, self._user, result)

    def mailbox_drained(self, key: str) -> None:
        """Queries need no mailbox."""


class _HeadsAsked:
    """The question for the newest SEQ of conversations; the Origin of its query."""

    __slots__ = ("_hub", "_keys")

    def __init__(self, hub: Hub, keys: list[str]) -> None:
        self._hub = hub
        self._keys = keys

    def ask(self) -> None:
        """Ask, until there is an answer."""
        self._hub.owner.ask(Request("", HeadsQuery(self._keys), self, 0))

    def answer(self, token: int, result: Any) -> None:
        if isinstance(result, Heads):
            self._hub.missed(result.newest)
        else:
            self._hub.loop.call_later(ANEW_PAUSE_S, self.ask)

    def mailbox_drained(self, key: str) -> None:
        """Queries need no mailbox."""


def _now_in(result: LoginFacts, changed: dict[str, bool]) -> set[str]:
    """The conversations of a user: what was read, and what has changed since."""
    found = {key for key in result.conversations if changed.get(key, True)}
    return found | {key for key, there in changed.items() if there}


class Logins:
    """See the module's text."""

    def __init__(self, hub: Hub, identity: Identity) -> None:
        self._hub = hub
        self._identity = identity
        self._users: dict[str, _User] = {}
        self._pending: set[_User] = set()
        """Those who wait for the store."""
        self._asking_anew: set[_User] = set()

    def __len__(self) -> int:
        return len(self._users)

    # -- logging in

    def begin(self, connection: Connection, login: Login, request_id: int) -> None:
        """Check the UserSig (ID-02) and ask the store what the user is in."""
        identity = self._identity
        try:
            check_user_id(login.user_id)
            verify(login.user_sig, identity.sdkappid, identity.key, login.user_id, clock.wall_ms() // 1000)
        except RcimError as error:
            self._hub.counters.refused_logins += 1
            connection.session.refuse(error.code, request_id, Login.TYPE, error.detail)
            return
        connection.caller = Caller(login.user_id, login.user_id in identity.administrators)
        connection.platform = login.platform
        connection.device_tag = login.device_tag
        user = self._users.setdefault(login.user_id, _User())
        self._wait(user)
        connection.caller.groups = lambda: len(user.conversations) + user.entering
        connection.caller.reserve = user.reserve
        query = LoginQuery(login.user_id)
        self._hub.owner.ask(Request("", query, _Pending(self, connection, request_id), 0))

    def finish(self, connection: Connection, request_id: int, result: LoginFacts | Refused) -> None:
        """The store has answered: the session is open, or not."""
        caller = connection.caller
        assert caller is not None
        user = self._users[caller.user_id]
        changed, profile = self._waited(user)
        if isinstance(result, Refused) or connection.closing or connection.session.state is not State.LOGIN_CHECK:
            self._drop_if_unused(caller.user_id, user)
            connection.caller = None
            self._say_who_is_not_there(changed)
            if isinstance(result, Refused) and not connection.closing:
                connection.session.refuse(result.code, request_id, Login.TYPE, result.detail, result.retry_after_ms)
                connection.say()
            return
        self._enter(user, connection, list(_now_in(result, changed)))
        self._say_who_is_not_there(changed)
        caller.nickname, caller.face_url = profile or (result.profile.nickname, result.profile.face_url)
        self._hub.counters.logins += 1
        limits = self._hub.limits
        answer = LoginOk(
            connection.id,
            clock.wall_ms(),
            limits.frame_bytes_max,
            limits.body_bytes_max,
            caller.admin,
            caller.nickname,
            caller.face_url,
        )
        connection.session.accept_login(request_id, answer)
        connection.opened()

    def _enter(self, user: _User, connection: Connection, conversations: list[str]) -> None:
        # This device may know of a conversation before its other devices have been told: it counts for all of them.
        for key in set(conversations) - user.conversations:
            user.conversations.add(key)
            audience = self._hub.fanout.audience(key)
            audience.users += 1
            for other in user.connections:
                audience.add(other)
        user.connections[connection] = None
        for key in user.conversations:
            self._hub.fanout.audience(key).add(connection)

    def _wait(self, user: _User) -> None:
        user.pending += 1
        self._pending.add(user)

    def _waited(self, user: _User) -> tuple[dict[str, bool], tuple[str, str] | None]:
        """One answer less to wait for; returns what has changed meanwhile: conversations, and the profile."""
        user.pending -= 1
        changed, profile = user.changes, user.profile
        if not user.pending:
            user.changes, user.profile = {}, None
            self._pending.discard(user)
        return changed, profile

    def _say_who_is_not_there(self, conversations: Iterable[str]) -> None:
        """The owner was told of a user of ours in these; of some of them nobody is here."""
        for key in conversations:
            if not self._hub.listening(key):
                self._hub.owner.nobody_in(key)

    def expects(self, conversation: str) -> bool:
        """True if a login that waits for the store is about to enter `conversation`."""
        return any(user.changes.get(conversation) for user in self._pending)

    # -- the owner of the conversations is a new one

    def ask_anew(self) -> None:
        """Ask for everyone who is online what it is in."""
        for user_id, user in list(self._users.items()):
            # What was heard from the owner before is older than what this one answers.
            user.changes, user.profile = {}, None
            if user not in self._asking_anew:  # else the question goes out again by itself
                self._wait(user)
                self._asking_anew.add(user)
                self._ask_for(user_id, user)
        if not self._asking_anew:
            self._ask_heads()

    def _ask_for(self, user_id: str, user: _User) -> None:
        self._hub.owner.ask(Request("", LoginQuery(user_id), _Anew(self, user_id, user), 0))

    def _anew(self, user_id: str, user: _User, result: LoginFacts | Refused) -> None:
        if isinstance(result, Refused):  # the store has a bad moment; who is online must not stay deaf
            self._hub.loop.call_later(ANEW_PAUSE_S, self._ask_for, user_id, user)
            return
        changed, profile = self._waited(user)
        self._asking_anew.discard(user)
        found = _now_in(result, changed)
        for key in found - user.conversations:
            self.joined(user_id, key)
        for key in user.conversations - found:
            self._hub.member_gone(key, user_id)
        self.profile_changed(user_id, *(profile or (result.profile.nickname, result.profile.face_url)))
        self._drop_if_unused(user_id, user)
        self._say_who_is_not_there([*changed, *found])
        if not self._asking_anew:
            self._ask_heads()

    def _ask_heads(self) -> None:
        keys = [audience.key for audience in self._hub.fanout]
        for at in range(0, len(keys), HEADS_AT_ONCE):
            _HeadsAsked(self._hub, keys[at : at + HEADS_AT_ONCE]).ask()

    # -- changes

    def joined(self, user_id: str, conversation: str) -> None:
        """The user is in `conversation` from now on, with all its connections (ID-05)."""
        user = self._users.get(user_id)
        if user is None:
            return
        if user.pending:
            user.changes[conversation] = True
        if not user.connections or conversation in user.conversations:
            return
        user.conversations.add(conversation)
        audience = self._hub.fanout.audience(conversation)
        audience.users += 1
        for connection in user.connections:
            audience.add(connection)

    def left(self, user_id: str, conversation: str) -> list[Connection]:
        """The user is no longer in `conversation`; returns its connections."""
        user = self._users.get(user_id)
        if user is None:
            return []
        if user.pending:
            user.changes[conversation] = False
        if conversation not in user.conversations:
            return []
        user.conversations.discard(conversation)
        audience = self._hub.fanout.find(conversation)
        if audience is not None:
            audience.users -= 1
        for connection in user.connections:
            self._hub.fanout.remove(conversation, connection)
        return list(user.connections)

    def ended(self, conversation: str) -> None:
        """`conversation` is gone: nobody is in it any more. Its audience is told by the fan-out."""
        audience = self._hub.fanout.find(conversation)
        for connection in audience.members if audience else ():
            if connection.caller is not None:
                self._users[connection.caller.user_id].conversations.discard(conversation)
        for user in self._users.values():
            if user.pending:
                user.changes[conversation] = False

    def profile_changed(self, user_id: str, nickname: str, face_url: str) -> None:
        """What the user's connections send with from now on (MS-04)."""
        user = self._users.get(user_id)
        if user is not None and user.pending:
            user.profile = (nickname, face_url)
        for connection in user.connections if user else ():
            if connection.caller is not None:
                connection.caller.nickname, connection.caller.face_url = nickname, face_url

    # -- going

    def forget(self, connection: Connection) -> None:
        """The connection is gone."""
        caller = connection.caller
        user = self._users.get(caller.user_id) if caller else None
        if caller is None or user is None:
            return
        if connection in user.connections:
            del user.connections[connection]
            for key in user.conversations:
                audience = self._hub.fanout.find(key)
                if audience is not None and not user.connections:
                    audience.users -= 1
                self._hub.fanout.remove(key, connection)
        self._drop_if_unused(caller.user_id, user)

    def _drop_if_unused(self, user_id: str, user: _User) -> None:
        if not user.connections and not user.pending:
            if self._users.pop(user_id, None) is not None:
                self._hub.owner.user_gone(user_id)
        elif not user.connections:
            user.conversations.clear()
