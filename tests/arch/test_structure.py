"""The code in figures (tools/structure.py): no modules import each other in a circle."""

from __future__ import annotations

from pathlib import Path

from rcim_tools.structure import cycles, imports, modules, report

ROOT = Path(__file__).parents[2]


def test_no_modules_import_each_other() -> None:
    assert cycles(imports(modules(ROOT / "rcim"))) == []


def test_circles_are_found(tmp_path: Path) -> None:
    package = tmp_path / "p"
    package.mkdir()
    for name, text in {
        "__init__": "",
        "a": "from p import b\n",
        "b": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from p.c import C\n",
        "c": "def late():\n    import p.a\n",
        "d": "import p.a\n",
    }.items():
        (package / f"{name}.py").write_text(text, encoding="utf-8")
    assert cycles(imports(modules(package))) == [["p.a", "p.b", "p.c"]]
    assert "| groups of modules that import each other | 1 |" in report(package)
