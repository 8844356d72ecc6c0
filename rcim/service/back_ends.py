"""Back ends of the app, which call without a connection: who they are, checked with each request (ID-08, AB-02).

An app administrator proves it with a UserSig, as at a login; who has an API key sends its secret. For callers that an
adapter has checked by its own service's signature, `trusted` makes the principal.
Nothing else in the server makes a principal that is not logged in.
"""

from __future__ import annotations

import hmac
import math
from typing import Any

from rcim.actor.api_keys import ApiKey, digest_of, id_of
from rcim.actor.user_commands import Credential
from rcim.base import clock
from rcim.base.errors import ADMIN_REQUIRED, BAD_API_KEY, SYSTEM_SENDER, TOO_FREQUENT, USERSIG_INVALIDATED, RcimError
from rcim.base.ids import check_user_id
from rcim.base.terms import Platform
from rcim.connect.online import Identity
from rcim.connect.principal import Principal as Principal
from rcim.connect.principal import Source as Source
from rcim.flow.call_rates import Rates
from rcim.rules.signatures import refused_as
from rcim.rules.system_accounts import is_system_account
from rcim.service import requests
from rcim.service.results import Accounts, KeyFound
from rcim.session import usersig

CHECKED_MS = 1000
"""How long what was read of an administrator's account, or of an API key, counts: an invalidation or a revocation takes
effect within this time."""
PATIENCE_MS = 25_000
"""How long a send of a back end may wait for its turn (LI-02): five seconds less than `Service.call` waits, so that none
is answered as failed and carried out all the same."""
CHECKED_MAX = 1000
"""Administrators, and keys, whose check is remembered: there are no more of either."""
CALLS_OF_KEY_MAX = 250
"""Calls of one API key that are not answered; the settings may say less."""


class BackEnds:
    """Makes the principals of back ends. `service` carries out the query about an account."""

    def __init__(self, service: Any, identity: Identity) -> None:
        self._service = service
        self._identity = identity
        self._valid_from: dict[str, tuple[int, int]] = {}
        """For each administrator when that was read, and the time from which on UserSigs count; ms."""
        self._keys: dict[bytes, tuple[int, ApiKey]] = {}
        """For the digest of each secret when its key was read, and the key."""
        self._rates = Rates()
        self.calls_of_key_max = CALLS_OF_KEY_MAX

    @property
    def sdkappid(self) -> int:
        """The app's number."""
        return self._identity.sdkappid

    @property
    def root(self) -> str:
        """The user id in whose name the app acts: its first administrator; empty if it has none."""
        return self._identity.root

    async def administrator(self, user_id: str, user_sig: str, source: Source | None = None) -> Principal:
        """The administrator with this UserSig, who calls from `source`. Raises RcimError: what is wrong with the UserSig,
        or ADMIN_REQUIRED."""
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
        return self._made(user_id, signed_ms, source)

    async def key(self, secret: str, source: Source | None = None) -> Principal:
        """The back end that has this secret of an API key and calls from `source`; counts a request of the key (ID-08).
        Raises RcimError: BAD_API_KEY, or TOO_FREQUENT with the time to wait."""
        digest, now_ms = digest_of(secret), clock.steady_ms()
        known = self._keys.get(digest)
        if known is None or now_ms - known[0] >= CHECKED_MS:
            known = self._keys[digest] = (now_ms, await self._read_key(secret, digest))
        key = known[1]
        key.check_time(clock.wall_ms())
        if key.acts_as not in self._identity.administrators:
            raise RcimError(
                BAD_API_KEY, f"{key.acts_as}, in whose name the key acts, is no app administrator any more"
            )
        wait_ms = self._rates.take(key.key_id, key.per_s, now_ms)
        if wait_ms:
            raise RcimError(TOO_FREQUENT, f"at most {key.per_s} requests of this key in a second", math.ceil(wait_ms))
        principal = self._made(key.acts_as, clock.wall_ms(), source)
        principal.key, principal.scopes = key, frozenset(key.scopes)
        return principal

    async def _read_key(self, secret: str, digest: bytes) -> ApiKey:
        """The key as it is now. Raises RcimError; then nothing is remembered of it."""
        self._keys.pop(digest, None)
        id_of(secret)  # what is no key at all is not asked for
        found = await self._service.call(Principal(self.root, True), requests.AdminKeyUse(secret))
        assert isinstance(found, KeyFound)
        if len(self._keys) >= CHECKED_MAX:
            self._keys.clear()
        return found.key

    def trusted(self, user_id: str = "", source: Source | None = None) -> Principal:
        """The administrator in whose name a caller acts that an adapter has checked; empty: the app's first one."""
        return self._made(user_id or self.root, clock.wall_ms(), source)

    @staticmethod
    def acting_for(caller: Principal, user_id: str) -> Principal:
        """The user, in whose name a back end acts where an operation has no form for others (AB-01): with the user's
        rights, and with the caller's scopes, source and credential. So it may do no more than its key allows, the audit
        log names the caller, and an invalidation of the caller's UserSig ends what waits. Raises
        RcimError(BAD_PARAMETER or SYSTEM_SENDER)."""
        if is_system_account(check_user_id(user_id)):
            raise RcimError(SYSTEM_SENDER)
        principal = Principal(user_id, False)
        principal.credential, principal.source = caller.credential, caller.source
        principal.key, principal.scopes = caller.key, caller.scopes
        principal.acted_by = caller.user_id
        return principal

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
    def _made(user_id: str, signed_ms: int, source: Source | None) -> Principal:
        principal = Principal(user_id, True)
        principal.source = source
        principal.credential = Credential(user_id, signed_ms, Platform.SERVER, PATIENCE_MS)
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
