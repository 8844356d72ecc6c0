"""Lines of every kind, and what is no export (OP-03). tests/integration/test_exports.py has a real store."""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rcim.actor import records as r
from rcim.actor.api_keys import ApiKey
from rcim.actor.applications import Application
from rcim.actor.push_records import PushToken
from rcim.actor.user_records import Invitation, UserProfile
from rcim.app.files.datadir import DataDir
from rcim.app.settings.sources import load
from rcim.base.terms import Priority, Role
from rcim.content import elements as e
from rcim.operate.exporting import export, lines_of
from rcim.operate.faults import BackupError
from rcim.operate.importing import import_
from rcim.operate.line_kinds import BY_NAME, KINDS, kind_of_row
from rcim.rules.push_info import PushInfo
from rcim.rules.targets import Labels, Target
from rcim.rules.type_table import TypeChange
from rcim.store import keys
from rcim.store.backend import TABLES, FullError, LmdbBackend, MemoryBackend
from rcim.store.channel_listings import Listing
from rcim.store.endings import Ending
from rcim.store.messages import pack_message
from rcim.store.room_rows import RoomHead
from rcim.store.values import Head, ListEntry, Waiting, pack
from tests.unit.test_backup import at, empty, rows
from tests.unit.test_store import KEY, Kit, created, kept

U64 = keys.U64.pack
BODY = e.encode_body([e.Text("hello \u2603"), e.Custom(b"\0\xff", "what", "more"), e.Face(3, b"\1")])
MESSAGE = r.Message(
    7,
    1000,
    99,
    Priority.HIGH,
    "alice",
    "Alice",
    "",
    "",
    "c7",
    BODY,
    user_fields=(("k", b"\0v"),),
    tip=r.Change(r.ChangeKind(1), "alice", ["bob"], 1, 2, 3, 4),
    extra=r.MessageOptions(to=("bob",), target=Target(), push=PushInfo(), cloud_data=b"\xfe"),
)
PROFILE = msgspec.structs.replace(
    r.bare_profile("Public", "g"), name="n", speakers=["bob"], fields={"f": b"\x80"}, attributes=b'{"a":1}'
)
MEMBER = r.Member("bob", Role.ADMIN, 5, 6, "card", fields={"x": b"y"}, unheard=[(1, 2), (5, 9)])
USER = UserProfile("Alice", fields={"a": b"b"}, labels=Labels(("t",), {"city": "x"}), deleted=False)
KEY_OF_APP = ApiKey("id", "name", ("server:read",), "administrator", "administrator", 5, b"\0" * 32)
SAMPLES: dict[str, list[tuple[bytes, bytes]]] = {
    "counter": [(b"stamp", U64(5)), (b"time", U64(6)), (b"doubt", U64(7)), (b"forgotten", U64(1))],
    "day": [(b"day:" + U64(20000), U64(4))],
    "shard": [(keys.U16.pack(63), U64(9))],
    "type": [(b"type:Own", pack(TypeChange("Own", "Public", {"member_cap": "5"})))],
    "muted": [(b"muted:bob", U64(1))],
    "login_blocked": [(b"blocked:bob", U64(1 << 60))],
    "list_entry": [(b"list:1:a bad word", b""), ("list:2:\u00fc:x".encode(), b"")],
    "attribute_names": [(b"attributes:", pack({0: "city"}))],
    "api_key": [(b"key:id", pack(KEY_OF_APP))],
    "user": [(b"alice", pack(USER))],
    "seen": [(b"dora", U64(3))],
    "user_list_entry": [(keys.listed("alice", 1, "bob"), b""), (keys.listed("alice", 10), b"")],
    "push_token": [(b"bob\0phone\0fcm", pack(PushToken("phone", "fcm", "T1", time_ms=4)))],
    "conversation": [(b"g:g", pack(PROFILE))],
    "head": [(b"g:g", pack(Head(8, 1000, member_num=1)))],
    "member": [(keys.pair("g:g", "bob"), pack(MEMBER))],
    "membership": [(keys.pair("bob", "g:g"), keys.membership(2 | keys.HIDDEN, 5))],
    "own_membership": [(keys.pair("bob", "g:x@TOPIC#_y"), keys.membership(1, 5))],
    "left": [(keys.pair("bob", "g:old"), U64(4) + U64(900))],
    "restriction": [(keys.pair("g:g", "carol"), pack(r.UserRestriction("carol", muted_until_ms=9)))],
    "admin": [(keys.pair("g:@TGS#_u", "bob"), b"")],
    "invitation": [(keys.pair("bob", "g:g"), pack(Invitation("g:g", "alice", "n", 3)))],
    "application": [(keys.pair("carol", "g:g"), pack(Application("carol", "g:g", 5, "please")))],
    "waiting": [(keys.pair("g:g", "carol"), pack(Waiting(5)))],
    "channel": [
        (keys.pair("g:@TGS#_u", name), listing.pack())
        for name, listing in {
            "a": Listing(),
            "b": Listing(5),
            "c": Listing(0, True),
            "d": Listing(5, True, 3, 4),
        }.items()
    ],
    "insider": [(keys.pair("g:@TGS#_u@TOPIC#_c", "bob"), b"")],
    "room": [(keys.pair("g:r", ""), pack(RoomHead(3, 1)))],
    "room_attribute": [(keys.pair("g:r", "topic"), pack(r.RoomAttribute("topic", "v", "bob", 3, 2)))],
    "kept_room": [(b"g:r", b"")],
    "ending": [(keys.ending(0x0001_0002_0003, "g:_tmp:t"), pack(Ending(["bob"], over=True)))],
    "purge": [(b"g:p", U64(4)), (b"g:q", U64(4) + U64(5)), (b"g:r", U64(4) + U64(5) + b"m")],
    "list_of_user": [(keys.pair("bob", "g:g"), pack(ListEntry(4, 5))), (keys.pair("bob", ""), pack(ListEntry(3)))],
    "message": [
        (keys.message("g:g", 7), pack_message(MESSAGE)),
        (keys.message("g:g", 256), pack_message(msgspec.structs.replace(MESSAGE, seq=256, body=b"no elements"))),
        (keys.message("g:g", 1), pack_message(MESSAGE.removed(r.MessageState.RECALLED, 5, "alice"))),
    ],
    "altered": [(keys.altered("g:g", 1, 7), b"bob"), (keys.altered("g:g", 0x01000000, 0), b"")],
    "hidden": [(keys.hidden("g:g", "bob", 0x0100), b"")],
}
LONG = "u" * 300
"""Longer than LMDB takes together with another."""


def test_there_is_a_sample_of_every_kind_and_a_kind_for_every_table() -> None:
    assert set(SAMPLES) == set(BY_NAME)
    known = {kind.table for kind in KINDS}
    without = {"words", "inside", "push_users", "push_owners"}
    without |= {"events", "consumers", "dead_letters", "dead_places", "consumer_states"}
    assert known | without == set(TABLES) and not known & without


@pytest.mark.parametrize("name", SAMPLES)
def test_a_line_says_all_of_a_row(name: str) -> None:
    kind = BY_NAME[name]
    for row, data in SAMPLES[name]:
        assert kind_of_row(kind.table, row) is kind
        text = msgspec.json.encode(kind.read(row, data))
        assert text.startswith(b'{"kind":"%s"' % name.encode()) and b"\n" not in text
        line = msgspec.json.decode(text, type=kind.line)
        assert (kind.key(line), kind.form.made(line)) == (row, data), text


def test_elements_have_names() -> None:
    line = json.loads(msgspec.json.encode(BY_NAME["message"].read(*SAMPLES["message"][0])))
    assert [one["element"] for one in line["value"]["elements"]] == ["Text", "Custom", "Face"]
    assert line["value"]["elements"][0]["text"] == "hello \u2603" and "body" not in line["value"]
    other = json.loads(msgspec.json.encode(BY_NAME["message"].read(*SAMPLES["message"][1])))
    assert "elements" not in other["value"] and other["value"]["body"]


def test_what_is_of_nobody_is_not_exported() -> None:
    """Rule 2 of push_tokens.py: a token that its owner's row does not confirm."""
    backend = MemoryBackend()
    with backend.write() as view:
        view.put("push_tokens", *SAMPLES["push_token"][0])
        assert list(lines_of(view)) == []


@pytest.fixture
def exported(tmp_path: Path) -> list[bytes]:
    """The lines of a store with a group, its members and some messages; also of one whose keys are long."""
    backend = LmdbBackend(tmp_path / "data" / "store")
    kit = Kit(backend)
    pair = f"c:{LONG}1 {LONG}2"
    kit.append(created(KEY, "bob"), *(kept(seq) for seq in range(1, 21)))
    kit.append(r.PushTokenSaved("u:bob", "bob", PushToken("phone", "fcm", "T1", time_ms=4)))
    with backend.write() as view:
        view.put("chosen", keys.pair("bob", pair), pack(ListEntry(3)))
    backend.close()
    export(at(tmp_path / "data"), str(tmp_path / "x.jsonl"))
    return (tmp_path / "x.jsonl").read_bytes().splitlines(keepends=True)


def ended(lines: list[bytes]) -> list[bytes]:
    """With a last line that is right for the others."""
    inner = lines[1:-1]
    counts: dict[str, int] = {}
    for line in inner:
        name = json.loads(line)["kind"]
        counts[name] = counts.get(name, 0) + 1
    end = {"kind": "end", "lines": counts, "sha256": hashlib.sha256(b"".join(inner)).hexdigest()}
    return [lines[0], *inner, json.dumps(end).encode() + b"\n"]


def changed(kind: str, **values: Any) -> Callable[[list[bytes]], list[bytes]]:
    """The first line of a kind with other values."""

    def change(lines: list[bytes]) -> list[bytes]:
        at_line = next(i for i, line in enumerate(lines) if json.loads(line)["kind"] == kind)
        line = json.dumps(json.loads(lines[at_line]) | values).encode() + b"\n"
        return ended([*lines[:at_line], line, *lines[at_line + 1 :]])

    return change


def without(kind: str) -> Callable[[list[bytes]], list[bytes]]:
    def drop(lines: list[bytes]) -> list[bytes]:
        at_line = next(i for i, line in enumerate(lines) if json.loads(line)["kind"] == kind)
        return ended(lines[:at_line] + lines[at_line + 1 :])

    return drop


def with_line(text: str) -> Callable[[list[bytes]], list[bytes]]:
    return lambda lines: [lines[0], text.encode() + b"\n", *lines[1:]]


BAD: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str]] = {
    "empty": (lambda lines: [], "line 1: the export ends here"),
    "no header": (lambda lines: lines[1:], "line 1: it is no export of rcim"),
    "newer": (lambda lines: [lines[0].replace(b'"format":1', b'"format":2'), *lines[1:]], "in format 2; .* format 1"),
    "cut off between lines": (lambda lines: lines[:-1], "without its last line: it was cut off"),
    "cut off within a line": (lambda lines: [*lines[:3], lines[3][:-5]], "line 4: the export ends here"),
    "a line is missing": (lambda lines: lines[:2] + lines[3:], "not those that were exported"),
    "two lines are swapped": (
        lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
        "not those that were exported",
    ),
    "more at the end": (lambda lines: [*lines, b"{}\n"], "there is more after the last line"),
    "no JSON": (with_line("{"), "line 2: Input data was truncated"),
    "another kind": (with_line('{"kind":"spaceship"}'), "line 2: Invalid value 'spaceship'"),
    "no kind": (with_line("{}"), "line 2: Object missing required field `kind`"),
    "deep": (with_line("[" * 100_000), "line 2: "),
    "a field too many": (changed("shard", more=1), "contains unknown field `more`"),
    "a field of another sort": (changed("shard", next="x"), "Expected `int`, got `str`"),
    "a number too large": (changed("shard", next=1 << 70), "line 3: shard: "),
    "a negative number": (changed("shard", shard=-1), "shard: "),
    "a control character": (changed("head", conversation="a\x00b"), "head: conversation has to be"),
    "an empty key": (changed("head", conversation=""), "head: conversation has to be"),
    "a counter of no such name": (changed("counter", name="id"), "counter: 'id' is none"),
    "no UTF-8": (
        lambda lines: [lines[0], b'{"kind":"app_limit","\xff":1}\n', *lines[1:]],
        "line 2: ",
    ),
    "twice": (
        lambda lines: ended([*lines[:2], lines[1], *lines[2:]]),
        "line 3: counter: an earlier line says it, too",
    ),
    "a message is missing": (without("message"), "do not agree with each other: .*SEQ 1 to 1 missing"),
    "a member is missing": (without("member"), "do not agree with each other"),
    "a message too long": (with_line('"' + "x" * (65 << 20) + '"'), "line 2: it is longer than 67108864 bytes"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_whole_export_leaves_nothing(name: str, exported: list[bytes], tmp_path: Path) -> None:
    spoil, says = BAD[name]
    (tmp_path / "bad.jsonl").write_bytes(b"".join(spoil(exported)))
    with pytest.raises(BackupError, match=says):
        import_(at(tmp_path / "new"), str(tmp_path / "bad.jsonl"))
    assert empty(tmp_path / "new")


def test_a_damaged_archive_leaves_nothing(exported: list[bytes], tmp_path: Path) -> None:
    packed = gzip.compress(b"".join(exported))
    file = tmp_path / "x.jsonl.gz"
    for data in (packed[:-20], packed[:40] + b"\xff" * 8 + packed[48:], b"no archive"):
        file.write_bytes(data)
        with pytest.raises(BackupError, match=r"line \d+: "):
            import_(at(tmp_path / "new"), str(file))
        assert empty(tmp_path / "new")
    with pytest.raises(BackupError, match="No such file"):
        import_(at(tmp_path / "new"), str(tmp_path / "nowhere"))
    assert empty(tmp_path / "new")


def test_it_is_imported_into_an_empty_directory_alone(exported: list[bytes], tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="it is not empty"):
        import_(at(tmp_path / "data"), str(tmp_path / "x.jsonl"))
    running = DataDir(tmp_path / "new")
    running.path.mkdir()
    running.hold()
    with pytest.raises(BackupError, match="in use by another rcim server"):
        import_(at(tmp_path / "new"), str(tmp_path / "x.jsonl"))
    running.release()
    done = import_(at(tmp_path / "new"), str(tmp_path / "x.jsonl"))
    assert done.lines == len(exported) - 2
    before, after = rows(tmp_path / "data" / "store"), rows(tmp_path / "new" / "store")
    assert {table for table in TABLES if before[table] != after[table]} <= {"meta"}
    export(at(tmp_path / "new"), str(tmp_path / "y.jsonl.gz"))
    again = gzip.decompress((tmp_path / "y.jsonl.gz").read_bytes()).splitlines(keepends=True)
    assert again[1:] == exported[1:]


def test_an_import_onto_a_full_disk_leaves_nothing(
    exported: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # ST-04
    def full(*_: object, **__: object) -> None:
        raise FullError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(LmdbBackend, "write", full)
        with pytest.raises(BackupError, match="the disk is full"):
            import_(at(tmp_path / "new"), str(tmp_path / "x.jsonl"))
    assert exported and empty(tmp_path / "new")


def test_an_export_that_fails_leaves_the_file_of_before(exported: list[bytes], tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    settings = load(None, {}, [f"server.data={tmp_path / 'data'}"])
    backend = LmdbBackend(tmp_path / "data" / "store")
    with backend.write() as view:
        row, data = next(iter(view.scan("members", b"", keys.LAST)))
        view.put("members", row, data[:-1])
    backend.close()
    with pytest.raises(BackupError, match=r"members: g:lobby .* is damaged"):
        export(settings, str(file))
    with backend_of(tmp_path) as changing, changing.write() as view:
        view.put("members", row, data)
        view.put("meta", b"schema", keys.U16.pack(3))
    with pytest.raises(BackupError, match=r"has schema version 3, and this program exports \d+: start the server"):
        export(settings, str(file))
    assert file.read_bytes().splitlines(keepends=True) == exported
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "x.jsonl"]
    with pytest.raises(BackupError, match="No such file or directory"):
        export(settings, str(tmp_path / "no" / "x"))


def test_two_exports_to_one_file_do_not_mix(exported: list[bytes], tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    settings = load(None, {}, [f"server.data={tmp_path / 'data'}"])
    unfinished = tmp_path / "x.jsonl.incomplete"
    with open(unfinished, "wb") as other:
        other.write(b"of the other")
        other.flush()
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(BackupError, match="another export is writing it"):
            export(settings, str(file))
        assert unfinished.read_bytes() == b"of the other"
    export(settings, str(file))  # what one that was killed has left is no hindrance
    assert file.read_bytes().splitlines(keepends=True)[1:] == exported[1:]
    assert not unfinished.exists()


def backend_of(folder: Path) -> Any:
    return closing(LmdbBackend(folder / "data" / "store"))
