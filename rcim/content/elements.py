"""Elements of a message body (MS-03): each is kind u16, length u16, then a struct of that kind.

The server checks a body and passes on its bytes unchanged; only a reader of the message decodes it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Annotated as A
from typing import Any, ClassVar

from rcim.base.errors import BAD_ELEMENT, BODY_TOO_LARGE, RcimError
from rcim.base.ids import USER_ID_BYTES_MAX
from rcim.base.terms import ChangeKind, ImageFormat, ImageKind
from rcim.wire.schema import Ext, Struct, prepare, row
from rcim.wire.types import U32, U64, Bytes, Elements, Enum, Int, StrList, StructList, str8, str16

KIND_LENGTH = struct.Struct(">HH")
MEDIA_BYTES_MAX = 100 << 20
"""MS-03: files that messages refer to; the server keeps none of them."""
MEDIA_BYTES = Int("u32", (0, MEDIA_BYTES_MAX))
URL, UUID = str16(1024), str8(64)


class Element(Struct, frozen=True, gc=False):
    """Base of the elements. `KIND` is the number on the wire."""

    KIND: ClassVar[int]

    def check(self) -> None:
        """Checks what the types of its fields can't express. Raises RcimError(BAD_ELEMENT)."""

    def plain(self) -> str:
        """Its form in a line of text; empty if it has nothing to show."""
        return ""


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

    def plain(self) -> str:
        return self.text


@element(2, "Custom")
class Custom(Element, frozen=True, gc=False):
    """The app's own data with a description for people (TIMCustomElem)."""

    data: A[bytes, Bytes("u16", 65535), "Anything."]
    description: A[str, str16(65535), "Shown by a client that doesn't know the data; may be empty."]
    extension: A[str, str16(65535), "The app's own; may be empty."]

    def plain(self) -> str:
        return self.description


@element(3, "Bytes")
class TypedBytes(Element, frozen=True, gc=False):
    """Bytes with the app's own type name."""

    type_name: A[str, str8(32, 1), "The app's name for what is in `data`."]
    data: A[bytes, Bytes("u16", 65535), "Anything."]


@element(4, "GroupTip")
class GroupTip(Element, frozen=True, gc=False):
    """A change in a group, where its type announces changes by messages (GT-15). Only the server makes it: in a SEND it
    is BAD_ELEMENT."""

    kind: A[ChangeKind, Enum(ChangeKind), "What."]
    operator: A[str, str16(USER_ID_BYTES_MAX), "The user who did it; empty: the server."]
    users: A[list[str], StrList(str16(USER_ID_BYTES_MAX, 1), 500), "The affected users: the first ones, at most 100."]
    count: A[int, U32, "The number of affected users in all."]
    member_num: A[int, U32, "MemberNum after it."]
    info_seq: A[int, U64, "InfoSeq after it."]
    what: A[
        Sequence[str], Ext(1, StrList(str8(32, 1), 32)), "Which fields, for PROFILE_CHANGED: as in GroupChange."
    ] = ()


@element(5, "Face")
class Face(Element, frozen=True, gc=False):
    """A custom emoji of the app (TIMFaceElem)."""

    index: A[int, U32, "Its number in the app."]
    data: A[bytes, Bytes("u16", 65535), "The app's own; may be empty."]

    def plain(self) -> str:
        return "[Face]"


@row("ImageVariant")
class ImageVariant(Struct, frozen=True, gc=False):
    """One size of an image."""

    kind: A[ImageKind, Enum(ImageKind), "Original, large or thumbnail."]
    size: A[int, MEDIA_BYTES, "Bytes."]
    width: A[int, U32, "Pixels."]
    height: A[int, U32, "Pixels."]
    url: A[str, URL, "Where it is."]


@element(6, "Image")
class Image(Element, frozen=True, gc=False):
    """An image, which the app keeps (TIMImageElem)."""

    uuid: A[str, UUID, "The app's id of it."]
    format: A[ImageFormat, Enum(ImageFormat), "Its format."]
    variants: A[list[ImageVariant], StructList(ImageVariant, 3, 1), "Each kind once."]

    def check(self) -> None:
        kinds = [variant.kind for variant in self.variants]
        if len(set(kinds)) != len(kinds):
            raise RcimError(BAD_ELEMENT, f"{self.NAME}: each kind of variant once")

    def plain(self) -> str:
        return "[Image]"


@element(7, "Sound")
class Sound(Element, frozen=True, gc=False):
    """A voice message, which the app keeps (TIMSoundElem)."""

    url: A[str, URL, "Where it is."]
    uuid: A[str, UUID, "The app's id of it."]
    size: A[int, MEDIA_BYTES, "Bytes."]
    seconds: A[int, U32, "Its length."]

    def plain(self) -> str:
        return "[Voice]"


@element(8, "Video")
class Video(Element, frozen=True, gc=False):
    """A video, which the app keeps (TIMVideoFileElem)."""

    url: A[str, URL, "Where it is."]
    uuid: A[str, UUID, "The app's id of it."]
    size: A[int, MEDIA_BYTES, "Bytes."]
    seconds: A[int, U32, "Its length."]
    format: A[str, str8(16), "As `mp4`."]
    thumb_url: A[str, URL, "Where its picture is; may be empty."]
    thumb_size: A[int, MEDIA_BYTES, "Bytes of it."]
    thumb_width: A[int, U32, "Pixels."]
    thumb_height: A[int, U32, "Pixels."]
    thumb_format: A[str, str8(16), "As `jpg`."]

    def plain(self) -> str:
        return "[Video]"


@element(9, "File")
class File(Element, frozen=True, gc=False):
    """A file, which the app keeps (TIMFileElem)."""

    url: A[str, URL, "Where it is."]
    uuid: A[str, UUID, "The app's id of it."]
    size: A[int, MEDIA_BYTES, "Bytes."]
    name: A[str, str8(255), "Its name."]

    def plain(self) -> str:
        return "[File]"


@element(10, "Location")
class Location(Element, frozen=True, gc=False):
    """A place (TIMLocationElem)."""

    name: A[str, str16(1024), "What it is called; may be empty."]
    latitude_e6: A[int, Int("i32", (-90_000_000, 90_000_000)), "Degrees north times 1,000,000."]
    longitude_e6: A[int, Int("i32", (-180_000_000, 180_000_000)), "Degrees east times 1,000,000."]

    def plain(self) -> str:
        return "[Location]"


@row("MergedMessage")
class MergedMessage(Struct, frozen=True, gc=False):
    """A message that is forwarded with others."""

    sender: A[str, str16(USER_ID_BYTES_MAX, 1), "Who sent it."]
    nickname: A[str, str8(120), "The sender's nickname then; may be empty."]
    time_ms: A[int, U64, "When."]
    body: A[bytes, Elements("u16", 65535), "Its elements; no Merged and no GroupTip among them."]


@element(11, "Merged")
class Merged(Element, frozen=True, gc=False):
    """Several messages forwarded as one (TIMRelayElem)."""

    title: A[str, str8(255), "What is shown of it."]
    abstracts: A[list[str], StrList(str8(255), 10), "Some lines of what is in it."]
    compatible_text: A[str, str16(1024), "What a client shows that can't show it."]
    messages: A[list[MergedMessage], StructList(MergedMessage, 100, 1), "As many as fit the body."]

    def check(self) -> None:
        for message in self.messages:
            check_elements(message.body, 1000, SERVERS_OWN | {self.KIND})

    def plain(self) -> str:
        return self.compatible_text


AnyElement = Text | Custom | TypedBytes | GroupTip | Face | Image | Sound | Video | File | Location | Merged
SERVERS_OWN = frozenset({GroupTip.KIND})
"""Elements that no client may send."""


def plain_text(elements: Sequence[Element]) -> str:
    """A message in a line of text, as a push or a list of conversations shows it: its elements one after the other."""
    return "".join(item.plain() for item in elements)


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
    """Checks a body before the server stores it (MS-03): size, number, known kinds, each well-formed.

    Raises RcimError(BODY_TOO_LARGE or BAD_ELEMENT).
    """
    if len(body) > bytes_max:
        raise RcimError(BODY_TOO_LARGE, f"body: {len(body)} bytes, at most {bytes_max}")
    check_elements(body, elements_max, SERVERS_OWN)


def check_elements(body: bytes, elements_max: int, refused: frozenset[int]) -> None:
    """Number, known kinds, each well-formed and none of `refused`. Raises RcimError(BAD_ELEMENT)."""
    found = spans(body)
    if not 1 <= len(found) <= elements_max:
        raise RcimError(BAD_ELEMENT, f"body: {len(found)} elements, must be 1 to {elements_max}")
    for kind, start, end in found:
        cls = ELEMENTS.get(kind)
        if cls is None or kind in refused:
            raise RcimError(BAD_ELEMENT, f"element kind {kind} is not known, or not for a client to send")
        try:
            item = cls.decode_struct(body, start, end)
        except RcimError as error:
            raise RcimError(BAD_ELEMENT, error.detail) from None
        item.check()


def reference_body() -> Any:
    """A body as a construct type: a list of containers `kind`, `payload` (bytes)."""
    import construct as c

    one = c.Struct("kind" / c.Int16ub, "payload" / c.Prefixed(c.Int16ub, c.GreedyBytes))
    return c.Struct("elements" / c.GreedyRange(one), c.Terminated)
