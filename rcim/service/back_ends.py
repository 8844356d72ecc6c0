"""Back ends of the app, which call without a connection: who they are, checked with each request (ID-08, AB-02).

An app administrator proves it with a UserSig, as at a login; who has an API key sends its secret. For callers that an
adapter has checked by its own service's signature, `trusted` makes the principal.
Nothing else in the server makes a principal that is not logged in.
"""

from __future__ import annotations

import asyncio
import hmac
from hashlib import sha256
from typing import Any

from rcim.actor.api_keys import ApiKey, digest_of, id_of
from rcim.actor.user_commands import Credential
from rcim.base import clock
from rcim.base.errors import (
    ADMIN_REQUIRED,
    BAD_API_KEY,
    CREDENTIALS_MISSING,
    SYSTEM_SENDER,
    TOO_FREQUENT,
    USERSIG_INVALIDATED,
    RcimError,
)
from rcim.base.ids import check_user_id
from rcim.base.terms import Platform
from rcim.connect.online import Identity
from rcim.connect.principal import Principal as Principal
from rcim.connect.principal import Source as Source
from rcim.flow.call_rates import Rates
from rcim.rules.signatures import refused_as
from rcim.rules.system_accounts import is_system_account
from rcim.service import requests
from rcim.service.recent import Recent
from rcim.service.results import Accounts, KeyFound
from rcim.session import usersig

CHECKED_MS = 1000
"""How long what was read of an administrator's account, or of an API key, counts: an invalidation or a revocation takes
effect within this time."""
PATIENCE_MS = 25_000
"""How long a send of a back end may wait for its turn (LI-02): five seconds less than `Service.call` waits, so that none
is answered as failed and carried out all the same."""
CHECKED_MAX = 1000
"""Administrators, keys, and UserSigs of administrators whose check is remembered: there are no more of the first two."""
UNKNOWN_KEYS_AT_ONCE = 4
"""API keys that are looked up and were not good a moment ago: so much of the owner's time do guesses take, however many
there are."""
CALLS_OF_KEY_MAX = 250
"""Calls of one API key that are not answered; the settings may say less."""


def _seal(key: str, text: str) -> str:
    return hmac.new(key.encode(), b"rcim seal\n" + text.encode(), "sha256").hexdigest()


class BackEnds:
    """Makes the principals of back ends. `service` carries out the query about an account."""

    def __init__(self, service: Any, identity: Identity) -> None:
        self._service = service
        self._identity = identity
        self._signed: dict[tuple[str, bytes], usersig.Signed] = {}
        """For each administrator and digest of a UserSig that was good: its time, which is compared again each time."""
        self._valid_from: Recent[str, int] = Recent(CHECKED_MS, CHECKED_MAX)
        """For each administrator the time from which on UserSigs count; ms."""
        self._keys: Recent[bytes, ApiKey] = Recent(CHECKED_MS, CHECKED_MAX)
        """For the digest of each secret its key."""
        self._unknown_keys = asyncio.Semaphore(UNKNOWN_KEYS_AT_ONCE)
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
        signed_ms = self._signed_ms(user_id, user_sig)
        valid_from_ms = await self._valid_from.get(user_id, self._read_valid_from_ms)
        if signed_ms < valid_from_ms:
            raise RcimError(USERSIG_INVALIDATED, refused_as(signed_ms, valid_from_ms))
        return self._made(user_id, signed_ms, source)

    def _signed_ms(self, user_id: str, user_sig: str) -> int:
        """When this UserSig of an administrator was made. Its signature is checked once, while it is remembered, and its
        time always. Raises RcimError."""
        identity, now_s = self._identity, clock.wall_ms() // 1000
        remembered = user_id, sha256(user_sig.encode(errors="surrogatepass")).digest()
        signed = self._signed.get(remembered)
        if signed is None:
            if is_system_account(check_user_id(user_id)):
                raise RcimError(SYSTEM_SENDER)
            signed = usersig.verify(
                token=user_sig,
                sdkappid=identity.sdkappid,
                key=identity.key,
                user_id=user_id,
                now_s=now_s,
                previous_key=identity.previous_key,
            )
        else:
            signed.check_time(now_s)
        if user_id not in identity.administrators:
            raise RcimError(ADMIN_REQUIRED)
        if remembered not in self._signed:
            if len(self._signed) >= CHECKED_MAX:
                self._signed.clear()
            self._signed[remembered] = signed
        return signed.made_s * 1000

    async def key(self, secret: str, source: Source | None = None) -> Principal:
        """The back end that has this secret of an API key and calls from `source`; counts a request of the key (ID-08).
        Raises RcimError: BAD_API_KEY, or TOO_FREQUENT with the time to wait."""
        digest, now_ms = digest_of(secret), clock.steady_ms()
        if digest in self._keys:
            key = await self._keys.get(digest, lambda _: self._read_key(secret))
        else:  # maybe a guess: those wait for each other, and nobody waits for them
            async with self._unknown_keys:
                key = await self._keys.get(digest, lambda _: self._read_key(secret))
        key.check_time(clock.wall_ms())
        if key.acts_as not in self._identity.administrators:
            raise RcimError(
                BAD_API_KEY, f"{key.acts_as}, in whose name the key acts, is no app administrator any more"
            )
        wait_ms = self._rates.take(key.key_id, key.per_s, now_ms)
        if wait_ms:
            raise RcimError(TOO_FREQUENT, f"at most {key.per_s} requests of this key in a second", wait_ms)
        principal = self._made(key.acts_as, clock.wall_ms(), source)
        principal.key, principal.scopes = key, frozenset(key.scopes)
        return principal

    async def bearer(self, authorization: str, source: Source) -> Principal:
        """As `key`, of a header `Authorization: Bearer KEY`. Raises RcimError, also CREDENTIALS_MISSING."""
        scheme, _, secret = authorization.strip().partition(" ")
        if scheme.lower() != "bearer" or not secret.strip():
            raise RcimError(CREDENTIALS_MISSING, "Authorization has to be `Bearer` and an API key")
        return await self.key(secret.strip(), source)

    async def _read_key(self, secret: str) -> ApiKey:
        """The key as it is now. Raises RcimError."""
        id_of(secret)  # what is no key at all is not asked for
        found = await self._service.call(Principal(self.root, True), requests.AdminKeyUse(secret))
        assert isinstance(found, KeyFound)
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
        return _seal(self._identity.key, text)

    def is_seal(self, text: str, seal: str) -> bool:
        """Whether this is a seal of the text, by the app's key or the one before it while keys are being rotated. It
        takes as long whatever it is."""
        keys = (self._identity.key, self._identity.previous_key)
        good = [hmac.compare_digest(_seal(key, text).encode(), seal.encode(errors="replace")) for key in keys if key]
        return any(good)

    def forget_checked(self) -> None:
        """OP-03: signatures that were good under other keys are checked again."""
        self._signed.clear()

    def _made(self, user_id: str, signed_ms: int, source: Source | None) -> Principal:
        principal = Principal(user_id, True)
        principal.source = source
        address = source.address if source is not None and self._identity.client_addresses else ""
        principal.credential = Credential(user_id, signed_ms, Platform.SERVER, PATIENCE_MS, address)
        return principal

    async def _read_valid_from_ms(self, user_id: str) -> int:
        """From when on UserSigs of the user count (ID-09). Raises RcimError."""
        found = await self._service.call(Principal(user_id, True), requests.AdminAccountsQuery([user_id]))
        assert isinstance(found, Accounts)
        return found.rows[0].valid_from_ms
