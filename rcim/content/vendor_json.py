"""Message bodies as the vendor's JSON, `MsgBody`, and back (MS-03).

What the vendor has not (typed bytes, tips) has a MsgType of our own, which begins with Rcim (_TYPES). The vendor's
`Data` is text. Bytes that are no UTF-8 stand in `DataBase64` in its place.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeGuard

from rcim.base.errors import BAD_ELEMENT, RcimError
from rcim.base.terms import ImageFormat, ImageKind
from rcim.content import elements as el

Json = dict[str, Any]
DEGREE = 1_000_000
HALF = re.compile("[\ud800-\udfff]")
DOWNLOAD_FLAG = 2
"""The vendor's: the file is fetched from its URL."""


def to_json(body: Sequence[el.Element]) -> list[Json]:
    """A `MsgBody` of elements."""
    return [{"MsgType": _TYPES[type(item)], "MsgContent": _WRITE[type(item)](item)} for item in body]


def from_json(body: Any) -> list[el.Element]:
    """Elements of a `MsgBody`. Raises RcimError(BAD_ELEMENT) that names what is wrong; bounds are checked where the
    elements are encoded."""
    if not isinstance(body, list) or not body:
        raise _wrong("MsgBody", "has to be a list with at least one element")
    found: list[el.Element] = []
    for at, item in enumerate(body):
        place = f"MsgBody[{at}]"
        if not isinstance(item, dict) or not isinstance(item.get("MsgContent"), dict):
            raise _wrong(place, "has to have MsgType and MsgContent")
        kind = item.get("MsgType")
        read = _READ.get(kind) if isinstance(kind, str) else None
        if read is None:
            raise _wrong(place, f"MsgType {kind!r} is not known")
        found.append(read(_Content(item["MsgContent"], place)))
    return found


def _wrong(place: str, text: str) -> RcimError:
    return RcimError(BAD_ELEMENT, f"{place}: {text}")


def is_text(found: Any) -> TypeGuard[str]:
    """True for a text that can be sent: JSON can write halves of characters (`\\ud800`), which UTF-8 has not."""
    return isinstance(found, str) and not HALF.search(found)


class _Content:
    """A MsgContent, read field by field."""

    def __init__(self, fields: Json, place: str) -> None:
        self._fields = fields
        self.place = place

    def text(self, name: str, default: str | None = None) -> str:
        found = self._fields.get(name, default)
        if not is_text(found):
            raise _wrong(self.place, f"{name} has to be text")
        return found

    def number(self, name: str, default: int | None = None) -> int:
        found = self._fields.get(name, default)
        if type(found) is not int or not 0 <= found < 1 << 32:
            raise _wrong(self.place, f"{name} has to be a whole number from 0 to 4294967295")
        return found

    def degrees(self, name: str, most: int) -> int:
        found = self._fields.get(name)
        if type(found) not in (int, float) or not -most <= found <= most:  # type: ignore[operator]
            raise _wrong(self.place, f"{name} has to be a number from -{most} to {most}")
        return round(found * DEGREE)  # type: ignore[operator]

    def data(self) -> bytes:
        if "DataBase64" not in self._fields:
            return self.text("Data", "").encode()
        try:
            return base64.b64decode(self.text("DataBase64"), validate=True)
        except (binascii.Error, ValueError):
            raise _wrong(self.place, "DataBase64 is not base64") from None

    def rows(self, name: str) -> list[_Content]:
        found = self._fields.get(name)
        if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
            raise _wrong(self.place, f"{name} has to be a list of objects")
        return [_Content(row, f"{self.place}.{name}[{at}]") for at, row in enumerate(found)]

    def texts(self, name: str) -> list[str]:
        found = self._fields.get(name, [])
        if not isinstance(found, list) or not all(map(is_text, found)):
            raise _wrong(self.place, f"{name} has to be a list of texts")
        return found

    def raw(self, name: str) -> Any:
        return self._fields.get(name)


def _data(value: bytes) -> Json:
    try:
        return {"Data": value.decode()}
    except UnicodeDecodeError:
        return {"DataBase64": base64.b64encode(value).decode()}


# --------------------------------------------------------------------------------------------------- writing


def _write_image(item: el.Image) -> Json:
    variants = [
        {"Type": int(v.kind), "Size": v.size, "Width": v.width, "Height": v.height, "URL": v.url}
        for v in item.variants
    ]
    return {"UUID": item.uuid, "ImageFormat": int(item.format), "ImageInfoArray": variants}


def _write_sound(item: el.Sound) -> Json:
    return {
        "Url": item.url,
        "UUID": item.uuid,
        "Size": item.size,
        "Second": item.seconds,
        "Download_Flag": DOWNLOAD_FLAG,
    }


def _write_video(item: el.Video) -> Json:
    return {
        "VideoUrl": item.url,
        "VideoUUID": item.uuid,
        "VideoSize": item.size,
        "VideoSecond": item.seconds,
        "VideoFormat": item.format,
        "VideoDownloadFlag": DOWNLOAD_FLAG,
        "ThumbUrl": item.thumb_url,
        "ThumbUUID": "",
        "ThumbSize": item.thumb_size,
        "ThumbWidth": item.thumb_width,
        "ThumbHeight": item.thumb_height,
        "ThumbFormat": item.thumb_format,
        "ThumbDownloadFlag": DOWNLOAD_FLAG,
    }


def _write_file(item: el.File) -> Json:
    return {
        "Url": item.url,
        "UUID": item.uuid,
        "FileSize": item.size,
        "FileName": item.name,
        "Download_Flag": DOWNLOAD_FLAG,
    }


def _write_merged(item: el.Merged) -> Json:
    messages = [
        {
            "From_Account": m.sender,
            "From_AccountNick": m.nickname,
            "MsgTimeStampMs": m.time_ms,
            "MsgBody": to_json(el.decode_body(m.body)),
        }
        for m in item.messages
    ]
    return {
        "Title": item.title,
        "MsgNum": len(messages),
        "CompatibleText": item.compatible_text,
        "AbstractList": list(item.abstracts),
        "MsgList": messages,
    }


def _write_tip(item: el.GroupTip) -> Json:
    return {
        "Kind": item.kind.name,
        "Operator_Account": item.operator,
        "MemberList": list(item.users),
        "Count": item.count,
        "MemberNum": item.member_num,
        "InfoSeq": item.info_seq,
        "What": list(item.what),
    }


# --------------------------------------------------------------------------------------------------- reading


def _read_image(c: _Content) -> el.Element:
    try:
        variants = [
            el.ImageVariant(
                kind=ImageKind(row.number("Type")),
                size=row.number("Size"),
                width=row.number("Width", 0),
                height=row.number("Height", 0),
                url=row.text("URL"),
            )
            for row in c.rows("ImageInfoArray")
        ]
        return el.Image(c.text("UUID", ""), ImageFormat(c.number("ImageFormat", 255)), variants)
    except ValueError:
        raise _wrong(c.place, "ImageFormat or Type is none that there is") from None


def _read_video(c: _Content) -> el.Element:
    return el.Video(
        url=c.text("VideoUrl", ""),
        uuid=c.text("VideoUUID", ""),
        size=c.number("VideoSize"),
        seconds=c.number("VideoSecond"),
        format=c.text("VideoFormat", ""),
        thumb_url=c.text("ThumbUrl", ""),
        thumb_size=c.number("ThumbSize", 0),
        thumb_width=c.number("ThumbWidth", 0),
        thumb_height=c.number("ThumbHeight", 0),
        thumb_format=c.text("ThumbFormat", ""),
    )


def _read_merged(c: _Content) -> el.Element:
    messages = [
        el.MergedMessage(
            row.text("From_Account"),
            row.text("From_AccountNick", ""),
            _time(row),
            el.encode_body(from_json(row.raw("MsgBody"))),
        )
        for row in c.rows("MsgList")
    ]
    return el.Merged(c.text("Title"), c.texts("AbstractList"), c.text("CompatibleText", ""), messages)


def _time(row: _Content) -> int:
    found = row.raw("MsgTimeStampMs")
    if type(found) is not int or not 0 <= found < 1 << 63:
        raise _wrong(row.place, "MsgTimeStampMs has to be milliseconds since 1970")
    return found


_WRITE: dict[type[el.Element], Callable[[Any], Json]] = {
    el.Text: lambda item: {"Text": item.text},
    el.Face: lambda item: {"Index": item.index, **_data(item.data)},
    el.Custom: lambda item: {**_data(item.data), "Desc": item.description, "Ext": item.extension, "Sound": ""},
    el.TypedBytes: lambda item: {"TypeName": item.type_name, **_data(item.data)},
    el.Image: _write_image,
    el.Sound: _write_sound,
    el.Video: _write_video,
    el.File: _write_file,
    el.Location: lambda item: {
        "Desc": item.name,
        "Latitude": item.latitude_e6 / DEGREE,
        "Longitude": item.longitude_e6 / DEGREE,
    },
    el.Merged: _write_merged,
    el.GroupTip: _write_tip,
}
_TYPES: dict[type[el.Element], str] = {
    el.Text: "TIMTextElem",
    el.Face: "TIMFaceElem",
    el.Custom: "TIMCustomElem",
    el.TypedBytes: "RcimBytesElem",
    el.Image: "TIMImageElem",
    el.Sound: "TIMSoundElem",
    el.Video: "TIMVideoFileElem",
    el.File: "TIMFileElem",
    el.Location: "TIMLocationElem",
    el.Merged: "TIMRelayElem",
    el.GroupTip: "RcimGroupTipElem",
}
_READ: dict[str, Callable[[_Content], el.Element]] = {
    "TIMTextElem": lambda c: el.Text(c.text("Text")),
    "TIMFaceElem": lambda c: el.Face(c.number("Index"), c.data()),
    "TIMCustomElem": lambda c: el.Custom(c.data(), c.text("Desc", ""), c.text("Ext", "")),
    "RcimBytesElem": lambda c: el.TypedBytes(c.text("TypeName"), c.data()),
    "TIMImageElem": _read_image,
    "TIMSoundElem": lambda c: el.Sound(c.text("Url", ""), c.text("UUID", ""), c.number("Size"), c.number("Second")),
    "TIMVideoFileElem": _read_video,
    "TIMFileElem": lambda c: el.File(c.text("Url", ""), c.text("UUID", ""), c.number("FileSize"), c.text("FileName")),
    "TIMLocationElem": lambda c: el.Location(
        c.text("Desc", ""), c.degrees("Latitude", 90), c.degrees("Longitude", 180)
    ),
    "TIMRelayElem": _read_merged,
}
"""A GroupTip is the server's own: nobody sends one."""
MSG_TYPES = tuple(_TYPES.values())
"""All MsgTypes."""
