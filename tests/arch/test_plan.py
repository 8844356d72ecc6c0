"""The floor plan and the habits, held by tests."""

from __future__ import annotations

import ast
import configparser
import functools
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rcim_tools import spec
from rcim_tools.examples import EXAMPLES

from rcim.base import errors, limits
from rcim.wire.schema import FRAMES

ROOT = Path(__file__).parents[2]
SOURCES = sorted([*ROOT.glob("rcim/**/*.py"), *ROOT.glob("tools/**/*.py"), *ROOT.glob("bench/*.py")])
MODULE_LINES_MAX = 480
"""A module is a sitting."""
FUNCTION_LINES_MAX = 70


@functools.cache
def text_of(path: Path) -> str:
    """What a file of the source says: hundreds of tests ask for all of them."""
    return path.read_text(encoding="utf-8")


@functools.cache
def words_of(path: Path) -> frozenset[str]:
    """The words in it."""
    return frozenset(re.findall(r"\w+", text_of(path)))


def test_lower_rooms_never_import_higher_ones() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--config", "setup.cfg", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "8 kept, 0 broken" in done.stdout


def test_what_is_made_from_the_tables_is_fresh() -> None:
    assert spec.stale(ROOT) == []


def test_every_package_is_part_of_the_wheel() -> None:  # OP-04
    declared = configparser.ConfigParser()
    declared.read(ROOT / "setup.cfg", encoding="utf-8")
    listed = declared["options"]["packages"].split()
    folders = {"rcim": "rcim", "rcim_tools": "tools", "rcim_bench": "bench"}
    there = {
        ".".join((package, *path.parent.relative_to(ROOT / folder).parts))
        for package, folder in folders.items()
        for path in (ROOT / folder).rglob("__init__.py")
    }
    assert set(listed) == there and len(listed) == len(there)


def test_every_frame_has_an_example_once() -> None:
    assert sorted(x.TYPE for x in EXAMPLES) == sorted(FRAMES)


def test_requests_and_their_answers_fit() -> None:
    by_name = {cls.NAME: cls for cls in FRAMES.values()}
    for cls in FRAMES.values():
        declared = cls.DECLARED
        if declared.role == "request":
            assert by_name[declared.reply].TYPE == cls.TYPE + 0x8000
        for name in declared.errors:
            assert any(code.name == name for code in errors.ALL), f"{cls.NAME}: {name}"


@pytest.mark.parametrize("code", errors.ALL, ids=lambda c: c.name)
def test_every_error_is_used(code: errors.ErrorCode) -> None:
    uses = any(
        code.name in words_of(path) for path in SOURCES if path.name != "errors.py" and path.parent.name != "frames"
    )
    assert uses, f"{code.name} is in the table, but nothing gives it"


@pytest.mark.parametrize("name", limits.Limits.__dataclass_fields__)
def test_every_limit_is_used(name: str) -> None:
    uses = sum(text_of(path).count(f".{name}") for path in SOURCES if path.name != "limits.py")
    uses += (
        (ROOT / "rcim/base/limits.py").read_text(encoding="utf-8").count(f"self.{name}")
        if name.startswith("idle")
        else 0
    )
    assert uses, f"{name} is a setting, but nothing asks for it"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_modules_and_functions_are_small_and_say_what_they_do(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert text.count("\n") <= MODULE_LINES_MAX
    if text.strip():
        assert ast.get_docstring(tree), "a module says what it is"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if not isinstance(node, ast.ClassDef):
                assert (node.end_lineno or 0) - node.lineno <= FUNCTION_LINES_MAX, node.name
            public = not node.name.startswith("_") and node.col_offset == 0
            if public:
                assert ast.get_docstring(node), f"{node.name} has no docstring"


def _keywords(call: ast.Call) -> dict[str, ast.expr]:
    return {word.arg: word.value for word in call.keywords if word.arg}


def _depends_on_the_locale(call: ast.Call) -> bool:
    """True for what reads or writes text and does not say how it is encoded."""
    words = _keywords(call)
    if "encoding" in words:
        return False
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if isinstance(call.func, ast.Attribute) and name in ("read_text", "write_text"):
        return getattr(call.func.value, "id", "") != "texts"
    if name in ("open", "fdopen"):
        builtin = isinstance(call.func, ast.Name) or name == "fdopen"
        modes = [a.value for a in (*call.args, *words.values()) if isinstance(a, ast.Constant)]
        modes = [mode for mode in modes if isinstance(mode, str) and re.fullmatch("[rwaxbt+]{1,3}", mode)]
        return (builtin or bool(modes)) and not any("b" in mode for mode in modes)
    text = [words[word] for word in ("text", "universal_newlines") if word in words]
    return any(isinstance(value, ast.Constant) and value.value is True for value in text)


def test_files_are_utf_8_and_not_the_locales() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for folder in ("rcim", "tools", "bench", "tests")
        for path in sorted(ROOT.glob(f"{folder}/**/*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and _depends_on_the_locale(node)
    ]
    assert found == []


def test_sources_name_documents_that_are_in_the_repository() -> None:
    """Decisions are named by their ADR, rules by their id."""
    sources = [*SOURCES, *ROOT.glob("tests/**/*.py")]
    assert [str(path) for path in sources if re.search(r"\bdesign(\.md)? [0-9]", text_of(path))] == []


def test_no_rooms_for_everything() -> None:
    names = {p.stem for p in SOURCES} | {p.name for p in ROOT.glob("rcim/*")}
    assert not names & {"utils", "util", "helpers", "common", "misc"}


def test_init_files_hold_no_logic() -> None:
    for path in ROOT.glob("rcim/**/__init__.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            assert isinstance(node, ast.Import | ast.ImportFrom | ast.Assign | ast.Expr), path


REQUIREMENTS = {
    "wire": "WI-01 WI-02 WI-03 WI-04 WI-05 WI-06 WI-07",
    "identity": "ID-01 ID-02 ID-05 ID-06 ID-08 ID-09",
    "types": " ".join(f"GT-{n:02}" for n in range(1, 26)),
    "groups": " ".join(f"GR-{n:02}" for n in range(1, 12)),
    "sending": "MS-01 MS-02 MS-03 MS-04 MS-05 MS-06 SC-01 SC-02 SC-03 SC-04 AB-05",
    "receiving": "RX-01 RX-05 RX-06 RX-07 FC-06",
    "keeping": "ST-01 ST-04 OP-01 OP-04 AB-01",
}


@pytest.mark.parametrize("rule", " ".join(REQUIREMENTS.values()).split())
def test_every_rule_is_found_by_its_id_in_code_and_tests(rule: str) -> None:
    assert any(rule in text_of(path) for path in SOURCES), "in the code"
    tests = [p for p in ROOT.glob("tests/**/*.py") if p != Path(__file__)]
    assert any(rule in text_of(path) for path in tests), "in the tests"


def test_types_hold() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_json_of_the_spec_is_json() -> None:
    for path in (ROOT / "protocol-spec").glob("**/*.json"):
        json.loads(path.read_text(encoding="utf-8"))
    assert len(json.loads((ROOT / "protocol-spec/errors.json").read_text(encoding="utf-8"))) == len(errors.ALL)


def test_links_between_pages_lead_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("protocol-spec/**/*.md")]
    assert len(pages) > 15
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.relative_to(ROOT)}: {target}"
