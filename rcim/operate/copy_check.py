"""Whether the copy of a store is whole, and what it says of itself: in a process of its own, which LMDB may end (ST-03).

`python -m rcim.operate.copy_check` is that process. It gets its task on standard input.
"""

from __future__ import annotations

import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import lmdb
import msgspec

from rcim.base.terminal import printable
from rcim.operate.faults import BackupError
from rcim.store import keys, pages
from rcim.store.backend import StoreError
from rcim.store.decoders import json_decoder
from rcim.store.long_keys import kept
from rcim.store.upgrade import version_of

SHOWN_MAX = 3
WORK_S, SLEEP_S = 0.0005, 0.0015
"""Looking at pages takes a quarter of a processor, in pieces of half a millisecond."""


class CopyFacts(msgspec.Struct):
    """What a store says of itself."""

    schema: int
    history: int
    commit: int


class _Task(msgspec.Struct):
    store: str
    look: bool
    gently: bool


def check_copy(store: Path, *, look: bool, gently: bool = False) -> CopyFacts:
    """The facts of the store in this directory, which nobody else uses. With `look`, all of its pages are looked at
    (10 s for 1 GiB, `gently` four times that). Raises BackupError if it is damaged."""
    task = msgspec.json.encode(_Task(str(store), look, gently))
    command = [sys.executable, "-m", "rcim.operate.copy_check"]
    done = subprocess.run(command, input=task, capture_output=True, check=False)
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        raise BackupError(f"the store is damaged: reading it was ended by {name}; `rcim check` says more")
    if done.returncode:
        raise BackupError(done.stderr.decode(errors="replace").strip().rpartition("\n")[2])
    return json_decoder(CopyFacts).decode(done.stdout)


class _Breather:
    """Sleeps now and then, so that other processes get the processor: when all processors are busy, even a process of
    the lowest priority keeps one for milliseconds before the kernel takes it away."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    def breathe(self) -> None:
        """To be called often: sleeps for SLEEP_S after each WORK_S."""
        if time.perf_counter() - self._since > WORK_S:
            time.sleep(SLEEP_S)
            self._since = time.perf_counter()


def _look(file: Path, *, gently: bool) -> None:
    found = pages.look(file, between=_Breather().breathe if gently else None)
    faults = [str(one) for one in found.damages] + ([found.free_list] if found.free_list else [])
    if faults:
        more = f"; and {len(faults) - SHOWN_MAX} more" if len(faults) > SHOWN_MAX else ""
        raise BackupError(f"the store is damaged: {'; '.join(faults[:SHOWN_MAX])}{more}; `rcim check` says more")


def _facts(store: Path) -> CopyFacts:
    size = max(1 << 30, 2 * (store / "data.mdb").stat().st_size)
    with lmdb.open(str(store), readonly=True, create=False, lock=False, max_dbs=1, map_size=size) as env:
        meta = env.open_db(b"meta", create=False)
        with env.begin() as txn:
            found = {name: txn.get(kept(name), db=meta) for name in (b"schema", b"id", b"stamp")}
    schema, history, stamp = found[b"schema"], found[b"id"], found[b"stamp"]
    if schema is None:
        raise BackupError(f"{store}: it is no store of rcim: it has no schema version")
    try:
        return CopyFacts(
            version_of(schema),
            keys.U64.unpack(history)[0] if history else 0,
            keys.U64.unpack(stamp)[0] if stamp else 1,
        )
    except struct.error:
        raise BackupError("the store is damaged: what it says of itself can't be read") from None


def main() -> None:
    """Entry point of the process."""
    task = json_decoder(_Task).decode(sys.stdin.buffer.read())
    store = Path(task.store)
    try:
        if task.look:
            _look(store / "data.mdb", gently=task.gently)
        found = _facts(store)
    except (BackupError, StoreError, pages.Unreadable, lmdb.Error, OSError) as error:
        print(printable(str(error)), file=sys.stderr)
        raise SystemExit(1) from None
    sys.stdout.buffer.write(msgspec.json.encode(found))


if __name__ == "__main__":
    main()
