"""What the programs' command lines have in common."""

from __future__ import annotations

import sys
from typing import Any

from typer.core import TyperGroup

HINT = "A value that begins with a dash comes after `--`, and options come before it, as in: {program} ... -- {value}"


BEFORE = "It comes before the command, as in: {program} {value} ..."


class Commands(TyperGroup):
    """A group of commands that says how to give a value that begins with a dash, which was taken for an option, and where
    its own options stand."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command. An option that there is not is said as ever, and with the hint."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            option = getattr(error, "option_name", None)
            if isinstance(option, str) and hasattr(error, "message"):
                own = any(option in parameter.opts for parameter in self.params)
                hint = (BEFORE if own else HINT).format(program=ctx.info_name, value=_given(option))
                error.message = f"{error.message}. {hint}"
            raise


def _given(option: str) -> str:
    """The argument as it was given: of one dash and several letters only the first letter is said to be wrong."""
    return next((one for one in sys.argv[1:] if one.startswith(option)), option)
