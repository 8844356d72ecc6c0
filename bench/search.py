"""`rcim-bench search`: what a search in history costs, without an index (RX-10), beside reading the same messages."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rcim_bench.rig import facts

from rcim.actor.queries import MessagesQuery, SearchQuery, TypeFacts
from rcim.actor.records import GroupCreated, Member, Message, MessageKept, Profile
from rcim.base.ids import message_id, shard_of
from rcim.base.limits import DEFAULTS
from rcim.base.terms import ApplyJoinOption, Priority, Role, group_conversation
from rcim.content.elements import Text, encode_body
from rcim.content.searchable import text_of
from rcim.store.answers import FoundPage
from rcim.store.backend import LmdbBackend
from rcim.store.filling import Filling
from rcim.store.store import Store

WORDS = ("hello", "meeting", "天气", "tomorrow", "Zürich", "agreed", "once", "again", "好的", "later")
RARE, RARE_EVERY = "xylophone", 5000
"""A word that is in one of so many messages."""
CASED = "ÜBERGANG"
"""A word whose letters have cases beyond ASCII. Messages with such letters are decoded, whatever is looked for."""
IN_ONE_COMMIT = 1000
USER = "reader"
TYPES = {"Public": TypeFacts(True, True, True, 0)}


def fill(store: Store, groups: int, messages: int, rng: random.Random) -> None:
    """So many messages in so many groups of one user."""
    filling = Filling(store)

    def put(key: str, record: Any) -> None:
        filling.put(key, record)
        if filling.waiting == IN_ONE_COMMIT:
            filling.commit()

    count = 0
    for n in range(groups):
        key = group_conversation(f"s{n:05d}")
        profile = Profile(key[2:], "Public", "n", "", "", "", "owner", 1, ApplyJoinOption.FREE_ACCESS, 0, 1)
        put(key, GroupCreated(key, profile, [Member(USER, Role.MEMBER, 1, 0, "")], 1))
        for seq in range(1, messages // groups + 1):
            count += 1
            said = [rng.choice(WORDS) for _ in range(12)] + ([RARE] if count % RARE_EVERY == 0 else [])
            id_ = message_id(shard_of(key), filling.position(key))
            sender = f"u{rng.randrange(50)}"
            body = encode_body([Text(" ".join(said))])
            put(key, MessageKept(key, Message(seq, seq, id_, Priority.NORMAL, sender, "", "", "", f"c{seq}", body)))
    filling.commit()


def searched(store: Store, words: list[str], sender: str = "") -> tuple[int, int, float, float]:
    """A whole search: messages found, pages, the CPU of all of it and of the dearest page, in milliseconds."""
    after, found, pages, total, dearest = ("", 0), 0, 0, 0.0, 0.0
    while True:
        query = SearchQuery(USER, False, "", words, sender, 0, 0, after, 50, TYPES, 0)
        start = time.thread_time()
        (page,) = store.answer_all([query])
        spent = (time.thread_time() - start) * 1000
        assert isinstance(page, FoundPage)
        found, pages, total, dearest = found + len(page.found), pages + 1, total + spent, max(dearest, spent)
        after = page.after
        if not page.more:
            return found, pages, total, dearest


def history(store: Store, groups: int, messages: int) -> float:
    """All of it read as history, 100 messages a page: CPU in milliseconds."""
    each = messages // groups
    start = time.thread_time()
    for n in range(groups):
        for low in range(1, each + 1, 100):
            key = group_conversation(f"s{n:05d}")
            store.answer_all([MessagesQuery(key, low, min(low + 99, each), 100, False, 0, 0, each, 1, USER)])
    return (time.thread_time() - start) * 1000


def run(groups: int, messages: int, seed: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure; returns the report."""
    messages = messages // groups * groups
    with tempfile.TemporaryDirectory() as folder:
        backend = LmdbBackend(Path(folder) / "store")
        store = Store(backend, DEFAULTS, text_of)
        say(f"{messages} messages in {groups} groups ...")
        fill(store, groups, messages, random.Random(seed))
        beside = history(store, groups, messages) * 1000 / messages
        rows = []
        for name, words, sender in (
            ("a word that is nowhere", ["nowhere"], ""),
            ("a rare word", [RARE], ""),
            ("a Chinese word and another", ["天气", "Meeting"], ""),
            ("a word with cases beyond ASCII", [CASED], ""),
            ("a sender and a rare word", [RARE], "u7"),
        ):
            found, pages, total, dearest = searched(store, words, sender)
            rows.append(
                {
                    "what": name,
                    "found": found,
                    "pages": pages,
                    "us_per_message": round(total * 1000 / messages, 2),
                    "ratio_to_history": round(total * 1000 / messages / beside, 3),
                    "dearest_page_ms": round(dearest, 1),
                }
            )
        backend.close()
    return {
        "bench": "search",
        "groups": groups,
        "messages": messages,
        "history_us_per_message": round(beside, 2),
        "rows": rows,
        "machine": facts(),
    }


def failures(report: dict[str, Any]) -> list[str]:
    """What makes the run a failure: not all that is there was found."""
    rows = {row["what"]: row for row in report["rows"]}
    rare = report["messages"] // RARE_EVERY
    wanted = {"a word that is nowhere": 0, "a rare word": rare, "a word with cases beyond ASCII": 0}
    return [
        f"{what}: {rows[what]['found']} found, {count} are there"
        for what, count in wanted.items()
        if rows[what]["found"] != count
    ]
