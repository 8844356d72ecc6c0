"""UserSigs that were invalidated while the server runs (ID-09)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from rcim.actor.user_commands import Credential
from rcim.base.errors import NOT_PERMITTED, RcimError
from rcim.rules.signatures import counts_from

INVALIDATED_MAX = 10_000


class Invalidated:
    """ID-09: users whose UserSigs were invalidated since the start, be it with their accounts; the last INVALIDATED_MAX
    of them: for what was under way then. A login asks the store."""

    def __init__(self, wall_ms: Callable[[], int]) -> None:
        self._wall_ms = wall_ms
        self._users: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def note(self, user_id: str, valid_from_ms: int, invalidated_ms: int) -> None:
        """UserSigs of this user count only if they were made from `valid_from_ms` on, as was set at `invalidated_ms`."""
        self._users[user_id] = (valid_from_ms, invalidated_ms)
        self._users.move_to_end(user_id)
        if len(self._users) > INVALIDATED_MAX:
            self._users.popitem(last=False)

    def check(self, credential: Credential | None) -> None:
        """Returns if what was asked on `credential` may be done. Raises RcimError(NOT_PERMITTED)."""
        if not self._users or credential is None:
            return
        if self.is_void(credential, *self._users.get(credential.user_id, (0, 0))):
            raise no_longer_logged_in()

    def is_void(self, credential: Credential | None, valid_from_ms: int, invalidated_ms: int) -> bool:
        """True if what was asked on `credential` was asked on a UserSig that counts no more."""
        if credential is None or credential.signed_ms >= valid_from_ms:
            return False
        return credential.signed_ms < counts_from(valid_from_ms, invalidated_ms, self._wall_ms())


def no_longer_logged_in() -> RcimError:
    """The refusal of what was asked on a UserSig that counts no more (ID-09)."""
    return RcimError(NOT_PERMITTED, "the account was deleted, or its UserSig invalidated, while the request waited")
