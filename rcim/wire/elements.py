"""Elements of a message body (MS-03): each is kind u16, length u16, then a struct of that kind.

The server checks a body and passes its bytes on as they are; only who reads a message takes it apart.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Annotated as A
from typing import Any, ClassVar

import construct as c

from rcim.base.errors import BAD_ELEMENT, BODY_TOO_LARGE, RcimError
from rcim.base.terms import ChangeKind
from rcim.wire.schema import Ext, Struct, prepare
from rcim.wire.types import U32, U64, Bytes, Enum, StrList, str8, str16

KIND_LENGTH = struct.Struct(">HH")


class Element(Struct, frozen=True, gc=False):
    """Base of the elements. `KIND` is the number on the wire."""

    KIND: ClassVar[int]


ELEMENTS: dict[int, type[Element]] = {}
"""Every declared element by its kind."""


def element(kind: int, name: str) -> Callable[[type[Element]], type[Any]]:
    """Declare an Element class as the element `name` with number `kind`."""

    def declare(cls: type[Element]) -> type[Any]:
        if kind in ELEMENTS:
            raise ValueError(f"element kind {kind} is declared twice")
        cls.KIND = kind
        prepare(cls, name)
        ELEMENTS[kind] = cls
        return cls

    return declare


@element(1, "Text")
class Text(Element, frozen=True, gc=False):
    """Text (the vendor's TIMTextElem)."""

    text: A[str, str16(65535), "The text."]


@element(2, "Custom")
class Custom(Element, frozen=True, gc=False):
    """The app's own data with a description for people (TIMCustomElem)."""

    data: A[bytes, Bytes("u16", 65535), "Anything."]
    description: A[str, str16(65535), "What a client shows that doesn't know the data; may be empty."]
    extension: A[str, str16(65535), "The app's own; may be empty."]


@element(3, "Bytes")
class TypedBytes(Element, frozen=True, gc=False):
    """Bytes with the app's own type name."""

    type_name: A[str, str8(32, 1), "The app's name for what is in `data`."]
    data: A[bytes, Bytes("u16", 65535), "Anything."]


@element(4, "GroupTip")
class GroupTip(Element, frozen=True, gc=False):
    """What has happened in a group, where its type says so by a message (GT-15). Only the server makes it: in a SEND it
    is BAD_ELEMENT."""

    kind: A[ChangeKind, Enum(ChangeKind), "What."]
    operator: A[str, str8(64), "Who did it; empty: the server."]
    users: A[list[str], StrList(str8(64, 1), 500), "To whom: the first of them, at most 100."]
    count: A[int, U32, "To how many in all."]
    member_num: A[int, U32, "MemberNum after it."]
    info_seq: A[int, U64, "InfoSeq after it."]
    what: A[
        Sequence[str], Ext(1, StrList(str8(32, 1), 32)), "Which fields, for PROFILE_CHANGED: as in GroupChange."
    ] = ()


AnyElement = Text | Custom | TypedBytes | GroupTip
SERVERS_OWN = frozenset({GroupTip.KIND})
"""Elements that no client may send."""


def encode_body(elements: Sequence[Element]) -> bytes:
    """A message body from its elements, in order.

    Raises RcimError(BAD_PARAMETER) for a value out of bounds, RcimError(BODY_TOO_LARGE) for an element over
    65,535 bytes.
    """
    parts = []
    for item in elements:
        payload = type(item).encode_struct(item)
        if len(payload) > 65535:
            raise RcimError(BODY_TOO_LARGE, f"{item.NAME}: {len(payload)} bytes, at most 65535")
        parts.append(KIND_LENGTH.pack(item.KIND, len(payload)))
        parts.append(payload)
    return b"".join(parts)


def decode_body(body: bytes) -> list[Element]:
    """The elements of a body that the server passed. Kinds newer than this program are skipped.

    Raises RcimError(BAD_ELEMENT, BAD_BODY or BAD_PARAMETER).
    """
    found = []
    for kind, start, end in spans(body):
        cls = ELEMENTS.get(kind)
        if cls is not None:
            found.append(cls.decode_struct(body, start, end))
    return found


def spans(body: bytes) -> list[tuple[int, int, int]]:
    """(kind, start, end) of each element in `body`. Raises RcimError(BAD_ELEMENT) if the lengths don't add up."""
    found = []
    at, end = 0, len(body)
    while at < end:
        if at + 4 > end:
            raise RcimError(BAD_ELEMENT, "the body ends inside an element's head")
        kind, length = KIND_LENGTH.unpack_from(body, at)
        at += 4
        if at + length > end:
            raise RcimError(BAD_ELEMENT, "the body ends inside an element")
        found.append((kind, at, at + length))
        at += length
    return found


def check_body(body: bytes, bytes_max: int, elements_max: int) -> None:
    """What the server asks of a body before it keeps it (MS-03): size, number, known kinds, each well-formed.

    Raises RcimError(BODY_TOO_LARGE or BAD_ELEMENT).
    """
    if len(body) > bytes_max:
        raise RcimError(BODY_TOO_LARGE, f"body: {len(body)} bytes, at most {bytes_max}")
    found = spans(body)
    if not 1 <= len(found) <= elements_max:
        raise RcimError(BAD_ELEMENT, f"body: {len(found)} elements, must be 1 to {elements_max}")
    for kind, start, end in found:
        cls = ELEMENTS.get(kind)
        if cls is None or kind in SERVERS_OWN:
            raise RcimError(
                BAD_ELEMENT, f"element kind {kind} is not known" if cls is None else f"{cls.NAME} is the server's"
            )
        try:
            cls.decode_struct(body, start, end)
        except RcimError as error:
            raise RcimError(BAD_ELEMENT, error.detail) from None


def reference_body() -> Any:
    """A body as a construct type: a list of containers `kind`, `payload` (bytes)."""
    one = c.Struct("kind" / c.Int16ub, "payload" / c.Prefixed(c.Int16ub, c.GreedyBytes))
    return c.Struct("elements" / c.GreedyRange(one), c.Terminated)
