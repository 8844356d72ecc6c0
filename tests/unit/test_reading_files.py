"""Files that settings name: read whole, and never waited for without bound (base/texts.py, OP-03)."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from rcim.base import texts
from tests.kit import PATIENCE_S


def test_a_text_has_no_mark_and_one_kind_of_line_end(tmp_path: Path) -> None:
    file = tmp_path / "words"
    file.write_bytes("\ufeffwört\r\nzwei\rdrei\n".encode())
    assert texts.read_text(file) == "wört\nzwei\ndrei\n"
    with pytest.raises(IsADirectoryError):
        texts.read_text(tmp_path)
    with pytest.raises(FileNotFoundError):
        texts.read_text(tmp_path / "none")


def test_a_pipe_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "PIPE_S", PATIENCE_S)
    read, write = os.pipe()
    thread = threading.Thread(target=lambda: (os.write(write, b"[server]\nport = 1\n"), os.close(write)))
    thread.start()
    assert texts.read_text(f"/dev/fd/{read}") == "[server]\nport = 1\n"
    thread.join()
    os.close(read)


def test_a_pipe_that_does_not_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "PIPE_S", 0.05)
    pipe = tmp_path / "settings"
    os.mkfifo(pipe)
    holder = os.open(pipe, os.O_RDWR)
    with pytest.raises(TimeoutError, match=r"did not end within"):
        texts.read_text(pipe)
    os.close(holder)


def test_what_never_ends_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "PIPE_BYTES_MAX", 1 << 20)
    with pytest.raises(OSError, match="more than 1 MiB"):
        texts.read_file("/dev/zero")
