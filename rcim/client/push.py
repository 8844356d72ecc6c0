"""The SDK's requests about push tokens (PU-03): by which names push services know the user's devices."""

from __future__ import annotations

from rcim.client.requests import Requests
from rcim.wire import frames


class PushRequests(Requests):
    """Part of the client. `user_id` names another user: only for app administrators."""

    async def set_push_token(
        self,
        device_id: str,
        provider: str,
        token: str,
        *,
        topic: str = "",
        sandbox: bool = False,
        language: str = "",
        user_id: str = "",
    ) -> None:
        """Register the token that a push service has given this device; do so at each start of the app. `provider` is
        its name in the server's settings. Whoever had the token before has it no longer. Raises RcimError."""
        frame = frames.PushTokenSet(device_id, provider, token, topic, sandbox, language, user_id)
        await self.request(frame, frames.PushTokenSetOk)

    async def remove_push_tokens(self, device_id: str = "", provider: str = "", *, user_id: str = "") -> None:
        """Get no pushes on this device any more, through this provider; empty: all of them. Raises RcimError."""
        await self.request(frames.PushTokenRemove(device_id, provider, user_id), frames.PushTokenRemoveOk)

    async def push_tokens(self, *, user_id: str = "") -> list[frames.PushTokenEntry]:
        """What the user's devices have registered. Raises RcimError."""
        return list((await self.request(frames.PushTokens(user_id), frames.PushTokensOk)).tokens)

    async def test_push(self, user_id: str, title: str, text: str) -> None:
        """Send all devices of a user a push, for app administrators. Raises RcimError."""
        await self.request(frames.AdminPushTest(user_id, title, text), frames.AdminPushTestOk, repeat=False)
