"""A server of another project in a process of its own, for tests: killed, held up, and let go on."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
from pathlib import Path

LOCAL_PORTS = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """A port that nobody has, to be used a moment later or again after a stop. It is none of those that the system gives
    out by itself, so no connection or server of another test gets it meanwhile."""
    first = int(LOCAL_PORTS.read_text(encoding="utf-8").split()[0])
    while True:
        port = random.SystemRandom().randrange(max(1024, first // 2), first)
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class Broker:
    """What brokers have in common; `start` is theirs, and sets `_process`."""

    _process: subprocess.Popen[bytes] | None = None

    def kill(self) -> None:
        """SIGKILL, and wait for its end."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait(60)
            self._process = None

    def hold(self) -> None:
        """It does nothing until `go_on`; its connections stay."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._process.pid, os.WSTOPPED | os.WNOWAIT)

    def go_on(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)
