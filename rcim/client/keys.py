"""The client's requests of app administrators about API keys of back ends (ID-08), and the audit log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from rcim.client.requests import Requests
from rcim.wire import frames


class KeyRequests(Requests):
    """Part of Client, for app administrators; others get ADMIN_REQUIRED. Each raises RcimError with the server's code."""

    async def create_key(
        self, name: str, scopes: Sequence[str], *, acts_as: str = "", expires_ms: int = 0, per_s: int = 0
    ) -> tuple[str, frames.ApiKey]:
        """Make an API key. Returns its secret, which nobody is told again, and the key. It acts in the name of the app
        administrator `acts_as` (empty: one's own), until `expires_ms` (milliseconds since 1970; 0: for ever), with
        `per_s` requests a second at the most (0: any number)."""
        frame = frames.AdminKeyCreate(name, list(scopes), acts_as, expires_ms, per_s)
        ok = await self.request(frame, frames.AdminKeyCreateOk, repeat=False)
        return ok.secret, ok.key[0]

    async def keys(self) -> list[frames.ApiKey]:
        """All API keys, by id."""
        return await self._pages(
            lambda cursor: frames.AdminKeys(cursor, 0), frames.AdminKeysOk, lambda page: page.keys
        )

    async def revoke_key(self, key_id: str) -> None:
        """Revoke an API key."""
        await self.request(frames.AdminKeyRevoke(key_id), frames.AdminKeyRevokeOk, repeat=False)

    async def reload(self, *, check_only: bool = False) -> frames.AdminReloadOk:
        """OP-03: have the server read its settings again and put into force what can be; with `check_only` only say what
        would change. Returns the changes. Raises RcimError, also RELOAD_REFUSED: nothing has changed."""
        return await self.request(frames.AdminReload(check_only), frames.AdminReloadOk)

    async def audit(
        self, *, from_ms: int = 0, to_ms: int = 0, who: str = "", operation: str = ""
    ) -> AsyncIterator[frames.AuditEntry]:
        """What app administrators and back ends have changed, the oldest first: between two times (milliseconds since
        1970; 0: any), by one user or API key, by one operation (empty: any)."""
        cursor = ""
        while True:
            ask = frames.AdminAudit(from_ms, to_ms, who, operation, cursor, 0)
            page = await self.request(ask, frames.AdminAuditOk)
            for entry in page.entries:
                yield entry
            cursor = page.next
            if not cursor:
                return
