"""A command that runs beside a busy server lowers its priority before it imports what takes long (ST-03)."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


def said_by(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout.decode().strip()


def test_the_command_line_imports_no_settings() -> None:
    heavy = (
        "rcim.app.settings.all_settings",
        "rcim.app.settings.sources",
        "rcim.operate.backup",
        "lmdb",
        "psutil",
        "rcim.store.backend",
    )
    assert said_by(f"import sys, rcim.cli.program; print([n for n in {heavy} if n in sys.modules])") == "[]"


@pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="the system has no such policy")
def test_a_backup_is_in_nobodys_way_and_goes_on_all_the_same() -> None:
    program = (
        "import os\nfrom rcim.operate.priority import lower_priority\nlower_priority()\n"
        "print(os.sched_getscheduler(0) == os.SCHED_BATCH, os.getpriority(os.PRIO_PROCESS, 0))"
    )
    assert said_by(program) == "True 19"
