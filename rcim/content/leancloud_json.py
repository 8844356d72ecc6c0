"""Message bodies as the content of LeanCloud's messages, and back (MS-03).

| body | content |
|---|---|
| Text | `_lctype` -1, `_lctext` |
| Image, Sound, Video, File | `_lctype` -2, -3, -4, -6, and `_lcfile` with url, objId and metaData |
| Location | `_lctype` -5, `_lctext`, and `_lcloc` |
| one Custom element | its data, as it is; base64 if that is no text |
| one element of typed bytes | its data as base64 |
| anything else | `_lctype` -1, `_lctext` with the text of all, and MsgBody (vendor_json.py) in `_lcattrs` |

Back, content becomes an element of its own only if the element would be written as the same content; otherwise it becomes
a Custom element whose data is the content, with nothing lost. So what comes from LeanCloud goes back to it as it was.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from rcim.base.errors import BAD_ELEMENT, RcimError
from rcim.base.terms import ImageFormat, ImageKind
from rcim.content import elements as el
from rcim.content.json_text import Json, dumped, object_of
from rcim.content.vendor_json import DEGREE, from_json, is_text, to_json

BINARY = "LeanCloud"
"""The type name of bytes that came as a binary message."""
RECALLED = '{"_lctype":-127}'
"""The content of a message that was recalled."""
FORMATS = {"jpg": ImageFormat.JPG, "gif": ImageFormat.GIF, "png": ImageFormat.PNG, "bmp": ImageFormat.BMP}


class LeanContent(NamedTuple):
    """`content` is base64 where `binary` is True."""

    content: str
    binary: bool = False


def to_leancloud(body: Sequence[el.Element]) -> LeanContent:
    """The content of a message with this body."""
    if len(body) == 1:
        (item,) = body
        if isinstance(item, el.Custom | el.TypedBytes):
            return _raw(item)
        if type(item) in _WRITE:
            return LeanContent(dumped(_WRITE[type(item)](item)))
    whole = {"_lctype": -1, "_lctext": el.plain_text(body), "_lcattrs": {"MsgBody": to_json(body)}}
    return LeanContent(dumped(whole))


def from_leancloud(content: str, *, binary: bool = False) -> list[el.Element]:
    """The body of a message with this content. Raises RcimError(BAD_ELEMENT); bounds are checked where the elements are
    encoded."""
    if not is_text(content):
        raise RcimError(BAD_ELEMENT, "content: has to be text")
    if binary:
        try:
            return [el.TypedBytes(BINARY, base64.b64decode(content, validate=True))]
        except (binascii.Error, ValueError):
            raise RcimError(BAD_ELEMENT, "content: a binary message has to be base64") from None
    fields = object_of(content)
    if fields is not None:
        attributes = fields.get("_lcattrs")
        if isinstance(attributes, dict) and set(attributes) == {"MsgBody"}:
            return from_json(attributes["MsgBody"])
        read = _READ.get(fields.get("_lctype", 0)) if type(fields.get("_lctype")) is int else None
        item = read(fields) if read is not None else None
        if item is not None and _WRITE[type(item)](item) == fields:
            return [item]
    shown = fields.get("_lctext", "") if fields is not None else content
    return [el.Custom(content.encode(), shown if is_text(shown) else "", "")]


def _raw(item: el.Custom | el.TypedBytes) -> LeanContent:
    if isinstance(item, el.Custom):
        try:
            return LeanContent(item.data.decode())
        except UnicodeDecodeError:
            pass
    return LeanContent(base64.b64encode(item.data).decode(), True)


# --------------------------------------------------------------------------------------------------- writing


def _file(kind: int, url: str, uuid: str, facts: Json) -> Json:
    return {"_lctype": kind, "_lctext": "", "_lcfile": {"url": url, "objId": uuid, "metaData": facts}}


def _write_image(item: el.Image) -> Json:
    kinds = {variant.kind: variant for variant in item.variants}
    order = (ImageKind.ORIGINAL, ImageKind.LARGE, ImageKind.THUMB)
    best = next(kinds[kind] for kind in order if kind in kinds)
    named = {number: name for name, number in FORMATS.items()}.get(item.format, "")
    facts = {"format": named, "size": best.size, "width": best.width, "height": best.height}
    return _file(-2, best.url, item.uuid, facts)


_WRITE: dict[type[el.Element], Callable[[Any], Json]] = {
    el.Text: lambda item: {"_lctype": -1, "_lctext": item.text},
    el.Image: _write_image,
    el.Sound: lambda item: _file(-3, item.url, item.uuid, {"duration": item.seconds, "size": item.size}),
    el.Video: lambda item: _file(
        -4, item.url, item.uuid, {"duration": item.seconds, "size": item.size, "format": item.format}
    ),
    el.File: lambda item: _file(-6, item.url, item.uuid, {"name": item.name, "size": item.size}),
    el.Location: lambda item: {
        "_lctype": -5,
        "_lctext": item.name,
        "_lcloc": {"longitude": item.longitude_e6 / DEGREE, "latitude": item.latitude_e6 / DEGREE},
    },
}

# --------------------------------------------------------------------------------------------------- reading


class _File(NamedTuple):
    """An `_lcfile`, with the numbers and texts of its metaData."""

    url: str
    uuid: str
    facts: Json

    def number(self, name: str) -> int:
        found = self.facts.get(name)
        return found if type(found) is int and 0 <= found < 1 << 32 else 0

    def text(self, name: str) -> str:
        found = self.facts.get(name)
        return found if is_text(found) else ""


def _file_of(fields: Json) -> _File | None:
    found = fields.get("_lcfile")
    if not isinstance(found, dict) or not is_text(found.get("url")) or not is_text(found.get("objId")):
        return None
    facts = found.get("metaData")
    return _File(found["url"], found["objId"], facts) if isinstance(facts, dict) else None


def _read_image(fields: Json) -> el.Element | None:
    file = _file_of(fields)
    if file is None:
        return None
    whole = el.ImageVariant(
        ImageKind.ORIGINAL, file.number("size"), file.number("width"), file.number("height"), file.url
    )
    return el.Image(file.uuid, FORMATS.get(file.text("format"), ImageFormat.OTHER), [whole])


def _read_sound(fields: Json) -> el.Element | None:
    file = _file_of(fields)
    return el.Sound(file.url, file.uuid, file.number("size"), file.number("duration")) if file is not None else None


def _read_video(fields: Json) -> el.Element | None:
    file = _file_of(fields)
    if file is None:
        return None
    return el.Video(
        url=file.url,
        uuid=file.uuid,
        size=file.number("size"),
        seconds=file.number("duration"),
        format=file.text("format"),
        thumb_url="",
        thumb_size=0,
        thumb_width=0,
        thumb_height=0,
        thumb_format="",
    )


def _read_file(fields: Json) -> el.Element | None:
    file = _file_of(fields)
    return el.File(file.url, file.uuid, file.number("size"), file.text("name")) if file is not None else None


def _read_place(fields: Json) -> el.Element | None:
    place = fields.get("_lcloc")
    if not isinstance(place, dict) or not is_text(fields.get("_lctext")):
        return None
    north, east = place.get("latitude"), place.get("longitude")
    if type(north) not in (int, float) or type(east) not in (int, float):
        return None
    if not (-90 <= north <= 90 and -180 <= east <= 180):  # type: ignore[operator]
        return None
    return el.Location(fields["_lctext"], round(north * DEGREE), round(east * DEGREE))  # type: ignore[operator]


_READ: Mapping[int, Callable[[Json], el.Element | None]] = {
    -1: lambda fields: el.Text(fields["_lctext"]) if is_text(fields.get("_lctext")) else None,
    -2: _read_image,
    -3: _read_sound,
    -4: _read_video,
    -5: _read_place,
    -6: _read_file,
}
