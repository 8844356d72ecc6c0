"""What tests of the Python SDK with a local store share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from rcim.client import Client, LocalStore, Message
from tests.kit import TestServer, until

E = TypeVar("E")


def with_store(server: TestServer, tmp_path: Path, user: str = "bob", **more: Any) -> Client:
    """A client with a local store, the same one at each start."""
    return server.client(user, store=LocalStore(tmp_path / f"{user}.db"), **more)


async def take(client: Client, count: int) -> list[tuple[str, int]]:
    """The next messages, all but the last of them taken for good; conversation and SEQ."""
    found: list[tuple[str, int]] = []
    if count:
        async for item in client.events():
            if isinstance(item, Message):
                found.append((item.conversation, item.seq))
                if len(found) == count:
                    break
    return found


async def next_of(client: Client, kind: type[E]) -> E:
    """The next event of this kind; those before it are taken."""
    async for item in client.events():
        if isinstance(item, kind):
            return item
    raise AssertionError(f"no {kind.__name__} came")


async def listen(client: Client, until_kept: Callable[[LocalStore], bool]) -> None:
    """The app takes what comes until the store is so."""

    async def take_all() -> None:
        async for _ in client.events():
            pass

    def kept() -> bool:
        return client._keep is not None and until_kept(client._keep)

    listening = asyncio.create_task(take_all())
    await until(kept)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


@asynccontextmanager
async def restored(tmp_path: Path, said: int, taken: int) -> AsyncIterator[tuple[TestServer, Client]]:
    """A server that has forgotten the `said` messages of group g, of which bob's app has taken `taken`; and alice there,
    who has made g again, with bob in it, and said one thing: SEQ 1."""
    server = TestServer(tmp_path / "data", tls=False)
    await server.start()
    async with server.client("alice") as alice, with_store(server, tmp_path) as bob:
        await alice.create_group("g", group_id="g", type_="ChatRoom")
        await bob.join("g")
        for n in range(said):
            await alice.send("g", f"old {n}")
        await take(bob, taken)
    await server.stop()
    other = TestServer(tmp_path / "other", tls=False)
    await other.start()
    assert other.key != server.key
    async with other.client("alice") as alice:
        await alice.create_group("g", group_id="g", type_="ChatRoom")
        async with other.client("bob") as bob:
            await bob.join("g")
        await alice.send("g", "new")
        yield other, alice
    await other.stop()
