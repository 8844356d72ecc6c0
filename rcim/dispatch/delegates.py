"""What the application hands to the dispatcher: who answers queries and carries out workflows about things that the
dispatcher does not have itself."""

from __future__ import annotations

from rcim.dispatch.audit_reading import AuditReading
from rcim.dispatch.health import HealthSource
from rcim.dispatch.log_files import LogFiles
from rcim.dispatch.outbox_control import OutboxControl
from rcim.dispatch.query_router import QueryRouter
from rcim.dispatch.reload_control import ReloadControl
from rcim.dispatch.workflows.context import WorkflowContext


class Delegates:
    """See the module's text. Each is given once, before it is asked."""

    def __init__(self, router: QueryRouter, context: WorkflowContext) -> None:
        self._router = router
        self._context = context

    def log(self, files: LogFiles) -> None:
        """Queries about the message log are answered there, and old files removed (AB-03)."""
        self._router.log_files = self._context.log_files = files

    def audit(self, audit: AuditReading) -> None:
        """Queries about the audit log are answered there."""
        self._router.audit = audit

    def health(self, health: HealthSource) -> None:
        """The owner's health checks are made there (OP-04)."""
        self._router.health = health

    def outbox(self, control: OutboxControl) -> None:
        """`control` carries out what administrators do with the consumers of events (CB-04)."""
        self._context.outbox = control

    def reloads(self, control: ReloadControl) -> None:
        """`control` reads the settings again when an administrator says so (OP-03)."""
        self._context.reloads = control
