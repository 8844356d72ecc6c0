"""The app's back end as the settings name it: its receivers, what they are asked (CB-03) and told (CB-04, ID-07).

Asking and telling have connections of their own: news that nobody takes must not hold up what is decided.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rcim.actor.before_kinds import BeforeKind
from rcim.app.consumers.profiles import Profiles
from rcim.app.settings.all_settings import Receiver, Settings
from rcim.base import metrics
from rcim.base.meters import Figure, Meters, figure
from rcim.hooks.before import Asking
from rcim.hooks.inprocess import Hook, load_hooks
from rcim.hooks.offline_receivers import OfflineReceivers
from rcim.hooks.profile import Facts
from rcim.hooks.receiver import AskedReceiver, ReceiverSpec, asks_of
from rcim.outbox.callbacks.telling import Telling, ToldReceiver
from rcim.outbox.destination import Subscription
from rcim.rules.conditions import Conditions
from rcim.web.client import WebClient

ASKED = ("asked", "allowed", "refused", "dropped", "replaced", "failed", "skipped")


class AppCallbacks:
    """`history_id` is that of the store; `close` at the end. Raises ValueError for a hook that is not installed
    (CB-05)."""

    def __init__(self, settings: Settings, facts: Facts, history_id: int, meters: Meters | None = None) -> None:
        callbacks = settings.callbacks
        self._settings = settings
        self._facts = facts
        self._history_id = history_id
        self._clients: list[WebClient] = []
        self._profiles = Profiles(settings)
        hooks = load_hooks(callbacks.hooks)
        asked = [
            one
            for name, receiver in receivers_of(settings).items()
            if (one := self._asked(name, receiver, hooks)) is not None
        ]
        self.asks: dict[BeforeKind, list[Conditions]] = asks_of(asked)
        """What is asked about (CB-02, CB-06)."""
        called = [one for one in asked if one.goes_somewhere]
        refuse = callbacks.refuse_on_failure
        self.asking = Asking(settings.limits, called, hooks, callbacks.timeout_ms, refuse=refuse, meters=meters)
        self._telling: dict[str, Telling] = {}
        self.subscriptions: dict[str, Subscription] = {}
        """What receivers are told, by the name of the consumer."""
        for name, receiver in receivers_of(settings).items():
            self._subscribe(name, receiver, hooks if name == "callbacks" else [])

    @property
    def deadline_s(self) -> float:
        """After so long whatever is asked now is answered, or given up."""
        return max(one.timeout_ms for one in receivers_of(self._settings).values()) / 1000 + 1

    def start(self) -> None:
        """Find out which hooks there are, and again from time to time."""
        for one in self._profiles.discoveries:
            one.start()

    def _client(self, receiver: Receiver) -> WebClient:
        made = WebClient(receiver.timeout_ms, allow_private=receiver.allow_private)
        self._clients.append(made)
        return made

    def _asked(self, name: str, receiver: Receiver, hooks: list[Hook]) -> AskedReceiver | None:
        """The receiver as far as it is asked; None if it is asked about nothing."""
        one = AskedReceiver(
            spec_of(name, receiver),
            self._profiles.of(receiver),
            self._client(receiver),
            self._settings.message_types,
            self._facts,
        )
        return one if one.kinds and (one.goes_somewhere or (hooks and name == "callbacks")) else None

    def _subscribe(self, name: str, receiver: Receiver, hooks: list[Hook]) -> None:
        """CB-04: the receiver is a consumer of the events of which its callbacks are made."""
        profile, spec = self._profiles.of(receiver), spec_of(name, receiver)
        kinds = frozenset().union(*(kinds for command, kinds in profile.after.items() if command in spec.commands))
        if not kinds:
            return
        told = None
        if spec.url or spec.urls:
            told = ToldReceiver(spec, profile, self._client(receiver), receiver.batch_max, receiver.batch_wait_ms)
        telling = Telling(
            told,
            hooks,
            receiver.timeout_ms,
            self._facts,
            history=self._history_id,
            commands=spec.commands,
            unread=receiver.unread_num,
        )
        self._telling[name] = telling
        self.subscriptions[name] = Subscription(kinds, telling, spec.conditions, self._settings.message_types)

    @property
    def offline_receivers(self) -> OfflineReceivers | None:
        """Who is asked before a push is sent (PU-02); None: nobody."""
        return self._profiles.offline

    def figures(self) -> Iterator[Figure]:
        """What became of questions and events since the start, as metrics (OP-02)."""
        for name in ASKED:
            yield figure(metrics.QUESTIONS, self.asking.counts[name], name)
        for name in ("told", "failed"):
            yield figure(metrics.TOLD, sum(one.counts[name] for one in self._telling.values()), name)

    def counted(self) -> dict[str, int]:
        """What became of questions and events since the start, by name."""
        asked = self.asking.counts
        told: Counter[str] = Counter({"told": 0, "failed": 0})
        for one in self._telling.values():
            told.update(one.counted())
        questions = {f"callbacks_{name}": asked[name] for name in ASKED}
        return questions | self._profiles.counted() | {f"events_{name}": count for name, count in told.items()}

    async def close(self, within_s: float = 0.0) -> None:
        """Ask no more, after what is under way had so long; give back the connections."""
        await self.asking.finish(within_s)
        await self._profiles.close()
        for telling in self._telling.values():
            await telling.close()
        for client in self._clients:
            await client.close()


def receivers_of(settings: Settings) -> dict[str, Receiver]:
    """All receivers, by the names of their sections."""
    return {"callbacks": settings.callbacks, **{f"receivers.{n}": one for n, one in settings.receivers.items()}}


def spec_of(name: str, receiver: Receiver) -> ReceiverSpec:
    """What the settings say of a receiver."""
    return ReceiverSpec(
        name=name,
        url=receiver.url,
        commands=frozenset(receiver.commands),
        timeout_ms=receiver.timeout_ms,
        urls=dict(line.split() for line in receiver.urls),
        conditions=receiver.conditions,
        refuse_on_failure=receiver.refuse_on_failure,
    )
