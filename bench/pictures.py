"""The pictures of the performance page, as SVG. Needs matplotlib (the extra `report`); nothing else of the bench does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rcim_bench.report import Found


def draw(found: Found, folder: Path) -> list[Path]:
    """Draw what was measured into `folder`; returns the files. Raises ModuleNotFoundError without matplotlib."""
    import matplotlib

    matplotlib.use("svg")
    # The same figures give the same file: nothing random and no date in it.
    matplotlib.rcParams["svg.hashsalt"] = "rcim"
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name, needs, make in (
        ("k", "k", _k),
        ("stages", "stages", _stages),
        ("commit", "commit", _commit),
        ("peers", "peers", _peers),
    ):
        if needs in found:
            made.append(_save(make(found), folder / f"{name}.svg"))
    return made


def _save(figure: Any, path: Path) -> Path:
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    return path


def _axes(width: float = 7.0, height: float = 3.6) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    return figure, figure.add_subplot()


def _k(found: Found) -> Any:
    figure, axes = _axes()
    for tls in (False, True):
        rows = sorted((r for r in found["k"]["rows"] if r["tls"] is tls), key=lambda r: r["k"])
        ks = [r["k"] for r in rows]
        kind, colour = ("TLS", "tab:red") if tls else ("plain", "tab:blue")
        axes.plot(ks, [r["raw_us"] for r in rows], "--", color=colour, label=f"raw writer, {kind}")
        axes.plot(ks, [r["rcim_us"] for r in rows], "o-", color=colour, label=f"rcim, {kind}")
        axes.set_xticks(ks, [str(k) for k in ks])
    axes.set_xscale("log", base=2)
    axes.set_xticks([1, 2, 4, 8, 16], ["1", "2", "4", "8", "16"])
    axes.set_yscale("log")
    axes.set_xlabel("messages in one write (k)")
    axes.set_ylabel("µs of CPU a delivery")
    axes.legend()
    axes.grid(alpha=0.3)
    return figure


def _stages(found: Found) -> Any:
    figure, axes = _axes(height=4.2)
    rows = [r for r in found["stages"]["rows"] if r["load"] == "fan-out"]
    sends = [r for r in found["stages"]["rows"] if r["load"] == "sends"]
    names = [r["stage"] for r in rows]
    places = range(len(names))
    axes.barh([p - 0.2 for p in places], [r["share"] * 100 for r in rows], 0.4, label="fan-out")
    axes.barh([p + 0.2 for p in places], [r["share"] * 100 for r in sends], 0.4, label="sends alone")
    axes.set_yticks(list(places), names)
    axes.invert_yaxis()
    axes.set_xlabel("share of the server's CPU, % (TLS)")
    axes.legend()
    axes.grid(alpha=0.3, axis="x")
    return figure


def _commit(found: Found) -> Any:
    figure, axes = _axes()
    for senders in sorted({r["senders"] for r in found["commit"]["rows"]}):
        rows = [r for r in found["commit"]["rows"] if r["senders"] == senders]
        groups, sends = [r["groups"] for r in rows], [r["durable_sends_per_s"] for r in rows]
        axes.plot(groups, sends, "o-", label=f"{senders} sender{'s' if senders > 1 else ''}")
        for r in rows:
            place = (r["groups"], r["durable_sends_per_s"])
            axes.annotate(f"{r['sends_per_commit']:g}", place, textcoords="offset points", xytext=(4, 6), fontsize=8)
    axes.set_xscale("log")
    axes.set_xlabel("groups (at each point: sends in one commit)")
    axes.set_ylabel("durable sends a second")
    axes.set_ylim(bottom=0)
    axes.legend()
    axes.grid(alpha=0.3)
    return figure


def _peers(found: Found) -> Any:
    figure, axes = _axes(height=5.0)
    rows = [r for n in ("peers", "peers-slow") for r in found.get(n, {"rows": []})["rows"] if r["lost"] is not None]
    rows.sort(key=lambda r: -r["deliveries_per_s"])
    names = [f"{r['peer']}, {'TLS' if r['tls'] else 'plain'}" for r in rows]
    colours = ["tab:red" if r["peer"] == "rcim" else "tab:gray" for r in rows]
    axes.barh(range(len(rows)), [r["deliveries_per_s"] / 1e6 for r in rows], color=colours)
    axes.set_yticks(range(len(rows)), names, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("million deliveries a second on one core")
    axes.grid(alpha=0.3, axis="x")
    return figure
