"""Rows of the table of operations (operations.py): what the server does now (OP-02)."""

from __future__ import annotations

from rcim.service import live, requests
from rcim.service.operation_rows import Callers, Operation, Repeat, operation
from rcim.store import live_answers as answers

ADMINISTRATORS, READS = Callers.ADMINISTRATORS, Repeat.READS

LIVE_OPERATIONS: tuple[Operation, ...] = (
    operation("ADMIN_HOT", requests.AdminHot, answers.HotPage, live.hot, ADMINISTRATORS, READS),
    operation(
        "ADMIN_ACTIVITY",
        requests.AdminActivity,
        answers.ConversationActivity,
        live.activity,
        ADMINISTRATORS,
        READS,
    ),
    operation("ADMIN_SLOW", requests.AdminSlow, answers.SlowPage, live.slow, ADMINISTRATORS, READS),
    operation(
        "ADMIN_PROCESSES", requests.AdminProcesses, answers.ProcessesPage, live.processes, ADMINISTRATORS, READS
    ),
)
