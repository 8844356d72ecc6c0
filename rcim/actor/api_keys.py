"""API keys of back ends (ID-08, AB-02): what is kept of one, and how a secret is compared with it.

Only the SHA-256 of a secret is kept. A slow hash protects passwords, which people choose and others guess; a secret
here is 256 random bits, of which nobody guesses one, however fast they try. So the fast hash is right, and a request
costs little.
"""

from __future__ import annotations

import hashlib
import hmac

import msgspec

from rcim.base.errors import BAD_API_KEY, RcimError

KEYS_MAX = 1000
"""API keys of an app: all are in memory, and read page by page."""
PREFIX = "rk_"
NOTED_MS = 60_000
"""The last use of a key is written down once in this time."""


class ApiKey(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A key. Times are in milliseconds since 1970."""

    key_id: str
    """Its public part; it may be shown and logged."""
    name: str
    """What it is for."""
    scopes: tuple[str, ...]
    """What it may do (rcim/service/scopes.py)."""
    acts_as: str
    """The app administrator in whose name it acts."""
    created_by: str
    created_ms: int
    digest: bytes = b""
    """The SHA-256 of its secret; empty wherever a key is shown."""
    expires_ms: int = 0
    """0: never."""
    per_s: int = 0
    """Requests that it may make in a second, in each process; 0: any number."""
    used_ms: int = 0
    """About when it was used last, within NOTED_MS; 0: never."""

    def shown(self) -> ApiKey:
        """Without its digest."""
        return msgspec.structs.replace(self, digest=b"")

    def check_time(self, now_ms: int) -> None:
        """Raises RcimError(BAD_API_KEY) if the key has expired."""
        if self.expires_ms and self.expires_ms <= now_ms:
            raise RcimError(BAD_API_KEY, f"the key {self.key_id} has expired")


class KeySaved(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=60):
    """ID-08: the key with this id is this one from now on; None: there is none any more."""

    key_id: str
    key: ApiKey | None


class KeyCreated(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """A new key, with the secret that nobody is told again."""

    key: ApiKey
    secret: str


class KeysPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """A page of keys, by id. `next` is empty on the last page."""

    rows: list[ApiKey]
    next: str


class KeyFound(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """The key whose secret somebody has."""

    key: ApiKey


KeyResult = KeyCreated | KeysPage | KeyFound


def id_of(secret: str) -> str:
    """The key id that a secret begins with. Raises RcimError(BAD_API_KEY)."""
    key_id, dot, rest = secret.partition(".")
    if not secret.startswith(PREFIX) or not dot or not rest or len(secret) > 128 or not secret.isascii():
        raise RcimError(BAD_API_KEY, f"this is no API key: it begins with {PREFIX} and has a dot after its id")
    return key_id


def digest_of(secret: str) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def fits(key: ApiKey | None, secret: str) -> bool:
    """True if the secret is that of the key, compared in constant time."""
    return hmac.compare_digest(digest_of(secret), key.digest if key is not None else bytes(32)) and key is not None
