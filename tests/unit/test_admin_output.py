"""Tables of `rcim-admin`: titles, points in time and durations as people read them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import typer
from rcim_tools.admin import calls, history, output, reading, words

from rcim.wire import frames
from rcim.wire.schema import PREPARED

DURATIONS = {
    *("connected_ms", "dedupe_ms", "grace_ms", "heartbeat_ms", "reconnect_within_ms", "retry_after_ms"),
    "reconnect_after_ms",
    "retry_in_ms",
    "uptime_ms",
    *("cpu_ms", "slow_ms"),
}
"""What else ends like a time."""


def test_every_time_on_the_wire_is_known_to_be_a_moment_or_a_duration() -> None:
    """`uptime_ms` ends as `time_ms` does, and was shown as a date in 1970."""
    names = {field.name for cls in PREPARED for field in cls.FIELDS if field.name.endswith("_ms")}
    assert frames.AdminStatsOk in PREPARED
    assert names - reading.MOMENTS - DURATIONS == set()
    assert not reading.MOMENTS & DURATIONS


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (0, "0s"),
        (1, "1ms"),
        (999, "999ms"),
        (1000, "1s"),
        (61_500, "1m 1s"),
        (3_600_000, "1h"),
        (3_600_000 * 24 * 400 + 61_000, "400d"),
        (90_000_000, "1d 1h"),
    ],
)
def test_durations(ms: int, shown: str) -> None:
    assert reading.duration(ms) == shown == reading.cell("uptime_ms", ms)


def test_cells() -> None:
    assert reading.cell("muted_until_ms", 0) == reading.cell("code", 0) == reading.cell("name", None) == ""
    assert reading.cell("until_ms", reading.FOR_EVER_MS) == "forever"
    assert reading.cell("time_ms", 10**12).startswith("2001-09-0")
    assert reading.cell("start_min", 1350) == "22:30"
    assert reading.cell("offset_min", -210) == "-03:30"
    assert reading.cell("seconds", 7200) == "2h" and reading.cell("seconds", "forever") == "forever"
    assert reading.cell("joined", True) == "yes" and reading.cell("members", ["a", "b"]) == "a, b"
    assert reading.cell("text", "a\x1b[2Jb") == "a?[2Jb"
    assert reading.cell("messages", 12) == "12"


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("user_id", "User ID"),
        ("newest_seq", "Newest SEQ"),
        ("face_url", "Face URL"),
        ("join_time_ms", "Joined"),
        ("muted_until_ms", "Muted until"),
        ("uptime_ms", "Uptime"),
        ("start_min", "Start"),
        ("tls_version", "TLS version"),
    ],
)
def test_titles(name: str, title: str) -> None:
    assert reading.title(name) == title


def test_every_title_is_words() -> None:
    names = {field.name.rstrip("_") for cls in PREPARED for field in cls.FIELDS}
    wrong = {title for title in map(reading.title, names) if "_" in title or not title[0].isupper()}
    assert not wrong


def test_tables_have_titles_and_counters_their_names(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    target = calls.Target(Path("d"), None, "administrator", None, None, False, False)
    monkeypatch.setattr(calls, "target", target, raising=False)
    output.show([{"user_id": "bob", "join_time_ms": 0, "connected_ms": 90_000}])
    output.show_one({"group_id": "g", "seconds": 7200})
    output.show_counters({"uptime_ms": 222_000, "clock_in_doubt": 0})
    said = [
        [word.strip() for word in line.strip("┃│").split("┃" if "┃" in line else "│")]
        for line in capsys.readouterr().out.splitlines()
        if line[0] in "┃│"
    ]
    assert said == [
        ["User ID", "Joined", "Connected for"],
        ["bob", "", "1m 30s"],
        ["Name", "Value"],
        ["Group ID", "g"],
        ["For", "2h"],
        ["Counter", "Value"],
        ["uptime", "3m 42s"],
        ["clock_in_doubt", "0"],
    ]


def test_times_that_are_given_are_in_the_zone_that_times_are_shown_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert words.time_ms_of("--from", "2026-11-27T22:00:00") == words.time_ms_of("--from", "2026-11-27T13:00Z")
        assert history.bound_of("--from", "2026-11-27T22:00")[1] == words.time_ms_of("--from", "2026-11-27T13:00Z")
    finally:
        monkeypatch.undo()
        time.tzset()
    with pytest.raises(typer.Exit):
        words.time_ms_of("--from", "0001-01-01T00:00:00")
