"""What tests of packages and units share: a copy of the source, packages built from it, and a server started by its
program's path."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
DEADLINE_S = 120
"""For any command of these tests."""
NO_SOURCE = shutil.ignore_patterns(
    ".git", ".venv*", "build", "dist", "*.egg-info", "__pycache__", "*.pyc", ".*_cache"
)


def copy_source(to: Path) -> None:
    """The source as a checkout has it: what git knows or would take, or without git all that is not made."""
    to.mkdir()
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if names.returncode:
        shutil.copytree(ROOT, to, ignore=NO_SOURCE, dirs_exist_ok=True)
        return
    for name in filter(None, names.stdout.split("\0")):
        if (ROOT / name).exists():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)


def call(*command: str | Path, cwd: Path, say: str | None = None) -> str:
    """Run a command that has to succeed, with an environment that names no checkout; returns its standard output."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        input=say,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=DEADLINE_S,
        check=False,
        env=environment(),
    )
    assert done.returncode == 0, f"{command}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def environment() -> dict[str, str]:
    """This process's, without what leads to the checkout."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "RCIM"))}


def install(wheel: Path, folder: Path) -> Path:
    """Install a wheel into a new environment that has the libraries of this one; returns its folder of programs."""
    call(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder.parent)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", "--no-index"]
    call(*pip, "--no-compile", "--disable-pip-version-check", wheel, cwd=folder.parent)
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    (own,) = folder.glob("lib/python*/site-packages")
    # A line of a .pth file only adds the folder: what makes the checkout importable there is not read.
    (own / "libraries.pth").write_text("\n".join(libraries) + "\n", encoding="utf-8")
    return folder / "bin"


@contextmanager
def serving(command: Sequence[str | Path], data: Path, *flags: str) -> Iterator[dict[str, Any]]:
    """A server on `data`, begun with `command` (the program, or what starts it). Gives what it says when it is ready.

    It is stopped by SIGTERM at the end, and has to end well.
    """
    settings = [part for flag in ("limits.drain_grace_ms=300", *flags) for part in ("--set", flag)]
    process = subprocess.Popen(
        [*map(str, command), "serve", "--json", "--data", str(data), "--port", "0", *settings],
        cwd=data.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=environment(),
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise AssertionError(f"the server did not start: {process.communicate(timeout=DEADLINE_S)[1]}")
        yield json.loads(line)
        process.terminate()
        _, said = process.communicate(timeout=DEADLINE_S)
        assert process.returncode == 0, said
    finally:
        if process.returncode is None:
            process.kill()
            process.communicate(timeout=DEADLINE_S)
