"""What a user's actor does with push tokens (PU-03). It keeps none of them in memory: whom a token belongs to only the
store can say, since another user may have registered it meanwhile (store/push_tokens.py)."""

from __future__ import annotations

from rcim.actor.app_config import AppConfig
from rcim.actor.app_state import AppState
from rcim.actor.events import EventKind, PushTested
from rcim.actor.outcomes import Done, Outcome
from rcim.actor.push_records import PushToken, PushTokenRemoved, PushTokenSaved
from rcim.actor.user_commands import RemovePushToken, SendTestPush, SetPushToken
from rcim.base.errors import NO_PUSH_PROVIDER, RcimError


def set_token(key: str, user_id: str, command: SetPushToken, now_ms: int, config: AppConfig) -> Outcome:
    """Register a token. It is written each time: the same token may have moved to another user meanwhile. Raises
    RcimError(NO_PUSH_PROVIDER)."""
    if command.provider not in config.push_providers:
        known = ", ".join(sorted(config.push_providers)) or "none"
        raise RcimError(NO_PUSH_PROVIDER, f"provider {command.provider!r}: the settings have {known}")
    made = PushToken(
        device_id=command.device_id,
        provider=command.provider,
        token=command.token,
        topic=command.topic,
        sandbox=command.sandbox,
        language=command.language,
        time_ms=now_ms,
    )
    return Outcome(Done(), PushTokenSaved(key, user_id, made))


def remove_token(key: str, user_id: str, command: RemovePushToken) -> Outcome:
    """Remove what the command names. What is not there any more is none."""
    removed = PushTokenRemoved(
        key=key,
        user_id=user_id,
        device_id=command.device_id,
        provider=command.provider,
        token=command.token,
        time_ms=command.time_ms,
    )
    return Outcome(Done(), removed)


def send_test(user_id: str, command: SendTestPush, now_ms: int, app_state: AppState) -> Outcome:
    """Send the user's devices a push that says this. Raises RcimError(NO_PUSH_PROVIDER)."""
    if EventKind.PUSH_TESTED not in app_state.wanted_events:
        raise RcimError(NO_PUSH_PROVIDER, "the settings have no push provider")
    return Outcome(Done(), events=(PushTested(now_ms, user_id, command.title, command.text),))
