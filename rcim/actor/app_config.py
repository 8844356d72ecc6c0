"""The configuration of the app: what the settings say, with what was changed while the server runs. It does not change: a
change makes another one with a greater version, and AppState.replace puts it in force. So whoever reads it while one
command is handled reads one version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rcim.actor.api_keys import ApiKey
from rcim.actor.app_lists import AppLists
from rcim.actor.before_kinds import BeforeKind
from rcim.base.limits import Limits
from rcim.base.terms import Platform, UserList
from rcim.rules.conditions import Conditions
from rcim.rules.custom_fields import FieldRule
from rcim.rules.devices import SLOTS
from rcim.rules.message_types import BUILT_IN, MessageType
from rcim.rules.type_table import TypeTable


@dataclass(frozen=True, slots=True)
class AppConfig:
    """See the module's text."""

    types: TypeTable
    """The group types in force (GT-20)."""
    limits: Limits
    muted: Mapping[str, int] = field(default_factory=dict)
    """SC-04: user to the end of its mute in all chat rooms, milliseconds since 1970."""
    blocked: Mapping[str, int] = field(default_factory=dict)
    """ID-09: user to the end of the time in which they can't log in, milliseconds since 1970."""
    message_member_fields: tuple[str, ...] = ()
    """Custom fields of a member that go with its messages (MS-04)."""
    message_user_fields: tuple[str, ...] = ()
    """Custom fields of a user that go with its messages (MS-04)."""
    user_fields: tuple[FieldRule, ...] = ()
    """Custom fields that users can have (AB-05)."""
    message_types: Mapping[str, MessageType] = field(default_factory=lambda: BUILT_IN)
    """MS-09, by name."""
    lists: AppLists = field(default_factory=AppLists)
    """Words of the filter, protected users and types (SC-05, FC-07)."""
    invite_consent: bool = False
    """GT-07: users are asked before others add them to a group."""
    pair_list: UserList = UserList.BLACK
    """SC-07: which lists of users are in force."""
    asks: Mapping[BeforeKind, Sequence[Conditions]] = field(default_factory=dict)
    """CB-02, CB-06: what the app is asked about before it is done: if one of the conditions holds."""
    slots: Mapping[Platform, int] = field(default_factory=lambda: SLOTS)
    """ID-04: sessions of a user on each platform; 0: no bound."""
    attribute_names: Mapping[int, str] = field(default_factory=dict)
    """SY-04: the attributes that users can have, by number."""
    message_group_fields: tuple[str, ...] = ()
    """Custom fields of a group that go with its messages (MS-04)."""
    push_providers: frozenset[str] = frozenset()
    """PU-01: the names of the push providers; none: no pushes are sent."""
    api_keys: Mapping[str, ApiKey] = field(default_factory=dict)
    """ID-08, by id."""
    version: int = 0
    """Counts the configurations that were in force since the start."""

    def sent_fields(self, fields: dict[str, bytes]) -> tuple[tuple[str, bytes], ...]:
        """Those custom fields of a user that go with its messages (MS-04)."""
        return tuple((key, fields[key]) for key in self.message_user_fields if key in fields)
