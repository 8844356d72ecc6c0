"""All commands of Tencent's API, by name."""

from __future__ import annotations

from rcim.adapters.tencent import (
    accounts,
    black_lists,
    friends,
    group_messages,
    groups,
    message_log,
    mutes,
    not_enabled,
    one_to_one,
    pair_messages,
    presence,
    profiles,
    push_all,
    recent_contacts,
    statistics,
)
from rcim.adapters.tencent.command import Command, rows_of

MODULES = (
    groups,
    group_messages,
    not_enabled,
    accounts,
    presence,
    one_to_one,
    pair_messages,
    profiles,
    black_lists,
    recent_contacts,
    mutes,
    push_all,
    message_log,
    statistics,
    friends,
)
COMMANDS: tuple[Command, ...] = tuple(row for module in MODULES for row in rows_of(module))
BY_NAME = {name: row for row in COMMANDS for name in row.names}
assert len(BY_NAME) == sum(len(row.names) for row in COMMANDS), "each name stands once"
