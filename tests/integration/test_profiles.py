"""The profiles of many users in one request (AB-05)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from rcim.base.terms import Gender
from rcim.wire import frames as f
from tests.integration.test_groups import Crowd, refused
from tests.kit import TestServer

FIELDS = "app.user_fields=Open anyone anyone, Own app_admin app_admin self_read self_write, Shut app_admin app_admin"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[TestServer]:
    made = TestServer(tmp_path / "data", tls=False, flags=(FIELDS,))
    await made.start()
    yield made
    await made.stop()


async def test_many_profiles_in_one_request(server: TestServer) -> None:
    async with Crowd(server) as crowd:
        alice, bob, root = await crowd("alice", "bob", "administrator")
        await alice.set_profile("Alice", "https://example.org/a", gender=Gender.FEMALE, signature="hello")
        every = {"Open": b"1", "Own": b"2", "Shut": b"3"}
        for user in ("alice", "bob"):
            await root.set_profile_of(user, nickname=user.title(), fields=every)
        await root.set_profile_of("gone", nickname="Gone")
        await root.delete_accounts(["gone"])
        asked = ["nobody", "alice", "gone", "bob", "alice"]
        found = await bob.profiles(asked)
        assert list(found) == ["nobody", "alice", "gone", "bob"], "in the order asked for, each once"
        assert [entry.known for entry in found.values()] == [False, True, False, True]
        for name in ("nobody", "gone"):
            assert found[name] == f.ProfileEntry(name, False, "", "")
        one = found["alice"]
        assert (one.nickname, one.face_url, one.gender, one.signature) == (
            "Alice",
            "https://example.org/a",
            Gender.FEMALE,
            "hello",
        )
        assert {row.key for row in one.fields} == {"Open"}, "what bob may not see of others is left out"
        assert {row.key for row in found["bob"].fields} == {"Open", "Own"}
        assert {row.key for row in (await root.profiles(["alice"]))["alice"].fields} == set(every)
        assert await refused(bob.profiles([f"u{n}" for n in range(101)])) == "BAD_PARAMETER"


async def test_what_does_not_fit_one_answer_comes_with_the_next(server: TestServer) -> None:  # WI-04
    users = [f"user{n}" for n in range(100)]
    async with Crowd(server) as crowd:
        bob, root = await crowd("bob", "administrator")
        for user in users:
            await root.set_profile_of(user, signature="s" * 500, fields={"Open": b"o" * 512})
        page = await bob.request(f.ProfilesGet(users), f.ProfilesGetOk)
        assert 0 < page.taken < 100 and [row.user_id for row in page.profiles] == users[: page.taken]
        assert list(await bob.profiles(users)) == users
