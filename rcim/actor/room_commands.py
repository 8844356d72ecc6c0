"""Commands of rooms: attributes (CR-03), what the app sets of a room (CR-04, CR-07), and members who are not online
(CR-01, CR-02)."""

from __future__ import annotations

import msgspec

from rcim.actor.user_commands import Asked


class AttributeEntry(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One of SetRoomAttributes."""

    key: str
    value: str
    with_setter: bool = False
    """It goes when its setter leaves the room."""


class SetRoomAttributes(Asked, frozen=True, gc=False):
    """Set attributes that are not there or are those of `by`; with `forced` also those of others. All or none. `replace`:
    all others are removed."""

    entries: list[AttributeEntry]
    forced: bool = False
    notice: bytes = b""
    """Data of the app that goes with the change to everyone in the room."""
    replace: bool = False


class DeleteRoomAttributes(Asked, frozen=True, gc=False):
    """Remove attributes of `by`; with `forced` also those of others. All or none."""

    keys: list[str]
    forced: bool = False
    notice: bytes = b""


class ReadRoomAttributes(Asked, frozen=True, gc=False):
    """A page of attributes, by version: those with `keys`, or, without, what has changed since `since`."""

    since: int
    after: int
    """0, or the version of the last row of the page before."""
    keys: list[str]


class SetRoom(Asked, frozen=True, gc=False):
    """What only the app sets of a room (CR-01, CR-04, CR-07); None: as it was."""

    keep_alive: bool | None
    stopped: bool | None
    protect: list[str]
    unprotect: list[str]


class ReadProtected(Asked, frozen=True, gc=False):
    """CR-01: the room's own list of protected users."""


class CloseEmpty(Asked, frozen=True, gc=False):
    """CR-04: end the room if nobody has been in it since `before_ms`."""

    before_ms: int


class NoteAbsent(Asked, frozen=True, gc=False):
    """CR-01, CR-02: the last session of `by` has ended."""


class NoteBack(Asked, frozen=True, gc=False):
    """CR-01: `by` is online again."""


class LeaveAbsent(Asked, frozen=True, gc=False):
    """CR-01: let members leave who have been absent for long enough."""


RoomCommand = (
    SetRoomAttributes
    | DeleteRoomAttributes
    | ReadRoomAttributes
    | SetRoom
    | ReadProtected
    | CloseEmpty
    | NoteAbsent
    | NoteBack
    | LeaveAbsent
)
