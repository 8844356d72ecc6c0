"""All commands of RongCloud's API, by path."""

from __future__ import annotations

from rcim.adapters.rongcloud import (
    conversations,
    downloads,
    group_mutes,
    groups,
    not_offered,
    publishing,
    pushes,
    relations,
    room_users,
    rooms,
    stored,
    ultra,
    ultra_messages,
    users,
    words,
)
from rcim.adapters.rongcloud.command import Command, rows_of

MODULES = (
    users,
    relations,
    groups,
    group_mutes,
    rooms,
    room_users,
    publishing,
    stored,
    downloads,
    words,
    conversations,
    pushes,
    ultra,
    ultra_messages,
    not_offered,
)
COMMANDS: tuple[Command, ...] = tuple(row for module in MODULES for row in rows_of(module))
BY_PATH = {row.path: row for row in COMMANDS}
assert len(BY_PATH) == len(COMMANDS), "each path stands once"
