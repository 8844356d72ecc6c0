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

from rcim.app.settings.audit_settings import AuditSettings as AuditSettings
from rcim.app.settings.consumer_settings import Callbacks as Callbacks
from rcim.app.settings.consumer_settings import MessageLogSettings as MessageLogSettings
from rcim.app.settings.consumer_settings import PushSettings as PushSettings
from rcim.app.settings.consumer_settings import Receiver as Receiver
from rcim.app.settings.consumer_settings import Stream as Stream
from rcim.app.settings.health_settings import HealthSettings
from rcim.app.settings.http_settings import HttpSettings as HttpSettings
from rcim.app.settings.push_provider_settings import PushProvider
from rcim.app.settings.rongcloud_settings import RongCloudSettings as RongCloudSettings
from rcim.app.settings.rongcloud_settings import with_types
from rcim.app.settings.setting_fields import setting
from rcim.app.settings.trace_settings import TraceSettings as TraceSettings
from rcim.base.limits import DEFAULTS, Limits
from rcim.base.terms import AppList, Platform, SeenBy, UserList
from rcim.base.texts import read_text
from rcim.rules import message_types
from rcim.rules.built_in_types import BUILT_IN, PAIR
from rcim.rules.custom_fields import USER_FIELDS_MAX, FieldRule, parse
from rcim.rules.devices import SLOTS
from rcim.rules.group_types import GroupType
from rcim.rules.message_types import MessageType
from rcim.rules.policies import RATES
from rcim.rules.type_table import TypeChange, rows_of
from rcim.rules.word_filter import FILLERS, SAMPLE, WORD_BYTES_MAX
from rcim.store.decoders import converted
from rcim.vendors.tencent_ids import PROFILE_NUMBERS, PROFILE_OF_APP, PROFILE_TEXTS

STANDARD_FIELDS = (
    *(f"{key} anyone app_admin self_write" for key in (*PROFILE_NUMBERS, *PROFILE_TEXTS)),
    f"{PROFILE_OF_APP} anyone app_admin",
)
"""Back ends that move from Tencent set them in profiles."""


class SettingsError(Exception):
    """A setting is wrong; the text says which, where and why."""


@dataclass(frozen=True)
class App:
    """`[app]`"""

    RELOADED = True

    sdkappid: int = setting(1400000000, "The app's number; it is part of every UserSig.", reloaded=False)
    administrators: tuple[str, ...] = setting(("administrator",), "User ids of app administrators (ID-08).")
    presence: bool = setting(True, "Tell users what others do: online, in the background, offline (ID-07).")
    presence_seen_by: str = setting(
        "shared",
        "Which users see a user's presence, if they are not on the user's black list: everyone, shared (users in a "
        "conversation with the user) or nobody; app administrators always see it (ID-07).",
    )
    guests: bool = setting(
        False,
        "Accept guests: connections without an account, which receive messages of groups whose type allows it (ID-06).",
    )
    client_addresses: bool = setting(
        False,
        "Tell back ends the addresses of clients in callbacks and events (CB-01). Connections that are open, and events "
        "that are stored, stay as they are when this is changed.",
    )
    invite_consent: bool = setting(
        False, "Ask users before others add them to a group; app administrators need not ask (GT-07)."
    )
    user_fields: tuple[str, ...] = setting(
        STANDARD_FIELDS,
        "Custom fields of users, each `key read write [self_read] [self_write]` (AB-05, group-types.md). The default are "
        "those of Tencent's profiles; who declares fields of their own lists them again, if they are needed.",
    )
    message_user_fields: tuple[str, ...] = setting(
        (), "Those custom fields of a user that are sent with their messages (MS-04).", reloaded=False
    )
    message_member_fields: tuple[str, ...] = setting(
        (), "Custom fields of a member that are sent with their messages (MS-04)."
    )
    message_group_fields: tuple[str, ...] = setting(
        (), "Custom fields of a group that are sent with its messages (MS-04)."
    )
    refused_words: str = setting("", "File with words, one a line; a message with such a word is refused (SC-05).")
    replaced_words: str = setting("", "File with words, one a line, which are replaced by *** (SC-05).")
    sample_words: bool = setting(False, "Also replace a few sample words that come with the server (SC-05).")
    word_fillers: str = setting(FILLERS, "Characters that the word filter ignores (SC-05).")
    word_spaces: bool = setting(False, "The word filter ignores white space too (SC-08).")
    words_in_names: bool = setting(
        True,
        "The word filter reads names, introductions and notifications of groups, nicknames and name cards (SC-08).",
    )
    word_conversations: tuple[str, ...] = setting(
        (), "Types of groups in which messages are filtered, `C2C` for one-to-one conversations; none: all (SC-08)."
    )
    protected_users: tuple[str, ...] = setting((), "Users whose messages pass before all others (FC-07).")
    protected_types: tuple[str, ...] = setting((), "Message types that pass before all others (FC-07).")
    low_types: tuple[str, ...] = setting(
        (), "Message types that are dropped first when the server is overloaded (FC-07)."
    )
    message_types: tuple[str, ...] = setting(
        (), "The app's own message types, each `name class` and the differences from the class (MS-09, messages.md)."
    )


@dataclass(frozen=True)
class Server:
    """`[server]`"""

    host: str = setting("127.0.0.1", "Address to listen on. 0.0.0.0 makes the server reachable from outside.")
    port: int = setting(7460, "Port to listen on; 0: any free port.")
    tls: bool = setting(True, "Use TLS. Switch it off only on a trusted network or for measuring.")
    certificate: str = setting(
        "", "PEM file with the certificate chain; empty: `cert.pem` in the data directory.", reloaded=True
    )
    private_key: str = setting(
        "", "PEM file with the key of the certificate; empty: `key.pem` in the data directory.", reloaded=True
    )
    data: str = setting("rcim-data", "Data directory; the first start creates it.")
    proxy_from: tuple[str, ...] = setting(
        (),
        "Networks of proxies, such as 10.0.0.0/8: a connection from there has to begin with a PROXY protocol header "
        "(version 1 or 2), which says where it comes from; none: no header is read (docs/operate/proxies.md).",
    )
    gateways: int = setting(0, "Number of processes that hold connections; 0: one process does everything.")


@dataclass(frozen=True)
class StoreSettings:
    """`[store]`"""

    map_bytes: int = setting(1 << 30, "Initial size of LMDB's map; the server doubles it when it is full.")
    map_bytes_max: int = setting(1 << 40, "Maximum size of the map; when it is full, sends fail (ST-04).")


@dataclass(frozen=True)
class OneToOne:
    """`[c2c]`: one-to-one conversations (C2-01)."""

    RELOADED = True

    list: str = setting("black", "Which lists of users apply: black or white (SC-07).")
    roaming_days: int = setting(PAIR.roaming_days, "Days for which messages are stored.")
    offline_days: int = setting(
        PAIR.offline_days, "Days for which unread messages count as unread; 0: as long as they are stored."
    )
    recall_s: int = setting(PAIR.recall_s, "Seconds in which the sender may recall a message (MS-10).")
    edit_s: int = setting(PAIR.edit_s, "Seconds in which the sender may edit a message (MS-10).")
    messages_per_s: int = setting(
        PAIR.messages_per_s, "Messages of one conversation a second, as in groups; 0: no limit."
    )


@dataclass(frozen=True)
class DeviceSettings:
    """`[devices]`: sessions that one user may have at a time, by platform; 0: no limit (ID-04)."""

    RELOADED = True

    web: int = setting(SLOTS[Platform.WEB], "Browsers. The vendor calls more than 1 multi-device login.")
    desktop: int = setting(SLOTS[Platform.DESKTOP], "Desktops.")
    mobile: int = setting(SLOTS[Platform.MOBILE], "Phones.")
    pad: int = setting(SLOTS[Platform.PAD], "Tablets.")
    server: int = setting(SLOTS[Platform.SERVER], "Bots and back ends.")


@dataclass(frozen=True)
class Log:
    """`[log]`"""

    RELOADED = True

    level: str = setting("info", "Least level that is logged: debug, info, warning or error.")
    format: str = setting(
        "text", "How a line is written: text, for people, or json, one object in each line.", reloaded=False
    )


@dataclass(frozen=True)
class MetricsSettings:
    """`[metrics]`"""

    on: bool = setting(
        True, "Measure, and answer `/metrics` and ADMIN_METRICS (OP-02); it takes about 1 µs of a send."
    )


@dataclass(frozen=True)
class Settings:
    """All settings of a server."""

    app: App = App()
    server: Server = Server()
    limits: Limits = DEFAULTS
    store: StoreSettings = StoreSettings()
    log: Log = Log()
    callbacks: Callbacks = field(default_factory=Callbacks)
    c2c: OneToOne = OneToOne()
    devices: DeviceSettings = DeviceSettings()
    types: tuple[TypeChange, ...] = ()
    """`[types.NAME]`: new or changed group types (GT-20)."""
    receivers: Mapping[str, Receiver] = field(default_factory=dict)
    """`[receivers.NAME]`: further receivers of callbacks, by name."""
    message_log: MessageLogSettings = field(default_factory=MessageLogSettings)
    streams: Mapping[str, Stream] = field(default_factory=dict)
    """`[streams.NAME]`: streams that events are written to, by name."""
    push_providers: Mapping[str, PushProvider] = field(default_factory=dict)
    """`[push_providers.NAME]`: services that bring pushes to phones, by name."""
    push: PushSettings = field(default_factory=PushSettings)
    http: HttpSettings = field(default_factory=HttpSettings)
    audit: AuditSettings = field(default_factory=AuditSettings)
    metrics: MetricsSettings = field(default_factory=MetricsSettings)
    health: HealthSettings = field(default_factory=HealthSettings)
    rongcloud: RongCloudSettings = field(default_factory=RongCloudSettings)
    traces: TraceSettings = field(default_factory=TraceSettings)

    @property
    def group_types(self) -> dict[str, GroupType]:
        """The policy table with these settings applied. Raises ValueError if they contradict each other."""
        return rows_of(with_types(self.http.apis, self.types), BUILT_IN)

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
    def push_names(self) -> frozenset[str]:
        """PU-01: the names of the push providers in use; none if push is off."""
        return frozenset(self.push_providers) if self.push.on else frozenset()

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
    except UnicodeDecodeError as error:
        raise ValueError(f"{file}: {error}") from None
    except OSError as error:
        raise ValueError(f"{file}: {error.strerror or error}") from None
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
    "push": PushSettings,
    "message_log": MessageLogSettings,
    "http": HttpSettings,
    "audit": AuditSettings,
    "metrics": MetricsSettings,
    "health": HealthSettings,
    "rongcloud": RongCloudSettings,
    "traces": TraceSettings,
}


NAMED: dict[str, type[Any]] = {"receivers": Receiver, "streams": Stream, "push_providers": PushProvider}
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
    return Settings(**made, types=tuple(converted(row, TypeChange) for row in tables["types"]))


def _from_plain(cls: type[Any], table: Mapping[str, Any]) -> Any:
    return cls(**{key: tuple(value) if isinstance(value, list) else value for key, value in table.items()})
