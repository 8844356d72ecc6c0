"""The profiles that the settings name (CB-02): one for each receiver, with what it needs of its own."""

from __future__ import annotations

from rcim.app.settings.all_settings import Receiver, Settings
from rcim.hooks.discovery import DefinedHooks
from rcim.hooks.offline_receivers import OfflineReceivers
from rcim.hooks.profile import Profile
from rcim.hooks.profiles.leancloud import Engine, LeanCloudProfile
from rcim.hooks.profiles.rongcloud import RongCloudProfile
from rcim.hooks.profiles.table import RECEIVERS_OFFLINE, WEB_HOOK
from rcim.hooks.profiles.tencent import TencentProfile
from rcim.web.client import WebClient


class Profiles:
    """Makes them; `close` at the end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        types = settings.group_types
        self._chat_rooms = frozenset(name for name, row in types.items() if row.chat_room)
        self._made: dict[Receiver, Profile] = {}
        self.discoveries: list[DefinedHooks] = []
        """What is to be found out of receivers, from the start on."""
        self.offline: OfflineReceivers | None = None
        """Who is asked about pushes; None: nobody."""

    def of(self, receiver: Receiver) -> Profile:
        """The receiver's; always the same one."""
        if receiver not in self._made:
            self._made[receiver] = self._make(receiver)
        return self._made[receiver]

    def _make(self, receiver: Receiver) -> Profile:
        limits = self._settings.limits
        if receiver.profile == "rongcloud":
            return RongCloudProfile(
                receiver.app_id,
                receiver.token,
                limits,
                self._chat_rooms.__contains__,
                app_messages=receiver.app_messages,
                blocked_messages=receiver.blocked_messages,
            )
        if receiver.profile == "leancloud":
            return self._of_leancloud(receiver)
        if receiver.profile == "rcim":
            # Only who uses it pays for the library that signs.
            from rcim.hooks.profiles.webhooks import WebhooksProfile

            return WebhooksProfile(receiver.secrets, limits)
        return TencentProfile(self._settings.app.sdkappid, receiver.token, limits, unread=receiver.unread_num)

    def _of_leancloud(self, receiver: Receiver) -> Profile:
        engine = Engine(receiver.url, receiver.app_id, receiver.token, receiver.hook_key)
        client = WebClient(receiver.timeout_ms, allow_private=receiver.allow_private)
        hooks = engine.defined_hooks(client)
        if not set(receiver.commands) <= {WEB_HOOK}:  # that is none of the engine's functions
            self.discoveries.append(hooks)
        if RECEIVERS_OFFLINE in receiver.commands and self.offline is None:
            url = dict(line.split() for line in receiver.urls).get(RECEIVERS_OFFLINE, "")
            self.offline = OfflineReceivers(engine, hooks, client, receiver.timeout_ms, url)
        return LeanCloudProfile(engine, hooks, self._settings.limits, self._chat_rooms.__contains__)

    def counted(self) -> dict[str, int]:
        """How many questions about pushes were asked and failed, and how many times an engine did not say which hooks it
        has, since the start."""
        asked = self.offline.counts if self.offline is not None else {}
        found = {f"callbacks_offline_{name}": asked.get(name, 0) for name in ("asked", "failed")}
        return found | {"callbacks_unlisted": sum(one.failed for one in self.discoveries)}

    async def close(self) -> None:
        """Ask and look no more; give back the connections."""
        for one in self.discoveries:
            await one.close()
