"""How the programs begin: what they print ends in no error of encoding, whatever the terminal or the pipe takes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from io import TextIOWrapper
from typing import Any

EXIT_USAGE = 2


def steady_output() -> None:
    """Let standard output and error write what their encoding has not as `\\u....` in place of raising."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def run_program(name: str, program: Callable[[], Any]) -> None:
    """Run a program to its end. An argument that is no text in UTF-8, where one is needed, ends it with status 2."""
    steady_output()
    try:
        program()
    except UnicodeEncodeError:
        print(f"{name}: an argument is not UTF-8", file=sys.stderr)
        raise SystemExit(EXIT_USAGE) from None
