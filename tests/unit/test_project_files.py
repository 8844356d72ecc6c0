"""OP-04 and the project's own files: the container file, the compose file, workflows, issue forms, hooks."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.kit_install import DEADLINE_S

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
SCHEMAS = {
    "compose.yaml": "vendor.compose-spec",
    ".github/workflows/ci.yml": "vendor.github-workflows",
    ".github/workflows/release.yml": "vendor.github-workflows",
    ".github/ISSUE_TEMPLATE/config.yml": "vendor.github-issue-config",
    ".github/ISSUE_TEMPLATE/bug.yml": "vendor.github-issue-forms",
    ".github/ISSUE_TEMPLATE/feature.yml": "vendor.github-issue-forms",
    ".github/ISSUE_TEMPLATE/vendor-difference.yml": "vendor.github-issue-forms",
}
WORKFLOWS = [name for name, schema in SCHEMAS.items() if schema == "vendor.github-workflows"]


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=DEADLINE_S,
        check=False,
    )


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def yaml(name: str) -> dict[str, object]:
    found: dict[str, object] = YAML(typ="safe").load(text_of(name))
    return found


def against_schema(path: Path, schema: str) -> subprocess.CompletedProcess[str]:
    return run(BIN / "check-jsonschema", "--no-cache", "--builtin-schema", schema, path)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_file_fits_its_schema(name: str) -> None:
    done = against_schema(ROOT / name, SCHEMAS[name])
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_file_for_the_platform_is_checked() -> None:
    there = {str(path.relative_to(ROOT)) for path in ROOT.glob(".github/**/*.yml")}
    assert there == {name for name in SCHEMAS if name.startswith(".github/")}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_mistake_in_a_workflow_would_be_found(tmp_path: Path, name: str) -> None:
    wrong = tmp_path / "workflow.yml"
    wrong.write_text(text_of(name).replace("runs-on:", "run-on:"), encoding="utf-8")
    assert against_schema(wrong, "vendor.github-workflows").returncode == 1


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_workflow_has_few_rights_an_end_and_pinned_actions(name: str) -> None:
    text = text_of(name)
    assert yaml(name)["permissions"] == {"contents": "read"}
    assert [uses for uses in re.findall(r"uses: (\S+)", text) if not re.search(r"@v[0-9]", uses)] == []
    done = against_schema(ROOT / name, "custom.github-workflows-require-timeout")
    assert done.returncode == 0, done.stdout + done.stderr


def test_workflows_try_every_python_that_the_package_names() -> None:
    declared = configparser.ConfigParser()
    declared.read(ROOT / "setup.cfg", encoding="utf-8")
    named = re.findall(r"Python :: (3\.\d+)", declared["metadata"]["classifiers"])
    (tried,) = re.findall(r"python: \[(.*)\]", text_of(".github/workflows/ci.yml"))
    assert re.findall(r"3\.\d+", tried) == named


def hadolint(path: Path) -> subprocess.CompletedProcess[str]:
    if not (BIN / "hadolint").exists():
        pytest.skip("there is no hadolint in a wheel for this processor")
    return run(BIN / "hadolint", "--no-color", path)


def test_the_container_file_has_no_mistake() -> None:
    done = hadolint(ROOT / "Containerfile")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_mistake_in_the_container_file_would_be_found(tmp_path: Path) -> None:
    wrong = tmp_path / "Containerfile"
    wrong.write_text(text_of("Containerfile").replace("WORKDIR /source", "WORKDIR source"), encoding="utf-8")
    assert "DL3000" in hadolint(wrong).stdout


def test_the_container_runs_without_rights() -> None:
    """As far as a file can say it; CI runs the image read-only and without a capability."""
    final = text_of("Containerfile").rpartition("\nFROM ")[2]
    assert re.search(r"^USER [1-9]\d+:[1-9]\d+$", final, re.MULTILINE), "a number, which is not root's"
    assert re.search(r"^VOLUME /data$", final, re.MULTILINE) and "RUN " not in final
    for line in ("STOPSIGNAL SIGTERM", "HEALTHCHECK ", 'ENTRYPOINT ["rcim"]', 'CMD ["serve"]'):
        assert f"\n{line}" in final


def test_the_build_of_the_container_gets_what_the_wheel_is_built_from() -> None:
    taken = {line[1:] for line in text_of(".dockerignore").splitlines() if line.startswith("!")}
    declared = configparser.ConfigParser()
    declared.read(ROOT / "setup.cfg", encoding="utf-8")
    folders = {"rcim", *re.findall(r"= (\w+)", declared["options"]["package_dir"])}
    assert taken == {*folders, "LICENSE", "MANIFEST.in", "README.md", "pyproject.toml", "setup.cfg"}


def test_hooks_call_programs_that_the_tests_need() -> None:
    entries = re.findall(r"entry: (\S+)", text_of(".pre-commit-config.yaml"))
    assert entries and all(shutil.which(BIN / Path(entry).name) for entry in entries)
    assert all(entry.startswith(".venv/bin/") for entry in entries)
