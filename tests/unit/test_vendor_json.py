"""Bodies as the vendor's JSON and back (MS-03)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rcim_tools.example_values import MEDIA, MIXED, TIP

from rcim.base.errors import RcimError
from rcim.content.elements import ELEMENTS, Custom, GroupTip, Text, decode_body
from rcim.content.vendor_json import from_json, to_json


@pytest.mark.parametrize("body", [MEDIA, MIXED])
def test_there_and_back(body: bytes) -> None:
    elements = decode_body(body)
    made = json.loads(json.dumps(to_json(elements)))
    assert from_json(made) == elements


def test_every_element_has_its_json() -> None:
    elements = [*decode_body(MEDIA), *decode_body(MIXED), *decode_body(TIP)]
    assert {type(item) for item in elements} == set(ELEMENTS.values())
    names = {item["MsgType"] for item in to_json(elements)}
    assert len(names) == len(ELEMENTS)
    with pytest.raises(RcimError, match="RcimGroupTipElem"):
        from_json(to_json([item for item in elements if isinstance(item, GroupTip)]))


def test_fields_are_the_vendors() -> None:
    (text,) = to_json([Text("hi")])
    assert text == {"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}
    assert to_json([Custom(b"\xff", "d", "e")])[0]["MsgContent"] == {
        "DataBase64": "/w==",
        "Desc": "d",
        "Ext": "e",
        "Sound": "",
    }
    found = {item["MsgType"]: item["MsgContent"] for item in to_json(decode_body(MEDIA))}
    assert found["TIMLocationElem"] == {"Desc": "Cape Horn", "Latitude": -55.983, "Longitude": -67.267}
    assert found["TIMSoundElem"]["Second"] == 12 and found["TIMSoundElem"]["Download_Flag"] == 2
    assert found["TIMImageElem"]["ImageInfoArray"][0]["Type"] == 1
    assert found["TIMVideoFileElem"]["ThumbUUID"] == "", "a field that clients of the vendor's need"


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (None, "at least one"),
        ([], "at least one"),
        ([1], "MsgType and MsgContent"),
        ([{"MsgType": "TIMTextElem"}], "MsgType and MsgContent"),
        ([{"MsgType": "TIMNone", "MsgContent": {}}], "is not known"),
        ([{"MsgType": [], "MsgContent": {}}], "is not known"),
        ([{"MsgType": "TIMTextElem", "MsgContent": {"Text": 1}}], "Text has to be text"),
        ([{"MsgType": "TIMFaceElem", "MsgContent": {"Index": -1}}], "Index has to be"),
        ([{"MsgType": "TIMFaceElem", "MsgContent": {"Index": True}}], "Index has to be"),
        ([{"MsgType": "TIMSoundElem", "MsgContent": {"Size": 1, "Second": -2}}], "Second has to be"),
        ([{"MsgType": "TIMLocationElem", "MsgContent": {"Latitude": 91, "Longitude": 0}}], "Latitude has to be"),
        ([{"MsgType": "TIMLocationElem", "MsgContent": {"Latitude": float("nan"), "Longitude": 0}}], "Latitude"),
        ([{"MsgType": "TIMCustomElem", "MsgContent": {"DataBase64": "?"}}], "not base64"),
        ([{"MsgType": "TIMImageElem", "MsgContent": {"ImageInfoArray": [1]}}], "list of objects"),
        ([{"MsgType": "TIMImageElem", "MsgContent": {"ImageInfoArray": [], "ImageFormat": 9}}], "none that there is"),
        ([{"MsgType": "TIMRelayElem", "MsgContent": {"MsgList": [], "AbstractList": [1]}}], "Title has to be"),
    ],
)
def test_what_is_none(body: Any, wrong: str) -> None:
    with pytest.raises(RcimError, match=wrong) as error:
        from_json(body)
    assert error.value.code.name == "BAD_ELEMENT"
