"""OP-04: what is published. Both packages are built without a network, and the wheel runs where no checkout is."""

from __future__ import annotations

import configparser
import email
import email.message
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from rcim.app.settings.example_settings import example_settings
from rcim.version import __version__
from tests.kit_install import ROOT, call, copy_source, install, serving

pytestmark = pytest.mark.slow
FOLDERS = {"rcim": "rcim", "rcim_tools": "tools", "rcim_bench": "bench"}
"""The installed packages, and where each is in the source."""
DATA = {"rcim/py.typed", *(f"rcim/operate/systemd/{path.name}" for path in ROOT.glob("rcim/operate/systemd/*"))}
NOT_IN_THE_SDIST = {".gitignore"}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source."""
    folder = tmp_path_factory.mktemp("packages") / "source"
    copy_source(folder)
    return folder


@pytest.fixture(scope="module")
def built(source: Path) -> Path:
    """A folder with the sdist, and the wheel that was built from the sdist."""
    folder = source.parent / "dist"
    call(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, source, cwd=source.parent)
    return folder


def contents(wheel: Path) -> dict[str, bytes]:
    """The files of a wheel, without the metadata."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if ".dist-info/" not in name}


def metadata(wheel: Path) -> email.message.Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return email.message_from_string(archive.read(name).decode())


def test_the_wheel_holds_the_packages_and_nothing_else(source: Path, built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    expected = {
        f"{package}/{path.relative_to(source / folder)}"
        for package, folder in FOLDERS.items()
        for path in (source / folder).rglob("*.py")
    }
    assert set(contents(wheel)) == expected | DATA


def test_the_sdist_gives_the_same_wheel_as_the_source(source: Path, built: Path) -> None:
    (from_sdist,) = built.glob("*.whl")
    direct = source.parent / "direct"
    call(sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", direct, source, cwd=source.parent)
    (from_source,) = direct.glob("*.whl")
    assert contents(from_sdist) == contents(from_source) and from_sdist.name == from_source.name


def test_the_sdist_is_the_whole_source(source: Path, built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    made = ("build/", "rcim.egg-info/")
    files = {str(path.relative_to(source)) for path in source.rglob("*") if path.is_file()}
    assert {name for name in files if not name.startswith(made)} - NOT_IN_THE_SDIST <= names
    extra = {name for name in names - files if not name.startswith(made)}
    assert extra == {"PKG-INFO"}


def test_the_metadata_say_what_is_true(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    known = metadata(wheel)
    assert known["Version"] == __version__ and known["License-Expression"] == "Apache-2.0"
    declared = configparser.ConfigParser()
    declared.read(ROOT / "setup.cfg", encoding="utf-8")
    assert set(known.get_all("Provides-Extra", [])) == set(declared["options.extras_require"])
    page = (ROOT / "docs/operate/install.md").read_text(encoding="utf-8")
    users = set(declared["options.extras_require"]) - {"test"}
    assert users == {extra for extra in users if f"`{extra}`" in page}, (
        "the page of the installation names each extra"
    )


def test_an_installed_wheel_serves(built: Path, tmp_path: Path) -> None:
    """In an environment of its own, from a folder that is not the checkout."""
    (wheel,) = built.glob("*.whl")
    programs, data = install(wheel, tmp_path / "venv"), tmp_path / "data"
    where = call(programs / "python", "-c", "import rcim, rcim_tools, rcim_bench; print(rcim.__file__)", cwd=tmp_path)
    assert where.startswith(str(tmp_path / "venv"))
    rcim = programs / "rcim"
    assert call(rcim, "--version", cwd=tmp_path) == f"rcim {__version__}\n"
    assert call(rcim, "example-config", cwd=tmp_path) == example_settings()
    units = tmp_path / "units"
    units.mkdir()
    assert f"wrote {units / 'rcim.service'}" in call(rcim, "systemd-units", units, cwd=tmp_path)
    assert f"ExecStart={rcim} serve " in (units / "rcim.service").read_text(encoding="utf-8")
    with serving([rcim], data):
        chat = [rcim, "chat", "--data", data, "--user", "alice", "--group", "lobby"]
        call(*chat, cwd=tmp_path, say="hello from the wheel\n")
        shown = call(programs / "rcim-admin", "--data", data, "history", "g:lobby", cwd=tmp_path)
        assert "hello from the wheel" in shown
    assert "0 faults" in call(rcim, "check", "--data", data, cwd=tmp_path)
    call(programs / "rcim-bench", "codec", "--help", cwd=tmp_path)
