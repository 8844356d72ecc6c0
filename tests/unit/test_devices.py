"""Slots and presence (ID-04, ID-07), pure; and the registry with a seeded crowd of devices."""

from __future__ import annotations

import random

import pytest

from rcim.actor.events import SessionChanged
from rcim.actor.queries import DevicesQuery, PresenceQuery
from rcim.actor.workflows import CloseDevices
from rcim.base import clock
from rcim.base.errors import KICKED_BY_OTHER_DEVICE, LOGGED_OUT
from rcim.base.terms import DeviceEnd, DeviceNews, Platform, Presence
from rcim.dispatch.session_registry import BEGUN_MAX, SessionRegistry
from rcim.rules.devices import DEVICES_MAX, SLOTS, Device, presence_of, too_many
from rcim.store.connection_answers import PresenceRow

KNOWN, BEGINS, COMES_BACK = DeviceNews.KNOWN, DeviceNews.BEGINS, DeviceNews.COMES_BACK
WEB, DESKTOP, MOBILE, SERVER = Platform.WEB, Platform.DESKTOP, Platform.MOBILE, Platform.SERVER


def device(number: int, platform: Platform = MOBILE, tag: str = "", began: int = 0, login: int = 0) -> Device:
    return Device(number, platform, tag, began or number, login or began or number)


def gone(*devices: Device, slots: dict[Platform, int] | None = None) -> dict[int, int]:
    """Which are closed, and for which."""
    return {c.device.connection_id: c.by.connection_id for c in too_many(devices, slots or dict(SLOTS))}


def test_one_of_each_platform_and_the_one_that_began_later_stays() -> None:
    assert gone(device(1, WEB), device(2, DESKTOP), device(3, MOBILE), device(4, Platform.PAD)) == {}
    assert gone(device(1), device(2)) == {1: 2}
    assert gone(device(2), device(1)) == {1: 2}
    # The older session has reconnected last: it is the one that goes.
    assert gone(device(9, began=1, login=50), device(2, began=2)) == {9: 2}
    # One session with two connections: the one that logged in last is it.
    assert gone(device(9, began=1, login=3), device(2, began=1, login=7)) == {9: 2}


def test_servers_have_no_slots_and_an_app_may_give_more() -> None:
    assert gone(*(device(n, SERVER) for n in range(1, 50))) == {}
    assert gone(*(device(n, WEB) for n in range(1, 6)), slots={**SLOTS, WEB: 3}) == {2: 5, 1: 5}
    assert len(gone(*(device(n, SERVER) for n in range(1, DEVICES_MAX + 11)))) == 10


def test_of_the_same_tag_one_stays_whatever_it_runs_on() -> None:
    assert gone(device(1, WEB, "a"), device(2, MOBILE, "a"), device(3, SERVER, "a")) == {1: 3, 2: 3}
    assert gone(device(1, WEB, "a"), device(2, MOBILE, "b"), device(3, SERVER, "")) == {}
    # One that goes for another's tag takes nobody's slot.
    assert gone(device(1, WEB, "x"), device(2, WEB, "t"), device(3, MOBILE, "t")) == {2: 3}


def test_presence_is_that_of_the_most_present_device() -> None:
    there = device(1)
    away = Device(2, WEB, "", 2, 2, Presence.BACKGROUND)
    assert presence_of([]) is Presence.OFFLINE
    assert presence_of([away]) is Presence.BACKGROUND
    assert presence_of([away, there]) is Presence.ONLINE


class Told:
    """A delivery sink that notes what it is told."""

    def __init__(self) -> None:
        self.closed: list[tuple[str, list[int], int]] = []
        self.rows: list[PresenceRow] = []

    def close_devices(self, user_id: str, connections: list[int], code: int, text: str) -> None:
        assert text or code == LOGGED_OUT.number
        self.closed.append((user_id, list(connections), code))

    def presence(self, row: PresenceRow) -> None:
        self.rows.append(row)


def registry(slots: dict[Platform, int] | None = None) -> tuple[SessionRegistry, Told]:
    made, told = SessionRegistry(slots or SLOTS), Told()
    made.sink = told  # type: ignore[assignment]
    return made, told


def test_only_who_is_watched_is_told_of_and_only_what_is_new() -> None:
    devices, told = registry()
    devices.here("bob", device(1))
    devices.watch(["alice"])
    devices.here("alice", device(2))
    devices.here("alice", device(2))  # said again, as to a new owner
    devices.here("alice", Device(2, MOBILE, "", 2, 2, Presence.BACKGROUND))
    devices.gone("alice", device(2), DeviceEnd.LINK_CLOSE)
    devices.gone("alice", device(2), DeviceEnd.LINK_CLOSE)
    devices.unwatch(["alice"])
    devices.here("alice", device(3))
    states = [row.state for row in told.rows]
    assert states == [Presence.ONLINE, Presence.BACKGROUND, Presence.OFFLINE]
    assert {row.user_id for row in told.rows} == {"alice"}
    page = devices.answer(PresenceQuery(["alice", "nobody"], ["x"]))
    assert [(row.state, row.devices) for row in page.rows] == [
        (Presence.ONLINE, [(MOBILE, Presence.ONLINE)]),
        (Presence.OFFLINE, []),
    ]
    assert page.refused == ["x"]


def test_a_forced_log_out_is_of_the_users_own_devices_alone() -> None:
    devices, told = registry()
    for number, platform in enumerate((WEB, DESKTOP, MOBILE), 1):
        devices.here("alice", device(number, platform))
    devices.here("bob", device(7))
    assert devices.close(CloseDevices("alice", "alice", [2, 7, 99], 0, "")).count == 1
    assert devices.close(CloseDevices("alice", "alice", [], 3, "")).count == 2
    assert devices.close(CloseDevices("alice", "nobody", [], 0, "")).count == 0
    assert told.closed == [("alice", [2], LOGGED_OUT.number), ("alice", [1, 2], LOGGED_OUT.number)]


@pytest.mark.parametrize("seed", range(20))
def test_in_whatever_order_it_is_told_what_stays_fits_and_the_newest_does(seed: int) -> None:
    """A new owner hears of the devices in any order: gateways tell it at once."""
    lots = random.Random(seed)
    there = [
        Device(
            n, lots.choice(list(Platform)), lots.choice(["", "a", "b"]), lots.randrange(1, 9), lots.randrange(9, 20)
        )
        for n in range(1, 12)
    ]
    for _ in range(5):
        lots.shuffle(there)
        devices, told = registry()
        for one in there:
            devices.here("alice", one)
        found = tuple(sorted(d.connection_id for d in devices.answer(DevicesQuery("alice")).devices))
        assert set(found).isdisjoint(one for _, ids, _ in told.closed for one in ids), f"seed {seed}"
        assert all(code == KICKED_BY_OTHER_DEVICE.number for _, _, code in told.closed)
        assert not too_many([d for d in there if d.connection_id in found], SLOTS)
        assert max(there, key=lambda one: one.age).connection_id in found, f"seed {seed}"


def test_a_new_session_is_the_newest_whatever_the_clock_says(monkeypatch: pytest.MonkeyPatch) -> None:
    devices, _ = registry()
    monkeypatch.setattr(clock, "wall_ms", lambda: 5000)
    begun = [devices.begin_ms("alice") for _ in range(3)]
    assert begun == [5000, 5001, 5002], "at once, before any of them is there"
    devices.here("alice", Device(1, MOBILE, "", begun[2], 5000, news=BEGINS))
    monkeypatch.setattr(clock, "wall_ms", lambda: 1000)  # the clock was set back
    assert devices.begin_ms("bob") == 1000 and devices.begin_ms("alice") == 5003
    again, _ = registry()  # a new owner, which has heard of alice's device
    again.here("alice", Device(1, MOBILE, "", begun[2], 5000))
    assert again.begin_ms("alice") == 5003
    for n in range(BEGUN_MAX + 10):
        devices.begin_ms(f"user{n}")
    assert len(devices._begun) == BEGUN_MAX


def test_a_row_of_presence_has_a_bound_and_a_device_is_closed_once() -> None:
    devices, told = registry()
    for number in range(1, DEVICES_MAX + 1):
        state = Presence.ONLINE if number == 50 else Presence.BACKGROUND
        devices.here("alice", Device(number, SERVER, "", number, number, state))
    devices.here("alice", device(999, WEB))
    (row,) = devices.answer(PresenceQuery(["alice"])).rows
    assert row.devices == [(WEB, Presence.ONLINE), (SERVER, Presence.ONLINE)]
    told.closed.clear()
    assert devices.close(CloseDevices("alice", "alice", [7, 7, 7], 0, "")).count == 1


class App:
    """What the app is told of alice, by devices that log in and go."""

    def __init__(self, slots: dict[Platform, int] | None = None) -> None:
        self.devices, self.sink = registry(slots)
        self.told: list[SessionChanged] = []
        self.devices.tell_app = self.told.append
        self._there: dict[int, Device] = {}

    def here(self, number: int, platform: Platform, news: DeviceNews, began: int = 0) -> None:
        self._there[number] = Device(number, platform, "", began or number, number, news=news)
        self.devices.here("alice", self._there[number])

    def gone(self, number: int, end: DeviceEnd = DeviceEnd.LINK_CLOSE) -> None:
        self.devices.gone("alice", self._there[number], end)

    @property
    def events(self) -> list[tuple[Platform, DeviceEnd | None, tuple[Platform, ...]]]:
        return [(one.platform, one.end, one.replaced) for one in self.told]


def test_the_app_is_told_of_each_login_and_then_once_of_its_end() -> None:  # ID-07
    app = App()
    app.here(1, MOBILE, BEGINS)
    app.here(1, MOBILE, KNOWN)
    app.here(2, WEB, BEGINS)
    app.here(3, MOBILE, BEGINS)  # takes the place of 1
    app.gone(1)  # at the same moment
    app.here(4, MOBILE, COMES_BACK, began=1)  # the older session: it is refused, and was never there
    app.gone(4, DeviceEnd.REPLACED)
    app.gone(2, DeviceEnd.TIME_OUT)
    app.here(5, WEB, COMES_BACK, began=2)
    app.here(6, WEB, COMES_BACK, began=2)  # before 5 was given up: it goes on
    app.gone(5, DeviceEnd.REPLACED)
    app.gone(3, DeviceEnd.LOGOUT)
    app.gone(6)
    assert app.events == [
        (MOBILE, None, ()),
        (WEB, None, ()),
        (MOBILE, None, (MOBILE,)),
        (WEB, DeviceEnd.TIME_OUT, ()),
        (WEB, None, ()),
        (MOBILE, DeviceEnd.LOGOUT, ()),
        (WEB, DeviceEnd.LINK_CLOSE, ()),
    ]


def test_an_end_says_whether_the_app_has_logged_the_device_out() -> None:  # ID-04, ID-07
    app = App({MOBILE: 0})
    for number in (1, 2, 3):
        app.here(number, MOBILE, BEGINS)
    app.devices.close(CloseDevices("administrator", "alice", [1], 0, ""))
    app.devices.close(CloseDevices("alice", "alice", [2], 3, ""))
    for number in (1, 2):
        app.gone(number, DeviceEnd.LOGGED_OUT)
    app.gone(3, DeviceEnd.LOGOUT)
    ends = [(one.connection_id, one.end, one.by_app) for one in app.told if one.end is not None]
    assert ends == [
        (1, DeviceEnd.LOGOUT, True),
        (2, DeviceEnd.LOGOUT, False),
        (3, DeviceEnd.LOGOUT, False),
    ]


def test_a_login_names_the_address_and_what_the_replaced_device_calls_itself() -> None:  # ID-07
    app = App()
    for number, tag in ((1, "old"), (2, "new")):
        app.devices.here("alice", Device(number, WEB, tag, number, number, news=BEGINS, address=f"192.0.2.{number}"))
    old, new = app.told
    assert (old.address, old.replaced_tags) == ("192.0.2.1", ())
    assert (new.address, new.tag, new.replaced_tags) == ("192.0.2.2", "new", ("old",))


def test_a_new_owner_says_nothing_of_who_was_there_and_the_end_of_who_has_to_go() -> None:
    app = App()
    app.here(9, WEB, BEGINS)  # before its gateway had told of
    app.here(7, WEB, KNOWN)
    app.gone(7, DeviceEnd.REPLACED)
    app.here(8, MOBILE, KNOWN)
    app.gone(8)
    assert app.events == [
        (WEB, None, ()),
        (WEB, DeviceEnd.LINK_CLOSE, ()),
        (MOBILE, DeviceEnd.LINK_CLOSE, ()),
    ]
    elsewhere = Device(5, MOBILE, "", 5, 5)
    app.devices.gone("alice", elsewhere, DeviceEnd.TIME_OUT)  # it ended while no owner was there
    assert app.events[3:] == [(MOBILE, DeviceEnd.TIME_OUT, ())]
    app.devices.gone("alice", elsewhere, DeviceEnd.REPLACED)  # the owner before had said so
    assert len(app.events) == 4


def test_a_session_that_comes_back_takes_the_place_of_its_own_lost_connection() -> None:  # ID-04
    app = App({**SLOTS, WEB: 2})
    app.here(1, WEB, BEGINS)
    app.here(2, WEB, BEGINS)
    app.here(3, WEB, COMES_BACK, began=2)
    assert [one for _, ids, _ in app.sink.closed for one in ids] == [2], "and not of the other session"
    assert app.events == [(WEB, None, ()), (WEB, None, ())]
    assert gone(device(1, SERVER, began=5, login=5), device(2, SERVER, began=5, login=6)) == {1: 2}


def test_who_was_told_to_go_does_not_come_back_by_what_crosses() -> None:
    app = App()
    app.here(1, MOBILE, BEGINS)
    app.here(2, MOBILE, BEGINS)
    app.here(1, MOBILE, KNOWN)  # its state, said before it heard that it has to go
    app.gone(2, DeviceEnd.LOGOUT)
    app.here(1, MOBILE, KNOWN)  # said again behind a pipe that was broken: it did not hear it
    assert [ids for _, ids, _ in app.sink.closed] == [[1], [1], [1]]
    app.gone(1)
    assert app.devices.answer(DevicesQuery("alice")).devices == []
    assert app.events == [(MOBILE, None, ()), (MOBILE, None, (MOBILE,)), (MOBILE, DeviceEnd.LOGOUT, ())]


def test_a_login_does_not_move_what_begins_later(monkeypatch: pytest.MonkeyPatch) -> None:  # ID-04
    """What a client says of when its session began is a claim."""
    devices, _ = registry()
    monkeypatch.setattr(clock, "wall_ms", lambda: 5_000_000)
    claimed = devices.began_ms("alice", 5_000_000 + 3_600_000)
    assert claimed == 5_000_000, "an hour ahead is now"
    devices.here("alice", Device(1, MOBILE, "", claimed, 5_000_000))
    assert devices.began_ms("alice", 0) == 5_000_001
    assert devices.began_ms("alice", 4_000_000) == 4_000_000, "what is past is believed"
    # The server itself has begun one while its clock was ahead: who continues that is the same session.
    monkeypatch.setattr(clock, "wall_ms", lambda: 1_000_000)
    assert devices.began_ms("alice", 5_000_001) == 5_000_001
    assert devices.began_ms("alice", 5_000_002) == 1_000_000
