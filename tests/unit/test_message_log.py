"""The message log (AB-03): lines, open files, closing an hour; torn lines, full disks, interruptions."""

from __future__ import annotations

import asyncio
import errno
import gzip
import hashlib
import json
import os
import random
import shutil
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rcim_tools.event_examples import BROADCAST, MESSAGE

from rcim.actor.events import BroadcastSent, ConversationFacts, MessagePassed
from rcim.actor.records import Message, MessageOptions
from rcim.base.terms import Platform, pair_conversation
from rcim.dispatch.worker import Worker
from rcim.outbox.message_log import closing
from rcim.outbox.message_log import folder as folder_module
from rcim.outbox.message_log.closing import close_hours
from rcim.outbox.message_log.folder import LogFolder, Place
from rcim.outbox.message_log.lines import HOUR_MS, begin_ms, hour_of, line_of
from rcim.outbox.message_log.message_log import AFTER_MS, MessageLog
from rcim.store.event_log import KeptEvent

HOUR = "2026111811"
PLACE = Place(HOUR, "group")


def passed(seq: int, key: str = "g:g", time_ms: int = 0, **more: Any) -> MessagePassed:
    at = time_ms or begin_ms(HOUR) + seq
    message: Message = msgspec.structs.replace(MESSAGE, seq=seq, client_msg_id=f"c{seq}", time_ms=at, **more)
    return MessagePassed(message.time_ms, ConversationFacts(key, "Public", "", "", 2), message)


def line(seq: int, **more: Any) -> bytes:
    return line_of(passed(seq, **more)).data


def made(path: Path) -> LogFolder:
    log = LogFolder(path / "log")
    log.prepare()
    return log


def close(log: LogFolder) -> int:
    return close_hours(log, log.begin_closing({HOUR}) | log.unknown())


def seqs(log: LogFolder, place: Place = PLACE) -> list[int]:
    with gzip.open(log.path / place.file("jsonl.gz"), "rt", encoding="utf-8") as file:
        return [json.loads(row)["MsgSeq"] for row in file]


def names(log: LogFolder) -> list[str]:
    return sorted(path.name for path in log.path.iterdir())


def test_the_fields() -> None:
    found = line_of(passed(7))
    assert (found.hour, found.kind) == (HOUR, "group")
    fields = json.loads(found.data.partition(b"\t")[2])
    assert fields == {
        "From_Account": "alice",
        "GroupId": "g",
        "MsgTimestamp": begin_ms(HOUR) // 1000,
        "MsgSeq": 7,
        "MsgRandom": zlib.crc32(b"c7"),
        "MsgId": "c7",
        "MsgBody": [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello 你好"}}],
        "Conversation": "g:g",
        "MsgTimestampMs": begin_ms(HOUR) + 7,
        "MessageId": str(MESSAGE.message_id),
        "MsgPriority": "Normal",
        "CloudCustomData": "v=1",
    }
    pair = line_of(passed(1, pair_conversation("alice", "bob"), extra=None))
    assert pair.kind == "pair" and json.loads(pair.data.partition(b"\t")[2])["To_Account"] == "bob"
    sent = msgspec.structs.replace(passed(7), platform=Platform.WEB, address="192.0.2.5")
    told = json.loads(line_of(sent).data.partition(b"\t")[2])
    assert told == fields | {"MsgFromPlatform": "Web", "ClientIP": "192.0.2.5"}
    options = MessageOptions("app.dice", to=("bob",), cloud_data=b"\xff")
    directed = json.loads(line_of(passed(1, "g:@TGS#_u", extra=options)).data.partition(b"\t")[2])
    assert (directed["To_Account"], directed["CloudCustomDataBase64"], directed["MsgTypeName"]) == (
        ["bob"],
        "/w==",
        "app.dice",
    )
    assert line_of(passed(1, "g:@TGS#_u")).kind == "ultra-group"
    sent = BroadcastSent(1, ConversationFacts("b:all", "", "", "", 0), BROADCAST)
    assert line_of(sent).kind == "broadcast"


def test_hours() -> None:
    assert hour_of(begin_ms("2026123123") + HOUR_MS) == "2027010100"
    assert hour_of(begin_ms(HOUR) + HOUR_MS - 1) == HOUR


@pytest.mark.parametrize("runs", [2, 64])
def test_closing_sorts_and_removes_doubles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runs: int) -> None:
    monkeypatch.setattr(closing, "CHUNK_BYTES", 5_000)
    monkeypatch.setattr(closing, "RUNS_MAX", runs)
    log = made(tmp_path)
    numbers = [*range(1, 301), *range(100, 200)]
    random.Random(1).shuffle(numbers)
    for at in range(0, len(numbers), 50):
        log.append({PLACE: b"".join(map(line, numbers[at : at + 50]))})
    assert close(log) == 0
    assert seqs(log) == list(range(1, 301))
    (file,) = log.log_files()
    data = (log.path / PLACE.file("jsonl.gz")).read_bytes()
    assert file.about is not None and (file.about.messages, file.size) == (300, len(data))
    assert file.about.sha256 == hashlib.sha256(data).hexdigest()
    assert names(log) == [PLACE.file("about"), PLACE.file("jsonl.gz")]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in log.path.iterdir())


def test_late_messages_go_into_the_file_that_is_there(tmp_path: Path) -> None:
    log = made(tmp_path)
    log.append({PLACE: line(1) + line(3)})
    close(log)
    log.append({PLACE: line(2) + line(3)})
    close(log)
    assert seqs(log) == [1, 2, 3]


@pytest.mark.parametrize("step", ["rename", "about", "unlink"])
def test_closing_may_be_interrupted_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    log = made(tmp_path)
    log.append({PLACE: line(2) + line(1)})

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        if step == "rename":
            patch.setattr(closing, "_write", dies)
        elif step == "about":
            patch.setattr(closing, "_write_whole", dies)
        else:
            patch.setattr(Path, "unlink", dies)
        with pytest.raises(KeyboardInterrupt):
            close(log)
    again = LogFolder(log.path)
    again.prepare()
    again.append({PLACE: line(3)})
    close(again)
    assert seqs(again) == [1, 2, 3] and names(again) == [PLACE.file("about"), PLACE.file("jsonl.gz")]


def test_torn_lines(tmp_path: Path) -> None:
    log = made(tmp_path)
    log.append({PLACE: line(1) + line(2)})
    path = log.path / PLACE.file("open")
    whole = path.read_bytes()
    path.write_bytes(whole + line(3)[:-20])
    again = made(tmp_path)
    assert path.read_bytes() == whole, "what was half written is cut off"
    again.append({PLACE: b"nonsense\n" + line(3)})
    assert close(again) == 1 and seqs(again) == [1, 2, 3]
    path.write_bytes(b"x" * 200_000)
    made(tmp_path)
    assert path.read_bytes() == b""


def test_a_damaged_log_file_gives_what_can_be_read(tmp_path: Path) -> None:
    log = made(tmp_path)
    log.append({PLACE: b"".join(line(seq) for seq in range(1, 2000))})
    close(log)
    path = log.path / PLACE.file("jsonl.gz")
    path.write_bytes(path.read_bytes()[:-500])
    log.append({PLACE: line(5000)})
    assert close(log) >= 1
    assert seqs(log)[0] == 1 and seqs(log)[-1] == 5000


def test_a_file_that_was_copied_here_is_looked_at_again(tmp_path: Path) -> None:
    log = made(tmp_path)
    log.append({PLACE: line(1)})
    close(log)
    shutil.copytree(log.path, tmp_path / "copy")
    copy = LogFolder(tmp_path / "copy")
    assert copy.unknown() == {PLACE} and copy.log_file(PLACE).about is None
    close_hours(copy, copy.unknown())
    about = copy.log_file(PLACE).about
    assert about is not None and about.messages == 1


def test_old_files_are_removed(tmp_path: Path) -> None:
    log = made(tmp_path)
    log.append({PLACE: line(1)})
    close(log)
    assert log.remove_before(HOUR) == 0
    log.append({PLACE: line(2)})
    assert log.remove_before("2026111812") == 0, "there are lines that are in no log file yet"
    close(log)
    assert log.remove_before("2026111812") == 1 and names(log) == []


# -- as a destination


class Log:
    """A message log, its clock, and how far its consumer has come."""

    def __init__(self, path: Path) -> None:
        self.now = begin_ms(HOUR) + HOUR_MS + AFTER_MS
        self.there = self.had = 10
        self.believed = True
        worker = Worker(asyncio.get_running_loop(), "test")
        self.log = MessageLog(path, 7, progress=self, clock=lambda: self, worker=worker)

    def now_ms(self) -> int:
        return self.now

    def may_delete(self) -> bool:
        return self.believed

    def following(self) -> tuple[int, ...]:
        return (self.there,)

    def taken(self) -> tuple[int, ...]:
        return (self.had,)


@pytest.fixture
async def log(tmp_path: Path) -> AsyncIterator[Log]:
    found = Log(tmp_path / "log")
    yield found
    await found.log.close()


def kept(*seqs: int) -> list[KeptEvent]:
    return [KeptEvent(0, seq, passed(seq)) for seq in seqs]


async def test_an_hour_is_closed_when_the_consumer_has_come_past_it(log: Log) -> None:
    assert not await log.log.deliver(kept(2, 1))
    log.now -= 1
    await log.log.look()
    assert names(log.log.folder) == [PLACE.file("open")], "the hour is not over for long enough"
    log.now += 1
    log.had = 9
    await log.log.look()
    log.there = 20  # what has come since does not matter
    await log.log.look()
    assert names(log.log.folder) == [PLACE.file("open")], "an event of before may be one of the hour"
    log.had = 10
    await log.log.look()
    assert seqs(log.log.folder) == [1, 2]
    assert not await log.log.deliver(kept(3))
    log.had = 20
    await log.log.look()
    assert seqs(log.log.folder) == [1, 2, 3]
    assert log.log.counted() == {
        "messages": 3,
        "failed": 0,
        "closed": 2,
        "close_failed": 0,
        "torn": 0,
        "removed": 0,
    }


async def test_files_are_kept_for_some_days(log: Log) -> None:
    await log.log.deliver(kept(1))
    await log.log.look()
    log.now = begin_ms(HOUR) + 8 * 24 * HOUR_MS
    log.believed = False
    await log.log.look()
    assert seqs(log.log.folder) == [1], "while the clock is in doubt nothing is removed"
    log.believed = True
    await log.log.look()
    assert names(log.log.folder) == [] and log.log.counted()["removed"] == 1


async def test_on_a_full_disk_events_wait(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not await log.log.deliver(kept(1))
    real = os.write
    with monkeypatch.context() as patch:

        def full(fd: int, data: memoryview) -> int:
            if len(data) > 100:
                return real(fd, data[:100])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/log/x")

        patch.setattr(folder_module.os, "write", full)
        left = await log.log.deliver(kept(2, 3))
    assert [one.event.number for one in left] == [2, 3]
    assert {one.reason for one in left} == {"/log/x: No space left on device"} and not left[0].for_good
    assert (log.log.folder.path / PLACE.file("open")).read_bytes() == line(1), "no half line stays"
    assert not await log.log.deliver(kept(2, 3))
    await log.log.look()
    assert seqs(log.log.folder) == [1, 2, 3]


async def test_batches_are_written_together(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []
    real = os.fsync
    monkeypatch.setattr(folder_module.os, "fsync", lambda fd: (synced.append(fd), real(fd)))
    await asyncio.gather(*(log.log.deliver(kept(seq)) for seq in range(1, 65)))
    await log.log.look()
    assert seqs(log.log.folder) == list(range(1, 65)) and len(synced) < 10


async def test_closing_that_fails_is_tried_again(log: Log) -> None:
    await log.log.deliver(kept(1))
    target = log.log.folder.path / PLACE.file("jsonl.gz")
    target.mkdir()
    await log.log.look()
    assert log.log.counted()["close_failed"] == 1
    target.rmdir()
    await log.log.look()
    assert seqs(log.log.folder) == [1]


async def test_a_folder_that_was_removed_is_made_again(log: Log) -> None:
    assert not await log.log.deliver(kept(1))
    shutil.rmtree(log.log.folder.path)
    assert [one.event.number for one in await log.log.deliver(kept(2))] == [2]
    assert not await log.log.deliver(kept(2, 3))
    await log.log.look()
    assert seqs(log.log.folder) == [2, 3]


async def test_half_a_line_that_could_not_be_cut_off_costs_no_other(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not await log.log.deliver(kept(1))
    real = os.write

    def fails(fd: int, data: memoryview) -> int:
        if len(data) > 100:
            return real(fd, data[:100])
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(folder_module.os, "write", fails)
        patch.setattr(folder_module.os, "ftruncate", lambda *_: fails(0, memoryview(b"")))
        assert await log.log.deliver(kept(2))
    assert not await log.log.deliver(kept(3, 2))
    await log.log.look()
    assert seqs(log.log.folder) == [1, 2, 3] and log.log.counted()["torn"] == 0


async def test_a_fault_of_ours_leaves_nobody_waiting(log: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(log.log.folder, "append", lambda lines: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            await log.log.deliver(kept(1))
    assert not await log.log.deliver(kept(1))


async def test_a_file_of_no_hour_holds_up_no_other(log: Log) -> None:
    await log.log.deliver(kept(1))
    (log.log.folder.path / "2026023925-group.open").touch()
    await log.log.look()
    assert seqs(log.log.folder) == [1]
