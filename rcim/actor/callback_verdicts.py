"""What the app says of a command before it is carried out (CB-02, CB-03)."""

from __future__ import annotations

import msgspec

from rcim.base.errors import CALLBACK_FAILED, CALLBACK_REFUSED, OVERLOADED, ErrorCode, app_code, is_app_code
from rcim.base.terms import ApplyJoinOption


class GroupChanges(msgspec.Struct, frozen=True, gc=False):
    """What is to change of a group, in place of what was asked; None: nothing."""

    texts: dict[str, str] = {}
    """As in EditGroup; they have been checked."""
    apply_join_option: ApplyJoinOption | None = None
    max_member_num: int | None = None
    mute_all: bool | None = None
    attributes: tuple[tuple[str, bytes], ...] = ()
    """Keys of the app's attributes, which may be dotted, with their values as JSON; they have been checked."""


class CallbackVerdict(msgspec.Struct, frozen=True, gc=False):
    """What the app says."""

    allow: bool = True
    code: int = 0
    """Of a refusal: the app's own, or 0."""
    text: str = ""
    drop: bool = False
    """Of a message: it goes nowhere, and its sender is told that it was sent."""
    body: bytes | None = None
    """Of a message: its elements in place of what was sent."""
    cloud_data: bytes | None = None
    refused: tuple[str, ...] = ()
    """Of an invitation: who is not to be invited."""
    to: tuple[str, ...] | None = None
    """Of a message: those members who alone are to get it, beside the sender (MS-07); None: as it is."""
    changes: GroupChanges | None = None
    """Of a change of a group: what is to change instead (GR-03, GR-13); None: as it was asked."""

    def error(self, refused: ErrorCode = CALLBACK_REFUSED) -> tuple[ErrorCode, str]:
        """The code and text of a refusal; `refused` where the app names no code of its own."""
        for own in (CALLBACK_FAILED, OVERLOADED):
            if self.code == own.number:
                return own, own.meaning
        code = app_code(self.code) if is_app_code(self.code) else refused
        return code, self.text or code.meaning


ALLOWED = CallbackVerdict()
