"""Hosts by name."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def naming(host: str) -> Iterator[None]:
    """An error of looking `host` up, which does not say what was looked up, is raised with its name."""
    try:
        yield
    except socket.gaierror as error:
        raise socket.gaierror(error.errno, f"the host {host!r} can't be resolved: {error.strerror}") from None
