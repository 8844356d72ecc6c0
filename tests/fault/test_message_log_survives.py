"""The message log after kill -9 (AB-03): every acknowledged message is in it, once."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from rcim.app.files.datadir import DataDir
from rcim.app.processes.process import ServerProcess
from rcim.app.settings.all_settings import NO_RATES, Settings
from rcim.client import Client, client_context
from rcim.outbox.message_log.closing import close_hours
from rcim.outbox.message_log.folder import LogFolder
from rcim.session.usersig import mint
from tests.unit.test_message_log import seqs

FLAGS = (*NO_RATES, "limits.drain_grace_ms=300", "message_log.enabled=true")
AT_LEAST = 100


def client(data: DataDir, port: int) -> Client:
    token = mint(Settings().app.sdkappid, data.key(), "alice", int(time.time()), 3600)
    return Client("127.0.0.1", port, user_id="alice", user_sig=token, tls=client_context(data.certificate))


async def test_every_acknowledged_message_is_in_the_log_once(tmp_path: Path) -> None:
    process = ServerProcess(tmp_path / "data", FLAGS)
    data = DataDir(process.data)
    acknowledged: set[int] = set()
    await process.start()
    async with client(data, process.port) as alice:
        await alice.create_group("Chess", group_id="g")
        sending = [asyncio.create_task(alice.send("g", str(at))) for at in range(300)]
        for count, sent in enumerate(asyncio.as_completed(sending), 1):
            acknowledged.add((await sent).seq)
            if count == AT_LEAST:
                break
        await process.kill()
        for task in sending:
            task.cancel()
        for found in await asyncio.gather(*sending, return_exceptions=True):
            if not isinstance(found, BaseException):
                acknowledged.add(found.seq)
    await process.start()
    assert await process.stop() == 0, "at its end it delivers what is left"
    folder = LogFolder(data.path / "message-log")
    folder.prepare()
    close_hours(folder, folder.begin_closing(folder.open_hours()))
    logged = [seq for file in folder.log_files() for seq in seqs(folder, file.place)]
    assert len(logged) == len(set(logged)) and acknowledged <= set(logged)
    assert logged == sorted(logged)
