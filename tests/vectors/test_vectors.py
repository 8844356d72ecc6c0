"""The vectors: the server's codec, construct, and a decoder that knows only the JSON agree on each of them (WI-03)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rcim_tools.vectors import jsonable

from rcim.base.errors import RcimError
from rcim.base.limits import DEFAULTS
from rcim.content.elements import check_body, decode_body, spans
from rcim.wire import reference
from rcim.wire.schema import FRAMES
from rcim.wire.stream import StreamSplitter
from tests.vectors import decoder

VECTORS = decoder.SPEC / "vectors"
FRAME_VECTORS = json.loads((VECTORS / "frames.json").read_text(encoding="utf-8"))
STREAMS = json.loads((VECTORS / "streams.json").read_text(encoding="utf-8"))
ELEMENTS = json.loads((VECTORS / "elements.json").read_text(encoding="utf-8"))


def _ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in rows]


@pytest.mark.parametrize("row", FRAME_VECTORS["good"], ids=_ids(FRAME_VECTORS["good"]))
def test_good(row: dict[str, Any]) -> None:
    data = bytes.fromhex(row["hex"])
    assert decoder.frame(data) == (row["frame"], row["request_id"], row["fields"])
    cls = next(c for c in FRAMES.values() if row["frame"] == c.NAME)
    found = cls.decode(data[12:])
    assert jsonable(reference.to_plain(found)) == row["fields"]
    assert found.encode(row["request_id"]) == data
    parsed, request_id, plain = reference.parse(data)
    assert (parsed, request_id, jsonable(plain)) == (cls, row["request_id"], row["fields"])
    assert reference.from_plain(cls, plain) == found
    assert reference.build(cls, plain, request_id) == data


DECODED = FRAME_VECTORS["skipped"] + FRAME_VECTORS["repeated"]


@pytest.mark.parametrize("row", DECODED, ids=_ids(DECODED))
def test_unknown_extensions_are_skipped_and_the_last_of_a_tag_counts(row: dict[str, Any]) -> None:  # WI-02
    data = bytes.fromhex(row["hex"])
    assert decoder.at_its_default(decoder.frame(data)[2], row["frame"]) == row["fields"]
    cls, _, plain = reference.parse(data)
    assert jsonable(plain) == row["fields"]
    assert jsonable(reference.to_plain(cls.decode(data[12:]))) == row["fields"]


@pytest.mark.parametrize("row", FRAME_VECTORS["bad"], ids=_ids(FRAME_VECTORS["bad"]))
def test_bad(row: dict[str, Any]) -> None:
    data = bytes.fromhex(row["hex"])
    with pytest.raises(decoder.Bad) as by_table:
        decoder.frame(data)
    assert by_table.value.args[0] == row["error"]
    cls = next(c for c in FRAMES.values() if row["frame"] == c.NAME)
    with pytest.raises(RcimError) as by_server:
        cls.decode(data[12:])
    assert by_server.value.code.name == row["error"]
    with pytest.raises(reference.ReferenceCodecError):
        reference.parse(data)


def test_every_frame_has_vectors() -> None:
    good = {row["frame"] for row in FRAME_VECTORS["good"]}
    bad = {row["frame"] for row in FRAME_VECTORS["bad"]}
    assert good == bad == {cls.NAME for cls in FRAMES.values()}


@pytest.mark.parametrize("row", ELEMENTS["good"], ids=lambda row: row["hex"][:24])
def test_elements(row: dict[str, Any]) -> None:  # MS-03
    data = bytes.fromhex(row["hex"])
    assert decoder.body(data) == row["elements"]
    found = zip(spans(data), decode_body(data), strict=True)
    assert [
        {"kind": kind, "name": part.NAME, "fields": jsonable(reference.to_plain(part))}
        for (kind, _, _), part in found
    ] == row["elements"]
    containers = reference_body(data)
    assert [c["kind"] for c in containers] == [e["kind"] for e in row["elements"]]


@pytest.mark.parametrize("row", ELEMENTS["bad"], ids=_ids(ELEMENTS["bad"]))
def test_bad_elements(row: dict[str, Any]) -> None:  # MS-03
    data = bytes.fromhex(row["hex"])
    with pytest.raises(RcimError) as by_server:
        check_body(data, DEFAULTS.body_bytes_max, DEFAULTS.elements_max)
    assert by_server.value.code.name == row["error"]
    assert by_server.value.detail


def test_bad_vectors_use_the_names_on_the_wire() -> None:
    names = {
        one["name"] for table in (*decoder.BY_TYPE.values(), *decoder.STRUCTS.values()) for one in table["fields"]
    }
    for row in FRAME_VECTORS["bad"]:
        word = row["name"].partition(": ")[2].split()[0]
        assert "_" not in word or word in names, row["name"]


def reference_body(data: bytes) -> Any:
    from rcim.content.elements import reference_body as made

    return made().parse(data).elements


def _split(data: bytes, limit: int, cuts: list[int]) -> tuple[list[dict[str, Any]], str]:
    splitter = StreamSplitter(limit)
    found: list[dict[str, Any]] = []
    at = 0
    for cut in [*cuts, len(data)]:
        splitter.feed(data[at:cut])
        at = cut
        try:
            while (raw := splitter.take()) is not None:
                found.append(
                    {"type": raw.type, "flags": raw.flags, "request_id": raw.request_id, "body": raw.body.hex()}
                )
        except RcimError as error:
            return found, error.code.name
    return found, ""


@pytest.mark.parametrize("row", STREAMS, ids=_ids(STREAMS))
def test_streams_whole_bytewise_and_cut_everywhere(row: dict[str, Any]) -> None:
    data, expected = bytes.fromhex(row["hex"]), (row["frames"], row["error"])
    assert _split(data, row["limit"], []) == expected
    assert _split(data, row["limit"], list(range(1, len(data)))) == expected
    for cut in range(1, len(data)):
        assert _split(data, row["limit"], [cut]) == expected
