"""Runs a program under what a systemd unit forbids, without systemd: `python kit_jail.py UNIT WRITABLE PROGRAM...`.

To be started in a mount namespace of its own (`unshare --mount`), as root there. It takes from the unit: the read-only
file system (all of it but WRITABLE, which is more than ProtectSystem=strict asks for), ProtectProc, capabilities,
NoNewPrivileges, UMask, LimitNOFILE, RestrictAddressFamilies, MemoryDenyWriteExecute and SystemCallFilter, the last three
with the same rules of libseccomp as systemd. It does not change the user: the capabilities are gone all the same.
"""

from __future__ import annotations

import ctypes
import os
import resource
import socket
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

ALLOW, EPERM = 0x7FFF0000, 0x00050001
LT, EQ, GT, MASKED = 2, 4, 6, 7
MS_RDONLY, MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38
PROT_WRITE, PROT_EXEC, SHM_EXEC = 2, 4, 0o100000
KERNEL_FOLDERS = ("/proc", "/sys", "/dev")


class Compare(ctypes.Structure):
    """One condition on an argument of a system call (scmp_arg_cmp)."""

    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


libc = ctypes.CDLL(None, use_errno=True)
seccomp = ctypes.CDLL("libseccomp.so.2")
seccomp.seccomp_init.restype = ctypes.c_void_p
seccomp.seccomp_init.argtypes = [ctypes.c_uint32]
seccomp.seccomp_load.argtypes = [ctypes.c_void_p]
seccomp.seccomp_rule_add_array.argtypes = [
    ctypes.c_void_p,
    ctypes.c_uint32,
    ctypes.c_int,
    ctypes.c_uint,
    ctypes.c_void_p,
]


def settings(unit: Path) -> dict[str, list[str]]:
    """The values of each key of a unit, in their order."""
    found = defaultdict(list)
    for line in unit.read_text(encoding="utf-8").splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith(("#", "[")):
            found[key].append(value)
    return found


def yes(unit: dict[str, list[str]], key: str) -> bool:
    """True if the unit says so; a unit without the key would make this program a test of nothing."""
    return unit[key][-1] == "yes"


def checked(result: int) -> None:
    """Ends the program if a call of the system has failed."""
    if result:
        raise OSError(ctypes.get_errno() or -result, "the jail can't be made")


def mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    """mount(2)."""
    checked(libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), options.encode()))


def read_only(writable: str) -> None:
    """Everything but `writable` and the kernel's own folders."""
    mount("none", "/", "", MS_REC | MS_PRIVATE)
    mount(writable, writable, "", MS_BIND)
    for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines():
        place = line.split()[1].encode().decode("unicode_escape")
        if place != writable and not place.startswith(KERNEL_FOLDERS):
            mount("none", place, "", MS_BIND | MS_REMOUNT | MS_RDONLY)


def sets() -> dict[str, list[str]]:
    """The named sets of system calls, as systemd on this machine has them."""
    said = subprocess.run(
        ["systemd-analyze", "syscall-filter", "--no-pager"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    found: dict[str, list[str]] = {}
    name = ""
    for line in said.stdout.splitlines():
        if line.startswith("@"):
            name = line.strip()
            found[name] = []
        elif line.startswith(" ") and not line.lstrip().startswith("#"):
            found.setdefault(name, []).append(line.strip())
    return found


def calls(filters: list[str]) -> set[str]:
    """The system calls that the unit's filters leave."""
    known, left = sets(), set()

    def members(name: str) -> set[str]:
        return set().union(*map(members, known[name])) if name.startswith("@") else {name}

    for line in filters:
        named = set().union(*map(members, line.removeprefix("~").split()))
        left = left - named if line.startswith("~") else left | named
    return left | members("@default")


class Filter:
    """One filter of libseccomp; `load` puts it into force."""

    def __init__(self, default: int) -> None:
        self._default = default
        self._made = seccomp.seccomp_init(default)

    def rule(self, call: str, *conditions: Compare) -> None:
        """The other answer than the default for `call` where the conditions hold."""
        number = seccomp.seccomp_syscall_resolve_name(call.encode())
        if number < 0:
            return  # of another processor or a later kernel
        rows = (Compare * len(conditions))(*conditions)
        action = ALLOW if self._default == EPERM else EPERM
        checked(seccomp.seccomp_rule_add_array(self._made, action, number, len(conditions), rows))

    def load(self) -> None:
        """In force from now on, for this process and all that it starts."""
        checked(seccomp.seccomp_load(self._made))


def restrict(unit: dict[str, list[str]]) -> None:
    """The filters of system calls."""
    allowed = sorted(int(getattr(socket, name)) for name in unit["RestrictAddressFamilies"][-1].split())
    left = calls(unit["SystemCallFilter"])
    families = Filter(ALLOW)
    families.rule("socket", Compare(0, LT, allowed[0], 0))
    families.rule("socket", Compare(0, GT, allowed[-1], 0))
    for family in set(range(allowed[0], allowed[-1])) - set(allowed):
        families.rule("socket", Compare(0, EQ, family, 0))
    families.load()
    if yes(unit, "MemoryDenyWriteExecute"):
        memory = Filter(ALLOW)
        memory.rule("mmap", Compare(2, MASKED, PROT_EXEC | PROT_WRITE, PROT_EXEC | PROT_WRITE))
        memory.rule("mprotect", Compare(2, MASKED, PROT_EXEC, PROT_EXEC))
        memory.rule("pkey_mprotect", Compare(2, MASKED, PROT_EXEC, PROT_EXEC))
        memory.rule("shmat", Compare(2, MASKED, SHM_EXEC, SHM_EXEC))
        memory.load()
    rest = Filter(EPERM)
    for name in sorted(left):
        rest.rule(name)
    rest.load()


def main() -> None:
    """Entry point."""
    unit, writable, program = settings(Path(sys.argv[1])), sys.argv[2], sys.argv[3:]
    os.umask(int(unit["UMask"][-1], 8))
    files = min(int(unit["LimitNOFILE"][-1]), resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    if unit["ProtectSystem"][-1] == "strict":
        read_only(writable)
    if unit["ProtectProc"][-1] == "invisible":
        mount("proc", "/proc", "proc", 0, "hidepid=invisible")
    if unit["CapabilityBoundingSet"][-1] == "":
        for number in range(int(Path("/proc/sys/kernel/cap_last_cap").read_text(encoding="utf-8")) + 1):
            checked(libc.prctl(PR_CAPBSET_DROP, number, 0, 0, 0))
    if yes(unit, "NoNewPrivileges"):
        checked(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    restrict(unit)
    os.execv(program[0], program)


if __name__ == "__main__":
    main()
