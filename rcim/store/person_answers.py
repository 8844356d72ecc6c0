"""What queries about the data of a person are answered with."""

from __future__ import annotations

import msgspec

from rcim.actor.records import Message


class SentMessage(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A kept message and its conversation."""

    key: str
    message: Message


class SentPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """AB-06: messages that a user has sent, and after which row to go on; empty: there are no more."""

    rows: list[SentMessage]
    after: bytes


class ExportPage(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """AB-06: bytes of the export of a person's data. `next` is empty on the last page."""

    data: bytes
    next: str
