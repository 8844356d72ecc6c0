"""The settings of streams: what is wrong is said with its place, and without a secret."""

from __future__ import annotations

import pytest

from rcim.app.consumers.app_streams import streams_of
from rcim.app.settings.all_settings import SettingsError, from_plain, plain
from rcim.app.settings.checks import stream_checks
from rcim.app.settings.sources import load
from rcim.rules.conditions import Conditions

GOOD = {"servers": "nats://127.0.0.1:4222,tls://two:4222", "events": "message.sent", "types": "Public"}
KAFKA = {"kind": "kafka", "servers": "one:9092", "mechanism": "SCRAM-SHA-256"}


def flags(values: dict[str, str]) -> list[str]:
    return [f"streams.all.{key}={value}" for key, value in values.items()]


async def test_what_they_make() -> None:
    environment = {"RCIM__STREAMS__ALL__PASSWORD": "secret-one"}
    settings = load(None, environment, flags(GOOD | {"conversations": "group"}))
    assert "secret-one" not in repr(settings) and from_plain(plain(settings)) == settings
    (found,) = streams_of(settings, 1).items()
    assert found[0] == "streams.all" and [kind.name for kind in found[1].kinds] == ["MESSAGE_PASSED"]
    assert found[1].conditions == Conditions(frozenset({"group"}), frozenset({"Public"}))
    assert streams_of(load(None, {}, flags({"kind": "kafka"})), 1) == {}, "without a server there is no stream"
    assert list(streams_of(load(None, {}, flags(KAFKA)), 1)) == ["streams.all"]
    await found[1].destination.close()


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        (GOOD | {"kind": "rabbit"}, "kind"),
        (GOOD | {"servers": "nats://user:secret-one@host:4222"}, "servers"),
        (GOOD | {"servers": "http://host"}, "servers"),
        (KAFKA | {"servers": "nats://one:9092"}, "servers"),
        (GOOD | {"topic": "a..b"}, "topic"),
        (GOOD | {"topic": "a b"}, "topic"),
        (GOOD | {"topic": "a.>"}, "topic"),
        (GOOD | {"events": "message.lost"}, "events"),
        (KAFKA | {"mechanism": "GSSAPI"}, "mechanism"),
        (GOOD | {"ca": "/nowhere.pem"}, "ca"),
        (GOOD | {"timeout_ms": "1"}, "timeout_ms"),
        (GOOD | {"types": "Nothing"}, "types"),
        (GOOD | {"message_classes": "nothing"}, "message_classes"),
    ],
)
def test_what_is_wrong(wrong: dict[str, str], key: str) -> None:
    with pytest.raises(SettingsError) as error:
        load(None, {}, flags(wrong))
    assert f"streams.all.{key}" in str(error.value)


def test_a_library_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_checks, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"pip install 'rcim\[nats\]'"):
        load(None, {}, flags(GOOD))
    load(None, {}, flags({"topic": "rcim"}))  # without a server nothing is used
