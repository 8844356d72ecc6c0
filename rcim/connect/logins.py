"""Logins: who may be logged in on a connection (ID-02, ID-06, ID-08), and what it is told of its user.

A login reads the user's conversations from the store, which takes a moment. What changes in that moment is kept
with the user (subscriptions.py), and counts on top of what was read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import msgspec

from rcim.actor.outcomes import AnyResult, Refused
from rcim.actor.user_commands import Credential
from rcim.actor.user_records import UserProfile
from rcim.actor.workflows import Login as LoginWorkflow
from rcim.base import clock
from rcim.base.errors import (
    COMMAND_DISABLED,
    LOGGED_OUT,
    SERVER_ERROR,
    SYSTEM_SENDER,
    TOO_FREQUENT,
    TOO_MANY_CONNECTIONS,
    RcimError,
)
from rcim.base.ids import check_user_id, is_guest, made_guest_id
from rcim.base.limits import Limits
from rcim.base.terms import DeviceNews, GoneReason, Platform
from rcim.connect.asking import run
from rcim.connect.codec import ConversationLeft
from rcim.connect.online import Identity, OnlineUser, now_in, now_silent, refusal, valid_from
from rcim.connect.outgoing import Outgoing
from rcim.connect.principal import CLIENT, Principal, Source
from rcim.connect.subscriptions import Subscriptions
from rcim.connect.table import ConnectionTable, Counters, for_each
from rcim.dispatch.requests import Engine
from rcim.flow.buckets import RateClass
from rcim.rules.conversation_kinds import is_created
from rcim.rules.devices import Device
from rcim.rules.system_accounts import is_system_account
from rcim.rules.targets import Labels
from rcim.session.usersig import verify
from rcim.store.answers import Answer, LoginFacts


class LoginRequest(msgspec.Struct, frozen=True, gc=False):
    """Who wants to be logged in, and on what: with neither user id nor UserSig it is a guest. `began_ms` is when the
    session that comes back began; 0: it begins now (ID-04)."""

    user_id: str
    user_sig: str
    platform: Platform
    device_tag: str = ""
    began_ms: int = 0


class Logins:
    """See the module's text. `history_changed` is called when the engine has another history than before (RX-03)."""

    def __init__(
        self,
        table: ConnectionTable[Outgoing],
        subscriptions: Subscriptions,
        engine: Engine,
        identity: Identity,
        history_changed: Callable[[], None],
    ) -> None:
        self._table = table
        self._subscriptions = subscriptions
        self._engine = engine
        self._identity = identity
        self._history_changed = history_changed
        self.guests = 0
        """How many are connected."""
        self._history_id = 0
        self.stamp = 0
        """That of the last commit which the engine has told us of."""

    @property
    def limits(self) -> Limits:
        """Those of this process."""
        return self._table.limits

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop in whose thread everything runs."""
        return self._table.loop

    @property
    def counters(self) -> Counters:
        """What the connections of this process have done."""
        return self._table.counters

    # -- logging in

    def begin(self, connection: Outgoing, login: LoginRequest, token: int) -> None:
        """Check the UserSig (ID-02), or let a guest in (ID-06), and ask the store what the user is in. The connection
        gets `logged_in` or `login_refused`, with `token`."""
        guest = not login.user_id and not login.user_sig
        try:
            user_id, signed_ms = (self._guest(connection), 0) if guest else self._verified(login)
        except RcimError as error:
            self.counters.refused_logins += 1
            connection.login_refused(token, error)
            return
        connection.principal = principal = Principal(user_id, user_id in self._identity.administrators)
        address = connection.host if self._identity.client_addresses else ""
        principal.credential = None if guest else Credential(user_id, signed_ms, login.platform, address=address)
        principal.connection_id = connection.id
        principal.source = Source(CLIENT, connection.address)
        now_ms = clock.wall_ms()
        news = DeviceNews.COMES_BACK if login.began_ms else DeviceNews.BEGINS
        connection.device = Device(
            connection_id=connection.id,
            platform=login.platform,
            tag=login.device_tag,
            began_ms=now_ms,
            login_ms=now_ms,
            news=news,
            address=address,
        )
        user = self._subscriptions.wait_for(user_id)
        principal.groups = lambda: user.groups + user.entering
        principal.reserve = user.reserve
        workflow = LoginWorkflow(user_id, guest, signed_ms, login.began_ms, principal.admin, login.platform, address)
        run(
            self._engine,
            workflow,
            lambda result: self._finish(
                connection=connection, principal=principal, token=token, signed_ms=signed_ms, result=result
            ),
        )

    def _verified(self, login: LoginRequest) -> tuple[str, int]:
        """The user, and when the UserSig was made (wall clock, milliseconds). Raises RcimError."""
        identity = self._identity
        user_id = check_user_id(login.user_id)
        if is_system_account(user_id):  # SY-06
            raise RcimError(SYSTEM_SENDER)
        signed = verify(
            token=login.user_sig,
            sdkappid=identity.sdkappid,
            key=identity.key,
            previous_key=identity.previous_key,
            user_id=user_id,
            now_s=clock.wall_ms() // 1000,
        )
        if user_id not in identity.administrators:
            self._check_rate(user_id)
        return user_id, signed.made_s * 1000

    def _check_rate(self, user_id: str) -> None:
        """LI-01. Raises RcimError(TOO_FREQUENT)."""
        rates, now_ms = self._table.rates, clock.steady_ms()
        wait = rates.flooding_ms(user_id, now_ms) or rates.take(user_id, RateClass.OTHER, now_ms)
        if wait:
            raise RcimError(
                TOO_FREQUENT, "too many logins and other requests in a minute; wait before the next", wait
            )

    def _guest(self, connection: Outgoing) -> str:
        """ID-06: the id of a new guest. Each connection of a guest is somebody else, so how often guests come is counted
        by address. Raises RcimError."""
        if not self._identity.guests:
            raise RcimError(COMMAND_DISABLED, "this server takes no guests (app.guests)")
        if self.guests >= self.limits.guests_max:
            raise RcimError(TOO_MANY_CONNECTIONS, f"the server takes at most {self.limits.guests_max} guests")
        wait = self._table.rates.take(connection.charged_to, RateClass.CONTROL, clock.steady_ms())
        if wait:
            raise RcimError(
                TOO_FREQUENT, "too many guest logins from this address in a minute; wait before the next", wait
            )
        self.guests += 1
        return made_guest_id(connection.id)

    def _finish(
        self, connection: Outgoing, principal: Principal, token: int, signed_ms: int, result: AnyResult | Answer
    ) -> None:
        """The store has answered: the login is accepted, or not."""
        user_id = principal.user_id
        subscriptions = self._subscriptions
        user = subscriptions.find(user_id)
        assert user is not None, "a user for whom an answer is awaited is kept"
        waited = subscriptions.waited(user)
        if not isinstance(result, LoginFacts | Refused):
            result = Refused(SERVER_ERROR, SERVER_ERROR.meaning)
        refused = refusal(
            result=result,
            logged_out=waited.logged_out,
            guest=is_guest(user_id),
            signed_ms=signed_ms,
            wall_ms=clock.wall_ms(),
        )
        if isinstance(result, Refused) or refused is not None or connection.closing or not connection.expects_login:
            subscriptions.drop_if_unused(user_id)
            if is_guest(user_id):
                self.guests -= 1
            connection.principal = None
            subscriptions.report_absent(waited.changes)
            if refused is not None and not connection.closing:
                self.counters.refused_logins += 1
                connection.login_refused(token, RcimError(refused.code, refused.detail, refused.retry_after_ms))
            return
        self._heard(result)
        conversations = now_in(result.conversations, waited.changes)
        subscriptions.enter(user_id, connection, conversations, now_silent(result, waited))
        subscriptions.report_absent(waited.changes)
        self._set_profile(principal, waited.profile or result.profile)
        principal.labels = waited.labels or result.profile.labels
        connection.device = msgspec.structs.replace(connection.device, began_ms=result.began_ms)
        self.counters.logins += 1
        connection.logged_in(token, result.history_id)
        self.report_device(user_id, connection)

    def report_device(self, user_id: str, connection: Outgoing) -> None:
        """The engine gets to know of the device (ID-04)."""
        if not is_guest(user_id):
            device = connection.device
            news = device.news is not DeviceNews.KNOWN
            self._engine.device_here(user_id, device, (lambda: _is_known(connection)) if news else None)

    def _heard(self, result: LoginFacts) -> None:
        """What the engine says of its store. With another history than before, all who were logged in to that one have to
        come again (RX-03)."""
        if self._history_id not in (0, result.history_id):
            self.stamp = 0
            self._history_changed()
        self._history_id = result.history_id
        self.stamp = max(self.stamp, result.stamp)

    def _set_profile(self, principal: Principal, profile: UserProfile) -> None:
        principal.nickname, principal.face_url = profile.nickname, profile.face_url
        principal.fields = self._identity.sent(profile.fields)

    # -- the engine is a new one (resubscribe.py)

    def found_again(self, user_id: str, user: OnlineUser, result: LoginFacts) -> None:
        """What the new engine says of the user: from now on it is in these conversations and no others."""
        subscriptions = self._subscriptions
        waited = subscriptions.waited(user)
        self._heard(result)
        found, silent = now_in(result.conversations, waited.changes), now_silent(result, waited)
        for key in found - user.conversations:
            subscriptions.joined(user_id, key)
        for key in user.conversations - found:
            if is_created(key):  # in one-to-one conversations one stays
                for connection in subscriptions.left(user_id, key):
                    connection.push(key, ConversationLeft(GoneReason.LEFT))
        for key in (silent ^ user.silent) & user.conversations:
            subscriptions.silenced(user_id, key, key in silent)
        subscriptions.hear_channels(user_id, user, silent)
        self._close_invalidated(user, valid_from(result.profile, clock.wall_ms()))
        blocked = result.blocked_until_ms > clock.wall_ms() and user_id not in self._identity.administrators
        # SY-06, ID-09: it was made one, or blocked, and the engine before has died before saying so
        if result.profile.system_sender or blocked:
            self.log_out(user_id)
        profile = waited.profile or result.profile
        self.profile_changed(user_id, profile.nickname, profile.face_url, profile.fields)
        self.labels_changed(user_id, waited.labels or result.profile.labels)
        subscriptions.drop_if_unused(user_id)
        subscriptions.report_absent([*waited.changes, *found])

    @staticmethod
    def _close_invalidated(user: OnlineUser, valid_from_ms: int) -> None:
        """ID-09: the engine before may have died between invalidating the user's signatures and saying so."""

        def close_if_void(connection: Outgoing) -> None:
            credential = connection.principal.credential if connection.principal is not None else None
            if credential is not None and credential.signed_ms < valid_from_ms:
                connection.refuse_all(LOGGED_OUT)

        for_each(list(user.connections), close_if_void)

    # -- changes

    def profile_changed(self, user_id: str, nickname: str, face_url: str, fields: Mapping[str, bytes]) -> None:
        """What the user's connections send with from now on (MS-04)."""
        user = self._subscriptions.find(user_id)
        if user is None:
            return
        profile = UserProfile(nickname, face_url, fields=dict(fields))
        if user.pending:
            user.profile = profile
        for connection in user.connections:
            if connection.principal is not None:
                self._set_profile(connection.principal, profile)

    def labels_changed(self, user_id: str, labels: Labels) -> None:
        """By what broadcasts to the user are targeted from now on (SY-04)."""
        user = self._subscriptions.find(user_id)
        if user is None:
            return
        if user.pending:
            user.labels = labels
        for connection in user.connections:
            if connection.principal is not None:
                connection.principal.labels = labels

    def log_out(self, user_id: str) -> None:
        """Close all connections of the user, also those about to be (ID-09)."""
        user = self._subscriptions.find(user_id)
        if user is not None and user.pending:
            user.logged_out = True
        for_each(self._subscriptions.connections(user_id), lambda connection: connection.refuse_all(LOGGED_OUT))

    def forget(self, connection: Outgoing) -> None:
        """The connection is gone."""
        principal = connection.principal
        if principal is None:
            return
        if self._subscriptions.remove(principal.user_id, connection):
            if is_guest(principal.user_id):
                self.guests -= 1
            else:
                self._engine.device_gone(principal.user_id, connection.device, connection.end)
        self._subscriptions.drop_if_unused(principal.user_id)


def _is_known(connection: Outgoing) -> None:
    """What the app is to hear of its device is durable: it is no news to any owner (ID-07)."""
    connection.device = msgspec.structs.replace(connection.device, news=DeviceNews.KNOWN)
