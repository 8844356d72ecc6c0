"""The packet dissector for Wireshark: a small reader in Lua, and the table of frames as Lua data behind it."""

from __future__ import annotations

from typing import Any

from rcim_tools import describe

HEAD = """-- rcim for Wireshark. Made by `make spec` from the table of frames; do not edit.
-- Use: wireshark -X lua_script:rcim.lua, then "Decode As… rcim" on the port (default 7460).
-- TLS: give Wireshark the keys (SSLKEYLOGFILE of the client), or look at a server without TLS.
"""

BODY = """
local rcim = Proto("rcim", "rcim instant messaging")
local f_length = ProtoField.uint32("rcim.length", "length")
local f_type = ProtoField.uint16("rcim.type", "type", base.HEX)
local f_flags = ProtoField.uint16("rcim.flags", "flags", base.HEX)
local f_id = ProtoField.uint32("rcim.request_id", "request id")
local f_field = ProtoField.bytes("rcim.field", "field")
rcim.fields = { f_length, f_type, f_flags, f_id, f_field }

local HEADER = 12
local widths = { u8 = 1, u16 = 2, u32 = 4, u64 = 8, i32 = 4, bool = 1, enum8 = 1 }
local prefixes = { str8 = 1, str16 = 2, bytes8 = 1, bytes16 = 2, elements16 = 2 }
local read_struct

local function number(buf, at, size)
  if size == 8 then return tostring(buf(at, 8):uint64()) end
  return tostring(buf(at, size):uint())
end

local function read_elements(buf, at, stop, tree)
  while at + 4 <= stop do
    local kind = buf(at, 2):uint()
    local size = buf(at + 2, 2):uint()
    if at + 4 + size > stop then return end
    local known = rcim_elements[kind]
    local name = known and known.name or ("unknown kind " .. kind)
    local node = tree:add(f_field, buf(at, 4 + size)):set_text("element " .. name)
    if known then read_struct(known, buf, at + 4, at + 4 + size, node) end
    at = at + 4 + size
  end
end

local function read_field(field, buf, at, stop, tree)
  local width = widths[field.type]
  if width then
    if at + width > stop then return nil end
    local text = field.type == "i32" and tostring(buf(at, 4):int()) or number(buf, at, width)
    if field.values then text = text .. " " .. (field.values[tonumber(text)] or "?") end
    tree:add(f_field, buf(at, width)):set_text(field.name .. ": " .. text)
    return at + width
  end
  local prefix = prefixes[field.type]
  if prefix then
    if at + prefix > stop then return nil end
    local size = buf(at, prefix):uint()
    local from = at + prefix
    if from + size > stop then return nil end
    local node = tree:add(f_field, buf(at, prefix + size))
    if field.type:sub(1, 3) == "str" then
      node:set_text(field.name .. ": " .. (size > 0 and buf(from, size):string() or ""))
    else
      node:set_text(field.name .. ": " .. size .. " bytes")
      if field.type == "elements16" then read_elements(buf, from, from + size, node) end
    end
    return from + size
  end
  if field.type == "list16" then
    if at + 2 > stop then return nil end
    local count = buf(at, 2):uint()
    local node = tree:add(f_field, buf(at, 2)):set_text(field.name .. ": " .. count .. " rows")
    at = at + 2
    for i = 1, count do
      if field.item.type == "struct16" then
        if at + 2 > stop then return nil end
        local size = buf(at, 2):uint()
        if at + 2 + size > stop then return nil end
        local row = node:add(f_field, buf(at, 2 + size)):set_text(field.item.struct .. " " .. i)
        read_struct(rcim_structs[field.item.struct], buf, at + 2, at + 2 + size, row)
        at = at + 2 + size
      else
        at = read_field({ name = tostring(i), type = field.item.type }, buf, at, stop, node)
        if not at then return nil end
      end
    end
    return at
  end
  return nil
end

read_struct = function(struct, buf, at, stop, tree)
  for _, field in ipairs(struct.fields) do
    local after = read_field(field, buf, at, stop, tree)
    if not after then
      tree:add(f_field, buf(at, stop - at)):set_text("MALFORMED: " .. field.name .. " is cut short")
      return
    end
    at = after
  end
  while at + 4 <= stop do
    local tag = buf(at, 2):uint()
    local size = buf(at + 2, 2):uint()
    if at + 4 + size > stop then break end
    local known = struct.extensions[tag]
    if known then
      read_field(known, buf, at + 4, at + 4 + size, tree)
    else
      tree:add(f_field, buf(at, 4 + size)):set_text("extension " .. tag .. ": " .. size .. " bytes")
    end
    at = at + 4 + size
  end
  if at < stop then tree:add(f_field, buf(at, stop - at)):set_text("MALFORMED: bytes left over") end
end

local function one_frame(buf, at, size, pinfo, root)
  local type = buf(at + 4, 2):uint()
  local known = rcim_frames[type]
  local name = known and known.name or string.format("unknown 0x%04X", type)
  local tree = root:add(rcim, buf(at, size), "rcim " .. name)
  tree:add(f_length, buf(at, 4))
  tree:add(f_type, buf(at + 4, 2)):append_text(" " .. name)
  tree:add(f_flags, buf(at + 6, 2))
  tree:add(f_id, buf(at + 8, 4))
  if known then read_struct(known, buf, at + HEADER, at + size, tree) end
  return name
end

local function length_of(buf, at)
  return buf(at, 4):uint() + 4
end

function rcim.dissector(buf, pinfo, root)
  pinfo.cols.protocol = "rcim"
  local names = {}
  local at = 0
  local stop = buf:len()
  while at < stop do
    if stop - at < HEADER then
      pinfo.desegment_offset = at
      pinfo.desegment_len = DESEGMENT_ONE_MORE_SEGMENT
      break
    end
    local size = length_of(buf, at)
    if size < HEADER then return at end
    if stop - at < size then
      pinfo.desegment_offset = at
      pinfo.desegment_len = size - (stop - at)
      break
    end
    names[#names + 1] = one_frame(buf, at, size, pinfo, root)
    at = at + size
  end
  pinfo.cols.info = table.concat(names, ", ")
  return stop
end

DissectorTable.get("tcp.port"):add(7460, rcim)
DissectorTable.get("tls.port"):add(7460, rcim)
"""


def lua() -> str:
    """All of rcim.lua."""
    table = describe.frames()
    frames = {row["type"]: _struct(row["name"], row) for row in table["frames"]}
    structs = {row["name"]: _struct(row["name"], row) for row in table["structs"]}
    elements = {row["kind"]: _struct(row["name"], row) for row in table["elements"]}
    data = "".join(
        f"\nlocal {name} = {_lua(value)}\n"
        for name, value in (("rcim_frames", frames), ("rcim_structs", structs), ("rcim_elements", elements))
    )
    return HEAD + data + BODY


def _struct(name: str, row: dict[str, Any]) -> dict[str, Any]:
    extensions = {x["tag"]: _field(x) for x in row["extensions"]}
    return {"name": name, "fields": [_field(x) for x in row["fields"]], "extensions": extensions}


def _field(x: dict[str, Any]) -> dict[str, Any]:
    made = {"name": x["name"], "type": x["type"]}
    if "item" in x:
        made["item"] = {key: x["item"][key] for key in ("type", "struct") if key in x["item"]}
    if "values" in x:
        made["values"] = {number: name for name, number in x["values"].items()}
    return made


def _lua(value: Any, depth: int = 0) -> str:
    pad = "  " * (depth + 1)
    if isinstance(value, str):
        return '"' + value + '"'
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return "{ " + ", ".join(_lua(item, depth + 1) for item in value) + " }" if value else "{}"
    if not value:
        return "{}"
    if depth >= 1:
        return "{ " + ", ".join(f"{_key(k)} = {_lua(v, depth + 1)}" for k, v in value.items()) + " }"
    rows = "".join(f"{pad}{_key(k)} = {_lua(v, depth + 1)},\n" for k, v in value.items())
    return "{\n" + rows + "}"


def _key(key: Any) -> str:
    return f"[{key}]" if isinstance(key, int) else str(key)
