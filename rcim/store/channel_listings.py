"""What an ultra group keeps of its channels: which it has, and which have ended or become private, so that devices that
were offline meanwhile are told (UG-02, UG-05)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rcim.rules.conversation_kinds import CHANNEL_MARK, channel_key, channel_name, parent_of
from rcim.store import keys
from rcim.store.backend import ReadView, WriteView

ENDED_MAX = 100
"""Channels of a group of which it is kept that they have ended."""


class Listing(NamedTuple):
    """What is kept of a channel with its group."""

    ended: int = 0
    """The stamp of the commit with which it ended; 0: the group has it."""
    private: bool = False
    """It is private, or was when it ended."""
    closed: int = 0
    """Of a private channel: the stamp of the commit with which it became that; 0: it always was."""
    closed_ms: int = 0
    """When that was: members who joined later have never seen it."""

    def pack(self) -> bytes:
        """As `channels` has it: nothing for a public channel, so that most rows are empty."""
        end = keys.U64.pack(self.ended) if self.ended else b""
        return end + (keys.U64.pack(self.closed) + keys.U64.pack(self.closed_ms) if self.private else b"")

    @classmethod
    def unpack(cls, value: bytes) -> Listing:
        """Of a value of `channels`."""
        size, private = keys.U64.size, len(value) >= 2 * keys.U64.size
        ended = keys.U64.unpack_from(value)[0] if len(value) in (size, 3 * size) else 0
        if not private:
            return cls(ended)
        closed, closed_ms = keys.U64.unpack_from(value, len(value) - 2 * size)[0], keys.U64.unpack(value[-size:])[0]
        return cls(ended, True, closed, closed_ms)


def names_of(view: ReadView, parent: str) -> Iterator[str]:
    """The names of the channels that an ultra group has, in their order."""
    if CHANNEL_MARK in parent:
        return iter(())
    return (name for name, listing in _rows_of(view, parent) if not listing.ended)


def ended_of(view: ReadView, parent: str) -> dict[str, int]:
    """The channels that the group had, and has no more: the stamp of the commit with which each ended."""
    return {name: listing.ended for name, listing in _rows_of(view, parent) if listing.ended}


def _rows_of(view: ReadView, parent: str) -> Iterator[tuple[str, Listing]]:
    for row, value in view.scan("channels", parent.encode() + keys.SEP, parent.encode() + keys.AFTER_SEP):
        yield keys.second(row), Listing.unpack(value)


def open_channels(view: ReadView, parents: Iterable[str]) -> Iterator[str]:
    """The public channels of these ultra groups: as many as each may have. Their profiles are not looked at."""
    for parent in parents:
        for name, listing in _rows_of(view, parent):
            if not (listing.ended or listing.private):
                yield channel_key(parent, name)


def listing_of(view: ReadView, key: str) -> Listing | None:
    """What is kept of the channel with its group; None: nothing."""
    value = view.get("channels", keys.pair(parent_of(key), channel_name(key)))
    return Listing.unpack(value) if value is not None else None


def list_channel(view: WriteView, parent: str, name: str) -> None:
    """The group has this channel from now on."""
    view.put("channels", keys.pair(parent, name), Listing().pack())


def note_private(view: WriteView, key: str, private: bool, closed: int = 0, closed_ms: int = 0) -> None:
    """The channel is public or private from now on. `closed`, `closed_ms`: as in Listing, of one that was public."""
    if is_listed(view, key):
        listing = Listing(0, private, closed, closed_ms)
        view.put("channels", keys.pair(parent_of(key), channel_name(key)), listing.pack())


def unlist_channel(view: WriteView, parent: str, name: str, stamp: int) -> None:
    """The group has it no more. Devices learn of it with their next sync, of the last ENDED_MAX that have ended."""
    row = keys.pair(parent, name)
    listing = Listing.unpack(view.get("channels", row) or b"")
    view.put("channels", row, listing._replace(ended=stamp).pack())
    ended = sorted(ended_of(view, parent).items(), key=lambda row: row[1], reverse=True)
    for old, _ in ended[ENDED_MAX:]:
        view.delete("channels", keys.pair(parent, old))


def is_listed(view: ReadView, key: str) -> bool:
    """True if the channel is one that its group has."""
    listing = listing_of(view, key)
    return listing is not None and not listing.ended
