"""Devices of gateways that are lost: it may be the pipe that has broken, and not the gateway (ID-04, ID-07).

1. For a while they are taken to be there. Those that the gateway names again never were away.
2. Then they are given up: their end is told. One that is named after all has logged in again, as far as others know; what
   is told of the end of one that was given up is no news.
3. What is to be closed meanwhile is closed when it is named.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from rcim.base.terms import DeviceEnd, DeviceNews
from rcim.bus import messages as m
from rcim.bus.pipe import encoded
from rcim.dispatch.requests import Engine
from rcim.rules.devices import Device

GIVEN_UP_MAX = 20_000
"""Devices that were given up and may be named again."""


class Gateway(Protocol):
    """The link of a gateway, as far as its devices go. It is compared by identity."""

    @property
    def devices(self) -> Mapping[tuple[str, int], Device]:
        """Those that are logged in there, by user and connection."""

    def send(self, data: bytes) -> None:
        """Send an encoded message down."""


class SessionGrace:
    """See the module's text. Devices are known by user and connection; they are given up after `wait_s`."""

    def __init__(self, owner: Engine, loop: asyncio.AbstractEventLoop, wait_s: float) -> None:
        self._owner = owner
        self._loop = loop
        self._wait_s = wait_s
        self._unsure: dict[tuple[str, int], Gateway] = {}
        self._to_close: dict[tuple[str, int], tuple[int, str]] = {}
        """Of those: error and text."""
        self._given_up: dict[tuple[str, int], None] = {}
        self._timers: dict[Gateway, asyncio.TimerHandle] = {}

    @property
    def waiting(self) -> bool:
        """True while it is not sure of any whether it is there."""
        return bool(self._timers)

    def leave(self, link: Gateway) -> None:
        """A gateway is lost."""
        if link.devices:
            self._unsure.update(dict.fromkeys(link.devices, link))
            self._timers[link] = self._loop.call_later(self._wait_s, self._give_up, link)

    def _give_up(self, link: Gateway) -> None:
        del self._timers[link]
        for key, device in link.devices.items():
            if self._unsure.get(key) is link:
                del self._unsure[key]
                self._to_close.pop(key, None)
                self._given_up[key] = None
                self._owner.device_gone(key[0], device, DeviceEnd.LINK_CLOSE)
        while len(self._given_up) > GIVEN_UP_MAX:
            del self._given_up[next(iter(self._given_up))]

    def named(self, link: Gateway, user_id: str, device: Device) -> Device:
        """A gateway says that the device is there; returns it as it is to be told of."""
        key = user_id, device.connection_id
        self._unsure.pop(key, None)
        closing = self._to_close.pop(key, None)
        if closing is not None:
            link.send(encoded(m.CloseDevices(user_id, [device.connection_id], *closing)))
        if key in self._given_up:
            del self._given_up[key]
            if device.news is DeviceNews.KNOWN:
                return msgspec.structs.replace(device, news=DeviceNews.COMES_BACK)
        return device

    def ended(self, user_id: str, device: Device) -> bool:
        """A gateway says that the device is gone; False: that was told."""
        key = user_id, device.connection_id
        self._unsure.pop(key, None)
        self._to_close.pop(key, None)
        if key in self._given_up:
            del self._given_up[key]
            return False
        return True

    def close_later(self, user_id: str, connections: Iterable[int], code: int, text: str) -> None:
        """Those of them of which it is not sure whether they are there."""
        for one in connections:
            if (user_id, one) in self._unsure:
                self._to_close[user_id, one] = code, text

    def stop(self) -> None:
        """Give nobody up any more."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
