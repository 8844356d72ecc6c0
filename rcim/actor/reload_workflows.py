"""Reading the settings again (OP-03): the workflow, and what it is answered with."""

from __future__ import annotations

import msgspec

from rcim.actor.workflow import Workflow


class Reload(Workflow, frozen=True, gc=False):
    """Read the settings again and put into force what can be; with `check_only` only say what would change."""

    check_only: bool


class SettingChange(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A setting, or a file that one names, that is not as it is in force. Values are shown as the settings file has them,
    and no secret is."""

    name: str
    """`section.name`."""
    before: str
    after: str
    needs_restart: bool
    """True: it stays as it is until the server is started again."""


class Reloaded(msgspec.Struct, frozen=True, gc=False, array_like=True, tag=True, tag_field="what"):
    """What has changed; with `check_only`, what would. No rows: nothing has."""

    rows: list[SettingChange]
    more: int
    """Changes beyond the rows, which the server's log names."""
