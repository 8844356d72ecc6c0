"""What the lines of the message log are sorted by, and doubles are recognised by.

It stands apart, so that closing an hour imports little.
"""

from __future__ import annotations

from typing import Any

import msgspec

TAB = b"\t"
"""Stands between the place of a line and the line."""


def place_of(fields: Any) -> bytes:
    """By what a line is sorted: its time, then its place in its conversation. Two lines with the same place are the same
    message. JSON, so that nothing in an id can break a line."""
    time, seq = f"{fields['MsgTimestampMs']:016d}", f"{fields['MsgSeq']:020d}"
    return msgspec.json.encode((time, fields["Conversation"], seq, fields["From_Account"], fields["MsgId"]))
