"""What commands import: each waits for what it needs and for nothing else. A count of modules, not of seconds."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from rcim.app.processes.process import ServerProcess
from tests.e2e.test_commands import run

HEAVY = {
    *(
        "aiohttp",
        "asyncio",
        "construct",
        "cryptography",
        "lmdb",
        "matplotlib",
        "msgspec",
        "psutil",
        "pydantic",
    ),
    *("rich", "sqlite3", "ssl", "textual", "uvloop"),
}
"""What takes from 5 to 300 ms to import."""

PROGRAM = """
import json, sys
from importlib import import_module
name, *sys.argv[1:] = sys.argv[1:]
try:
    import_module(name).main()
except SystemExit as end:
    assert not end.code, end.code
schema = sys.modules.get("rcim.wire.schema")
made = [cls.NAME for cls in (schema.PREPARED if schema else []) if type(cls.__dict__["FIELDS"]) is tuple]
json.dump([sorted(sys.modules), made], open("imported.json", "w"))
"""


async def imported(folder: Path, *command: str) -> tuple[set[str], set[str]]:
    """(the heavy modules that a command imports, the frames and rows whose codecs it makes)."""
    python = str(Path(sys.executable))
    code, _, error = await run(python, "-c", PROGRAM, *command, cwd=folder)
    assert code == 0, error
    modules, made = json.loads((folder / "imported.json").read_text(encoding="utf-8"))
    return HEAVY & set(modules), set(made)


@pytest.mark.parametrize(
    ("command", "needed"),
    [
        (("rcim.cli", "--help"), set()),
        (("rcim.cli", "--version"), set()),
        (("rcim.cli", "token", "--user", "bob"), {"msgspec"}),
        (("rcim.cli", "serve", "--check"), {"msgspec"}),
        (("rcim_bench.cli", "--help"), set()),
    ],
    ids=" ".join,
)
async def test_what_needs_no_server_imports_no_network(
    tmp_path: Path, command: tuple[str, ...], needed: set[str]
) -> None:
    (tmp_path / "rcim-data").mkdir(mode=0o700)
    (tmp_path / "rcim-data" / "signing.key").write_text("0" * 64, encoding="utf-8")
    found, made = await imported(tmp_path, *command)
    assert found == needed and not made


async def test_a_call_of_rcim_admin_imports_what_it_needs(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "rcim-data")
    await server.start()
    try:
        client = {"asyncio", "msgspec", "sqlite3", "ssl"}
        found, made = await imported(tmp_path, "rcim_tools.admin", "--json", "stats")
        assert found == client
        assert "ADMIN_STATS_OK" in made and len(made) < 20, "of two hundred codecs it makes the ones that it uses"
        found, _ = await imported(tmp_path, "rcim_tools.admin", "stats")
        assert found == client, "a table is written without rich"
    finally:
        assert await server.stop() == 0


MODULES = """
import json, sys
import rcim.app.processes.serve, rcim.app.processes.process_spec
from rcim.app.wiring.http_listener import APIS
print(json.dumps(sorted(sys.modules)))
"""


async def test_a_server_without_back_ends_imports_nothing_of_them(tmp_path: Path) -> None:
    """Neither the APIs nor aiohttp's server; and of the APIs only those that the settings name."""
    python = str(Path(sys.executable))
    for program, expected in (
        (MODULES.replace("from rcim.app.wiring.http_listener import APIS\n", ""), set()),
        (MODULES, {"aiohttp.web", "rcim.http.server"}),
    ):
        code, said, error = await run(python, "-c", program, cwd=tmp_path)
        assert code == 0, error
        found = set(json.loads(said))
        assert {"aiohttp.web", "rcim.http.server"} & found == expected
        assert not [name for name in found if name.startswith("rcim.adapters.") and name.split(".")[2] != "frames"]
