"""Message bodies as RongCloud's objectName and content, and back (MS-03, MS-09).

| body | objectName | content |
|---|---|---|
| Text | RC:TxtMsg | content |
| Image | RC:ImgMsg | content (empty), imageUri of the largest |
| Sound | RC:HQVCMsg | remoteUrl, duration |
| Video | RC:SightMsg | sightUrl, content (empty), duration, size, name |
| File | RC:FileMsg | name, size, type, fileUrl |
| Location | RC:LBSMsg | content (empty), latitude, longitude, poi |
| one Custom element, in a message with a type name | the type name | its data, as it is |
| anything else: several elements, faces, merged messages, bytes | Rcim:Body | MsgBody (vendor_json.py) |

A message with a type name has that as objectName in any case. Back, content becomes an element of its own only if the
element would be written as the same content; otherwise it becomes a Custom element whose data is the content, with
nothing lost. So what comes from RongCloud goes back to it as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from rcim.base.errors import BAD_ELEMENT, RcimError
from rcim.base.terms import ImageFormat, ImageKind
from rcim.content import elements as el
from rcim.content.json_text import Json, dumped, object_of
from rcim.content.vendor_json import DEGREE, from_json, is_text, to_json

WHOLE = "Rcim:Body"
"""The objectName of a body for which RongCloud has no type."""


class RongContent(NamedTuple):
    """A message's content as RongCloud has it: `content` is JSON, or whatever the app has put there."""

    object_name: str
    content: str


def to_rongcloud(type_name: str, body: Sequence[el.Element]) -> RongContent:
    """The body of a message with this type name (MS-09); an empty one: it has none."""
    if len(body) == 1:
        (item,) = body
        if isinstance(item, el.Custom) and type_name and (text := _text_of(item.data)) is not None:
            return RongContent(type_name, text)
        if type(item) in _WRITE:
            object_name, write = _WRITE[type(item)]
            return RongContent(type_name or object_name, dumped(write(item)))
    return RongContent(type_name or WHOLE, dumped({"MsgBody": to_json(body)}))


def from_rongcloud(object_name: str, content: str) -> list[el.Element]:
    """The body of a message; its type name is the objectName, but none for WHOLE. Raises RcimError(BAD_ELEMENT); bounds
    are checked where the elements are encoded."""
    if not is_text(content):
        raise RcimError(BAD_ELEMENT, "content: has to be text")
    fields = object_of(content)
    if fields is not None and set(fields) == {"MsgBody"}:
        return from_json(fields["MsgBody"])
    if object_name == WHOLE:
        raise RcimError(BAD_ELEMENT, f"content: a {WHOLE} has to have MsgBody and nothing else")
    read = _READ.get(object_name)
    item = read(fields) if read is not None and fields is not None else None
    if item is not None and _WRITE[type(item)][1](item) == fields:
        return [item]
    shown = fields.get("content", "") if fields is not None and object_name in ("RC:TxtMsg", "RC:InfoNtf") else ""
    return [el.Custom(content.encode(), shown if is_text(shown) else "", "")]


def with_mentions(content: str, mentions: Sequence[str], *, mentions_all: bool) -> str:
    """The content with mentionedInfo for these users (MS-07), where it is an object that has none and can be written
    again."""
    fields = object_of(content) if mentions or mentions_all else None
    if fields is None or "mentionedInfo" in fields:
        return content
    who = {"type": 1 if mentions_all else 2, "userIdList": list(mentions), "mentionedContent": ""}
    try:
        made = dumped({**fields, "mentionedInfo": who})
    except RecursionError:  # it was nested as deep as can be read
        return content
    return made if is_text(made) else content


def _text_of(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


# --------------------------------------------------------------------------------------------------- writing


def _largest(image: el.Image) -> str:
    kinds = {variant.kind: variant.url for variant in image.variants}
    return next(kinds[kind] for kind in (ImageKind.ORIGINAL, ImageKind.LARGE, ImageKind.THUMB) if kind in kinds)


_WRITE: dict[type[el.Element], tuple[str, Callable[[Any], Json]]] = {
    el.Text: ("RC:TxtMsg", lambda item: {"content": item.text}),
    el.Image: ("RC:ImgMsg", lambda item: {"content": "", "imageUri": _largest(item)}),
    el.Sound: ("RC:HQVCMsg", lambda item: {"remoteUrl": item.url, "duration": item.seconds}),
    el.Video: (
        "RC:SightMsg",
        lambda item: {
            "sightUrl": item.url,
            "content": "",
            "duration": item.seconds,
            "size": item.size,
            "name": item.uuid,
        },
    ),
    el.File: (
        "RC:FileMsg",
        lambda item: {
            "name": item.name,
            "size": item.size,
            "type": item.name.rpartition(".")[2] if "." in item.name else "",
            "fileUrl": item.url,
        },
    ),
    el.Location: (
        "RC:LBSMsg",
        lambda item: {
            "content": "",
            "latitude": item.latitude_e6 / DEGREE,
            "longitude": item.longitude_e6 / DEGREE,
            "poi": item.name,
        },
    ),
}

# --------------------------------------------------------------------------------------------------- reading


def _texts(fields: Json, *names: str) -> bool:
    return all(is_text(fields.get(name)) for name in names)


def _numbers(fields: Json, *names: str) -> bool:
    return all(type(fields.get(name)) is int and 0 <= fields[name] < 1 << 32 for name in names)


def _read_image(fields: Json) -> el.Element | None:
    if not _texts(fields, "imageUri"):
        return None
    whole = el.ImageVariant(ImageKind.ORIGINAL, 0, 0, 0, fields["imageUri"])
    return el.Image("", ImageFormat.OTHER, [whole])


def _read_video(fields: Json) -> el.Element | None:
    if not (_texts(fields, "sightUrl", "name") and _numbers(fields, "duration", "size")):
        return None
    return el.Video(
        url=fields["sightUrl"],
        uuid=fields["name"],
        size=fields["size"],
        seconds=fields["duration"],
        format="",
        thumb_url="",
        thumb_size=0,
        thumb_width=0,
        thumb_height=0,
        thumb_format="",
    )


def _read_place(fields: Json) -> el.Element | None:
    north, east = fields.get("latitude"), fields.get("longitude")
    if type(north) not in (int, float) or type(east) not in (int, float) or not _texts(fields, "poi"):
        return None
    if not (-90 <= north <= 90 and -180 <= east <= 180):  # type: ignore[operator]
        return None
    return el.Location(fields["poi"], round(north * DEGREE), round(east * DEGREE))  # type: ignore[operator]


_READ: Mapping[str, Callable[[Json], el.Element | None]] = {
    "RC:TxtMsg": lambda fields: el.Text(fields["content"]) if _texts(fields, "content") else None,
    "RC:ImgMsg": _read_image,
    "RC:HQVCMsg": lambda fields: (
        el.Sound(fields["remoteUrl"], "", 0, fields["duration"])
        if _texts(fields, "remoteUrl") and _numbers(fields, "duration")
        else None
    ),
    "RC:SightMsg": _read_video,
    "RC:FileMsg": lambda fields: (
        el.File(fields["fileUrl"], "", fields["size"], fields["name"])
        if _texts(fields, "fileUrl", "name") and _numbers(fields, "size")
        else None
    ),
    "RC:LBSMsg": _read_place,
}
