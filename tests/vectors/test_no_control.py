"""Fields of requests that frames.json marks `no_control`: a server refuses control characters in each of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from rcim_tools.examples import EXAMPLES

from rcim.base.errors import ErrorKind, RcimError
from rcim.wire import frames
from rcim.wire.schema import Frame, Struct
from rcim.wire.types import Str, StrList, StructList
from tests.kit import Raw, TestServer

WRONG = "a\x85b"
"""U+0085: a control character that is one byte in no text."""
REQUESTS = [
    frame
    for frame in EXAMPLES
    if frame.DECLARED.role == "request" and not isinstance(frame, frames.Hello | frames.Login | frames.Logout)
]


def wrong_ones(value: Struct) -> list[tuple[str, Any]]:
    """(field, the frame or row with a control character in it) of each field that may not have one."""
    found: list[tuple[str, Any]] = []
    for x in value.FIELDS:
        item = x.type.item if isinstance(x.type, StrList) else x.type
        rows = getattr(value, x.name) if isinstance(x.type, StructList) else ()
        for name, row in wrong_ones(rows[0]) if rows else ():
            found.append((f"{x.name}.{name}", msgspec.structs.replace(value, **{x.name: [row]})))
        if isinstance(item, Str) and item.one_line:
            text: Any = [WRONG] if isinstance(x.type, StrList) else WRONG
            found.append((x.name, msgspec.structs.replace(value, **{x.name: text})))
    return found


CASES = [(frame, name, wrong) for frame in REQUESTS for name, wrong in wrong_ones(frame)]


def test_there_are_such_fields() -> None:
    assert len(CASES) > 60


async def is_refused(raw: Raw, frame: Frame) -> bool:
    found = await raw.ask(frame)
    return isinstance(found, RcimError) and found.code.kind is ErrorKind.MISTAKE


async def test_each_is_refused(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    try:
        raw = await server.raw()
        await raw.login("administrator", server.sign("administrator"))
        taken = [f"{frame.NAME}.{name}" for frame, name, wrong in CASES if not await is_refused(raw, wrong)]
    finally:
        await server.stop()
    assert not taken
