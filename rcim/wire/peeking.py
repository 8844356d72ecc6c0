"""What has to be known of a frame before it is decoded, because of how it is counted (LI-01)."""

from __future__ import annotations

import struct

from rcim.wire.frames import Send

_EXTENSION = struct.Struct(">HH")
_TRANSIENT = next(field.tag for field in Send.FIELDS if field.name == "transient")


def is_transient(body: bytes) -> bool:
    """True if this is the body of a SEND with `transient` set (MS-08). A third of a microsecond without extensions; of a
    body that is damaged it may say either, and decoding refuses that."""
    size = len(body)
    try:
        at = 2 + (body[0] << 8 | body[1])  # the conversation
        at += 2 + body[at]  # the client message id, and the priority
        at += 2 + (body[at] << 8 | body[at + 1])  # the elements
        found = False
        while at < size:
            tag, length = _EXTENSION.unpack_from(body, at)
            at += _EXTENSION.size
            if tag == _TRANSIENT:
                found = body[at] == 1
            at += length
        return found
    except (IndexError, struct.error):
        return False
