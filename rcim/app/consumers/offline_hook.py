"""Asks the app's LeanCloud engine about pushes, where both are set (PU-02)."""

from __future__ import annotations

import json

from rcim.base.errors import RcimError
from rcim.hooks.offline_receivers import OfflineReceivers
from rcim.outbox.push.hook import Offline, OfflineAnswer, OfflineHook
from rcim.rules.push_forms import read_push


def offline_hook_of(receivers: OfflineReceivers) -> OfflineHook:
    """The hook of pushes that asks these. What the engine wants pushed and is no push data is as if it had said
    nothing of it."""

    async def ask(offline: Offline) -> OfflineAnswer:
        verdict = await receivers.ask(offline.event.where.key, offline.event.message, offline.users)
        push = None
        if verdict.push is not None:
            try:
                push = read_push(json.dumps(verdict.push, ensure_ascii=False).encode())
            except RcimError:
                push = None
        return OfflineAnswer(skip=verdict.skip, users=verdict.users, push=push, force=verdict.force)

    return ask
