"""Hooks that the app has installed beside the server (CB-05): they get the same as its back end over HTTP."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from importlib.metadata import entry_points

from rcim.hooks.profile import Json

GROUP = "rcim.hooks"
"""Entry points of hooks: `name = module:function`, taking the name of the event and its fields as the callback has them,
returning the answer of a callback (or an awaitable of it), or None to allow."""
Hook = Callable[[str, Json], Json | Awaitable[Json | None] | None]


def load_hooks(names: Sequence[str]) -> list[Hook]:
    """The hooks with these names, of those that are installed. Raises ValueError for a hook that is not installed."""
    there = {point.name: point for point in entry_points(group=GROUP)}
    missing = [name for name in names if name not in there]
    if missing:
        raise ValueError(f"no hook {missing[0]!r} is installed; there are {', '.join(sorted(there)) or 'none'}")
    return [there[name].load() for name in names]


async def call(hook: Hook, name: str, fields: Json) -> Json | None:
    """The hook's answer. Raises whatever the hook raises."""
    found = hook(name, fields)
    return await found if inspect.isawaitable(found) else found
