"""A server in the tests whose settings stand in a file, which is read again (OP-03)."""

from __future__ import annotations

from pathlib import Path

import pytest

from rcim.actor.reload_results import SettingChange
from rcim.app.processes.server import Server
from rcim.app.reload.reload_parts import ReloadRefused
from rcim.app.settings.sources import load
from tests.kit import TestServer


class FileServer(TestServer):
    """A server in this process whose settings stand in the file `config`, besides those of TestServer."""

    def __init__(
        self, folder: Path, text: str = "", *, tls: bool = False, flags: tuple[str, ...] = (), limited: bool = False
    ) -> None:
        super().__init__(folder / "data", tls=tls, flags=flags, limited=limited)
        self.config = folder / "rcim.toml"
        self.write(text)
        given = [*self.own_flags(folder / "data", tls=tls, limited=limited), *flags]
        self.settings = load(self.config, {}, given)
        self.server = Server(self.settings, lambda: load(self.config, {}, given))

    def write(self, text: str) -> None:
        """What the file says from now on."""
        self.config.write_text(text, encoding="utf-8")

    async def reload(self, text: str | None = None, *, check_only: bool = False) -> list[SettingChange]:
        """Write the file, if there is a text, and have it read."""
        if text is not None:
            self.write(text)
        return await self.server.reloader.reload(check_only=check_only)

    async def refused(self, text: str | None = None) -> str:
        """As `reload`, which is refused: why."""
        before = self.server.reloader.settings
        with pytest.raises(ReloadRefused) as caught:
            await self.reload(text)
        assert self.server.reloader.settings is before, "nothing has changed"
        return str(caught.value)
