"""The packet dissector, run in Lua beside a small stand-in for Wireshark: it reads every vector, and finds nothing
malformed in the good ones."""

from __future__ import annotations

import json
from typing import Any

import lupa
import pytest

from tests.vectors import decoder
from tests.vectors.decoder import TABLE

LUA = (decoder.SPEC / "dissector" / "rcim.lua").read_text(encoding="utf-8")
GOOD = json.loads((decoder.SPEC / "vectors" / "frames.json").read_text(encoding="utf-8"))["good"]
STREAMS = json.loads((decoder.SPEC / "vectors" / "streams.json").read_text(encoding="utf-8"))

STAND_IN = """
base = { HEX = 1 }
DESEGMENT_ONE_MORE_SEGMENT = 0x0fffffff
lines = {}
local node = {}
node.__index = node
function node.add(self, what, range, text)
  local made = setmetatable({}, node)
  if type(text) == "string" then lines[#lines + 1] = text end
  return made
end
function node.set_text(self, text) lines[#lines + 1] = text return self end
function node.append_text(self, text) lines[#lines + 1] = text return self end
ProtoField = setmetatable({}, { __index = function() return function() return {} end end })
function Proto(name, long) the_proto = {} return the_proto end
DissectorTable = { get = function() return { add = function() end } end }
local range = {}
range.__index = range
function range.uint(self)
  local n = 0
  for i = 1, #self.data do n = n * 256 + self.data:byte(i) end
  return n
end
function range.int(self)
  local value = range.uint(self)
  return value >= 0x80000000 and value - 0x100000000 or value
end
function range.uint64(self)
  local n = 0
  for i = 1, #self.data do n = n * 256 + self.data:byte(i) end
  return n
end
function range.string(self) return self.data end
local buffer = {}
buffer.__index = buffer
function buffer.len(self) return #self.data end
buffer.__call = function(self, at, size)
  assert(at >= 0 and size >= 0 and at + size <= #self.data, "read beyond the buffer")
  return setmetatable({ data = self.data:sub(at + 1, at + size) }, range)
end
function dissect(data)
  lines = {}
  local pinfo = { cols = {} }
  local used = the_proto.dissector(setmetatable({ data = data }, buffer), pinfo, setmetatable({}, node))
  return pinfo.cols.info, table.concat(lines, "\\n"), pinfo.desegment_len or 0
end
"""


@pytest.fixture(scope="module")
def dissect() -> Any:
    lua = lupa.LuaRuntime(encoding=None)
    lua.execute(STAND_IN)
    lua.execute(LUA)
    return lua.globals().dissect if hasattr(lua.globals(), "dissect") else lua.eval("dissect")


def of_bytes(frame: str, name: str) -> bool:
    """True for a field of which only the length is shown."""
    (fields,) = (kind["fields"] + kind["extensions"] for kind in TABLE["frames"] if kind["name"] == frame)
    return any(field["name"] == name and field["type"].startswith(("bytes", "elements")) for field in fields)


@pytest.mark.parametrize("row", GOOD, ids=[row["name"] for row in GOOD])
def test_every_good_frame_is_shown(dissect: Any, row: dict[str, Any]) -> None:
    info, lines, wanted = dissect(bytes.fromhex(row["hex"]))
    text = lines.decode(errors="replace")
    assert info == row["frame"].encode() and wanted == 0
    assert "MALFORMED" not in text
    for name, value in row["fields"].items():
        if isinstance(value, str) and 0 < len(value) < 40 and not of_bytes(row["frame"], name):
            assert f"{name}: {value}" in text


def test_a_frame_in_pieces_asks_for_more(dissect: Any) -> None:
    data = bytes.fromhex(GOOD[0]["hex"])
    for cut in range(1, len(data)):
        _, _, wanted = dissect(data[:cut])
        assert wanted


def test_a_damaged_frame_is_marked(dissect: Any) -> None:
    data = bytearray(bytes.fromhex(GOOD[0]["hex"]))
    data[3] -= 3
    _, lines, _ = dissect(bytes(data[:-3]))
    assert b"MALFORMED" in lines
