"""Texts of pushes as short as services want them: never too long, never cut within a character, and cheap to make."""

from __future__ import annotations

import zlib

import msgspec
import pytest

from rcim.outbox.push.providers import shortening
from rcim.outbox.push.providers.shortening import MORE, TooLong, fitted, number_of, of_bytes, of_chars, of_columns
from tests.kit_push import push

FAMILY, FLAG, ENGLAND, THUMB, KEYCAP = "👨‍👩‍👧‍👦", "🇩🇪", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👍🏽", "1️⃣"
ZALGO = "e" + "\u0301" * 1023
TEXTS = ["汉" * 1024, FAMILY * 146, ZALGO, "\x01" * 1024, '"\\' * 512, "\u200d" * 1024, FLAG * 512, "x" * 1024]


@pytest.mark.parametrize("whole", [FAMILY, FLAG, ENGLAND, THUMB, KEYCAP, "कि", "e\u0301"])
def test_what_is_seen_as_one_character_is_not_cut(whole: str) -> None:
    text = whole * 20
    for most in range(3, 4 * len(whole) + 4):
        for cut in (of_chars(text, most), of_bytes(text, most), of_columns(text, most)):
            kept = cut.removesuffix(MORE)
            assert kept == whole * (len(kept) // len(whole)), (most, cut)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_has_at_most_so_many_bytes(text: str) -> None:
    for size in (0, 1, 2, 3, 4, 7, 100, 1023, 5000):
        cut = of_bytes(text, size)
        assert len(cut.encode()) <= size
        assert cut == text or not cut or (cut.endswith(MORE) and text.startswith(cut[:-1]))


@pytest.mark.parametrize("text", TEXTS)
def test_the_most_of_a_text_that_fits_is_found_with_little_work(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each device of a group gets a push: what a sender has chosen may not cost the server milliseconds for each."""
    calls = looked_at = 0
    category = shortening.category

    def counted(char: str) -> str:
        nonlocal looked_at
        looked_at += 1
        return category(char)

    def encode(title: str, text: str) -> bytes:
        nonlocal calls
        calls += 1
        return msgspec.json.encode({"title": title, "text": text, "data": "d" * 2900})

    monkeypatch.setattr(shortening, "category", counted)
    title, made = fitted(push(title="Team", text=text), 4096, encode)
    size = len(encode(title, made))
    assert size <= 4096 and title == "Team"
    assert made == text or size > 4096 - 4 * shortening.PARTS_MAX, "no more is cut off than has to be"
    assert calls <= 6 and looked_at <= 16 * shortening.PARTS_MAX


def test_nobody_makes_a_key_with_the_number_of_another_one() -> None:
    twins = "g:plumless", "g:buckeroo"  # the best known pair of words with one CRC-32
    assert zlib.crc32(twins[0].encode()) == zlib.crc32(twins[1].encode())
    assert len({number_of(key) for key in twins}) == 2 and all(0 < number_of(key) < 2**31 for key in twins)


def test_a_title_is_shortened_when_no_text_is_left() -> None:
    def encode(title: str, text: str) -> bytes:
        return msgspec.json.encode({"title": title, "text": text})

    title, text = fitted(push(title="T" * 300, text="汉" * 300), 200, encode)
    assert not text and title.endswith(MORE) and len(encode(title, text)) == 200
    with pytest.raises(TooLong):
        fitted(push(title="T", text="t"), 10, encode)
