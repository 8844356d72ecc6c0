"""The units of systemd for this server, with the paths of this installation (OP-04)."""

from __future__ import annotations

import re
import sys
from importlib import resources
from pathlib import Path

DOCUMENTED = "/opt/rcim/bin/rcim"
"""The program's path in the files as they are shipped."""
PATH = re.compile(r"/[A-Za-z0-9._+@/ -]*\Z")
"""What means nothing else in a unit."""


def units(program: str = DOCUMENTED) -> dict[str, str]:
    """The files by name, with `program` for the path of `rcim`. Raises ValueError if a unit can't name that path."""
    folder = resources.files("rcim.operate") / "systemd"
    found = {file.name: file.read_text(encoding="utf-8") for file in folder.iterdir() if file.is_file()}
    return {name: text.replace(DOCUMENTED, _in_unit(program)) for name, text in sorted(found.items())}


def installed_program() -> str:
    """The path of the `rcim` that belongs to the running Python."""
    return str(Path(sys.executable).parent / "rcim")


def write_units(folder: Path, program: str, overwrite: bool) -> list[Path]:
    """Write the files into `folder`, which has to exist, and return those that were written.

    A file that has this content already is left alone. If another one has been changed and `overwrite` is not set,
    nothing is written. Raises FileExistsError for that, ValueError as `units`, and OSError.
    """
    waiting = {}
    for name, text in units(program).items():
        path = folder / name
        try:
            old = path.read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            old = None
        if old == text:
            continue
        if old is not None and not overwrite:
            raise FileExistsError(f"{path}: there is another file of that name")
        waiting[path] = text
    for path, text in waiting.items():
        path.write_text(text, encoding="utf-8")
    return list(waiting)


def _in_unit(program: str) -> str:
    """A path as ExecStart= takes it."""
    if not PATH.match(program):
        raise ValueError(f"{program!r}: a unit needs an absolute path of letters, digits, spaces and . _ + - @")
    return f'"{program}"' if " " in program else program
