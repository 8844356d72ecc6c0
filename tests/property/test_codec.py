"""The codec against construct, on whatever hypothesis makes (WI-03); and every truncated prefix of every frame."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rcim_tools.examples import all_examples

from rcim.base.errors import BAD_BODY, BAD_PARAMETER, RcimError
from rcim.content.elements import ELEMENTS, SERVERS_OWN, check_body, decode_body, encode_body
from rcim.wire import reference
from rcim.wire.schema import FRAMES, Frame, Struct
from rcim.wire.stream import StreamSplitter
from rcim.wire.types import Bool, Bytes, Enum, Int, StrList, StructList
from tests.amount import some

WIDTH = {"u8": 8, "u16": 16, "u32": 32, "u64": 64}


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Everything that fits a field type."""
    if isinstance(kind, Int) and kind.span is not None:
        return st.integers(*kind.span)
    if isinstance(kind, Int) and kind.name == "i32":
        return st.integers(-(2**31), 2**31 - 1)
    if isinstance(kind, Int):
        return st.integers(0, 2 ** WIDTH[kind.name] - 1)
    if isinstance(kind, Bool):
        return st.booleans()
    if isinstance(kind, Enum):
        return st.sampled_from(list(kind.values))
    if isinstance(kind, StrList):
        return st.lists(values(kind.item), min_size=kind.low, max_size=4)
    if isinstance(kind, StructList):
        return st.lists(structs(kind.struct), min_size=kind.low, max_size=3)
    assert isinstance(kind, Bytes)
    if kind.kind != "str":
        return st.binary(min_size=kind.low, max_size=min(kind.high, 200))
    text = st.text(st.characters(codec="utf-8"), min_size=kind.low, max_size=min(kind.high, 60))
    return text.filter(lambda s: kind.low <= len(s.encode()) <= kind.high)


def structs(cls: type[Struct]) -> st.SearchStrategy[Any]:
    """Everything that fits a struct."""
    return st.builds(cls, **{f.name: values(f.type) for f in cls.FIELDS})


@pytest.mark.parametrize("cls", FRAMES.values(), ids=lambda c: c.NAME)
def test_both_codecs_agree(cls: type[Frame]) -> None:
    @settings(max_examples=some(5, of=40), database=None)
    @given(structs(cls), st.integers(0, 0xFFFFFFFF))
    def agree(value: Frame, request_id: int) -> None:
        data = value.encode(request_id)
        assert cls.decode(data[12:]) == value
        plain = reference.to_plain(value)
        assert reference.build(cls, plain, request_id) == data
        assert reference.parse(data) == (cls, request_id, plain)

    agree()


@pytest.mark.parametrize("cls", FRAMES.values(), ids=lambda c: c.NAME)
def test_both_codecs_agree_on_what_is_wrong(cls: type[Frame]) -> None:
    @settings(max_examples=some(8, of=60), database=None)
    @given(st.binary(max_size=80))
    def agree(body: bytes) -> None:
        data = (len(body) + 8).to_bytes(4, "big") + cls.TYPE.to_bytes(2, "big") + bytes(6) + body
        try:
            mine = reference.to_plain(cls.decode(body))
        except RcimError as error:
            assert error.code in (BAD_BODY, BAD_PARAMETER)
            with pytest.raises(reference.ReferenceCodecError):
                reference.parse(data)
            return
        assert reference.parse(data)[2] == mine

    agree()


@pytest.mark.parametrize("name, frame", all_examples(), ids=[name for name, _ in all_examples()])
def test_every_truncated_prefix_is_refused(name: str, frame: Frame) -> None:
    body = frame.encode()[12:]
    fixed = len(type(frame).encode_struct(_without_extensions(frame)))
    step = some(max(1, len(body) // 400), of=1)
    for cut in sorted({*range(0, len(body), step), *range(max(0, len(body) - 100), len(body))}):
        if cut == fixed or (cut > fixed and _is_boundary(body, fixed, cut)):
            continue  # what is left is a whole frame with fewer extensions
        try:  # and not pytest.raises, whose costs a thousand prefixes of a frame add up to seconds
            type(frame).decode(body[:cut])
        except RcimError as error:
            assert error.code in (BAD_BODY, BAD_PARAMETER)
        else:
            pytest.fail(f"{name} cut at {cut} is taken")


def _without_extensions(frame: Frame) -> Frame:
    kept = {f.name: getattr(frame, f.name) for f in frame.FIELDS if not f.tag}
    return type(frame)(**kept)


def _is_boundary(body: bytes, at: int, cut: int) -> bool:
    while at < cut:
        at += 4 + int.from_bytes(body[at + 2 : at + 4], "big")
    return at == cut


@settings(max_examples=200, database=None)
@given(st.lists(st.sampled_from([f for _, f in all_examples()][:40]), max_size=5), st.data())
def test_a_stream_cut_anywhere_gives_the_same_frames(sent: list[Frame], data: st.DataObject) -> None:
    stream = b"".join(f.encode(i + 1) for i, f in enumerate(sent))
    splitter = StreamSplitter(1 << 20)
    found = []
    at = 0
    while at < len(stream):
        step = data.draw(st.integers(1, 60))
        splitter.feed(stream[at : at + step])
        at += step
        while (raw := splitter.take()) is not None:
            found.append(FRAMES[raw.type].decode(raw.body))
    assert found == sent
    assert splitter.pending_bytes == 0


CLIENTS_OWN = sorted(ELEMENTS.keys() - SERVERS_OWN)


@settings(max_examples=200, database=None)
@given(st.lists(st.one_of([structs(ELEMENTS[kind]) for kind in CLIENTS_OWN]), min_size=1, max_size=5))
def test_elements_round_trip(elements: list[Any]) -> None:  # MS-03
    body = encode_body(elements)
    assert decode_body(body) == elements
    try:
        for item in elements:
            item.check()
    except RcimError:
        with pytest.raises(RcimError):
            check_body(body, 1 << 20, 64)
    else:
        check_body(body, 1 << 20, 64)


@settings(max_examples=300, database=None)
@given(st.binary(max_size=64))
def test_any_bytes_as_a_body_end_in_a_code(body: bytes) -> None:
    try:
        check_body(body, 8192, 64)
    except RcimError as error:
        assert error.code.name in ("BAD_ELEMENT", "BODY_TOO_LARGE")
    else:
        assert decode_body(body)
