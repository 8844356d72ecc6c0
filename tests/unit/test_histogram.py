"""Distributions in buckets (base/histogram.py)."""

from __future__ import annotations

import pytest

from rcim.base.histogram import Histogram


def test_a_value_is_counted_in_the_bucket_whose_bound_it_does_not_exceed() -> None:  # OP-02
    kept = Histogram([0.001, 0.01, 0.1])
    for value in (0.0, 0.001, 0.0011, 0.1, 5.0):
        kept.observe(value)
    assert kept.counts == [2, 1, 1, 1]
    assert kept.total == pytest.approx(5.1021)


def test_bounds_have_to_ascend() -> None:
    with pytest.raises(ValueError, match="ascend"):
        Histogram([1, 1])


def test_many_values_are_counted_as_one_by_one() -> None:
    values = [0.0, 0.001, 0.0011, 0.1, 5.0]
    together, singly = Histogram([0.001, 0.01, 0.1]), Histogram([0.001, 0.01, 0.1])
    together.observe_all(values)
    together.observe_all([])
    for value in values:
        singly.observe(value)
    assert together.counts == singly.counts and together.total == pytest.approx(singly.total)
