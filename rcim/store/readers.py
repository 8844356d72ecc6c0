"""Who reads the store, and who keeps all others out for a moment, to make LMDB's map larger or to close it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Mine(threading.local):
    """How often this thread reads. It may read within its own reading, which `nobody` waits for."""

    count = 0


class Readers:
    """Any number read at a time, from several threads; `nobody` waits until none does, and keeps others out meanwhile:
    threads of which one always reads would let it wait for ever, and with it every commit."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._count = 0
        self._wanted = 0
        """How many wait for `nobody`, or have it."""
        self._mine = _Mine()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """While something is read. Waits as long as nobody may."""
        with self._changed:
            if not self._mine.count:
                self._changed.wait_for(lambda: not self._wanted)
            self._count += 1
        self._mine.count += 1
        try:
            yield
        finally:
            self._mine.count -= 1  # readings of one thread need not end in the order in which they began
            with self._changed:
                self._count -= 1
                if self._wanted:
                    self._changed.notify_all()

    @contextmanager
    def nobody(self) -> Iterator[None]:
        """While nothing may be read. Not from a thread that reads."""
        with self._changed:
            self._wanted += 1
            try:
                self._changed.wait_for(lambda: self._count == 0)
                yield
            finally:
                self._wanted -= 1
                self._changed.notify_all()
