"""What is different in newly read settings, and what of it a reload takes (OP-03): every setting, one by one."""

from __future__ import annotations

from dataclasses import Field, fields, replace
from pathlib import Path
from typing import Any

import pytest

from rcim.actor.reload_results import SettingChange
from rcim.app.reload.setting_changes import changes_of, digests_of, file_changes, in_force_after
from rcim.app.settings.all_settings import NAMED, SECTIONS, Settings
from rcim.app.settings.setting_fields import is_reloaded
from rcim.app.settings.sources import load
from rcim.base.limits import DEFAULTS, Limits
from rcim.rules.type_table import TypeChange

ALL = [(section, f) for section, cls in SECTIONS.items() for f in fields(cls)]
ALL_NAMED = [(group, f) for group, cls in NAMED.items() for f in fields(cls)]


def other(section: str, f: Field[Any], value: Any) -> Any:
    """Another value of the same type; of a limit one that is allowed beside the defaults."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        high = f.metadata.get("high")
        return value - 1 if high is not None and value >= high else value + 1
    return ("other",) if isinstance(value, tuple) else "other"


@pytest.mark.parametrize(("section", "f"), ALL, ids=lambda one: one if isinstance(one, str) else one.name)
def test_every_setting_that_changes_is_told_and_taken_or_kept(section: str, f: Field[Any]) -> None:
    old = Settings()
    before = getattr(getattr(old, section), f.name)
    after = other(section, f, before)
    try:
        new = replace(old, **{section: replace(getattr(old, section), **{f.name: after})})
    except ValueError:  # a limit that has to be above another one
        pytest.skip("does not go together with the other defaults")
    (row,) = changes_of(old, new)
    reloaded = is_reloaded(SECTIONS[section], f)
    assert (row.name, row.needs_restart) == (f"{section}.{f.name}", not reloaded)
    if f.metadata.get("secret"):
        assert "other" not in row.after
    taken = getattr(getattr(in_force_after(old, new), section), f.name)
    assert taken == (after if reloaded else before)


@pytest.mark.parametrize(("group", "f"), ALL_NAMED, ids=lambda one: one if isinstance(one, str) else one.name)
def test_settings_of_named_sections(group: str, f: Field[Any]) -> None:
    one = NAMED[group]()
    old = replace(Settings(), **{group: {"x": one}})
    new = replace(Settings(), **{group: {"x": replace(one, **{f.name: other(group, f, getattr(one, f.name))})}})
    (row,) = changes_of(old, new)
    assert row.name == f"{group}.x.{f.name}" and is_reloaded(NAMED[group], f) is not row.needs_restart
    assert "other" not in row.after or not f.metadata.get("secret")


def test_sections_and_types_that_come_and_go() -> None:
    none = Settings()
    one = replace(
        none, receivers={"x": NAMED["receivers"]()}, types=(TypeChange("Club", "Public", {"member_cap": "3"}),)
    )
    assert changes_of(none, one) == [
        SettingChange("receivers.x", "(not there)", "(there)", False),
        SettingChange("types.Club", "(not there)", "base=Public, member_cap=3", False),
    ]
    assert [row.after for row in changes_of(one, none)] == ["(not there)"] * 2
    assert changes_of(one, one) == [] and in_force_after(none, one) == one


def test_long_values_and_addresses_with_a_password() -> None:
    old = Settings()
    url = "https://user:secret@host:1/"
    new = replace(old, callbacks=replace(old.callbacks, url=url), app=replace(old.app, word_fillers="x" * 200))
    text = str(changes_of(old, new))
    assert "secret" not in text and "x" * 100 not in text and "x" * 50 in text and "host:1" in text


def test_values_that_do_not_go_together_with_what_stays() -> None:
    """`frame_bytes_max` needs a restart, and what needs it as it will be is refused until then."""
    old = Settings()
    new = replace(old, limits=replace(DEFAULTS, frame_bytes_max=32768, body_bytes_max=28672))
    assert in_force_after(old, new).limits == replace(DEFAULTS, body_bytes_max=28672)
    small = replace(old, limits=replace(DEFAULTS, frame_bytes_max=32768))
    wanted = replace(old, limits=replace(DEFAULTS, frame_bytes_max=131072, body_bytes_max=49152))
    with pytest.raises(ValueError, match="until a restart: frame_bytes_max must be at least 4096 above"):
        in_force_after(small, wanted)


def test_files_whose_contents_change(tmp_path: Path) -> None:
    words, key = tmp_path / "words", tmp_path / "key"
    words.write_text("a", encoding="utf-8")
    settings = load(None, {}, [f"app.refused_words={words}"])
    before = digests_of(settings, {"signing.key": key})
    assert file_changes(before, before, []) == []
    words.write_text("b", encoding="utf-8")
    key.write_text("k", encoding="utf-8")
    after = digests_of(settings, {"signing.key": key})
    assert [(row.name, row.before, row.after) for row in file_changes(before, after, [])] == [
        ("app.refused_words", "a file", "new contents"),
        ("signing.key", "(not there)", "a file"),
    ]
    named = [SettingChange("app.refused_words", "'x'", "'y'", False)]
    assert [row.name for row in file_changes(before, after, named)] == ["signing.key"], "each is told once"


def test_a_process_has_limits_of_its_own() -> None:
    mine = DEFAULTS.of_its_own()
    changed = replace(DEFAULTS, mentions_max=7, idle_ms=90_000)
    mine.put_in_force(changed)
    assert mine == changed and Limits() == DEFAULTS and mine.silence_ms_max == changed.silence_ms_max


def test_sections_that_a_reload_takes_are_tried_in_a_running_server() -> None:
    """A section that is marked so without anybody who takes it would be a lie: each stands here with the test of it."""
    tried = {
        "app": "test_words_of_files_and_lists",
        "server": "test_a_certificate_that_has_ended",
        "limits": "test_limits_are_in_force_for_who_is_connected",
        "log": "test_the_log_level",
        "callbacks": "test_a_receiver_that_comes_changes_and_goes",
        "receivers": "test_a_further_receiver",
        "streams": "test_a_stream_and_a_push_provider",
        "push_providers": "test_a_stream_and_a_push_provider",
        "push": "test_a_stream_and_a_push_provider",
        "c2c": "test_devices_pairs_and_lists_follow",
        "devices": "test_devices_pairs_and_lists_follow",
        "http": "test_bounds_of_http_and_the_secret_of_rongcloud",
        "rongcloud": "test_bounds_of_http_and_the_secret_of_rongcloud",
        "audit": "test_how_long_the_audit_log_is_kept",
    }
    reloaded = {name for name, cls in {**SECTIONS, **NAMED}.items() if any(is_reloaded(cls, f) for f in fields(cls))}
    assert reloaded == set(tried)
    tests = (Path(__file__).parents[1] / "integration" / "test_reload.py").read_text(encoding="utf-8")
    assert [name for name in tried.values() if f"async def {name}(" not in tests] == []
