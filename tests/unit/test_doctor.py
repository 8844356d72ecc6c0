"""`rcim doctor`: each finding with its reason and its remedy (OP-04)."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import resource
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rcim.app.files.certificates import key_pem, new_key, self_signed
from rcim.app.settings.all_settings import Settings
from rcim.app.settings.sources import load
from rcim.operate import disk_checks, doctor, machine_checks, server_checks
from rcim.operate.disk_checks import DAY_MS, file_system_of
from rcim.operate.findings import Finding
from tests.kit import PATIENCE_S, TestServer

MOUNTS = """\
22 1 259:1 / / rw,relatime shared:1 - ext4 /dev/root rw
30 22 0:26 / /srv rw - nfs4 server:/export rw
31 30 0:27 / /srv/my\\040data rw - xfs /dev/sdb rw
32 22 0:28 / /srvother rw - tmpfs tmpfs rw
broken line
"""


def settings_of(data: Path, *flags: str) -> Settings:
    return load(None, environment={}, flags=[f"server.data={data}", *flags])


def bad(found: Iterable[Finding]) -> dict[str, str]:
    """What is not ok, by what was found: its kind. Each has a reason and a remedy."""
    rows = list(found)
    assert all(one.what for one in rows)
    assert all(bool(one.why) == bool(one.remedy) == (one.kind != "ok") for one in rows)
    return {one.what: one.kind for one in rows if one.kind != "ok"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    made.mkdir(mode=0o700)
    return made


def test_which_file_system_a_directory_is_on(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS, encoding="utf-8")
    found = {path: file_system_of(Path(path), mounts) for path in ("/srv/x", "/srv/my data/y", "/srvother", "/srvo")}
    assert found == {"/srv/x": "nfs4", "/srv/my data/y": "xfs", "/srvother": "tmpfs", "/srvo": "ext4"}
    assert file_system_of(tmp_path, tmp_path / "none") == ""


@pytest.mark.parametrize(
    ("kind", "expected"), [("nfs4", "wrong"), ("tmpfs", "wrong"), ("overlay", "advice"), ("ext4", None), ("", None)]
)
def test_a_file_system_that_keeps_nothing_or_locks_nothing(
    data: Path, monkeypatch: pytest.MonkeyPatch, kind: str, expected: str | None
) -> None:
    monkeypatch.setattr(disk_checks, "file_system_of", lambda _: kind)
    found = {one.check: one.kind for one in disk_checks.disk(settings_of(data))}
    assert found["file system"] == (expected or "ok")


class Slow:
    """A disk on a clock that it moves itself."""

    def __init__(self, took_s: float) -> None:
        self.now_s, self.took_s = 0.0, took_s

    def __call__(self, _: int) -> None:
        self.now_s += self.took_s

    def perf_counter(self) -> float:
        return self.now_s

    time = staticmethod(time.time)


@pytest.mark.parametrize(("took_s", "expected"), [(0.025, "advice"), (0.002, "ok"), (0.00001, "advice")])
def test_how_long_a_sync_takes(data: Path, monkeypatch: pytest.MonkeyPatch, took_s: float, expected: str) -> None:
    slow = Slow(took_s)
    monkeypatch.setattr(disk_checks, "time", slow)
    monkeypatch.setattr(disk_checks, "file_system_of", lambda _: "ext4")
    (found,) = [one for one in disk_checks.disk(settings_of(data), slow) if one.check == "fsync"]
    assert found.kind == expected and f"{took_s * 1000:.2f} ms" in found.what
    assert ("only say" in found.why) == (took_s < 0.001)


def test_a_disk_that_is_nearly_full(data: Path) -> None:
    found = bad(disk_checks._room(data, settings_of(data, "health.disk_free_bytes_min=9223372036854775807")))
    assert list(found.values()) == ["wrong"]
    assert not bad(disk_checks._room(data, settings_of(data, "health.disk_free_bytes_min=0")))


def test_what_was_left_behind_and_the_last_backup(data: Path) -> None:
    def found() -> dict[str, str]:
        rows = disk_checks.disk(settings_of(data, "health.disk_free_bytes_min=0"))
        return bad(one for one in rows if one.check in ("leftovers", "backup"))

    assert found() == {"no backup is known": "advice"}
    note = data / "last-backup"
    note.write_text(json.dumps({"at_ms": time.time() * 1000 - DAY_MS, "folder": "/backup/1"}), encoding="utf-8")
    assert found() == {}
    note.write_text(json.dumps({"at_ms": time.time() * 1000 - 9 * DAY_MS, "folder": "/backup/1"}), encoding="utf-8")
    assert found() == {"the last backup is 9 days old: /backup/1": "advice"}
    for broken in ("", "[]", '{"at_ms": "x", "folder": 1}', '{"folder": ""}'):
        note.write_text(broken, encoding="utf-8")
        assert list(found().values()) == ["advice"]
    (data / "signing.key.new").write_text("", encoding="utf-8")
    (data / "crash").write_bytes(b"Fatal Python error: Bus error\nmore\n")
    kinds = found()
    assert kinds["the last run ended by a fault: Fatal Python error: Bus error"] == "wrong"
    assert any("signing.key.new" in what for what in kinds)


def test_limits_of_the_kernel(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "net/core/somaxconn": "128",
        "net/ipv4/tcp_max_syn_backlog": "4096",
        "net/ipv4/tcp_mem": "10 20 30",
        "net/ipv4/ip_local_port_range": "32768 33000",
        "vm/swappiness": "60",
    }
    for name, text in files.items():
        path = tmp_path / "sys" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="ascii")
    monkeypatch.setattr(machine_checks, "SYS", tmp_path / "sys")
    monkeypatch.setattr(machine_checks, "CGROUP", tmp_path / "none")
    found = bad(machine_checks._network(settings_of(data)))
    assert found == {"net.core.somaxconn is 128": "advice", "net.ipv4.tcp_mem ends at 30 pages": "advice"}
    calling = settings_of(data, "callbacks.url=http://127.0.0.1:1/", "callbacks.allow_private=true")
    assert "232 local ports" in bad(machine_checks._network(calling))
    monkeypatch.setattr(machine_checks.psutil, "swap_memory", lambda: replace_total(1 << 30))
    assert bad(machine_checks._memory(settings_of(data))) == {"swap is on, vm.swappiness is 60": "advice"}
    (tmp_path / "limit").write_text("1\n", encoding="ascii")
    monkeypatch.setattr(machine_checks, "CGROUP", tmp_path / "limit")
    (data / "store").mkdir()
    (data / "store" / "data.mdb").write_bytes(b"x" * 5000)
    assert "0 MiB of memory, 0 MiB of store" in bad(machine_checks._memory(settings_of(data)))


class replace_total:
    def __init__(self, total: int) -> None:
        self.total = total


def test_open_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 1024))
    found = machine_checks._open_files(100_000)
    assert found.kind == "wrong" and "LimitNOFILE=100256" in found.remedy and "768" in found.remedy
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, resource.RLIM_INFINITY))
    assert machine_checks._open_files(100_000).kind == "ok"


@pytest.mark.parametrize(("said", "kind"), [("yes", "ok"), ("no", "advice"), ("", "ok")])
def test_a_clock_that_nobody_synchronises(monkeypatch: pytest.MonkeyPatch, said: str, kind: str) -> None:
    monkeypatch.setattr(machine_checks, "output_of", lambda *_: said)
    assert machine_checks._synchronised().kind == kind


def test_programs_that_are_not_there_or_fail_say_nothing() -> None:
    assert machine_checks.output_of("rcim-no-such-program") == ""
    assert machine_checks.output_of("false") == "" and machine_checks.output_of("echo", "a b") == "a b"


def test_unsafe_settings(data: Path) -> None:
    open_ = settings_of(data, "server.host=0.0.0.0", "server.tls=false", "limits.sends_per_min=0")
    open_ = replace(open_, app=replace(open_.app, administrators=()))
    found = bad(server_checks.unsafe(open_, {"RCIM__PUSH_PROVIDERS__A__SECRET": "x", "OTHER_SECRET": "y"}))
    assert found == {
        "server.host is 0.0.0.0 and server.tls is off": "wrong",
        "RCIM__PUSH_PROVIDERS__A__SECRET has a secret": "advice",
        "no limit: sends_per_min": "advice",
        "there are no administrators": "advice",
    }
    assert list(bad(server_checks.unsafe(settings_of(data, "server.host=0.0.0.0"), {})).values()) == ["advice"]
    (data / "signing.key").write_text("x", encoding="utf-8")
    (data / "signing.key").chmod(0o644)
    data.chmod(0o755)
    found = bad(server_checks.unsafe(settings_of(data), {"RCIM__HTTP__KEY_FILE": "/x"}))
    assert found == {f"{data} has mode 755": "wrong", f"{data}/signing.key has mode 644": "wrong"}
    data.chmod(0o700)
    (data / "signing.key").chmod(0o600)
    assert bad(server_checks.unsafe(settings_of(data), {})) == {}
    silent = settings_of(data, "callbacks.url=http://127.0.0.1:1/", "callbacks.allow_private=true")
    assert list(bad(server_checks.unsafe(silent, {})).values()) == ["advice"]


def test_certificates(data: Path) -> None:
    def found() -> dict[str, str]:
        return bad(server_checks.certificate(settings_of(data)))

    def write(key: Any, made: bytes) -> None:
        (data / "cert.pem").write_bytes(made)
        (data / "key.pem").write_bytes(key_pem(key))

    assert found() == {}, "the first start makes one"
    key, now_s = new_key(), time.time()
    write(key, self_signed(key, now_s))
    assert found() == {}
    write(key, self_signed(key, now_s - 820 * 86_400))
    ((what, kind),) = found().items()
    assert kind == "advice" and "days left, for localhost" in what
    write(key, self_signed(key, now_s - 900 * 86_400))
    ((what, kind),) = found().items()
    assert kind == "wrong" and "has ended" in what
    write(new_key(), self_signed(key, now_s))
    ((what, kind),) = found().items()
    assert kind == "wrong" and "the key is not that of the certificate" in what
    write(key, b"nothing")
    assert list(found().values()) == ["wrong"]
    assert bad(server_checks.certificate(settings_of(data, "server.tls=false"))) == {}


def test_a_check_that_fails_leaves_the_others(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Settings) -> Iterable[Finding]:
        raise RuntimeError("no such thing")

    monkeypatch.setattr(doctor, "machine", broken)
    found = doctor.examine(settings_of(data))
    assert "a check failed: no such thing" in bad(found)
    assert {"file system", "certificate", "settings"} <= {one.check for one in found}


def test_a_directory_that_is_not_made_yet(tmp_path: Path) -> None:
    found = doctor.examine(settings_of(tmp_path / "a" / "b"))
    assert not (tmp_path / "a").exists() and any(str(tmp_path) in one.what for one in found)


def test_a_directory_that_only_another_user_can_read(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root all can be read: what the system would say is said here."""

    def denied(*_: Any, **__: Any) -> Any:
        raise PermissionError(13, "Permission denied", str(data))

    monkeypatch.setattr(disk_checks.tempfile, "TemporaryFile", denied)
    monkeypatch.setattr(Path, "iterdir", denied)
    rows = {one.check: one for one in disk_checks.disk(settings_of(data, "health.disk_free_bytes_min=0"))}
    assert "not measured" in rows["fsync"].what and "not looked for" in rows["leftovers"].what
    assert rows["fsync"].kind == rows["leftovers"].kind == "ok"


def test_a_file_system_that_is_read_only(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> Any:
        raise OSError(errno.EROFS, "Read-only file system", str(data))

    monkeypatch.setattr(disk_checks.tempfile, "TemporaryFile", refused)
    found = bad(disk_checks.disk(settings_of(data, "health.disk_free_bytes_min=0")))
    assert found[f"{data} is read-only"] == "wrong"


def test_a_machine_that_does_not_say_how_much_memory_it_has(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> Any:
        raise FileNotFoundError(2, "No such file or directory", "/proc/meminfo")

    monkeypatch.setattr(machine_checks.psutil, "virtual_memory", missing)
    rows = {one.check: one for one in machine_checks.machine(settings_of(data))}
    assert rows["memory"].kind == "ok" and "can't be seen" in rows["memory"].what
    assert {"versions", "open files", "network", "clock"} <= set(rows), "the other checks are made"


def state_of(folder: Path) -> Callable[[], list[tuple[str, int, int]]]:
    def found() -> list[tuple[str, int, int]]:
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        return [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in paths]

    return found


async def test_with_a_store_and_nothing_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_checks, "ASK_S", PATIENCE_S)
    server = TestServer(tmp_path / "data", tls=True)
    await server.start()
    settings = settings_of(tmp_path / "data")
    rows = await server_checks.running(settings)
    assert rows is not None
    kinds = {one.kind for one in rows}
    assert all(one.check == "health" for one in rows) and kinds <= {"ok", "advice"}, rows
    os.chmod(tmp_path / "data" / "admin.usersig", 0o600)
    (tmp_path / "data" / "admin.usersig").write_text("nothing", encoding="utf-8")
    rows = await server_checks.running(settings)
    assert rows is not None and [one.kind for one in rows] == ["wrong"]
    await server.stop()
    assert await server_checks.running(settings) is None
    state = state_of(tmp_path / "data")
    before = state()
    found = await asyncio.to_thread(doctor.examine, settings)
    assert state() == before, "nothing is changed"
    assert [one.kind for one in found if one.what == "the clock agrees with the newest time in the store"] == ["ok"]
    ahead_ms = int(time.time() * 1000) + 3 * DAY_MS
    monkeypatch.setattr(server_checks, "_newest_ms", lambda _: ahead_ms)
    ((what, kind),) = bad(server_checks.store_clock(settings)).items()
    assert kind == "advice" and "3.0 days before" in what
