"""What all actors of one owner share: types, limits, who is muted everywhere, ids for messages that are not stored."""

from __future__ import annotations

import random
from collections import OrderedDict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

from rcim.actor.events import EventKind
from rcim.actor.guests import Guests
from rcim.actor.tracing import Traces
from rcim.actor.user_commands import Credential
from rcim.base.errors import DIRTY_WORD, NOT_PERMITTED, RcimError
from rcim.base.limits import Limits
from rcim.base.terms import AppList, Platform, UserList
from rcim.flow.offers import Figures
from rcim.rules.custom_fields import FieldRule
from rcim.rules.devices import SLOTS
from rcim.rules.fields import check_field
from rcim.rules.message_types import BUILT_IN, MessageType
from rcim.rules.signatures import SigningLead, counts_from
from rcim.rules.type_table import TypeTable
from rcim.rules.word_filter import FILLERS, WordFilter

DELETED_MAX = INVALIDATED_MAX = 10_000
UNSTORED_BIT = 1 << 63
"""Set in the ids of messages that no shard keeps: they come from a counter of this start."""


class UnstoredIds:
    """Ids of messages that are not stored (GT-22), unique in the app: the start's clock above a counter."""

    def __init__(self, start_ms: int) -> None:
        self._next = UNSTORED_BIT | (start_ms << 20)

    def make(self) -> int:
        """The next id. A million a millisecond could be made before one met those of a later start."""
        self._next += 1
        return self._next


class Lists:
    """The app's lists (SC-05, FC-07): what the settings say, and what was added while it runs."""

    def __init__(
        self,
        settings: Mapping[AppList, Iterable[str]] | None = None,
        fillers: str = FILLERS,
        *,
        spaces: bool = False,
        names: bool = True,
        kinds: Iterable[str] = (),
    ) -> None:
        """SC-08: `spaces` says that the word filter passes over white space, `names` that it reads names too; `kinds` are
        the types of conversations in which it reads messages, all if there are none."""
        self._settings = {which: frozenset((settings or {}).get(which, ())) for which in AppList}
        self.added: dict[AppList, dict[str, None]] = {which: {} for which in AppList}
        """What was added while it runs."""
        self._taken_off: dict[AppList, set[str]] = {which: set() for which in AppList}
        """What the settings say and was taken off while it runs; it comes back when they are read anew (SC-08)."""
        self._fillers, self._spaces = fillers, spaces
        self._names, self._kinds = names, frozenset(kinds)
        self._filter: WordFilter | None = None
        self._in_force = dict(self._settings)
        self._protects = self._any_protected()
        self.screens = self._any_words()
        """True if there is any word to look for."""

    def holds(self, which: AppList, entry: str) -> bool:
        """True if `entry` is on the list."""
        return entry in self._in_force[which]

    def change(self, which: AppList, add: Iterable[str], remove: Iterable[str]) -> None:
        """Let it be in force."""
        there = self.added[which]
        for entry in remove:
            there.pop(entry, None)
        there.update(dict.fromkeys(add))
        self._taken_off[which] = (self._taken_off[which] | set(self.back_later(which, remove))) - set(add)
        self._in_force[which] = (self._settings[which] - self._taken_off[which]) | there.keys()
        self._filter = None
        self._protects = self._any_protected()
        self.screens = self._any_words()

    def back_later(self, which: AppList, removed: Iterable[str]) -> list[str]:
        """Those of them that come back when the settings are read anew, which say them (SC-08)."""
        return [entry for entry in removed if entry in self._settings[which]]

    def covers(self, kind: str) -> bool:
        """True if messages in conversations of this type are screened (SC-08); `C2C` is that of two users."""
        return not self._kinds or kind in self._kinds

    def screened(self, name: str, text: str) -> str:
        """SC-08: what is to stand in a group's or a user's field `name` in place of `text`. Raises
        RcimError(DIRTY_WORD), and RcimError(BAD_PARAMETER) if it is too long with words replaced."""
        if not (text and self.screens and self._names):
            return text
        verdict = self.words.check([text])
        if isinstance(verdict, str):
            raise RcimError(DIRTY_WORD)
        return text if verdict is None else check_field(name, verdict[0])

    def _any_words(self) -> bool:
        return bool(self._in_force[AppList.REFUSED_WORDS] or self._in_force[AppList.REPLACED_WORDS])

    def _any_protected(self) -> bool:
        return bool(self._in_force[AppList.PROTECTED_USERS] or self._in_force[AppList.PROTECTED_TYPES])

    @property
    def protects(self) -> bool:
        """True if there is anybody or anything that passes before all others."""
        return self._protects

    def entries(self, which: AppList) -> list[str]:
        """All of a list, sorted."""
        return sorted(self._in_force[which])

    @property
    def words(self) -> WordFilter:
        """SC-05. Made when it is asked for after a change: 60 ms for 10,000 words."""
        if self._filter is None:
            refused, replaced = self._in_force[AppList.REFUSED_WORDS], self._in_force[AppList.REPLACED_WORDS]
            self._filter = WordFilter(refused, replaced, self._fillers, spaces=self._spaces)
        return self._filter


class Deleted:
    """ID-09: accounts that were deleted since the start, the last DELETED_MAX of them: for what was read before."""

    def __init__(self) -> None:
        self._users: OrderedDict[str, int] = OrderedDict()
        self.count = 0

    def note(self, user_id: str) -> None:
        """An account is deleted."""
        self.count += 1
        self._users[user_id] = self.count
        self._users.move_to_end(user_id)
        if len(self._users) > DELETED_MAX:
            self._users.popitem(last=False)

    def since(self, user_id: str, count: int) -> bool:
        """True if the account was deleted after there were `count` deletions."""
        return self._users.get(user_id, 0) > count


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


class Entering:
    """Groups that users are about to enter: they count as if the users were in them (rcim/actor/entering.py)."""

    def __init__(self) -> None:
        self._under_way: dict[str, dict[int, tuple[str, str]]] = {}
        """By user: the number of an admission to its group, and who adds the user."""

    def begin(self, user_id: str, number: int, key: str, by: str = "") -> None:
        """The user is about to enter the group; `by` adds it, as an ordinary user."""
        self._under_way.setdefault(user_id, {})[number] = (key, by)

    def withdraw(self, user_id: str, by: Container[str] | None = None) -> None:
        """The user enters none of the groups that it is about to enter, or none to which one of `by` adds it."""
        groups = self._under_way.get(user_id, {})
        for number in [number for number, (_, who) in groups.items() if by is None or who in by]:
            self.end(user_id, number)

    def holds(self, admissions: Mapping[str, int], user_id: str) -> bool:
        """True if the user may be put into a group by a command with these admissions: its own, if it needs one, was not
        withdrawn meanwhile."""
        number = admissions.get(user_id)
        return number is None or number in self._under_way.get(user_id, {})

    def check(self, admissions: Mapping[str, int], user_id: str) -> None:
        """As `holds`. Raises RcimError(NOT_PERMITTED)."""
        if not self.holds(admissions, user_id):
            raise RcimError(
                NOT_PERMITTED,
                f"{user_id} was deleted, or put the inviter on their black list, while the request waited",
            )

    def end(self, user_id: str, number: int) -> None:
        """That is over, whatever came of it; saying it twice changes nothing."""
        groups = self._under_way.get(user_id)
        if groups is not None:
            groups.pop(number, None)
            if not groups:
                del self._under_way[user_id]

    def of(self, user_id: str) -> set[str]:
        """The groups that the user is about to enter."""
        return {key for key, _ in self._under_way.get(user_id, {}).values()}


@dataclass(slots=True)
class AppState:
    """See the module's text. `muted` (SC-04) is user to the end of the mute, milliseconds since 1970."""

    types: TypeTable
    limits: Limits
    ids: UnstoredIds
    muted: dict[str, int] = field(default_factory=dict)
    message_member_fields: tuple[str, ...] = ()
    """Custom fields of a member that go with its messages (MS-04)."""
    message_user_fields: tuple[str, ...] = ()
    """Custom fields of a user that go with its messages (MS-04)."""
    user_fields: tuple[FieldRule, ...] = ()
    """Custom fields that users can have (AB-05)."""
    message_types: Mapping[str, MessageType] = field(default_factory=lambda: BUILT_IN)
    """MS-09, by name."""
    traces: Traces = field(default_factory=Traces)
    """Where messages stopped."""
    lists: Lists = field(default_factory=lambda: Lists())
    """The app's lists: words of the filter, protected users and types (SC-05, FC-07)."""
    invite_consent: bool = False
    """GT-07: users are asked before others add them to a group."""
    pair_list: UserList = UserList.BLACK
    """SC-07: which lists of users are in force."""
    asks: Mapping[type, str] = field(default_factory=dict)
    """CB-02: commands before which the app is asked, to the names of the events."""
    slots: Mapping[Platform, int] = field(default_factory=lambda: SLOTS)
    """ID-04: sessions of a user on each platform; 0: no bound."""
    deleted: Deleted = field(default_factory=Deleted)
    entering: Entering = field(default_factory=Entering)
    """Groups that users are about to enter."""
    signing: SigningLead = field(default_factory=SigningLead)
    """ID-09: how far ahead UserSigs come dated."""
    invalidated: Invalidated = field(init=False)
    wall_ms: Callable[[], int] = int
    """The wall clock, milliseconds since 1970: by it UserSigs are checked (ID-09). Without one, times that were set in
    the future count from when they were set."""
    guests: Guests = field(init=False)
    """Which guests have been admitted to which groups (ID-06)."""
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    """Of commands that wait, in this start."""
    screen: Callable[[bytes], bytes] = bytes
    """SC-05: a message's body as it may be sent. Raises RcimError(DIRTY_WORD)."""
    lots: random.Random = field(default_factory=random.Random)
    """FC-03: who goes first within a priority."""
    wanted_events: frozenset[EventKind] = frozenset()
    """Kinds of events that a consumer wants; no other ones are made (design 5.3)."""
    figures: dict[str, Figures] = field(default_factory=dict)
    """FC-08, by type of group."""
    revision: int = 0
    """Counts the changes at run time that are in force."""

    def __post_init__(self) -> None:
        self.guests = Guests(self.limits.guests_max)
        self.invalidated = Invalidated(self.wall_ms)

    def sent_fields(self, fields: dict[str, bytes]) -> tuple[tuple[str, bytes], ...]:
        """Those custom fields of a user that go with its messages (MS-04)."""
        return tuple((key, fields[key]) for key in self.message_user_fields if key in fields)
