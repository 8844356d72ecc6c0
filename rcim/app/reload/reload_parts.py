"""What one half of a server does for a reload (OP-03): everything that can fail is made first (`prepare_...`), and then
put into force in one turn of the loop.

What is prepared is put into force, or dropped: one of them, once.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from rcim.actor.app_config import AppConfig
from rcim.actor.group_counts import GroupCounts
from rcim.app.consumers.all_consumers import Exchange
from rcim.app.files.datadir import DataDirError, Keys
from rcim.app.settings.all_settings import Settings
from rcim.base.errors import RcimError
from rcim.base.limited_log import Log

if TYPE_CHECKING:
    from rcim.app.wiring.nodes import ConversationNode, GatewayNode

log = Log("rcim.reload")

CONNECTIONS_A_TURN = 500
"""Connections that are looked at in one turn of the loop, when limits or administrators have changed: half a
millisecond."""


class ReloadRefused(Exception):
    """Nothing has changed; the text says why. `busy`: because other reloads are under way."""

    def __init__(self, text: str, *, busy: bool = False) -> None:
        super().__init__(text)
        self.busy = busy


class Both:
    """Two halves that are prepared, as one."""

    def __init__(self, *parts: Prepared) -> None:
        self._parts = parts

    def put_in_force(self) -> None:
        """See Prepared."""
        for part in self._parts:
            part.put_in_force()

    async def finish(self) -> None:
        """See Prepared."""
        for part in self._parts:
            await part.finish()

    async def drop(self) -> None:
        """See Prepared."""
        for part in self._parts:
            await part.drop()


class Prepared(Protocol):
    """See the module's text."""

    def put_in_force(self) -> None:
        """What it holds is in force from now on."""

    async def finish(self) -> None:
        """Afterwards: what takes more than one turn of the loop."""

    async def drop(self) -> None:
        """It does not come into force."""


def merged(now: AppConfig, counts: GroupCounts, made: AppConfig) -> AppConfig:
    """`made`, of newly read settings, with what was changed at run time, as after a start. Raises ReloadRefused if that
    does not fit, or a type is gone that groups have."""
    types, misfits = made.types.changed_by_all(now.types.changes)
    for name, wrong in misfits:
        raise ReloadRefused(f"group type {name} as changed at run time does not fit the settings: {wrong}")
    there = {row.name for row in types}
    for row in now.types:
        if row.name not in there and counts.used(row.name):
            raise ReloadRefused(
                f"group type {row.name} is not in the settings any more, and {counts.of(row.name)} groups have it"
            )
    lists = made.lists.following(now.lists)
    for which, added in now.lists.added.items():
        if added:
            lists = lists.changed(which, added, ())
    lists = lists.or_same(now.lists)
    return replace(
        made,
        types=types,
        lists=lists,
        limits=now.limits,
        muted=now.muted,
        blocked=now.blocked,
        attribute_names=now.attribute_names,
        api_keys=now.api_keys,
    )


@dataclass
class PreparedOwner:
    """Of what owns the conversations."""

    node: ConversationNode
    settings: Settings
    made: AppConfig
    """As the settings say, without what was changed at run time."""
    config: AppConfig
    """With it, as it was at `version`."""
    version: int
    exchange: Exchange

    def put_in_force(self) -> None:
        """See Prepared."""
        node, settings = self.node, self.settings
        dispatcher = node.dispatcher
        now = node.app_state.config
        config = self.config
        if now.version != self.version:  # changed at run time meanwhile
            try:
                config = merged(now, node.app_state.counts, self.made)
                config = replace(config, lists=config.lists.following(self.config.lists))  # it has made its filter
            except ReloadRefused as error:
                log.error("what was changed while the settings were reloaded is not in force", error=error)
        now.limits.put_in_force(settings.limits)
        dispatcher.take_settings(replace(config, limits=now.limits, asks=self.exchange.asks))
        node.audit.keep_for(settings.audit.keep_days)
        node.consumers.put_in_force(self.exchange)
        set_level(node.settings, settings)
        node.settings = replace(settings, limits=now.limits)

    async def finish(self) -> None:
        """See Prepared."""
        await asyncio.to_thread(self.node.keep_credential)

    async def drop(self) -> None:
        """See Prepared."""
        await self.exchange.drop()


def _let_others_run() -> None:
    """In a thread: Python would let the loop's thread run only after 5 ms of its waiting, and not always then."""
    time.sleep(0.0005)


async def prepare_owner(node: ConversationNode, settings: Settings, files: frozenset[str]) -> PreparedOwner:
    """`files`: what names a file whose contents have changed. Raises ReloadRefused."""
    from rcim.app.wiring.nodes import app_config_of

    try:
        made = await asyncio.to_thread(app_config_of, settings)
        now = node.app_state.config
        config = merged(now, node.app_state.counts, made)
        await asyncio.to_thread(config.lists.make_filter, _let_others_run)  # so that no message waits for it
        live = replace(settings, limits=now.limits)
        exchange = await node.consumers.exchange_for(live, files)
    except TimeoutError:
        raise ReloadRefused("what the reload before has changed is still being exchanged; try again") from None
    except (ValueError, OSError, RcimError) as error:
        raise ReloadRefused(str(error)) from None
    return PreparedOwner(node, settings, made, config, now.version, exchange)


@dataclass
class PreparedGateway:
    """Of what holds connections."""

    node: GatewayNode
    settings: Settings
    tls: ssl.SSLContext | None
    keys: Keys

    def put_in_force(self) -> None:
        """See Prepared."""
        node, settings, service = self.node, self.settings, self.node.service
        hub, limits = service.hub, service.limits
        self._counted = hub.table.rates.limited
        self._administrators = hub.identity.administrators
        limits.put_in_force(settings.limits)
        set_level(node.settings, settings)
        node.use(replace(settings, limits=limits), self.tls, self.keys)
        service.take_limits()

    async def finish(self) -> None:
        """Connections have the rights that their users have now, and are counted or not (LI-01)."""
        hub = self.node.service.hub
        everybody = hub.table.rates.limited is not self._counted
        users = self._administrators ^ hub.identity.administrators
        for number, connection in enumerate(hub.table if users or everybody else ()):
            principal = connection.principal
            if principal is not None and (everybody or principal.user_id in users):
                principal.admin = principal.user_id in hub.identity.administrators
                connection.count_frames()
            if number % CONNECTIONS_A_TURN == CONNECTIONS_A_TURN - 1:
                await asyncio.sleep(0)

    async def drop(self) -> None:
        """See Prepared: nothing holds anything."""


async def prepare_gateway(node: GatewayNode, settings: Settings) -> PreparedGateway:
    """Raises ReloadRefused."""
    from rcim.app.wiring.nodes import tls_of

    try:
        tls = await asyncio.to_thread(tls_of, settings)
        keys = await asyncio.to_thread(node.data.keys)
    except DataDirError as error:
        raise ReloadRefused(str(error)) from None
    return PreparedGateway(node, settings, tls, keys)


def set_level(old: Settings, new: Settings) -> None:
    """The log's level follows the settings."""
    if old.log.level != new.log.level:
        logging.getLogger().setLevel(new.log.level.upper())
