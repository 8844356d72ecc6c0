"""All settings (OP-01), with their defaults and meanings, as one frozen object. sources.py reads them.

A key is `section.name`. In the environment it is RCIM__SECTION__NAME (with two underscores, because container platforms
set variables with one for a service called rcim-server), as a flag `--set section.name=value`.
Unknown keys and values out of bounds are errors that say where the mistake is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import msgspec

from rcim.base.limits import DEFAULTS, Limits
from rcim.base.terms import AppList, Platform, SeenBy, UserList
from rcim.base.texts import read_text
from rcim.rules import message_types
from rcim.rules.built_in_types import BUILT_IN, PAIR
from rcim.rules.conditions import Conditions
from rcim.rules.custom_fields import USER_FIELDS_MAX, FieldRule, parse
from rcim.rules.devices import SLOTS
from rcim.rules.group_types import GroupType
from rcim.rules.message_types import MessageClass, MessageType
from rcim.rules.policies import RATES
from rcim.rules.type_table import TypeChange, rows_of
from rcim.rules.word_filter import FILLERS, SAMPLE, WORD_BYTES_MAX


class SettingsError(Exception):
    """A setting is wrong; the text says which, where and why."""


def _key(default: Any, doc: str) -> Any:
    return field(default=default, metadata={"doc": doc})


def _secret(doc: str) -> Any:
    """A text that never appears in the list of processes, an error or a log. Each has a `NAME_file` beside it."""
    return field(default="", repr=False, metadata={"doc": doc, "secret": True})


@dataclass(frozen=True)
class App:
    """`[app]`"""

    sdkappid: int = _key(1400000000, "The app's number; it is part of every UserSig.")
    administrators: tuple[str, ...] = _key(("administrator",), "User ids of app administrators (ID-08).")
    presence: bool = _key(True, "Tell users what others do: online, in the background, offline (ID-07).")
    presence_seen_by: str = _key(
        "shared",
        "Which users see a user's presence, if they are not on the user's black list: everyone, shared (users in a "
        "conversation with the user) or nobody; app administrators always see it (ID-07).",
    )
    guests: bool = _key(
        False,
        "Accept guests: connections without an account, which receive messages of groups whose type allows it (ID-06).",
    )
    invite_consent: bool = _key(
        False, "Ask users before others add them to a group; app administrators need not ask (GT-07)."
    )
    user_fields: tuple[str, ...] = _key(
        (), "Custom fields of users, each `key read write [self_read] [self_write]` (AB-05, group-types.md)."
    )
    message_user_fields: tuple[str, ...] = _key(
        (), "Those custom fields of a user that are sent with their messages (MS-04)."
    )
    message_member_fields: tuple[str, ...] = _key(
        (), "Custom fields of a member that are sent with their messages (MS-04)."
    )
    message_group_fields: tuple[str, ...] = _key(
        (), "Custom fields of a group that are sent with its messages (MS-04)."
    )
    refused_words: str = _key("", "File with words, one a line; a message with such a word is refused (SC-05).")
    replaced_words: str = _key("", "File with words, one a line, which are replaced by *** (SC-05).")
    sample_words: bool = _key(False, "Also replace a few sample words that come with the server (SC-05).")
    word_fillers: str = _key(FILLERS, "Characters that the word filter ignores (SC-05).")
    word_spaces: bool = _key(False, "The word filter ignores white space too (SC-08).")
    words_in_names: bool = _key(
        True,
        "The word filter reads names, introductions and notifications of groups, nicknames and name cards (SC-08).",
    )
    word_conversations: tuple[str, ...] = _key(
        (), "Types of groups in which messages are filtered, `C2C` for one-to-one conversations; none: all (SC-08)."
    )
    protected_users: tuple[str, ...] = _key((), "Users whose messages pass before all others (FC-07).")
    protected_types: tuple[str, ...] = _key((), "Message types that pass before all others (FC-07).")
    low_types: tuple[str, ...] = _key(
        (), "Message types that are dropped first when the server is overloaded (FC-07)."
    )
    message_types: tuple[str, ...] = _key(
        (), "The app's own message types, each `name class` and the differences from the class (MS-09, messages.md)."
    )


@dataclass(frozen=True)
class Server:
    """`[server]`"""

    host: str = _key("127.0.0.1", "Address to listen on. 0.0.0.0 makes the server reachable from outside.")
    port: int = _key(7460, "Port to listen on; 0: any free port.")
    tls: bool = _key(True, "Use TLS. Switch it off only on a trusted network or for measuring.")
    certificate: str = _key("", "PEM file with the certificate chain; empty: `cert.pem` in the data directory.")
    private_key: str = _key("", "PEM file with the key of the certificate; empty: `key.pem` in the data directory.")
    data: str = _key("rcim-data", "Data directory; the first start creates it.")
    gateways: int = _key(0, "Number of processes that hold connections; 0: one process does everything.")


@dataclass(frozen=True)
class StoreSettings:
    """`[store]`"""

    map_bytes: int = _key(1 << 30, "Initial size of LMDB's map; the server doubles it when it is full.")
    map_bytes_max: int = _key(1 << 40, "Maximum size of the map; when it is full, sends fail (ST-04).")


@dataclass(frozen=True)
class Receiver:
    """`[receivers.NAME]`: where callbacks go, and which (CB-01, CB-02, CB-06). Each receiver is a consumer of its own."""

    url: str = _key("", "URL of the app's back end, http or https, to which callbacks go; empty: none (CB-01).")
    commands: tuple[str, ...] = _key((), "Callbacks to switch on, by the names of the profile (CB-02).")
    token: str = _secret("Secret that signs the callbacks; empty: they are not signed. It can't be given as a flag.")
    token_file: str = _key("", "File that holds this secret, instead of `token`.")
    timeout_ms: int = _key(2000, "How long the server waits for the whole answer (CB-03).")
    allow_private: bool = _key(False, "Also call addresses that are not public, such as 127.0.0.1 and 10.0.0.1.")
    profile: str = _key("tencent", "Whose names, fields and signatures callbacks have.")
    urls: tuple[str, ...] = _key((), "Callbacks that go elsewhere, each `command URL` (CB-02).")
    conversations: tuple[str, ...] = _key((), "Only what happens in these kinds of conversations; none: all (CB-06).")
    types: tuple[str, ...] = _key(
        (), "Only what happens in groups of these types, `C2C` one to one; none: all (CB-06)."
    )
    message_classes: tuple[str, ...] = _key((), "Only messages of these classes; none: all (CB-06, MS-09).")
    message_types: tuple[str, ...] = _key((), "Only messages of these types; none: all (CB-06, MS-09).")
    batch_max: int = _key(
        1, "Callbacks of one command that may go in one request, about what has happened; 1: each goes alone (CB-04)."
    )
    batch_wait_ms: int = _key(100, "How long a callback waits for others to go with it, where batch_max is above 1.")
    unread_num: bool = _key(
        True,
        "Callbacks about messages one to one say how much the user has not read (UnreadMsgNum); each counts it.",
    )

    @property
    def conditions(self) -> Conditions:
        """CB-06. Raises ValueError for a class that there is not."""
        return Conditions(
            frozenset(self.conversations),
            frozenset(self.types),
            frozenset(map(MessageClass, self.message_classes)),
            frozenset(self.message_types),
        )


@dataclass(frozen=True)
class Callbacks(Receiver):
    """`[callbacks]`: the first receiver, and what concerns all of them."""

    refuse_on_failure: bool = _key(
        False, "Refuse with CALLBACK_FAILED when there is no valid answer, instead of allowing."
    )
    hooks: tuple[str, ...] = _key((), "Installed hooks that the server calls in process, in this order (CB-05).")


@dataclass(frozen=True)
class OneToOne:
    """`[c2c]`: one-to-one conversations (C2-01)."""

    list: str = _key("black", "Which lists of users apply: black or white (SC-07).")
    roaming_days: int = _key(PAIR.roaming_days, "Days for which messages are stored.")
    offline_days: int = _key(
        PAIR.offline_days, "Days for which unread messages count as unread; 0: as long as they are stored."
    )
    recall_s: int = _key(PAIR.recall_s, "Seconds in which the sender may recall a message (MS-10).")
    edit_s: int = _key(PAIR.edit_s, "Seconds in which the sender may edit a message (MS-10).")
    messages_per_s: int = _key(
        PAIR.messages_per_s, "Messages of one conversation a second, as in groups; 0: no limit."
    )


@dataclass(frozen=True)
class DeviceSettings:
    """`[devices]`: sessions that one user may have at a time, by platform; 0: no limit (ID-04)."""

    web: int = _key(SLOTS[Platform.WEB], "Browsers. The vendor calls more than 1 multi-device login.")
    desktop: int = _key(SLOTS[Platform.DESKTOP], "Desktops.")
    mobile: int = _key(SLOTS[Platform.MOBILE], "Phones.")
    pad: int = _key(SLOTS[Platform.PAD], "Tablets.")
    server: int = _key(SLOTS[Platform.SERVER], "Bots and back ends.")


@dataclass(frozen=True)
class Log:
    """`[log]`"""

    level: str = _key("info", "Least level that is logged: debug, info, warning or error.")


@dataclass(frozen=True)
class Settings:
    """All settings of a server."""

    app: App = App()
    server: Server = Server()
    limits: Limits = DEFAULTS
    store: StoreSettings = StoreSettings()
    log: Log = Log()
    callbacks: Callbacks = Callbacks()
    c2c: OneToOne = OneToOne()
    devices: DeviceSettings = DeviceSettings()
    types: tuple[TypeChange, ...] = ()
    """`[types.NAME]`: new or changed group types (GT-20)."""
    receivers: Mapping[str, Receiver] = field(default_factory=dict)
    """`[receivers.NAME]`: further receivers of callbacks, by name."""

    @property
    def group_types(self) -> dict[str, GroupType]:
        """The policy table with these settings applied. Raises ValueError if they contradict each other."""
        return rows_of({change.name: change for change in self.types}, BUILT_IN)

    @property
    def pair(self) -> GroupType:
        """The row of one-to-one conversations."""
        c = self.c2c
        return replace(
            PAIR,
            roaming_days=c.roaming_days,
            offline_days=c.offline_days,
            recall_s=c.recall_s,
            edit_s=c.edit_s,
            messages_per_s=c.messages_per_s,
        )

    @property
    def slots(self) -> dict[Platform, int]:
        """ID-04: sessions of a user by platform."""
        return {platform: getattr(self.devices, platform.name.lower()) for platform in Platform}

    @property
    def pair_list(self) -> UserList:
        """SC-07: which lists apply."""
        return UserList[self.c2c.list.upper()]

    @property
    def presence_seen_by(self) -> SeenBy:
        """ID-07: who sees what a user does."""
        return SeenBy[self.app.presence_seen_by.upper()]

    @property
    def message_types(self) -> Mapping[str, MessageType]:
        """The message types, built in and the app's own (MS-09). Raises ValueError."""
        return message_types.parse(self.app.message_types)

    @property
    def lists(self) -> dict[AppList, list[str]]:
        """What is on the app's lists from the start (SC-05, FC-07). Raises ValueError for files that can't be read."""
        replaced = words_of_file(self.app.replaced_words)
        return {
            AppList.REFUSED_WORDS: words_of_file(self.app.refused_words),
            AppList.REPLACED_WORDS: [*replaced, *SAMPLE] if self.app.sample_words else replaced,
            AppList.PROTECTED_USERS: list(self.app.protected_users),
            AppList.PROTECTED_TYPES: list(self.app.protected_types),
            AppList.LOW_TYPES: list(self.app.low_types),
        }

    @property
    def user_fields(self) -> tuple[FieldRule, ...]:
        """The rules of users' custom fields. Raises ValueError."""
        return parse(", ".join(self.app.user_fields), USER_FIELDS_MAX)


NO_RATES = (
    *(f"types.{name}.{rate}=0" for name in BUILT_IN for rate in RATES),
    "limits.sends_per_min=0",
    "limits.transients_per_min=0",
    "limits.reads_per_min=0",
    "limits.requests_per_min=0",
    "limits.control_per_min=0",
    "limits.refusals_per_min=0",
    "limits.input_ms_per_s=0",
    "limits.query_ms_per_s=0",
    "limits.backend_sends_per_s=0",
)
"""Flags that switch off all rate limits (sections 5.1 and 6), for measuring and trying out."""


def words_of_file(file: str) -> list[str]:
    """The words of a file, one a line, without empty lines and lines that begin with #. Raises ValueError."""
    if not file:
        return []
    try:
        lines = [line.strip() for line in read_text(file).splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{file}: {error}") from None
    words = [line for line in lines if line and not line.startswith("#")]
    long = [word for word in words if len(word.encode()) > WORD_BYTES_MAX]
    if long:
        raise ValueError(f"{file}: {long[0]!r} is longer than {WORD_BYTES_MAX} bytes")
    return words


SECTIONS: dict[str, type[Any]] = {
    "app": App,
    "server": Server,
    "limits": Limits,
    "store": StoreSettings,
    "log": Log,
    "callbacks": Callbacks,
    "c2c": OneToOne,
    "devices": DeviceSettings,
}


NAMED: dict[str, type[Any]] = {"receivers": Receiver}
"""Sections that hold any number of sections, each with a name: `[receivers.NAME]`."""
TYPES = "types"
"""The section that holds a section for each group type."""


def plain(settings: Settings) -> dict[str, Any]:
    """Settings as tables that JSON can carry; `from_plain` makes them again."""
    tables: dict[str, Any] = {name: asdict(getattr(settings, name)) for name in SECTIONS}
    for group in NAMED:
        tables[group] = {name: asdict(value) for name, value in getattr(settings, group).items()}
    return tables | {"types": [msgspec.to_builtins(change) for change in settings.types]}


def from_plain(tables: dict[str, Any]) -> Settings:
    """The settings that `plain` gave. Raises ValueError for values that no settings have."""
    made: dict[str, Any] = {name: _from_plain(cls, tables[name]) for name, cls in SECTIONS.items()}
    for group, cls in NAMED.items():
        made[group] = {name: _from_plain(cls, table) for name, table in tables[group].items()}
    return Settings(**made, types=tuple(msgspec.convert(row, TypeChange) for row in tables["types"]))


def _from_plain(cls: type[Any], table: Mapping[str, Any]) -> Any:
    return cls(**{key: tuple(value) if isinstance(value, list) else value for key, value in table.items()})
