"""The alert rules and the dashboard of docs/operate (OP-02): each rule fires for what it is there for and not for the
ordinary, and nothing names a metric, a label or a value that does not exist."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rcim.base.metrics import BY_NAME, MetricKind
from tests.kit_install import DEADLINE_S
from tests.kit_promql import DASHBOARD, NO_PROMTOOL, PROMTOOL, ROOT, RULES, dashboard_expressions, rules, selectors

MINUTES = 40
AT = '{job="rcim",instance="a:7480"'


def series(name: str, values: str, **labels: str) -> dict[str, str]:
    """A series of one server, a value each minute."""
    more = "".join(f',{label}="{value}"' for label, value in labels.items())
    return {"series": f"{name}{AT}{more}}}", "values": values}


def level(name: str, value: float, **labels: str) -> dict[str, str]:
    """A gauge that stays as it is."""
    return series(name, f"{value}x{MINUTES}", **labels)


def grows(name: str, per_minute: float, **labels: str) -> dict[str, str]:
    """A counter."""
    return series(name, f"0+{per_minute}x{MINUTES}", **labels)


def took(name: str, seconds: float, **labels: str) -> list[dict[str, str]]:
    """A histogram of which each minute has 60 values of so many seconds."""
    bounds = BY_NAME[name].bounds
    counts = [grows(f"{name}_bucket", 60 if seconds <= bound else 0, **labels, le=f"{bound:g}") for bound in bounds]
    return [*counts, grows(f"{name}_bucket", 60, **labels, le="+Inf")]


class Case(NamedTuple):
    """For which series a rule fires, with which labels besides its own, and what it says; and for which it does not."""

    fires: list[dict[str, str]]
    says: str
    calm: list[dict[str, str]]
    labels: dict[str, str]


def case(
    fires: dict[str, str] | list[dict[str, str]],
    says: str,
    calm: dict[str, str] | list[dict[str, str]],
    **labels: str,
) -> Case:
    return Case(
        fires if isinstance(fires, list) else [fires], says, calm if isinstance(calm, list) else [calm], labels
    )


DISK = level("rcim_disk_bytes", 1000e9)
DAY = 86_400
NOW = MINUTES * 60
"""promtool's clock begins in 1970."""
CASES = {
    "RcimDown": case(level("up", 0), "rcim at a:7480 has not answered a scrape for a minute", level("up", 1)),
    "RcimProcessesMissing": case(
        level("rcim_processes_missing", 1), "1 gateways of a:7480 do not answer", level("rcim_processes_missing", 0)
    ),
    "RcimFiguresMissing": case(
        level("rcim_figures_missing", 1),
        "the store or the consumers of a:7480 do not answer in time: the disk may be slow",
        level("rcim_figures_missing", 0),
    ),
    "RcimLoopLag": case(
        took("rcim_loop_lag_seconds", 0.2, process="owner"),
        "the loop of owner at a:7480 is late by 248.5ms (p99)",
        took("rcim_loop_lag_seconds", 0.05, process="owner"),
        process="owner",
    ),
    "RcimCommitSlow": case(
        took("rcim_store_commit_seconds", 0.4),
        "commits of a:7480 take 497.5ms (p99): the disk is slow",
        took("rcim_store_commit_seconds", 0.02),
    ),
    "RcimSendSlow": case(
        took("rcim_send_durable_seconds", 0.9),
        "sends at a:7480 take 995ms (p99) until they are durable",
        took("rcim_send_durable_seconds", 0.1),
    ),
    "RcimCommitsFail": case(
        grows("rcim_commits_failed_total", 1),
        "commits of a:7480 fail: sends are refused",
        level("rcim_commits_failed_total", 7),
    ),
    "RcimDiskLow": case(
        [level("rcim_disk_free_bytes", 50e9), DISK],
        "the disk of a:7480 has 5% left",
        [level("rcim_disk_free_bytes", 300e9), DISK],
    ),
    "RcimDiskFull": case(
        level("rcim_disk_free_bytes", 128 << 20),
        "the disk of a:7480 has 128MiB left: soon sends are refused",
        level("rcim_disk_free_bytes", 1 << 30),
    ),
    "RcimStoreAtBound": case(
        [level("rcim_store_used_bytes", 95), level("rcim_store_map_max_bytes", 100)],
        "the store of a:7480 is at 95% of store.map_bytes_max",
        [level("rcim_store_used_bytes", 50), level("rcim_store_map_max_bytes", 100)],
    ),
    "RcimStoreDamaged": case(
        grows("rcim_store_damaged_total", 1),
        "the store of a:7480 is damaged: run `rcim check`",
        level("rcim_store_damaged_total", 0),
    ),
    "RcimCertificateEnds": case(
        level("rcim_certificate_expires_timestamp_seconds", NOW + 10 * DAY),
        "the certificate of a:7480 expires in 10d 0h 0m 0s",
        level("rcim_certificate_expires_timestamp_seconds", NOW + 20 * DAY),
    ),
    "RcimBackupOld": case(
        level("rcim_last_backup_timestamp_seconds", NOW - 3 * DAY),
        "the last backup of a:7480 is 3d 0h 0m 0s old",
        level("rcim_last_backup_timestamp_seconds", NOW - DAY),
    ),
    "RcimReloadRefused": case(
        level("rcim_last_reload_successful", 0),
        "the last reload of a:7480 was refused: the settings in force are not those of the file",
        [level("rcim_last_reload_successful", 1), grows("rcim_reloads_total", 1, outcome="refused")],
    ),
    "RcimCertificateEndsSoon": case(
        level("rcim_certificate_expires_timestamp_seconds", NOW + DAY),
        "the certificate of a:7480 expires in 1d 0h 0m 0s",
        level("rcim_certificate_expires_timestamp_seconds", NOW + 10 * DAY),
    ),
    "RcimClockInDoubt": case(
        level("rcim_clock_in_doubt", 1),
        "the clock of a:7480 is not believed: nothing is deleted by age",
        level("rcim_clock_in_doubt", 0),
    ),
    "RcimConsumerLate": case(
        [
            level("rcim_consumer_oldest_waiting_seconds", 900, consumer="callbacks"),
            level("rcim_consumer_paused", 0, consumer="callbacks"),
        ],
        "events wait for callbacks at a:7480 since 15m 0s",
        [
            level("rcim_consumer_oldest_waiting_seconds", 900, consumer="callbacks"),
            level("rcim_consumer_paused", 1, consumer="callbacks"),
        ],
        consumer="callbacks",
    ),
    "RcimConsumerDeadLetters": case(
        grows("rcim_consumer_dead_total", 1, consumer="push.ios"),
        "push.ios at a:7480 has given up events: `rcim-admin outbox dead`",
        level("rcim_consumer_dead_total", 3, consumer="push.ios"),
        consumer="push.ios",
    ),
    "RcimConsumerDrops": case(
        grows("rcim_consumer_dropped_total", 1, consumer="push.ios"),
        "events for push.ios at a:7480 were dropped: too old or too many",
        level("rcim_consumer_dropped_total", 3, consumer="push.ios"),
        consumer="push.ios",
    ),
    "RcimSlowReceivers": case(
        [grows("rcim_slow_receivers_total", 20), level("rcim_connections", 1000)],
        "20% of the clients of a:7480 were too slow within ten minutes",
        [grows("rcim_slow_receivers_total", 1), level("rcim_connections", 1000)],
    ),
    "RcimOverload": case(
        [
            grows("rcim_commands_refused_total", 60, reason="overload"),
            grows("rcim_requests_refused_total", 120, reason="overload"),
        ],
        "a:7480 refuses 3 requests a second because it is overloaded",
        [
            grows("rcim_commands_refused_total", 600, reason="mistake"),
            level("rcim_commands_refused_total", 0, reason="overload"),
            level("rcim_requests_refused_total", 0, reason="overload"),
        ],
    ),
    "RcimMessagesWithheld": case(
        grows("rcim_messages_held_back_total", 120, priority="normal", rule="total"),
        "frequency control of a:7480 holds back 2 high or normal messages a second",
        grows("rcim_messages_held_back_total", 600, priority="lowest", rule="priority"),
    ),
    "RcimDeliveriesOverCeiling": case(
        grows("rcim_deliveries_over_ceiling_total", 60),
        "a:7480 leaves out deliveries: limits.deliveries_per_s_max is reached",
        level("rcim_deliveries_over_ceiling_total", 9),
    ),
    "RcimCallbacksFail": case(
        [
            grows("rcim_callback_questions_total", 100, outcome="asked"),
            grows("rcim_callback_questions_total", 25, outcome="failed"),
        ],
        "25% of the questions of a:7480 to the app get no answer",
        [
            grows("rcim_callback_questions_total", 100, outcome="asked"),
            grows("rcim_callback_questions_total", 1, outcome="failed"),
        ],
    ),
    "RcimPushesLate": case(
        [
            grows("rcim_pushes_total", 10, provider="ios", outcome="sent"),
            grows("rcim_pushes_total", 30, provider="ios", outcome="later"),
        ],
        "ios does not take 75% of the pushes of a:7480",
        grows("rcim_pushes_total", 10, provider="ios", outcome="sent"),
        provider="ios",
    ),
    "RcimAuditLinesLost": case(
        grows("rcim_audit_lines_lost_total", 1),
        "lines of the audit log of a:7480 are lost",
        level("rcim_audit_lines_lost_total", 2),
    ),
    "RcimLogLinesDropped": case(
        grows("rcim_log_lines_dropped_total", 1, process="gateway 1", reason="no_room"),
        "lines of the log of gateway 1 at a:7480 are lost: no_room",
        level("rcim_log_lines_dropped_total", 2, process="gateway 1", reason="no_room"),
        process="gateway 1",
        reason="no_room",
    ),
    "RcimErrorsRepeat": case(
        grows("rcim_log_lines_suppressed_total", 120, process="owner", level="error"),
        "owner at a:7480 logs the same errors 2 times a second",
        [
            grows("rcim_log_lines_suppressed_total", 30, process="owner", level="error"),
            grows("rcim_log_lines_suppressed_total", 120, process="owner", level="warning"),
        ],
        process="owner",
        level="error",
    ),
    "RcimOpenFiles": case(
        [
            level("rcim_process_open_files", 95, process="server"),
            level("rcim_process_max_open_files", 100, process="server"),
        ],
        "server at a:7480 uses 95% of its file descriptors",
        [
            level("rcim_process_open_files", 10, process="server"),
            level("rcim_process_max_open_files", 100, process="server"),
        ],
        process="server",
    ),
}


def run_promtool(*arguments: str) -> str:
    """What it says. Raises CalledProcessError with that, if something is wrong."""
    assert PROMTOOL is not None
    done = subprocess.run(
        [PROMTOOL, *arguments], capture_output=True, encoding="utf-8", timeout=DEADLINE_S, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def test_every_rule_has_a_case_and_says_what_it_is() -> None:
    assert {rule["alert"] for rule in rules()} == CASES.keys()
    for rule in rules():
        assert rule["labels"]["severity"] in ("page", "ticket") and rule["annotations"].keys() == {"summary"}


@pytest.mark.skipif(PROMTOOL is None, reason=NO_PROMTOOL)
def test_promtool_takes_the_rules() -> None:
    assert f"{len(rules())} rules found" in run_promtool("check", "rules", str(RULES))


@pytest.mark.skipif(PROMTOOL is None, reason=NO_PROMTOOL)
def test_each_rule_fires_when_it_should_and_else_not(tmp_path: Path) -> None:
    by_name = {rule["alert"]: rule for rule in rules()}
    tests: list[dict[str, Any]] = []
    for name, one in CASES.items():
        # Sums keep the instance; what is no sum keeps the job too.
        summed = "sum by" in by_name[name]["expr"]
        labels = {"instance": "a:7480", **by_name[name]["labels"], **one.labels} | ({} if summed else {"job": "rcim"})
        fired = {"exp_labels": labels, "exp_annotations": {"summary": one.says}}
        for input_, expected in ((one.fires, [fired]), (one.calm, [])):
            alert = {"eval_time": f"{MINUTES}m", "alertname": name, "exp_alerts": expected}
            tests.append({"interval": "1m", "input_series": input_, "alert_rule_test": [alert]})
    file = tmp_path / "rules_test.json"
    file.write_text(
        json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}), encoding="utf-8"
    )
    run_promtool("test", "rules", str(file))


def expressions() -> list[str]:
    return [*(rule["expr"] for rule in rules()), *dashboard_expressions()]


def test_what_they_name_exists() -> None:
    """Metrics, and of a histogram its buckets; labels of each metric."""
    for expression in expressions():
        for name, labels in selectors(expression):
            if name == "up":
                continue
            metric = BY_NAME[name.removesuffix("_bucket")]
            assert name.endswith("_bucket") == (metric.kind is MetricKind.HISTOGRAM), expression
            assert labels.keys() <= {*metric.labels, "instance", "job"}, expression


def test_counters_are_only_seen_by_how_fast_they_grow() -> None:
    for expression in expressions():
        for name, _ in selectors(expression):
            if name.removesuffix("_bucket") in BY_NAME and name.endswith(("_total", "_bucket")):
                assert any(call in expression for call in ("rate(", "increase(")), expression


def test_the_dashboard_is_whole() -> None:
    found = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    panels = found["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert {one["name"] for one in found["templating"]["list"]} == {"datasource", "instance"}
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        squares = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24 and not squares & taken, panel["title"]
        taken |= squares
        assert panel["type"] == "row" or panel["targets"], panel["title"]


def test_the_page_names_every_alert() -> None:
    page = (ROOT / "docs/operate/monitoring.md").read_text(encoding="utf-8")
    assert [name for name in CASES if f"`{name}`" not in page] == []
