"""`rcim-bench filter`: what the word filter costs for a text, beside a regular expression of the same words (SC-05)."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Sequence
from typing import Any

from rcim_bench.cost import cost_us
from rcim_bench.rig import facts

from rcim.rules.word_filter import WordFilter

CHINESE = [chr(code) for code in range(0x4E00, 0x9FFF)]
LATIN = "abcdefghijklmnopqrstuvwxyz"
TARGET_US = 20.0
"""SC-05: for 200 characters and 10,000 words."""


def made_words(count: int, rng: random.Random) -> list[str]:
    """So many different words, half of them Chinese."""
    found: set[str] = set()
    while len(found) < count:
        letters: Sequence[str] = CHINESE if len(found) % 2 else LATIN
        found.add(
            "".join(
                rng.choice(letters) for _ in range(rng.randint(2, 4) if letters is CHINESE else rng.randint(4, 9))
            )
        )
    return sorted(found)


def texts(words: list[str], length: int, rng: random.Random) -> dict[str, str]:
    """What is looked at, by what it is."""
    chinese = "".join(rng.choice(CHINESE) for _ in range(length))
    latin = "".join(rng.choice(LATIN + "    ") for _ in range(length))
    word = next(word for word in words if word.isascii())
    return {
        "Chinese": chinese,
        "Latin": latin,
        "mixed, full width, upper case": ("ＡＢＣ" + latin.upper() + chinese)[:length],
        "with a word in it": latin[: length - len(word)] + word,
    }


def run(count: int, length: int, seconds: float, seed: int) -> dict[str, Any]:
    """Measure; returns the report."""
    rng = random.Random(seed)
    words = made_words(count, rng)
    start = time.perf_counter()
    found = WordFilter((), words)
    made_ms = (time.perf_counter() - start) * 1000
    beside = re.compile("|".join(map(re.escape, words)), re.IGNORECASE)
    rows = []
    for name, text in texts(words, length, rng).items():
        own = cost_us(lambda text=text: found.check([text]), seconds)  # type: ignore[misc]
        other = cost_us(lambda text=text: beside.sub("***", text), seconds)  # type: ignore[misc]
        rows.append(
            {
                "text": name,
                "us": round(own, 2),
                "regex_us": round(other, 2),
                "ratio_to_regex": round(own / other, 4),
                "found": found.check([text]) is not None,
            }
        )
    return {
        "bench": "filter",
        "words": count,
        "length": length,
        "making_it_ms": round(made_ms, 1),
        "slowest_us": max(row["us"] for row in rows),
        f"slowest_us ≤ {TARGET_US:g}": all(row["us"] <= TARGET_US for row in rows) if length == 200 else None,
        "rows": rows,
        "machine": facts(),
    }
