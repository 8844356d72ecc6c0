"""Pushes to a stand-in for APNs in a process of its own, over one connection: how many a second, and what one costs."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from rcim.app.consumers.push_providers import providers_of
from rcim.app.settings.sources import load
from rcim.base import clock
from rcim.outbox.push.provider import Provider, Push, PushOutcome

KEY_ID, TEAM_ID, TOPIC = "BENCH12345", "TEAM123456", "com.example.bench"
START_S = 60.0
WARM = 200
"""Pushes before the first that is measured: the connection, its tables, the first token."""


class Standin(NamedTuple):
    """A running stand-in, and the settings with which a server reaches it."""

    url: str
    settings: tuple[str, ...]


@asynccontextmanager
async def standin(folder: Path) -> AsyncIterator[Standin]:
    """A stand-in in another process, with its keys in `folder`. Raises ValueError without the extra, TimeoutError."""
    try:
        import h2  # noqa: F401 - the stand-in needs it
        from rcim_bench.standin_certificates import make_certificate, make_es256_key, public_pem_of
    except ImportError:
        raise ValueError("HTTP/2 is needed: install rcim[push]") from None
    certificate = make_certificate(folder)
    (folder / "apns-public.pem").write_bytes(public_pem_of(make_es256_key(folder / "apns.p8")))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "rcim_bench.standin_apns", str(folder), KEY_ID, TEAM_ID, TOPIC),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START_S):
            url = (await process.stdout.readline()).decode().strip()
        yield Standin(url, _settings(url, folder, certificate.chain))
    finally:
        process.kill()
        await process.wait()


def _settings(url: str, folder: Path, chain: Path) -> tuple[str, ...]:
    section = {
        "provider": "apns",
        "url": url,
        "key_file": folder / "apns.p8",
        "key_id": KEY_ID,
        "team_id": TEAM_ID,
        "topic": TOPIC,
        "ca_file": chain,
        "allow_private": "true",
        "timeout_ms": 20_000,
    }
    return tuple(f"push_providers.apns.{key}={value}" for key, value in section.items())


def token_of(number: int) -> str:
    """The device token of the device with this number: 64 digits, as Apple's."""
    return f"{number:064x}"


def push_of(number: int) -> Push:
    """A push as a group message makes it."""
    return Push(
        token=token_of(number),
        push_id=f"00000000-0000-4000-8000-{number:012x}",
        title="Project Aurora",
        text="Ann(Project Aurora): the new build is on the test devices, have a look",
        collapse_key=f"group-{number % 1000}",
        expires_ms=clock.wall_ms() + 7 * 24 * 3600 * 1000,
        data={"conversation": f"group-{number % 1000}", "seq": str(number)},
    )


async def run(provider: Provider, pushes: int) -> dict[str, Any]:
    """Send this many, 1,000 at a time; the figures. `wrong` are those that the stand-in did not take."""
    await provider.send([push_of(number) for number in range(WARM)])
    wrong = 0
    begun, cpu = time.perf_counter(), time.process_time()
    for first in range(0, pushes, 1000):
        batch = [push_of(number) for number in range(first, min(first + 1000, pushes))]
        wrong += sum(result.outcome is not PushOutcome.SENT for result in await provider.send(batch))
    seconds, spent = time.perf_counter() - begun, time.process_time() - cpu
    return {
        "apns_pushes": pushes,
        "apns_sends_per_s": round(pushes / seconds),
        "apns_cpu_us_per_push": round(spent / pushes * 1e6),
        "apns_wrong": wrong,
    }


async def sent_by_a_provider(made: Standin, pushes: int) -> dict[str, Any]:
    """The figures of the provider that a server would have."""
    provider = providers_of(load(None, {}, made.settings))["apns"]
    try:
        return await run(provider, pushes)
    finally:
        await provider.close()
