"""All commands of Tencent's API, by name."""

from __future__ import annotations

from rcim.adapters.tencent import (
    accounts,
    attributes,
    avchatroom,
    black_lists,
    friends,
    global_mutes,
    group_history,
    group_lists,
    group_messages,
    groups,
    imports,
    members,
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
    presence,
    one_to_one,
    pair_messages,
    profiles,
    black_lists,
    recent_contacts,
    global_mutes,
    push_all,
    message_log,
    statistics,
    friends,
)
COMMANDS: tuple[Command, ...] = tuple(row for module in MODULES for row in rows_of(module))
BY_NAME = {name: row for row in COMMANDS for name in row.names}
assert len(BY_NAME) == sum(len(row.names) for row in COMMANDS), "each name stands once"
