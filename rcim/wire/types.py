"""Field types: each knows its construct type (the reference) and how to write itself as straight-line code.

A type emits two things for `schema.py`: lines that decode it from `b[p:e]`, moving `p`, and lines that turn a
value into parts of the output. All integers are big-endian. Every length is checked before it is used (WI-04).
construct is imported where a reference is asked for: servers and clients do without it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from rcim.base.errors import BAD_BODY, BAD_PARAMETER, RcimError

INTS: dict[str, tuple[str, int, str]] = {
    "u8": ("B", 1, "Int8ub"),
    "u16": ("H", 2, "Int16ub"),
    "u32": ("I", 4, "Int32ub"),
    "u64": ("Q", 8, "Int64ub"),
    "i32": ("i", 4, "Int32sb"),
}
"""Name on the spec page: struct letter, bytes, name of the construct type."""


def cut_short(where: str) -> RcimError:
    """The body ends inside a field. The peer broke the protocol (BAD_BODY)."""
    return RcimError(BAD_BODY, f"{where}: the body ends inside this field")


def left_over(where: str) -> RcimError:
    """What follows the fields is not a well-formed extension area (BAD_BODY)."""
    return RcimError(BAD_BODY, f"{where}: bytes left over that are no extension")


def not_utf8(where: str) -> RcimError:
    """Text that is not UTF-8 (BAD_BODY)."""
    return RcimError(BAD_BODY, f"{where}: not UTF-8")


def out_of_bounds(where: str, got: int, low: int, high: int) -> RcimError:
    """A length or count outside what the table allows: the caller's mistake (BAD_PARAMETER)."""
    return RcimError(BAD_PARAMETER, f"{where}: {got}, must be {low} to {high}")


def not_a_value(where: str, got: int) -> RcimError:
    """A number that the field's list of values does not have (BAD_PARAMETER)."""
    return RcimError(BAD_PARAMETER, f"{where}: {got} is not one of its values")


@dataclass(frozen=True)
class Emit:
    """What a type writes into the code of one struct; `where` names the field in errors."""

    lines: list[str]
    names: dict[str, Any]
    where: str
    depth: int = 1

    def line(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    def deeper(self) -> Emit:
        return Emit(self.lines, self.names, self.where, self.depth + 1)


@dataclass(frozen=True)
class Int:
    """An integer of the given name of INTS: unsigned, or signed in two's complement. With `span` it is from the first to
    the second of these, both included; without it any that fits."""

    name: str
    span: tuple[int, int] | None = None

    def spec(self) -> dict[str, Any]:
        bounds = {} if self.span is None else {"min": self.span[0], "max": self.span[1]}
        return {"type": self.name, **bounds}

    def reference(self) -> Any:
        import construct as c

        made, span = getattr(c, INTS[self.name][2]), self.span
        return made if span is None else c.ExprValidator(made, lambda obj, ctx: span[0] <= obj <= span[1])

    def decode(self, g: Emit, var: str) -> None:
        letter, size, _ = INTS[self.name]
        g.line(f"if p + {size} > e: raise cut_short({g.where!r})")
        g.line(f"{var} = b[p]" if size == 1 else f"{var}, = S_{letter}.unpack_from(b, p)")
        g.line(f"p += {size}")
        self.bound(g, var)

    def bound(self, g: Emit, var: str) -> None:
        """Refuse a value outside `span`."""
        if self.span is not None:
            _check_length(g, var, *self.span)

    def encode(self, g: Emit, var: str, parts: list[tuple[str, str]]) -> None:
        self.bound(g, var)
        parts.append((INTS[self.name][0], var))


@dataclass(frozen=True)
class Bool:
    """One byte, 0 or 1. Any other value is an error."""

    def spec(self) -> dict[str, Any]:
        return {"type": "bool"}

    def reference(self) -> Any:
        import construct as c

        # construct's Flag takes any byte for true; the field does not.
        return c.Mapping(c.Int8ub, {False: 0, True: 1})

    def decode(self, g: Emit, var: str) -> None:
        Int("u8").decode(g, var)
        g.line(f"if {var} > 1: raise not_a_value({g.where!r}, {var})")
        g.line(f"{var} = {var} == 1")

    def encode(self, g: Emit, var: str, parts: list[tuple[str, str]]) -> None:
        parts.append(("B", var))


@dataclass(frozen=True)
class Enum:
    """One byte that is a value of `values`."""

    values: type[IntEnum]

    def spec(self) -> dict[str, Any]:
        return {"type": "enum8", "values": {v.name: v.value for v in self.values}}

    def reference(self) -> Any:
        import construct as c

        return c.Mapping(c.Int8ub, {v: v.value for v in self.values})

    def decode(self, g: Emit, var: str) -> None:
        table = f"E_{self.values.__name__}"
        g.names[table] = {v.value: v for v in self.values}
        Int("u8").decode(g, var)
        g.line(f"if {var} not in {table}: raise not_a_value({g.where!r}, {var})")
        g.line(f"{var} = {table}[{var}]")

    def encode(self, g: Emit, var: str, parts: list[tuple[str, str]]) -> None:
        parts.append(("B", var))


def _check_length(g: Emit, length: str, low: int, high: int) -> None:
    test = f"{length} > {high}" if low == 0 else f"not {low} <= {length} <= {high}"
    g.line(f"if {test}: raise out_of_bounds({g.where!r}, {length}, {low}, {high})")


@dataclass(frozen=True)
class Bytes:
    """A length of type `prefix`, then that many bytes; `low` to `high` of them."""

    prefix: str
    high: int
    low: int = 0

    kind = "bytes"

    def spec(self) -> dict[str, Any]:
        return {"type": f"{self.kind}{self.prefix[1:]}", "min_bytes": self.low, "max_bytes": self.high}

    def reference(self) -> Any:
        import construct as c

        body = c.Prefixed(Int(self.prefix).reference(), c.GreedyBytes)
        return c.ExprValidator(body, lambda obj, ctx: self.low <= len(obj) <= self.high)

    def _span(self, g: Emit) -> None:
        Int(self.prefix).decode(g, "n")
        g.line("q = p + n")
        g.line(f"if q > e: raise cut_short({g.where!r})")
        _check_length(g, "n", self.low, self.high)

    def decode(self, g: Emit, var: str) -> None:
        self._span(g)
        g.line(f"{var} = b[p:q]")
        g.line("p = q")

    def encode(self, g: Emit, var: str, parts: list[tuple[str, str]]) -> None:
        raw = f"r_{len(parts)}"
        g.line(f"{raw} = {var}")
        self._measured(g, raw, parts)

    def _measured(self, g: Emit, raw: str, parts: list[tuple[str, str]]) -> None:
        g.line(f"n_{raw} = len({raw})")
        _check_length(g, f"n_{raw}", self.low, self.high)
        parts.append((INTS[self.prefix][0], f"n_{raw}"))
        parts.append(("*", raw))


@dataclass(frozen=True)
class Str(Bytes):
    """As Bytes, holding UTF-8; lengths are bytes.

    With `one_line` it may not hold control characters. The codec doesn't look for them, since messages pass through it:
    the handler of a request refuses them, with the error that fits the field.
    """

    one_line: bool = False

    kind = "str"

    def spec(self) -> dict[str, Any]:
        return {**super().spec(), **({"no_control": True} if self.one_line else {})}

    def reference(self) -> Any:
        import construct as c

        return c.ExprValidator(
            c.PascalString(Int(self.prefix).reference(), "utf8"),
            lambda obj, ctx: self.low <= len(obj.encode()) <= self.high,
        )

    def decode(self, g: Emit, var: str) -> None:
        self._span(g)
        g.line(f"try: {var} = b[p:q].decode()")
        g.line(f"except UnicodeDecodeError: raise not_utf8({g.where!r}) from None")
        g.line("p = q")

    def encode(self, g: Emit, var: str, parts: list[tuple[str, str]]) -> None:
        raw = f"r_{len(parts)}"
        g.line(f"try: {raw} = {var}.encode()")
        g.line(f"except UnicodeEncodeError: raise not_utf8({g.where!r}) from None")
        self._measured(g, raw, parts)


@dataclass(frozen=True)
class Elements(Bytes):
    """As Bytes, holding message elements (elements.py); checked there, passed on as they are."""

    kind = "elements"


@dataclass(frozen=True)
class StrList:
    """A u16 count, then that many strings: `low` to `high` of them."""

    item: Str
    high: int
    low: int = 0

    def spec(self) -> dict[str, Any]:
        return {"type": "list16", "min_items": self.low, "max_items": self.high, "item": self.item.spec()}

    def reference(self) -> Any:
        import construct as c

        body = c.PrefixedArray(c.Int16ub, self.item.reference())
        return c.ExprValidator(body, lambda obj, ctx: self.low <= len(obj) <= self.high)

    def decode(self, g: Emit, var: str) -> None:
        Int("u16").decode(g, "count")
        _check_length(g, "count", self.low, self.high)
        g.line(f"{var} = []")
        g.line("for _ in range(count):")
        inner = g.deeper()
        self.item.decode(inner, "item")
        inner.line(f"{var}.append(item)")

    def encode(self, g: Emit, var: str, parts: list[tuple[str, str]]) -> None:
        raw = f"l_{len(parts)}"
        g.names.setdefault("join", b"".join)
        g.line(f"n_{raw} = len({var})")
        _check_length(g, f"n_{raw}", self.low, self.high)
        g.line(f"{raw} = []")
        g.line(f"for item in {var}:")
        inner = g.deeper()
        made = [*parts, ("", "")]  # temporaries are named by their place: these get places of their own
        self.item.encode(inner, "item", made)
        (letter, length), (_, data) = made[-2:]
        inner.line(f"{raw}.append(S_{letter}.pack({length}))")
        inner.line(f"{raw}.append({data})")
        parts.append(("H", f"n_{raw}"))
        parts.append(("*", f"join({raw})"))


@dataclass(frozen=True)
class StructList:
    """A u16 count, then that many structs, `low` to `high` of them, each after a u16 length: an old reader skips what is
    new in them.

    `struct` is a class made by schema.py (with `decode_struct`, `encode_struct` and `reference_struct`).
    """

    struct: Any
    high: int
    low: int = 0

    def spec(self) -> dict[str, Any]:
        item = {"type": "struct16", "struct": self.struct.NAME}
        return {"type": "list16", "min_items": self.low, "max_items": self.high, "item": item}

    def reference(self) -> Any:
        import construct as c

        body = c.PrefixedArray(c.Int16ub, c.Prefixed(c.Int16ub, self.struct.reference_struct()))
        return c.ExprValidator(body, lambda obj, ctx: self.low <= len(obj) <= self.high)

    def decode(self, g: Emit, var: str) -> None:
        decode = f"decode_{self.struct.NAME}"
        g.names[decode] = self.struct.decode_struct
        Int("u16").decode(g, "count")
        _check_length(g, "count", self.low, self.high)
        g.line(f"{var} = []")
        g.line("for _ in range(count):")
        inner = g.deeper()
        Int("u16").decode(inner, "n")
        inner.line("q = p + n")
        inner.line(f"if q > e: raise cut_short({g.where!r})")
        inner.line(f"{var}.append({decode}(b, p, q))")
        inner.line("p = q")

    def encode(self, g: Emit, var: str, parts: list[tuple[str, str]]) -> None:
        encode = f"encode_{self.struct.NAME}"
        g.names[encode] = self.struct.encode_struct
        g.names.setdefault("join", b"".join)
        raw = f"l_{len(parts)}"
        g.line(f"n_{raw} = len({var})")
        _check_length(g, f"n_{raw}", self.low, self.high)
        g.line(f"{raw} = []")
        g.line(f"for item in {var}:")
        inner = g.deeper()
        inner.line(f"item = {encode}(item)")
        inner.line(f"if len(item) > 65535: raise out_of_bounds({g.where!r}, len(item), 0, 65535)")
        inner.line(f"{raw}.append(S_H.pack(len(item)))")
        inner.line(f"{raw}.append(item)")
        parts.append(("H", f"n_{raw}"))
        parts.append(("*", f"join({raw})"))


FieldType = Int | Bool | Enum | Bytes | StrList | StructList

U8, U16, U32, U64, I32 = Int("u8"), Int("u16"), Int("u32"), Int("u64"), Int("i32")


def str8(high: int, low: int = 0, *, one_line: bool = False) -> Str:
    """Up to `high` (255 at most) bytes of UTF-8 after a u8."""
    return Str("u8", high, low, one_line)


def str16(high: int, low: int = 0, *, one_line: bool = False) -> Str:
    """Up to `high` (65,535 at most) bytes of UTF-8 after a u16."""
    return Str("u16", high, low, one_line)


Raiser = Callable[..., RcimError]
RAISERS: dict[str, Raiser] = {f.__name__: f for f in (cut_short, left_over, not_utf8, out_of_bounds, not_a_value)}
