"""Settings of the listener for back ends: what they may be, and that they reach it (AB-02, OP-01)."""

from __future__ import annotations

import pytest

from rcim.app.settings.all_settings import SettingsError
from rcim.app.settings.sources import load
from rcim.app.wiring.http_listener import bounds_of
from rcim.http.server import HttpBounds


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("http.host=", "must not be empty"),
        ("http.port=70000", "must be 0 to 65535"),
        ("http.apis=tencent,soap", "known are"),
        ("http.body_bytes_max=10", "must be 1024 to"),
        ("http.body_bytes_in_flight_max=10", "must be 1024 to"),
        ("http.headers_ms=1", "must be 100 to 3600000"),
        ("http.body_ms=1", "must be 100 to 3600000"),
        ("http.write_ms=0", "must be 100 to 3600000"),
        ("http.idle_ms=9999999", "must be 100 to 3600000"),
        ("http.in_flight_max=0", "must be 1 to 100000"),
        ("http.connections_max=0", "must be 1 to 100000"),
        ("http.connections_per_address_max=200000", "must be 1 to 100000"),
    ],
)
def test_what_is_wrong_is_named(flag: str, said: str) -> None:
    with pytest.raises(SettingsError, match=flag.partition("=")[0]) as error:
        load(None, {}, [flag])
    assert said in str(error.value)


@pytest.mark.parametrize("hosts", [(), ("http.host=0.0.0.0",), ("server.host=::",)])
def test_it_has_a_port_of_its_own(hosts: tuple[str, ...]) -> None:
    """With gateways both could listen on one port, and each connection would come to one of them by chance."""
    same = ["http.on=true", "http.port=7460", *hosts]
    with pytest.raises(SettingsError, match=r"http\.port .*server\.port"):
        load(None, {}, same)
    load(None, {}, ["http.on=true", "http.port=0", "server.port=0", *hosts])
    load(None, {}, ["http.on=true", "http.port=7460", "http.host=10.0.0.1", "server.host=10.0.0.2"])


def test_it_serves_an_api() -> None:
    with pytest.raises(SettingsError, match=r"http\.apis .*at least one"):
        load(None, {}, ["http.on=true", "http.apis="])


def test_without_tls_it_listens_on_this_machine_alone() -> None:
    with pytest.raises(SettingsError, match=r"http\.tls"):
        load(None, {}, ["http.tls=false", "http.host=0.0.0.0"])
    load(None, {}, ["http.tls=false", "http.host=127.0.0.1"])


def test_they_are_the_bounds_of_the_listener() -> None:
    assert bounds_of(load(None, {}, [])) == HttpBounds()
    changed = load(None, {}, ["http.headers_ms=1500", "http.connections_max=7", "http.body_bytes_in_flight_max=5000"])
    bounds = bounds_of(changed)
    assert (bounds.headers_s, bounds.connections_max, bounds.bodies_bytes_max) == (1.5, 7, 5000)
