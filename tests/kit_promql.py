"""The rules and the dashboard of docs/operate, and which metrics their expressions name."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser as promql
import yaml

ROOT = Path(__file__).parent.parent
RULES = ROOT / "docs/operate/alerts.yml"
DASHBOARD = ROOT / "docs/operate/grafana-dashboard.json"
PROMTOOL = shutil.which("promtool", path=f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin")
"""Prometheus' own checker; None: it is not installed."""
NO_PROMTOOL = (
    "promtool is not installed (Debian has it in the package `prometheus`): the expressions are parsed all the same"
)


def rules() -> list[dict[str, Any]]:
    """The alert rules."""
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def dashboard_expressions() -> Iterator[str]:
    """All expressions of the dashboard, with its variables filled in."""
    found = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    targets = [target["expr"] for panel in found["panels"] for target in panel.get("targets", ())]
    for text in (*targets, *(one["expr"] for one in found["annotations"]["list"])):
        yield text.replace("$__rate_interval", "5m").replace("$instance", ".*")


def selectors(expression: str) -> list[tuple[str, dict[str, str]]]:
    """The metrics that an expression selects, with the labels and what they have to be. Raises ValueError for what is no
    PromQL."""
    found: list[tuple[str, dict[str, str]]] = []

    def visit(node: Any) -> bool:
        vector = node.vector_selector if isinstance(node, promql.MatrixSelector) else node
        if isinstance(vector, promql.VectorSelector):
            labels = {one.name: one.value for one in vector.matchers.matchers}
            found.append((vector.name or "", labels))
        return True

    promql.walk(promql.parse(expression), visit)
    return found
