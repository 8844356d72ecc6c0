"""The base of all queries (queries.py), and what several of them are given."""

from __future__ import annotations

import msgspec


class Asks(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """What the store, or who holds connections, is asked."""


class TypeFacts(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What a sync has to know of a group's type; only the owner of the conversations does."""

    stored: bool
    unread: bool
    history_before_joining: bool
    roaming_days: int
    offline_days: int = 0
    listed: bool = True
    """Whether SYNC has rows of groups of the type (GT-27)."""
