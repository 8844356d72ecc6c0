"""OP-04: the units of systemd are right, strict, and the server runs under what they forbid."""

from __future__ import annotations

import ctypes.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from rcim.operate.units import DOCUMENTED, units
from tests.kit_install import ROOT, call, serving

UNIT = ROOT / "rcim/operate/systemd/rcim.service"
SERVICES = [name for name in units() if name.endswith(".service")]
EXPOSURE_MAX = 2.0
"""Of `systemd-analyze security`, which goes from 0 to 10."""
PROBE = """
import json, mmap, os, socket, sys
from pathlib import Path

def tried(what):
    try:
        what()
        return "done"
    except OSError as error:
        return type(error).__name__ if error.errno in (1, 13) else error.strerror

print(json.dumps({
    "elsewhere": tried(lambda: Path(sys.argv[1]).touch()),
    "its folder": tried(lambda: Path(sys.argv[2]).touch()),
    "memory": tried(lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC)),
    "netlink": tried(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)),
    "tcp": tried(lambda: socket.socket().close()),
    "owner": tried(lambda: os.chown(sys.argv[2], 1, 1)),
    "capabilities": [row.split()[1] for row in Path("/proc/self/status").open() if row.startswith(("CapEff", "CapBnd"))],
}))
"""


def analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run systemd-analyze, or skip the test."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A root folder with the units and the programs that they name."""
    folder = tmp_path / "root/etc/systemd/system"
    folder.mkdir(parents=True)
    for name, text in units().items():
        (folder / name).write_text(text, encoding="utf-8")
    for program in (DOCUMENTED, "/bin/sh"):
        path = tmp_path / f"root{program}"
        path.parent.mkdir(parents=True)
        path.write_text("#!/bin/sh\n", encoding="utf-8")
        path.chmod(0o755)
    return tmp_path / "root"


def of_ours(output: str) -> list[str]:
    """What is said of our units; a root folder without the rest of a system gives other lines, too."""
    return [line for line in output.splitlines() if "rcim" in line]


@pytest.mark.parametrize("name", [name for name in units() if "sysusers" not in name])
def test_a_unit_has_no_mistake(installed: Path, name: str) -> None:
    done = analyze("verify", "--root", installed, "--recursive-errors=no", f"/etc/systemd/system/{name}")
    assert of_ours(done.stdout + done.stderr) == [], done.stderr


def test_a_mistake_in_a_unit_would_be_found(installed: Path) -> None:
    path = installed / "etc/systemd/system/rcim.service"
    path.write_text(path.read_text(encoding="utf-8").replace("UMask=0077", "Umask=0077"), encoding="utf-8")
    (installed / DOCUMENTED.lstrip("/")).unlink()
    done = analyze("verify", "--root", installed, "--recursive-errors=no", "/etc/systemd/system/rcim.service")
    said = "\n".join(of_ours(done.stdout + done.stderr))
    assert "'Umask'" in said and "is not executable" in said


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_exposed_little(installed: Path, name: str) -> None:
    done = analyze("security", "--offline=true", "--root", installed, f"/etc/systemd/system/{name}")
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found, done.stdout + done.stderr
    assert float(found[1]) <= EXPOSURE_MAX


def test_the_system_user_can_be_made(tmp_path: Path) -> None:
    if shutil.which("systemd-sysusers") is None:
        pytest.skip("systemd-sysusers is not installed")
    (tmp_path / "etc").mkdir()
    call("systemd-sysusers", "--root", tmp_path, ROOT / "rcim/operate/systemd/rcim.sysusers", cwd=tmp_path)
    assert "rcim:x:" in (tmp_path / "etc/passwd").read_text(encoding="utf-8")


def jail(writable: Path) -> list[str]:
    """What starts a program under what the unit forbids, with only `writable` to write to; or skips the test."""
    for tool in ("unshare", "systemd-analyze"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    if ctypes.util.find_library("seccomp") is None:
        pytest.skip("libseccomp is not installed")
    enter = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    tried = subprocess.run(
        [*enter, "true"], capture_output=True, text=True, encoding="utf-8", timeout=60, check=False
    )
    if tried.returncode:
        pytest.skip(f"no mount namespace can be made here: {tried.stderr.strip()}")
    return [*enter, sys.executable, str(ROOT / "tests/kit_jail.py"), str(UNIT), str(writable)]


def test_what_the_unit_forbids_is_forbidden_here(tmp_path: Path) -> None:
    """Otherwise the next test would show nothing."""
    own = tmp_path / "own"
    own.mkdir()
    found = json.loads(call(*jail(own), sys.executable, "-c", PROBE, tmp_path / "other", own / "file", cwd=tmp_path))
    assert found == {
        "elsewhere": "Read-only file system",
        "its folder": "done",
        "memory": "PermissionError",
        "netlink": "PermissionError",
        "tcp": "done",
        "owner": "PermissionError",
        "capabilities": ["0" * 16, "0" * 16],
    }


@pytest.mark.parametrize("gateways", [0, 2])
def test_the_server_runs_under_what_the_unit_forbids(tmp_path: Path, gateways: int) -> None:
    """Read-only root, no capability, no executable memory, the unit's system calls alone: as in a container, too."""
    own = tmp_path / "own"
    own.mkdir(mode=0o700)
    programs, data = Path(sys.executable).parent, own / "data"
    command = [*jail(own), sys.executable, "-m", "rcim"]
    with serving(command, data, "http.on=true", "http.port=0", f"server.gateways={gateways}"):
        chat = [programs / "rcim", "chat", "--data", data, "--user", "alice", "--group", "lobby"]
        call(*chat, cwd=tmp_path, say="hello from the jail\n")
        shown = call(programs / "rcim-admin", "--data", data, "history", "g:lobby", cwd=tmp_path)
        assert "hello from the jail" in shown
    assert "0 faults" in call(*command, "check", "--data", data, cwd=tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own"]
