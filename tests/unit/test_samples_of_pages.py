"""The samples of the how-tos for back ends and operators, as they are printed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rcim_bench.standin_certificates import make_es256_key
from rcim_tools.admin.program import app
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from typer.testing import CliRunner

from rcim.app.settings.sources import load
from rcim.hooks.profiles import tencent
from tests.standins.google import write_account

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "docs/explanation/guarantees.md", *sorted((ROOT / "docs/how-to").glob("*.md"))]
SECRET = "whsec_" + "QUJD" * 12
FILES = re.compile(r'^(?:\w+_file|certificate|private_key) = "([^"]+)"', re.MULTILINE)


def pieces_of(path: Path, *languages: str) -> list[str]:
    """The samples of a page that are in one of these languages."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [piece for language, piece in found if language in languages]


def samples_of_settings() -> list[tuple[str, str]]:
    """Each sample with its page. One that begins within a section goes on from the sample before it."""
    found: list[tuple[str, str]] = []
    for path in PAGES:
        before = ""
        for piece in pieces_of(path, "toml"):
            before = piece if piece.startswith("[") else before + piece
            found.append((path.name, before))
    return found


@pytest.mark.parametrize(("page", "text"), samples_of_settings())
def test_settings_on_a_page_are_good(page: str, text: str, tmp_path: Path) -> None:
    for number, name in enumerate(FILES.findall(text)):
        file = tmp_path / str(number)
        if name.endswith(".p8"):
            make_es256_key(file)
        elif name.endswith(".json"):
            write_account(file)
        else:
            file.write_text(SECRET, encoding="utf-8")
        text = text.replace(f'"{name}"', f'"{file}"')
    (tmp_path / "rcim.toml").write_text(text, encoding="utf-8")
    assert load(tmp_path / "rcim.toml", {}) != load(None, {}), page


@pytest.fixture(scope="module")
def receiver() -> dict[str, Any]:
    """What the receivers on the page about callbacks define."""
    names: dict[str, Any] = {}
    for piece in pieces_of(ROOT / "docs/how-to/hear-of-everything.md", "python"):
        exec(piece, names)
    return names


def test_the_page_about_callbacks_checks_who_calls(receiver: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1669872112.0)
    query = {"RequestTime": "1669872112", "Sign": tencent.signature("xxxxyyyy", 1669872112)}
    assert receiver["is_from_the_server"](query, "xxxxyyyy")
    assert not receiver["is_from_the_server"](query, "another")
    monkeypatch.setattr("time.time", lambda: 1669872200.0)
    assert not receiver["is_from_the_server"](query, "xxxxyyyy")


def test_the_page_about_callbacks_verifies_webhooks(receiver: dict[str, Any]) -> None:
    now = datetime.now(UTC)
    headers = {
        "webhook-id": "6a1f03-12-345",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("6a1f03-12-345", now, '{"id": 1}'),
    }
    assert receiver["event_of"](b'{"id": 1}', headers, SECRET) == {"id": 1}
    with pytest.raises(WebhookVerificationError):
        receiver["event_of"](b'{"id": 2}', headers, SECRET)


def admin_commands() -> list[str]:
    """The calls of rcim-admin on the pages, each once."""
    lines = [line for path in PAGES for piece in pieces_of(path, "sh", "") for line in piece.splitlines()]
    calls = [re.sub(r"\s(#|>).*", "", line) for line in lines if re.match(r"(\.venv/bin/)?rcim-admin ", line)]
    return list(dict.fromkeys(call.split("rcim-admin ", 1)[1].strip() for call in calls))


@pytest.mark.parametrize("command", admin_commands())
def test_commands_on_the_pages_are_there(command: str, tmp_path: Path) -> None:
    """They are understood, and end where they look for a server or a file, which are not there."""
    words = ["--data", str(tmp_path / "none"), *command.split()]
    if "callback-echo" in command:
        words.append("--help")
    found = CliRunner().invoke(app, words)
    assert "No such file" in found.stderr or found.exit_code == 0, found.stderr
