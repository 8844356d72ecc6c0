"""Scrapes of a test server, and what is in them."""

from __future__ import annotations

from typing import NamedTuple

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from tests.kit import TestServer

ON = ("http.on=true",)


class Said(NamedTuple):
    """An answer to a scrape."""

    status: int
    headers: dict[str, str]
    text: str

    def samples(self) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        """Value by name and labels."""
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(self.text)
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float:
        """The sample with this name and exactly these labels."""
        return self.samples()[name, tuple(sorted(labels.items()))]


async def key_of(server: TestServer, *scopes: str) -> str:
    """The secret of a new API key."""
    async with server.client("administrator") as root:
        secret, _ = await root.create_key("prometheus", list(scopes or ("server:read",)))
        return secret


async def scrape(port: int, key: str = "", method: str = "GET", **headers: str) -> Said:
    """Ask for /metrics, over plain HTTP."""
    sent = {**({"Authorization": f"Bearer {key}"} if key else {}), **headers}
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"http://127.0.0.1:{port}/metrics", headers=sent) as answer,
    ):
        return Said(answer.status, dict(answer.headers), await answer.text())
