"""`rcim check`, `accept-clock` and `new-history`: what is done with a store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from rcim.base.terminal import printable
from rcim.cli.options import ConfigOption, DataOption, SetOption, fail, settings_of


def check(
    config: ConfigOption = None,
    data: DataOption = None,
    set_: SetOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Check that the stored data are consistent.

    The server may be running. Exit status 0: they are; 1: they are not, or a part is damaged; 2: they can't be read.
    """
    from rcim.operate.checking import check_file
    from rcim.store.backend import StoreError
    from rcim.store.upgrade import SCHEMA_VERSION

    settings = settings_of(config, set_, data)
    path = Path(settings.server.data) / "store"
    if not path.is_dir():
        raise fail(f"{path}: there is no store")
    try:
        report = check_file(path, settings.store.map_bytes)
    except StoreError as error:
        raise fail(str(error)) from None
    if as_json:
        found = {
            "schema": report.schema,
            "groups": report.groups,
            "one_to_one": report.pairs,
            "members": report.members,
            "messages": report.messages,
        }
        print(json.dumps({**found, "faults": report.faults}))
    else:
        for fault in report.faults:
            print(f"fault: {printable(fault)}")
        print(
            f"{report.groups} groups, {report.pairs} one-to-one, "
            f"{report.members} memberships, {report.messages} messages: "
            f"{len(report.faults)} faults"
        )
        if report.schema != SCHEMA_VERSION:
            print(f"schema version {report.schema}: the next start upgrades it to {SCHEMA_VERSION}")
    if report.faults:
        raise typer.Exit(1)


def accept_clock(config: ConfigOption = None, data: DataOption = None, set_: SetOption = None) -> None:
    """Confirm that this machine's clock is right.

    For a server that has logged that its clock is in doubt. Stop the server first. Times that it has stamped since then
    are corrected.
    """
    from rcim.app.files.datadir import DataDirError
    from rcim.operate.upkeep import accept
    from rcim.store.backend import StoreError

    try:
        mended = accept(settings_of(config, set_, data))
    except (DataDirError, StoreError) as error:
        raise fail(str(error)) from None
    print(
        f"the clock is accepted: it is {mended.by_ms / 1000:+.0f} s from the store's; {mended.moved} times were moved"
    )


def new_history(config: ConfigOption = None, data: DataOption = None, set_: SetOption = None) -> None:
    """Begin a new history after a restore from a backup.

    The server notices most restores by itself; this is for the ones that it can't notice. Stop the server first.
    Clients then discard the positions that they have kept, and read their conversations again.
    """
    from rcim.app.files.datadir import DataDirError
    from rcim.operate.upkeep import new_history as begin
    from rcim.store.backend import StoreError

    try:
        print(f"history {begin(settings_of(config, set_, data))} begins")
    except (DataDirError, StoreError) as error:
        raise fail(str(error)) from None
