"""What `rcim doctor` looks at on the disk: the data directory's file system, room, speed of syncing, what is left
over, the age of the last backup. A file for measuring has no name, or is removed at once."""

from __future__ import annotations

import errno
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rcim.app.files.datadir import DataDir
from rcim.app.settings.all_settings import Settings
from rcim.app.wiring.recovery import note_of
from rcim.operate.findings import Finding, advice, ok, wrong

NETWORK = frozenset(
    ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "fuse.sshfs", "fuse.s3fs")
)
"""File systems whose locks and shared maps LMDB can't rely on."""
VOLATILE = frozenset({"tmpfs", "ramfs"})
SYNCS = 11
BLOCK = b"\0" * 4096
SLOW_MS, SUSPICIOUS_MS = 20.0, 0.05
INODES_MIN = 1_000
BACKUP_DAYS = 7
DAY_MS = 86_400_000
MOUNTS = Path("/proc/self/mountinfo")


def disk(settings: Settings, sync: Callable[[int], None] = os.fsync) -> Iterator[Finding]:
    """All checks of the disk. If the data directory does not exist yet, they look at the nearest parent that does."""
    data = Path(settings.server.data).absolute()
    there = next((one for one in (data, *data.parents) if one.is_dir()), Path("/"))
    kind = file_system_of(there)
    yield _file_system(there, kind)
    yield from _room(there, settings)
    yield _syncing(there, kind, sync)
    if data.is_dir():
        yield from _leftovers(DataDir(data))
        yield _backup(data / "last-backup", time.time() * 1000)


def file_system_of(directory: Path, mounts: Path = MOUNTS) -> str:
    """The type of the file system that has the directory, as the kernel calls it; empty if that can't be read."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    path, best = os.path.realpath(directory), ("", "")
    for line in lines:
        before, _, after = line.partition(" - ")
        fields, kind = before.split(), after.split()
        if len(fields) < 5 or not kind:
            continue
        point = fields[4].encode().decode("unicode_escape")
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best[0]):
            best = point, kind[0]
    return best[1]


def _file_system(directory: Path, kind: str) -> Finding:
    what = f"{directory} is on {kind or 'a file system of unknown type'}"
    if kind in NETWORK:
        why = "LMDB needs locks and shared memory that a network file system does not give: the store may be damaged"
        return wrong("file system", what, why, "server.data on a disk of this machine")
    if kind in VOLATILE:
        return wrong("file system", what, "a restart of the machine loses everything", "server.data on a disk")
    if kind == "overlay":
        why = "what a container writes outside a volume goes with it"
        return advice("file system", what, why, "a volume for server.data")
    return ok("file system", what)


def _room(directory: Path, settings: Settings) -> Iterator[Finding]:
    found = os.statvfs(directory)
    free, bound = found.f_bavail * found.f_frsize, settings.health.disk_free_bytes_min
    what = f"{free >> 20} MiB free"
    if free < bound:
        why = "a full disk refuses sends"
        yield wrong("free space", what, why, "free some, or lower health.disk_free_bytes_min if that is enough")
    else:
        yield ok("free space", what)
    if found.f_files and found.f_favail < INODES_MIN:
        why = "no file can be made without an inode, however much space is free"
        yield wrong("free space", f"{found.f_favail} inodes free", why, "remove files that are not needed")


def _syncing(directory: Path, kind: str, sync: Callable[[int], None]) -> Finding:
    try:
        took_ms = sync_ms(directory, sync)
    except OSError as error:
        if error.errno == errno.EROFS:
            why = "the server can't start on it; if it has run, the kernel may have found an error of the disk"
            return wrong("file system", f"{directory} is read-only", why, "look at dmesg, then mount it read-write")
        return ok("fsync", f"not measured: {error.strerror} (run it as the server's user)")
    what = f"{took_ms:.2f} ms in the middle of {SYNCS} writes of 4 KiB"
    if took_ms > SLOW_MS:
        why = "each group commit waits for it: every send takes at least as long"
        return advice("fsync", what, why, "server.data on an SSD, not shared with what writes much")
    if took_ms < SUSPICIOUS_MS and kind not in VOLATILE:
        why = (
            "no disk is that fast: it may only say that it has synced, and lose acknowledged messages in a power cut"
        )
        return advice("fsync", what, why, "ask the maker or the provider of the disk, and switch write caches off")
    return ok("fsync", what)


def sync_ms(directory: Path, sync: Callable[[int], None]) -> float:
    """The median time of a write and a sync, in milliseconds. Raises OSError."""
    with tempfile.TemporaryFile(dir=directory, prefix=".rcim-doctor-") as file:
        took = []
        for _ in range(SYNCS):
            os.write(file.fileno(), BLOCK)
            began = time.perf_counter()
            sync(file.fileno())
            took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def _leftovers(data: DataDir) -> Iterator[Finding]:
    said = note_of(data).read()
    if said:
        why = "the next start looks at the whole store, 10 s for each GiB, and keeps away from what is damaged"
        yield wrong("leftovers", f"the last run ended by a fault: {said.splitlines()[0][:200]}", why, "rcim check")
    try:
        fresh = sorted(str(one) for one in data.path.iterdir() if one.name.endswith(".new"))
    except OSError as error:
        yield ok("leftovers", f"not looked for: {error.strerror} (run it as the server's user)")
        return
    if fresh:
        why = "a start that was cut off, or a full disk, has left them; nobody reads them"
        yield advice("leftovers", f"left over: {', '.join(fresh)}", why, f"rm {' '.join(fresh)}")
    elif not said:
        yield ok("leftovers", "nothing is left over")


def _backup(note: Path, now_ms: float) -> Finding:
    remedy = "rcim backup DIR, once a day, onto another machine"
    why = "without a backup the loss of the disk is the loss of everything"
    try:
        said = json.loads(note.read_text(encoding="utf-8"))
        days, folder = int((now_ms - int(said["at_ms"])) // DAY_MS), str(said["folder"])
    except FileNotFoundError:
        return advice("backup", "no backup is known", why, remedy)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return advice("backup", f"{note} can't be read: {type(error).__name__}", why, remedy)
    what = f"the last backup is {days} days old: {folder}"
    return advice("backup", what, why, remedy) if days > BACKUP_DAYS else ok("backup", what)
