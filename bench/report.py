"""`rcim-bench report FOLDER`: the performance page and its pictures, from the JSON of `rcim-bench all FOLDER`.

No figure on the page is typed in: each comes from a file, and what was not measured is said to be so.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rcim_bench import scenario
from rcim_bench.measure import SCENARIO
from rcim_bench.page import PAGE

Found = dict[str, dict[str, Any]]


def load(folder: Path) -> Found:
    """All reports in `folder` by the name of their file. Raises ValueError if there is none, or one is no JSON."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        try:
            found[path.stem] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from None
    if not found:
        raise ValueError(f"{folder}: no measurement there; `rcim-bench all {folder}` makes them")
    return found


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table in Markdown; the first column is text, the others are figures."""
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    lines += ["| " + " | ".join(map(_cell, row)) + " |" for row in rows]
    return "\n".join(lines)


def _cell(cell: Any) -> str:
    return "" if cell is None else str(cell).replace("|", "\\|")


def _tls(row: dict[str, Any]) -> str:
    return "TLS" if row["tls"] else "plain"


def _figure(value: Any) -> str:
    """A figure as people read it."""
    if isinstance(value, float | int) and abs(value) >= 10_000:
        return f"{value:,.0f}"
    return f"{value:g}" if isinstance(value, float) else str(value)


SHOWN: dict[str, tuple[str, ...]] = {
    "group-5000": (
        "server_cpu_share",
        "raw_writer_cpu_share",
        "latency_ms.p50",
        "latency_ms.p99",
        "server_cpu_us_per_delivery",
        "messages_per_write",
        "generator_cpu_share",
    ),
    "paced-1000": ("server_cpu_us_per_delivery", "latency_ms.p50", "latency_ms.p99", "messages_per_write"),
    "saturated": ("deliveries_per_s", "server_cpu_us_per_delivery", "server_cpu_share", "generator_cpu_share"),
    "gateways": (),
    "alone": ("ratio_plain", "ratio_tls"),
    "pair": ("latency_ms.p50", "latency_ms.p99"),
    "small-groups": ("durable_sends_per_s", "durable_sends_per_s_all_online"),
    "hot": ("others_ms_without.p99", "others_ms_with.p99", "hot_ms.p99"),
    "idle": ("cpu_us_plain", "cpu_us_tls", "kib_plain", "kib_tls"),
    "memory": ("kib_plain", "kib_tls"),
    "storm": ("all_in_sync_s", "half_in_sync_s", "server_cpu_ms_per_client", "generator_cpu_share"),
}
SHOWN["room-10000"] = SHOWN["group-5000"]
"""Keys of each scenario's report that the table shows."""


def value_of(report: dict[str, Any], key: str) -> Any:
    """The value at a dotted key."""
    value: Any = report
    for part in key.split("."):
        value = value[part]
    return value


def _figures(found: Found) -> str:
    rows = []
    for name, scene in scenario.scenes().items():
        report = found.get(SCENARIO + name)
        if report is None:
            rows.append((f"`{name}`: {scene.figure}", "not measured", "", ""))
            continue
        shown = "<br>".join(f"{key} {_figure(value_of(report, key))}" for key in SHOWN[name])
        targets = "<br>".join(str(target) for target in scene.targets)
        reached = "<br>".join("yes" if target.reached(report) else "**no**" for target in scene.targets)
        rows.append((f"`{name}`: {scene.figure}", shown or "see below", targets, reached))
    return table(("`rcim-bench scenario …`", "measured", "to reach", "reached"), rows)


def _correct(found: Found) -> str:
    total = dict.fromkeys(scenario.WRONG, 0)
    for name, report in found.items():
        own = [row for row in report["rows"] if row["peer"] == "rcim"] if name.startswith("peers") else [report]
        for one in own:
            for key in total:
                total[key] += one.get(key) or 0
    said = ", ".join(f"{name} {count}" for name, count in total.items())
    return f"In all these runs together: {said}. Every reply was given after the message was on disk."


def _missed(found: Found) -> str:
    """For each target that was not reached: what the limit of this machine says to it."""
    lines = []
    for name in ("group-5000", "room-10000"):
        report = found.get(SCENARIO + name)
        if report is None:
            continue
        missed = [str(t) for t in scenario.scenes()[name].targets if not t.reached(report)]
        if missed:
            lines.append(
                f"- `{name}`, {', '.join(missed)}: a raw TLS writer without a protocol, which writes as many bytes to as "
                f"many sockets in as many rounds, takes {report['raw_writer_cpu_share']:.0%} of a core here; the whole "
                f"server takes {report['server_cpu_share']:.0%}, {report['ratio_to_raw_writer']} times as much. The "
                "rest is the number of writes: fewer writes would need longer slices, and so a later p50."
            )
    for name, report in found.items():
        if not name.startswith(SCENARIO) or name.removeprefix(SCENARIO) in ("group-5000", "room-10000"):
            continue
        missed = [str(t) for t in scenario.scenes()[report["scenario"]].targets if not t.reached(report)]
        if missed:
            lines.append(f"- `{report['scenario']}`: {', '.join(missed)} is not reached.")
    if not lines:
        return "Every target was reached."
    return "Targets that were not reached, with the limit of this machine where it is known:\n\n" + "\n".join(lines)


RATIO_PLAIN, RATIO_TLS = 1.25, 1.5
"""What a delivery may cost at the most, in costs of the raw writer's."""


def _over(row: dict[str, Any]) -> str:
    """Marks a ratio above what it may be."""
    over = row["ratio"] > (RATIO_TLS if row["tls"] else RATIO_PLAIN)
    return f"**{row['ratio']}**" if over else f"{row['ratio']}"


def _limits(found: Found, names: Sequence[str] = ("limits", "limits-10000")) -> str:
    rows = [
        (
            f"{row['connections']:,} {_tls(row)}",
            row["k"],
            row["raw_us"],
            row["rcim_us"],
            _over(row),
            f"{row['ratio_min']} to {row['ratio_max']}",
            _figure(row["rcim_per_s"]),
            f"{row['generator_cpu']:.0%}",
        )
        for name in names
        for row in found.get(name, {"rows": []})["rows"]
    ]
    head = ("connections", "k", "raw µs", "rcim µs", "ratio", "spread", "rcim, deliveries/s of one core", "generator")
    return table(head, rows)


def _stages(found: Found) -> str:
    parts = []
    for name, title in (("stages", "TLS"), ("stages-plain", "plain")):
        report = found.get(name)
        if report is None:
            continue
        for load, what in (("fan-out", "us_per_delivery"), ("sends", "us_per_message")):
            rows = [
                (row["stage"], row["calls"], row["us_per_call"], row[what], f"{row['share']:.1%}")
                for row in report["rows"]
                if row["load"] == load
            ]
            about = (
                f"{report['rate']:g} messages a second to {report['members']:,} members"
                if load == "fan-out"
                else "sends as fast as they are answered, to a group where nobody is online"
            )
            each = "µs a delivery" if load == "fan-out" else "µs a message"
            parts.append(f"**{title}, {about}**\n\n" + table(("stage", "calls", "µs a call", each, "share"), rows))
    return "\n\n".join(parts)


def _commit(found: Found) -> str:
    rows = [
        (
            f"{row['groups']} groups, {row['senders']} senders",
            _figure(row["durable_sends_per_s"]),
            row["sends_per_commit"],
            row["server_cpu_us_per_send"],
            f"{row['generator_cpu_share']:.0%}",
        )
        for row in found["commit"]["rows"]
    ]
    return table(("load", "durable sends/s", "sends in one commit", "server µs a send", "generator"), rows)


def _http(found: Found) -> str:
    report = found["http"]
    rows = [
        (
            f"{kind}, {report['connections']} connections",
            _figure(report[f"{key}sends_per_s"]),
            report[f"{key}cpu_us_per_send"],
            ms,
        )
        for kind, key, ms in (
            ("frames", "frames_", ""),
            ("HTTP", "", f"{report['p50_ms']} / {report['p99_ms']}"),
        )
    ]
    with_limit = (
        f"With the limit, {report['callers']:,} callers: {report['li02_per_s']} sends a second pass, "
        f"{report['queue_max']:,} wait at most, and the other request is answered within "
        f"{report['read_p99_ms_meanwhile']} ms (p99)."
    )
    return table(("load", "durable sends/s", "server µs a send", "p50 / p99 ms"), rows) + "\n\n" + with_limit


def _peers(found: Found) -> str:
    rows = []
    for name in ("peers", "peers-slow"):
        for row in found.get(name, {"rows": []})["rows"]:
            if row["lost"] is None:
                rows.append((f"{row['peer']} {_tls(row)}", "", "", "", "", "", "", row["note"] or "not measured"))
                continue
            wrong = sum(row[key] for key in ("lost", "duplicated", "reordered"))
            bound = ", the generator at its limit" if row["generator_bound"] else ""
            rows.append(
                (
                    f"{row['peer']} {row['version']} {_tls(row)}",
                    row["paced_us_per_delivery"],
                    row["p50_ms"],
                    row["p99_ms"],
                    _figure(row["deliveries_per_s"]),
                    row["saturated_us_per_delivery"],
                    row["kib_per_connection"],
                    row["keeps"] + (f"; {wrong} wrong" if wrong else "") + bound,
                )
            )
    head = (
        "server",
        "paced: µs a delivery",
        "p50 ms",
        "p99 ms",
        "fast: deliveries/s",
        "µs a delivery",
        "KiB a connection",
        "on disk before the answer",
    )
    return table(head, rows)


def _gateways(found: Found) -> str:
    rows = [
        (
            f"{row['rate']:g} msg/s, {row['gateways'] or 'no'} gateways",
            f"{row['server_cpu_share']:.0%}",
            row["us_per_delivery"],
            row["p50_ms"],
            row["p99_ms"],
            f"{row['generator_cpu']:.0%}",
        )
        for row in found[SCENARIO + "gateways"]["rows"]
    ]
    return table(
        ("10,000 members, TLS", "server, of one core", "µs a delivery", "p50 ms", "p99 ms", "generator"), rows
    )


def _groups(found: Found) -> str:
    """Groups in number and in size: what depends on it, and what does not."""
    report = found["groups"]
    asked: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in report["rows"]:
        asked.setdefault((row["part"], row["request"]), []).append(row)
    pairs = [(part, request, rows) for (part, request), rows in asked.items() if len(rows) == 2]
    times = [
        (request, *(f"{row['at']}: {row['p50_ms']} / {row['p99_ms']}" for row in rows), rows[1]["p50_ratio"])
        for _, request, rows in pairs
    ]
    sizes = [
        (
            f"{size} groups of 20 in the store",
            f"{report['start_s'][size]} s",
            f"{report['start_rss_kib'][size]:,} KiB",
            ", ".join(f"{n}: {kib:,} KiB" for n, kib in report["rss_kib_by_groups_in_memory"][size].items()),
        )
        for size in report["start_s"]
    ]
    joins = [
        (
            f"{size} members within {report['seconds']:g} s",
            f"{frames:,}",
            report["joins_frames_per_member"][size],
            f"{report['joins_frames_if_told_singly'][size]:,}",
            f"{report['joins_server_cpu_share'][size]:.0%}",
        )
        for size, frames in report["joins_frames"].items()
    ]
    return "\n\n".join(
        (
            table(("stored", "start", "memory at start", "memory by groups in memory"), sizes),
            table(("request", "p50 / p99 ms", "p50 / p99 ms", "ratio"), times),
            table(
                ("joining an AVChatRoom", "notices sent", "a member", "if each join were told alone", "server"), joins
            ),
        )
    )


def _k(found: Found) -> str:
    by_k: dict[int, dict[bool, dict[str, Any]]] = {}
    for row in found["k"]["rows"]:
        by_k.setdefault(row["k"], {})[row["tls"]] = row
    rows = [
        (k, one[False]["raw_us"], one[False]["rcim_us"], one[True]["raw_us"], one[True]["rcim_us"])
        for k, one in sorted(by_k.items())
    ]
    return table(("k", "raw plain µs", "rcim plain µs", "raw TLS µs", "rcim TLS µs"), rows)


def _section(found: Found, needs: str, make: Any) -> str:
    return str(make(found)) if needs in found else "Not measured."


def page(found: Found) -> str:
    """The page."""
    machine = next(iter(found.values()))["machine"]
    commits = sorted({report["machine"]["commit"] for report in found.values()})
    return PAGE.format(
        machine=f"{machine['processors']} processors ({machine['processor']}), {machine['system']}, "
        f"Python {machine['python']}, rcim {machine['rcim']}",
        commits=", ".join(commits),
        figures=_figures(found),
        correct=_correct(found),
        missed=_missed(found),
        limits=_section(found, "limits", _limits),
        loop=_section(found, "limits-loop", lambda found: _limits(found, ("limits-loop",))),
        k=_section(found, "k", _k),
        stages=_section(found, "stages", _stages),
        commit=_section(found, "commit", _commit),
        http=_section(found, "http", _http),
        peers=_section(found, "peers", _peers),
        gateways=_section(found, SCENARIO + "gateways", _gateways),
        groups=_section(found, "groups", _groups),
    )
