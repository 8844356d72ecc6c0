"""What the beginning of a request says, where the parser has refused it or has not seen its end: which path it names."""

from __future__ import annotations

from urllib.parse import unquote

HEAD_BYTES = 512
"""Of each request that are kept for this."""


class Head:
    """The first bytes of a request."""

    __slots__ = ("_found",)

    def __init__(self) -> None:
        self._found = b""

    def add(self, data: bytes) -> None:
        """These have arrived; more than HEAD_BYTES are not kept."""
        if len(self._found) < HEAD_BYTES:
            self._found += data[: HEAD_BYTES - len(self._found)]

    def clear(self) -> None:
        """The next request begins."""
        self._found = b""

    @property
    def path(self) -> str:
        """The path that the request line names, decoded, without its query; empty if it names none. What is cut off is
        missing."""
        parts = self._found.lstrip(b"\r\n").split(b"\n", 1)[0].split()
        if len(parts) < 2:
            return ""
        target = parts[1].partition(b"?")[0].decode("latin-1")
        if "://" in target:  # the absolute form
            target = "/" + target.partition("://")[2].partition("/")[2]
        return unquote(target) if target.startswith("/") else ""
