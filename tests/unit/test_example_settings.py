"""OP-01, OP-04: the settings file to begin with says what is in force without it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from rcim.app.settings.all_settings import NAMED, SECTIONS, Settings
from rcim.app.settings.example_settings import EXAMPLE_TYPE, example_settings
from rcim.app.settings.sources import load
from rcim.rules.built_in_types import BUILT_IN
from rcim.rules.policies import shown


def uncommented(marks: str) -> str:
    """The file with `marks` removed from the lines that begin with them and no further mark or space."""
    return re.sub(rf"(?m)^{marks}(?=[^# ])", "", example_settings())


def loaded(folder: Path, text: str) -> Settings:
    file = folder / "rcim.toml"
    file.write_text(text, encoding="utf-8")
    return load(file, {})


@pytest.mark.parametrize("text", [example_settings(), uncommented("#")], ids=["as it is", "all uncommented"])
def test_it_loads_to_the_defaults(tmp_path: Path, text: str) -> None:
    assert loaded(tmp_path, text) == Settings()


def test_every_setting_is_in_it_once() -> None:
    there = tomllib.loads(uncommented("#"))
    assert {name: set(values) for name, values in there.items()} == {
        name: {f.name for f in fields(cls)} for name, cls in SECTIONS.items()
    }


@pytest.mark.parametrize("group", NAMED)
def test_a_named_section_is_at_its_defaults(group: str) -> None:
    values = tomllib.loads(uncommented("##"))[group]["NAME"]
    cls = NAMED[group]
    assert list(values) == [f.name for f in fields(cls)]
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    assert given == {f.name: "" if f.default is MISSING else f.default for f in fields(cls)}


def test_the_policies_are_those_of_the_type_they_are_based_on(tmp_path: Path) -> None:  # GT-20
    types = uncommented("##").partition("[types.NAME]")[2]
    made = loaded(tmp_path, f"[types.Own]\n{types}").group_types["Own"]
    policies = shown(BUILT_IN[EXAMPLE_TYPE])
    assert {key: shown(made)[key] for key in policies} == policies


def test_a_setting_that_is_changed_counts(tmp_path: Path) -> None:
    text = example_settings().replace("#port = 7460", "port = 7461")
    assert loaded(tmp_path, text).server.port == 7461


def test_lines_are_short() -> None:
    assert max(map(len, example_settings().splitlines())) <= 110
