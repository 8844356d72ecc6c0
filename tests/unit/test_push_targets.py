"""Which users of a conversation may get a push through a provider (PU-01): those in both lists, in bounded steps."""

from __future__ import annotations

import random

import msgspec
import pytest

from rcim.actor import records as r
from rcim.actor.push_records import PushToken, PushTokenSaved
from rcim.actor.queries import PushTargetsQuery, PushUsersQuery
from rcim.actor.user import user_key
from rcim.actor.user_records import UserListed, UserProfile, UserSaved
from rcim.base.terms import (
    BROADCAST_ALL,
    ApplyJoinOption,
    MessageState,
    MsgFlag,
    Priority,
    Role,
    UserList,
    pair_conversation,
)
from rcim.rules.quiet import QuietHours
from rcim.store import keys
from rcim.store.backend import MemoryBackend
from rcim.store.push_answers import PushTargets, PushUsers
from rcim.store.push_targets import USERS_MAX
from rcim.store.values import pack
from tests.kit import FilledStore

GROUP, LONG = "g:team", "g:@TGS#_" + "x" * 300


class Kit(FilledStore):
    """Groups, and users with tokens."""

    def __init__(self) -> None:
        super().__init__(MemoryBackend())

    def group(self, key: str, *users: str) -> None:
        row = r.Profile(key[2:], "Public", "Team", "", "", "", "alice", 1, ApplyJoinOption.FREE_ACCESS, 0, 1)
        self.append(r.GroupCreated(key, row, [r.Member(user, Role.MEMBER, 1, 0, "") for user in users], 1))

    def token(self, *users: str, provider: str = "apns") -> None:
        for user in users:
            token = PushToken("phone", provider, f"{provider} {user}", time_ms=1)
            self.append(PushTokenSaved(user_key(user), user, token))

    def users(self, key: str, provider: str = "apns") -> tuple[list[str], int]:
        """All of them, and on how many pages."""
        found: list[str] = []
        pages, cursor = 0, ""
        while not pages or cursor:
            (page,) = self.store.answer_all([PushUsersQuery(provider, key, cursor)])
            assert isinstance(page, PushUsers)
            found += page.users
            pages, cursor = pages + 1, page.next
        return found, pages

    def targets(self, *users: str, key: str = GROUP, **more: object) -> PushTargets:
        query = msgspec.structs.replace(PushTargetsQuery("apns", list(users), key), **more)
        (found,) = self.store.answer_all([query])
        assert isinstance(found, PushTargets)
        return found


@pytest.fixture
def kit() -> Kit:
    return Kit()


@pytest.mark.parametrize("key", [GROUP, LONG])
@pytest.mark.parametrize("seed", range(5))
def test_users_in_both_lists(kit: Kit, monkeypatch: pytest.MonkeyPatch, seed: int, key: str) -> None:
    rng = random.Random(seed)
    names = [f"{rng.choice('abcé')}{n}" for n in range(60)]
    members, holders = set(rng.sample(names, rng.randrange(1, 60))), set(rng.sample(names, rng.randrange(60)))
    kit.group(key, *sorted(members))
    kit.group("g:a", *names)
    kit.group("g:z", *names)
    kit.token(*sorted(holders))
    kit.token(*names, provider="fcm")
    expected = sorted(members & holders, key=str.encode)
    assert kit.users(key) == (expected, 1)
    monkeypatch.setattr("rcim.store.push_targets.LOOKED_AT_MAX", 3)
    found, pages = kit.users(key)
    assert found == expected and pages <= 1 + min(len(members), len(holders)) // 3 + 1


def test_the_shorter_list_decides_how_much_is_read(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    kit.group(GROUP, *(f"u{n:04d}" for n in range(2000)))
    kit.token("u0000", "u1000", "u1999", "zoe")
    monkeypatch.setattr("rcim.store.push_targets.LOOKED_AT_MAX", 6)
    assert kit.users(GROUP) == (["u0000", "u1000", "u1999"], 1)


def test_other_kinds_of_conversations(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    kit.token("alice", "bob", "carol")
    assert kit.users(pair_conversation("bob", "dave")) == (["bob"], 1)
    assert kit.users(pair_conversation("alice", "bob")) == (["alice", "bob"], 1)
    assert kit.users("g:none") == ([], 1)
    monkeypatch.setattr("rcim.store.push_targets.LOOKED_AT_MAX", 2)
    assert kit.users(BROADCAST_ALL) == (["alice", "bob", "carol"], 2)


def test_what_decides_about_a_user(kit: Kit) -> None:
    kit.group(GROUP, "alice", "bob")
    kit.token("alice", "bob", "zoe")
    kit.token("bob", provider="fcm")
    quiet = QuietHours(60, 120)
    kit.append(
        UserSaved(user_key("bob"), "bob", UserProfile("Bob", quiet=quiet)),
        UserListed(user_key("bob"), "bob", UserList.BLACK, ["alice"], []),
    )
    found = kit.targets("bob", "zoe", "none", sender="alice")
    (bob,) = found.targets
    assert not found.gone and bob.user_id == "bob" and bob.quiet == quiet and bob.black_listed and bob.shown
    assert [token.provider for token in bob.tokens] == ["apns"]
    assert not kit.targets("bob", sender="zoe").targets[0].black_listed
    assert len(kit.targets("bob", "zoe", key="").targets) == 2, "of no message: everybody with a token"
    kit.append(UserSaved(user_key("bob"), "bob", UserProfile(deleted=True)))
    assert kit.targets("bob").targets == []


def test_a_message_that_is_no_more(kit: Kit) -> None:
    kit.group(GROUP, "alice", "bob")
    kit.token("bob")
    message = r.Message(1, 1, 1, Priority.NORMAL, "alice", "", "", "", "c1", b"")
    kit.append(r.MessageKept(GROUP, message))
    assert not kit.targets("bob", seq=1).gone and not kit.targets("bob", seq=2).gone
    kit.append(r.MessageAltered(GROUP, message.removed(MessageState.RECALLED, 2, "alice")))
    assert kit.targets("bob", seq=1).gone


def test_a_message_that_is_damaged_is_no_more(kit: Kit) -> None:
    """It may have been recalled; and what comes after it in the conversation does not wait for it."""
    kit.group(GROUP, "alice", "bob")
    kit.token("bob")
    with kit.backend.write() as view:
        view.put("messages", keys.message(GROUP, 1), pack(r.Member("bob", Role.MEMBER, 1, 0, ""))[:-3])
    assert kit.targets("bob", seq=1).gone and not kit.targets("bob", seq=2).gone


def test_of_users_who_want_no_push_little_is_read(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a large group that may be all."""
    kit.group(GROUP, "alice", "bob")
    kit.token("alice", "bob")
    with kit.backend.write() as view:
        muted = r.Member("bob", Role.MEMBER, 1, 0, "", MsgFlag.ACCEPT_NOT_NOTIFY)
        view.put("members", keys.pair(GROUP, "bob"), pack(muted))
    assert [bool(one.tokens) for one in kit.targets("alice", "bob").targets] == [True, True]
    asked: list[str] = []
    monkeypatch.setattr("rcim.store.push_targets.tokens_of", lambda view, user_id: asked.append(user_id) or [])
    found = kit.targets("alice", "bob", muted=False).targets
    assert asked == ["alice"] and [one.member.msg_flag for one in found] == [MsgFlag.ACCEPT_NOT_NOTIFY]


def test_what_an_edited_message_says(kit: Kit) -> None:
    kit.group(GROUP, "alice", "bob")
    kit.token("bob")
    message = r.Message(1, 1, 1, Priority.NORMAL, "alice", "", "", "", "c1", b"secret")
    kit.append(r.MessageKept(GROUP, message))
    assert kit.targets("bob", seq=1).edited is None
    edited = msgspec.structs.replace(message, body=b"nothing", state=MessageState.EDITED, changed_ms=2)
    kit.append(r.MessageAltered(GROUP, edited))
    assert kit.targets("bob", seq=1).edited == b"nothing" and kit.targets("bob", seq=1).targets


def test_a_group_that_users_do_not_know_of_yet(kit: Kit) -> None:  # GT-16, GR-08
    kit.group(GROUP, "alice", "bob")
    kit.token("bob")
    row = r.Profile("team", "Public", "", "", "", "", "alice", 1, ApplyJoinOption.FREE_ACCESS, 0, 1, importing=True)
    kit.append(r.GroupChanged(GROUP, 1, False, row, [], [], [], None))
    assert kit.targets("bob").targets == []


def test_no_more_than_some_are_asked_about_at_a_time(kit: Kit) -> None:
    users = [f"u{n:03d}" for n in range(USERS_MAX + 5)]
    kit.group(GROUP, *users)
    kit.token(*users)
    assert len(kit.targets(*users).targets) == USERS_MAX
