"""What the code is like: `python -m rcim_tools.structure [FOLDER]`. Lengths of functions and modules, functions with many
parameters, `Any`, lines by package, and imports in a circle (those for types only count too)."""

from __future__ import annotations

import ast
import statistics
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PARAMETERS_MAX = 5


class Module(NamedTuple):
    """One file, parsed."""

    name: str
    path: Path
    tree: ast.Module
    lines: int


def modules(folder: Path) -> list[Module]:
    """All Python files in the package `folder`."""
    found = []
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(folder.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        text = path.read_text(encoding="utf-8")
        found.append(Module(name, path, ast.parse(text), text.count("\n")))
    return found


def functions(found: list[Module]) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Every function with the name of its module."""
    for module in found:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield module.name, node


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many parameters a function has, without `self` and `cls`."""
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return len([argument for argument in arguments if argument.arg not in ("self", "cls")])


def imports(found: list[Module]) -> dict[str, set[str]]:
    """By module: which of the others it imports, at whatever place."""
    names = {module.name for module in found}
    edges: dict[str, set[str]] = {module.name: set() for module in found}
    for module in found:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Import):
                targets = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                inner = [f"{node.module}.{alias.name}" for alias in node.names]
                targets = [name if name in names else node.module for name in inner]
            else:
                continue
            edges[module.name].update(name for name in targets if name in names and name != module.name)
    return edges


def cycles(edges: dict[str, set[str]]) -> list[list[str]]:
    """Modules that import each other in a circle, each group sorted (Tarjan's strongly connected components)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in sorted(edges[name]):
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            at = stack.index(name)
            group = sorted(stack[at:])
            del stack[at:]
            if len(group) > 1:
                found.append(group)

    for name in sorted(edges):
        if name not in index:
            visit(name)
    return sorted(found)


def report(folder: Path) -> str:
    """The figures, as Markdown."""
    found = modules(folder)
    lengths = sorted((node.end_lineno or 0) - node.lineno + 1 for _, node in functions(found))
    sizes = sorted(module.lines for module in found)
    many = [f"{name}.{node.name}" for name, node in functions(found) if parameters(node) > PARAMETERS_MAX]
    any_ = sum(isinstance(node, ast.Name) and node.id == "Any" for m in found for node in ast.walk(m.tree))
    lines = Counter[str]()
    for module in found:
        lines[".".join(module.name.split(".")[:2])] += module.lines
    circles = cycles(imports(found))
    rows = [
        ("functions", str(len(lengths))),
        ("lines of a function: median, p95, max", _three(lengths)),
        ("modules", str(len(sizes))),
        ("lines of a module: median, p95, max", _three(sizes)),
        (f"functions with more than {PARAMETERS_MAX} parameters", str(len(many))),
        ("`Any`", str(any_)),
        ("groups of modules that import each other", str(len(circles))),
        ("modules in them", str(sum(map(len, circles)))),
    ]
    table = ["| what | figure |", "|---|---|", *(f"| {what} | {figure} |" for what, figure in rows)]
    packages = [
        "| package | lines |",
        "|---|---|",
        *(f"| `{name}` | {size:,} |" for name, size in sorted(lines.items())),
    ]
    return (
        "\n".join([*table, "", *packages, "", *(f"circle: {', '.join(group)}" for group in circles)]).rstrip() + "\n"
    )


def _three(values: list[int]) -> str:
    return f"{statistics.median(values):g}, {values[int(len(values) * 0.95)]}, {values[-1]}"


if __name__ == "__main__":
    print(report(Path(sys.argv[1] if len(sys.argv) > 1 else "rcim")), end="")
