"""The figures of docs/operate/sizing.md, from the report of `rcim-bench sizing` that is kept beside it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from rcim_tools import tables

REPORT = "docs/operate/sizing.json"
NAMES = {
    "base_kib": ("a", "KiB", "memory of a server with nobody connected"),
    "gateway_kib": ("g", "KiB", "memory that each gateway adds"),
    "kib_per_connection": ("c", "KiB", "memory of a connection with TLS and its user, idle"),
    "kib_per_conversation": ("v", "KiB", "memory of a conversation in use: a group of 20"),
    "base_descriptors": ("", "", "open files of a server with nobody connected"),
    "descriptors_per_connection": ("", "", "open files of a connection"),
    "cpu_us_per_connection_s": ("i", "µs", "CPU of an idle connection in a second"),
    "cpu_us_per_send": ("s", "µs", "CPU of a durable send that comes alone"),
    "cpu_us_per_send_busy": ("s, busy", "µs", "CPU of one of 32 sends under way, which share commits"),
    "cpu_us_per_delivery": ("d", "µs", "CPU of a delivery that is a write of its own"),
    "disk_bytes_per_message": ("m", "bytes", "a message in the store, besides its body"),
    "disk_bytes_per_byte": ("b", "", "and for each byte of its body"),
    "wire_bytes_per_delivery": ("w", "bytes", "a delivery on the wire, besides its body, with TLS, TCP and IP"),
    "wire_bytes_per_byte": ("", "", "and for each byte of its body"),
}
"""By the name in the report: how the page's formulas call it, its unit, and what it is."""


def figures(root: Path) -> str:
    """The tables. Raises OSError or ValueError if the report is not there or not one of this measurement."""
    report: dict[str, Any] = json.loads((root / REPORT).read_text(encoding="utf-8"))
    machine, found = report["machine"], report["coefficients"]
    if set(found) != set(NAMES):
        raise ValueError(f"{REPORT}: not of this measurement; run `rcim-bench sizing --json {REPORT}`")
    sizes = ", ".join(f"{report[name]:,} {name}" for name in ("connections", "groups", "messages"))
    lines = [
        f"Measured on {report['date']} with {sizes} (of each length); {machine['processors']} processors",
        f"({machine['processor']}), {machine['system']}, Python {machine['python']}:",
        "",
        "| | value | unit | what |",
        "|---|---|---|---|",
    ]
    for name, (symbol, unit, what) in NAMES.items():
        lines.append(tables.row(f"*{symbol}*" if symbol else "", _number(found[name]), unit, what))
    lines += ["", "The formulas with these values, and what another server took with another load:", ""]
    lines += ["| | predicted | measured | unit | ratio |", "|---|---|---|---|---|"]
    for row in report["rows"]:
        values = (_number(row[name]) for name in ("predicted", "measured"))
        lines.append(tables.row(row["what"], *values, row["unit"], row["ratio"]))
    return "\n".join([*lines, "", *_example(found)]) + "\n"


def _number(value: float) -> str:
    """With thousands apart, and no more digits than the measurement is worth."""
    return f"{round(value):,}" if value >= 100 else f"{value:.3g}"


def _example(found: dict[str, float]) -> list[str]:
    """A case worked through with the formulas of the page."""
    online, conversations, sends, members, body, days = 50_000, 20_000, 500, 20, 300, 30
    deliveries = sends * members
    delivering = deliveries * found["cpu_us_per_delivery"] / 1e6
    gateways = max(1, math.ceil(delivering / 0.6))
    memory = found["base_kib"] + gateways * found["gateway_kib"]
    memory += online * found["kib_per_connection"] + conversations * found["kib_per_conversation"]
    a_message = found["disk_bytes_per_message"] + body * found["disk_bytes_per_byte"]
    wire = deliveries * (found["wire_bytes_per_delivery"] + body * found["wire_bytes_per_byte"])
    return [
        f"An example: {online:,} users online, {conversations:,} groups in use, {sends} messages a second of",
        f"{body} bytes all day long, each to a group with {members} members online, kept for {days} days.",
        "",
        "| | |",
        "|---|---|",
        tables.row("deliveries", f"{deliveries:,} a second"),
        tables.row(
            "CPU of deliveries",
            f"{delivering:.2f} of a processor: {gateways} gateway{'s' * (gateways > 1)}, and the owner",
        ),
        tables.row(
            "CPU of sends",
            f"{sends * found['cpu_us_per_send_busy'] / 1e6:.2f} (sharing commits) to "
            f"{sends * found['cpu_us_per_send'] / 1e6:.2f} (each alone) of a processor",
        ),
        tables.row("memory", f"{memory / (1 << 20):.1f} GiB"),
        tables.row("disk", f"{sends * 86_400 * days * a_message / (1 << 30):,.0f} GiB"),
        tables.row("bandwidth to clients", f"{wire * 8 / 1e6:.0f} Mbit/s"),
        tables.row("open files", f"{online / gateways + found['base_descriptors']:,.0f} in each gateway"),
    ]
