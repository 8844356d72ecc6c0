"""Searching in what one may read (RX-10)."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from rcim_bench import search as bench

from rcim.base.errors import BAD_PARAMETER, NO_SUCH_GROUP, NOT_PERMITTED, RcimError
from rcim.base.terms import MessageState, Priority
from rcim.client import Client, User
from rcim.content.elements import Custom, File, Image, Location, Text
from rcim.store import searching
from rcim.wire import frames as f
from tests.kit import TestServer


async def found(client: Client, words: str, **more: Any) -> list[tuple[str, int]]:
    """Conversation and SEQ of what is found, in the order in which it comes."""
    return [(m.conversation, m.seq) async for m in client.search(words, **more)]


async def code_of(job: Any) -> Any:
    with pytest.raises(RcimError) as caught:
        await job
    return caught.value.code


async def test_words_and_sender(server: TestServer) -> None:
    async with server.client("alice") as alice, server.client("bob") as bob, server.client("carol") as carol:
        await alice.create_group("one", group_id="one", type_="ChatRoom")
        await alice.create_group("two", group_id="two", type_="ChatRoom")
        await bob.join("one")
        texts = ["Good morning", "good evening Bob", "早上好，大家", "GOODBYE", "Übergang morgen"]
        for text in texts:
            await alice.send("one", text)
        await bob.send("one", "good, and you?")
        await alice.send("two", "good too")
        await alice.send(User("bob"), "good as well")
        pair = "c:5:alice:bob"
        assert await found(bob, "good") == [(pair, 1), *[("g:one", seq) for seq in (6, 4, 2, 1)]]
        assert await found(alice, "good", where="two") == [("g:two", 1)]
        assert await found(bob, "GOOD morn") == [("g:one", 1)]
        assert await found(bob, "好") == [("g:one", 3)] and await found(bob, "ÜBER") == [("g:one", 5)]
        assert await found(bob, "good", sender="bob") == [("g:one", 6)]
        assert await found(bob, "", sender="bob") == [("g:one", 6)]
        assert await found(bob, "nothing") == [] and await found(carol, "good") == []
        assert await found(carol, "good", where=User("bob")) == [], "they have not said anything yet"
        assert await found(bob, "good", where=User("alice")) == [(pair, 1)]
        # Who may not read gets an error, and no empty page (RX-06).
        assert await code_of(found(carol, "good", where="one")) is NOT_PERMITTED
        assert await code_of(found(carol, "good", where="nowhere")) is NO_SUCH_GROUP
        for words, sender in (("", ""), (" ".join(map(str, range(11))), ""), ("x" * 600, "")):
            assert await code_of(found(bob, words, sender=sender)) is BAD_PARAMETER
        assert await code_of(bob.search_page("x", b"\1\2\3")) is BAD_PARAMETER
        # An app administrator searches where it says.
        async with server.client("administrator") as root:
            assert await found(root, "good", where="two") == [("g:two", 1)]
            assert await found(root, "good", where=User("bob", of="alice")) == [(pair, 1)]
            assert await found(root, "good") == []
        page = await bob.history("one", from_seq=4, to_seq=4)
        assert await found(bob, "good", from_time_ms=page[0].time_ms + 1, where="one") == [("g:one", 6)]
        assert [s for _, s in await found(bob, "good", to_time_ms=page[0].time_ms, where="one")][-2:] == [2, 1]


async def test_what_may_not_be_seen_is_not_found(server: TestServer) -> None:
    async with server.client("alice") as alice, server.client("bob") as bob:
        await alice.create_group("p", group_id="p", type_="Private")
        await alice.send("p", "word before joining")
        await alice.invite("p", ["bob"])
        start = (await alice.history("p", limit=1, backwards=True))[0].seq
        for text in ("word recalled", "word edited", "word hidden", "word stays", "word deleted"):
            await alice.send("p", text)
        await alice.send("p", "word for alice alone", to=["alice"])
        await alice.recall("p", start + 1)
        await alice.edit_message("p", start + 2, "another one")
        await bob.hide_messages("p", [start + 3])
        await alice.delete_message("p", start + 5)
        assert await found(bob, "word") == [("g:p", start + 4)]
        assert [seq for _, seq in await found(alice, "word")] == [start + 6, start + 4, start + 3, 1]
        assert await found(bob, "another") == [("g:p", start + 2)]
        async with server.client("administrator") as root:
            assert [seq for _, seq in await found(root, "word", where="p")] == [start + 6, start + 4, start + 3, 1]
            await root.erase_messages("p", "alice")
            assert await found(root, "word", where="p") == []
        assert await found(bob, "word") == await found(alice, "word") == []


async def test_what_is_searched_of_a_message(server: TestServer) -> None:
    async with server.client("alice") as alice:
        await alice.create_group("g", group_id="g", type_="ChatRoom")
        for parts in (
            [File("https://x/needle-in-url", "", 1, "Report of needle.pdf")],
            [Location("Needle Street", 0, 0)],
            [Custom(b"needle", "a needle", "")],
            [Custom(b"needle", "", "needle")],
            [Text("see"), Text("the needle")],
        ):
            await alice.send("g", parts)
        assert [seq for _, seq in await found(alice, "needle")] == [5, 3, 2, 1]
        assert Image.NAME  # has nothing to read


@pytest.mark.parametrize("seed", range(3))
async def test_pages_find_all_of_it_once(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a page may cost, in whatever order conversations and messages come."""
    lots = random.Random(seed)
    monkeypatch.setattr(searching, "EFFORT", lots.choice([7, 25, 60, 10_000]))
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    async with server.client("alice") as alice:
        wanted: list[tuple[str, int]] = []
        for n in range(6):
            name = f"g{n}"
            await alice.create_group(name, group_id=name, type_="ChatRoom")
            there = []
            for seq in range(1, lots.randrange(2, 30)):
                said = lots.random() < 0.4
                await alice.send(name, "needle" if said else "hay")
                there += [(f"g:{name}", seq)] if said else []
            wanted += reversed(there)
        assert await found(alice, "needle") == wanted, f"seed {seed}"
        assert [x for x in wanted if x[0] == "g:g3"] == await found(alice, "needle", where="g3")
    await server.stop()


async def test_a_page_has_room_for_the_longest(tmp_path: Path) -> None:
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    async with server.client("alice") as alice:
        await alice.create_group("g", group_id="g", type_="ChatRoom")
        for _ in range(30):
            await alice.send("g", "needle " + "x" * 8000, priority=Priority.HIGH)
        page = await alice.search_page("needle")
        assert 0 < len(page.found) < 20 and page.cursor
        assert len(await found(alice, "needle")) == 30
        assert all(row.messages[0].state is MessageState.AS_SENT for row in page.found)
        raw = await server.member("alice")
        answer = await raw.ask(f.Search("needle", b"", 50))
        assert isinstance(answer, f.SearchOk)
    await server.stop()


def test_the_bench_small() -> None:
    report = bench.run(5, 10_000, 1, lambda _: None)
    assert bench.failures(report) == []
    assert {row["found"] for row in report["rows"] if row["what"].startswith("a Chinese")} != {0}


async def test_who_searches_holds_nobody_up(tmp_path: Path) -> None:
    """Searches of one user wait for each other, and not the login of another for all of them."""
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    async with server.client("alice") as alice:
        await alice.create_group("g", group_id="g", type_="ChatRoom")
        for n in range(200):
            await alice.send("g", f"hay {n} " + "x" * 6000)
    raw = await server.raw()
    await raw.login("alice", server.sign("alice"))
    for number in range(100, 160):
        raw.write(f.Search("ÜBER", b"", 20).encode(number))
    while (first := await raw.take_raw()) is not None and first.request_id != 100:
        pass
    reader = server.server.dispatcher._reader
    assert sum(map(len, reader._waiting.values())) > 0
    bob = await server.raw()
    await bob.login("bob", server.sign("bob"))
    assert sum(map(len, reader._waiting.values())) > 0, "bob is in before all of it is searched"
    await raw.answer_to(159)
    await server.stop()


SAID = (
    "Hauptstraße 1",
    "HAUPTSTRASSE 2",
    "ﬁnal",
    "Ｆｉｎａｌ",
    "cafe\u0301",
    "CAFÉ",
    "İstanbul",
    "ISTANBUL",
    "ıstanbul",
)


@pytest.mark.parametrize(
    ("words", "seqs"),
    [
        ("hauptstraße", [2, 1]),
        ("HAUPTSTRASSE", [2, 1]),
        ("final", [4, 3]),
        ("ＦＩＮＡＬ", [4, 3]),
        ("café", [6, 5]),
        ("cafe\u0301", [6, 5]),
        ("cafe", [6, 5]),
        ("istanbul", [9, 8, 7]),
        ("İSTANBUL", [9, 8, 7]),
        ("fi\u200bnal", [4, 3]),
    ],
)
async def test_texts_that_fold_to_the_same_are_the_same(
    plain_server: TestServer, words: str, seqs: list[int]
) -> None:  # RX-10
    async with plain_server.client("alice") as alice:
        await alice.create_group("g", group_id="g", type_="ChatRoom")
        for text in SAID:
            await alice.send("g", text)
        assert [s for _, s in await found(alice, words)] == seqs


@pytest.mark.parametrize("words", ["", " ", "\u200b", "\u0301 \ufe0f"])
async def test_words_of_which_nothing_is_left_are_none(plain_server: TestServer, words: str) -> None:
    async with plain_server.client("alice") as alice:
        with pytest.raises(RcimError, match="words"):
            await found(alice, words)
