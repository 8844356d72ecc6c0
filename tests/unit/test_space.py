"""Room: what removing needs is kept for removing, whether the map or the disk is full (ST-04)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rcim.actor import records as r
from rcim.actor import user_records
from rcim.base.ids import message_id, shard_of
from rcim.base.terms import ApplyJoinOption, Priority, Role, UserList
from rcim.store import backend as backend_module
from rcim.store.backend import FullError, LmdbBackend
from rcim.store.check import check
from tests.kit import FilledStore

KEY = "g:a"


class Filling(FilledStore):
    """One group that is filled, and whose members come and go."""

    seq = 0

    def begin(self, members: int) -> None:
        profile = r.Profile("a", "Public", "n", "", "", "", "u0", 1, ApplyJoinOption.FREE_ACCESS, 0, self.seq + 1)
        self.append(r.GroupCreated(KEY, profile, [self.member(n) for n in range(members)], 1))

    @staticmethod
    def member(n: int) -> r.Member:
        return r.Member(f"u{n}", Role.MEMBER, 1, 0, "")

    def send(self, body: bytes = b"x" * 3000) -> None:
        id_ = message_id(shard_of(KEY), self.store.positions()[shard_of(KEY)])
        message = r.Message(self.seq + 1, 1, id_, Priority.LOW, "u0", "", "", "", f"c{self.seq}", body)
        self.append(r.MessageKept(KEY, message))
        self.seq += 1

    def fill(self) -> int:
        """Send until there is no room; returns how often it went."""
        before = self.seq
        with pytest.raises(FullError):
            while True:
                self.send()
        return self.seq - before

    def leave(self, n: int) -> None:
        self.append(r.GroupChanged(KEY, 1, True, None, [], [f"u{n}"], [], None))


def test_sends_never_use_what_is_kept_for_removing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend_module, "RESERVE_BYTES", 256 << 10)
    backend = LmdbBackend(tmp_path / "store", 1 << 20, 1 << 20)
    kit = Filling(backend)
    kit.begin(400)
    assert kit.fill() > 100
    for n in range(1, 300):  # each changes some 40 KiB: forty times the reserve in all
        kit.leave(n)
        kit.fill()
    kit.append(r.GroupDissolved(KEY))
    while kit.store.purge_step():
        pass
    kit.begin(3)
    assert kit.fill() > 100, "what was removed makes room for sends"
    assert check(backend).faults == []
    backend.close()


def test_who_leaves_with_a_tip_or_for_good_needs_no_room(tmp_path: Path) -> None:
    backend = LmdbBackend(tmp_path / "store", 1 << 20, 1 << 20)
    kit = Filling(backend)
    kit.begin(10)
    kit.fill()
    id_ = message_id(shard_of(KEY), kit.store.positions()[shard_of(KEY)])
    tip = r.Message(kit.seq + 1, 1, id_, Priority.LOW, "", "", "", "", "", b"")
    kit.append(r.GroupChanged(KEY, 1, True, None, [], ["u3"], [r.UserRestriction("u3", blocked_until_ms=9)], tip))
    kit.append(
        user_records.UserSaved("@:u4", "u4", user_records.UserProfile(deleted=True)),
        user_records.UserListed("@:u4", "u4", UserList.BLACK, [], ["x"]),
    )
    with pytest.raises(FullError):
        for n in range(10_000):
            kit.append(user_records.UserSaved(f"@:v{n}", f"v{n}", user_records.UserProfile("nick", "u")))
    backend.close()


DISK = """
import resource, sys
from pathlib import Path
from rcim.store import backend as b
from rcim.store.check import check
from tests.unit.test_space import Filling, KEY, r
b.RESERVE_BYTES = 256 << 10
mb = 1 << 20
backend = b.LmdbBackend(Path(sys.argv[1]), mb)
kit = Filling(backend)
kit.begin(400)
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (3 * mb, hard))
first = kit.fill()
for n in range(1, 200):
    kit.leave(n)
    kit.fill()
resource.setrlimit(resource.RLIMIT_FSIZE, (5 * mb, hard))
more = kit.fill()
kit.append(r.GroupDissolved(KEY))
while kit.store.purge_step():
    pass
kit.begin(3)
again = kit.fill()
assert check(backend).faults == []
print(first, more, again)
"""


def test_a_full_disk_keeps_room_for_removing_too(tmp_path: Path) -> None:
    """The disk of a process that may write no file above some size is full then."""
    done = subprocess.run(
        [sys.executable, "-c", DISK, str(tmp_path / "store")],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert all(int(count) > 100 for count in done.stdout.split()), done.stdout


READS_FOR_EVER = """
import sys, lmdb
env = lmdb.open(sys.argv[1], max_dbs=20, readonly=True)
txn = env.begin()
print(txn.id(), flush=True)
sys.stdin.read()
"""


def test_who_was_killed_while_reading_holds_nothing_back(tmp_path: Path) -> None:  # ST-03
    backend = LmdbBackend(tmp_path / "store")
    kit = Filling(backend)
    kit.begin(3)

    def churn() -> int:
        for _ in range(50):
            with backend.write() as view:
                view.put("meta", b"x", b"y" * 40_000)
        return backend.used_bytes

    churn()
    command = [sys.executable, "-c", READS_FOR_EVER, str(tmp_path / "store")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reads:
        assert reads.stdout is not None and reads.stdout.readline()
        before = backend.used_bytes
        assert churn() > before + 1_000_000, "what is being read is kept"
        reads.kill()
        reads.wait()
    kit.store.tidy()
    before = churn()
    assert churn() == before
    backend.close()
