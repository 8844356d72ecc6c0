"""The audiences of a process, by conversation: who hears what, also where a public channel is heard by all who hear its
ultra group (UG-02)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from itertools import chain

from rcim.base.limits import Limits
from rcim.connect.audience import Audience
from rcim.rules.conversation_kinds import OPEN_MARK, addressed, heard_with


class Audiences:
    """See the module's text."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._audiences: dict[str, Audience] = {}
        self._deaf: dict[str, set[str]] = {}
        """Public channels to the users online who want nothing of them delivered, though they hear the group (RX-01)."""
        self._heard: OrderedDict[str, Audience] = OrderedDict()
        """Those in which a message has come, the one with the newest last."""

    def __len__(self) -> int:
        return len(self._audiences)

    def __iter__(self) -> Iterator[Audience]:
        return iter(list(self._audiences.values()))

    def audience(self, key: str) -> Audience:
        """The audience of `key`, made if there is none."""
        return self._audiences.get(key) or self._audiences.setdefault(key, Audience(key, self._limits))

    def find(self, key: str) -> Audience | None:
        """The audience of `key` if anybody is online in it."""
        return self._audiences.get(key)

    def hearing(self, address: str) -> Audience | None:
        """The audience of what is delivered to `address`, if anybody is online in it: of a public channel, that which
        follows its ultra group's (UG-02)."""
        audience = self._audiences.get(address)
        if audience is not None or address[:1] != OPEN_MARK:
            return audience
        parent = self._audiences.get(heard_with(address))
        if parent is None:
            return None
        key = addressed(address)
        return parent.children.get(key) or parent.children.setdefault(key, Audience(key, self._limits, parent))

    def deafen(self, key: str, user_id: str, deaf: bool) -> None:
        """The user wants nothing of this channel delivered, or again everything (RX-01)."""
        if deaf:
            self._deaf.setdefault(key, set()).add(user_id)
        elif key in self._deaf:
            self._deaf[key].discard(user_id)
            if not self._deaf[key]:
                del self._deaf[key]

    def fill(self, audience: Audience) -> None:
        """Who hears the group of this channel gets what comes next; 0.1 ms for 2,000 connections."""
        assert audience.parent is not None
        members, number, deaf = audience.members, audience.next, self._deaf.get(audience.key)
        aside = audience.parent.aside
        if not deaf:
            for connection in audience.parent.members:
                members.setdefault(connection, number)
            for connection in aside:
                members.setdefault(connection, number)
            return
        for connection in chain(audience.parent.members, aside):
            if connection.principal is None or connection.principal.user_id not in deaf:
                members.setdefault(connection, number)

    def heard_since(self, since_ms: int) -> Iterator[Audience]:
        """Those in which a message has come since then (steady time), the newest first."""
        for audience in reversed(self._heard.values()):
            if audience.head_ms < since_ms:
                return
            yield audience
