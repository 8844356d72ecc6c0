"""The table of operations (rcim/service/operations.py): one row for everything, and what each row says is true."""

from __future__ import annotations

from typing import Annotated, Any, get_args, get_type_hints

import msgspec
import pytest
from rcim_tools.examples import EXAMPLES

from rcim.actor.repeating import READS, repeatable
from rcim.adapters.frames.requests import translator
from rcim.adapters.frames.table import ANSWERS
from rcim.base.errors import BAD_PARAMETER, RcimError
from rcim.base.limits import DEFAULTS
from rcim.base.terms import Presence, SeenBy
from rcim.connect.principal import Principal
from rcim.service import bounds, requests
from rcim.service.bounds import Data, Items, Number, Text
from rcim.service.context import ActorCommand, Answered, GroupIds, StoreQuery, Work
from rcim.service.operations import BY_NAME, OPERATIONS, Callers, Operation, Repeat
from rcim.wire.schema import Frame


class Context:
    """A RequestContext of nobody."""

    limits = DEFAULTS
    group_ids = GroupIds(0)
    tells_presence = True
    presence_seen_by = SeenBy.EVERYONE

    def is_administrator(self, user_id: str) -> bool:
        return user_id == "administrator"

    def set_state(self, principal: Principal, state: Presence) -> None:
        """There is no device."""

    def watch(self, principal: Principal, user_ids: Any) -> list[str]:
        return []

    def may_watch(self, *_: Any) -> None:
        """Nobody watches."""

    def unwatch(self, *_: Any) -> None:
        """Nobody watches."""

    def online(self, conversation: str) -> int:
        return 0


def made(operation: Operation, request: requests.Request) -> Work:
    return operation.make(request, Principal("administrator", True), Context())


def examples() -> list[tuple[Operation, Frame]]:
    """An example of each request frame, with its operation."""
    found = {type(frame): frame for frame in EXAMPLES if type(frame) in ANSWERS}
    assert found.keys() == ANSWERS.keys(), "every request has an example"
    return [(BY_NAME[type(frame).NAME], frame) for frame in found.values()]


def test_every_request_has_one_operation() -> None:
    rows = [operation.request for operation in OPERATIONS]
    assert len(set(rows)) == len(rows) == len(BY_NAME)
    named = {getattr(requests, name) for name in requests.__all__ if isinstance(getattr(requests, name), type)}
    assert {one for one in named if issubclass(one, requests.Request)} - {requests.Request} == set(rows)


@pytest.mark.parametrize(("operation", "frame"), examples(), ids=lambda x: getattr(x, "name", ""))
def test_what_a_row_says_of_repeating_is_what_is_done(operation: Operation, frame: Frame) -> None:  # ST-01
    request = translator(type(frame))(frame)
    bounds.check(request)
    work = made(operation, request)
    if isinstance(work, Answered):
        assert operation.repeat is not Repeat.ONCE
        return
    asked = work.command if isinstance(work, ActorCommand) else getattr(work, "query", None) or work.workflow
    reads = type(asked) in READS or type(getattr(asked, "command", None)) in READS
    # The first one's query reads; that the connection watches is the second half. The other removes files, no rows.
    if operation.name in ("PRESENCE_WATCH", "MESSAGE_LOG_EXPIRE"):
        reads = False
    assert reads is (operation.repeat is Repeat.READS)
    assert repeatable(asked) is (operation.repeat is not Repeat.ONCE)


def test_administrators_alone_call_what_the_frames_say() -> None:  # ID-08
    said = {frame.NAME for frame in ANSWERS if frame.DECLARED.admin}
    rows = [BY_NAME[frame.NAME] for frame in ANSWERS]
    assert said == {operation.name for operation in rows if operation.callers is Callers.ADMINISTRATORS}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_text_number_and_list_is_bounded(operation: Operation) -> None:
    """Whatever adapter a request comes through: a field that can be long or large says how much."""
    for name, hint in get_type_hints(operation.request, include_extras=True).items():
        inner = get_args(hint)[0] if get_args(hint) and hasattr(hint, "__metadata__") else hint
        plain = {one for one in (get_args(inner) or (inner,)) if one is not type(None)}
        if plain & {str, int, bytes} or "Sequence" in str(inner):
            marks = getattr(hint, "__metadata__", ())
            assert any(isinstance(mark, Text | Number | Items | Data) for mark in marks), f"{name} has no bound"


def test_bounds_are_checked_to_the_byte() -> None:
    class One(requests.Request, frozen=True):
        text: Annotated[str, Text(4, 1, one_line=True)] = "a"
        number: Annotated[int, Number(9, 1)] = 1
        data: Annotated[bytes, Data(2)] = b""
        some: Annotated[list[str], Items(2, 0, each=Text(2))] = []
        absent: Annotated[str | None, Text(1)] = None

    for good in ({"text": "éé"}, {"number": 9}, {"data": b"ab"}, {"some": ["ab", "é"]}, {"absent": "x"}):
        bounds.check(One(**good))
    for name, wrong in (
        ("text", "ééa"), ("text", ""), ("text", "a\n"), ("text", "\ud800"), ("number", 0), ("number", 10),
        ("data", b"abc"), ("some", ["a"] * 3), ("some", ["a", "abc"]), ("absent", "xy"),
    ):  # fmt: skip
        with pytest.raises(RcimError, match=name) as refused:
            bounds.check(One(**{name: wrong}))
        assert refused.value.code is BAD_PARAMETER
    rows = requests.AdminAccountsImport([requests.Account("a", "n" * 121, "")])
    with pytest.raises(RcimError, match=r"accounts\[0\].nickname: 121"):
        bounds.check(rows)


def test_a_request_and_its_frame_have_the_same_fields() -> None:
    """The translator is made from the names: a frame with other fields is noticed when the server starts."""

    class Changed(msgspec.Struct):
        NAME = "GROUP_INFO"
        FIELDS = ()

    with pytest.raises(ValueError, match="its fields are not those of GroupInfo"):
        translator(Changed)  # type: ignore[arg-type]


def test_kinds_of_work_are_never_mixed() -> None:
    """A write is never sent as a query."""
    for operation, frame in examples():
        work = made(operation, translator(type(frame))(frame))
        if isinstance(work, StoreQuery):
            assert type(work.query) in READS, operation.name
