"""`[push]` (PU-01, PU-02, PU-04): what is wrong is said with the place where it stands, and what is right is in force."""

from __future__ import annotations

from pathlib import Path

import pytest

from rcim.app.consumers.push import options_of
from rcim.app.settings.all_settings import PushSettings, Settings, SettingsError
from rcim.app.settings.push_provider_settings import PushProvider
from rcim.app.settings.sources import load
from rcim.outbox.push.composing import Badge
from rcim.outbox.push.decision import When


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("when=sometimes", "known are offline, background, always"),
        ("badge=many", "known are unread, increment, none"),
        ("language=de", "known are en, zh"),
        ("title=${nobody}", "${nobody} is not known"),
        ("text=$", "name in braces"),
        ("title=" + "x" * 257, "at most 256 bytes"),
        ("life_s=59", "must be 60 to"),
        ("life_s=99999999", "must be 60 to"),
        ("receivers_max=-1", "must be 0 to"),
    ],
)
def test_what_is_wrong_is_said(setting: str, says: str) -> None:
    with pytest.raises(SettingsError) as error:
        load(None, {}, [f"push.{setting}"])
    name = setting.partition("=")[0]
    assert f"--set push.{name}" in str(error.value) and says in str(error.value)


def test_what_is_right_is_in_force(tmp_path: Path) -> None:
    file = tmp_path / "rcim.toml"
    text = '[push]\nwhen = "always"\nbadge = "none"\ntext = "${text}"\nlife_s = 60\ncollapse = false\n'
    file.write_text(text, encoding="utf-8")
    options = options_of(load(file, {}, []).push)
    assert (options.when, options.badge, options.text, options.life_s) == (When.ALWAYS, Badge.NONE, "${text}", 60)
    assert not options.collapse and options.receivers_max == 10_000


def test_providers_in_use() -> None:
    assert Settings(push_providers={"ios": PushProvider()}).push_names == {"ios"}
    assert Settings(push_providers={"ios": PushProvider()}, push=PushSettings(on=False)).push_names == frozenset()
