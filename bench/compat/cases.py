"""All cases: each module of this package registers its own when it is imported."""

from __future__ import annotations

import importlib
import pkgutil

from rcim_bench import compat
from rcim_bench.compat.case import CASES, Case


def all_cases() -> list[Case]:
    """The cases of all modules, by vendor and command."""
    for module in pkgutil.iter_modules(compat.__path__):
        importlib.import_module(f"{compat.__name__}.{module.name}")
    return sorted(CASES, key=lambda one: (one.vendor, one.command))
