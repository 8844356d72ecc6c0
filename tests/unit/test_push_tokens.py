"""Push tokens in the store (PU-03): one owner for each token, whatever crashes, and what makes tokens go."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from rcim.actor.push_records import PushToken, PushTokenRemoved, PushTokenSaved
from rcim.actor.push_tokens import send_test, set_token
from rcim.actor.queries import PushTokensQuery
from rcim.actor.user import user_key
from rcim.actor.user_commands import SendTestPush, SetPushToken
from rcim.actor.user_records import UserProfile, UserSaved
from rcim.base.errors import NO_PUSH_PROVIDER, RcimError
from rcim.store import backend, keys
from rcim.store.backend import MemoryBackend, StoreError
from rcim.store.push_answers import PushTokensPage
from rcim.store.push_tokens import DEVICES_MAX
from tests.kit import FilledStore, app_state


class Kit(FilledStore):
    """A store with tokens."""

    def __init__(self) -> None:
        super().__init__(MemoryBackend())

    def set(self, user_id: str, token: str, device: str = "phone", provider: str = "apns", time_ms: int = 1) -> None:
        made = PushToken(device, provider, token, time_ms=time_ms)
        self.append(PushTokenSaved(user_key(user_id), user_id, made))

    def remove(self, user_id: str, *of: str, time_ms: int = 0) -> None:
        self.append(PushTokenRemoved(user_key(user_id), user_id, *of, time_ms=time_ms))

    def tokens(self, user_id: str) -> list[tuple[str, str, str]]:
        (page,) = self.store.answer_all([PushTokensQuery(user_id)])
        assert isinstance(page, PushTokensPage)
        return [(one.device_id, one.provider, one.token) for one in page.tokens]

    def rows(self, table: str) -> list[bytes]:
        with self.backend.read() as view:
            return [row for row, _ in view.scan(table, b"", keys.LAST)]


@pytest.fixture
def kit() -> Kit:
    return Kit()


def test_a_device_has_one_token_for_each_provider(kit: Kit) -> None:
    kit.set("alice", "a1")
    kit.set("alice", "f1", provider="fcm")
    kit.set("alice", "a2")
    kit.set("alice", "a3", device="pad")
    assert kit.tokens("alice") == [("pad", "apns", "a3"), ("phone", "apns", "a2"), ("phone", "fcm", "f1")]
    assert len(kit.rows("push_owners")) == 3, "nobody has a1 any more"


def test_a_token_is_of_who_registered_it_last(kit: Kit) -> None:
    kit.set("alice", "a", time_ms=10)
    kit.set("alice", "b", provider="fcm")
    kit.set("bob", "a", device="bobs", time_ms=5)  # by a clock that was set back: commits decide
    assert kit.tokens("alice") == [("phone", "fcm", "b")] and kit.tokens("bob") == [("bobs", "apns", "a")]
    assert kit.rows("push_users") == [b"apns\0bob", b"fcm\0alice"]
    kit.set("alice", "a")
    assert kit.tokens("bob") == [] and ("phone", "apns", "a") in kit.tokens("alice")
    assert kit.rows("push_users") == [b"apns\0alice", b"fcm\0alice"]


def test_a_token_in_capitals_is_the_same_token(kit: Kit) -> None:
    """A push to the user from before would come to the phone of the one who has it now."""
    kit.set("alice", "0abc")
    kit.set("bob", "0ABC")
    assert kit.tokens("alice") == [] and kit.tokens("bob") == [("phone", "apns", "0ABC")]
    kit.set("bob", "0abc")
    assert kit.tokens("bob") == [("phone", "apns", "0abc")] and len(kit.rows("push_owners")) == 1
    kit.set("bob", "0ABC", device="pad")
    assert kit.tokens("bob") == [("pad", "apns", "0ABC")] and len(kit.rows("push_tokens")) == 1


def test_a_token_that_moves_to_another_device_of_the_user(kit: Kit) -> None:
    kit.set("alice", "a", device="old")
    kit.set("alice", "a", device="new")
    assert kit.tokens("alice") == [("new", "apns", "a")]
    assert kit.rows("push_users") == [b"apns\0alice"]


@pytest.mark.parametrize("fails_at", range(1, 6))
def test_a_commit_that_fails_moves_nothing(kit: Kit, monkeypatch: pytest.MonkeyPatch, fails_at: int) -> None:
    """There is no moment between taking the token from one user and giving it to another."""
    kit.set("alice", "a")
    before = {table: kit.rows(table) for table in ("push_tokens", "push_users", "push_owners")}
    done: list[str] = []

    def counting(write: Callable[..., None]) -> Callable[..., None]:
        def counted(view: object, table: str, *rest: bytes) -> None:
            done.append(table) if table.startswith("push_") else None
            if len(done) == fails_at:
                raise StoreError("the disk is gone")
            write(view, table, *rest)

        return counted

    with monkeypatch.context() as patch:
        for name in ("put", "delete"):
            patch.setattr(backend._MemoryView, name, counting(getattr(backend._MemoryView, name)))
        with pytest.raises(StoreError):
            kit.set("bob", "a")
    assert {table: kit.rows(table) for table in before} == before and len(done) == fails_at
    kit.set("bob", "a")
    assert kit.tokens("alice") == [] and kit.tokens("bob") != []


@pytest.mark.parametrize("seed", range(20))
def test_whatever_fails_a_token_has_one_owner(kit: Kit, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Users register and remove three tokens in any order, and any commit may fail at any of its writes."""
    rng = random.Random(seed)
    owners: dict[str, tuple[str, str]] = {}
    fails_in = 0

    def failing(write: Callable[..., None]) -> Callable[..., None]:
        def failed(view: object, table: str, *rest: bytes) -> None:
            nonlocal fails_in
            fails_in -= 1
            if fails_in == 0:
                raise StoreError("the disk is gone")
            write(view, table, *rest)

        return failed

    for name in ("put", "delete"):
        monkeypatch.setattr(backend._MemoryView, name, failing(getattr(backend._MemoryView, name)))
    for time_ms in range(60):
        user, device, token = rng.choice("abc"), rng.choice("xy"), rng.choice("123")
        fails_in = rng.choice([0, 0, rng.randrange(1, 8)])
        removes = rng.random() < 0.2
        try:
            kit.remove(user, device) if removes else kit.set(user, token, device, time_ms=time_ms)
        except StoreError:
            pass
        else:
            owners = {one: of for one, of in owners.items() if of != (user, device)}
            if not removes:
                owners[token] = (user, device)
        fails_in = 0
        found = {token: (user, device) for user in "abc" for device, _, token in kit.tokens(user)}
        assert found == owners, f"seed {seed}, step {time_ms}"
        assert kit.rows("push_users") == sorted({f"apns\0{user}".encode() for user, _ in owners.values()})
        assert len(kit.rows("push_tokens")) == len(kit.rows("push_owners")) == len(owners)


def test_what_the_index_does_not_confirm_counts_for_nothing(kit: Kit) -> None:
    kit.set("alice", "a")
    with kit.backend.write() as view:
        (row,) = [row for row, _ in view.scan("push_owners", b"", keys.LAST)]
        view.put("push_owners", row, keys.pair("bob", "phone"))
    assert kit.tokens("alice") == []


def test_the_device_that_registered_longest_ago_goes(kit: Kit) -> None:
    for number in range(DEVICES_MAX):
        kit.set("alice", f"t{number}", device=f"d{number:02d}", time_ms=100 - number)
    assert len(kit.tokens("alice")) == DEVICES_MAX
    kit.set("alice", "f", device="d00", provider="fcm", time_ms=101)
    kit.set("alice", "new", device="new", time_ms=102)
    devices = {device for device, _, _ in kit.tokens("alice")}
    assert len(devices) == DEVICES_MAX and f"d{DEVICES_MAX - 1:02d}" not in devices and "d00" in devices


@pytest.mark.parametrize(
    ("named", "left"),
    [
        ((), []),
        (("phone",), ["pad-a"]),
        (("phone", "fcm"), ["pad-a", "phone-a"]),
        (("", "apns"), ["phone-f"]),
        (("none",), ["pad-a", "phone-a", "phone-f"]),
    ],
)
def test_removing(kit: Kit, named: tuple[str, ...], left: list[str]) -> None:
    kit.set("alice", "phone-a")
    kit.set("alice", "phone-f", provider="fcm")
    kit.set("alice", "pad-a", device="pad")
    kit.remove("alice", *named)
    kit.remove("alice", *named)
    assert [token for _, _, token in kit.tokens("alice")] == left
    assert len(kit.rows("push_owners")) == len(left)


def test_an_invalid_token_goes_only_if_it_is_still_the_same_registration(kit: Kit) -> None:
    kit.set("alice", "a", time_ms=5)
    kit.remove("alice", "phone", "apns", "other", time_ms=5)
    kit.remove("alice", "phone", "apns", "a", time_ms=4)
    assert kit.tokens("alice") != []
    kit.remove("alice", "phone", "apns", "a", time_ms=5)
    assert kit.tokens("alice") == [] and kit.rows("push_users") == [] and kit.rows("push_owners") == []


def test_invalidation_and_the_end_of_the_account_take_tokens(kit: Kit) -> None:  # ID-09
    kit.set("alice", "a", time_ms=5)
    kit.append(UserSaved(user_key("alice"), "alice", UserProfile("Alice", invalidated_ms=4)))
    assert kit.tokens("alice") != []
    kit.append(UserSaved(user_key("alice"), "alice", UserProfile("Alice", invalidated_ms=5)))
    assert kit.tokens("alice") == []
    kit.set("alice", "a", time_ms=9)
    kit.append(UserSaved(user_key("alice"), "alice", UserProfile(deleted=True)))
    assert kit.tokens("alice") == [] and kit.rows("push_owners") == []


def test_only_providers_of_the_settings_are_taken() -> None:
    state = app_state()
    command = SetPushToken("alice", False, "phone", "apns", "a")
    with pytest.raises(RcimError) as error:
        set_token("@:alice", "alice", command, 1, state.config)
    assert error.value.code is NO_PUSH_PROVIDER
    with pytest.raises(RcimError) as error:
        send_test("alice", SendTestPush("root", True, "", ""), 1, state)
    assert error.value.code is NO_PUSH_PROVIDER
