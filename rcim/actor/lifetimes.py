"""How long a conversation lives, where its type has a lifetime (SY-02)."""

from __future__ import annotations

from rcim.actor.commands import CreateGroup
from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.rules.group_types import GroupType


def ends_ms(policy: GroupType, command: CreateGroup, now_ms: int) -> int:
    """When a conversation of this type that is created at `now_ms` ends, in milliseconds since 1970; 0: never. Raises
    RcimError(BAD_PARAMETER) for a `ttl_s` that the type does not allow."""
    ttl_s, most = command.ttl_s, policy.lifetime_s
    if not most:
        if ttl_s is not None:
            raise RcimError(BAD_PARAMETER, f"ttl_s: must be absent; a {policy.name} group does not end by itself")
        return 0
    if ttl_s is not None and not 1 <= ttl_s <= most:
        raise RcimError(BAD_PARAMETER, f"ttl_s: {ttl_s}, must be 1 to {most} in a {policy.name} group")
    return now_ms + (most if ttl_s is None else ttl_s) * 1000
