"""Users who are kept from logging in (ID-09): logged out at once, refused until the block ends, over a restart too."""

from __future__ import annotations

from pathlib import Path

import pytest

from rcim.base.errors import ADMIN_REQUIRED, BAD_PARAMETER, LOGIN_BLOCKED, RcimError
from rcim.base.terms import PERMANENT_S
from tests.kit import TestServer

ROOT = "administrator"


async def refused(server: TestServer, user: str) -> RcimError:
    """Why the user can't log in."""
    with pytest.raises(RcimError) as caught:
        async with server.client(user):
            pass
    return caught.value


async def test_a_blocked_user_is_out_until_the_block_ends(tmp_path: Path) -> None:
    server = TestServer(tmp_path)
    await server.start()
    try:
        async with server.client(ROOT) as root:
            async with server.client("alice") as alice:
                await root.block_logins(["alice", "bob"], 3600)
                with pytest.raises((RcimError, ConnectionError)):
                    while True:  # until the connection is closed, as the block wants it
                        await alice.profile("alice")
            error = await refused(server, "alice")
            assert error.code is LOGIN_BLOCKED and 3_500_000 < error.retry_after_ms <= 3_600_000
            assert (await root.blocked_logins()).keys() == {"alice", "bob"}
            await root.block_logins(["alice"], 0)
            async with server.client("alice") as alice:
                assert (await root.blocked_logins()).keys() == {"bob"}
                with pytest.raises(RcimError) as caught:
                    await alice.block_logins(["carol"], 1)
                assert caught.value.code is ADMIN_REQUIRED
            with pytest.raises(RcimError) as caught:
                await root.block_logins([ROOT], 1)
            assert caught.value.code is BAD_PARAMETER
            await root.block_logins(["bob"], PERMANENT_S)
    finally:
        await server.stop()
    server = TestServer(tmp_path)
    await server.start()
    try:
        error = await refused(server, "bob")
        assert error.code is LOGIN_BLOCKED and not error.retry_after_ms
        async with server.client("carol"), server.client(ROOT) as root:
            assert list(await root.blocked_logins()) == ["bob"]
    finally:
        await server.stop()
