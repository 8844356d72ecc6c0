"""Pages name files that exist, and are in plain English; so are the texts of errors, settings and bounds."""

from __future__ import annotations

import re
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from rcim.app.settings.all_settings import NAMED, SECTIONS
from rcim.base import errors

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("protocol-spec/**/*.md")])
SOURCE_FILE = re.compile(r"(?<![\w/.*-])((?:[a-z_]+/)+[a-z_0-9]+\.py)\b")
"""A source file with its folder: from the root of the repository, or from `rcim/`."""


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_source_files_that_a_page_names_exist(page: Path) -> None:
    missing = [
        name
        for name in SOURCE_FILE.findall(page.read_text(encoding="utf-8"))
        if not any((ROOT / at / name).exists() for at in ("", "rcim"))
    ]
    assert missing == []


LINK = re.compile(r"\]\(([^)\s]+)\)")


def text_without_code(page: Path) -> str:
    """What a page says outside of blocks of code."""
    return re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)


@cache
def anchors(page: Path) -> set[str]:
    """The names by which links reach the headings of a page, as the platform makes them."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.*)$", text_without_code(page), re.MULTILINE):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", words).strip().replace(" ", "-")
        found.add(next(n for n in (name, *(f"{name}-{i}" for i in range(1, 1000))) if n not in found))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    broken = []
    for link in LINK.findall(text_without_code(page)):
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        if re.match(r"[a-z]+:", link):
            continue
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


PLAIN = {
    r"(?i)\bcan not\b": "cannot or can't",
    r"\bWho (is|has|was|may) ": "a member, a user, a client: name the actor",
    r"(?i)\bso many\b": "at most N, or the number",
    r"(?i)\bby lot\b": "at random",
    r"(?i)\bof whom\b": "name the people",
    r"(?i)\bbehind\b(?! a proxy\b)": "after",
    r"(?i)\banew\b": "again",
}
"""What readers stumbled over, and what to write instead."""

GENERATED = {"commands.md", "group-types.md", "requirements.md", "requirements-index.md"}
"""Pages whose text stands elsewhere: in help texts, policies and requirements."""


def stumbles(text: str) -> list[str]:
    """The phrases of `text` that PLAIN has something better for."""
    return [f"{m.group(0)!r}: {better}" for bad, better in PLAIN.items() for m in re.finditer(bad, text)]


@pytest.mark.parametrize(
    "page",
    [p for p in PAGES if p.name not in GENERATED and "protocol-spec" not in p.parts],
    ids=lambda p: str(p.relative_to(ROOT)),
)
def test_pages_are_plain_english(page: Path) -> None:
    assert stumbles(page.read_text(encoding="utf-8")) == []


def test_errors_settings_and_bounds_are_plain_english() -> None:
    texts = {code.name: code.documented for code in errors.ALL}
    texts |= {
        f"{s}.{f.name}": f.metadata.get("doc") or f.metadata["why"]
        for s, c in {**SECTIONS, **NAMED}.items()
        for f in fields(c)
    }
    assert {name: found for name, text in texts.items() if (found := stumbles(text))} == {}


def test_the_texts_of_frames_are_plain_english() -> None:
    made = (ROOT / "protocol-spec/frames.json").read_text(encoding="utf-8")
    assert stumbles(made) == []
