"""Field types that many frames share."""

from __future__ import annotations

from typing import Annotated as A

from rcim.base.ids import CLIENT_MSG_ID_BYTES_MAX, CONVERSATION_BYTES_MAX, USER_ID_BYTES_MAX
from rcim.wire.schema import Struct, row
from rcim.wire.types import U64, Bytes, Elements, str8, str16

USER = str16(USER_ID_BYTES_MAX, 1, one_line=True)
USER_OR_NONE = str16(USER_ID_BYTES_MAX, one_line=True)
CONVERSATION = str16(CONVERSATION_BYTES_MAX, 1, one_line=True)
CONVERSATION_OR_NONE = str16(CONVERSATION_BYTES_MAX, one_line=True)
GROUP = str8(160, 1, one_line=True)
NICKNAME = str8(120, one_line=True)
FACE_URL = str8(100, one_line=True)
NAME_CARD = str8(50, one_line=True)
CLIENT_MSG_ID = str8(CLIENT_MSG_ID_BYTES_MAX, 1, one_line=True)
BODY = Elements("u16", 65535)
TYPE_NAME = str8(32)
CLOUD_DATA = Bytes("u16", 8192)
PAGE_CURSOR = str16(1024)
SIGNATURE = str16(500)
USERS_MAX = 500
"""Users named in one request; the server's own bound is lower (limits.md)."""


ATTRIBUTES = Bytes("u16", 16384)
"""GR-13: a JSON object. More than 8 KiB fit, so that spaces do no harm and the error says what is wrong."""


@row("AttributeChange")
class AttributeChange(Struct, frozen=True, gc=False):
    """One key of a group's attributes, and its value from now on (GR-13)."""

    path: A[str, str8(255, 1), "The key; in objects within objects, the keys with dots between them: `a.b.c`."]
    value: A[bytes, Bytes("u16", 16384), "JSON; `null` removes it."]


@row("CustomField")
class CustomField(Struct, frozen=True, gc=False):
    """A custom field of a group, a member or a user (GR-06, AB-05)."""

    key: A[str, str8(16, 1), "1 to 16 of A-Z, a-z, 0-9 and _; the app's settings list the keys."]
    value: A[
        bytes, Bytes("u16", 512), "Any bytes; empty removes the field. At most 64 bytes for a field of a member."
    ]


@row("SeqEntry")
class SeqEntry(Struct, frozen=True, gc=False):
    """A message by its SEQ."""

    seq: A[int, U64, "Its SEQ."]
