"""Settings of what leaves the server: receivers of callbacks, streams, the message log and push (CB-01, AB-03, PU-01)."""

from __future__ import annotations

from dataclasses import dataclass

from rcim.app.settings.setting_fields import secret_setting, setting
from rcim.rules.conditions import Conditions
from rcim.rules.message_types import MessageClass

TIMEOUTS_MS = {"tencent": 2000, "rongcloud": 3000, "leancloud": 5000}
"""How long each service waits for an answer."""


@dataclass(frozen=True)
class Receiver:
    """`[receivers.NAME]`: where callbacks go, and which (CB-01, CB-02, CB-06). Each receiver is a consumer of its own."""

    RELOADED = True

    url: str = setting("", "URL of the app's back end, http or https, to which callbacks go; empty: none (CB-01).")
    commands: tuple[str, ...] = setting((), "Callbacks to switch on, by the names of the profile (CB-02).")
    token: str = secret_setting(
        "Secret that signs the callbacks; empty: they are not signed. It can't be given as a flag."
    )
    token_file: str = setting("", "File that holds this secret, instead of `token`.")
    timeout_ms: int = setting(
        0,
        "How long the server waits for the whole answer (CB-03); 0: as long as the service does, which is 2,000 for "
        "tencent, 3,000 for rongcloud, 5,000 for leancloud.",
    )
    allow_private: bool = setting(False, "Also call addresses that are not public, such as 127.0.0.1 and 10.0.0.1.")
    profile: str = setting(
        "tencent",
        "Whose form callbacks have: tencent, rongcloud, leancloud, or rcim (our own).",
    )
    urls: tuple[str, ...] = setting((), "Callbacks that go elsewhere, each `command URL` (CB-02).")
    conversations: tuple[str, ...] = setting(
        (), "Only what happens in these kinds of conversations; none: all (CB-06)."
    )
    types: tuple[str, ...] = setting(
        (), "Only what happens in groups of these types, `C2C` one to one; none: all (CB-06)."
    )
    message_classes: tuple[str, ...] = setting((), "Only messages of these classes; none: all (CB-06, MS-09).")
    message_types: tuple[str, ...] = setting((), "Only messages of these types; none: all (CB-06, MS-09).")
    refuse_on_failure: bool = setting(
        False, "Refuse with CALLBACK_FAILED when there is no valid answer, instead of allowing."
    )
    app_id: str = setting("", "What the app is called by the service: RongCloud's App Key, LeanCloud's App ID.")
    hook_key: str = secret_setting("LeanCloud's Hook Key (`token` is the Master Key). It can't be given as a flag.")
    hook_key_file: str = setting("", "File that holds this secret, instead of `hook_key`.")
    app_messages: bool = setting(
        False, "Also messages that app administrators send, which RongCloud neither routes nor asks about."
    )
    blocked_messages: bool = setting(
        False, "Also messages that are refused because of their words, which RongCloud does not route."
    )

    secrets: str = secret_setting(
        "Secrets that sign the callbacks of the profile rcim by Standard Webhooks, each `whsec_…`, one a line; all of "
        "them sign, so that they can be changed without a gap. It can't be given as a flag."
    )
    secrets_file: str = setting("", "File that holds these secrets, instead of `secrets`.")
    batch_max: int = setting(
        1, "Callbacks of one command that may go in one request, about what has happened; 1: each goes alone (CB-04)."
    )
    batch_wait_ms: int = setting(
        100, "How long a callback waits for others to go with it, where batch_max is above 1."
    )
    unread_num: bool = setting(
        True,
        "Callbacks about messages one to one say how much the user has not read (UnreadMsgNum); each counts it.",
    )

    def __post_init__(self) -> None:
        if not self.timeout_ms:
            object.__setattr__(self, "timeout_ms", TIMEOUTS_MS.get(self.profile, TIMEOUTS_MS["tencent"]))

    @property
    def conditions(self) -> Conditions:
        """CB-06. Raises ValueError for a class that there is not."""
        return conditions_of(self)


@dataclass(frozen=True)
class Callbacks(Receiver):
    """`[callbacks]`: the first receiver, and what concerns all of them."""

    hooks: tuple[str, ...] = setting((), "Installed hooks that the server calls in process, in this order (CB-05).")


@dataclass(frozen=True)
class Stream:
    """`[streams.NAME]`: where events are written as JSON (CB-04). Each stream is a consumer of its own."""

    RELOADED = True

    kind: str = setting("nats", "nats (JetStream) or kafka.")
    servers: tuple[str, ...] = setting(
        (), "Servers: `nats://HOST:PORT` each, or `tls://HOST:PORT`; of Kafka `HOST:PORT` each; none: no stream."
    )
    topic: str = setting("rcim", "Kafka's topic, or what the subjects of NATS begin with: `TOPIC.message.sent`.")
    events: tuple[str, ...] = setting((), "Only events of these types (events.md); none: all.")
    user: str = setting("", "User to log in as; empty: none.")
    password: str = secret_setting(
        "Password of the user; without a user, a token of NATS. It can't be given as a flag."
    )
    password_file: str = setting("", "File that holds this password, instead of `password`.")
    mechanism: str = setting("PLAIN", "How Kafka checks the password: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512.")
    tls: bool = setting(False, "Use TLS.")
    ca: str = setting("", "PEM file with the certificates to trust, which switches TLS on; empty: the system's.")
    timeout_ms: int = setting(
        5000, "How long the server waits for a connection or a confirmation before it tries again."
    )
    conversations: tuple[str, ...] = setting(
        (), "Only what happens in these kinds of conversations; none: all (CB-06)."
    )
    types: tuple[str, ...] = setting(
        (), "Only what happens in groups of these types, `C2C` one to one; none: all (CB-06)."
    )
    message_classes: tuple[str, ...] = setting((), "Only messages of these classes; none: all (CB-06, MS-09).")
    message_types: tuple[str, ...] = setting((), "Only messages of these types; none: all (CB-06, MS-09).")

    @property
    def conditions(self) -> Conditions:
        """CB-06. Raises ValueError for a class that there is not."""
        return conditions_of(self)


@dataclass(frozen=True)
class MessageLogSettings:
    """`[message_log]`: the messages of each hour in files (AB-03)."""

    enabled: bool = setting(False, "Keep the message log.")
    folder: str = setting("", "Folder of its files; empty: `message-log` in the data directory.")
    keep_days: int = setting(7, "Days for which its files are kept; 0: for ever.")
    conversations: tuple[str, ...] = setting((), "Only messages in these kinds of conversations; none: all.")


def conditions_of(section: Receiver | Stream) -> Conditions:
    """What a section says of the events that it wants (CB-06). Raises ValueError for a class that there is not."""
    return Conditions(
        frozenset(section.conversations),
        frozenset(section.types),
        frozenset(map(MessageClass, section.message_classes)),
        frozenset(section.message_types),
    )


@dataclass(frozen=True)
class PushSettings:
    """`[push]`: what all pushes have in common, whichever provider brings them (PU-01, PU-02)."""

    RELOADED = True

    on: bool = setting(True, "Send pushes, if there is a push provider.")
    when: str = setting(
        "background",
        "When users get pushes: offline (no device is connected), background (no device is in use) or always.",
    )
    title: str = setting("", "Template of the title (push-to-phones.md); empty: the group's name, or the sender's.")
    text: str = setting("", "Template of the text; empty: `sender(group): text` (PU-02).")
    language: str = setting(
        "en", "Language of what stands for images and the like, where a device names none: en or zh."
    )
    badge: str = setting(
        "unread", "Number on the app's icon: unread (all unread messages), increment (one more) or none (PU-04)."
    )
    sound: str = setting("", "Sound of pushes that name none; empty: the device's usual one.")
    life_s: int = setting(604_800, "Seconds after which a push is of no use any more (PU-01).")
    collapse: bool = setting(True, "A push replaces the one before of the same conversation on the device.")
    receivers_max: int = setting(10_000, "Users who get a push of one message at the most; 0: no limit.")
