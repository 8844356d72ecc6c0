"""Elements of a message body (MS-03): what their types do not say, and how they look in a line of text."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from rcim_tools.example_values import HELLO_TEXT, MEDIA, MIXED, TIP

from rcim.base.errors import RcimError
from rcim.base.terms import ImageFormat, ImageKind
from rcim.content import elements as e

IMAGE, SOUND, VIDEO, FILE, PLACE, MERGED = e.decode_body(MEDIA)[1:]
VARIANT = e.ImageVariant(ImageKind.THUMB, 1, 2, 3, "u")


def changed(item: Any, **fields: Any) -> bytes:
    return e.encode_body([msgspec.structs.replace(item, **fields)])


def test_media_of_every_kind_are_taken() -> None:
    e.check_body(MEDIA, 8192, 64)
    assert {item.KIND for item in e.decode_body(MEDIA)} | {1, 2, 3, 4} == e.ELEMENTS.keys()


@pytest.mark.parametrize(
    "body, said",
    [
        (changed(IMAGE, variants=[VARIANT, VARIANT]), "Image: each kind of variant once"),
        (changed(MERGED, messages=[e.MergedMessage("b", "", 1, MEDIA)]), "element kind 11"),
        (changed(MERGED, messages=[e.MergedMessage("b", "", 1, TIP)]), "element kind 4"),
        (changed(MERGED, messages=[e.MergedMessage("b", "", 1, b"\x00")]), "ends inside"),
        (e.KIND_LENGTH.pack(6, 1) + b"\x09", "ends inside this field"),
    ],
)
def test_media_that_are_wrong(body: bytes, said: str) -> None:
    with pytest.raises(RcimError) as error:
        e.check_body(body, 1 << 20, 64)
    assert error.value.code.name == "BAD_ELEMENT" and said in error.value.detail


@pytest.mark.parametrize(
    "item, fields, said",
    [
        (IMAGE, {"variants": []}, "Image.variants: 0,"),
        (VARIANT, {"size": (100 << 20) + 1}, "ImageVariant.size: 104857601,"),
        (SOUND, {"size": (100 << 20) + 1}, "Sound.size: 104857601,"),
        (VIDEO, {"thumb_size": (100 << 20) + 1}, "Video.thumb_size: 104857601,"),
        (FILE, {"size": 0xFFFFFFFF}, "File.size: 4294967295,"),
        (PLACE, {"latitude_e6": 91_000_000}, "Location.latitude_e6: 91000000,"),
        (PLACE, {"longitude_e6": -180_000_001}, "Location.longitude_e6: -180000001,"),
        (MERGED, {"messages": []}, "Merged.messages: 0,"),
    ],
)
def test_what_is_out_of_its_bounds_is_not_made(item: Any, fields: dict[str, Any], said: str) -> None:
    """That the server doesn't take it either, vectors/elements.json says."""
    with pytest.raises(RcimError) as error:
        type(item).encode_struct(msgspec.structs.replace(item, **fields))
    assert error.value.code.name == "BAD_PARAMETER" and said in error.value.detail


def test_the_largest_that_is_taken() -> None:
    e.check_body(changed(FILE, size=100 << 20), 8192, 64)
    e.check_body(changed(PLACE, latitude_e6=-90_000_000, longitude_e6=180_000_000), 8192, 64)
    assert ImageFormat.OTHER == 255


def test_a_line_of_text() -> None:  # the vendor's words
    assert e.plain_text(e.decode_body(HELLO_TEXT)) == "hello 你好"
    assert e.plain_text(e.decode_body(MEDIA)) == "[Face][Image][Voice][Video][File][Location][Chat history]"
    assert e.plain_text(e.decode_body(MIXED)) == "seea map" and e.plain_text(e.decode_body(TIP)) == ""
