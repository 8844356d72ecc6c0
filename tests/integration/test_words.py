"""The app's lists through the wire: words (SC-05), who and what is protected (FC-07), now and after a restart."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from rcim.base.errors import RcimError
from rcim.base.terms import AppList, HeldBack, Priority
from rcim.client import User
from rcim.content.elements import Text, decode_body, encode_body
from rcim.dispatch import stepping
from rcim.rules.word_filter import WordFilter
from rcim.wire import frames as f
from tests.kit import Raw, TestServer, create, send


async def code(raw: Raw, frame: Any) -> str:
    found = await raw.ask(frame)
    return found.code.name if isinstance(found, RcimError) else "done"


async def texts(raw: Raw) -> list[str]:
    page = await raw.ask(f.History("g:g", 0, 0, 0, False))
    return ["".join(e.text for e in decode_body(m.body) if isinstance(e, Text)) for m in page.messages]


async def test_words_are_refused_and_replaced_from_the_reply_on(server: TestServer) -> None:  # SC-05
    admin, alice = await server.member("administrator"), await server.member("alice")
    await alice.ask(create("g"))
    assert await code(alice, send("g", "0", "evil and bad")) == "done"
    assert await code(admin, f.AdminListChange(AppList.REFUSED_WORDS, ["evil"], [])) == "done"
    assert await code(admin, f.AdminListChange(AppList.REPLACED_WORDS, ["b.a.d", "糟糕"], [])) == "done"
    assert await code(alice, send("g", "1", "Ｅ-V-I-L")) == "DIRTY_WORD"
    assert await code(alice, send("g", "2", "BAD, 糟*糕!")) == "done"
    assert await code(alice, f.MessageEdit("g:g", 2, encode_body([Text("so bad")]))) == "done"
    assert await code(alice, f.MessageEdit("g:g", 2, encode_body([Text("evil")]))) == "DIRTY_WORD"
    assert await texts(alice) == ["evil and bad", "so ***"]
    assert await code(admin, f.AdminListChange(AppList.REFUSED_WORDS, [], ["evil", "none"])) == "done"
    assert await code(alice, send("g", "3", "evil")) == "done"
    listed = await admin.ask(f.AdminList(AppList.REPLACED_WORDS, "", 1))
    assert listed == f.AdminListOk(["b.a.d"], "b.a.d")
    assert (await admin.ask(f.AdminList(AppList.REPLACED_WORDS, "b.a.d", 1))).entries == ["糟糕"]


async def test_what_can_not_be_on_a_list(plain_server: TestServer) -> None:
    admin, alice = await plain_server.member("administrator"), await plain_server.member("alice")
    wanted = [
        (admin, f.AdminListChange(AppList.REFUSED_WORDS, ["*.*"], []), "BAD_PARAMETER"),
        (admin, f.AdminListChange(AppList.REFUSED_WORDS, ["a\nb"], []), "BAD_PARAMETER"),
        (admin, f.AdminListChange(AppList.REFUSED_WORDS, [], []), "BAD_PARAMETER"),
        (admin, f.AdminListChange(AppList.REFUSED_WORDS, [f"w{i}" for i in range(501)], []), "BAD_PARAMETER"),
        (admin, f.AdminListChange(AppList.PROTECTED_USERS, ["@SYSTEM"], []), "BAD_PARAMETER"),
        (alice, f.AdminListChange(AppList.REFUSED_WORDS, ["a"], []), "ADMIN_REQUIRED"),
        (alice, f.AdminList(AppList.REFUSED_WORDS, "", 0), "ADMIN_REQUIRED"),
        (admin, f.AdminListChange(AppList.REFUSED_WORDS, ["a(b[c", "\\d+", "^x$"], []), "done"),
    ]
    for raw, frame, result in wanted:
        assert await code(raw, frame) == result, frame
    await alice.ask(create("g"))
    assert await code(alice, send("g", "1", "1 x a")) == "done", "signs of regular expressions are only themselves"
    assert await code(alice, send("g", "2", "A(b[C")) == "DIRTY_WORD"


async def test_lists_outlive_a_restart_and_stand_beside_the_settings(tmp_path: Path) -> None:
    words = tmp_path / "words.txt"
    words.write_text("# ours\nfilthy\n\n", encoding="utf-8")
    flags = (f"app.refused_words={words}", "app.sample_words=true", "app.protected_users=vip", "limits.words_max=2")
    server = TestServer(tmp_path / "data", tls=False, flags=flags)
    await server.start()
    admin = await server.member("administrator")
    assert await code(admin, f.AdminListChange(AppList.REFUSED_WORDS, ["evil", "worse"], [])) == "done"
    assert await code(admin, f.AdminListChange(AppList.REFUSED_WORDS, ["third"], [])) == "TOO_MANY_ENTRIES"
    await server.stop()
    again = TestServer(tmp_path / "data", tls=False, flags=flags)
    await again.start()
    admin, alice = await again.member("administrator"), await again.member("alice")
    assert (await admin.ask(f.AdminList(AppList.REFUSED_WORDS, "", 0))).entries == ["evil", "filthy", "worse"]
    assert (await admin.ask(f.AdminList(AppList.PROTECTED_USERS, "", 0))).entries == ["vip"]
    await alice.ask(create("g"))
    for number, text in enumerate(("filthy", "evil")):
        assert await code(alice, send("g", str(number), text)) == "DIRTY_WORD"
    assert await code(alice, send("g", "s", "shit happens")) == "done"
    assert await texts(alice) == ["*** happens"]
    await again.stop()


async def test_a_word_of_a_file_that_is_removed_is_off_until_the_next_start(tmp_path: Path) -> None:  # SC-08
    words = tmp_path / "words.txt"
    words.write_bytes(b"\xef\xbb\xbffilthy\r\n\xe8\x84\x8f\xe8\xaf\x9d\r\n")
    flags = (f"app.refused_words={words}",)
    server = TestServer(tmp_path / "data", tls=False, flags=flags)
    await server.start()
    admin, alice = await server.member("administrator"), await server.member("alice")
    await alice.ask(create("g"))
    assert await code(alice, send("g", "1", "filthy")) == await code(alice, send("g", "2", "脏话")) == "DIRTY_WORD"
    await admin.ask(f.AdminListChange(AppList.REFUSED_WORDS, ["mine"], []))
    found = await admin.ask(f.AdminListChange(AppList.REFUSED_WORDS, [], ["filthy", "mine", "none"]))
    assert found == f.AdminListChangeOk(["filthy"])
    assert (await admin.ask(f.AdminList(AppList.REFUSED_WORDS, "", 0))).entries == ["脏话"]
    assert await code(alice, send("g", "3", "filthy")) == "done"
    await admin.ask(f.AdminListChange(AppList.REFUSED_WORDS, ["filthy"], []))
    assert await code(alice, send("g", "4", "filthy")) == "DIRTY_WORD"
    await admin.ask(f.AdminListChange(AppList.REFUSED_WORDS, [], ["filthy"]))
    await server.stop()
    again = TestServer(tmp_path / "data", tls=False, flags=flags)
    await again.start()
    alice = await again.member("alice")
    assert await code(alice, send("g", "5", "filthy")) == "DIRTY_WORD"
    await again.stop()


NAMED: dict[str, Callable[[str], Any]] = {
    "name": lambda text: replace(create("h"), name=text),
    "introduction": lambda text: replace(create("h"), introduction=text),
    "notification": lambda text: f.GroupSet("g", notification=text),
    "new name": lambda text: f.GroupSet("g", name=text),
    "nickname": lambda text: f.ProfileSet(text, ""),
    "name card": lambda text: f.GroupMemberSet("g", "alice", name_card=text),
}


@pytest.mark.parametrize("what", NAMED)
@pytest.mark.parametrize("reads", [True, False])
async def test_names_are_read_too(tmp_path: Path, what: str, reads: bool) -> None:  # SC-08
    words = tmp_path / "words.txt"
    words.write_text("evil\n", encoding="utf-8")
    flags = (f"app.refused_words={words}", "app.sample_words=true", f"app.words_in_names={reads}".lower())
    server = TestServer(tmp_path / "data", tls=False, flags=flags)
    await server.start()
    alice = await server.member("alice")
    await alice.ask(create("g"))
    assert await code(alice, NAMED[what]("e\u200bvil")) == ("DIRTY_WORD" if reads else "done")
    if reads:
        assert await code(alice, NAMED[what]("oh shit")) == "done"
        info = await alice.ask(f.GroupInfo("h" if what in ("name", "introduction") else "g"))
        profile = await alice.ask(f.ProfileGet("alice"))
        (member,) = (await alice.ask(f.GroupMembers("g", "", 0))).members
        texts = (info.name, info.introduction, info.notification, profile.nickname, member.name_card)
        assert texts.count("oh ***") == 1
    await server.stop()


async def test_conversations_in_which_words_count(tmp_path: Path) -> None:  # SC-08
    flags = ("app.sample_words=true", "app.word_conversations=C2C,Public", "app.word_spaces=true")
    server = TestServer(tmp_path / "data", tls=False, flags=flags)
    await server.start()
    async with server.client("alice") as alice, server.client("bob") as bob:
        await alice.create_group("room", group_id="room", type_="ChatRoom")
        await alice.send("room", "s h i t")
        await alice.send(User("bob"), "s h i t")
        assert [m.text for m in await alice.history("room")] == ["s h i t"]
        assert [m.text for m in await bob.history(User("alice"))] == ["***"]
    await server.stop()


async def test_who_and_what_is_protected_passes_before_all_others(tmp_path: Path) -> None:  # FC-07
    rates = ("messages_per_s", "normal_per_s", "low_per_s", "lowest_per_s")
    flags = (*(f"types.ChatRoom.{rate}=5" for rate in rates), "app.protected_types=RC:VCInvite")
    server = TestServer(tmp_path / "data", tls=False, limited=True, flags=flags)
    await server.start()
    admin = await server.member("administrator")
    await admin.ask(f.AdminListChange(AppList.PROTECTED_USERS, ["vip"], []))
    owner, vip, bob = await server.member("owner"), await server.member("vip"), await server.member("bob")
    await owner.ask(create("g", "vip", "bob"))
    for i in range(10):
        bob.write(send("g", f"b{i}", priority=Priority.NORMAL).encode(100 + i))
    found = [await vip.ask(send("g", f"v{i}", priority=Priority.LOWEST)) for i in range(3)]
    assert all(one.seq and one.held_back is HeldBack.NO for one in found), "although it is LOWEST"
    call = f.Send("g:g", "call", Priority.LOWEST, encode_body([Text("x")]), type_name="RC:VCInvite")
    third = await server.member("owner")
    assert (await third.ask(call)).seq
    await server.stop()


async def test_a_long_change_of_words_leaves_the_loop_its_turns(
    server: TestServer, monkeypatch: pytest.MonkeyPatch
) -> None:  # SC-05
    """Where a step has no time at all, one word is folded in a turn of the loop: whatever a word costs, a change of many
    is no longer. And the first message finds the filter made."""
    monkeypatch.setattr(stepping, "STEP_S", 0.0)
    monkeypatch.setattr(stepping, "PAUSE_S", 0.0)
    loop, turn, folded = asyncio.get_running_loop(), 0, Counter[int]()
    stopped = False

    def next_turn() -> None:
        nonlocal turn
        turn += 1
        if not stopped:
            loop.call_soon(next_turn)

    def counted(words: WordFilter, text: str) -> str:
        folded[turn] += 1
        return word(words, text)

    word = WordFilter._word
    monkeypatch.setattr(WordFilter, "_word", counted)
    admin, alice = await server.member("administrator"), await server.member("alice")
    await alice.ask(create("g"))
    next_turn()
    new = [f"word {number:03}" for number in range(500)]
    assert await code(admin, f.AdminListChange(AppList.REFUSED_WORDS, new, [])) == "done"
    assert folded.total() == len(new) and max(folded.values()) <= 2
    assert await code(admin, f.AdminListChange(AppList.REPLACED_WORDS, new[:100], [])) == "done"
    assert await code(alice, send("g", "1", "word 007")) == "DIRTY_WORD"
    assert await code(admin, f.AdminListChange(AppList.REFUSED_WORDS, [], new)) == "done"
    assert await code(alice, send("g", "2", "word 007 and word 200")) == "done"
    assert await texts(alice) == ["*** and word 200"]
    assert folded.total() == 2 * len(new) + 100 and max(folded.values()) <= 2
    stopped = True


async def test_two_administrators_who_change_words_at_once_lose_nothing(server: TestServer) -> None:  # SC-05
    admin, other = await server.member("administrator"), await server.member("administrator")
    first, second = ([f"{name} {number}" for number in range(200)] for name in ("first", "second"))
    answers = await asyncio.gather(
        code(admin, f.AdminListChange(AppList.REFUSED_WORDS, first, [])),
        code(other, f.AdminListChange(AppList.REFUSED_WORDS, second, [])),
    )
    assert answers == ["done", "done"]
    alice = await server.member("alice")
    await alice.ask(create("g"))
    for text in (first[-1], second[-1]):
        assert await code(alice, send("g", text, text)) == "DIRTY_WORD"
