"""ID-08: while keys are being changed, a program on the machine gets in whichever process it reaches."""

from __future__ import annotations

import itertools

import pytest

from rcim.app.programs.admin_client import LOGIN_ROUNDS, AdminClient
from rcim.base.errors import USERSIG_BAD_KEY, USERSIG_EXPIRED, RcimError
from rcim.client import Client


class Processes:
    """What a log-in reaches: a process with the new key, then one with the old, and so on by turns."""

    def __init__(self, patch: pytest.MonkeyPatch, *keys: str) -> None:
        self.tried: list[tuple[str, str]] = []
        reached = itertools.cycle(keys)

        async def connect_once(client: AdminClient) -> None:
            key, credential = next(reached), client._credential
            self.tried.append((key, credential))
            if credential == "expired":
                raise RcimError(USERSIG_EXPIRED)
            if credential != key:
                raise RcimError(USERSIG_BAD_KEY)

        patch.setattr(Client, "_connect_once", connect_once)


async def log_in(*credentials: str) -> None:
    await AdminClient("127.0.0.1", 1, "administrator", credentials, None)._connect_once()


@pytest.mark.parametrize("credentials", [("new", "old"), ("old", "new"), ("old", "new", "new")])
async def test_each_process_is_reached_with_its_key(
    credentials: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    for keys in (("new", "old"), ("old", "new"), ("new", "old", "old"), ("old", "new", "new")):
        found = Processes(monkeypatch, *keys)
        await log_in(*credentials)
        assert found.tried[-1][0] == found.tried[-1][1] and len(found.tried) <= LOGIN_ROUNDS * len(credentials)


async def test_a_key_that_no_process_knows_is_refused_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Processes(monkeypatch, "other")
    with pytest.raises(RcimError) as caught:
        await log_in("new", "old")
    assert caught.value.code == USERSIG_BAD_KEY and len(found.tried) == 2 * LOGIN_ROUNDS


@pytest.mark.parametrize(("credentials", "tries"), [(("new",), 1), (("expired", "new"), 1)])
async def test_what_another_process_would_not_take_either_is_not_tried_again(
    credentials: tuple[str, ...], tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Processes(monkeypatch, "old")
    with pytest.raises(RcimError):
        await log_in(*credentials)
    assert len(found.tried) == tries
