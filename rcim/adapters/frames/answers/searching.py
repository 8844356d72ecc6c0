"""Searching in history (RX-10)."""

from __future__ import annotations

from rcim.adapters.frames.answers.messages import to_wire
from rcim.service import cursors, results
from rcim.wire import frames


def found_ok(result: results.FoundPage) -> frames.SearchOk:
    """A page of messages found, with the cursor to go on from (RX-10)."""
    rows = [frames.FoundEntry(found.key, [to_wire(found.message)]) for found in result.found]
    return frames.SearchOk(rows, cursors.of_search(result))
