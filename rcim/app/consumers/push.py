"""Push as the settings name it: a consumer of messages for each provider (PU-01)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from rcim.actor.app_config import AppConfig
from rcim.app.consumers import push_providers
from rcim.app.consumers.offline_hook import offline_hook_of as offline_hook_of
from rcim.app.settings.all_settings import PushSettings, Settings
from rcim.base import metrics
from rcim.base.meters import Figure, Meters
from rcim.outbox.destination import Subscription
from rcim.outbox.push.composing import Badge, PushOptions
from rcim.outbox.push.decision import When
from rcim.outbox.push.destination import KINDS, PushDestination
from rcim.outbox.push.hook import OfflineHook
from rcim.outbox.push.owner import CommandOwner, OwnerPushFacts
from rcim.outbox.push.provider import Provider

if TYPE_CHECKING:
    from rcim.outbox.push.owner import PushFacts


START_S = 3.0
"""How long after a start nobody gets a push; those of that time come then."""


def providers_of(settings: Settings) -> Mapping[str, Provider]:
    """The push providers in use, by name. Raises ValueError or OSError for a key file that has changed since the settings
    were checked."""
    return push_providers.providers_of(settings) if settings.push_names else {}


async def settled(began_s: float) -> None:
    """Wait until it is known who is there. After a start gateways say it again, and clients come back: without the wait
    users would be told on the phone that they hold. `began_s` is when the server began, of the loop's clock."""
    await asyncio.sleep(max(0.0, began_s + START_S - asyncio.get_running_loop().time()))


def options_of(push: PushSettings) -> PushOptions:
    """What the settings say of all pushes."""
    return PushOptions(
        when=When(push.when),
        title=push.title,
        text=push.text,
        language=push.language,
        badge=Badge(push.badge),
        sound=push.sound,
        life_s=push.life_s,
        collapse=push.collapse,
        receivers_max=push.receivers_max,
    )


class AppPush:
    """See the module's text. `hook` asks the app before users are told (PU-02). To be made in the loop."""

    def __init__(
        self,
        settings: Settings,
        providers: Mapping[str, Provider],
        owner: CommandOwner,
        config: Callable[[], AppConfig],
        hook: OfflineHook | None = None,
        meters: Meters | None = None,
        *,
        began_s: float,
    ) -> None:
        """`began_s`: when the server began, of the loop's clock."""
        meters = meters if meters is not None else Meters()
        facts: PushFacts = OwnerPushFacts(owner, config)
        options = options_of(settings.push)
        self._providers = providers
        self._destinations = {
            name: PushDestination(
                name,
                provider,
                options,
                facts,
                hook,
                settled=lambda: settled(began_s),
                times=meters.histogram(metrics.PUSH_TIME, name),
            )
            for name, provider in providers.items()
        }

    @property
    def subscriptions(self) -> dict[str, Subscription]:
        """A consumer for each provider, by name."""
        return {f"push.{name}": Subscription(KINDS, one) for name, one in self._destinations.items()}

    def figures(self) -> Iterator[Figure]:
        """The same as metrics (OP-02)."""
        for one in self._destinations.values():
            yield from one.figures()

    def counted(self) -> dict[str, int]:
        """What was decided and sent since the start, by name and provider."""
        found = push_providers.counted(self._providers)
        for one in self._destinations.values():
            found |= one.counted()
        return found

    async def close(self) -> None:
        """Give back the connections."""
        for one in self._destinations.values():
            await one.close()
