"""OP-04: the units of systemd, written for an installation."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rcim.cli.program import app
from rcim.operate.units import DOCUMENTED, units, write_units


def test_the_program_has_the_path_of_the_installation() -> None:
    made = units("/srv/im server/bin/rcim")
    assert sorted(made) == ["rcim-backup.service", "rcim-backup.timer", "rcim.service", "rcim.sysusers"]
    assert 'ExecStart="/srv/im server/bin/rcim" serve ' in made["rcim.service"]
    assert 'ExecStart="/srv/im server/bin/rcim" backup ' in made["rcim-backup.service"]
    assert not [name for name, text in made.items() if DOCUMENTED in text]


@pytest.mark.parametrize("path", ["bin/rcim", "/opt/%h/rcim", "/opt/$HOME/rcim", '/opt/"/rcim', "/opt/a\nb", ""])
def test_a_path_that_means_something_else_in_a_unit_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(ValueError, match="a unit needs an absolute path"):
        write_units(tmp_path, path, False)
    assert list(tmp_path.iterdir()) == []


def test_files_of_others_stay(tmp_path: Path) -> None:
    runner = CliRunner()
    own = tmp_path / "rcim-backup.timer"
    own.write_text("mine\n", encoding="utf-8")
    done = runner.invoke(app, ["systemd-units", str(tmp_path)])
    assert done.exit_code == 1 and "rcim-backup.timer: there is another file of that name" in done.output
    assert list(tmp_path.iterdir()) == [own] and own.read_text(encoding="utf-8") == "mine\n"
    done = runner.invoke(app, ["systemd-units", str(tmp_path), "--overwrite"])
    assert done.exit_code == 0 and len(list(tmp_path.iterdir())) == 4, done.output
    assert str(Path(sys.executable).parent / "rcim") in (tmp_path / "rcim.service").read_text(encoding="utf-8")
    done = runner.invoke(app, ["systemd-units", str(tmp_path)])
    assert done.exit_code == 0 and done.output == "all of them are there already\n"


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["systemd-units", str(tmp_path / "new" / "units")])
    assert done.exit_code == 0 and len(list((tmp_path / "new" / "units").iterdir())) == 4, done.output
    done = CliRunner().invoke(app, ["systemd-units", str(tmp_path / "new" / "units" / "rcim.service" / "none")])
    assert done.exit_code == 2 and "Not a directory" in done.output
