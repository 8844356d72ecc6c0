"""`rcim check`: first the pages, which are looked at without LMDB, then what is kept, in a process of its own (ST-03).

If LMDB ends that process because of a page that was whole a moment ago, it is a fault of the report, and not the end of
the check. `python -m rcim.operate.checking` is that process, which gets what is damaged on standard input.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import lmdb
import msgspec

from rcim.base.terminal import printable
from rcim.store import pages
from rcim.store.backend import LmdbBackend, StoreError
from rcim.store.check import FAULTS_MAX, Report, check
from rcim.store.damage import Damage
from rcim.store.decoders import json_decoder

TRIES = 5
"""The head of a store that is being written may change while it is read."""


class _Task(msgspec.Struct):
    path: str
    map_bytes: int
    damages: list[Damage]


def check_file(path: Path, map_bytes: int) -> Report:
    """Check the store in this directory. A server may be running on it. Raises StoreError if nothing can be read."""
    found = damaged_pages(path)
    faults = [str(one) for one in found.damages] + ([found.free_list] if found.free_list else [])
    report = _contents(_Task(str(path), map_bytes, found.damages))
    report.faults = (faults + report.faults)[:FAULTS_MAX]
    return report


def damaged_pages(path: Path) -> pages.Found:
    """What pages are damaged, as of one commit: nothing of it is written over as long as a reader stands there."""
    try:
        _head_of(path / "data.mdb", 0)  # it says more than LMDB of what is wrong with it
        size = max(1 << 30, 2 * (path / "data.mdb").stat().st_size)  # a server may go on writing
        with lmdb.open(str(path), readonly=True, create=False, max_dbs=0, map_size=size) as env:
            for _ in range(TRIES):
                with env.begin() as txn:
                    head = _head_of(path / "data.mdb", txn.id())
                    if head is not None:
                        return pages.look(path / "data.mdb", head)
    except pages.Unreadable as error:
        raise StoreError(f"{path}: {error}") from None
    except (lmdb.Error, OSError) as error:
        raise StoreError(f"{path}: {error}") from None
    raise StoreError(f"{path}: it changes faster than it can be read")


def _head_of(file: Path, txn_id: int) -> pages.Head | None:
    fd = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return next((head for head in pages.heads(fd) if head.txn_id == txn_id), None)
    finally:
        os.close(fd)


def _contents(task: _Task) -> Report:
    """What the process that reads the contents reports, or that it was killed. Raises StoreError."""
    command = [sys.executable, "-m", "rcim.operate.checking"]
    done = subprocess.run(command, input=msgspec.json.encode(task), capture_output=True, check=False)
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        return Report(faults=[f"reading what is kept was ended by {name}: it is damaged, or has become so meanwhile"])
    if done.returncode:
        raise StoreError(done.stderr.decode(errors="replace").strip().rpartition("\n")[2])
    return json_decoder(Report).decode(done.stdout)


def main() -> None:
    """Entry point of the process that reads what is kept."""
    task = json_decoder(_Task).decode(sys.stdin.buffer.read())
    try:
        backend = LmdbBackend(Path(task.path), task.map_bytes, damages=task.damages, readonly=True)
        report = check(backend)
        backend.close()
    except StoreError as error:
        print(printable(str(error)), file=sys.stderr)
        raise SystemExit(2) from None
    sys.stdout.buffer.write(msgspec.json.encode(report))


if __name__ == "__main__":
    main()
