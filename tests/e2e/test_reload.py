"""SIGHUP: the server goes on, with the certificate that its files hold now (OP-03)."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
from pathlib import Path

import pytest

from rcim.app.files.certificates import key_pem, new_key, self_signed
from rcim.app.processes.process import ServerProcess
from rcim.base import clock
from rcim.client import client_context
from tests.e2e.test_commands import DEADLINE_S


@pytest.mark.parametrize("gateways", [0, 2])
async def test_sighup_loads_the_certificate_anew(tmp_path: Path, gateways: int) -> None:
    """In all processes that hold connections; all of them live on, whoever of them gets the signal."""
    certificate, key = tmp_path / "c.pem", tmp_path / "k.pem"
    write(certificate, key)
    own = (f"server.certificate={certificate}", f"server.private_key={key}", f"server.gateways={gateways}")
    own += ("http.on=true", "http.port=0")
    process = ServerProcess(tmp_path / "d", own)
    await process.start()
    before = client_context(certificate)
    assert await trusted(process, before)
    write(certificate, key)
    parts = [process.pid, *process.parts("gateway"), *process.parts("owner")]
    for pid in parts:  # as a terminal and a service manager do
        os.kill(pid, signal.SIGHUP)
    after = client_context(certificate)
    async with asyncio.timeout(DEADLINE_S):
        while not all([await trusted(process, after) for _ in range(8)]):
            await asyncio.sleep(0.05)
    assert not await trusted_on(process.host, process.port, before)
    assert not await trusted_on(process.host, process.http_port, before)
    assert process.running
    assert parts == [process.pid, *process.parts("gateway"), *process.parts("owner")], "none was started anew"
    assert await process.stop() == 0


def write(certificate: Path, key: Path) -> None:
    made = new_key()
    key.write_bytes(key_pem(made))
    key.chmod(0o600)
    certificate.write_bytes(self_signed(made, clock.wall_ms() / 1000))


async def trusted(process: ServerProcess, trust: ssl.SSLContext) -> bool:
    """Whether a new connection gets a certificate that is trusted so; on the port of back ends it is the same."""
    clients = await trusted_on(process.host, process.port, trust)
    back_ends = await trusted_on(process.host, process.http_port, trust)
    return clients and back_ends


async def trusted_on(host: str, port: int, trust: ssl.SSLContext) -> bool:
    """Whether a new connection to this port gets a certificate that is trusted so."""
    try:
        _, writer = await asyncio.open_connection(host, port, ssl=trust)
    except ssl.SSLError:
        return False
    writer.close()
    try:
        await writer.wait_closed()
    except (ssl.SSLError, ConnectionError):
        pass
    return True
