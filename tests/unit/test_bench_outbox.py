"""`rcim-bench outbox`, very small: that it runs, and what fails a run."""

from __future__ import annotations

import pytest
from rcim_bench import outbox, outbox_receiver


async def test_small() -> None:  # CB-04
    report = await outbox.run(1, 60, outbox_receiver.DEAD, lambda _: None, round_s=0.5)
    assert report["events"] == report["delivered"] == 90 and report["rounds"] == 1
    assert (report["lost"], report["out_of_order"], report["refused"]) == (0, 0, 0)
    assert outbox.failures(report | {"send_p99_ratio": 1.0}) == []


@pytest.mark.parametrize("wrong", ["lost", "out_of_order", "refused", "send_p99_ratio"])
def test_what_is_wrong_fails_a_run(wrong: str) -> None:
    good = {"send_p99_ratio": 1.1, "lost": 0, "out_of_order": 0, "refused": 0}
    assert outbox.failures(good) == []
    assert len(outbox.failures(good | {wrong: 2})) == 1


def test_the_receiver_counts_by_group_and_seq() -> None:
    counting = outbox_receiver.Counting()
    for group, seq in (("a", 1), ("a", 2), ("b", 9), ("a", 4), ("a", 3), ("a", 4), ("b", 10)):
        counting.take({"GroupId": group, "MsgSeq": seq, "EventTime": 0})
    assert counting.counts == {"out_of_order": 1, "doubled": 1}
    assert {group: list(seqs) for group, seqs in counting.seqs.items()} == {"a": [1, 2, 4, 3], "b": [9, 10]}
