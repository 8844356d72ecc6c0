"""Counters of a server whose gateways die and are started again (OP-02)."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping

from rcim_tools.admin.metrics import all_metrics

from rcim.base import metrics as m
from rcim.base.metrics import BY_NAME, MetricKind
from rcim.connect.inspection import COUNTED, LEVELS
from rcim.content.elements import Text
from tests.e2e.test_reload_gateways import Cluster, cluster, group_of, until_parts
from tests.kit import PATIENCE_S

__all__ = ["cluster"]  # the fixture

LOGINS = 8


async def figures(cluster: Cluster) -> Mapping[tuple[str, ...], int]:
    """Counters, and numbers of values of histograms, by name and labels, of all three processes."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with cluster.client("administrator") as root:
                entries = await all_metrics(root)
            if next(one.value for one in entries if one.name == m.PROCESSES.name) == 3:
                break
    return {
        (one.name, *(label.value for label in one.labels)): sum(bucket.count for bucket in one.buckets) or one.value
        for one in entries
        if BY_NAME[one.name].kind is not MetricKind.GAUGE
    }


async def counters(cluster: Cluster) -> Mapping[str, int]:
    """What `rcim-admin stats` says that only grows."""
    status, found, wrong = await cluster.admin("stats")
    assert status == 0, wrong
    return {name: value for name, value in found.items() if name in COUNTED.keys() - LEVELS}


async def test_no_sum_falls_when_gateways_are_killed_and_started_again(cluster: Cluster) -> None:
    group = await group_of(cluster)
    for number in range(LOGINS):
        async with cluster.client("alice") as alice:
            await alice.send(group, [Text(f"{number}")])
    before, stats = await figures(cluster), await counters(cluster)
    assert stats["logins"] >= LOGINS
    assert before[m.LOGINS.name,] >= LOGINS and before[m.DURABLE_WRITTEN.name, "group"] > 0
    victims = cluster.process.parts("gateway")
    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    await until_parts(cluster, victims)
    after, stats_after = await figures(cluster), await counters(cluster)
    sums = {name for name in before if "process" not in BY_NAME[name[0]].labels}
    assert {name: (before[name], after.get(name)) for name in sums if after.get(name, 0) < before[name]} == {}
    assert {name: (stats[name], stats_after[name]) for name in stats if stats_after[name] < stats[name]} == {}
    assert after[m.LOGINS.name,] > before[m.LOGINS.name,], "and what came since counts too"
