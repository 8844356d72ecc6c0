"""A store of each schema so far, made by the program of its time, is brought up, whatever happens (ST-03, ST-04).
tests/data/stores/README.md says how they were made."""

from __future__ import annotations

import gzip
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rcim.app.files.datadir import DataDirError
from rcim.base.errors import RcimError
from rcim.base.limits import DEFAULTS
from rcim.client import User
from rcim.operate.checking import check_file
from rcim.store import keys
from rcim.store.backend import TABLES, LmdbBackend, StoreError
from rcim.store.event_rows import AFTER_ALL
from rcim.store.store import Store
from rcim.store.upgrade import SCHEMA_VERSION
from tests.amount import some
from tests.kit import TestServer

STORES = Path(__file__).parent.parent / "data" / "stores"
VERSIONS = range(1, SCHEMA_VERSION + 1)
Rows = dict[str, dict[bytes, bytes]]
KILLS = some(1, of=5)
"""Places: one at random, then the last and the first."""

IN_A_CHILD = """
import os, resource, signal, sys
from pathlib import Path
from rcim.base.limits import DEFAULTS
from rcim.store import upgrade
from rcim.store.backend import LmdbBackend, StoreError
from rcim.store.store import Store
from rcim.store.views import LmdbView

path, what = Path(sys.argv[1]), sys.argv[2]
if what == "killed":
    def dies(step):
        def run(view):
            step(view)
            os.kill(os.getpid(), signal.SIGKILL)
        return run
    upgrade._STEPS[int(sys.argv[3])] = dies(upgrade._STEPS[int(sys.argv[3])])
elif what == "counted":
    done, last = 0, int(sys.argv[3])
    def counts(call):
        def run(*arguments):
            global done
            done += 1
            if done == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*arguments)
        return run
    LmdbView.put, LmdbView.delete = counts(LmdbView.put), counts(LmdbView.delete)
else:
    size = (path / "data.mdb").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
try:
    Store(LmdbBackend(path), DEFAULTS)
except StoreError as error:
    print(error)
if what == "counted":
    print(done)
"""


def unpacked(version: int, folder: Path) -> Path:
    """The store of this version, in `folder`."""
    folder.mkdir(parents=True)
    packed = (STORES / f"schema-{version}.mdb.gz").read_bytes()
    (folder / "data.mdb").write_bytes(gzip.decompress(packed))
    return folder


def rows(store: Path) -> Rows:
    backend = LmdbBackend(store, readonly=True)
    with backend.read() as view:
        found = {table: dict(view.scan(table, b"", AFTER_ALL)) for table in TABLES}
    backend.close()
    return found


def schema(store: Path) -> int:
    return int(keys.U16.unpack(rows(store)["meta"][b"schema"])[0])


def in_a_child(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", IN_A_CHILD, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, timeout=60)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_server_brings_it_up_and_goes_on_with_it(
    version: int, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = unpacked(version, tmp_path / "data" / "store")
    assert schema(store) == version
    server = TestServer(tmp_path / "data", tls=False)
    with caplog.at_level("INFO"):
        await server.start()
    steps = [line.getMessage() for line in caplog.records if "the store was upgraded" in line.getMessage()]
    assert steps == [f"the store was upgraded schema={n}" for n in range(version + 1, SCHEMA_VERSION + 1)]
    async with server.client("alice") as alice, server.client("carol") as carol:
        found = await alice.history("garden", from_seq=1, limit=100)
        texts = [m.text for m in found]
        newest = 40 if version == 1 else 41  # later types announce who joins by a message
        assert [m.seq for m in found] == list(range(1, newest + 1))
        assert [t for t in texts if t.startswith("message ")] == [
            f"message {n}" for n in range(1, 41) if version == 1 or n != 3
        ]
        assert {m.user_id for m in await alice.members("garden")} == {"alice", "bob", "carol"}
        assert [group.group_id for group in await carol.groups()] == ["garden"]
        with pytest.raises(RcimError, match="NO_SUCH_GROUP"):
            await alice.info("gone")
        assert (await alice.send("garden", "and on")).seq == newest + 1
        if version >= 2:
            (between,) = await alice.history(User("bob"), from_seq=1, limit=10)
            assert between.text == "between the two of us"
    await server.stop()
    assert schema(store) == SCHEMA_VERSION
    applied = rows(store)
    assert len(applied["applied"]) == len(applied["waiting"]) == (1 if version >= 2 else 0)
    assert check_file(store, 1 << 30).faults == []


@pytest.mark.parametrize("step", range(1, SCHEMA_VERSION))
def test_a_kill_within_a_step_leaves_the_version_before_it(step: int, tmp_path: Path) -> None:
    store = unpacked(1, tmp_path / "store")
    done = in_a_child(store, "killed", step)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert schema(store) == step
    Store(LmdbBackend(store), DEFAULTS).close()
    assert schema(store) == SCHEMA_VERSION and check_file(store, 1 << 30).faults == []


@pytest.mark.parametrize("version", VERSIONS)
def test_a_kill_at_any_write_of_the_first_start_leaves_a_whole_store(version: int, tmp_path: Path) -> None:
    """Of the version that it had, or one between; a second kill is as good, and the next start ends with this one."""
    writes = int(in_a_child(unpacked(version, tmp_path / "counted"), "counted", 0).stdout)
    assert writes
    rng = random.Random(version)
    for last in {rng.randrange(1, writes + 1), *[writes, 1, *rng.choices(range(1, writes + 1), k=2)][: KILLS - 1]}:
        store = unpacked(version, tmp_path / f"{last}")
        for at, ends in ((last, (-signal.SIGKILL,)), (rng.randrange(1, last + 1), (-signal.SIGKILL, 0))):
            done = in_a_child(store, "counted", at)
            assert done.returncode in ends, done.stderr
            assert version <= schema(store) <= SCHEMA_VERSION and check_file(store, 1 << 30).faults == []
        Store(LmdbBackend(store), DEFAULTS).close()
        assert schema(store) == SCHEMA_VERSION and check_file(store, 1 << 30).faults == []


@pytest.mark.parametrize("version", VERSIONS[:-1])
def test_a_full_disk_leaves_it_as_it_was(version: int, tmp_path: Path) -> None:
    store = unpacked(version, tmp_path / "store")
    before = rows(store)
    done = in_a_child(store, "full")
    assert done.returncode == 0 and "full" in done.stdout, (done.stdout, done.stderr)
    assert rows(store) == before
    Store(LmdbBackend(store), DEFAULTS).close()
    assert schema(store) == SCHEMA_VERSION and check_file(store, 1 << 30).faults == []


async def test_a_newer_store_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    store = unpacked(SCHEMA_VERSION, tmp_path / "data" / "store")
    backend = LmdbBackend(store)
    with backend.write() as view:
        view.put("meta", b"schema", keys.U16.pack(SCHEMA_VERSION + 1))
    backend.close()
    before = (store / "data.mdb").read_bytes()
    server = TestServer(tmp_path / "data", tls=False)
    with pytest.raises((StoreError, DataDirError)) as refused:
        await server.start()
    assert f"schema version {SCHEMA_VERSION + 1}" in str(refused.value)
    assert f"this program knows {SCHEMA_VERSION}" in str(refused.value) and "later" in str(refused.value)
    assert (store / "data.mdb").read_bytes() == before
