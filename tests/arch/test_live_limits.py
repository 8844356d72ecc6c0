"""Limits can change while the server runs (OP-03): whoever keeps what it has read of one follows them, or the limit is
declared as one that needs a restart."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from rcim.app.settings.setting_fields import is_reloaded
from rcim.base.limits import Limits

ROOT = Path(__file__).parents[2] / "rcim"
RELOADED = {f.name for f in fields(Limits) if is_reloaded(Limits, f)}
PROGRAMS = {"bench", "chat", "client", "demo", "load", "top"}
"""They are no servers."""
OF_ONE_CONNECTION = {
    ("session/server.py", "frame_bytes_before_login"),
    ("connect/outgoing.py", "handshake_bytes_max"),
}
"""What a connection has been told, or begins with, holds for as long as it is there."""
FOLLOWS_ELSEWHERE = {("dispatch/dispatcher.py", "query_ms_per_s")}
"""Read in `__init__`, and again in `take_settings`."""


def classes() -> Iterator[tuple[str, ast.ClassDef]]:
    for path in sorted(ROOT.rglob("*.py")):
        where = path.relative_to(ROOT)
        if where.parts[0] in PROGRAMS or str(where) in (
            "base/limits.py",
            "base/connection_limits.py",
            "base/rate_limits.py",
        ):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                yield str(where), node


def read_in(body: ast.AST) -> set[str]:
    """The limits that are read when this runs; not those that a function in it reads later."""
    found: set[str] = set()
    for node in ast.iter_child_nodes(body):
        if isinstance(node, ast.Lambda | ast.FunctionDef):
            continue
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and node.attr in RELOADED:
            found.add(node.attr)
        found |= read_in(node)
    return found


def test_no_limit_is_copied_when_something_is_made() -> None:
    copied = set()
    for where, node in classes():
        for method in node.body:
            if isinstance(method, ast.FunctionDef) and method.name in ("__init__", "__post_init__"):
                copied |= {(where, name) for name in read_in(method) if _is_of_limits(method, name)}
    assert copied == OF_ONE_CONNECTION | FOLLOWS_ELSEWHERE, (
        "read it when it is used, or in take_limits, or restart=True"
    )


def _is_of_limits(method: ast.FunctionDef, name: str) -> bool:
    """Whether it is read of something called limits: other settings have fields of the same names."""
    for node in ast.walk(method):
        if isinstance(node, ast.Attribute) and node.attr == name:
            holder = node.value
            called = holder.id if isinstance(holder, ast.Name) else getattr(holder, "attr", "")
            if called.endswith("limits"):
                return True
    return False


def test_whoever_makes_something_of_limits_is_told_of_new_ones() -> None:
    """Every `take_limits` is called by another one, or by what puts settings into force."""
    source = "".join(path.read_text(encoding="utf-8") for path in sorted(ROOT.rglob("*.py")))
    takers = {where for where, node in classes() if any(getattr(m, "name", "") == "take_limits" for m in node.body)}
    assert takers == {
        "connect/fanout.py",
        "connect/table.py",
        "dispatch/back_end_pace.py",
        "service/service.py",
    }
    for call in (
        "self.hub.table.take_limits()",
        "self.hub.fanout.take_limits()",
        "self._back_end.take_limits()",
        "service.take_limits()",
    ):
        assert call in source, call


def test_the_search_finds_what_it_looks_for() -> None:
    made = ast.parse(
        "class A:\n def __init__(self, limits):\n"
        "  self.a = limits.mentions_max\n  self.b = lambda: limits.directed_max\n"
        "  self.c = self._limits.words_max\n  self.d = http.idle_ms\n"
    )
    (method,) = [node for node in ast.walk(made) if isinstance(node, ast.FunctionDef)]
    found = {name for name in read_in(method) if _is_of_limits(method, name)}
    assert found == {"mentions_max", "words_max"}
