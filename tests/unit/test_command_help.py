"""What `--help` says: of every command something, in its group's list without being cut at 80 columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer
from rcim_bench import cli as bench
from rcim_tools.admin import program
from typer.testing import CliRunner

from rcim.cli import program as cli

APPS = {"rcim": cli.app, "rcim-admin": program.app, "rcim-bench": bench.app}


def groups(path: tuple[str, ...], group: Any) -> Iterator[tuple[str, ...]]:
    """The words before each list of commands."""
    yield path
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        assert command.help, (*path, name)
        if hasattr(command, "list_commands"):
            yield from groups((*path, name), command)


ALL = [(name, path) for name, app in APPS.items() for path in groups((), typer.main.get_command(app))]


@pytest.mark.parametrize(("name", "path"), ALL, ids=[" ".join([name, *path]) for name, path in ALL])
def test_no_command_of_a_list_is_cut(name: str, path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    done = CliRunner().invoke(APPS[name], [*path, "--help"], prog_name=name)
    assert done.exit_code == 0, done.output
    _, _, commands = done.output.partition("Commands:")
    assert commands.strip(), "a group has commands"
    assert [line for line in commands.splitlines() if line.endswith("...")] == []


def test_every_noun_is_imported_when_it_is_asked_for() -> None:
    made: Any = typer.main.get_command(program.app)
    assert not set(program.NOUNS) & set(made.commands)
    assert {noun for noun in made.list_commands(None) if hasattr(made.get_command(None, noun), "commands")} == set(
        program.NOUNS
    )
