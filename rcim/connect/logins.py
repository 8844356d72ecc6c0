"""Logins: who is logged in with which connections (ID-02, ID-08); subscriptions.py knows their conversations.

A login reads the user's conversations from the store, which takes a moment. What changes in that moment is kept
with the user, and counts on top of what was read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from rcim.actor.outcomes import Refused
from rcim.actor.queries import LoginQuery
from rcim.actor.records import UserProfile
from rcim.actor.user_commands import Credential
from rcim.base import clock
from rcim.base.errors import (
    COMMAND_DISABLED,
    LOGGED_OUT,
    TOO_FREQUENT,
    TOO_MANY_CONNECTIONS,
    RcimError,
)
from rcim.base.ids import check_user_id, is_guest, made_guest_id
from rcim.base.terms import DeviceNews
from rcim.connect.connection import Connection
from rcim.connect.online import Identity, OnlineUser, Waited, now_in, now_silent, refusal, valid_from
from rcim.connect.subscriptions import Subscriptions
from rcim.dispatch.requests import Request
from rcim.flow.buckets import RateClass
from rcim.handlers.context import Principal
from rcim.rules.conversation_kinds import is_created
from rcim.rules.devices import Device
from rcim.session.states import State
from rcim.session.usersig import read as read_sig
from rcim.session.usersig import verify
from rcim.store.answers import LoginFacts
from rcim.wire.frames import Login, LoginOk

if TYPE_CHECKING:
    from rcim.connect.hub import Hub


class _Pending:
    """A login that waits for the store; the ReplyTo of its query."""

    __slots__ = ("_connection", "_logins", "_request_id", "_signed_ms")

    def __init__(self, logins: Logins, connection: Connection, request_id: int, signed_ms: int) -> None:
        self._logins = logins
        self._connection = connection
        self._request_id = request_id
        self._signed_ms = signed_ms

    def answer(self, token: int, result: Any) -> None:
        self._logins.finish(self._connection, self._request_id, result, self._signed_ms)

    def mailbox_drained(self, key: str) -> None:
        """Queries need no mailbox."""


class Logins(Subscriptions):
    """See the module's text."""

    def __init__(self, hub: Hub, identity: Identity) -> None:
        super().__init__(hub)
        self._identity = identity
        self.guests = 0
        self._history_id = 0
        self.stamp = 0
        """That of the last commit which the owner of the conversations has told us of."""

    # -- logging in

    def begin(self, connection: Connection, login: Login, request_id: int) -> None:
        """Check the UserSig (ID-02), or let a guest in (ID-06), and ask the store what the user is in."""
        identity = self._identity
        guest = not login.user_id and not login.user_sig
        signed_ms = 0
        try:
            if guest:
                self._check_guests(connection)
                user_id = made_guest_id(connection.id)
                self.guests += 1
            else:
                user_id = check_user_id(login.user_id)
                verify(login.user_sig, identity.sdkappid, identity.key, user_id, clock.wall_ms() // 1000)
                signed_ms = read_sig(login.user_sig)["TLS.time"] * 1000
                if user_id not in identity.administrators:
                    self._check_rate(user_id)
        except RcimError as error:
            self._hub.counters.refused_logins += 1
            connection.session.refuse(error.code, request_id, Login.TYPE, error.detail, error.retry_after_ms)
            return
        connection.principal = Principal(user_id, user_id in identity.administrators)
        connection.principal.credential = None if guest else Credential(user_id, signed_ms)
        connection.principal.connection_id = connection.id
        now_ms = clock.wall_ms()
        news = DeviceNews.COMES_BACK if login.began_ms else DeviceNews.BEGINS
        connection.device = Device(connection.id, login.platform, login.device_tag, now_ms, now_ms, news=news)
        user = self._users.setdefault(user_id, OnlineUser())
        self._wait(user)
        connection.principal.groups = lambda: user.groups + user.entering
        connection.principal.reserve = user.reserve
        query = LoginQuery(user_id, [] if guest else None, signed_ms=signed_ms, began_ms=login.began_ms)
        self._hub.owner.ask(Request("", query, _Pending(self, connection, request_id, signed_ms), 0))

    def _check_rate(self, user_id: str) -> None:
        """LI-01. Raises RcimError(TOO_FREQUENT)."""
        rates, now_ms = self._hub.rates, clock.steady_ms()
        wait = rates.flooding_ms(user_id, now_ms) or rates.take(user_id, RateClass.OTHER, now_ms)
        if wait:
            raise RcimError(
                TOO_FREQUENT, "too many logins and other requests in a minute; wait before the next", wait
            )

    def _check_guests(self, connection: Connection) -> None:
        """ID-06. Each connection of a guest is somebody else, so how often guests come is counted by address. Raises
        RcimError."""
        if not self._identity.guests:
            raise RcimError(COMMAND_DISABLED, "this server takes no guests (app.guests)")
        if self.guests >= self._hub.limits.guests_max:
            raise RcimError(TOO_MANY_CONNECTIONS, f"the server takes at most {self._hub.limits.guests_max} guests")
        wait = self._hub.rates.take(connection.charged_to, RateClass.CONTROL, clock.steady_ms())
        if wait:
            raise RcimError(
                TOO_FREQUENT, "too many guest logins from this address in a minute; wait before the next", wait
            )

    def finish(self, connection: Connection, request_id: int, result: LoginFacts | Refused, signed_ms: int) -> None:
        """The store has answered: the session is open, or not."""
        principal = connection.principal
        assert principal is not None
        user = self._users[principal.user_id]
        waited = self._waited(user)
        refused = refusal(result, waited.logged_out, is_guest(principal.user_id), signed_ms, clock.wall_ms())
        if refused is not None or connection.closing or connection.session.state is not State.LOGIN_CHECK:
            self._drop_if_unused(principal.user_id, user)
            if is_guest(principal.user_id):
                self.guests -= 1
            connection.principal = None
            self._say_who_is_not_there(waited.changes)
            if refused is not None and not connection.closing:
                connection.session.refuse(
                    refused.code, request_id, Login.TYPE, refused.detail, refused.retry_after_ms
                )
                connection.flush_session()
            return
        assert isinstance(result, LoginFacts)
        self._heard(result)
        self._enter(
            principal.user_id, connection, now_in(result.conversations, waited.changes), now_silent(result, waited)
        )
        self._say_who_is_not_there(waited.changes)
        self._set_profile(principal, waited.profile or result.profile)
        connection.device = msgspec.structs.replace(connection.device, began_ms=result.began_ms)
        self._hub.counters.logins += 1
        limits = self._hub.limits
        answer = LoginOk(
            connection.id,
            clock.wall_ms(),
            limits.frame_bytes_max,
            limits.body_bytes_max,
            principal.admin,
            principal.nickname,
            principal.face_url,
            principal.user_id if is_guest(principal.user_id) else "",
            0 if is_guest(principal.user_id) else connection.device.began_ms,
            limits.dedupe_window_ms,
            result.history_id,
        )
        connection.session.accept_login(request_id, answer)
        connection.opened()
        self._hub.tell_device(principal.user_id, connection)

    def _heard(self, result: LoginFacts) -> None:
        """What the owner of the conversations says of its store. With another history than before, all who were logged in
        to that one have to come again (RX-03)."""
        if self._history_id not in (0, result.history_id):
            self.stamp = 0
            self._hub.begin_again()
        self._history_id = result.history_id
        self.stamp = max(self.stamp, result.stamp)

    def _set_profile(self, principal: Principal, profile: UserProfile) -> None:
        principal.nickname, principal.face_url = profile.nickname, profile.face_url
        principal.fields = self._identity.sent(profile.fields)

    def _enter(self, user_id: str, connection: Connection, conversations: set[str], silent: set[str]) -> None:
        # This device may know of a conversation before its other devices have been told: it counts for all of them.
        user = self._users[user_id]
        for key in conversations - user.conversations:
            self._put_in(user_id, user, key, key in silent)
        for key in (silent ^ user.silent) & user.conversations:
            self.silenced(user_id, key, key in silent)
        user.connections[connection] = None
        for key in user.conversations - user.silent:
            self._hub.fanout.audience(key).add(connection)

    def _wait(self, user: OnlineUser) -> None:
        user.pending += 1
        self._pending.add(user)

    def _waited(self, user: OnlineUser) -> Waited:
        """One answer less to wait for; returns what has changed meanwhile."""
        user.pending -= 1
        waited = Waited(user.changes, user.silences, user.profile, user.logged_out)
        if not user.pending:
            self.forget_changes(user)
            self._pending.discard(user)
        return waited

    # -- the owner of the conversations is a new one (resubscribe.py)

    def wait_for(self, user: OnlineUser) -> None:
        """An answer about the user is to come: what changes until then counts on top of it."""
        self._wait(user)

    def found_anew(self, user_id: str, user: OnlineUser, result: LoginFacts) -> None:
        """What the new owner says of the user: from now on it is in these conversations and no others."""
        waited = self._waited(user)
        self._heard(result)
        found, silent = now_in(result.conversations, waited.changes), now_silent(result, waited)
        for key in found - user.conversations:
            self.joined(user_id, key)
        for key in user.conversations - found:
            if is_created(key):  # in one-to-one conversations one stays
                self._hub.member_gone(key, user_id)
        for key in (silent ^ user.silent) & user.conversations:
            self.silenced(user_id, key, key in silent)
        self._close_invalidated(user, valid_from(result.profile, clock.wall_ms()))
        profile = waited.profile or result.profile
        self.profile_changed(user_id, profile.nickname, profile.face_url, profile.fields)
        self._drop_if_unused(user_id, user)
        self._say_who_is_not_there([*waited.changes, *found])

    @staticmethod
    def _close_invalidated(user: OnlineUser, valid_from_ms: int) -> None:
        """ID-09: the owner before may have died between invalidating the user's signatures and saying so."""
        for connection in list(user.connections):
            credential = connection.principal.credential if connection.principal is not None else None
            if credential is not None and credential.signed_ms < valid_from_ms:
                connection.refuse_all(LOGGED_OUT)

    # -- changes

    def profile_changed(self, user_id: str, nickname: str, face_url: str, fields: Mapping[str, bytes]) -> None:
        """What the user's connections send with from now on (MS-04)."""
        user = self._users.get(user_id)
        if user is None:
            return
        profile = UserProfile(nickname, face_url, fields=dict(fields))
        if user.pending:
            user.profile = profile
        for connection in user.connections:
            if connection.principal is not None:
                self._set_profile(connection.principal, profile)

    def log_out(self, user_id: str) -> None:
        """Close all connections of the user, also those about to be (ID-09)."""
        user = self._users.get(user_id)
        if user is not None and user.pending:
            user.logged_out = True
        for connection in self.connections(user_id):
            connection.refuse_all(LOGGED_OUT)

    # -- going

    def forget(self, connection: Connection) -> None:
        """The connection is gone."""
        principal = connection.principal
        user = self._users.get(principal.user_id) if principal else None
        if principal is None or user is None:
            return
        if connection in user.connections:
            del user.connections[connection]
            if is_guest(principal.user_id):
                self.guests -= 1
            else:
                self._hub.owner.device_gone(principal.user_id, connection.device, connection.end)
            for key in user.conversations - user.silent:
                audience = self._hub.fanout.find(key)
                if audience is not None and not user.connections:
                    audience.users -= 1
                self._hub.fanout.remove(key, connection)
        self._drop_if_unused(principal.user_id, user)

    def _drop_if_unused(self, user_id: str, user: OnlineUser) -> None:
        if user.connections:
            return
        for key in user.silent:
            self._hear(user_id, key)
        user.conversations.clear()
        user.pairs.clear()
        user.silent.clear()
        if not user.pending and self._users.pop(user_id, None) is not None:
            self._hub.owner.user_gone(user_id)
