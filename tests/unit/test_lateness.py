"""How late a timer is (bus/lateness.py)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from rcim.bus.lateness import Lateness


def test_only_what_is_a_whole_period_late_counts() -> None:
    loop: Any = SimpleNamespace(now_s=100.0, time=lambda: loop.now_s)
    timer = Lateness(loop, 1.0)
    for passed_s, late_s in ((1.0, 0.0), (1.9, 0.0), (12.0, 11.0), (1.0, 0.0), (0.2, 0.0), (2.0, 1.0)):
        loop.now_s += passed_s
        assert timer.came() == late_s
