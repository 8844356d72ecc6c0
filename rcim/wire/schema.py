"""From a typed class to a codec: what a frame's declaration says is turned once into straight-line code.

A struct (a frame's body, a row of a list, an element's payload) is

    its fields, in order, all of them present; then the extension area: zero or more of
    tag u16, length u16, `length` bytes

A reader skips tags it does not know. If a tag comes twice, the last one counts. What is fixed stays fixed for
ever; whatever is added later is an extension (WI-02, protocol-spec/evolution.md).

A codec is made when it is first used, so that a short command does not wait for two hundred that it never needs.
A server calls `make_all` before it takes connections.

    class Send(Frame, frozen=True, gc=False):
        '''What the frame is for.'''
        conversation: Annotated[str, str8(160, 1), "Where to."]
        not_after_ms: Annotated[int, Ext(1, U64), "Added later."] = 0
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self, get_args, get_origin, get_type_hints

import msgspec

from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.wire.header import HEADER, LENGTH_MIN
from rcim.wire.types import INTS, RAISERS, Emit, FieldType, Int

PACKERS = {f"S_{letter}": struct.Struct(">" + letter) for letter, _, _ in INTS.values()}


@dataclass(frozen=True)
class Ext:
    """An extension field: its tag (1 to 65535, never used twice in a struct) and its type."""

    tag: int
    type: FieldType


@dataclass(frozen=True)
class Field:
    """One declared field."""

    name: str
    type: FieldType
    doc: str
    tag: int
    """0 for a fixed field."""
    default: Any = None


@dataclass(frozen=True)
class Declaration:
    """What the table says about a frame beyond its fields."""

    type: int
    direction: str
    """`client`, `server` or `both`: who may send it."""
    role: str
    """`request`, `reply`, `push` or `error`."""
    reply: str = ""
    rules: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    """Names of the error codes that this request can be answered with, beyond the common ones."""
    admin: bool = False


class Struct(msgspec.Struct, frozen=True, gc=False):
    """Base of all that has fields. `NAME` is the name in the spec, the logs and the dissector."""

    NAME: ClassVar[str]
    FIELDS: ClassVar[tuple[Field, ...]]
    encode_struct: ClassVar[Callable[[Any], bytes]]
    """Value to bytes. Raises RcimError(BAD_PARAMETER) for a value out of its bounds."""
    decode_struct: ClassVar[Callable[[bytes, int, int], Any]]
    """(buffer, start, end) to value. Raises RcimError(BAD_BODY or BAD_PARAMETER)."""

    @classmethod
    def reference_struct(cls) -> Any:
        """The same struct as a construct type; it gives and takes a Container with an `_ext` list."""
        import construct as c

        members = [f.name / f.type.reference() for f in cls.FIELDS if not f.tag]
        ext = c.Struct("tag" / c.Int16ub, "data" / c.Prefixed(c.Int16ub, c.GreedyBytes))
        return c.Struct(*members, "_ext" / c.GreedyRange(ext), c.Terminated)


class Frame(Struct, frozen=True, gc=False):
    """Base of the frames. `TYPE` is the number on the wire."""

    TYPE: ClassVar[int]
    DECLARED: ClassVar[Declaration]

    def encode(self, request_id: int = 0) -> bytes:
        """The whole frame, header and all. Raises RcimError(BAD_PARAMETER) for a value out of its bounds."""
        body = type(self).encode_struct(self)
        return HEADER.pack(len(body) + LENGTH_MIN, self.TYPE, 0, request_id) + body

    @classmethod
    def decode(cls, body: bytes) -> Self:
        """A frame from its body. Raises RcimError(BAD_BODY or BAD_PARAMETER)."""
        value: Self = cls.decode_struct(body, 0, len(body))
        return value


FRAMES: dict[int, type[Frame]] = {}
"""Every declared frame by its type."""
STRUCTS: dict[str, type[Struct]] = {}
"""Every declared row struct by its name."""
PREPARED: list[type[Struct]] = []
"""Everything that has a codec, or will have one when it is first used."""


def frame(
    type_: int,
    name: str,
    direction: str,
    role: str,
    *,
    reply: str = "",
    rules: tuple[str, ...] = (),
    errors: tuple[str, ...] = (),
    admin: bool = False,
) -> Callable[[type[Frame]], type[Any]]:
    """Declare a Frame class as the frame `name` with number `type_`."""

    def declare(cls: type[Frame]) -> type[Any]:
        if type_ in FRAMES:
            raise ValueError(f"frame type {type_:#06x} is declared twice")
        cls.TYPE = type_
        cls.DECLARED = Declaration(type_, direction, role, reply, rules, errors, admin)
        prepare(cls, name)
        FRAMES[type_] = cls
        return cls

    return declare


def row(name: str) -> Callable[[type[Struct]], type[Any]]:
    """Declare a Struct class as the row struct `name`."""

    def declare(cls: type[Struct]) -> type[Any]:
        prepare(cls, name)
        STRUCTS[name] = cls
        return cls

    return declare


def prepare(cls: type[Struct], name: str) -> None:
    """Give a struct class its name; its fields and its codec are made when they are first used.

    Their first use raises ValueError or TypeError for a wrong declaration, and so does `make_all`.
    """
    cls.NAME = name
    _FirstUse(cls, "FIELDS", _fields)
    _FirstUse(cls, "encode_struct", _encoder)
    _FirstUse(cls, "decode_struct", lambda cls: staticmethod(_decoder(cls)))
    PREPARED.append(cls)


def make_all() -> None:
    """Make every codec that is not made yet: about a tenth of a second, and the first frame of a kind is no slower than
    the next. Raises ValueError or TypeError for a wrong declaration."""
    for cls in PREPARED:
        for codec in ("encode_struct", "decode_struct"):
            getattr(cls, codec)


class _FirstUse:
    """A class attribute that is made when somebody reads it for the first time, and is an ordinary one from then on.

    Two threads may make it at the same time: both make the same.
    """

    def __init__(self, cls: type[Struct], name: str, make: Callable[[type[Struct]], Any]) -> None:
        self._cls = cls
        self._name = name
        self._make = make
        setattr(cls, name, self)

    def __get__(self, instance: Struct | None, owner: type[Struct]) -> Any:
        setattr(self._cls, self._name, self._make(self._cls))
        return getattr(instance if instance is not None else self._cls, self._name)


def _fields(cls: type[Struct]) -> tuple[Field, ...]:
    """The declared fields. Raises ValueError or TypeError for a wrong declaration."""
    hints = get_type_hints(cls, include_extras=True)
    found = []
    defaults = {f.name: f.default for f in msgspec.structs.fields(cls)}
    for name in cls.__struct_fields__:
        hint = hints[name]
        if get_origin(hint) is not Annotated:
            raise TypeError(f"{cls.__name__}.{name} has no field type")
        _, kind, doc = get_args(hint)
        if isinstance(kind, Ext):
            found.append(Field(name, kind.type, doc, kind.tag, defaults[name]))
        else:
            found.append(Field(name, kind, doc, 0))
    tags = [f.tag for f in found if f.tag]
    if len(set(tags)) != len(tags):
        raise ValueError(f"{cls.NAME}: an extension tag is used twice")
    return tuple(found)


def _run(source: list[str], names: dict[str, Any], what: str) -> Callable[..., Any]:
    """Compile generated lines that define `f` and hand it out."""
    space: dict[str, Any] = {**PACKERS, **RAISERS, **names}
    exec(compile("\n".join(source), f"<rcim {what}>", "exec"), space)
    made: Callable[..., Any] = space["f"]
    return made


def _decoder(cls: type[Struct]) -> Callable[[bytes, int, int], Any]:
    lines = ["def f(b, p, e):"]
    names: dict[str, Any] = {"cls": cls}
    fixed = [f for f in cls.FIELDS if not f.tag]
    added = [f for f in cls.FIELDS if f.tag]
    at = 0
    while at < len(fixed):
        at = _decode_run(cls, fixed, at, lines, names)
    for f in added:
        names[f"d_{f.name}"] = f.default
        lines.append(f"    v_{f.name} = d_{f.name}")
    lines.append("    if p != e:")
    lines.append("        while p < e:")
    lines.append(f"            if p + 4 > e: raise left_over({cls.NAME!r})")
    lines.append("            tag, n = HH.unpack_from(b, p)")
    lines.append("            p += 4")
    lines.append("            z = p + n")
    lines.append(f"            if z > e: raise left_over({cls.NAME!r})")
    names["HH"] = struct.Struct(">HH")
    for f in added:
        lines.append(f"            if tag == {f.tag}:")
        lines.append("                w, e = e, z")
        g = Emit(lines, names, f"{cls.NAME}.{f.name}", 4)
        f.type.decode(g, f"v_{f.name}")
        g.line(f"if p != z: raise left_over({cls.NAME + '.' + f.name!r})")
        g.line("e = w")
    lines.append("            p = z")
    lines.append(f"    return cls({', '.join('v_' + f.name for f in cls.FIELDS)})")
    return _run(lines, names, f"decode {cls.NAME}")


def _decode_run(cls: type[Struct], fixed: list[Field], at: int, lines: list[str], names: dict[str, Any]) -> int:
    """Emit the decoding of one field, or of all neighbouring integers without bounds by one unpack; returns the next
    index. What is wrong first is reported first: a number out of its bounds before the end of the body after it."""
    end = at
    while end < len(fixed) and isinstance(kind := fixed[end].type, Int) and kind.span is None:
        end += 1
    if end - at < 2:
        f = fixed[at]
        f.type.decode(Emit(lines, names, f"{cls.NAME}.{f.name}"), f"v_{f.name}")
        return at + 1
    letters = "".join(INTS[f.type.spec()["type"]][0] for f in fixed[at:end])
    packer = struct.Struct(">" + letters)
    names[f"S_{letters}"] = packer
    lines.append(f"    if p + {packer.size} > e: raise cut_short({cls.NAME + '.' + fixed[at].name!r})")
    lines.append(f"    {', '.join('v_' + f.name for f in fixed[at:end])} = S_{letters}.unpack_from(b, p)")
    lines.append(f"    p += {packer.size}")
    return end


def _encoder(cls: type[Struct]) -> Callable[[Any], bytes]:
    lines = ["def f(v):"]
    names: dict[str, Any] = {"join": b"".join, "HH": struct.Struct(">HH")}
    parts: list[tuple[str, str]] = []
    for f in cls.FIELDS:
        if f.tag:
            continue
        f.type.encode(Emit(lines, names, f"{cls.NAME}.{f.name}"), f"v.{f.name}", parts)
    chunks = _chunks(parts, names)
    if any(f.tag for f in cls.FIELDS):
        lines.append("    ext = []")
        chunks.append("*ext")
    for f in cls.FIELDS:
        if f.tag:
            names[f"d_{f.name}"] = f.default
            lines.append(f"    if v.{f.name} != d_{f.name}:")
            inner: list[tuple[str, str]] = [("", "")] * len(parts)  # keeps the names of temporaries apart
            f.type.encode(Emit(lines, names, f"{cls.NAME}.{f.name}", 2), f"v.{f.name}", inner)
            lines.append(f"        x = join(({', '.join(_chunks(inner[len(parts) :], names))},))")
            lines.append(f"        ext.append(HH.pack({f.tag}, len(x)))")
            lines.append("        ext.append(x)")
    body = f"join(({', '.join(chunks)},))" if chunks else "b''"
    lines.append(f"    try: return {body}")
    lines.append("    except pack_error as error: raise bad_int(v, error) from None")
    names["pack_error"] = struct.error
    names["bad_int"] = _bad_int(cls.NAME)
    return _run(lines, names, f"encode {cls.NAME}")


def _chunks(parts: list[tuple[str, str]], names: dict[str, Any]) -> list[str]:
    """Join neighbouring integers (lengths among them) into one pack each."""
    chunks: list[str] = []
    letters, values = "", []
    for letter, value in [*parts, ("*", "")]:
        if letter != "*":
            letters += letter
            values.append(value)
            continue
        if letters:
            names[f"S_{letters}"] = struct.Struct(">" + letters)
            chunks.append(f"S_{letters}.pack({', '.join(values)})")
            letters, values = "", []
        if value:
            chunks.append(value)
    return chunks


def _bad_int(name: str) -> Callable[[Any, Exception], RcimError]:
    def made(value: Any, error: Exception) -> RcimError:
        return RcimError(BAD_PARAMETER, f"{name}: a number does not fit its field ({error})")

    return made
