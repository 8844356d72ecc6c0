"""docs/reference/operations.md: everything that can be asked of the server, from the table of operations."""

from __future__ import annotations

import inspect
import types
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from rcim.service.bounds import Data, Items, Number, Text
from rcim.service.operations import OPERATIONS, Callers, Operation, Repeat
from rcim.service.requests import Request

CALLERS = {
    Callers.EVERYONE: "everyone",
    Callers.USERS: "users, no guests",
    Callers.ADMINISTRATORS: "app administrators",
}
REPEAT = {
    Repeat.READS: "reads",
    Repeat.SAME: "changes nothing the second time",
    Repeat.ONCE: "look before repeating",
}
HEAD = """# Operations

Everything that can be asked of the server, whatever the protocol. `make spec` makes this page from the table of
operations (`rcim/service/operations.py`). [How to add an operation](../how-to/add-an-operation.md) explains the columns.
The frame of an operation has the same name: [frames](../../protocol-spec/frames.md) says what it means.

- **Who** may call it. Whether a user may do it in a certain group is decided by the group.
- **Class** in which its requests are counted (LI-01).
- **Repeat**: what a second call does whose first call was carried out.
- **Fields** with their bounds. Text is counted in UTF-8 bytes. A field in italics may be left out.

| operation | what it does | who | class | repeat | fields |
|---|---|---|---|---|---|
"""


def _bound(bound: Any) -> str:
    """What a field may hold, in words."""
    if isinstance(bound, Text):
        return f"text, {bound.least} to {bound.most} bytes"
    if isinstance(bound, Data):
        return f"data, up to {bound.most:,} bytes"
    if isinstance(bound, Number):
        bits = (bound.most + 1).bit_length() - 1
        if not bound.least and bound.most + 1 == 1 << bits:
            return f"number of {bits} bits"
        return f"number, {bound.least} to {bound.most}"
    assert isinstance(bound, Items)
    each = f", each {_bound(bound.each)}" if bound.each is not None else ""
    return f"list, {bound.least} to {bound.most:,}{each}"


def _kind(hint: Any) -> str:
    """A field that has no bound: one of a list of values, or yes and no."""
    inner = (
        [one for one in get_args(hint) if one is not types.NoneType] if get_origin(hint) is types.UnionType else []
    )
    plain = inner[0] if inner else hint
    return "true or false" if plain is bool else f"one of {plain.__name__}"


def _fields(request: type[Request]) -> str:
    hints = get_type_hints(request, include_extras=True)
    names = request.__struct_fields__
    optional = names[len(names) - len(request.__struct_defaults__) :]
    parts = []
    for name in names:
        hint = hints[name]
        what = _bound(hint.__metadata__[0]) if get_origin(hint) is Annotated else _kind(hint)
        parts.append(f"{f'*{name}*' if name in optional else f'`{name}`'}: {what}")
    return "<br>".join(parts)


def _row(operation: Operation) -> str:
    about = inspect.cleandoc(operation.request.__doc__ or "").partition("\n")[0].removesuffix(".")
    return (
        f"| {operation.name} | {about} | {CALLERS[operation.callers]} | {operation.rate.name.lower()} | "
        f"{REPEAT[operation.repeat]} | {_fields(operation.request)} |\n"
    )


def page() -> str:
    """The whole page."""
    return HEAD + "".join(map(_row, OPERATIONS))
