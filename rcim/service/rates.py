"""How requests are counted (LI-01), for adapters that count before they decode."""

from rcim.flow.buckets import RateClass

__all__ = ["RateClass"]
