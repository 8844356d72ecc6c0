"""Settings (OP-01): all there are, with their defaults and what they mean, as one frozen object. sources.py reads them.

A key is `section.name`. In the environment it is RCIM__SECTION__NAME (two underscores: one would meet what container
platforms put there for a service called rcim-server), as a flag `--set section.name=value`.
Unknown keys and values out of their bounds are errors that say where they stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import msgspec

from rcim.base.limits import DEFAULTS, Limits
from rcim.base.terms import AppList, Platform, UserList
from rcim.base.texts import read_text
from rcim.rules import message_types
from rcim.rules.custom_fields import USER_FIELDS_MAX, FieldRule, parse
from rcim.rules.devices import SLOTS
from rcim.rules.group_types import BUILT_IN, PAIR, GroupType
from rcim.rules.message_types import MessageType
from rcim.rules.policies import RATES
from rcim.rules.type_table import TypeChange, rows_of
from rcim.rules.word_filter import FILLERS, SAMPLE, WORD_BYTES_MAX


class SettingsError(Exception):
    """A setting is wrong; the text says which, where and why."""


def _key(default: Any, doc: str) -> Any:
    return field(default=default, metadata={"doc": doc})


def _secret(doc: str) -> Any:
    """A text that nobody is to see: not in the list of processes, an error or a log. Beside each stands `NAME_file`."""
    return field(default="", repr=False, metadata={"doc": doc, "secret": True})


@dataclass(frozen=True)
class App:
    """`[app]`"""

    sdkappid: int = _key(1400000000, "The app's number; it is part of every UserSig.")
    administrators: tuple[str, ...] = _key(("administrator",), "User ids of app administrators (ID-08).")
    presence: bool = _key(True, "Tell users what others do: online, in the background, offline (ID-07).")
    guests: bool = _key(
        False, "Take connections without an account, to receive where a group's type lets them (ID-06)."
    )
    invite_consent: bool = _key(
        False, "Ask users before others add them to a group; app administrators add them without (GT-07)."
    )
    user_fields: tuple[str, ...] = _key(
        (), "Custom fields of users, each `key read write [self_read] [self_write]` (AB-05, group-types.md)."
    )
    message_user_fields: tuple[str, ...] = _key((), "Those of them that go with a user's messages (MS-04).")
    message_member_fields: tuple[str, ...] = _key((), "Custom fields of a member that go with its messages (MS-04).")
    refused_words: str = _key("", "File with words, one a line, that refuse a message (SC-05).")
    replaced_words: str = _key("", "File with words, one a line, that are replaced by *** (SC-05).")
    sample_words: bool = _key(False, "Replace a few words that the server brings along (SC-05).")
    word_fillers: str = _key(FILLERS, "Characters that the word filter passes over (SC-05).")
    word_spaces: bool = _key(False, "The word filter passes over white space too (SC-08).")
    words_in_names: bool = _key(
        True,
        "The word filter reads names, introductions and notifications of groups, nicknames and name cards (SC-08).",
    )
    word_conversations: tuple[str, ...] = _key(
        (), "Types of groups in which messages are filtered, `C2C` for one-to-one conversations; none: all (SC-08)."
    )
    protected_users: tuple[str, ...] = _key((), "Users whose messages pass before all others (FC-07).")
    protected_types: tuple[str, ...] = _key((), "Message types that pass before all others (FC-07).")
    low_types: tuple[str, ...] = _key((), "Message types that go first when the server is overloaded (FC-07).")
    message_types: tuple[str, ...] = _key(
        (), "Message types of the app's own, each `name class` and what differs from the class (MS-09, messages.md)."
    )


@dataclass(frozen=True)
class Server:
    """`[server]`"""

    host: str = _key("127.0.0.1", "Address to listen on. 0.0.0.0 makes the server reachable from outside.")
    port: int = _key(7460, "Port to listen on; 0 takes any free one.")
    tls: bool = _key(True, "Speak TLS. Off only for a trusted wire and for measuring.")
    certificate: str = _key("", "PEM file with the certificate chain; empty: `cert.pem` of the data directory.")
    private_key: str = _key("", "PEM file with its key; empty: `key.pem` of the data directory.")
    data: str = _key("rcim-data", "Data directory. Made at the first start.")
    gateways: int = _key(0, "Processes that hold connections; 0: one process does everything.")


@dataclass(frozen=True)
class StoreSettings:
    """`[store]`"""

    map_bytes: int = _key(1 << 30, "First size of LMDB's map; it is doubled when it is full.")
    map_bytes_max: int = _key(1 << 40, "The map is never larger; past it sends fail (ST-04).")


@dataclass(frozen=True)
class Callbacks:
    """`[callbacks]`"""

    url: str = _key("", "Where the app's back end is asked and told, http or https; empty: nowhere (CB-01).")
    commands: tuple[str, ...] = _key((), "Callbacks that are switched on, by the vendor's names (CB-02).")
    token: str = _secret("Secret that callbacks are signed with; empty: they are not signed. It can't be a flag.")
    token_file: str = _key("", "File with this secret in it, in place of `token`.")
    timeout_ms: int = _key(2000, "How long an answer may take in all (CB-03).")
    refuse_on_failure: bool = _key(False, "Without an answer, refuse (CALLBACK_FAILED) instead of allowing.")
    allow_private: bool = _key(False, "Call addresses that are not public, as 127.0.0.1 and 10.0.0.1.")
    hooks: tuple[str, ...] = _key((), "Installed hooks that are asked in process, in this order (CB-05).")


@dataclass(frozen=True)
class OneToOne:
    """`[c2c]`: one-to-one conversations (C2-01)."""

    list: str = _key("black", "Which lists of users are in force, black or white (SC-07).")
    roaming_days: int = _key(PAIR.roaming_days, "Days that messages are kept.")
    offline_days: int = _key(
        PAIR.offline_days, "Days for which what was not read counts as unread; 0: for as long as it is kept."
    )
    recall_s: int = _key(PAIR.recall_s, "Seconds in which the sender may recall a message (MS-10).")
    edit_s: int = _key(PAIR.edit_s, "Seconds in which the sender may edit a message (MS-10).")
    messages_per_s: int = _key(
        PAIR.messages_per_s, "Messages of one conversation a second, as in groups; 0: no limit."
    )


@dataclass(frozen=True)
class DeviceSettings:
    """`[devices]`: sessions of one user that go on side by side, by platform; 0: as many as there are (ID-04)."""

    web: int = _key(SLOTS[Platform.WEB], "On the web. More than 1 is what the vendor calls multi-device login.")
    desktop: int = _key(SLOTS[Platform.DESKTOP], "On desktops.")
    mobile: int = _key(SLOTS[Platform.MOBILE], "On phones.")
    pad: int = _key(SLOTS[Platform.PAD], "On tablets.")
    server: int = _key(SLOTS[Platform.SERVER], "Of bots and back ends.")


@dataclass(frozen=True)
class Log:
    """`[log]`"""

    level: str = _key("info", "debug, info, warning or error.")


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
    """`[types.NAME]`: group types made or changed (GT-20)."""

    @property
    def group_types(self) -> dict[str, GroupType]:
        """The policy table with these settings in it. Raises ValueError if they do not fit together."""
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
        """SC-07: which lists are in force."""
        return UserList[self.c2c.list.upper()]

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
    "limits.reads_per_min=0",
    "limits.requests_per_min=0",
    "limits.control_per_min=0",
    "limits.refusals_per_min=0",
    "limits.input_ms_per_s=0",
    "limits.query_ms_per_s=0",
    "limits.backend_sends_per_s=0",
)
"""Flags that switch off how often anything may be asked and sent (sections 5.1 and 6): for measuring and trying out."""


def words_of_file(file: str) -> list[str]:
    """The words of a file, one a line; empty lines and those with # in front are none. Raises ValueError."""
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


TYPES = "types"
"""The section with a section for each group type in it."""


def plain(settings: Settings) -> dict[str, Any]:
    """Settings as tables that JSON can carry; `from_plain` makes them again."""
    tables: dict[str, Any] = {name: asdict(getattr(settings, name)) for name in SECTIONS}
    return tables | {"types": [msgspec.to_builtins(change) for change in settings.types]}


def from_plain(tables: dict[str, Any]) -> Settings:
    """The settings that `plain` gave. Raises ValueError for values that no settings have."""
    made = {}
    for name, cls in SECTIONS.items():
        values = {key: tuple(value) if isinstance(value, list) else value for key, value in tables[name].items()}
        made[name] = cls(**values)
    return Settings(**made, types=tuple(msgspec.convert(row, TypeChange) for row in tables["types"]))
