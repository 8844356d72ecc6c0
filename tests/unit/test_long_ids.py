"""User ids count in characters (ID-01), and what the store makes of keys with long ones."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from rcim.base.errors import RcimError
from rcim.base.ids import CONVERSATION_BYTES_MAX, SYSTEM_USER, check_user_id, is_user_id
from rcim.base.terms import UserList, pair_conversation, pair_of
from rcim.store import keys
from rcim.store.backend import Backend, LmdbBackend, MemoryBackend
from rcim.store.long_keys import FIRST_MAX, is_shortened, kept
from tests.amount import codes

LONG = "\U0001f600" * 64
OTHER = LONG[:-1] + "\U0001f601"
LMDB_KEY_MAX = 511


def test_every_character_by_its_class() -> None:  # ID-01
    refused = {"Cc", "Cf", "Cs", "Cn"}
    for code in codes():
        char = chr(code)
        assert is_user_id(f"a{char}") == (unicodedata.category(char) not in refused), f"U+{code:04X}"


@pytest.mark.parametrize(
    "user_id", ["", "x" * 65, "用" * 65, SYSTEM_USER, "@GUEST#1", "a\u200bb", "a\u202eb", "\ud83d"]
)
def test_what_is_no_user_id(user_id: str) -> None:  # ID-01
    with pytest.raises(RcimError, match="user id"):
        check_user_id(user_id)


@pytest.mark.parametrize("user_id", ["x", "x" * 64, "用" * 64, LONG, "é", "e\u0301", " "])
def test_what_is_one_stays_as_it_is(user_id: str) -> None:  # ID-01
    assert check_user_id(user_id) == user_id and len(user_id.encode()) <= 256


def test_a_conversation_of_the_longest_has_room() -> None:  # C2-01
    key = pair_conversation(LONG, OTHER)
    assert len(key.encode()) == CONVERSATION_BYTES_MAX and pair_of(key) == (LONG, OTHER)


# ------------------------------------------------------------------------------------------------------ keys


@pytest.fixture(params=["lmdb", "memory"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Backend]:
    made: Backend = LmdbBackend(tmp_path / "store") if request.param == "lmdb" else MemoryBackend()
    yield made
    made.close()


def every_key(one: str, other: str) -> list[bytes]:
    pair = pair_conversation(one, other)
    return [
        keys.pair(pair, one),
        keys.pair(one, pair),
        keys.after(one, pair),
        keys.message(pair, 1 << 40),
        keys.hidden(pair, one, 7),
        keys.altered(pair, 3, 4),
        keys.listed(one, UserList.BLACK, other),
        pair.encode(),
        one.encode(),
    ]


@pytest.mark.parametrize("length", [1, 16, 40, 48, 50, 63, 64])
def test_all_keys_fit_and_differ(length: int) -> None:
    mine, others = every_key(LONG[:length], OTHER[-length:]), every_key(LONG[:length], "\U0001f602" * length)
    for key in (*mine, *others):
        assert len(kept(key)) <= LMDB_KEY_MAX and kept(kept(key)) == kept(key)
        assert is_shortened(kept(key)) == (kept(key) != key)
    assert len({kept(key) for key in (*mine, *others)}) == len({*mine, *others})


def test_keys_of_ids_of_64_bytes_are_kept_as_they_are() -> None:
    for key in every_key("a" * 64, "b" * 64):
        assert kept(key) == key and not is_shortened(key)
    for seq in (0, 2, 0x0202020202020202, (1 << 63) - 1):
        for size in (150, 157, 158, 166, 191, 199, FIRST_MAX):
            key = keys.message("g" * size, seq)
            assert kept(key) == key and not is_shortened(key), (size, seq)


def test_rows_with_long_keys_are_read_as_they_were_put(backend: Backend) -> None:
    found = every_key(LONG, OTHER)
    with backend.write() as view:
        for key in found:
            view.put("members", key, b"value " + key[-3:])
    with backend.read() as view:
        assert dict(view.scan("members", b"", keys.LAST)) == {key: b"value " + key[-3:] for key in found}
        for key in found:
            assert view.get("members", key) == b"value " + key[-3:]
    with backend.write() as view:
        view.delete("members", found[0])
        assert view.get("members", found[0]) is None


def test_messages_stand_in_their_order(backend: Backend) -> None:
    key, beside = pair_conversation(LONG, OTHER), pair_conversation(LONG, OTHER[:-1] + "\U0001f602")
    seqs = list(range(1, 600, 7))
    random.Random(1).shuffle(seqs)
    with backend.write() as view:
        for seq in seqs:
            view.put("messages", keys.message(key, seq), b"%d" % seq)
            view.put("messages", keys.message(beside, seq), b"other")
    with backend.read() as view:
        low, high = keys.message(key, 100), key.encode() + keys.AFTER_SEP
        rows = list(view.scan("messages", low, high))
        assert [value for _, value in rows] == [b"%d" % seq for seq in sorted(seqs) if seq >= 100]
        assert [row for row, _ in rows] == [keys.message(key, seq) for seq in sorted(seqs) if seq >= 100]
        assert list(view.scan("messages", low, high, reverse=True)) == rows[::-1]
        follows = next(iter(view.scan("messages", rows[3][0] + b"\0", high)))
        assert follows == rows[4], "a scan goes on where it was left"
