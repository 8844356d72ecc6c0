"""Back ends of the app, which call without a connection: who they are, checked with each request (ID-08, AB-02).

An app administrator proves it with a UserSig, as at a login. For callers that an adapter has checked by its own service's
signature, `trusted` makes the principal. Nothing else in the server makes a principal that is not logged in.
"""

from __future__ import annotations

import hmac
from typing import Any

from rcim.actor.user_commands import Credential
from rcim.base import clock
from rcim.base.errors import ADMIN_REQUIRED, SYSTEM_SENDER, USERSIG_INVALIDATED, RcimError
from rcim.base.ids import check_user_id
from rcim.base.terms import Platform
from rcim.connect.online import Identity
from rcim.connect.principal import Principal as Principal
from rcim.rules.signatures import refused_as
from rcim.rules.system_accounts import is_system_account
from rcim.service import requests
from rcim.service.results import Accounts
from rcim.session import usersig

CHECKED_MS = 1000
"""How long what was read of an administrator's account counts: an invalidation takes effect within this time."""
CHECKED_MAX = 1000
"""Administrators whose check is remembered: the settings allow no more."""


class BackEnds:
    """Makes the principals of back ends. `service` carries out the query about an account."""

    def __init__(self, service: Any, identity: Identity) -> None:
        self._service = service
        self._identity = identity
        self._valid_from: dict[str, tuple[int, int]] = {}
        """For each administrator when that was read, and the time from which on UserSigs count; ms."""

    @property
    def sdkappid(self) -> int:
        """The app's number."""
        return self._identity.sdkappid

    @property
    def root(self) -> str:
        """The user id in whose name the app acts: its first administrator; empty if it has none."""
        return self._identity.root

    async def administrator(self, user_id: str, user_sig: str) -> Principal:
        """The administrator with this UserSig. Raises RcimError: what is wrong with the UserSig, or ADMIN_REQUIRED."""
        identity, now_ms = self._identity, clock.wall_ms()
        if is_system_account(check_user_id(user_id)):
            raise RcimError(SYSTEM_SENDER)
        usersig.verify(
            token=user_sig, sdkappid=identity.sdkappid, key=identity.key, user_id=user_id, now_s=now_ms // 1000
        )
        if user_id not in identity.administrators:
            raise RcimError(ADMIN_REQUIRED)
        signed_ms = usersig.read(user_sig)["TLS.time"] * 1000
        valid_from_ms = await self._valid_from_ms(user_id)
        if signed_ms < valid_from_ms:
            raise RcimError(USERSIG_INVALIDATED, refused_as(signed_ms, valid_from_ms))
        return self._made(user_id, signed_ms)

    def trusted(self, user_id: str = "") -> Principal:
        """The administrator in whose name a caller acts that an adapter has checked; empty: the app's first one."""
        return self._made(user_id or self.root, clock.wall_ms())

    def user_sig(self, user_id: str, expire_s: int) -> str:
        """A UserSig with which the user logs in, good from now on for `expire_s` seconds (ID-02). Raises
        RcimError(BAD_PARAMETER)."""
        identity = self._identity
        return usersig.mint(
            identity.sdkappid, identity.key, check_user_id(user_id), clock.wall_ms() // 1000, expire_s
        )

    def seal(self, text: str) -> str:
        """A signature of this text by the app's key, in hexadecimal: for URLs that this server gives out. No UserSig is
        ever a seal, or the other way round."""
        return hmac.new(self._identity.key.encode(), b"rcim seal\n" + text.encode(), "sha256").hexdigest()

    @staticmethod
    def _made(user_id: str, signed_ms: int) -> Principal:
        principal = Principal(user_id, True)
        principal.credential = Credential(user_id, signed_ms, Platform.SERVER)
        return principal

    async def _valid_from_ms(self, user_id: str) -> int:
        """From when on UserSigs of the user count (ID-09), at most CHECKED_MS old. Raises RcimError."""
        now_ms = clock.steady_ms()
        known = self._valid_from.get(user_id)
        if known is not None and now_ms - known[0] < CHECKED_MS:
            return known[1]
        found = await self._service.call(Principal(user_id, True), requests.AdminAccountsQuery([user_id]))
        assert isinstance(found, Accounts)
        if len(self._valid_from) >= CHECKED_MAX:
            self._valid_from.clear()
        self._valid_from[user_id] = (now_ms, found.rows[0].valid_from_ms)
        return found.rows[0].valid_from_ms
