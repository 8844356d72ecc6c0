"""Metrics of a running server: what a scrape says, who gets one, and what it costs (OP-02)."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from rcim_tools.admin.metrics import all_metrics, metric_row

from rcim.adapters.metrics import api
from rcim.app.log.log_writer import REASONS
from rcim.app.reload import reload_counts
from rcim.base.error_kinds import ErrorKind
from rcim.base.errors import ADMIN_REQUIRED, METRICS_OFF, RcimError
from rcim.base.limited_log import LimitedLog
from rcim.base.meters import Figure, figure
from rcim.base.metrics import BY_NAME, COMMITS, LABELS, METRICS, MetricKind
from rcim.base.terms import Priority
from rcim.bus import scatter_gather
from rcim.content.elements import Text, encode_body
from rcim.dispatch import metrics_gathering
from rcim.flow.offers import Rule
from rcim.http.request_counts import Refusal
from rcim.outbox.push.decision import Reason
from rcim.outbox.push.provider import PushOutcome
from rcim.rules.conversation_kinds import KINDS
from rcim.service import administration
from rcim.service.back_ends import CHECKED_MS
from rcim.wire import frames as f
from tests.integration.test_api_keys import services
from tests.integration.test_groups import Crowd
from tests.integration.test_push import Phones, phones
from tests.kit import SteadyClock, TestCluster, TestServer, until
from tests.kit_metrics import ON, Said, key_of, scrape
from tests.kit_promql import PROMTOOL
from tests.kit_raw_http import RawHttp

__all__ = ["phones"]
HOSTILE = 'evil"} 1\nrcim_connections{x="\\'
"""What would be a line of its own if a label were made of it."""
SUPPRESSED = "rcim_log_lines_suppressed_total"
LOGGED = ("message_log.enabled=true",)


@pytest.fixture(params=["one process", "gateways"])
async def server(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TestServer]:
    """A server that listens for back ends; once with two gateways."""
    kind = TestServer if request.param == "one process" else TestCluster
    made = kind(tmp_path / "data", tls=False, flags=(*ON, *LOGGED))
    await made.start()
    yield made
    await made.stop()


def ports(server: TestServer) -> list[int]:
    """Where its processes listen for back ends."""
    if isinstance(server, TestCluster):
        return [gateway.http_port for gateway, _ in server.gateways]
    return [server.http_port]


async def talk(server: TestServer, messages: int) -> None:
    """Two users in a group; one sends, the other one gets it."""
    async with Crowd(server) as crowd:
        alice, bob = await crowd("alice", "bob")
        await alice.create_group("g", group_id="g")
        await bob.join("g")
        for number in range(messages):
            await alice.send("g", f"hello {number}")
        await until(lambda: sum(hub.fanout.deliveries for hub in server.hubs) >= messages, "it is delivered")


async def test_any_process_answers_for_the_whole_server(server: TestServer) -> None:
    key = await key_of(server)
    await talk(server, 3)
    clustered = isinstance(server, TestCluster)
    names = {"owner", "gateway 1", "gateway 2"} if clustered else {"server"}
    for port in ports(server):
        said = await scrape(port, key)
        assert said.status == 200 and said.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert said.value("rcim_processes") == len(names) and said.value("rcim_processes_missing") == 0
        assert said.value("rcim_figures_missing") == 0
        assert said.value("rcim_messages_total", conversation="group") == 3
        assert said.value("rcim_messages_total", conversation="pair") == 0
        assert said.value("rcim_deliveries_total") >= 3 and said.value("rcim_logins_total") >= 3
        assert said.value("rcim_send_durable_seconds_count", conversation="group") == 3
        assert said.value("rcim_send_durable_seconds_count", conversation="pair") == 0
        assert said.value("rcim_durable_written_seconds_count", conversation="group") >= 1
        assert said.value("rcim_mailbox_wait_seconds_count") >= 3
        commits = said.value("rcim_commits_total")
        assert commits == said.value("rcim_commit_records_count") == said.value("rcim_store_append_seconds_count")
        assert said.value("rcim_commit_records_sum") == said.value("rcim_records_total")
        assert said.value("rcim_store_commit_seconds_count") >= commits
        assert said.value("rcim_store_job_seconds_count", thread="committer") >= commits
        assert said.value("rcim_consumer_waiting_events", consumer="message_log") >= 0
        assert said.value("rcim_disk_free_bytes") > 0 and said.value("rcim_store_readers_max") == 64
        found = {dict(labels).get("process") for (name, labels) in said.samples() if name.startswith("rcim_process_")}
        assert found == names
        for name in names:
            assert said.value("rcim_process_resident_memory_bytes", process=name) > 1 << 20
            assert said.value("rcim_process_open_files", process=name) > 0


async def test_log_lines_that_are_not_there_are_counted(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = logging.NullHandler()
    slow.dropped = {"no_room": 5, "not_written": 2}  # type: ignore[attr-defined]
    monkeypatch.setattr(logging.getLogger(), "handlers", [*logging.getLogger().handlers, slow])
    names = ["owner", "gateway 1", "gateway 2"] if isinstance(server, TestCluster) else ["server"]
    key, port = await key_of(server), ports(server)[0]
    before = await scrape(port, key)
    log = LimitedLog("rcim.tests")
    for _ in range(4):
        log.error("one of a kind")
    said = await scrape(port, key)
    for name in names:  # here they share one log, and each says its own
        assert said.value("rcim_log_lines_dropped_total", process=name, reason="no_room") == 5
        assert said.value("rcim_log_lines_dropped_total", process=name, reason="not_written") == 2
        of_errors = {"process": name, "level": "error"}
        more = said.value(SUPPRESSED, **of_errors) - before.value(SUPPRESSED, **of_errors)
        assert more == 3
    admin = await server.member("administrator")
    stats = {one.name: one.value for one in (await admin.ask(f.AdminStats())).stats}
    assert stats["log_lines_dropped"] == len(names) * 7


async def test_a_server_measures_its_loop_and_its_certificate(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "data", flags=ON)
    await server.start()
    key = await key_of(server)
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as session,
        session.get(f"https://127.0.0.1:{server.http_port}/metrics", ssl=server.trust()) as answer,
    ):
        text = await answer.text()
    assert 'rcim_loop_lag_seconds_count{process="server"}' in text
    assert "rcim_certificate_expires_timestamp_seconds 1" in text or "_seconds 2" in text
    await server.stop()


async def test_openmetrics_gzip_and_the_other_methods(server: TestServer) -> None:
    key, port = await key_of(server), ports(server)[0]
    said = await scrape(port, key, Accept="application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
    assert said.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
    families = {family.name: family for family in openmetrics_families(said.text)}
    assert families["rcim_commits"].type == "counter" and families["rcim_turn_seconds"].type == "histogram"
    zipped = await scrape(port, key, **{"Accept-Encoding": "gzip"})
    assert zipped.headers["Content-Encoding"] == "gzip" and zipped.value("rcim_processes") >= 1
    whole = await scrape(port, key, **{"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in whole.headers and whole.value("rcim_processes") >= 1
    head = await scrape(port, key, "HEAD")
    assert (head.status, head.text) == (200, "")
    posted = await scrape(port, key, "POST")
    assert (posted.status, posted.headers["Allow"]) == (405, "GET, HEAD")
    assert (await scrape(port, key, Accept="version=\xff;;,,/*" * 50)).status == 200


async def test_a_scrape_needs_a_good_key_with_the_scope(server: TestServer) -> None:
    port = ports(server)[0]
    good, other = await key_of(server), await key_of(server, "messages:read")
    for wrong in ("", "x", good[:-1], good + "x", "rk_0123456789abcdef." + "x" * 43):
        said = await scrape(port, wrong)
        assert said.status == 401 and said.headers["WWW-Authenticate"] == 'Bearer realm="rcim"'
        assert "BAD_API_KEY" in said.text or "CREDENTIALS_MISSING" in said.text
        assert not wrong or wrong not in said.text
    basic = await scrape(port, Authorization="Basic Og==")
    assert basic.status == 401
    refused = await scrape(port, other)
    assert refused.status == 403 and "server:read" in refused.text
    assert (await scrape(port, good, "POST")).status == 405
    said = await scrape(port, good)
    assert said.value("rcim_scrapes_total", outcome="refused") == 8
    assert said.value("rcim_http_requests_total", api="metrics", code="4xx") == 8


async def test_a_revoked_key_gets_nothing(server: TestServer, monkeypatch: pytest.MonkeyPatch) -> None:
    key = await key_of(server)
    assert (await scrape(ports(server)[0], key)).status == 200
    time = SteadyClock(monkeypatch)
    async with server.client("administrator") as root:
        await root.revoke_key(key.partition(".")[0])
    time.ms += CHECKED_MS
    assert (await scrape(ports(server)[0], key)).status == 401


async def test_a_key_that_asks_too_often_is_told_when_to_come_back(
    server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with server.client("administrator") as root:
        key, _ = await root.create_key("hasty", ["server:read"], per_s=1)
    SteadyClock(monkeypatch)  # all of it is in one second
    port = ports(server)[0]
    answers = [await scrape(port, key) for _ in range(4)]
    late = [one for one in answers if one.status == 429]
    assert len(late) == 3 and all(one.headers["Retry-After"] == "1" and "TOO_FREQUENT" in one.text for one in late)
    said = await scrape(port, await key_of(server))
    assert said.value("rcim_scrapes_total", outcome="refused") == len(late)


async def test_fifty_scrapes_at_once_are_one(server: TestServer) -> None:
    key, port = await key_of(server), ports(server)[0]
    gathered = 0

    def source() -> list[Figure]:
        nonlocal gathered
        gathered += 1
        return []

    services(server)[0].meters.add(source)
    answers = await asyncio.gather(*(scrape(port, key) for _ in range(50)))
    assert {one.status for one in answers} == {200} and all(one.value("rcim_processes") >= 1 for one in answers)
    last = await scrape(port, key)
    answered, shared = (last.value("rcim_scrapes_total", outcome=what) for what in ("answered", "shared"))
    assert answered + shared == 50
    assert gathered <= answered + 1, "who shares an answer makes nobody gather anything"


async def test_a_slow_reader_holds_up_nobody(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "data", tls=False, flags=(*ON, "http.write_ms=300"))
    await server.start()
    key = await key_of(server)
    raw = await RawHttp.dial(server.http_port)
    raw.writer.transport.pause_reading()  # type: ignore[attr-defined]
    request = f"GET /metrics HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {key}\r\n\r\n".encode()
    for _ in range(5):
        raw.write(request * 30)
        assert (await scrape(server.http_port, key)).status == 200
    raw.writer.transport.abort()
    await server.stop()


async def test_what_a_gateway_does_not_say_is_missing_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scatter_gather, "LOOK_S", 1.0)
    server = TestCluster(tmp_path / "data", flags=ON)
    await server.start()
    key = await key_of(server)
    first, second = server.gateways
    silent = second[0].service.hub.deliveries
    monkeypatch.setattr(silent, "look", lambda query, done: None)
    said = await scrape(first[0].http_port, key)
    assert said.status == 200 and said.value("rcim_processes_missing") == 1 and said.value("rcim_processes") == 2
    assert ("rcim_process_start_timestamp_seconds", (("process", "gateway 2"),)) not in said.samples()
    await server.stop_gateway(1)
    said = await scrape(first[0].http_port, key)
    assert said.value("rcim_processes_missing") == 1, "a gateway that is not there is missing too"
    monkeypatch.setattr(first[0].service.hub.deliveries, "look", lambda query, done: None)
    said = await scrape(first[0].http_port, key)
    assert said.value("rcim_processes_missing") == 2 and said.value("rcim_processes") == 1
    await server.stop()


async def test_a_scrape_waits_for_an_owner_that_is_restarted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = TestCluster(tmp_path / "data", flags=ON)
    await server.start()
    key, port = await key_of(server), server.gateways[0][0].http_port
    server.kill_owner()
    waiting = asyncio.create_task(scrape(port, key))
    await asyncio.sleep(0)
    await server.start_owner()
    said = await waiting
    assert said.status == 200 and said.value("rcim_processes") >= 1
    server.kill_owner()
    monkeypatch.setattr(api, "DEADLINE_S", 0.1)
    late = await scrape(port, key)
    assert late.status == 503 and late.headers["Retry-After"] == "1"
    monkeypatch.undo()
    await server.start_owner()
    assert (await scrape(port, key)).value("rcim_scrapes_total", outcome="failed") == 1
    await server.stop()


async def test_a_part_that_hangs_is_left_out_and_not_asked_again(
    plain_http: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics_gathering, "GATHER_S", 1.0)
    gathering = plain_http.server.dispatcher.metrics
    asked, go = 0, asyncio.Event()

    async def hangs() -> list[Figure]:
        nonlocal asked
        asked += 1
        await go.wait()
        return [figure(COMMITS, 1000)]

    async def fails() -> list[Figure]:
        raise ValueError("no figures")

    gathering.add("hangs", hangs)
    gathering.add("fails", fails)
    key = await key_of(plain_http)
    for _ in range(2):
        said = await scrape(plain_http.http_port, key)
        assert said.status == 200 and said.value("rcim_figures_missing") == 2 and asked == 1
    go.set()
    await asyncio.sleep(0)
    said = await scrape(plain_http.http_port, key)
    assert said.value("rcim_figures_missing") == 1 and said.value("rcim_commits_total") > 1000


@pytest.fixture
async def plain_http(tmp_path: Path) -> AsyncIterator[TestServer]:
    """A server of one process that listens for back ends."""
    made = TestServer(tmp_path / "data", tls=False, flags=ON)
    await made.start()
    yield made
    await made.stop()


async def test_off_nothing_is_measured(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "data", tls=False, flags=(*ON, "metrics.on=false"))
    await server.start()
    key = await key_of(server)
    await talk(server, 1)
    said = await scrape(server.http_port, key)
    assert said.status == 404 and "METRICS_OFF" in said.text
    root = await server.member("administrator")
    refused = await root.ask(f.AdminMetrics(0))
    assert isinstance(refused, RcimError) and refused.code == METRICS_OFF
    stats = await root.ask(f.AdminStats())
    assert isinstance(stats, f.AdminStatsOk) and {one.name: one.value for one in stats.stats}["messages"] == 1
    meters = server.server.service.meters
    assert not any(one.counts for one in meters.figures()), "there is no distribution"
    await server.stop()


async def test_the_frames_have_what_a_scrape_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In pages."""
    monkeypatch.setattr(administration, "METRICS_RESERVE", 30_000)
    server = TestCluster(tmp_path / "data", flags=(*ON, "limits.frame_bytes_max=32768"))
    await server.start()
    await talk(server, 2)
    key = await key_of(server)
    raw = await server.member("administrator")
    pages = 0
    after = 0
    while True:
        page = await raw.ask(f.AdminMetrics(after))
        assert isinstance(page, f.AdminMetricsOk) and len(page.encode()) <= 2768
        pages, after = pages + 1, page.next
        if not after:
            break
    assert pages > 1
    async with server.client("administrator") as root:
        entries = await all_metrics(root)
    said = await scrape(server.gateways[0][0].http_port, key)
    names = {entry.name for entry in entries}
    assert names - {"rcim_scrapes_total"} <= {name.removesuffix("_count") for name, _ in said.samples()} | names
    of_groups = {row["metric"]: row for row in map(metric_row, entries) if row["labels"] == "conversation=group"}
    assert of_groups["rcim_messages_total"]["value"] == 2 and of_groups["rcim_send_durable_seconds"]["count"] == 2
    assert of_groups["rcim_send_durable_seconds"]["p99"].startswith(("<= ", "> "))
    alice = await server.member("alice")
    refused = await alice.ask(f.AdminMetrics(0))
    assert isinstance(refused, RcimError) and refused.code == ADMIN_REQUIRED
    beyond = await raw.ask(f.AdminMetrics(0xFFFFFFFF))
    assert isinstance(beyond, f.AdminMetricsOk) and beyond.metrics == [] and beyond.next == 0
    await server.stop()


# -- labels


def allowed(server: TestServer) -> dict[str, set[str]]:
    """Every value that a label may have, by where it comes from: the code, or the settings of the server."""
    kinds = {kind.value for kind in ErrorKind}
    return {
        "process": {"server", "owner", "gateway 1", "gateway 2"},
        "mode": {"user", "system"},
        "level": {"info", "warning", "error"},
        "reason": kinds | set(Refusal) | {"handshake", "limit", *REASONS} | {reason.value for reason in Reason},
        "conversation": {kind.name for kind in KINDS},
        "priority": {priority.name.lower() for priority in Priority},
        "rule": {rule.name.lower() for rule in Rule},
        "thread": {"committer", "reader", "loader"},
        "outcome": {"asked", "allowed", "refused", "dropped", "replaced", "failed", "skipped", "told", "given_up"}
        | {"over_bound", *api.OUTCOMES, *reload_counts.OUTCOMES}
        | {outcome.name.lower() for outcome in PushOutcome},
        "provider": set(server.settings.push_providers),
        "consumer": {"message_log", "callbacks"},
        "api": {*server.settings.http.apis, "none"},
        "code": {"2xx", "3xx", "4xx", "5xx"},
        "result": {"messages", "failed", "closed", "close_failed", "torn", "removed"},
    }


async def test_no_text_of_a_user_is_a_label_or_a_line(server: TestServer) -> None:
    key, port = await key_of(server), ports(server)[0]
    name = HOSTILE.replace("\n", " ")[:30]
    async with Crowd(server) as crowd:
        alice = await crowd("alice")
        await alice.create_group(name, group_id='x"y')
        await alice.send('x"y', HOSTILE)
    raw = await server.member("bob")
    body = encode_body([Text(HOSTILE)])
    for conversation in (f"g:{name}", 'g:"} 1', "c:alice:bob", "zz"):
        await raw.ask(f.Send(conversation, 'c"1', Priority.NORMAL, body))
    own = {"User-Agent": "evil", "X-Request-ID": "evil"}
    async with aiohttp.ClientSession(headers=own) as session:
        for path in ('/evil"%7D%201%0Arcim_x', "/metrics/x", "/v1/evil%22", "/v4/evil%0A"):
            async with session.get(
                f"http://127.0.0.1:{port}{path}", headers={"User-Agent": "evil", "X-Request-ID": "evil"}
            ):
                pass
    said = await scrape(port, key)
    assert "evil" not in said.text and "alice" not in said.text and 'x\\"y' not in said.text
    values = allowed(server)
    seen: dict[str, set[str]] = {}
    for sample_name, labels in said.samples():
        for label, value in labels:
            if label == "le":
                continue
            seen.setdefault(label, set()).add(value)
            assert label in LABELS, f"{sample_name}: {label} has no source"
            assert label in ("version", "python") or value in values[label], (sample_name, label, value)
    assert {"process", "reason", "conversation", "priority", "api", "code", "thread", "consumer"} <= seen.keys()


async def test_every_line_is_of_the_table_and_the_table_is_scraped(server: TestServer) -> None:
    key = await key_of(server)
    await talk(server, 1)
    await scrape(ports(server)[0])
    said = await scrape(ports(server)[0], key)
    names = {line.split()[2] for line in said.text.splitlines() if line.startswith("# TYPE ")}
    assert names <= BY_NAME.keys()
    elsewhere = {one.name for one in METRICS if {"provider"} & set(one.labels) or "callback" in one.name}
    elsewhere |= {"rcim_certificate_expires_timestamp_seconds", "rcim_last_backup_timestamp_seconds"}
    elsewhere |= {one.name for one in METRICS if "reload" in one.name}  # who starts the gateways counts them
    assert BY_NAME.keys() - names - elsewhere == set()


async def test_the_time_of_the_last_backup(server: TestServer) -> None:  # ST-03
    """As the note in the data directory says; one that can't be read is none."""
    key = await key_of(server)
    note = server.server.data.last_backup
    name = "rcim_last_backup_timestamp_seconds"
    for text in ("", "{", '{"folder": "x"}', "[]", '{"at_ms": null}'):
        note.write_text(text, encoding="utf-8")
        said = await scrape(ports(server)[0], key)
        assert said.status == 200 and name not in said.text and said.value("rcim_figures_missing") == 0, text
    note.write_text('{"at_ms": 1795853562090, "folder": "x", "bytes": 1}', encoding="utf-8")
    said = await scrape(ports(server)[0], key)
    assert said.value(name) == 1795853562.09


def test_the_table_keeps_to_the_conventions() -> None:
    for metric in METRICS:
        assert metric.name.startswith("rcim_") and metric.help.endswith(".") and "\n" not in metric.help
        assert metric.name.endswith("_total") == (metric.kind is MetricKind.COUNTER), metric.name
        assert set(metric.labels) <= LABELS.keys() and "le" not in metric.labels
        assert bool(metric.bounds) == (metric.kind is MetricKind.HISTOGRAM)
    assert {label for metric in METRICS for label in metric.labels} == LABELS.keys()
    assert len(BY_NAME) == len(METRICS)


async def test_with_everything_on_all_of_the_table_is_there(tmp_path: Path, phones: Phones) -> None:
    """And so all that the rules and the dashboard name."""
    flags = (*ON, *LOGGED, "callbacks.url=http://127.0.0.1:9/", "callbacks.allow_private=true")
    commands = "callbacks.commands=Group.CallbackBeforeSendMsg,Group.CallbackAfterSendMsg"
    server = TestServer(tmp_path / "data", flags=(*flags, commands))
    await server.start()
    key = await key_of(server)
    rcim = (sys.executable, "-m", "rcim", "backup", str(tmp_path / "backups"), "--data", str(tmp_path / "data"))
    backup = await asyncio.create_subprocess_exec(*rcim, stdout=asyncio.subprocess.DEVNULL)
    assert await backup.wait() == 0
    headers = {"Authorization": f"Bearer {key}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        for _ in range(2):
            async with session.get(f"https://127.0.0.1:{server.http_port}/metrics", ssl=server.trust()) as answer:
                text = await answer.text()
    names = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")}
    assert names == BY_NAME.keys()
    values = allowed(server)
    values["provider"], values["consumer"] = {"fake"}, {"message_log", "callbacks", "push.fake"}
    for (name, labels), _ in Said(200, {}, text).samples().items():
        for label, value in labels:
            assert label in ("le", "version", "python") or value in values[label], (name, label, value)
    if PROMTOOL is not None:
        done = subprocess.run(
            [PROMTOOL, "check", "metrics"], input=text, capture_output=True, encoding="utf-8", timeout=60, check=False
        )
        assert (done.returncode, done.stdout + done.stderr) == (0, "")
    await server.stop()
