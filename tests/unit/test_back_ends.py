"""Who a back end is (ID-08, ID-09): what is remembered of a UserSig that was good, and what is looked at each time."""

from __future__ import annotations

from typing import Any

import pytest

from rcim.base import clock
from rcim.base.errors import RcimError
from rcim.connect.online import Identity
from rcim.service import back_ends as module
from rcim.service.back_ends import CHECKED_MS, BackEnds
from rcim.service.results import Accounts
from rcim.session import usersig
from rcim.session.usersig import mint
from rcim.store.answers import AccountRow

APP, KEY, ROOT, MADE_S = 7, "k", "root", 1_000_000


class App:
    """A service that knows of each account from when on its UserSigs count, and two clocks."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.valid_from_ms, self.steady_ms, self.now_s, self.verified = 0, 0, MADE_S, 0
        self.identity = Identity(APP, KEY, frozenset([ROOT, "second"]), root=ROOT)
        self.back_ends = BackEnds(self, self.identity)
        patch.setattr(clock, "steady_ms", lambda: self.steady_ms)
        patch.setattr(clock, "wall_ms", lambda: self.now_s * 1000)
        verify = usersig.verify

        def counted(**given: Any) -> usersig.Signed:
            self.verified += 1
            return verify(**given)

        patch.setattr(usersig, "verify", counted)

    async def call(self, _: Any, request: Any) -> Accounts:
        """As the service's."""
        return Accounts([AccountRow(user, True, 0, self.valid_from_ms) for user in request.users], [])

    async def code(self, user_id: str, sig: str) -> str:
        """The name of the error; empty: the caller is who it says."""
        try:
            assert (await self.back_ends.administrator(user_id, sig)).user_id == user_id
        except RcimError as error:
            return error.code.name
        return ""


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> App:
    return App(monkeypatch)


async def test_a_signature_is_checked_once_and_its_time_always(app: App) -> None:
    sig = mint(APP, KEY, ROOT, MADE_S, 60)
    for now_s, code in (
        (MADE_S, ""),
        (MADE_S + 59, ""),
        (MADE_S + 60, "USERSIG_EXPIRED"),
        (MADE_S - 61, "USERSIG_FROM_FUTURE"),
        (MADE_S, ""),
    ):
        app.now_s = now_s
        assert await app.code(ROOT, sig) == code
    assert app.verified == 1


async def test_a_remembered_usersig_can_be_invalidated(app: App) -> None:  # ID-09
    sig = mint(APP, KEY, ROOT, MADE_S)
    assert await app.code(ROOT, sig) == ""
    app.valid_from_ms = (MADE_S + 1) * 1000
    app.steady_ms += CHECKED_MS
    assert await app.code(ROOT, sig) == "USERSIG_INVALIDATED"
    app.identity.administrators = frozenset()
    assert await app.code(ROOT, sig) == "ADMIN_REQUIRED"


async def test_it_is_remembered_for_its_user_and_as_it_is(app: App) -> None:
    sig = mint(APP, KEY, ROOT, MADE_S)
    assert await app.code(ROOT, sig) == ""
    assert await app.code("second", sig) == "USERSIG_OTHER_USER"
    assert await app.code("", sig) == "BAD_PARAMETER"
    for wrong in (sig[:-1], sig + "A", "", sig + "\ud800", sig.swapcase()):
        for _ in range(2):
            assert (await app.code(ROOT, wrong)).startswith("USERSIG_"), wrong
    other = mint(APP, "another key", ROOT, MADE_S)
    assert [await app.code(ROOT, other) for _ in range(2)] == ["USERSIG_BAD_KEY"] * 2


async def test_what_is_remembered_is_bounded(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHECKED_MAX", 2)
    sigs = [mint(APP, KEY, ROOT, MADE_S, expire_s) for expire_s in (60, 61, 62)]
    for sig in sigs:
        assert await app.code(ROOT, sig) == ""
    users = mint(APP, KEY, "alice", MADE_S)
    for _ in range(3):
        assert await app.code("alice", users) == "ADMIN_REQUIRED"
    before = app.verified
    assert await app.code(ROOT, sigs[2]) == "" and app.verified == before, "who is no administrator takes no place"
    assert await app.code(ROOT, sigs[0]) == "" and app.verified == before + 1, "it was forgotten, and is good"
