"""Reloads of a server with gateways are counted by the one that starts the others, and shown by the owner (OP-02)."""

from __future__ import annotations

import asyncio
import os
import signal

from rcim_tools.admin.metrics import all_metrics

from rcim.base import metrics as m
from tests.e2e.test_reload_gateways import Cluster, cluster, until_parts
from tests.kit import PATIENCE_S

__all__ = ["cluster"]  # the fixture


async def until_counted(cluster: Cluster, **expected: int) -> int:
    """Wait until reloads are counted so; what is left out is 0. Returns whether the last one was done."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with cluster.client("administrator") as root:
                entries = await all_metrics(root)
            found = {one.labels[0].value: one.value for one in entries if one.name == m.RELOADS.name and one.value}
            if found == expected:
                return next(one.value for one in entries if one.name == m.RELOAD_GOOD.name)
            await asyncio.sleep(0.05)


async def test_they_are_counted_whoever_asks_and_whoever_dies(cluster: Cluster) -> None:
    assert await until_counted(cluster) == 1
    status, _, wrong = await cluster.admin("reload")
    assert status == 0, wrong
    assert await until_counted(cluster, done=1) == 1
    cluster.config.write_text("[limits]\nmentions_max = x\n", encoding="utf-8")
    os.kill(cluster.process.pid, signal.SIGHUP)
    assert await until_counted(cluster, done=1, refused=1) == 0
    (victim,) = cluster.process.parts("owner")
    os.kill(victim, signal.SIGSTOP)
    os.kill(cluster.process.pid, signal.SIGHUP)
    os.kill(victim, signal.SIGKILL)
    await until_parts(cluster, [victim])
    assert await until_counted(cluster, done=1, refused=2) == 0, "the new owner knows those of before"
    cluster.config.write_text("", encoding="utf-8")
    status, _, wrong = await cluster.admin("reload")
    assert status == 0, wrong
    assert await until_counted(cluster, done=2, refused=2) == 1
    assert await cluster.process.stop() == 0
