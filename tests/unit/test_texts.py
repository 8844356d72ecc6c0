"""Texts from outside: files are UTF-8 whatever the locale says, and what is no UTF-8 has an error of its own."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from rcim_tools.admin import words

from rcim.app.settings.all_settings import SettingsError, words_of_file
from rcim.app.settings.exposure import secret_given
from rcim.app.settings.sources import load
from rcim.base.errors import RcimError
from rcim.base.terms import pair_of
from rcim.base.texts import is_text, read_text
from rcim.client import Client, User
from tests.kit import TestServer

BAD = "b\ud83d"
MARK = b"\xef\xbb\xbf"


@pytest.mark.parametrize("mark", [b"", MARK])
def test_files_with_and_without_a_byte_order_mark(tmp_path: Path, mark: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(mark + "脏话\n# note\nfilthy\n".encode())
    assert words_of_file(str(file)) == ["脏话", "filthy"]
    file.write_bytes(mark + b"[server]\nport = 7\n")
    assert load(file, {}).server.port == 7
    file.write_bytes(mark + b"secret\n")
    assert secret_given(f"@{file}") == "secret" and read_text(file) == "secret\n"


def test_a_file_that_is_no_utf_8_is_named(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_bytes("脏话".encode("gbk"))
    with pytest.raises(ValueError, match="words"):
        words_of_file(str(file))
    with pytest.raises(SettingsError, match="words"):
        load(None, {}, [f"app.refused_words={file}"])


def run(*command: str | bytes, cwd: Path | None = None, **more: str) -> tuple[int, bytes, bytes]:
    """A command, in a locale that has few characters unless `more` says otherwise."""
    environment = {**os.environ, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C", **more}
    bin_ = os.fsencode(Path(sys.executable).parent)
    program, *words = command
    path = bin_ + b"/" + os.fsencode(program)
    done = subprocess.run([path, *words], cwd=cwd, capture_output=True, check=False, env=environment)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "gbk", "utf-8"])
def test_the_words_are_read_in_any_locale(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "words.txt"
    file.write_bytes("Ünwort 👎\n".encode())
    say = "from rcim.app.programs.entry import run_program as r; "
    say += "from rcim.app.settings.all_settings import words_of_file as w; "
    say += f"r('x', lambda: print(w({str(file)!r})[0]))"
    code, out, error = run("python", "-c", say, PYTHONIOENCODING=encoding)
    assert (code, error) == (0, b"")
    assert out.decode(encoding).strip() == "Ünwort 👎".encode(encoding, "backslashreplace").decode(encoding)


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (("rcim", "token", "--user", b"b\xff"), 2, b"rcim: user id"),
        (("rcim", "chat", "--user", b"b\xff"), 1, b"UTF-8"),
        (("rcim-admin", "group", "list", "--limit", "x\u202e"), 2, b"limit"),
        (("rcim-admin", "--user", b"b\xff", "group", "list"), 1, b"user id: not UTF-8"),
    ],
)
def test_arguments_that_are_no_utf_8(tmp_path: Path, command: tuple[Any, ...], code: int, said: bytes) -> None:
    data = tmp_path / "rcim-data"
    data.mkdir()
    (data / "admin.usersig").write_text("none\n", encoding="utf-8")
    (data / "address").write_text("127.0.0.1:1:0\n", encoding="utf-8")
    (data / "signing.key").write_text("k" * 64 + "\n", encoding="utf-8")
    found, out, error = run(*command, cwd=tmp_path)
    assert b"Traceback" not in error and found == code and said in error and not out


def test_no_conversation_has_half_of_a_character() -> None:
    assert pair_of(f"c:1:a:{BAD}") is None and not is_text(BAD) and is_text("👎")
    with pytest.raises(Exception, match="2"):
        words.where(f"c:1:a:{BAD}", True)


def arguments(method: Any) -> dict[str, Any]:
    """Such texts for all arguments of a method that are texts, if there is any."""
    texts: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for one in list(inspect.signature(method).parameters.values())[1:]:
        kind = str(one.annotation)
        if kind in (
            "str",
            "str | None",
            "Where",
            "Where | None",
            "str | Sequence[Element]",
            "str | Sequence[elements.Element]",
        ):
            texts[one.name] = BAD
        elif kind.startswith("Sequence[str]"):
            texts[one.name] = [BAD]
        elif kind.startswith("Mapping[str, "):
            texts[one.name] = {BAD: BAD if kind == "Mapping[str, str]" else b""}
        elif one.default is one.empty and one.kind is not one.VAR_KEYWORD:
            others[one.name] = _other(kind)
    return texts | others if texts else {}


def _other(kind: str) -> Any:
    """A value for an argument that is no text."""
    if kind == "Path":
        return Path("nothing")
    return [1] if kind == "Iterable[int]" else () if kind.startswith("Sequence") else 1


async def test_every_method_of_the_client_refuses_them(
    plain_server: TestServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tried = 0
    async with plain_server.client("administrator") as client:
        for name, method in inspect.getmembers(Client, inspect.isfunction):
            given = {} if name.startswith("_") or name == "kept_messages" else arguments(method)
            if not given:
                continue
            tried += 1
            with pytest.raises(RcimError):
                found = getattr(client, name)(**given)
                await (anext(found) if inspect.isasyncgen(found) else found)
        for where in (User(BAD), User("a", of=BAD)):
            with pytest.raises(RcimError, match="not UTF-8"):
                await client.send(where, "hello")
    assert tried > 50
    assert [path.name for path in tmp_path.iterdir()] == ["data"], "what is refused writes no file"
    with pytest.raises(RcimError, match="not UTF-8"):
        plain_server.client(BAD)
