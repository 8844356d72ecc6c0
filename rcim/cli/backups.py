"""`rcim backup` and `rcim restore`."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rcim.base.terminal import printable
from rcim.cli.options import ConfigOption, DataOption, SetOption, fail, settings_of

if TYPE_CHECKING:
    from rcim.operate.manifest import Manifest


def backup(
    folder: Annotated[Path, typer.Argument(help="Where backups are kept; each is a folder of its own there.")],
    config: ConfigOption = None,
    data: DataOption = None,
    set_: SetOption = None,
    mib_per_s: Annotated[
        float, typer.Option("--mib-per-s", min=0, help="How fast it may write; 0: as fast as it can.")
    ] = 25,
    within: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="Give up if it takes longer.")] = 3600,
    keep: Annotated[int, typer.Option(min=0, help="Keep only the newest so many complete backups; 0: all.")] = 0,
    check: Annotated[bool, typer.Option(help="Look at every page of the copy.")] = True,
    with_logs: Annotated[bool, typer.Option("--with-logs", help="The audit log and the message log too.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="List the backups in FOLDER, and make none.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Back up the data of a server, running or not.

    The store as of one commit, the keys, and the settings file if --config names it. Exit status 0: the backup is
    complete; 1: there is none, and older ones are as they were.
    """
    from rcim.operate.priority import lower_priority

    lower_priority()  # before all else, which takes a quarter of a second to import
    import msgspec

    from rcim.operate.faults import BackupError

    if list_:
        _list(folder, as_json)
        return
    settings = settings_of(config, set_, data)
    from rcim.operate.backup import Wanted, back_up

    wanted = Wanted(mib_per_s, within, keep, check, with_logs, str(config or ""))
    try:
        made = back_up(settings, folder, wanted)
    except BackupError as error:
        raise fail(str(error), 1) from None
    for reason in made.not_removed:
        print(f"rcim: the backup is complete, but {printable(reason)}", file=sys.stderr)
    if as_json:
        print(msgspec.json.encode(made).decode())
        return
    found = made.manifest
    print(f"{printable(made.folder)}: {_mib(found.bytes)}, commit {found.commit}, in {found.seconds:.1f} s")
    if made.grown_bytes >= 1 << 20:
        print(f"meanwhile the store has grown by {_mib(made.grown_bytes)}, which it will use again")
    for name in made.removed:
        print(f"removed {printable(name)}")


def _list(folder: Path, as_json: bool) -> None:
    import msgspec

    from rcim.operate import manifest
    from rcim.operate.faults import BackupError

    rows: list[dict[str, object]] = []
    try:
        for path in manifest.complete(folder):
            try:
                found = manifest.read(path)
                rows.append({"name": path.name, "state": "complete", **_facts(found)})
            except BackupError as error:
                rows.append({"name": path.name, "state": str(error)})
        rows += [{"name": path.name, "state": "incomplete"} for path in manifest.incomplete(folder)]
    except BackupError as error:
        raise fail(str(error)) from None
    if as_json:
        print(msgspec.json.encode(rows).decode())
        return
    if not rows:
        print("no backups")
    for row in rows:
        if row["state"] != "complete":
            print(printable(f"{row['name']}  {row['state']}"))
            continue
        print(
            f"{row['name']}  {_mib(row['bytes'])}  commit {row['commit']}  history {row['history']}  "
            f"schema {row['schema']}  rcim {printable(str(row['rcim']))}"
        )


def _facts(found: Manifest) -> dict[str, object]:
    names = ("at_ms", "bytes", "commit", "history", "schema", "rcim", "checked", "seconds")
    return {name: getattr(found, name) for name in names}


def _mib(size: object) -> str:
    assert isinstance(size, int)
    return f"{size / (1 << 20):.1f} MiB"


def restore(
    backup: Annotated[
        Path, typer.Argument(metavar="BACKUP", help="A complete backup: the folder with manifest.json.")
    ],
    config: ConfigOption = None,
    data: DataOption = None,
    set_: SetOption = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Put aside what is in the data directory, within it.")
    ] = False,
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="Leave keys and certificate; the server makes new ones.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Report as JSON.")] = False,
) -> None:
    """Make a data directory from a backup.

    No server may run on the directory. A new history begins: clients discard the positions that they have kept, and read
    their conversations again. Exit status 0: it is done; 1: it is not, and what was there is as it was.
    """
    import msgspec

    from rcim.operate.faults import BackupError
    from rcim.operate.restore import restore as put_back

    settings = settings_of(config, set_, data)
    try:
        done = put_back(settings, backup, replace=replace, with_keys=not without_keys)
    except BackupError as error:
        raise fail(str(error), 1) from None
    if as_json:
        print(msgspec.json.encode(done).decode())
        return
    found = done.manifest
    taken = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(found.at_ms / 1000))
    print(f"{printable(settings.server.data)}: as of {taken}, commit {found.commit}; history {done.history} begins")
    if done.went_on:
        print("a restore of it had been broken off, and is finished now")
    if done.aside:
        print(f"what was there is in {printable(str(Path(settings.server.data) / done.aside))}")
    if "settings.toml" in found.files:
        print(f"its settings: {printable(str(Path(settings.server.data) / 'settings.toml'))}")
