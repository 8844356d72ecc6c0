"""What a message says of its own push (PU-02, PU-04): whether there is one, its words, badge, sound, and life.

Three services write it differently: Tencent's OfflinePushInfo, RongCloud's pushContent, pushData and pushExt, LeanCloud's
pushData. push_forms.py reads all three into the one form here, which messages are kept with.
"""

from __future__ import annotations

from enum import IntEnum

import msgspec

INFO_BYTES_MAX = 4096
"""Of the JSON: what a push may have at the services with the tightest bound."""
TITLE_MAX, TEXT_MAX, EXT_MAX, NAME_MAX = 256, 2048, 3072, 256
"""Bytes of UTF-8 of single fields."""
OPTIONS_MAX = 30
"""Options for single services."""
COLLAPSE_MAX = 64
"""APNs' bound of a collapse id."""
LIFE_S_MAX = 30 * 86_400
"""The longest that any service keeps a push."""
BADGE_MAX = 99_999


class PushBadge(IntEnum):
    """What becomes of the number on the app's icon."""

    AS_SET = 0
    """What the settings say."""
    KEEP = 1
    NUMBER = 2
    INCREMENT = 3


class PushProfile(IntEnum):
    """For which builds of the app a push is (APNs)."""

    OF_TOKEN = 0
    """As the device has registered."""
    DEVELOPMENT = 1
    PRODUCTION = 2


class PushInfo(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """See the module's text. Empty or 0: the message does not say it."""

    off: bool = False
    """The message has no push."""
    title: str = ""
    text: str = ""
    ext: str = ""
    """For the app, as the message has it."""
    sound: str = ""
    badge_mode: PushBadge = PushBadge.AS_SET
    badge: int = 0
    """NUMBER: the number; INCREMENT: by how much."""
    collapse_key: str = ""
    life_s: int = 0
    """After so many seconds the push is of no use any more."""
    profile: PushProfile = PushProfile.OF_TOKEN
    options: dict[str, str] = {}
    """For single services, by Tencent's names: `HuaWeiChannelID`, `SubTitle`."""
