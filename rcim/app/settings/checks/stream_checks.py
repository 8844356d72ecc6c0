"""What the settings of streams have to be (CB-04, CB-06)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from rcim.app.settings.all_settings import Settings, Stream
from rcim.app.settings.checks.receiver_checks import condition_faults
from rcim.app.settings.checks.wrong_settings import Wrong, error_of
from rcim.hooks.event_types import KINDS

LIBRARIES = {"nats": "nats", "kafka": "aiokafka"}
"""The library of each kind of stream; an extra of the package has the kind's name."""
TOPIC = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\Z")
TOPIC_CHARS_MAX = 200
NATS_SERVER = re.compile(r"(nats|tls)://[A-Za-z0-9._-]+(:[0-9]{1,5})?\Z")
KAFKA_SERVER = re.compile(r"[A-Za-z0-9._-]+:[0-9]{1,5}\Z")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
SERVERS_MAX = 20


def check_streams(settings: Settings, where: dict[tuple[str, str], str]) -> None:
    """Raises SettingsError, which has no secret."""
    for name, stream in settings.streams.items():
        section = f"streams.{name}"
        for wrong in _faults(settings, stream):
            raise error_of(where, section, wrong, getattr(stream, wrong.key))


def _faults(settings: Settings, one: Stream) -> Iterator[Wrong]:
    if one.kind not in LIBRARIES:
        yield Wrong("kind", f"known are {', '.join(LIBRARIES)}")
        return
    if one.servers and find_spec(LIBRARIES[one.kind]) is None:
        yield Wrong("kind", f"its library is not installed: pip install 'rcim[{one.kind}]'")
    form = NATS_SERVER if one.kind == "nats" else KAFKA_SERVER
    if len(one.servers) > SERVERS_MAX or not all(map(form.match, one.servers)):
        shape = "nats://HOST:PORT or tls://HOST:PORT" if one.kind == "nats" else "HOST:PORT"
        yield Wrong("servers", f"each of at most {SERVERS_MAX} has to be {shape}, without a user or a password")
    if len(one.topic) > TOPIC_CHARS_MAX or not TOPIC.match(one.topic):
        yield Wrong(
            "topic", f"has to be 1 to {TOPIC_CHARS_MAX} of A-Z, a-z, 0-9, _ and -, in parts with dots between"
        )
    if not set(one.events) <= {*KINDS}:
        yield Wrong("events", f"known are {', '.join(KINDS)}")
    if one.mechanism not in MECHANISMS:
        yield Wrong("mechanism", f"known are {', '.join(MECHANISMS)}")
    if one.ca and not Path(one.ca).is_file():
        yield Wrong("ca", "has to be a file")
    if not 100 <= one.timeout_ms <= 60_000:
        yield Wrong("timeout_ms", "must be 100 to 60000")
    yield from condition_faults(settings, one)
