"""What the connection manager knows of a user who is online, and whose app this is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from rcim.actor.outcomes import Refused
from rcim.actor.user_records import UserProfile
from rcim.base.errors import SYSTEM_SENDER, USERSIG_INVALIDATED
from rcim.base.terms import BROADCAST_ALL, SeenBy
from rcim.connect.outgoing import Outgoing
from rcim.rules.signatures import counts_from, refused_as
from rcim.rules.targets import Labels
from rcim.store.answers import LoginFacts


class Identity:
    """Whose app this is: `sdkappid`, the signing `key` and the `previous_key`, which is empty unless keys are being
    rotated (ID-01), the ids of its administrators, whether guests may come in (ID-06), which custom fields of users go
    with their messages (MS-04), and whether it is told what users do, and to whom (ID-07). The app itself acts in the
    name of `root`, its first administrator. `client_addresses`: the app's back ends are told where clients are."""

    __slots__ = (
        "administrators",
        "client_addresses",
        "fields",
        "guests",
        "key",
        "presence",
        "presence_seen_by",
        "previous_key",
        "root",
        "sdkappid",
    )

    def __init__(
        self,
        sdkappid: int,
        key: str,
        administrators: frozenset[str],
        guests: bool = False,
        fields: tuple[str, ...] = (),
        presence: bool = True,
        presence_seen_by: SeenBy = SeenBy.SHARED,
        root: str = "",
        previous_key: str = "",
        client_addresses: bool = False,
    ) -> None:
        self.sdkappid = sdkappid
        self.key = key
        self.administrators = administrators
        self.guests = guests
        self.fields = fields
        self.presence = presence
        self.presence_seen_by = presence_seen_by
        self.root = root
        self.previous_key = previous_key
        self.client_addresses = client_addresses

    def become(self, other: Identity) -> None:
        """OP-03: be as `other` from now on."""
        for name in self.__slots__:
            setattr(self, name, getattr(other, name))

    def sent(self, fields: Mapping[str, bytes]) -> tuple[tuple[str, bytes], ...]:
        """Those of a user's `fields` that go with its messages."""
        return tuple((key, fields[key]) for key in self.fields if key in fields)


class OnlineUser:
    """A user with at least one connection that is logged in or about to be."""

    __slots__ = (
        "changes",
        "connections",
        "conversations",
        "deaf",
        "entering",
        "labels",
        "logged_out",
        "pairs",
        "pending",
        "profile",
        "silences",
        "silent",
    )

    def __init__(self) -> None:
        self.connections: dict[Outgoing, None] = {}
        self.conversations: set[str] = set()
        self.silent: set[str] = set()
        """Those of them of which nothing is delivered (RX-01)."""
        self.deaf: set[str] = set()
        """Channels of which nothing is delivered, whether they are among them or not (RX-01)."""
        self.pairs: dict[str, None] = {}
        """Those of them that are one-to-one, the one heard of last at the end."""
        self.entering = 0
        """Requests under way that would put the user into a conversation."""
        self.profile: UserProfile | None = None
        """While `pending`: what goes with messages, if it has changed."""
        self.labels: Labels | None = None
        """While `pending`: tags and attributes, if they have changed."""
        self.logged_out = False
        """While `pending`: the app has logged the user out."""
        self.pending = 0
        """Logins of this user that wait for the store."""
        self.changes: dict[str, bool] = {}
        """While `pending`: conversation to whether the user is in it now."""
        self.silences: dict[str, bool] = {}
        """While `pending`: conversation to whether the user wants nothing delivered of it now."""

    @property
    def groups(self) -> int:
        """How many of the conversations are groups."""
        return len(self.conversations) - len(self.pairs) - (BROADCAST_ALL in self.conversations)

    def reserve(self, by: int) -> None:
        """Count requests that are about to put the user into a conversation."""
        self.entering += by


class Waited(NamedTuple):
    """What has changed while a login waited for the store."""

    changes: dict[str, bool]
    silences: dict[str, bool]
    profile: UserProfile | None
    logged_out: bool
    labels: Labels | None = None


def now_in(read: Iterable[str], changed: Mapping[str, bool]) -> set[str]:
    """What was read, and what has changed since."""
    found = {key for key in read if changed.get(key, True)}
    return found | {key for key, there in changed.items() if there}


def now_silent(result: LoginFacts, waited: Waited) -> set[str]:
    """The conversations of which the user wants nothing delivered."""
    return now_in(result.silent, waited.silences)


def valid_from(profile: UserProfile, wall_ms: int) -> int:
    """From when on UserSigs of the user count, wall clock in ms (ID-09)."""
    return counts_from(profile.valid_from_ms, profile.invalidated_ms, wall_ms)


def refusal(
    result: LoginFacts | Refused, logged_out: bool, guest: bool, signed_ms: int, wall_ms: int
) -> Refused | None:
    """Why the login is not to be, if so."""
    if isinstance(result, Refused):
        return result
    if result.profile.system_sender:  # SY-06
        return Refused(SYSTEM_SENDER, SYSTEM_SENDER.meaning)
    from_ms = valid_from(result.profile, wall_ms)
    if not guest and signed_ms < from_ms:
        return Refused(USERSIG_INVALIDATED, refused_as(signed_ms, from_ms), max(0, from_ms - wall_ms))
    if not guest and logged_out:  # since the profile was read
        return Refused(USERSIG_INVALIDATED, USERSIG_INVALIDATED.meaning)
    return None
