"""`rcim-bench peers` without any other server: markers, counting, rows, servers that fail, and rcim alone."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rcim_bench.peers import run as peers
from rcim_bench.peers.driver import Driver, Place, Program
from rcim_bench.peers.irc import Inspircd, Ngircd
from rcim_bench.peers.mqtt import PUBACK, Acknowledging, packet
from rcim_bench.peers.phases import Load
from rcim_bench.peers.receivers import (
    CHECKERS_MIN,
    MARKER_BYTES,
    Checker,
    FrameCount,
    Tally,
    checker_places,
    marked,
    messages_in,
)
from rcim_bench.peers.redis import Redis
from rcim_bench.peers.xmpp import Ejabberd, Prosody

from rcim.wire import frames

LOAD = Load(members=20, rate=40, seconds=0.2, payload=100, window=4)


class _Mute(Program):
    """A server that never comes so far as to be spoken to."""

    def command(self, program: str, place: Place) -> list[str]:
        return [program]

    async def join(self, wire: object, number: int) -> None:
        await wire.until(b"never")  # type: ignore[attr-defined]

    def publisher(self, wire: object) -> Callable[[bytes], bytes]:
        return lambda text: text


class Missing(_Mute):
    """A server that nobody has."""

    name = "missing"
    program = "rcim-no-such-server"


class Failing(_Mute):
    """A program that ends at once, with a reason."""

    name = "failing"
    program = sys.executable

    def command(self, program: str, place: Place) -> list[str]:
        return [program, "-c", "import sys; sys.exit('no licence for Sundays')"]


class Dying(_Mute):
    """A server that takes a connection for the look whether it is there, and ends at the next."""

    name = "dying"
    program = sys.executable

    def command(self, program: str, place: Place) -> list[str]:
        script = f"import socket; s = socket.create_server(('127.0.0.1', {place.port})); s.accept(); s.accept()"
        return [program, "-c", script]


def _fed(numbers: list[int], seed: int) -> tuple[Checker, Tally]:
    stream = b"".join(b"head %s tail\r\n" % marked(0, n, 40) for n in numbers)
    tally = Tally()
    checker = Checker(tally)
    cut = random.Random(seed)
    while stream:
        size = cut.randint(1, 60)
        checker.feed(stream[:size])
        stream = stream[size:]
    return checker, tally


def test_a_marker_is_text_of_the_size_that_was_asked_for() -> None:
    assert marked(1, 2, MARKER_BYTES) == b"RCIM000000000000000100000002"
    assert len(marked(1 << 60, 0xFFFFFFFF, 200)) == 200
    assert marked(1, 2, 200).isalnum()


@pytest.mark.parametrize("seed", range(20))
def test_every_message_is_found_however_the_stream_is_cut(seed: int) -> None:
    checker, tally = _fed(list(range(30)), seed)
    assert (checker.delivered, checker.expected, checker.missing) == (30, 30, set())
    assert (tally.duplicated, tally.reordered, sum(tally.latency.values())) == (0, 0, 30)


def test_what_is_missing_doubled_or_out_of_order_is_seen() -> None:
    checker, tally = _fed([0, 1, 1, 4, 3, 5], seed=1)
    assert (checker.delivered, checker.missing) == (5, {2})
    assert (tally.duplicated, tally.reordered) == (1, 1)


def test_checkers_are_spread_and_the_last_receiver_is_one() -> None:
    assert checker_places(1000)[0] == 0 and checker_places(1000)[-1] == 999
    assert len(checker_places(1000)) == 50
    assert len(checker_places(100)) == CHECKERS_MIN
    assert checker_places(5) == [0, 1, 2, 3, 4]
    assert checker_places(1) == [0]


@pytest.mark.parametrize("size", [1, 3, 11, 12, 13, 500])
def test_frames_are_counted_however_the_stream_is_cut(size: int) -> None:
    stream = b"".join(frames.Ping(n).encode(n) for n in range(1, 8)) + frames.Deliver("g:x", []).encode()
    count = FrameCount()
    for at in range(0, len(stream), size):
        count.feed(stream[at : at + size])
    assert count.frames == 8


def test_bytes_become_messages() -> None:
    assert messages_in(2400, 240.0) == 10
    assert messages_in(2160, 240.0) == 9
    assert messages_in(0, 240.0) == 0
    assert messages_in(100, 0.0) == 0


@pytest.mark.parametrize("size", [1, 7, 300])
def test_each_mqtt_message_is_acknowledged_with_its_own_id(size: int) -> None:
    written: list[bytes] = []
    ids = [1, 2, 300, 65535]
    stream = b"".join(packet(0x32, b"\0\x04rcim" + n.to_bytes(2, "big") + marked(0, n, 150)) for n in ids)
    acknowledging = Acknowledging(written.append, 150)
    for at in range(0, len(stream), size):
        acknowledging.feed(stream[at : at + size])
    assert b"".join(written) == b"".join(PUBACK + n.to_bytes(2, "big") for n in ids)


@pytest.mark.parametrize("length, head", [(0, b"\x30\x00"), (127, b"\x30\x7f"), (128, b"\x30\x80\x01")])
def test_mqtt_lengths(length: int, head: bytes) -> None:
    assert packet(0x30, bytes(length)) == head + bytes(length)


async def test_a_server_that_is_not_installed_has_a_row_that_says_so() -> None:
    driver = Missing()
    found = {"round": 1, **await peers.turn(driver, False, LOAD)}
    row = peers.row(driver, False, [found])
    assert row["note"] == "not installed"
    assert row["deliveries_per_s"] is None and row["lost"] is None and row["generator_bound"] is None


async def test_a_server_that_does_not_start_has_its_reason_in_the_row() -> None:
    found = await peers.turn(Failing(), False, LOAD)
    assert found["failed"] == "did not start: ended with status 1: no licence for Sundays"


async def test_a_server_that_ends_meanwhile_has_a_reason_in_the_row() -> None:
    found = await peers.turn(Dying(), False, LOAD)
    assert "closed a connection" in found["failed"] or "ended" in found["failed"]


async def test_a_message_too_long_for_a_server_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = Inspircd()
    monkeypatch.setattr(driver, "find", lambda: sys.executable)
    found = await peers.turn(driver, False, Load(20, 40, 0.2, 500, 4))
    assert found["failed"] == "its messages have at most 412 bytes"


def test_rows_are_medians_and_sums_of_the_rounds() -> None:
    driver = Missing()
    zeros = dict.fromkeys(peers.MEDIANS, 1.0) | dict.fromkeys(peers.SUMS, 0) | {"checked": 20, "counted": 80}
    turns = [
        {"peer": "missing", "version": "1", "tls": False, **zeros, "p50_ms": p50, "lost": lost, "generator_cpu": 0.95}
        for p50, lost in ((3.0, 0), (9.0, 2), (4.0, 1))
    ]
    turns.append({"peer": "missing", "version": "1", "tls": True, "failed": "ended"})
    row = peers.row(driver, False, turns)
    assert (row["p50_ms"], row["lost"], row["generator_bound"], row["note"]) == (4.0, 3, True, "")
    assert peers.row(driver, True, turns)["note"] == "ended"


def test_servers_are_chosen_by_a_part_of_their_name() -> None:
    known = peers.drivers()
    assert [d.name for d in peers.choose(known, ["REDIS", "qos 1"])] == ["redis pub/sub", "mosquitto QoS 1"]
    assert len(peers.choose(known, [])) == len(known) == len({d.name for d in known}) == 10
    with pytest.raises(ValueError, match="none of rcim"):
        peers.choose(known, ["whatsit"])


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize(
    "driver", [Redis(), Inspircd(), Ngircd(), Ejabberd(archive=True), Prosody(archive=True)], ids=lambda d: d.name
)
def test_configurations_name_their_port_and_certificate_only_as_needed(
    driver: Driver, tls: bool, tmp_path: Path
) -> None:
    place = Place(tmp_path, 45678, tls, 100, tmp_path / "cert.pem", tmp_path / "key.pem")
    command = driver.command("server", place)
    text = " ".join(command) + "".join(path.read_text(encoding="utf-8") for path in tmp_path.iterdir())
    assert "45678" in text
    if tls:
        assert str(place.certificate) in text and str(place.key) in text


@pytest.mark.parametrize("payload, members", [(MARKER_BYTES - 1, 20), (100, 1)])
async def test_what_cannot_be_measured_is_refused(payload: int, members: int) -> None:
    with pytest.raises(ValueError):
        await peers.run(members, 40, 0.2, payload, 4, 1, ["rcim"], print)


async def test_rcim_alone_loses_nothing() -> None:
    said: list[str] = []
    report = await peers.run(20, 40, 0.2, 100, 4, 1, ["rcim"], said.append)
    assert said == ["round 1 of 1: rcim, plain", "round 1 of 1: rcim, TLS"]
    assert [(row["peer"], row["tls"]) for row in report["rows"]] == [("rcim", False), ("rcim", True)]
    for row in report["rows"]:
        assert [row[name] for name in peers.SUMS] == [0, 0, 0, 0], row
        assert (row["checked"], row["counted"], row["note"]) == (20, 0, "")
        assert row["deliveries_per_s"] > 0
    assert peers.failures(report) == []
    await asyncio.sleep(0)


async def test_counters_agree_with_checkers() -> None:
    found = await peers.turn(peers.drivers()[0], True, Load(40, 40, 0.2, 100, 4))
    assert (found["lost"], found["duplicated"], found["checked"], found["counted"]) == (0, 0, 21, 19)
