"""The clients of Tencent's REST API that PyPI has, unmodified: tencentcloud-sdk-python-im and timsdk.

Each is installed into a folder of its own, once (build/engines); where that can't be done (no registry), who asks for it
is skipped. Its program (tests/tencent) calls every method that it has, and prints the answers.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

from tests.kit import SDKAPPID
from tests.kit_engines import INSTALLED, _once, _run
from tests.kit_http import ADMINISTRATOR, BackEnd

HERE = Path(__file__).parent / "tencent"
RUN_S = 150
PACKAGES = {"tcim": "tencentcloud-sdk-python-im==0.9.4", "timsdk": "timsdk==1.1.12"}
NEEDED = ["tls-sig-api-v2==1.1", "requests>=2.4.3"]
"""What they need; one of them does not say so."""


def python(client: str) -> str:
    """The interpreter that has this client."""
    folder = INSTALLED / f"tencent-{client}"
    program = folder / "bin" / "python"

    def install() -> None:
        venv.create(folder, clear=True)
        command = [sys.executable, "-m", "pip", "--python", str(program), "install", "-q", "--no-compile"]
        _run(command, [PACKAGES[client], *NEEDED])

    _once(folder, install)
    return str(program)


def calls(client: str, app: BackEnd) -> list[list[Any]]:
    """What the program of this client prints, after it has called the server: for each call the method's name and its
    answer."""
    environment = {
        "RCIM_BASE": app.base,
        "SDKAPPID": str(SDKAPPID),
        "KEY": app.server.key,
        "ADMINISTRATOR": ADMINISTRATOR,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [python(client), str(HERE / f"{client}_client.py")],
        env={**os.environ, **environment},
        capture_output=True,
        timeout=RUN_S,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: list[list[Any]] = json.loads(done.stdout)
    return found
