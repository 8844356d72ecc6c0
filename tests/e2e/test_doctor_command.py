"""`rcim doctor` and `rcim-admin health` as an operator runs them (OP-04)."""

from __future__ import annotations

import json
from pathlib import Path

from tests.e2e.test_commands import run
from tests.e2e.test_commands import served as served

ENOUGH = ("--set", "limits.connections_max=100", "--set", "health.disk_free_bytes_min=0")


async def test_with_a_running_server(served: Path) -> None:
    code, out, error = await run("rcim", "doctor", *ENOUGH, cwd=served)
    assert code in (0, 1) and not error and "health: " in out
    assert (code == 1) == ("WRONG " in out)
    code, out, _ = await run("rcim", "doctor", "--json", *ENOUGH, cwd=served)
    found = json.loads(out)
    assert all(set(one) == {"check", "kind", "what", "why", "remedy"} for one in found)
    assert (code == 1) == any(one["kind"] == "wrong" for one in found)
    (served / "rcim-data" / "key.pem").chmod(0o644)
    code, out, _ = await run("rcim", "doctor", *ENOUGH, cwd=served)
    (served / "rcim-data" / "key.pem").chmod(0o600)
    assert code == 1 and "remedy: chmod 600" in out and "key.pem has mode 644" in out


async def test_without_a_server(tmp_path: Path) -> None:
    code, out, _ = await run("rcim", "doctor", *ENOUGH, cwd=tmp_path)
    assert "no server runs on the data directory" in out and not list(tmp_path.iterdir())
    (tmp_path / "bad.toml").write_text("[server]\nport = 99999\n", encoding="utf-8")
    code, out, _ = await run("rcim", "doctor", "--config", "bad.toml", cwd=tmp_path)
    assert code == 1 and "bad.toml:2: server.port is 99999" in out
    code, _, error = await run("rcim", "doctor", "--frobnicate", cwd=tmp_path)
    assert code == 2 and "No such option" in error


async def test_health_of_a_running_server(served: Path) -> None:
    code, out, _ = await run("rcim-admin", "--json", "health", cwd=served)
    found = {one["name"]: one["state"] for one in json.loads(out)}
    assert {"store", "disk", "clock", "consumers", "loop", "stopping", "certificate"} == set(found)
    assert (code == 1) == ("failed" in found.values())
    disk = next(one for one in json.loads(out) if one["name"] == "disk")
    assert disk["figures"]["free_bytes"] > 0
