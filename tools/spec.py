"""`make spec`: write everything that is made from the tables; `--check` says what is not fresh instead."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from rcim_tools import (
    body_vectors,
    describe,
    dissector,
    event_schema,
    group_types,
    metrics_page,
    operations,
    pages,
    requirements,
    seq_vectors,
    sessions,
    sizing_figures,
    vectors,
)

from rcim.adapters.native import openapi
from rcim.app.settings.example_settings import example_settings
from rcim.operate.units import units

BEGIN, END = "<!-- begin made by `make spec` -->", "<!-- end made by `make spec` -->"

WHOLE: dict[str, Callable[[], str]] = {
    "protocol-spec/frames.json": lambda: vectors.dump(describe.frames()),
    "protocol-spec/errors.json": lambda: vectors.dump(describe.errors()),
    "protocol-spec/limits.json": lambda: vectors.dump(describe.limits()),
    "protocol-spec/frames.md": pages.frames,
    "protocol-spec/errors.md": pages.errors,
    "protocol-spec/limits.md": pages.limits,
    "protocol-spec/vectors/frames.json": lambda: vectors.dump(vectors.frames()),
    "protocol-spec/vectors/elements.json": lambda: vectors.dump(body_vectors.elements()),
    "protocol-spec/vectors/seq.json": lambda: vectors.dump(seq_vectors.seq()),
    "protocol-spec/vectors/streams.json": lambda: vectors.dump(vectors.streams()),
    "protocol-spec/vectors/sessions.json": lambda: vectors.dump(sessions.sessions()),
    "protocol-spec/dissector/rcim.lua": dissector.lua,
    "protocol-spec/events.schema.json": event_schema.text,
    "docs/reference/openapi.json": lambda: vectors.dump(openapi.document()),
    "docs/reference/settings.md": pages.settings,
    "docs/operate/rcim.example.toml": example_settings,
    "docs/reference/group-types.md": group_types.page,
    "docs/reference/operations.md": operations.page,
    "docs/reference/metrics.md": metrics_page.page,
    "protocol-spec/group-types.md": group_types.page,
}
"""Files that are made whole."""

PARTS: dict[str, Callable[[], str]] = {
    "protocol-spec/overview.md": pages.session,
    "protocol-spec/session.md": pages.diagram,
    "protocol-spec/messages.md": pages.message_types,
    "protocol-spec/events.md": event_schema.page,
}
"""Hand-written files with one part that is made, between BEGIN and END."""


def made(root: Path) -> dict[Path, str]:
    """Every made file and what has to be in it. Raises ValueError if a page has lost its marks."""
    found = {root / name: make() for name, make in WHOLE.items()}
    found |= {root / "docs/operate/systemd" / name: text for name, text in units().items()}
    found[root / "docs/reference/requirements-index.md"] = requirements.index(root)
    parts = PARTS | {"docs/operate/sizing.md": lambda: sizing_figures.figures(root)}
    for name, make in parts.items():
        text = (root / name).read_text(encoding="utf-8")
        before, begin, rest = text.partition(BEGIN)
        _, end, after = rest.partition(END)
        if not begin or not end:
            raise ValueError(f"{name}: the marks around the made part are gone")
        found[root / name] = f"{before}{BEGIN}\n\n{make()}\n{END}{after}"
    return found


def stale(root: Path) -> list[str]:
    """Names of made files that are not what they have to be."""
    return [
        str(path.relative_to(root))
        for path, text in made(root).items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def main() -> None:
    """Entry point: in the project's root."""
    root = Path.cwd()
    if "--check" in sys.argv[1:]:
        names = stale(root)
        for name in names:
            print(f"not fresh: {name}; run `make spec`")
        sys.exit(1 if names else 0)
    for path, text in made(root).items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    print(f"{len(made(root))} files made")


if __name__ == "__main__":
    main()
