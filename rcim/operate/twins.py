"""Structs with the fields of others, and names in JSON where those have positions (rcim/operate/line_kinds.py)."""

from __future__ import annotations

import functools
import types
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec

from rcim.store.decoders import converted


@functools.cache
def twin(cls: type[msgspec.Struct]) -> type[msgspec.Struct]:
    """A struct with the same fields as `cls`, whose JSON is an object: fields with their default values are left out, and
    others than these are refused. `to_twin` and `from_twin` lead from one to the other."""
    fields: list[Any] = []
    for field in msgspec.structs.fields(cls):
        kind = _named(field.type)
        if field.default is not msgspec.NODEFAULT:
            default = field.default
            if isinstance(default, msgspec.Struct):
                default = to_twin(default)
            fields.append((field.name, kind, default))
        elif field.default_factory is not msgspec.NODEFAULT:
            fields.append((field.name, kind, msgspec.field(default_factory=field.default_factory)))
        else:
            fields.append((field.name, kind))
    return msgspec.defstruct(cls.__name__, fields, omit_defaults=True, forbid_unknown_fields=True, frozen=True)


def _named(kind: Any) -> Any:
    """The type, with each struct in it replaced by its twin."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return twin(kind)
    origin, args = get_origin(kind), get_args(kind)
    if origin is None:
        return kind
    if origin is Annotated:
        return _named(args[0])
    if origin in (Union, types.UnionType):
        return Union[tuple(_named(arg) for arg in args)]  # noqa: UP007  # its members are known at run time alone
    if isinstance(origin, type) and issubclass(origin, (list, tuple, dict)):
        made: Any = origin
        return made[tuple(arg if arg is ... else _named(arg) for arg in args)]
    if getattr(origin, "__name__", "") == "Sequence":
        return list[_named(args[0])]  # type: ignore[misc]
    raise TypeError(f"{kind}: no JSON is known for it")


def to_twin(value: msgspec.Struct) -> msgspec.Struct:
    """The twin of a value."""
    return converted(value, twin(type(value)), from_attributes=True)


def from_twin(value: Any, cls: type[Any]) -> Any:
    """What the twin was made from."""
    return converted(value, cls, from_attributes=True)
