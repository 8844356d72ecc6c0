"""`rcim export` and `rcim import`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from rcim.base.terminal import printable
from rcim.cli.options import ConfigOption, DataOption, SetOption, fail, settings_of


def export(
    to: Annotated[
        str, typer.Argument(metavar="FILE", help="Compressed if its name ends in .gz; - for standard output.")
    ],
    config: ConfigOption = None,
    data: DataOption = None,
    set_: SetOption = None,
) -> None:
    """Write everything that the store holds as JSON lines.

    As of one commit; the server may be running. Keys and settings are not in it. Exit status 0: it is complete; 1: it is
    not, and there is no file.
    """
    from rcim.operate.priority import lower_priority

    lower_priority()
    from rcim.operate.exporting import export as write
    from rcim.operate.faults import BackupError

    settings = settings_of(config, set_, data)
    try:
        end = write(settings, to)
    except BackupError as error:
        raise fail(str(error), 1) from None
    print(f"{sum(end.lines.values())} lines", file=sys.stderr)


def import_(
    source: Annotated[
        str,
        typer.Argument(metavar="FILE", help="An export; compressed if its name ends in .gz; - for standard input."),
    ],
    config: ConfigOption = None,
    data: DataOption = None,
    set_: SetOption = None,
) -> None:
    """Make a store from an export.

    In a data directory that is empty. A new history begins. Exit status 0: it is done and checked; 1: it is not, and
    nothing is there.
    """
    from rcim.operate.faults import BackupError
    from rcim.operate.importing import import_ as read

    settings = settings_of(config, set_, data)
    try:
        done = read(settings, source)
    except BackupError as error:
        raise fail(f"{source}: {error}", 1) from None
    if done.went_on:
        print("an import of it had been broken off at its end, and is finished now")
    else:
        print(f"{done.lines} lines are in {printable(settings.server.data)}")
    print(f"history {done.history} begins")
