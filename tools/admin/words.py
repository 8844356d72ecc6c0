"""What is written on the command line: words, durations, KEY=VALUE; and the arguments that many commands have.

What can't be read ends the program with exit status 2 before a server is asked.
"""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar

import msgspec
import typer
from rcim_tools.admin.calls import USAGE, fail

from rcim.base.terms import ApplyJoinOption, Gender, MsgFlag, Priority, Role, pair_of
from rcim.client import PERMANENT_S, User, Where

T = TypeVar("T")

JOIN = {
    "free": ApplyJoinOption.FREE_ACCESS,
    "approval": ApplyJoinOption.NEED_PERMISSION,
    "closed": ApplyJoinOption.DISABLE_APPLY,
}
PRIORITIES = {p.name.lower(): p for p in Priority}
ROLES = {r.name.lower(): r for r in Role}
FLAGS = {"notify": MsgFlag.ACCEPT_AND_NOTIFY, "quiet": MsgFlag.ACCEPT_NOT_NOTIFY, "discard": MsgFlag.DISCARD}
GENDERS = {g.name.lower(): g for g in Gender}

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
FOREVER = "forever"
A_TIME = "2026-11-27T13:00"
TIME_HELP = f"such as {A_TIME} in this machine's zone or {A_TIME}Z in UTC"
U32_MAX = (1 << 32) - 1
SEQ_MAX = (1 << 63) - 1

GroupId = Annotated[str, typer.Argument(metavar="GROUP", help="Id of the group.")]
ConversationId = Annotated[
    str,
    typer.Argument(
        metavar="CONVERSATION",
        help="Id of a group; with --c2c of two users' conversation: c:5:alice:bob (5: length of the first id).",
    ),
]
UserId = Annotated[str, typer.Argument(metavar="USER", help="Id of the user.")]
UserIds = Annotated[list[str], typer.Argument(metavar="USER", help="Ids of the users.")]
For = Annotated[
    str, typer.Option("--for", metavar="DURATION", help="How long: for example 30s, 10m, 2h, 30d, or forever.")
]
Why = Annotated[str, typer.Option("--text", help="Text for the users.")]
Fields = Annotated[
    list[str] | None,
    typer.Option("--field", metavar="KEY=VALUE", help="A custom field; may be repeated; an empty value removes it."),
]
Limit = Annotated[int, typer.Option(min=1, help="The most to show.")]
MaxMembers = Annotated[
    int | None,
    typer.Option("--max-members", min=0, max=U32_MAX, help="The most members; 0: as many as the group type allows."),
]


def one_of(option: str, word: str, table: Mapping[str, T]) -> T:
    """What `word` stands for."""
    if word not in table:
        raise fail(f"{option} {word}: has to be one of {', '.join(table)}", USAGE)
    return table[word]


def one_of_or_none(option: str, word: str | None, table: Mapping[str, T]) -> T | None:
    """What `word` stands for; None if it is not given."""
    return None if word is None else one_of(option, word, table)


def seconds_of(duration: str, option: str = "--for") -> int:
    """Seconds of the option: a number and s, m, h or d; or forever."""
    if duration == FOREVER:
        return PERMANENT_S
    found = re.fullmatch(r"([0-9]{1,12})([smhd])", duration)
    seconds = int(found[1]) * SECONDS[found[2]] if found else 0
    if not 0 < seconds < PERMANENT_S:
        raise fail(f"{option} {duration}: has to be like 30s, 10m, 2h, 30d, up to 49710d, or {FOREVER}", USAGE)
    return seconds


def time_ms_of(option: str, text: str, also: str = "") -> int:
    """A point in time (TIME_HELP) as milliseconds since 1970. `also`: what else the option takes, for the error."""
    try:
        return max(1, round(datetime.datetime.fromisoformat(text).timestamp() * 1000))
    except (ValueError, OverflowError, OSError):
        raise fail(f"{option} {text}: has to be {also}a time like {A_TIME} or {A_TIME}Z", USAGE) from None


def seconds_shown(seconds: int) -> int | str:
    """Seconds as they are shown again."""
    return FOREVER if seconds == PERMANENT_S else seconds


def pairs_of(what: str, given: Sequence[str] | None) -> dict[str, str]:
    """KEY=VALUE words as a dictionary; `what` names them in errors."""
    found: dict[str, str] = {}
    for word in given or ():
        key, equals, value = word.partition("=")
        if not key or not equals:
            raise fail(f"{what} {word}: has to be like KEY=VALUE", USAGE)
        if key in found:
            raise fail(f"{what} {word}: {key} is there twice", USAGE)
        found[key] = value
    return found


def fields_of(given: Sequence[str] | None) -> dict[str, bytes]:
    """`--field` options; the bytes are those that the shell gave."""
    return {key: os.fsencode(value) for key, value in pairs_of("--field", given).items()}


def json_of(option: str, given: str | None) -> dict[str, object] | None:
    """A JSON object; None if it is not given."""
    if given is None:
        return None
    try:
        return msgspec.json.decode(given, type=dict[str, object])
    except msgspec.DecodeError as error:
        raise fail(f"{option}: has to be a JSON object: {error}", USAGE) from None


def attributes_of(given: Sequence[str] | None) -> dict[str, object]:
    """`--attribute` options: dotted keys with JSON values."""
    found: dict[str, object] = {}
    for key, value in pairs_of("--attribute", given).items():
        try:
            found[key] = msgspec.json.decode(value)
        except msgspec.DecodeError as error:
            raise fail(f"--attribute {key}: has to be JSON, a text with its quotes: {error}", USAGE) from None
    return found


def changes_of(**wanted: Any) -> dict[str, Any]:
    """What of `wanted` is given, which has to be something."""
    given = {name: value for name, value in wanted.items() if value is not None and value != {}}
    if not given:
        raise fail("nothing to change is given; see --help", USAGE)
    return given


def where(conversation: str, one_to_one: bool) -> Where:
    """A ConversationId as the client takes it. A group may have an id that looks like a one-to-one conversation's, so
    which of them is meant is said apart."""
    if not one_to_one:
        return conversation
    pair = pair_of(conversation)
    if pair is None:
        raise fail(f"--c2c {conversation}: has to be like c:5:alice:bob, with the length of the first id", USAGE)
    return User(pair[1], of=pair[0])
