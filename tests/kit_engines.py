"""LeanCloud's engines, made with its own packages: PyPI's leancloud and npm's leanengine, unmodified.

They need versions of libraries that this environment has not, so each is installed into a folder of its own, once
(build/engines). Where that can't be done (no npm, no registry), who asks for it is skipped.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent / "engines"
INSTALLED = Path(__file__).parent.parent / "build" / "engines"
INSTALL_S = 120
APP_ID, APP_KEY, MASTER_KEY, HOOK_KEY = "app", "app-key", "master-key", "hook-key"
KEYS = {
    "LEANCLOUD_APP_ID": APP_ID,
    "LEANCLOUD_APP_KEY": APP_KEY,
    "LEANCLOUD_APP_ANDX_KEY": "another-key",  # without it the Python engine takes any master key
    "LEANCLOUD_APP_MASTER_KEY": MASTER_KEY,
    "LEANCLOUD_APP_HOOK_KEY": HOOK_KEY,
}


class Engine:
    """One that runs, with what it was called with."""

    def __init__(self, url: str, calls: Path) -> None:
        self.url = url
        self._calls = calls

    def calls(self, hook: str) -> list[dict[str, Any]]:
        """The parameters of each call of this hook, in order; not of one that is just being written down."""
        if not self._calls.exists():
            return []
        whole, _, _ = self._calls.read_bytes().rpartition(b"\n")
        rows = [json.loads(line) for line in whole.splitlines()]
        return [params for name, params in rows if name == hook]


@contextmanager
def running(kind: str, folder: Path) -> Iterator[Engine]:
    """An engine of this kind, `python` or `node`."""
    command, environment = {"python": _python, "node": _node}[kind]()
    calls = folder / "calls"
    environment = {**os.environ, **KEYS, **environment, "CALLS": str(calls)}
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8", cwd=folder
    )
    try:
        assert process.stdout is not None
        yield Engine(f"http://127.0.0.1:{int(process.stdout.readline())}", calls)
    finally:
        process.kill()
        process.communicate()


def _python() -> tuple[list[str], dict[str, str]]:
    folder = INSTALLED / "python"
    program = folder / "bin" / "python"

    def install() -> None:
        venv.create(folder, clear=True)
        _run(
            [sys.executable, "-m", "pip", "--python", str(program), "install", "-q", "--no-compile"],
            ["leancloud==3.0.2"],
        )

    _once(folder, install)
    return [str(program), str(HERE / "python_engine.py")], {}


def _node() -> tuple[list[str], dict[str, str]]:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("there is no node with npm here, for npm's leanengine")
    folder = INSTALLED / "node"

    def install() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        flags = ["--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"]
        _run([npm, "install", *flags], ["leanengine@3.8.0", "leancloud-storage@4"])

    _once(folder, install)
    return [node, str(HERE / "engine.js")], {"NODE_PATH": str(folder / "node_modules")}


def _once(folder: Path, install: Callable[[], None]) -> None:
    """Install, if nobody has; one at a time."""
    done = folder / ".installed"
    INSTALLED.mkdir(parents=True, exist_ok=True)
    with (INSTALLED / f"{folder.name}.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            install()
            done.touch()


def _run(command: list[str], packages: list[str]) -> None:
    try:
        done = subprocess.run([*command, *packages], capture_output=True, timeout=INSTALL_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"{packages[0]} can't be installed: {error}")
    if done.returncode:
        pytest.skip(f"{packages[0]} can't be installed: {done.stderr.decode(errors='replace')[-300:]}")
