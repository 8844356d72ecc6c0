"""RX-02: hours of quiet."""

from __future__ import annotations

import pytest

from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.rules.quiet import QuietHours

MINUTE_MS = 60_000


@pytest.mark.parametrize(
    "hours, quiet",
    [
        (QuietHours(), []),
        (QuietHours(300, 300), []),
        (QuietHours(60, 120), range(60, 120)),
        (QuietHours(1380, 60), [*range(1380, 1440), *range(60)]),
        (QuietHours(0, 1439), range(1439)),
        (QuietHours(60, 120, 480), range(1020, 1080)),
        (QuietHours(60, 120, -30), range(90, 150)),
        (QuietHours(10, 20, 30), range(1420, 1430)),
    ],
)
def test_every_minute_of_a_day(hours: QuietHours, quiet: range) -> None:
    day_ms = 20_000 * 86_400_000
    held = [m for m in range(1440) if hours.holds(day_ms + m * MINUTE_MS + 59_999)]
    assert held == sorted(quiet)


@pytest.mark.parametrize("bad", [(1440, 0, 0), (0, 1440, 0), (-1, 0, 0), (0, 1, 841), (0, 1, -841)])
def test_what_is_no_hour_is_refused(bad: tuple[int, int, int]) -> None:
    with pytest.raises(RcimError) as caught:
        QuietHours(*bad).check()
    assert caught.value.code is BAD_PARAMETER
    assert QuietHours(1439, 0, -840).check() == QuietHours(1439, 0, -840)
