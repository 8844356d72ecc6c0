"""A receiver of callbacks: where it is, in which form it wants them, and which it wants (CB-01, CB-02, CB-06)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rcim.actor.before_callbacks import BeforeCallback
from rcim.actor.before_kinds import BeforeKind
from rcim.actor.callback_verdicts import CallbackVerdict
from rcim.actor.commands import SendMessage
from rcim.hooks.profile import Facts, Profile
from rcim.rules.conditions import Conditions
from rcim.rules.conversation_kinds import kind_name
from rcim.rules.message_types import CONTENT, MessageType
from rcim.web.client import WebClient


@dataclass(frozen=True)
class ReceiverSpec:
    """What the settings say of a receiver. `commands` are names of its profile; `urls` has those that go elsewhere than
    to `url`."""

    name: str
    url: str
    commands: frozenset[str]
    timeout_ms: int
    urls: Mapping[str, str]
    conditions: Conditions
    refuse_on_failure: bool = False

    def url_of(self, command: str) -> str:
        """Where callbacks of this command go."""
        return self.urls.get(command, self.url)


class AskedReceiver:
    """A receiver, as far as it is asked before something is done (CB-03). `types` are the message types, by name."""

    def __init__(
        self,
        spec: ReceiverSpec,
        profile: Profile,
        client: WebClient,
        types: Mapping[str, MessageType],
        facts: Facts,
    ) -> None:
        self._spec = spec
        self._facts = facts
        self._profile = profile
        self._client = client
        self._types = types
        self.timeout_ms = spec.timeout_ms
        self.refuse_on_failure = spec.refuse_on_failure
        self.kinds = frozenset(
            kind for name, kinds in profile.before.items() if name in spec.commands for kind in kinds
        )

    @property
    def goes_somewhere(self) -> bool:
        """True if it has a URL."""
        return bool(self._spec.url or self._spec.urls)

    @property
    def conditions(self) -> Conditions:
        """CB-06: about which conversations and messages it is asked."""
        return self._spec.conditions

    def decides(self, ask: BeforeCallback) -> bool:
        """True if it is to be asked."""
        if ask.kind not in self.kinds or not self._profile.asks(ask):
            return False
        if ask.key and not self.conditions.conversation(kind_name(ask.key), ask.type):
            return False
        if ask.message is not None:
            options = ask.message.extra
        elif isinstance(ask.command, SendMessage):
            options = ask.command.extra
        else:
            return True
        name = options.type_name if options is not None else ""
        return self.conditions.message(self._types.get(name, CONTENT).kind, name)

    async def ask(self, ask: BeforeCallback) -> CallbackVerdict:
        """Its answer. Raises one of rcim.web.client.FAULTS."""
        members: Sequence[str] = ()
        if wanted := self._profile.members_for(ask):
            members = await self._facts.members(ask.key, wanted)
        callback = self._profile.question(ask, members)
        answer = await self._client.post(self._profile.request(self._spec.url_of(callback.command), [callback]))
        return self._profile.verdict(answer, callback)


def asks_of(receivers: Sequence[AskedReceiver]) -> dict[BeforeKind, list[Conditions]]:
    """What actors have to ask about, for all receivers."""
    found: dict[BeforeKind, list[Conditions]] = {}
    for receiver in receivers:
        for kind in receiver.kinds:
            found.setdefault(kind, []).append(receiver.conditions)
    return found
