"""The field's own words that are numbers on the wire and in the store. Adding a value is fine; changing one never."""

from __future__ import annotations

from enum import IntEnum


class Priority(IntEnum):
    """FC-01. 1 to 4 as the vendor's history gives them."""

    HIGH = 1
    NORMAL = 2
    LOW = 3
    LOWEST = 4


class Role(IntEnum):
    """GR-02. A larger number may more."""

    MEMBER = 1
    ADMIN = 2
    OWNER = 3


class ApplyJoinOption(IntEnum):
    """GR-03, GT-05."""

    FREE_ACCESS = 1
    NEED_PERMISSION = 2
    DISABLE_APPLY = 3


class Platform(IntEnum):
    """ID-04: what a session runs on."""

    WEB = 1
    DESKTOP = 2
    MOBILE = 3
    PAD = 4
    SERVER = 5


class GoneReason(IntEnum):
    """Why a group is no longer there for a member (GROUP_GONE)."""

    DISSOLVED = 1
    LEFT = 2


GROUP_PREFIX = "g:"
"""A conversation id is its kind's letter, a colon, and the id within the kind; `g` is a group."""


def group_conversation(group_id: str) -> str:
    """The conversation id of a group."""
    return GROUP_PREFIX + group_id
