"""What others can repeat takes few lines in the log, and none of it goes without a count (OP-02)."""

from __future__ import annotations

import logging
import math
import threading

import pytest

from rcim.base.limited_log import EVERY_MS, FIELD_CHARS_MAX, Event, LimitedLog
from tests.kit import PATIENCE_S


class Now:
    ms = 1_000

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def log(now: Now, caplog: pytest.LogCaptureFixture) -> LimitedLog:
    caplog.set_level(logging.INFO)
    return LimitedLog("rcim.tests", now)


def test_many_lines_of_a_kind_are_one_and_a_count(
    log: LimitedLog, now: Now, caplog: pytest.LogCaptureFixture
) -> None:  # OP-02
    for number in range(501):
        log.warning("no answer", question="Ask", error=f"refused {number}")
    assert caplog.messages == ['no answer question=Ask error="refused 0"'], "at once, and no more"
    now.ms += EVERY_MS - 1
    log.say_counts()
    assert len(caplog.messages) == 1
    now.ms += 1
    log.say_counts()
    assert caplog.messages[1:] == ['no answer question=Ask error="refused 500" suppressed=500']
    assert caplog.records[1].levelno == logging.WARNING
    assert log.suppressed == {logging.INFO: 0, logging.WARNING: 500, logging.ERROR: 0}


def test_a_kind_that_has_stopped_is_said_at_once_when_it_comes_again(
    log: LimitedLog, now: Now, caplog: pytest.LogCaptureFixture
) -> None:
    log.error("a", which="first")
    log.error("b", which="another")
    now.ms += EVERY_MS
    log.error("a", which="second")
    assert caplog.messages == ["a which=first", "b which=another", "a which=second"]


def test_who_goes_on_gets_a_line_for_each_stretch_of_time(
    log: LimitedLog, now: Now, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(10 * EVERY_MS // 100):
        log.info("again")
        now.ms += 100
    log.say_counts(all_of_them=True)
    assert caplog.messages[0] == "again"
    counts = [int(text.split("suppressed=")[1]) for text in caplog.messages[1:]]
    assert len(counts) <= 11 and 1 + sum(counts) == 10 * EVERY_MS // 100


def test_a_traceback_comes_once(log: LimitedLog, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        try:
            raise ValueError("broken")
        except ValueError:
            log.exception("it failed")
    log.say_counts(all_of_them=True)
    assert [bool(record.exc_info) for record in caplog.records] == [True, False]


def test_a_field_is_a_number_or_a_short_text() -> None:
    fields = Event(
        "e", {"n": 3, "on": True, "x": 1.5, "inf": math.inf, "none": None, "empty": "", "long": "x" * 5000}
    ).fields
    assert fields.pop("long") == "x" * (FIELD_CHARS_MAX - 3) + "..."
    assert fields == {"n": 3, "on": True, "x": 1.5, "inf": "inf"}, "what says nothing is left out"
    assert Event("e", {"error": TimeoutError()}).fields == {"error": "TimeoutError"}

    class MuteError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("it can't be said")

    assert Event("e", {"error": MuteError()}).fields == {"error": "MuteError"}
    assert (
        str(Event("it failed", {"user": "a b", "seq": 7, "note": 'x="y"'}))
        == 'it failed user="a b" seq=7 note="x=\\"y\\""'
    )


def test_a_level_that_is_off_costs_no_line(log: LimitedLog, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    log.info("it is off", user="u")
    log.warning("it is on", user="u")
    assert caplog.messages == ["it is on user=u"]


def test_a_fault_found_while_a_line_is_written_is_logged_too(caplog: pytest.LogCaptureFixture) -> None:
    """The garbage collector runs in any thread at any time, and asyncio logs what it finds: also while this thread is
    inside the log."""

    class Collecting(Now):
        inside = False

        def __call__(self) -> int:
            if self.inside:
                self.inside = False
                log.error("found by the collector")
            return self.ms

    now = Collecting()
    log = LimitedLog("rcim.tests", now)
    log.error("before")
    log.error("before")
    now.inside = True
    thread = threading.Thread(target=log.say_counts, kwargs={"all_of_them": True}, daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    assert not thread.is_alive(), "it waits for itself for ever"
    assert caplog.messages == ["before", "found by the collector", "before suppressed=1"]


def test_a_line_of_a_kind_that_is_just_being_said_is_counted(
    log: LimitedLog, now: Now, caplog: pytest.LogCaptureFixture
) -> None:
    class Again(logging.Handler):
        """Whoever writes lines finds a fault of the same kind once."""

        def emit(self, record: logging.LogRecord) -> None:
            if record.getMessage() == "a suppressed=1":
                log.error("b")
                log.error("a")

    for event in ("a", "a", "b"):
        log.error(event)
    now.ms += EVERY_MS
    logging.getLogger("rcim.tests").addHandler(handler := Again())
    try:
        thread = threading.Thread(target=log.say_counts, daemon=True)
        thread.start()
        thread.join(PATIENCE_S)
    finally:
        logging.getLogger("rcim.tests").removeHandler(handler)
    assert not thread.is_alive()
    log.say_counts(all_of_them=True)
    assert caplog.messages.count("b") == 2
    assert sum(message.startswith("a") for message in caplog.messages) == 3
