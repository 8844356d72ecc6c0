"""Following single messages through a process: what the dispatcher tells whoever does (rcim/app/tracing/traces.py).

Without anybody who follows, each place costs one comparison with None.
"""

from __future__ import annotations

from typing import Protocol

from rcim.dispatch.requests import CommandRequest
from rcim.dispatch.shard_state import Batch


class MessageWatch(Protocol):
    """Follows commands from their mailbox to what is durable. Called from the loop; never raises."""

    def arrived(self, request: CommandRequest) -> CommandRequest:
        """A command is put into its mailbox; what is put there is what this returns."""

    def begun(self, batch: Batch) -> None:
        """The actors have handled these; they are about to be committed."""

    def durable(self, batch: Batch) -> None:
        """These are durable, and are about to be given out."""
