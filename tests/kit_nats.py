"""A real nats-server for tests: stopped, started again, held up; and what is in its stream."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from nats.aio.client import Client

from rcim.app.files import certificates
from rcim.outbox.streams.tls import trust
from tests.kit import PATIENCE_S
from tests.kit_broker import Broker, free_port


class Kept(NamedTuple):
    """A message of the stream."""

    subject: str
    id: str
    body: Any


class Nats(Broker):
    """A server with JetStream. `password`: of its user `rcim`; empty: everybody may connect. `tls`: it has
    `certificate`."""

    def __init__(self, folder: Path, password: str = "", *, tls: bool = False) -> None:
        self.port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self.certificate = folder / "cert.pem"
        self._tls = tls
        self._password = password
        folder.mkdir(parents=True, exist_ok=True)
        login = f'authorization {{ user: "rcim", password: "{password}" }}\n' if password else ""
        secure = ""
        if tls:
            key = certificates.new_key()
            self.certificate.write_bytes(certificates.self_signed(key, time.time()))
            (folder / "key.pem").write_bytes(certificates.key_pem(key))
            secure = f'tls {{ cert_file: "{self.certificate}", key_file: "{folder}/key.pem" }}\n'
        self._config = folder / "nats.conf"
        self._config.write_text(
            f"listen: '127.0.0.1:{self.port}'\nmax_payload: 200000\n{login}{secure}"
            f'jetstream {{ store_dir: "{folder}/js" }}\n',
            encoding="utf-8",
        )

    async def start(self) -> None:
        program = shutil.which("nats-server", path=str(Path(sys.executable).parent)) or "nats-server"
        self._process = subprocess.Popen(
            [program, "-c", str(self._config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        async with asyncio.timeout(PATIENCE_S):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    assert self._process.poll() is None, "nats-server did not start"
                    await asyncio.sleep(0.02)
                    continue
                writer.close()
                await writer.wait_closed()
                return

    async def client(self) -> Client:
        client = Client()
        login: dict[str, Any] = {"user": "rcim", "password": self._password} if self._password else {}
        if self._tls:
            login["tls"] = trust(str(self.certificate))
        await client.connect([self.url], allow_reconnect=False, connect_timeout=int(PATIENCE_S), **login)
        return client

    async def make_stream(self, **more: Any) -> None:
        client = await self.client()
        await client.jetstream(timeout=PATIENCE_S).add_stream(name="EVENTS", subjects=["rcim.>"], **more)
        await client.close()

    async def kept(self) -> list[Kept]:
        """All messages of the stream, in its order."""
        client = await self.client()
        stream = client.jetstream(timeout=PATIENCE_S)
        state = (await stream.stream_info("EVENTS")).state
        found = []
        for seq in range(state.first_seq, state.last_seq + 1):
            one = await stream.get_msg("EVENTS", seq)
            assert one.data is not None and one.headers is not None and one.subject is not None
            found.append(Kept(one.subject, one.headers["Nats-Msg-Id"], json.loads(one.data)))
        await client.close()
        return found
