"""Who carries out what an administrator does with the consumers of the event log (CB-04): an interface, so that the
dispatcher knows nothing of the outbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from rcim.actor.outbox_results import Consumers
from rcim.actor.outbox_workflows import OutboxWorkflow, ReadConsumers
from rcim.actor.outcomes import AnyResult
from rcim.base.errors import NO_SUCH_CONSUMER, RcimError

Done = Callable[[AnyResult], None]


class OutboxControl(Protocol):
    """See the module's text. It is used from the loop."""

    def carry_out(self, workflow: OutboxWorkflow, done: Done) -> None:
        """Carry it out, and call `done` once, now or later, with its answer. Raises RcimError."""


class NoOutbox:
    """There are no consumers."""

    def carry_out(self, workflow: OutboxWorkflow, done: Done) -> None:
        """See OutboxControl. Raises RcimError(NO_SUCH_CONSUMER)."""
        if not isinstance(workflow, ReadConsumers) or workflow.consumer:
            raise RcimError(NO_SUCH_CONSUMER)
        done(Consumers([]))
