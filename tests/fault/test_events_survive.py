"""A process that is killed while it sends: every message that was acknowledged has its event (ST-01)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rcim.actor.events import MessagePassed
from rcim.base.ids import SHARDS
from rcim.base.limits import DEFAULTS
from rcim.store.backend import LmdbBackend
from rcim.store.check import check
from rcim.store.store import Store

ENOUGH = 300
SENDING = """
import asyncio, sys
from pathlib import Path
from rcim.actor import outcomes as o
from rcim.actor.events import EventKind
from rcim.base.limits import DEFAULTS
from rcim.dispatch.dispatcher import Dispatcher
from rcim.store.backend import LmdbBackend
from rcim.store.store import Store
from tests.kit import app_state
from tests.sim.test_dispatcher import Asker, DeliverySink, Request, create, send

class Saying(Asker):
    def answer(self, token, result):
        if isinstance(result, o.Sent):
            print(token % 7, result.seq, flush=True)

async def main():
    store = Store(LmdbBackend(Path(sys.argv[1])), DEFAULTS)
    store.events.register("one")
    app = app_state()
    app.wanted_events = frozenset({EventKind.MESSAGE_PASSED})
    dispatcher = Dispatcher(store, app, asyncio.get_running_loop())
    dispatcher.start(DeliverySink(store))
    said = Saying()
    for n in range(7):
        dispatcher.submit(Request(f"g:{n}", create(str(n)), said, n))
    token = 7
    while True:
        dispatcher.submit(Request(f"g:{token % 7}", send("u0", f"c{token}"), said, token))
        token += 1
        if token % 20 == 0:
            await asyncio.sleep(0)

asyncio.run(main())
"""


def test_every_acknowledged_message_has_its_event(tmp_path: Path) -> None:
    acknowledged: set[tuple[str, int]] = set()
    process = subprocess.Popen(
        [sys.executable, "-c", SENDING, str(tmp_path / "store")],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parent.parent.parent,
        encoding="utf-8",
    )
    assert process.stdout is not None
    for line in process.stdout:
        group, seq = line.split()
        acknowledged.add((f"g:{group}", int(seq)))
        if len(acknowledged) == ENOUGH:
            process.kill()
            break
    rest = process.stdout.read().splitlines()
    acknowledged |= {(f"g:{line.split()[0]}", int(line.split()[1])) for line in rest if len(line.split()) == 2}
    process.wait()
    process.stdout.close()
    assert len(acknowledged) >= ENOUGH
    backend = LmdbBackend(tmp_path / "store")
    store = Store(backend, DEFAULTS)
    assert check(backend).faults == []
    events = [one.event for shard in range(SHARDS) for one in store.events.read(shard, 1, 1_000_000)[0]]
    passed = [(event.where.key, event.message.seq) for event in events if isinstance(event, MessagePassed)]
    assert len(passed) == len(set(passed)) and acknowledged <= set(passed)
    for key in {key for key, _ in acknowledged}:
        seqs = [seq for conversation, seq in passed if conversation == key]
        assert seqs == list(range(1, store.load_group(key, 0).next_seq)), "and no other event than of a kept message"
    store.close()
