"""What reading the settings again is answered with (OP-03)."""

from __future__ import annotations

import msgspec


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
