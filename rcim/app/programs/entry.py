"""How the programs begin and end: what they print ends in no error of encoding, whatever the terminal or the pipe takes,
and what can't be printed at all is said."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from io import TextIOWrapper
from typing import Any

EXIT_USAGE = 2
EXIT_UNPRINTED = 3
"""What was asked for may be done, but standard output took no more of what was said of it: its disk is full."""
UNPRINTED = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def steady_output() -> None:
    """Let standard output and error write what their encoding has not as `\\u....` in place of raising."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def run_program(name: str, program: Callable[[], Any]) -> None:
    """Run a program to its end. An argument that is no text in UTF-8, where one is needed, ends it with status 2, and
    standard output on a full disk with status 3."""
    steady_output()
    try:
        try:
            program()
        finally:
            sys.stdout.flush()
    except UnicodeEncodeError:
        print(f"{name}: an argument is not UTF-8", file=sys.stderr)
        raise SystemExit(EXIT_USAGE) from None
    except BrokenPipeError:  # who reads it has gone, and knows
        print_no_more()
        raise SystemExit(1) from None
    except OSError as error:
        if error.errno not in UNPRINTED or error.filename is not None:
            raise
        print_no_more()
        print(f"{name}: standard output can't be written: {error.strerror}", file=sys.stderr)
        raise SystemExit(EXIT_UNPRINTED) from None


def print_no_more() -> None:
    """Let standard output lead nowhere: what is left in its buffer would fail once more when Python ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
