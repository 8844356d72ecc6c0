"""What a stream's client has to do: the interface between the destination and the libraries of NATS and Kafka."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

REASON_MAX = 200
"""Characters of a library's error that the operator sees."""


class Record(NamedTuple):
    """An event as a stream has it. `id` is that of the event, `key` what it comes in order of (docs/adr/0023)."""

    id: str
    type: str
    key: str
    value: bytes


class NotTaken(Exception):
    """The stream has not said that it has the record; the text is one line for the operator. `for_good`: it would never
    take it."""

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


class Publisher(Protocol):
    """See the module's text. It is used from the loop; of one key one call is under way at a time."""

    async def publish(self, records: Sequence[Record]) -> int:
        """Write some of these, which have one key, from the first one on; returns how many, at least one. The stream has
        them then, on all replicas that it is to wait for. Raises NotTaken if it has not taken the first one, within the
        time of the settings, also if there is no connection."""

    async def close(self) -> None:
        """Give back the connection, within a few seconds."""


@dataclass(frozen=True)
class StreamSpec:
    """What the settings say of a stream. `topic` is Kafka's topic, or what the subjects of NATS begin with; `user` and
    `password` may be empty, and a password alone is a token of NATS. `ca`: a PEM file with whom to trust; empty: the
    system's."""

    servers: tuple[str, ...]
    topic: str
    timeout_s: float
    user: str = ""
    password: str = ""
    mechanism: str = "PLAIN"
    tls: bool = False
    ca: str = ""


def reason_of(error: BaseException) -> str:
    """An error as one line; none of the libraries puts credentials into one."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:REASON_MAX]
