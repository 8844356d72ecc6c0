"""What the benches count with: receivers that only count, and the account of a run."""

from __future__ import annotations

import asyncio
import importlib
import socket
import ssl
from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from rcim_bench import stages
from rcim_bench.counting import FRAMES, RECORDS, TLS13_OVERHEAD, Counting
from rcim_bench.crowd import Crowd, checked_of

from rcim.load.swarm import Tally
from rcim.wire.frames import GroupInfo, Ping
from tests.kit import until


class _Transport:
    """A loop's transport as far as Counting needs one."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def pause_reading(self) -> None:
        pass

    def get_extra_info(self, _: str) -> socket.socket:
        return self._sock

    def abort(self) -> None:
        self._sock.close()


def record(size: int, kind: int = 0x17) -> bytes:
    """A TLS record with `size` bytes of plaintext, encrypted or not makes no difference to who counts."""
    return bytes([kind, 3, 3]) + (size + TLS13_OVERHEAD).to_bytes(2, "big") + bytes(size + TLS13_OVERHEAD)


async def test_counts_bytes_and_ends() -> None:
    ours, theirs = socket.socketpair()
    # socketpair is a Unix socket, where MSG_TRUNC copies; on TCP the kernel throws the bytes away. Both count.
    counting = Counting(asyncio.get_running_loop())
    assert counting.take(_Transport(ours)) == 0
    theirs.sendall(bytes(1000))
    await until(lambda: counting.total == 1000)
    assert counting.bytes_of(0) == 1000
    counting.reset()
    theirs.sendall(bytes(7))
    await until(lambda: counting.total == 7)
    theirs.close()
    await until(lambda: counting.ended == 1)
    counting.close()


@pytest.mark.parametrize("step", [1, 2, 4, 5, 6, 23, 1000])
async def test_records_are_counted_however_they_are_cut(step: int) -> None:
    ours, theirs = socket.socketpair()
    counting = Counting(asyncio.get_running_loop(), RECORDS)
    counting.take(_Transport(ours))
    sizes = [0, 1, 300, 16, 900]
    stream = b"".join(record(size) for size in sizes) + record(50, kind=0x16) + record(40)
    for at in range(0, len(stream), step):
        theirs.send(stream[at : at + step])
        reads = counting.reads
        await until(lambda before=reads: counting.reads > before)
    assert counting.total == sum(sizes) + 40, "what is no application data does not count"
    assert counting.units_of(0) == len(sizes) + 1
    counting.close()
    theirs.close()


@pytest.mark.parametrize("step", [1, 3, 11, 12, 13, 1000])
async def test_frames_are_counted_however_they_are_cut(step: int) -> None:
    ours, theirs = socket.socketpair()
    counting = Counting(asyncio.get_running_loop(), FRAMES)
    counting.take(_Transport(ours))
    stream = Ping(1).encode(1) + GroupInfo("g" * 30).encode(2) + Ping(2).encode(3)
    for at in range(0, len(stream), step):
        theirs.send(stream[at : at + step])
        reads = counting.reads
        await until(lambda before=reads: counting.reads > before)
    assert (counting.bytes_of(0), counting.units_of(0)) == (len(stream), 3)
    counting.close()
    theirs.close()


async def test_tls_records_say_their_plaintext() -> None:
    """The overhead that is taken off is that of TLS 1.3 as OpenSSL writes it."""
    import tempfile
    from pathlib import Path

    from rcim.app.files.datadir import DataDir
    from rcim.client.trust import client_context
    from rcim.connect.listener import server_context
    from rcim.session.tls import TlsCore

    with tempfile.TemporaryDirectory() as folder:
        data = DataDir(Path(folder) / "data")
        data.prepare()
        try:
            server = TlsCore(server_context(data.certificate, data.private_key), server_side=True)
            client = TlsCore(client_context(data.certificate), server_side=False, server_hostname="localhost")
        finally:
            data.release()
    while not (server.ready and client.ready):
        server.receive(client.data_to_send())
        client.receive(server.data_to_send())
    assert isinstance(client, TlsCore) and ssl.HAS_TLSv1_3
    sealed = server.seal(bytes(266)) + server.seal(bytes(5)) + server.seal(bytes(20_000))
    ours, theirs = socket.socketpair()
    counting = Counting(asyncio.get_running_loop(), RECORDS)
    counting.take(_Transport(ours))
    theirs.sendall(sealed)
    await until(lambda: counting.total == 271 + 20_000)
    assert counting.units_of(0) == 3, "one for each write, however many records it took"
    counting.close()
    theirs.close()


def crowd(checking: list[int], counting: list[int], **tally: Any) -> Crowd:
    """A crowd that has got these bytes in two frames each, at 100 bytes a message and 7 a frame."""
    made = Crowd.__new__(Crowd)
    made.checked, made.counted = len(checking), len(counting)
    made.swarm = SimpleNamespace(  # type: ignore[assignment]
        tally=Tally(**{"delivered": sum(checking) // 100, **tally}),
        members=[SimpleNamespace(push_bytes=b + 14, pushes=2, messages=b // 100) for b in checking],
    )
    made._frame_bytes = 7
    made.counting = SimpleNamespace(all=lambda: [(b + 14, 2) for b in counting])  # type: ignore[assignment]
    return made


def test_all_there() -> None:
    found = crowd([1000, 1000], [1000, 1000, 1000]).account(10)
    assert (found.delivered, found.lost, found.duplicated, found.reordered) == (50, 0, 0, 0)


def test_who_counts_less_has_lost() -> None:
    found = crowd([1000, 1000], [1000, 900, 0]).account(10)
    assert (found.delivered, found.lost) == (39, 11)


def test_who_counts_more_has_doubles() -> None:
    found = crowd([1000, 1000], [1000, 1100, 1001]).account(10)
    assert (found.lost, found.duplicated) == (0, 2), "one more, and one that is no message"


def test_what_the_checkers_found_counts() -> None:
    found = crowd([1000, 900], [1000], gaps=1, duplicated=2, reordered=3, latency=Counter()).account(10)
    assert (found.lost, found.duplicated, found.reordered) == (1, 2, 3)


def test_a_gap_behind_a_double_is_still_lost() -> None:
    assert crowd([1000], [1000], gaps=1).account(10).lost == 1


@pytest.mark.parametrize(
    ("members", "asked", "checked"),
    [(2, None, 2), (1000, None, 1000), (1001, None, 50), (5000, None, 250), (5000, 9000, 5000), (5000, 1, 1)],
)
def test_how_many_check(members: int, asked: int | None, checked: int) -> None:
    assert checked_of(members, asked) == checked


# --------------------------------------------------------------------------------------------------- stages


def test_every_timed_method_is_there() -> None:
    for methods in stages.STAGES.values():
        for module, owner, name in methods:
            assert callable(getattr(getattr(importlib.import_module(module), owner), name))


def test_each_moment_belongs_to_one_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter(range(0, 10_000, 10))
    monkeypatch.setattr("rcim_bench.stages.time.thread_time_ns", lambda: next(ticks))
    clock = stages.Clock()
    inner = clock.around("write", lambda: "done")
    outer = clock.around("reply", lambda: (inner(), inner()))
    assert outer() == ("done", "done")
    assert (clock.calls["reply"], clock.calls["write"], clock.inner["reply"]) == (1, 2, 2)
    assert clock.own_ns["write"] == 2 * 10, "each from its own start to its end"
    assert clock.own_ns["reply"] == 3 * 10, "before, between and behind the inner ones"


def test_a_clock_lets_errors_through() -> None:
    clock = stages.Clock()

    def fails() -> None:
        raise ValueError

    with pytest.raises(ValueError):
        clock.around("write", fails)()
    assert clock.calls["write"] == 1


def counts(**own_us: int) -> dict[str, Any]:
    """Counts of a clock with one call for each microsecond."""
    by_stage = {stage: own_us.get(stage, 0) for stage in stages.STAGES}
    return {
        "calls": by_stage,
        "own_ns": {stage: us * 1000 for stage, us in by_stage.items()},
        "inner": dict.fromkeys(stages.STAGES, 0),
        "cost": (100, 0),
    }


def test_what_is_in_no_stage_is_the_rest() -> None:
    rows = {row["stage"]: row for row in stages.rows_of("x", counts(), counts(write=60, parse=20), 10, 100, 10.0)}
    assert rows["write"]["us_per_message"] == 5.4, "60 calls of 1 µs, less 0.1 for the clock in each"
    assert rows["write"]["us_per_delivery"] == 0.54
    assert rows["rest"]["us_per_message"] == 2.8
    assert sum(row["share"] for row in rows.values()) == pytest.approx(1)
    assert stages.rows_of("x", counts(), counts(), 0, 0, 0.0)[0]["us_per_delivery"] == 0.0


@pytest.mark.slow
async def test_stages_small() -> None:
    report = await stages.run(10, 40, 0.5, 100, False, lambda _: None)
    assert (report["lost"], report["duplicated"], report["reordered"]) == (0, 0, 0)
    seen = {(row["load"], row["stage"]): row["calls"] for row in report["rows"]}
    assert seen["fan-out", "commit"] and seen["fan-out", "TLS out"] >= 10 and seen["sends", "parse"]
