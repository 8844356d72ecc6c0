"""The streams that the settings name, as consumers of the event log (CB-04)."""

from __future__ import annotations

from rcim.actor.events import EventKind
from rcim.app.settings.all_settings import Settings, Stream
from rcim.hooks.event_types import KINDS
from rcim.outbox.destination import Subscription
from rcim.outbox.streams.publisher import Publisher, StreamSpec
from rcim.outbox.streams.writing import StreamDestination


def streams_of(settings: Settings, history_id: int) -> dict[str, Subscription]:
    """One subscription for each stream that has a server, by the name of its section. `history_id` is that of the
    store."""
    found: dict[str, Subscription] = {}
    for own, stream in settings.streams.items():
        if stream.servers:
            name = f"streams.{own}"
            destination = StreamDestination(name, _publisher(stream), history_id)
            kinds = frozenset(KINDS[event] for event in stream.events) or frozenset(EventKind)
            found[name] = Subscription(kinds, destination, stream.conditions, settings.message_types)
    return found


def _publisher(stream: Stream) -> Publisher:
    """The client of a stream; only who uses one pays for its library."""
    spec = StreamSpec(
        servers=stream.servers,
        topic=stream.topic,
        timeout_s=stream.timeout_ms / 1000,
        user=stream.user,
        password=stream.password,
        mechanism=stream.mechanism,
        tls=stream.tls,
        ca=stream.ca,
    )
    if stream.kind == "kafka":
        from rcim.outbox.streams.kafka import KafkaPublisher

        return KafkaPublisher(spec)
    from rcim.outbox.streams.nats import NatsPublisher

    return NatsPublisher(spec)
