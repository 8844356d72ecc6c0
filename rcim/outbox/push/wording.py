"""What a push says if neither the app nor the message nor a template does (PU-01): `name card or nickname(group): text`.

The text of a message are the texts of its elements, one after the other. What has no text is named in the language of the
device: Tencent's words in English, and Chinese.
"""

from __future__ import annotations

from functools import lru_cache

from rcim.actor.events import ConversationFacts
from rcim.actor.records import Message
from rcim.base.errors import RcimError
from rcim.base.terms import BROADCAST_ALL
from rcim.content.elements import (
    Custom,
    Element,
    Face,
    File,
    Image,
    Location,
    Merged,
    Sound,
    Text,
    Video,
    decode_body,
)
from rcim.rules import push_templates
from rcim.rules.conversation_kinds import PAIR, kind_of

TEXT_MAX = 1024
"""Characters of a message's text in a push: more than any service shows."""
NAMES: dict[str, dict[type[Element], str]] = {
    "en": {
        Image: "[Image]",
        Sound: "[Voice]",
        Video: "[Video]",
        File: "[File]",
        Location: "[Location]",
        Face: "[Face]",
        Merged: "[Chat history]",
    },
    "zh": {
        Image: "[图片]",
        Sound: "[语音]",
        Video: "[视频]",
        File: "[文件]",
        Location: "[位置]",
        Face: "[表情]",
        Merged: "[聊天记录]",
    },
}
"""What stands for an element, by language."""
OTHERWISE = {"en": "[New message]", "zh": "[新消息]"}
"""For a message in which nothing has a text."""


def language_of(text: str, default: str) -> str:
    """The language to use for a device with this language tag, as `zh-Hans-CN`."""
    found = text.partition("-")[0].partition("_")[0].lower()
    return found if found in NAMES else default


def sender_name(message: Message) -> str:
    """Name card before nickname before user id."""
    return message.name_card or message.nickname or message.sender


@lru_cache(maxsize=32)
def text_of(body: bytes, language: str) -> str:
    """The text of a message with this body. A body that can't be read is a new message."""
    try:
        elements = decode_body(body) if body else []
    except RcimError:
        elements = []
    names = NAMES[language]
    found = "".join(_text(element, names) for element in elements)
    return found[:TEXT_MAX] or OTHERWISE[language]


def _text(element: Element, names: dict[type[Element], str]) -> str:
    match element:
        case Text():
            return element.text
        case Custom():
            return element.description
    return names.get(type(element), "")


def is_group(key: str) -> bool:
    """True if a push says in which conversation it was said."""
    return key != BROADCAST_ALL and kind_of(key) is not PAIR


def title_of(message: Message, where: ConversationFacts) -> str:
    """The group's name, or the sender's."""
    return where.name if is_group(where.key) and where.name else sender_name(message)


def line_of(message: Message, where: ConversationFacts, language: str) -> str:
    """PU-01's wording."""
    group = f"({where.name})" if is_group(where.key) and where.name else ""
    return f"{sender_name(message)}{group}: {text_of(message.body, language)}"


def filled(template: str, message: Message, where: ConversationFacts, language: str) -> str:
    """The app's template (PU-02)."""
    values = {
        "convId": where.key,
        "timestamp": str(message.time_ms),
        "fromClientId": message.sender,
        "nickname": message.nickname or message.sender,
        "nameCard": message.name_card,
        "sender": sender_name(message),
        "groupName": where.name,
        "text": text_of(message.body, language),
    }
    return push_templates.filled(template, values)
