"""The code in figures (tools/structure.py): modules import each other in a circle only in the packages named here."""

from __future__ import annotations

from pathlib import Path

from rcim_tools.structure import cycles, imports, modules, report

ROOT = Path(__file__).parents[2]
WITH_CIRCLES = {"rcim.app", "rcim.bus"}
"""Packages whose modules still do."""


def test_no_other_package_has_a_circle() -> None:
    groups = cycles(imports(modules(ROOT / "rcim")))
    packages = [{".".join(name.split(".")[:2]) for name in group} for group in groups]
    assert all(len(package) == 1 for package in packages), "a circle across packages"
    assert {name for package in packages for name in package} == WITH_CIRCLES


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
