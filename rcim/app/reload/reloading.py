"""Reading the settings again while the server runs (OP-03, docs/adr/0033).

1. The settings are read as at the start, and checked as at the start; files that they name are looked at too.
2. What needs a restart stays as it is. Every part of the server prepares the rest.
3. Only if all parts could, it is put into force. Otherwise nothing has changed, and the reason is logged and told.
4. One reload at a time. One more waits, and reads what is there when its turn has come; others are refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from rcim.actor.outcomes import AnyResult, Refused
from rcim.actor.reload_results import Reloaded, SettingChange
from rcim.actor.reload_workflows import Reload
from rcim.app.files.datadir import DataDir, DataDirError
from rcim.app.reload.reload_counts import BUSY, DONE, FAILED, REFUSED, ReloadCounts
from rcim.app.reload.reload_parts import Prepared, ReloadRefused
from rcim.app.reload.setting_changes import Digests, changes_of, digests_of, file_changes, in_force_after
from rcim.app.settings.all_settings import Settings, SettingsError
from rcim.app.settings.checks.settings_checks import check
from rcim.app.wiring.nodes import renew_own, tls_of
from rcim.base import clock
from rcim.base.errors import RELOAD_REFUSED, RELOAD_UNDER_WAY, SERVER_ERROR
from rcim.base.limited_log import Log

log = Log("rcim.reload")

WITHIN_S = 20.0
"""How long reading, checking and preparing may take together."""
AT_ONCE = 2
"""One that is carried out, and one that waits for it."""
CERTIFICATE = "server.certificate"
ROWS_MAX = 60
"""Changes in one report: they fit the smallest frame that can be set, each with two values."""


class Parts(Protocol):
    """The processes of a server, or their halves in one process."""

    async def prepare(self, settings: Settings, files: frozenset[str]) -> Prepared:
        """Make everything that these settings need. `files`: what names a file whose contents have changed. Raises
        ReloadRefused: a part can't, and none keeps anything."""


def _nothing() -> None:
    """Nobody is told."""


@dataclass
class Announcement:
    """Who is told that a reload begins, and that it is over, whatever came of it: a service manager waits for both.
    Looking alone (`check_only`) is not told."""

    begins: Callable[[], None] = field(default=_nothing)
    over: Callable[[], None] = field(default=_nothing)


class Reloader:
    """See the module's text. `settings` are in force now; `source` reads them again and may block. To be made in the loop
    before the server starts, which reads the files; `started` when it has. Used from the loop. `announcement`: the one
    place where a service manager is told."""

    def __init__(
        self,
        settings: Settings,
        source: Callable[[], Settings],
        parts: Parts,
        announcement: Announcement | None = None,
    ) -> None:
        self.settings = settings
        """In force now."""
        self._source = source
        self._parts = parts
        self._announcement = announcement or Announcement()
        self.counts = ReloadCounts()
        """What came of those that were more than a look."""
        self._lock = asyncio.Lock()
        self._under_way = 0
        self._tasks: set[asyncio.Task[None]] = set()
        """As many as AT_ONCE: what is refused ends at once."""
        self._digests = digests_of(settings, {})

    def started(self) -> None:
        """The first start has made what was not there before."""
        self._digests = {**_digests(self.settings), **self._digests}
        _keep_certificate(self.settings)

    async def reload(self, *, check_only: bool = False) -> list[SettingChange]:
        """Read the settings and put them into force; with `check_only` change nothing. Returns what is different; what
        needs a restart is not in force. Raises ReloadRefused: nothing has changed."""
        if check_only:
            return await self._in_turn(check_only=True)
        self._announcement.begins()
        try:
            rows = await self._in_turn(check_only=False)
        except ReloadRefused as error:
            self.counts.count(BUSY if error.busy else REFUSED)
            raise
        except Exception:
            self.counts.count(FAILED)
            raise
        else:
            self.counts.count(DONE)
            return rows
        finally:
            self._announcement.over()

    async def _in_turn(self, *, check_only: bool) -> list[SettingChange]:
        if self._under_way >= AT_ONCE:
            raise ReloadRefused("another reload is under way, and one more waits", busy=True)
        self._under_way += 1
        try:
            async with self._lock:
                return await self._reload(check_only=check_only)
        finally:
            self._under_way -= 1

    async def _reload(self, *, check_only: bool) -> list[SettingChange]:
        what = "reload --check" if check_only else "reload"
        prepared: Prepared | None = None
        try:
            async with asyncio.timeout(WITHIN_S):
                after, rows, digests = await asyncio.to_thread(self._read, renew=not check_only)
                files = frozenset(row.name for row in rows if not row.needs_restart)
                if files or not check_only:  # what was taken off a list while it ran comes back in any case (SC-08)
                    prepared = await self._parts.prepare(after, files)
        except TimeoutError:
            log.error(
                "a reload was refused: nothing has changed", by=what, error=f"it took longer than {WITHIN_S:g} s"
            )
            raise ReloadRefused(f"it took longer than {WITHIN_S:g} s; nothing has changed") from None
        except ReloadRefused as error:
            log.error("a reload was refused: nothing has changed", by=what, error=error)
            raise
        if prepared is not None and check_only:
            await prepared.drop()
        elif prepared is not None:
            prepared.put_in_force()
            self.settings, self._digests = after, digests
            await prepared.finish()
            await asyncio.to_thread(_keep_certificate, after)
        _say(what, rows, check_only=check_only)
        return rows

    def _read(self, *, renew: bool) -> tuple[Settings, list[SettingChange], Digests]:
        """What is to be in force, what of the settings and files differs, and the digests of the files. Blocks. Raises
        ReloadRefused."""
        if renew:
            renew_own(self.settings)
        try:
            new = self._source()
            after = in_force_after(self.settings, new)
            check(after, {})
            digests = _digests(after)
            new_one = digests.get(CERTIFICATE) != self._digests.get(CERTIFICATE)
            # One that has ended while the server ran is in force already, and keeps no other setting out.
            tls_of(after, clock.wall_ms() / 1000 if new_one else None)
            DataDir(Path(after.server.data)).keys()
        except (SettingsError, DataDirError, ValueError, OSError) as error:
            raise ReloadRefused(str(error)) from None
        rows = changes_of(self.settings, new)
        return after, [*rows, *file_changes(self._digests, digests, rows)], digests

    # -- who asks for it

    def on_signal(self) -> None:
        """SIGHUP: the log says what became of it."""
        self._run(self._reload_unasked())

    async def _reload_unasked(self) -> None:
        try:
            await self.reload()
        except ReloadRefused as error:
            if error.busy:
                log.info("SIGHUP is ignored", reason=error)
        except Exception:
            log.exception("the reload failed")

    def carry_out(self, workflow: Reload, done: Callable[[AnyResult], None]) -> None:
        """See ReloadControl."""
        self._run(self._answer(workflow, done))

    async def _answer(self, workflow: Reload, done: Callable[[AnyResult], None]) -> None:
        done(await self.answer(check_only=workflow.check_only))

    async def answer(self, *, check_only: bool) -> Reloaded | Refused:
        """As `reload`, as the answer to a request."""
        try:
            rows = await self.reload(check_only=check_only)
        except ReloadRefused as error:
            return Refused(RELOAD_UNDER_WAY if error.busy else RELOAD_REFUSED, str(error))
        except Exception:
            log.exception("the reload failed")
            return Refused(SERVER_ERROR, SERVER_ERROR.meaning)
        return Reloaded(rows[:ROWS_MAX], max(0, len(rows) - ROWS_MAX))

    def _run(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        """End what is under way: what is not in force does not come into force any more."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _digests(settings: Settings) -> Digests:
    """Of the files that the settings name, and of those in the data directory that a reload reads."""
    data = DataDir(Path(settings.server.data))
    own = {"signing.key": data.signing_key, "signing.previous.key": data.previous_key}
    if settings.server.tls and not settings.server.certificate:
        own |= {CERTIFICATE: data.certificate, "server.private_key": data.private_key}
    return digests_of(settings, own)


def _keep_certificate(settings: Settings) -> None:
    """For programs on this machine."""
    server = settings.server
    given = Path(server.certificate) if server.tls and server.certificate else None
    DataDir(Path(server.data)).keep_certificate_in_use(given)


def _say(what: str, rows: list[SettingChange], *, check_only: bool) -> None:
    """One line of the log for each change."""
    if not rows:
        log.info("a reload found nothing that has changed", by=what)
    for row in rows:
        state = "needs a restart" if row.needs_restart else "would be in force" if check_only else "is in force"
        log.info("a setting has changed", by=what, setting=row.name, before=row.before, after=row.after, state=state)
