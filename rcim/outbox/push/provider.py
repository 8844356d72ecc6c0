"""Providers: the services that bring pushes to phones (PU-01), behind one small interface.

A provider translates pushes to requests of its service, and the answers to results. It knows nothing of users, messages
and conversations; who gets a push and what it says is decided before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import NamedTuple, Protocol

import msgspec

from rcim.rules.push_info import PushProfile


class BadgeMode(Enum):
    """What becomes of the number on the app's icon (PU-04)."""

    KEEP = "keep"
    SET = "set"
    INCREMENT = "increment"


class Push(msgspec.Struct, frozen=True, kw_only=True):
    """One push for one device. Texts have no length limit yet: each provider shortens them to its own."""

    token: str
    """The service's name for the device."""
    topic: str = ""
    """The app for which the token was made: APNs' bundle id, Android's package name; empty: that of the provider."""
    sandbox: bool = False
    """The token was made by a development build (APNs)."""
    profile: PushProfile = PushProfile.OF_TOKEN
    """For which builds the push is (APNs); devices with others get none. It does not say where a token is valid: where it
    is not, the service would not know it, and senders could have other people's tokens removed."""
    push_id: str
    """The same whenever this push is sent again to this device, and otherwise unique: a UUID."""
    title: str
    text: str
    badge_mode: BadgeMode = BadgeMode.KEEP
    badge: int = 0
    """SET: the number; INCREMENT: by how much."""
    sound: str = ""
    """Empty: the device's usual one."""
    collapse_key: str = ""
    """A later push with the same key replaces this one on the device; empty: none does."""
    expires_ms: int = 0
    """When the service is to give up, milliseconds since 1970; 0: at once."""
    data: Mapping[str, str] = {}
    """For the app: which conversation, which message, and the message's own push data."""
    options: Mapping[str, str] = {}
    """What the message says for single services, by the vendor's names: `HuaWeiChannelID`, `SubTitle`."""


class PushOutcome(Enum):
    """What became of a push."""

    SENT = "sent"
    BAD_TOKEN = "bad token"
    """The service does not know the token any more: it is to be removed (PU-03)."""
    REFUSED = "refused"
    """The service refuses this push, and would refuse it again."""
    LATER = "later"
    """It could not be sent now: the service is away, too busy, or refuses the server's own credentials."""


class PushResult(NamedTuple):
    """`reason`: the service's words, or ours, for the operator: without the token. `retry_after_s` of LATER: the pause
    that the service asks for; 0: none. `untried` of LATER: the service was not asked, since it pauses or has had as much
    as it takes: that says nothing of this push."""

    outcome: PushOutcome
    reason: str = ""
    retry_after_s: float = 0.0
    untried: bool = False


class Provider(Protocol):
    """See the module's text. It is used from the loop, by several at a time."""

    async def send(self, pushes: Sequence[Push]) -> Sequence[PushResult]:
        """Send these; a result for each, in their order. Raises nothing: what goes wrong is a result."""

    async def close(self) -> None:
        """Give back its connections."""
