"""What can happen to a message after it was sent (MS-10), and who has read it (MS-11)."""

from __future__ import annotations

from rcim.service import results
from rcim.wire import frames


def recalled_ok(result: results.Altered) -> frames.MessageRecallOk:
    """When the message was recalled (MS-10)."""
    return frames.MessageRecallOk(result.changed_ms)


def edited_ok(result: results.Altered) -> frames.MessageEditOk:
    """When the message was edited (MS-10)."""
    return frames.MessageEditOk(result.changed_ms)


def deleted_ok(result: results.Altered) -> frames.MessageDeleteOk:
    """When the message was deleted (MS-10)."""
    return frames.MessageDeleteOk(result.changed_ms)


def receipts_ok(result: results.Receipts) -> frames.MessageReceiptsOk:
    """How many have read the message, and a page of them (MS-11)."""
    return frames.MessageReceiptsOk(result.read_num, result.unread_num, result.users, result.next)
