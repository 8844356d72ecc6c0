"""What `rcim doctor` finds: one thing that is good, could be better, or is wrong, and what to do about it."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["ok", "advice", "wrong"]
GUIDE = "docs/operate/doctor.md"


class Finding(NamedTuple):
    """`what` was found, in a few words; `why` it matters and `remedy`, a command or a setting, are empty if it is ok.
    `wrong`: something fails, or is open to others. `advice`: it works, and could be better."""

    check: str
    kind: Kind
    what: str
    why: str = ""
    remedy: str = ""


def ok(check: str, what: str) -> Finding:
    """A finding that all is well."""
    return Finding(check, "ok", what)


def advice(check: str, what: str, why: str, remedy: str) -> Finding:
    """A finding that works, and could be better."""
    return Finding(check, "advice", what, why, remedy)


def wrong(check: str, what: str, why: str, remedy: str) -> Finding:
    """A finding that something fails, or is open to others."""
    return Finding(check, "wrong", what, why, remedy)
