"""The fixed header of every frame (protocol-spec/framing.md, WI-01).

length      u32   bytes after this field: 8 of header, then the body
type        u16   which frame (frames.json)
flags       u16   0 in version 1; 0x00FF critical (unknown: BAD_HEADER), 0xFF00 may be ignored
request_id  u32   chosen by who asks, repeated by the answer; 0 in what is pushed
"""

from __future__ import annotations

import struct

PROTOCOL_VERSION = 1
"""The newest version this code speaks."""
PROTOCOL_VERSION_MIN = 1
"""The oldest version this code speaks."""

HEADER = struct.Struct(">IHHI")
HEADER_BYTES = HEADER.size
LENGTH_BYTES = 4
LENGTH_MIN = HEADER_BYTES - LENGTH_BYTES
"""The least value of the length field: a frame without a body."""
FLAGS_CRITICAL = 0x00FF
REPLY_BIT = 0x8000
"""The type of a request's reply is the request's type with this bit."""
