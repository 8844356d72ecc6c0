"""What a push for one device says (PU-02, PU-04), by priority: the app's hook, the message's own push data, the app's
template, and the wording of PU-01. Each of title and text is taken from the first that has one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from hashlib import blake2b
from uuid import UUID, uuid5

from rcim.actor.events import BroadcastSent, MessagePassed
from rcim.actor.push_records import PushToken
from rcim.outbox.push import wording
from rcim.outbox.push.decision import When, expires_ms
from rcim.outbox.push.provider import BadgeMode, Push
from rcim.rules.push_info import COLLAPSE_MAX, PushBadge, PushInfo, PushProfile

NAMESPACE = UUID("6f0f1c8e-5d5b-4f0e-9d5e-0e6a3c1f7a52")
"""Push ids are made in it, and never change."""
LIFE_S = 7 * 86_400
"""How long a push waits at the provider for a phone that is off (PU-01)."""
NOTHING = PushInfo()


class Badge(Enum):
    """What the settings say of the number on the app's icon."""

    UNREAD = "unread"
    """How many messages the user has not read, in all conversations."""
    INCREMENT = "increment"
    NONE = "none"


@dataclass(frozen=True)
class PushOptions:
    """What the settings say of all pushes."""

    when: When = When.BACKGROUND
    title: str = ""
    """A template; empty: the group's name, or the sender's."""
    text: str = ""
    """A template; empty: PU-01's wording."""
    language: str = "en"
    badge: Badge = Badge.UNREAD
    sound: str = ""
    life_s: int = LIFE_S
    collapse: bool = True
    """A push replaces the one before of the same conversation."""
    receivers_max: int = 10_000
    """Users who get a push of one message; 0: no bound."""


class Composer:
    """What the pushes of one message say. `hook` is what the app's hook has said, if anything; `place` names the event,
    the same whenever it is told again."""

    def __init__(
        self, event: MessagePassed | BroadcastSent, place: str, options: PushOptions, hook: PushInfo | None = None
    ) -> None:
        self._event = event
        self._place = place
        self._options = options
        extra = event.message.extra
        own = extra.push if extra is not None and extra.push is not None else NOTHING
        self._hook = hook
        self._infos = [info for info in (hook, own) if info is not None]
        self._words: dict[str, tuple[str, str]] = {}

    def needs_unread(self) -> bool:
        """True if a push says how many messages the user has not read."""
        said = self._said_of_badge()
        return self._options.badge is Badge.UNREAD and (said is None or self._counts(said))

    def push(self, user_id: str, token: PushToken, unread: int) -> Push:
        """The push for a device of the user. `unread` is of use only if it is needed."""
        title, text = self._words_in(wording.language_of(token.language, self._options.language))
        mode, badge = self._badge(unread)
        said = (info.profile for info in self._infos if info.profile is not PushProfile.OF_TOKEN)
        return Push(
            token=token.token,
            topic=token.topic,
            sandbox=token.sandbox,
            profile=next(said, PushProfile.OF_TOKEN),
            push_id=push_id(self._place, user_id, token),
            title=title,
            text=text,
            badge_mode=mode,
            badge=badge,
            sound=self._first("sound") or self._options.sound,
            collapse_key=self._collapse_key(),
            expires_ms=expires_ms(self._event.message, self._options.life_s, self._hook),
            data=self._data(),
            options=next((info.options for info in self._infos if info.options), {}),
        )

    def _first(self, name: str) -> str:
        found: str = next((value for info in self._infos if (value := getattr(info, name))), "")
        return found

    def _words_in(self, language: str) -> tuple[str, str]:
        """Title and text, made once for each language."""
        made = self._words.get(language)
        if made is None:
            message, where, options = self._event.message, self._event.where, self._options
            title = self._first("title")
            if not title and options.title:
                title = wording.filled(options.title, message, where, language)
            text = self._first("text")
            if not text and options.text:
                text = wording.filled(options.text, message, where, language)
            title = title or wording.title_of(message, where)
            made = self._words[language] = title, text or wording.line_of(message, where, language)
        return made

    def _badge(self, unread: int) -> tuple[BadgeMode, int]:
        """Where the settings say UNREAD, "one more" is the number of unread messages (APNs knows no other)."""
        said = self._said_of_badge()
        if said is not None and not self._counts(said):
            return _BADGES[said.badge_mode], said.badge
        if self._options.badge is Badge.UNREAD:
            return BadgeMode.SET, unread
        return (BadgeMode.INCREMENT, 1) if self._options.badge is Badge.INCREMENT else (BadgeMode.KEEP, 0)

    def _said_of_badge(self) -> PushInfo | None:
        return next((info for info in self._infos if info.badge_mode is not PushBadge.AS_SET), None)

    def _counts(self, said: PushInfo) -> bool:
        return said.badge_mode is PushBadge.INCREMENT and self._options.badge is Badge.UNREAD

    def _collapse_key(self) -> str:
        """What a sender says holds within the conversation: with any key they could have pushes of other conversations
        replaced on a phone, which would never be seen."""
        where = self._event.where.key
        if self._hook is not None and self._hook.collapse_key:
            key = self._hook.collapse_key
        elif own := self._first("collapse_key"):
            return _digest(f"{where}\0{own}")
        else:
            key = where if self._options.collapse else ""
        return _digest(key) if len(key.encode()) > COLLAPSE_MAX else key

    def _data(self) -> Mapping[str, str]:
        message = self._event.message
        made = {
            "conversation": self._event.where.key,
            "seq": str(message.seq),
            "message_id": str(message.message_id),
            "sender": message.sender,
        }
        ext = self._first("ext")
        return {**made, "ext": ext} if ext else made


def _digest(key: str) -> str:
    return blake2b(key.encode(), digest_size=16).hexdigest()


_BADGES = {
    PushBadge.KEEP: BadgeMode.KEEP,
    PushBadge.NUMBER: BadgeMode.SET,
    PushBadge.INCREMENT: BadgeMode.INCREMENT,
}


def push_id(place: str, user_id: str, token: PushToken) -> str:
    """The id of a push for a device: the same whenever it is sent again."""
    return str(uuid5(NAMESPACE, "\0".join((place, user_id, token.device_id, token.provider))))


def trial_push(place: str, user_id: str, token: PushToken, title: str, text: str) -> Push:
    """What an app administrator sends to see whether it arrives."""
    return Push(
        token=token.token,
        topic=token.topic,
        sandbox=token.sandbox,
        push_id=push_id(place, user_id, token),
        title=title or "Test",
        text=text or "This is a test.",
    )
