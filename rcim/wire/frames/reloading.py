"""Frames of app administrators about the settings of the server (OP-03)."""

from __future__ import annotations

from typing import Annotated as A

from rcim.wire.schema import Frame, Struct, frame, row
from rcim.wire.types import U32, Bool, StructList, str16

NAME = str16(160)
VALUE = str16(400)


@row("SettingChange")
class SettingChange(Struct, frozen=True, gc=False):
    """A setting that is not as it is in force, or a file that one names."""

    name: A[
        str, NAME, "`section.name`; `types.NAME` for a group type; `receivers.NAME` for a section that came or went."
    ]
    before: A[str, VALUE, "As it is in force. Secrets are not shown, long values are cut."]
    after: A[str, VALUE, "As it was read."]
    needs_restart: A[bool, Bool(), "True: it stays as it is until the server is started again."]


@frame(
    0x0FB4,
    "ADMIN_RELOAD",
    "client",
    "request",
    reply="ADMIN_RELOAD_OK",
    rules=(
        "All or nothing: if anything is wrong, in any process of the server, nothing changes and the answer is "
        "RELOAD_REFUSED.",
        "One reload at a time; one more waits, others get RELOAD_UNDER_WAY.",
    ),
    errors=("ADMIN_REQUIRED", "RELOAD_REFUSED", "RELOAD_UNDER_WAY"),
    admin=True,
)
class AdminReload(Frame, frozen=True, gc=False):
    """Has the server read its settings, and the files that they name, again, and put into force what can be (OP-03)."""

    check_only: A[bool, Bool(), "True: only say what would change."]


@frame(0x8FB4, "ADMIN_RELOAD_OK", "server", "reply", admin=True)
class AdminReloadOk(Frame, frozen=True, gc=False):
    """What has changed; with `check_only`, what would."""

    changes: A[list[SettingChange], StructList(SettingChange, 1000), "The changes; none: nothing has changed."]
    more: A[int, U32, "Changes beyond these, which the server's log names."]
