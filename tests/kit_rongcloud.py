"""RongCloud's official clients of its server API, unmodified: PyPI's rc-server-sdk and npm's rongcloud-sdk.

Each is installed into a folder of its own, once (build/engines). Where that can't be done (no npm, no registry), who asks
for it is skipped. Their programs (tests/rongcloud) call every method that they have, and print the answers.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import venv
from pathlib import Path
from typing import Any

import pytest

from tests.kit_engines import INSTALLED, _once, _run
from tests.kit_http import RONG_KEY, RONG_SECRET

HERE = Path(__file__).parent / "rongcloud"
RUN_S = 150
PYTHON, NODE = ["rc-server-sdk==3.2.0", "jinja2==3.1.6"], ["rongcloud-sdk@3.1.1"]


def python() -> str:
    """The interpreter that has PyPI's client."""
    folder = INSTALLED / "rongcloud-python"
    program = folder / "bin" / "python"

    def install() -> None:
        venv.create(folder, clear=True)
        _run([sys.executable, "-m", "pip", "--python", str(program), "install", "-q", "--no-compile"], PYTHON)

    _once(folder, install)
    return str(program)


def node() -> tuple[str, str]:
    """Node, and the folder of modules that has npm's client."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program is None or npm is None:
        pytest.skip("there is no node with npm here, for npm's rongcloud-sdk")
    folder = INSTALLED / "rongcloud-node"

    def install() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        flags = ["--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"]
        _run([npm, "install", *flags], NODE)

    _once(folder, install)
    return program, str(folder / "node_modules")


def answers(command: list[str], base: str, **environment: str) -> dict[str, Any]:
    """What a program prints: each method's answer, in the order of its calls."""
    given = {"BASE": base, "APP_KEY": RONG_KEY, "APP_SECRET": RONG_SECRET, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command,
        env={**os.environ, **given, **environment},
        capture_output=True,
        timeout=RUN_S,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def unit_tests() -> str:
    """The folder of the tests that come with PyPI's client; only its source has them."""
    folder = INSTALLED / "rongcloud-tests"

    def install() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        flags = ["--no-deps", "--no-binary", ":all:", "--no-build-isolation", "-q", "-d", str(folder)]
        _run([sys.executable, "-m", "pip", "download", *flags], PYTHON[:1])
        with tarfile.open(next(folder.glob("*.tar.gz"))) as packed:
            packed.extractall(folder, filter="data")

    _once(folder, install)
    return str(next(folder.glob("*/unit_test")))
