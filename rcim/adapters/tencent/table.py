"""All commands of Tencent's API, by name."""

from __future__ import annotations

from rcim.adapters.tencent import (
    accounts,
    attributes,
    avchatroom,
    group_history,
    group_lists,
    group_messages,
    groups,
    imports,
    members,
    mutes,
    not_enabled,
    topics,
)
from rcim.adapters.tencent.command import Command, rows_of

MODULES = (
    groups,
    group_lists,
    members,
    mutes,
    group_messages,
    group_history,
    imports,
    attributes,
    avchatroom,
    topics,
    not_enabled,
    accounts,
)
COMMANDS: tuple[Command, ...] = tuple(row for module in MODULES for row in rows_of(module))
BY_NAME = {name: row for row in COMMANDS for name in row.names}
assert len(BY_NAME) == sum(len(row.names) for row in COMMANDS), "each name stands once"
