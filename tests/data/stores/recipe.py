"""How the stores of this folder were made. Run it with the program of that time, from an empty folder:

    git worktree add ../old COMMIT
    PYTHONPATH=../old python tests/data/stores/recipe.py VERSION tests/data/stores

It starts that program's server, lets users talk, stops it, and writes schema-VERSION.mdb.gz: LMDB's own compact copy.
"""

from __future__ import annotations

import asyncio
import gzip
import sys
import tempfile
from pathlib import Path
from typing import Any

import lmdb

from rcim.base.terms import ApplyJoinOption
from tests.kit import TestServer


async def talk(server: Any, version: int) -> None:
    """What tests/integration/test_stores_of_every_schema.py expects."""
    alice, bob, carol = (server.client(name) for name in ("alice", "bob", "carol"))
    for client in (alice, bob, carol):
        await client.connect()
    await alice.set_profile("Alice", "https://example.org/alice.png")
    free = {"apply_join_option": ApplyJoinOption.FREE_ACCESS}
    await alice.create_group("Garden friends", group_id="garden", type_="Public", members=["bob"], **free)
    await alice.create_group("A short one", group_id="gone", type_="Public", **free)
    await alice.send("gone", "it ends")
    await alice.dissolve("gone")
    for number in range(1, 41):
        await (alice if number % 2 else bob).send("garden", f"message {number}")
    await carol.join("garden", name_card="Carol of the garden")
    if version >= 2:
        from rcim.client import User

        await bob.send(User("alice"), "between the two of us")
        await alice.recall("garden", 3)
        await bob.mark_read("garden", 20)
        await bob.pin("garden")
        ask = {"apply_join_option": ApplyJoinOption.NEED_PERMISSION}
        await alice.create_group("Closed club", group_id="club", type_="Public", **ask)
        await carol.join("club", text="let me in")
    for client in (alice, bob, carol):
        await client.close()


async def make(version: int, folder: Path) -> None:
    """Write the store of this version to the folder."""
    with tempfile.TemporaryDirectory() as name:
        data = Path(name) / "data"
        server = TestServer(data, tls=False)
        await server.start()
        await talk(server, version)
        await server.stop()
        (Path(name) / "copy").mkdir()
        with lmdb.open(str(data / "store"), readonly=True, max_dbs=64) as env:
            env.copy(str(Path(name) / "copy"), compact=True)
        copy = (Path(name) / "copy" / "data.mdb").read_bytes()
    (folder / f"schema-{version}.mdb.gz").write_bytes(gzip.compress(copy, 9, mtime=0))


if __name__ == "__main__":
    asyncio.run(make(int(sys.argv[1]), Path(sys.argv[2])))
