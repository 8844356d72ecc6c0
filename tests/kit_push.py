"""What tests of push services share: the settings that name a stand-in, and pushes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rcim_bench.standin_certificates import make_certificate, make_es256_key

from rcim.app.consumers.push_providers import providers_of
from rcim.app.settings.sources import load
from rcim.base import clock
from rcim.outbox.push.provider import Provider, Push, PushResult
from tests.kit import PATIENCE_S
from tests.standins.google import write_account
from tests.standins.vendors import APP_ID, APP_KEY, SECRET

TOPIC = "com.example.chat"
KEY_ID, OTHER_KEY_ID, TEAM_ID = "ABC123DEFG", "XYZ987DEFG", "TEAM123456"
DEVICE = "a1" * 32
DAY_MS = 24 * 3600 * 1000


def push(token: str = "token-1", **more: Any) -> Push:
    fields: dict[str, Any] = {
        "push_id": "6f0e0f6e-0d5c-4e3a-9d0e-2b8a4b1f6a01",
        "title": "Ann",
        "text": "hello",
        "expires_ms": clock.wall_ms() + 7 * DAY_MS,
        **more,
    }
    return Push(token=token, **fields)


class Files:
    """Keys and certificates in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificate = make_certificate(folder)
        self.apns = {KEY_ID: make_es256_key(folder / "apns.p8"), OTHER_KEY_ID: make_es256_key(folder / "other.p8")}
        self.account = write_account(folder / "account.json")

    @property
    def apns_keys(self) -> dict[str, Any]:
        return {key_id: (TEAM_ID, key) for key_id, key in self.apns.items()}

    def section(self, provider: str, url: str, **more: str) -> dict[str, str]:
        """The settings for a stand-in at this URL."""
        own = {
            "apns": {
                "key_file": f"{self.folder}/apns.p8",
                "key_id": KEY_ID,
                "team_id": TEAM_ID,
                "topic": TOPIC,
            },
            "fcm": {"key_file": f"{self.folder}/account.json"},
        }.get(provider, {"app_id": APP_ID, "app_key": APP_KEY, "secret": SECRET})
        # Its answers come at once; on a slow machine that may be longer than the default.
        trust = {"ca_file": str(self.certificate.chain), "allow_private": "true", "timeout_ms": "60000"}
        return {"provider": provider, "url": url, **own, **trust, **more}


def made(section: dict[str, str]) -> Provider:
    """The provider that these settings name, as the server makes it."""
    environment = {f"RCIM__PUSH_PROVIDERS__ONE__{key.upper()}": value for key, value in section.items()}
    return providers_of(load(None, environment))["one"]


async def sent(provider: Provider, *pushes: Push) -> Sequence[PushResult]:
    async with asyncio.timeout(PATIENCE_S):
        return await provider.send(pushes)
