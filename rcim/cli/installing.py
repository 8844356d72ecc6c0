"""`rcim example-config` and `systemd-units`: files that an installation begins with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rcim.base.terminal import printable
from rcim.cli.options import fail


def example_config() -> None:
    """Print a settings file with every setting at its default.

    Each is commented out, with what it means above it. Write it to a file, change what you need, and give it to
    `rcim serve --config FILE`.
    """
    from rcim.app.settings.example_settings import example_settings

    print(example_settings(), end="")


def systemd_units(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder to write them into; it is made.")],
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Also write over files that differ.")] = False,
) -> None:
    """Write units of systemd for this installation.

    rcim.service, rcim-backup.service, rcim-backup.timer, and rcim.sysusers for the system user. They begin the
    program that this command belongs to. Put them into /etc/systemd/system after you have read them.
    """
    from rcim.operate.units import installed_program, write_units

    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = write_units(folder, installed_program(), overwrite)
    except FileExistsError as error:
        raise fail(f"{error}; --overwrite writes over it. Nothing was written", 1) from None
    except (ValueError, OSError) as error:
        raise fail(str(error)) from None
    for path in written:
        print(f"wrote {printable(str(path))}")
    if not written:
        print("all of them are there already")
