"""Push tokens (PU-03)."""

from __future__ import annotations

from rcim.service import results
from rcim.wire import frames


def tokens_ok(result: results.PushTokensPage) -> frames.PushTokensOk:
    """The tokens of a user."""
    rows = [
        frames.PushTokenEntry(
            device_id=one.device_id,
            provider=one.provider,
            token=one.token,
            topic=one.topic,
            sandbox=one.sandbox,
            language=one.language,
            time_ms=one.time_ms,
        )
        for one in result.tokens
    ]
    return frames.PushTokensOk(rows)
