"""An export of a store with every kind of conversation becomes a store that says the same, to itself and to clients
(OP-03)."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from rcim.client import Client
from rcim.content.elements import Element, decode_body
from rcim.demo import kind_trials, kinds
from rcim.demo.show import Sheet
from rcim.demo.trying import MEMBER
from rcim.operate.checking import check_file
from rcim.operate.exporting import export
from rcim.operate.importing import import_
from rcim.store.backend import TABLES
from rcim.wire import frames
from tests.kit import TestServer
from tests.unit.test_backup import at, rows

LEFT_OUT = {"events", "consumers", "dead_letters", "dead_places", "consumer_states"}
Shown = dict[str, list[tuple[int, str, list[Element]]]]
OF_A_PROCESS = {b"epochs", b"events"}


@pytest.fixture
async def talked_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory with what the demo of all kinds leaves, before its last trials dissolve them."""
    trials = tuple(trial for trial in kinds.TRIALS if trial not in kind_trials.LAST)
    monkeypatch.setattr(kinds, "TRIALS", trials)
    sheet = Sheet(trials, tuple(kinds.COLUMNS), says="", notes="", as_json=True, wide=230, least=140)
    await kinds.play(tmp_path / "data", sheet)
    return tmp_path / "data"


async def synced(data: Path) -> Shown:
    """What a member's client shows after it has come: of each conversation the messages."""
    server = TestServer(data, tls=False, flags=("app.administrators=app",))
    await server.start()
    async with server.client(MEMBER) as client:
        found = await _shown(client)
    await server.stop()
    return found


async def _shown(client: Client) -> Shown:
    found = {}
    for entry in (await client.sync_page()).conversations:
        request = frames.History(entry.conversation, 0, 0, 100, False)
        page = await client.request(request, frames.HistoryOk)
        found[entry.conversation] = [(m.seq, m.sender, decode_body(m.body)) for m in page.messages]
    return found


async def test_there_and_back_again(talked_in: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl.gz"
    end = export(at(talked_in), str(first))
    assert {"member", "message", "channel", "insider", "own_membership", "application", "type", "left"} <= set(
        end.lines
    )
    import_(at(tmp_path / "new"), str(first))
    export(at(tmp_path / "new"), str(second))
    lines = first.read_bytes().splitlines()
    assert gzip.decompress(second.read_bytes()).splitlines()[1:] == lines[1:]
    before, after = rows(talked_in / "store"), rows(tmp_path / "new" / "store")
    for table in set(TABLES) - LEFT_OUT:
        expected = {row: data for row, data in before[table].items() if table != "meta" or row not in OF_A_PROCESS}
        assert after[table] == expected, table
    assert check_file(tmp_path / "new" / "store", 1 << 30).faults == []
    shown = await synced(tmp_path / "new")
    assert shown == await synced(talked_in) and len(shown) > 3
