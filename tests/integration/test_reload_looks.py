"""What a change of a setting needs (OP-03): a reload looks at each setting that it is said to put into force."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from rcim.app.reload.reload_parts import Prepared
from rcim.app.settings.all_settings import SECTIONS, Settings
from rcim.app.settings.setting_fields import is_reloaded
from tests.kit_reload import FileServer

BY_LIMITS = "limits"
"""tests/arch/test_live_limits.py looks at these."""
EVERYTHING_ON = """
[http]
on = true
apis = ["native", "tencent", "rongcloud", "metrics", "health"]
[rongcloud]
app_key = "key"
app_secret = "secret"
"""


def watched(section: Any, name: str, seen: set[str]) -> Any:
    """The same settings; `seen` gets the name of each that is read."""

    class Watched(type(section)):  # type: ignore[misc]  # a class of its own for each section
        def __getattribute__(self, key: str) -> Any:
            seen.add(f"{name}.{key}")
            return super().__getattribute__(key)

    made = object.__new__(Watched)
    for f in fields(section):
        object.__setattr__(made, f.name, getattr(section, f.name))
    return made


def said_to_be_taken() -> set[str]:
    """By the page of settings. What names the file of a secret was looked at when the secret was read."""
    found = set()
    for section, cls in SECTIONS.items():
        names = {f.name for f in fields(cls) if is_reloaded(cls, f)}
        secrets = {f.name for f in fields(cls) if f.metadata.get("secret")}
        found |= {
            f"{section}.{name}" for name in names if name.removesuffix("_file") not in secrets or name in secrets
        }
    return {name for name in found if not name.startswith(BY_LIMITS + ".")}


async def test_each_setting_that_a_reload_is_said_to_take_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = FileServer(tmp_path, EVERYTHING_ON, tls=True)
    await server.start()
    seen: set[str] = set()
    prepare = server.server.prepare

    async def watched_prepare(settings: Settings, files: frozenset[str]) -> Prepared:
        sections = {name: watched(getattr(settings, name), name, seen) for name in SECTIONS if name != BY_LIMITS}
        return await prepare(replace(settings, **sections), files)

    monkeypatch.setattr(server.server, "prepare", watched_prepare)
    more = '[push_providers.one]\nprovider = "webhook"\nurl = "http://127.0.0.1:9/"\n'
    more += 'allow_private = true\nsecret = "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"\n'
    more += (
        '[callbacks]\nurl = "http://127.0.0.1:9/"\nallow_private = true\ncommands = ["Group.CallbackAfterSendMsg"]\n'
    )
    await server.reload(EVERYTHING_ON + more)
    assert said_to_be_taken() - seen == set()
    await server.stop()
