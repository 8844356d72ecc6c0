"""`rcim doctor`."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from rcim.base.terminal import printable
from rcim.cli.options import ConfigOption, DataOption, SetOption

MARKS = {"ok": "ok     ", "advice": "advice ", "wrong": "WRONG  "}


def doctor(
    config: ConfigOption = None,
    data: DataOption = None,
    set_: SetOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look for what is wrong, and say how to put it right.

    A server may be running. Nothing is changed. Exit status 0: nothing is wrong; 1: something is; 2: it could not be
    looked at.
    """
    from rcim.app.settings.all_settings import SettingsError
    from rcim.app.settings.sources import load
    from rcim.operate.doctor import bad_settings, examine

    flags = [*(set_ or []), *([f"server.data={data}"] if data is not None else [])]
    try:
        found = examine(load(config, flags=flags))
    except SettingsError as error:
        found = [bad_settings(str(error))]
    if as_json:
        print(json.dumps([one._asdict() for one in found], indent=1))
    else:
        for one in found:
            print(f"{MARKS[one.kind]} {one.check}: {printable(one.what)}")
            if one.kind != "ok":
                print(f"        why:    {printable(one.why)}\n        remedy: {printable(one.remedy)}")
    if any(one.kind == "wrong" for one in found):
        raise typer.Exit(1)
