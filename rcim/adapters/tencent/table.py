"""All commands of Tencent's API, by name."""

from __future__ import annotations

from rcim.adapters.tencent import accounts, group_messages, groups, not_enabled
from rcim.adapters.tencent.command import Command, rows_of

MODULES = (groups, group_messages, not_enabled, accounts)
COMMANDS: tuple[Command, ...] = tuple(row for module in MODULES for row in rows_of(module))
BY_NAME = {name: row for row in COMMANDS for name in row.names}
assert len(BY_NAME) == sum(len(row.names) for row in COMMANDS), "each name stands once"
