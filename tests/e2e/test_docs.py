"""What the pages tell a user to do, done."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import sys
import textwrap
from pathlib import Path

import pytest

from rcim.app.processes.process import ServerProcess
from tests.e2e.test_commands import DEADLINE_S, run

ROOT = Path(__file__).parents[2]


async def test_the_tutorial_runs(tmp_path: Path) -> None:
    (code,) = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs/tutorial/first-client.md").read_text(encoding="utf-8"), re.DOTALL
    )
    process = ServerProcess(tmp_path / "rcim-data", ("limits.drain_grace_ms=300",))
    await process.start()
    assert "7460" in code
    (tmp_path / "client.py").write_text(code.replace("7460", str(process.port)), encoding="utf-8")
    client = await asyncio.create_subprocess_exec(
        sys.executable, "-u", "client.py", cwd=tmp_path, stdout=asyncio.subprocess.PIPE
    )
    assert client.stdout is not None
    async with asyncio.timeout(DEADLINE_S):
        lines = [(await client.stdout.readline()).decode().strip() for _ in range(2)]
    client.kill()
    await client.communicate()
    assert lines == ["it is durable, with SEQ 1", "1 dora hello from Python"]
    await process.stop()


async def test_the_tutorial_about_groups_runs(tmp_path: Path) -> None:
    (code,) = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs/tutorial/groups.md").read_text(encoding="utf-8"), re.DOTALL
    )
    process = ServerProcess(tmp_path / "rcim-data", ("limits.drain_grace_ms=300",))
    await process.start()
    (tmp_path / "groups.py").write_text(code.replace("7460", str(process.port)), encoding="utf-8")
    client = await asyncio.create_subprocess_exec(
        sys.executable, "groups.py", cwd=tmp_path, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(DEADLINE_S):
        said, _ = await client.communicate()
    assert said.decode().splitlines() == [
        "bob: WAITING",
        "alice is asked: bob I play the Sicilian",
        "bob is told: welcome",
        "carol: SENDER_MUTED",
        "1 alice JOINED bob",
        "2 alice ADMIN_APPOINTED bob",
        "3 bob MUTED carol",
    ]
    await process.stop()


def readme_commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    return [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]


def test_the_readme_opens_with_its_two_commands() -> None:
    assert readme_commands()[:2] == ["make demo", "make test"]


@pytest.mark.parametrize("command", [c for c in readme_commands() if not c.startswith("make")])
async def test_commands_of_the_readme_are_there(command: str, tmp_path: Path) -> None:
    words = shlex.split(command.replace(".venv/bin/", "").replace("/opt/rcim/bin/", "").partition(" > ")[0])
    code, _, error = await run(*words, "--help", cwd=tmp_path)
    assert code == 0, error


def test_the_targets_of_the_readme_are_there() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {c.split()[1] for c in readme_commands() if c.startswith("make")} <= targets


async def test_the_readmes_lines_for_back_ends_work_as_they_are_printed(tmp_path: Path) -> None:  # AB-02
    (lines,) = re.findall(r"```bash\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    process = ServerProcess(tmp_path / "rcim-data", ("http.on=true", "http.port=0", "limits.drain_grace_ms=300"))
    await process.start()
    assert "7480" in lines
    script = lines.replace("7480", str(process.http_port)).replace(".venv/bin/", f"{Path(sys.executable).parent}/")
    said = await shell_says(script, tmp_path)
    await process.stop()
    made, sent, page = re.findall(r"\{.*?\}(?=\{\"|$)", said)
    assert json.loads(made)["group_id"] == "lobby"
    assert json.loads(sent)["seq"] == 1
    (message,) = json.loads(page)["items"]
    assert (message["sender"], message["body"][0]["MsgContent"]) == ("alice", {"Text": "hello"})


async def test_a_tencent_back_end_moves_as_its_page_says(tmp_path: Path) -> None:  # AB-02
    page = textwrap.dedent((ROOT / "docs/how-to/move-a-tencent-back-end.md").read_text(encoding="utf-8"))
    ((settings,), (keep_the_key, call)) = (
        [textwrap.dedent(one) for one in re.findall(rf"^ *```{kind}\n(.*?)^ *```", page, re.DOTALL | re.MULTILINE)]
        for kind in ("toml", "sh")
    )
    (tmp_path / "rcim.toml").write_text(settings, encoding="utf-8")
    await shell_says(keep_the_key, tmp_path)
    process = ServerProcess(
        tmp_path / "rcim-data", ("http.port=0", "limits.drain_grace_ms=300"), config=tmp_path / "rcim.toml"
    )
    await process.start()
    said = await shell_says(call.replace("7480", str(process.http_port)), tmp_path)
    await process.stop()
    assert json.loads(said)["ErrorCode"] == 0
    assert (tmp_path / "rcim-data" / "signing.key").read_text(encoding="utf-8") == "YOUR_SECRET_KEY\n"


async def shell_says(script: str, folder: Path) -> str:
    """What these lines write, run by a shell in this folder."""
    shell = await asyncio.create_subprocess_exec(
        "bash", "-ec", script, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(DEADLINE_S):
        said, error = await shell.communicate()
    assert not shell.returncode, error
    return said.decode()


async def test_the_page_about_every_kind_runs(tmp_path: Path) -> None:
    pieces = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs/how-to/use-every-kind.md").read_text(encoding="utf-8"), re.DOTALL
    )
    process = ServerProcess(tmp_path / "rcim-data", ("limits.drain_grace_ms=300",))
    await process.start()
    code = "\n\n".join(pieces).replace("7460", str(process.port))
    (tmp_path / "kinds.py").write_text(code, encoding="utf-8")
    client = await asyncio.create_subprocess_exec(
        sys.executable, "kinds.py", cwd=tmp_path, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(DEADLINE_S):
        said, _ = await client.communicate()
    assert said.decode().splitlines() == [
        "one-to-one: SEQ 1",
        "chat room: {'seat-1': 'bob', 'song': 'Blue Moon'}",
        "ultra group: bob sees ['news']",
        "ultra group: bob sees ['news', 'staff']",
        "system: written by ['alice']",
        "system: alice reads ['off what?', 'off everything']",
        "broadcast: SEQ 1 and 29 more today",
        "unique: the same one: True",
        "found: ['Chess']",
    ]
    await process.stop()
