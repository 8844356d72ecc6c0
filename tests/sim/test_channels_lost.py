"""Who is told of a channel that they have lost while their device was offline, and who is not (UG-02, UG-05, RX-03)."""

from __future__ import annotations

from typing import Any

import pytest

from rcim.actor import commands as c
from rcim.actor import outcomes as o
from rcim.actor import ultra_commands as uc
from rcim.actor import user_results
from rcim.actor import workflows as w
from rcim.actor.outcomes import Added
from rcim.actor.queries import HeadsQuery
from rcim.base.terms import AddResult
from rcim.store import keys
from rcim.store.answers import Heads, SyncPage
from rcim.store.channel_listings import Listing, listing_of
from rcim.store.check import check
from tests.kit import until
from tests.sim.test_channels import GROUP, NEWS, TEAM, City, channel, send, sync
from tests.sim.test_dispatcher import stop_all

assert stop_all, "the fixture is this module's too"


class Town(City):
    """A city whose members look from time to time."""

    async def do(self, key: str, command: Any) -> Any:
        """A command that is not refused, some time after the one before."""
        self.tick()
        found = await self.answer(key, command)
        assert not isinstance(found, o.Refused), found
        return found

    async def join(self, *users: str) -> None:
        for user in users:
            await self.do(GROUP, c.JoinGroup(user, False, ""))

    async def close(self, key: str, private: bool = True) -> None:
        await self.do(key, uc.SetPrivate("u0", False, private))

    async def put(self, key: str, *users: str) -> None:
        await self.do(key, uc.ChangeInsiders("u0", False, list(users), []))

    async def take_off(self, key: str, *users: str) -> None:
        await self.do(key, uc.ChangeInsiders("u0", False, [], list(users)))

    async def end(self, key: str) -> None:
        self.tick()
        assert isinstance(await self.result(self.begin(w.DissolveChannel("u0", key=key, admin=False))), o.Done)

    def look(self, user: str, since: SyncPage | None = None) -> SyncPage:
        (page,) = self.store.answer_all([sync(user, since)])
        assert isinstance(page, SyncPage) and not page.reset and not page.more
        return page

    def gone(self, user: str, since: SyncPage) -> list[str]:
        return self.look(user, since).gone


@pytest.fixture
async def town(monkeypatch: pytest.MonkeyPatch) -> Town:
    made = Town(monkeypatch)
    await made.found()
    return made


async def test_who_saw_a_channel_that_became_private_is_told(town: Town) -> None:
    await town.join("u1", "u2")
    await town.put(NEWS, "u2")
    before = {user: town.look(user) for user in ("u0", "u1", "u2")}
    await town.close(NEWS)
    await town.join("u3")
    assert town.gone("u1", before["u1"]) == [NEWS]
    assert town.gone("u0", before["u0"]) == town.gone("u2", before["u2"]) == [], "they are on its list"
    assert town.gone("u3", before["u1"]) == [], "who has joined later has never seen it"
    assert town.gone("u1", town.look("u1")) == [], "once"
    assert town.look("u1").gone == [], "not with everything else"


async def test_a_channel_that_is_open_again_is_not_gone(town: Town) -> None:
    await town.join("u1")
    before = town.look("u1")
    await town.close(NEWS)
    await town.close(NEWS, private=False)
    page = town.look("u1", before)
    assert page.gone == [] and NEWS in {row.key for row in page.rows}
    await town.join("u2")
    await town.close(NEWS)
    assert town.gone("u2", before) == [NEWS], "it was open when they came"


async def test_who_is_taken_off_a_list_is_told_and_nobody_else(town: Town) -> None:
    await town.join("u1", "u2")
    await town.put(TEAM, "u1")
    before = {user: town.look(user) for user in ("u1", "u2")}
    await town.take_off(TEAM, "u1")
    assert town.gone("u1", before["u1"]) == [TEAM]
    assert town.gone("u2", before["u2"]) == []
    await town.close(TEAM, private=False)
    assert town.gone("u1", before["u1"]) == [], "it is open to all now"
    await town.close(TEAM)
    await town.put(TEAM, "u1")
    assert town.gone("u1", before["u1"]) == []


async def test_the_list_of_a_public_channel_says_nothing(town: Town) -> None:
    await town.join("u1")
    await town.put(NEWS, "u1")
    before = town.look("u1")
    await town.take_off(NEWS, "u1")
    assert town.gone("u1", before) == []
    await town.close(NEWS)
    assert town.gone("u1", before) == [NEWS]


async def test_a_private_channel_that_ends_is_named_to_those_who_saw_it(town: Town) -> None:
    await town.join("u1", "u2")
    await town.put(TEAM, "u1")
    before = town.look("u1")
    await town.close(NEWS)
    closed = town.look("u1")
    await town.join("u3")
    for key in (TEAM, NEWS):
        await town.end(key)
    assert sorted(town.gone("u1", before)) == [NEWS, TEAM]
    assert town.gone("u2", before) == [NEWS], "it was never in the other"
    assert town.gone("u1", closed) == [TEAM], "it has been told of the first"
    assert town.gone("u3", before) == []


async def test_a_public_channel_that_ends_is_named_to_all(town: Town) -> None:
    await town.join("u1")
    before = town.look("u1")
    await town.end(NEWS)
    assert town.gone("u1", before) == [NEWS]
    with town.backend.read() as view:
        listing = listing_of(view, NEWS)
    assert listing is not None and listing.ended and not listing.private
    assert isinstance(await town.result(town.begin(channel("news", private=True))), o.Created)
    assert town.gone("u1", before) == [], "nobody is told of another one with its name that is private"


async def test_heads_are_asked_for_of_public_channels_with_news(town: Town) -> None:  # RX-05
    await town.do(NEWS, send("u0", "one"))
    await town.do(TEAM, send("u0", "secret"))
    since = town.look("u0").upto
    before, after = (town.store.answer_all([HeadsQuery([GROUP], channels_since=stamp)])[0] for stamp in (1, since))
    assert before == Heads({NEWS: 1}) and after == Heads({}), "what is private is not named"
    await town.do(NEWS, send("u0", "two"))
    assert town.store.answer_all([HeadsQuery([GROUP], channels_since=since)]) == [Heads({NEWS: 2})]


async def test_a_device_that_lost_too_many_is_told_everything(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    await town.join("u1")
    before = town.look("u1")
    for name in ("a", "b", "c"):
        assert isinstance(await town.result(town.begin(channel(name))), o.Created)
        await town.end(f"{GROUP}@TOPIC#_{name}")
    monkeypatch.setattr("rcim.store.syncing.GONE_MAX", 2)
    (page,) = town.store.answer_all([sync("u1", before)])
    assert isinstance(page, SyncPage) and page.reset and page.gone == []


async def test_a_damaged_channel_keeps_nobody_from_the_others(town: Town) -> None:  # ST-03
    await town.join("u1")
    with town.backend.write() as view:
        head = view.get("heads", NEWS.encode())
        assert head is not None
        view.put("heads", NEWS.encode(), head[:-1] + bytes([head[-1] ^ 1]))
    assert {row.key for row in town.look("u0").rows} == {GROUP, TEAM}
    assert {row.key for row in town.look("u1").rows} == {GROUP}


@pytest.mark.parametrize(
    "listing",
    [Listing(), Listing(7), Listing(0, True), Listing(0, True, 7, 9), Listing(8, True), Listing(8, True, 7, 9)],
)
def test_a_listing_is_kept_as_it_is(listing: Listing) -> None:
    assert Listing.unpack(listing.pack()) == listing


# ------------------------------------------------------------------------------------------------- accounts that end


def rows_of(town: Town, user: str) -> dict[str, list[bytes]]:
    """What is kept of the user besides their account, by table."""
    found: dict[str, list[bytes]] = {}
    name = user.encode()
    with town.backend.read() as view:
        for table in ("inside", "own", "memberships", "left", "chosen", "insiders", "members", "admins"):
            rows = [row for row, _ in view.scan(table, b"", keys.LAST)]
            mine = [row for row in rows if row.startswith(name + keys.SEP) or row.endswith(keys.SEP + name)]
            if mine:
                found[table] = mine
    return found


async def busy(town: Town, user: str) -> None:
    """A member with rows of their own in both channels, on the list of each."""
    await town.join(user)
    await town.put(TEAM, user)
    await town.put(NEWS, user)
    for key in (NEWS, TEAM):
        await town.do(key, send(user, f"from {user} in {key}"))
        await town.do(key, uc.SetPushLevel(user, False, o.PushLevel.NONE, False))


@pytest.mark.parametrize("in_memory", [True, False])
async def test_nothing_is_kept_in_channels_of_an_account_that_is_deleted(
    town: Town, in_memory: bool
) -> None:  # ID-09
    await busy(town, "u1")
    assert {"inside", "own", "memberships", "insiders", "members"} <= set(rows_of(town, "u1"))
    if not in_memory:
        for key in (GROUP, NEWS, TEAM):
            town.forget(key)
    found = await town.result(town.begin(w.DeleteUsers("root", ["u1"])))
    assert found == Added([("u1", AddResult.ADDED)])
    assert rows_of(town, "u1") == {}
    for key in (NEWS, TEAM):
        assert isinstance(await town.answer(key, send("u1", "x")), o.Refused)
    assert await town.answer(TEAM, uc.ReadInsiders("u0", False, "", 10)) == user_results.Listed(["u0"], "")
    assert check(town.backend).faults == []


async def test_nothing_is_kept_of_who_is_deleted_while_the_members_of_their_group_are_removed(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:  # ID-09
    monkeypatch.setattr("rcim.store.apply.MEMBERS_AT_ONCE", 1)
    await busy(town, "u1")
    await town.do(GROUP, c.DissolveGroup("u0", False))
    assert "memberships" in rows_of(town, "u1")
    await town.result(town.begin(w.DeleteUsers("root", ["u1"])))
    while town.store.purge_step():
        pass
    await until(lambda: town.dispatcher.idle)
    assert rows_of(town, "u1") == {}


async def test_the_app_takes_a_user_out_of_an_ultra_group_and_all_its_channels(town: Town) -> None:  # GR-10
    await busy(town, "u1")
    refused = await town.result(town.begin(w.SyncGroups("u1", [GROUP, NEWS])))
    assert isinstance(refused, o.Synced)
    assert {key: code for key, _, code in refused.results}[NEWS] != 0, "nobody is put into a channel"
    assert "inside" in rows_of(town, "u1")
    await town.result(town.begin(w.SyncGroups("u1", [])))
    assert set(rows_of(town, "u1")) == {"left"}, "only that they have left, for their devices"
    await town.result(town.begin(w.SyncGroups("u1", [GROUP])))
    found = rows_of(town, "u1")
    assert "inside" not in found and "own" not in found, "who comes back is on no list"
    assert isinstance(await town.answer(TEAM, send("u1", "x")), o.Refused)
