"""Pages made from the tables: frames.md, errors.md, limits.md, the session in hex, the state diagram, settings.md."""

from __future__ import annotations

import textwrap
from dataclasses import MISSING, fields
from typing import Any

from rcim_tools import describe, tables
from rcim_tools.examples import EXAMPLES
from rcim_tools.sessions import complete

from rcim.app.settings.all_settings import NAMED, SECTIONS
from rcim.app.settings.example_settings import meaning
from rcim.app.settings.setting_fields import is_reloaded
from rcim.base.errors import ALL
from rcim.rules.message_types import BUILT_IN, SWITCHES
from rcim.session.states import SERVER_TABLE, State
from rcim.wire.header import HEADER, HEADER_BYTES
from rcim.wire.schema import Field, Frame, Struct
from rcim.wire.types import Bytes, Elements, Enum, Int, Str, StrList, StructList

MADE = "<!-- made by `make spec` from the tables in the code; do not edit -->"


def _type(kind: Any) -> str:
    """A type in words."""
    if isinstance(kind, Enum):
        return "enum8: " + ", ".join(f"{v.value} {v.name}" for v in kind.values)
    if isinstance(kind, StructList):
        return f"list16 of struct16 [{kind.struct.NAME}](#{kind.struct.NAME.lower()}), {_items(kind)}"
    if isinstance(kind, StrList):
        return f"list16 of {_type(kind.item)}; {_items(kind)}"
    if isinstance(kind, Elements):
        return "elements16: see [Elements](#elements)"
    if isinstance(kind, Bytes):
        plain = ", no control characters" if isinstance(kind, Str) and kind.one_line else ""
        return f"{kind.kind}{kind.prefix[1:]}, {kind.low} to {kind.high} bytes{plain}"
    if isinstance(kind, Int) and kind.span is not None:
        return f"{kind.name}, {kind.span[0]:,} to {kind.span[1]:,}"
    return str(kind.spec()["type"])


def _items(kind: StrList | StructList) -> str:
    """How many items a list may have."""
    return f"{kind.low} to {kind.high} of them" if kind.low else f"at most {kind.high}"


def _fields(cls: type[Struct]) -> list[str]:
    fixed = [f for f in cls.FIELDS if not f.tag]
    added = [f for f in cls.FIELDS if f.tag]
    lines = []
    if fixed:
        lines += ["| field | type | meaning |", "|---|---|---|", *(_row(f) for f in fixed)]
    else:
        lines.append("No fields: the body is empty (or holds extensions).")
    if added:
        lines += ["", "| extension | tag | type | absent means | meaning |", "|---|---|---|---|---|"]
        lines += [tables.row(f"`{f.name}`", f.tag, _type(f.type), _absent(f.default), f.doc) for f in added]
    return lines


def _absent(default: Any) -> str:
    """What an extension that is not there stands for."""
    if default is None:
        return "nothing said"
    if default in ((), "", b""):
        return "empty"
    return str(getattr(default, "name", default))


def _row(f: Field) -> str:
    return tables.row(f"`{f.name.rstrip('_')}`", _type(f.type), f.doc)


def frames() -> str:
    """frames.md: every frame with purpose, fields, rules and an example."""
    examples = {x.NAME: x for x in EXAMPLES}
    table = sorted((type(x) for x in EXAMPLES), key=lambda cls: cls.TYPE)
    lines = ["# Frames", "", MADE, ""]
    lines += [
        "Types of fields, and how a body is put together, are in [framing.md](framing.md). The same table for",
        "programs is [frames.json](frames.json).",
        "",
        "Any request can also be answered with ERROR: `BAD_BODY`, `BAD_PARAMETER`, `BAD_REQUEST_ID`,",
        "`OVERLOADED`, `TOO_FREQUENT`, `SERVER_ERROR`, `STORE_UNAVAILABLE` or `SHUTTING_DOWN` ([errors.md](errors.md)).",
        "PING only with `BAD_BODY`, `BAD_REQUEST_ID` or `TOO_FREQUENT`.",
        "",
        "| type | frame | from | what for |",
        "|---|---|---|---|",
    ]
    for cls in table:
        who = {"both": "either", "client": "client", "server": "server"}[cls.DECLARED.direction]
        lines.append(tables.row(f"`0x{cls.TYPE:04X}`", f"[{cls.NAME}](#{cls.NAME.lower()})", who, _purpose(cls)))
    for cls in table:
        lines += ["", *_frame(cls, examples[cls.NAME])]
    lines += ["", "# Rows of lists", ""]
    for item in describe.frames()["structs"]:
        from rcim.wire.schema import STRUCTS

        row = STRUCTS[item["name"]]
        lines += [f"## {row.NAME}", "", _purpose(row), "", *_fields(row), ""]
    lines += _elements()
    return "\n".join(lines).rstrip() + "\n"


def _purpose(cls: type[Struct]) -> str:
    return " ".join((cls.__doc__ or "").split())


def _frame(cls: type[Frame], example: Frame) -> list[str]:
    declared = cls.DECLARED
    lines = [f"## {cls.NAME}", "", _purpose(cls), ""]
    answer = f", answered with [{declared.reply}](#{declared.reply.lower()})" if declared.reply else ""
    admin = " For app administrators only." if declared.admin and declared.role == "request" else ""
    sender = {"both": "either side", "client": "the client", "server": "the server"}[declared.direction]
    lines += [f"Type `0x{cls.TYPE:04X}`, sent by {sender} ({declared.role}){answer}.{admin}", "", *_fields(cls)]
    if declared.rules:
        lines += ["", *(f"- {rule}" for rule in declared.rules)]
    if declared.errors:
        lines += ["", "Errors: " + ", ".join(f"`{name}`" for name in declared.errors) + "."]
    request_id = 0 if declared.role == "push" else 1
    lines += ["", "Example:", "", "```", *annotate(example.encode(request_id), example), "```"]
    return lines


def _elements() -> list[str]:
    from rcim.content.elements import ELEMENTS

    lines = [
        "# Elements",
        "",
        "A message body is one element or more, one after the other: kind u16, length u16, then a struct of that many",
        "bytes. A client skips kinds that it does not know. The server takes only kinds of this table (BAD_ELEMENT).",
        "",
    ]
    for kind in sorted(ELEMENTS):
        cls = ELEMENTS[kind]
        lines += [f"## Element {cls.NAME}", "", f"Kind {kind}. {_purpose(cls)}", "", *_fields(cls), ""]
    return lines


def annotate(data: bytes, frame: Frame) -> list[str]:
    """A frame in hex, header first, then field by field."""
    length, type_, flags, request_id = HEADER.unpack_from(data)
    lines = [
        f"{data[:4].hex():<12}length {length}",
        f"{data[4:6].hex():<12}type 0x{type_:04X} {frame.NAME}",
        f"{data[6:8].hex():<12}flags {flags}",
        f"{data[8:12].hex():<12}request id {request_id}",
    ]
    at = HEADER_BYTES
    for f in frame.FIELDS:
        value = getattr(frame, f.name)
        if f.tag:
            continue
        piece = _encoded(f, value)
        assert data[at : at + len(piece)] == piece, f"{frame.NAME}.{f.name}"
        at += len(piece)
        lines += _hex_lines(piece.hex(), f"{f.name.rstrip('_')} = {_value(f, value)}")
    if at < len(data):
        lines += _hex_lines(data[at:].hex(), "extensions")
    return lines


def _encoded(f: Field, value: Any) -> bytes:
    if isinstance(f.type, StructList):
        rows = [type(row).encode_struct(row) for row in value]
        return len(rows).to_bytes(2, "big") + b"".join(len(r).to_bytes(2, "big") + r for r in rows)
    made: bytes = f.type.reference().build(value)
    return made


def _value(f: Field, value: Any) -> str:
    if isinstance(f.type, StructList):
        rows = (
            "; ".join(f"{x.name.rstrip('_')} {_short(getattr(row, x.name))}" for x in row.FIELDS) for row in value
        )
        return f"{len(value)} rows: " + " | ".join(rows) if value else "no rows"
    return _short(value)


def _short(value: Any) -> str:
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if hasattr(value, "name"):
        return str(value.name)
    if isinstance(value, list) and value and isinstance(value[0], Struct):
        each = (
            ", ".join(f"{x.name.rstrip('_')} {_short(getattr(row, x.name))}" for x in row.FIELDS) for row in value
        )
        rows = " | ".join(each)
        return f"[{rows if len(rows) <= 96 else rows[:95] + '…'}]"
    text = repr(value)
    return text if len(text) <= 48 else text[:45] + "…'"


def _hex_lines(text: str, note: str, width: int = 64) -> list[str]:
    parts = textwrap.wrap(text, width) or [""]
    notes = textwrap.wrap(note, 100)
    if len(text) <= 10:
        return [f"{text:<12}{notes[0]}", *(" " * 12 + n for n in notes[1:])]
    if len(parts) > 4:
        parts = [*parts[:3], f"… {len(text) // 2} bytes in all"]
    return [*parts, *(" " * 12 + n for n in notes)]


def session() -> str:
    """The complete session of the overview, in annotated hex."""
    lines = []
    for who, frame, request_id, note in complete():
        assert isinstance(frame, Frame)
        arrow = "client → server" if who == "client" else "server → client"
        lines += [f"### {arrow}: {frame.NAME}", "", note, "", "```"]
        lines += [*annotate(frame.encode(request_id), frame), "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def errors() -> str:
    """errors.md."""
    lines = [
        "# Errors",
        "",
        MADE,
        "",
        "An ERROR frame says what was wrong with the request whose id it carries, or, with request id 0, with the",
        "connection. Numbers are Tencent Cloud IM's where it has the same error; rcim's own begin at 300000.",
        "For programs: [errors.json](errors.json).",
        "",
        "- **mistake**: asking again gives the same answer. Change the request.",
        "  With `retry_after_ms` (a mute, a block) it is over after that time.",
        "- **violation**: the client broke the protocol. Change the client.",
        "- **overload**: ask again later, after `retry_after_ms` if it is there.",
        "- **fault**: something failed in the server; ask again later. Nothing was done, except with `SERVER_ERROR`:",
        "  then it may have been, or may be done yet.",
        "",
        "Before login every error closes the connection; afterwards those do that are marked. The ERROR frame's own",
        "`closes` says it for the case at hand. A code that a client does not know is treated as a fault.",
        "",
        "| code | name | kind | closes | meaning |",
        "|---|---|---|---|---|",
    ]
    for code in ALL:
        closes = "yes" if code.closes else ""
        lines.append(tables.row(code.number, f"`{code.name}`", code.kind.value, closes, code.documented))
    return "\n".join(lines) + "\n"


def message_types() -> str:
    """The part of messages.md: types by class (MS-09)."""
    lines = ["| class | stored | counted | pushed | built-in types |", "|---|---|---|---|---|"]
    kinds = list(dict.fromkeys(BUILT_IN.values()))
    for kind in kinds:
        names = ", ".join(f"`{name}`" for name, found in BUILT_IN.items() if found == kind)
        switches = ("yes" if getattr(kind, switch) else "no" for switch in SWITCHES)
        lines.append(tables.row(kind.kind.value, *switches, names))
    return "\n".join(lines) + "\n"


def limits() -> str:
    """limits.md."""
    lines = [
        "# Limits",
        "",
        MADE,
        "",
        "The bounds that a client can meet, at their defaults. An operator may change them; those that a client has to",
        "know are told in HELLO_OK and LOGIN_OK. Bounds of fields are in [frames.md](frames.md) and never change.",
        "For programs: [limits.json](limits.json).",
        "",
        "| limit | default | why |",
        "|---|---|---|",
    ]
    lines += [tables.row(f"`{limit['name']}`", f"{limit['default']:,}", limit["why"]) for limit in describe.limits()]
    return "\n".join(lines) + "\n"


def diagram() -> str:
    """The state diagram of session.md, from the table."""
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> HELLO_WAIT: TCP and TLS are up"]
    loops: dict[tuple[State, State], list[str]] = {}
    for (state, input_), after in SERVER_TABLE.items():
        loops.setdefault((state, after), []).append(input_.value)
    for (state, after), inputs in loops.items():
        lines.append(f"    {state.value} --> {after.value}: {' / '.join(inputs)}")
    return "\n".join([*lines, "    CLOSED --> [*]", "```"]) + "\n"


def settings() -> str:
    """docs/reference/settings.md."""
    lines = [
        "# Settings",
        "",
        MADE,
        "",
        "A flag overrides the environment, the environment the settings file (`--config FILE`, TOML), and the file the",
        "default.",
        "`server.port` is `port` in the section `[server]` of the file, `RCIM__SERVER__PORT` in the environment, and",
        "`--set server.port=7460` as a flag.",
        "An unknown key or a value out of bounds is an error that names its place. `rcim serve --check` checks the",
        "settings without starting the server.",
        "",
        "What a change needs is in the column *change*: `reload` is taken by SIGHUP and `rcim-admin reload`",
        "([reload.md](../operate/reload.md)); `restart` is reported there, and is in force after the next start.",
    ]
    for section, cls in [*SECTIONS.items(), *((f"{group}.NAME", cls) for group, cls in NAMED.items())]:
        lines += ["", f"## [{section}]", "", "| key | default | change | meaning |", "|---|---|---|---|"]
        for f in fields(cls):
            default = f.default if f.default is not MISSING else ""
            text = ", ".join(default) if isinstance(default, tuple) else str(default)
            change = "reload" if is_reloaded(cls, f) else "restart"
            lines.append(tables.row(f"`{f.name}`", f"`{text}`" if text else "empty", change, meaning(cls, f)))
    lines += [
        "",
        "## [types.NAME]",
        "",
        "A group type: `base`, and the policies that differ from it. Without `base` the section changes the type of that",
        "name. As a flag: `--set types.Public.member_cap=500`. The environment can't set it, because names lose their",
        "case there.",
        "[group-types.md](group-types.md) lists all policies. A reload takes all of them.",
    ]
    return "\n".join(lines) + "\n"
