"""What `rcim demo kinds` tries in each kind of conversation, by real clients, and what the tables and rules say.

TRIALS is the list of rows. A trial asks the tables (rcim.rules) what should come of it, and then does it. Where a kind
has no such thing the trial does not apply. What only one kind has is in special_trials.py.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from rcim.base.errors import (
    BAD_GROUP_ID,
    BAD_PARAMETER,
    GROUP_FULL,
    NO_SUCH_GROUP,
    NOT_PERMITTED,
    TEMPORARY_ENDED,
    RcimError,
)
from rcim.base.terms import ApplyJoinOption, MessageState
from rcim.client import AttributesEvent, Client, GroupEvent, Message, User
from rcim.client.attributes import attributes_of
from rcim.demo.places import Created, Place, TemporaryPlace
from rcim.demo.trying import APP_ADMIN, DONE, HEARD_S, MEMBER, OWNER, STRANGER, Result, Trial, heard_by, may, refusal
from rcim.rules.conversation_kinds import CHANNEL_MARK, GROUP, SYSTEM, RosterPart
from rcim.rules.group_types import GroupType, Search
from rcim.rules.rights import Operation
from rcim.rules.roles import Standing

OP = Operation
NOT_HERE = ""
"""What a rule says where a kind has no such thing."""
COMES_OF = {ApplyJoinOption.FREE_ACCESS: "joined", ApplyJoinOption.NEED_PERMISSION: "decided"}
FIRST, FOR_ALL, MISSED = "the first message", "to all", "while you were away"
USERS = (OWNER, MEMBER, STRANGER)
COLOR = {"color": "blue"}
MESSAGES = 30
"""So many come while a member is away (CR-01)."""
MEMBERS = 11
Says = Callable[[Place], str]


def created(says: Says) -> Says:
    """What it says of kinds that somebody creates."""
    return lambda place: says(place) if place.kind.created else NOT_HERE


def the_app(says: Says) -> Says:
    """What it says, but for a system conversation: what is written to it goes to the app (SY-01)."""
    return lambda place: "the app alone" if place.kind is SYSTEM else says(place)


def of_row(says: Callable[[GroupType], str]) -> Says:
    """What it says of the row in the type table."""
    return lambda place: says(place.row)


def joined(says: Says) -> Says:
    """What it says where the stranger has come in by now."""
    return created(lambda place: says(place) if place.standing.get(STRANGER) is Standing.MEMBER else NOT_HERE)


def of_members(says: Says) -> Says:
    """What it says of kinds with members of their own."""
    return lambda place: NOT_HERE if place.kind.roster is RosterPart.SHARED else says(place)


def inside(place: Place) -> Created:
    """The place as one that was created. Raises TypeError."""
    if not isinstance(place, Created):
        raise TypeError(f"{place.title}: nobody creates it")
    return place


async def readable(client: Client, place: Place, who: str) -> list[Message]:
    """What the user may see of the history. Raises RcimError."""
    page = await client.history(place.where(who), backwards=True)
    return [message for message in page if message.state is not MessageState.NOT_FOR_YOU]


def _made_says(place: Place) -> str:
    return may(OP.CREATE, OWNER)(place) if place.kind.created else "there"


async def _made(place: Place) -> Result:
    try:
        return await place.begin(OWNER)
    except RcimError as error:
        await place.begin(APP_ADMIN)
        return Result(error.code.name)


async def _chosen_id(place: Place) -> Result:
    mark = f"{CHANNEL_MARK}own" if place.kind.roster is RosterPart.SHARED else ""
    await inside(place).create(place.maker, group_id=f"{place.kind.group_prefix}own{place.row.name}{mark}")
    return Result(DONE)


async def _sends(who: str, listener: str, place: Place) -> Result:
    text = FIRST if who == APP_ADMIN else f"{who} to {listener}"
    await place.say(who, text)
    if place.kind is SYSTEM and who != APP_ADMIN:
        of_app = await place.administrator.history(User(who, of=place.id))
        of_all = await readable(place.client(MEMBER), place, MEMBER)
        alone = text in {m.text for m in of_app} and text not in {m.text for m in of_all}
        return Result("the app alone" if alone else "not the app alone")
    seq = await place.heard(listener, text)
    return Result(DONE, f"SEQ {seq}") if seq else Result("not heard")


async def _prefix(place: Place) -> Result:
    heard = place.people[MEMBER].heard[place.name(MEMBER)]
    key = next(item.conversation for item in heard if isinstance(item, Message))
    return Result(key[: len(place.kind.prefix)])


async def _history(who: str, place: Place) -> Result:
    texts = {message.text for message in await readable(place.client(who), place, who)}
    return Result("visible" if FIRST in texts else "hidden")


async def _apply(place: Place) -> Result:
    return await inside(place).apply(STRANGER)


def _hearers_says(place: Place) -> str:
    inside_ = (Standing.MEMBER, Standing.OWNER)
    return heard_by([who for who in USERS if place.standing.get(who) in inside_])


async def _hearers(place: Place) -> Result:
    await place.say(APP_ADMIN, FOR_ALL)
    if not await place.heard(MEMBER, FOR_ALL):
        return Result(heard_by([]))
    found = []
    for who in USERS:
        expected = place.standing.get(who) in (Standing.MEMBER, Standing.OWNER)
        await place.client(who).profile(who)  # what was to come before the answer has come
        if (expected and await place.heard(who, FOR_ALL)) or place.has_come(who, FOR_ALL):
            found.append(who)
    return Result(heard_by(found))


async def _unread(place: Place) -> Result:
    await place.say(APP_ADMIN, MISSED)
    async with place.client_of(place.away) as client:
        row = client.conversation(place.where(place.away))
        if row is None:
            return Result("not listed")
        if row.last is None or row.last.text != MISSED:
            return Result("listed without it")
        return Result("counted", f"unread: {row.unread}") if row.unread else Result("not counted")


async def _stored(place: Place) -> Result:
    if place.kind.created:
        (row,) = [one async for one in place.administrator.query({"objectId": place.id})]
        return Result("in memory" if row.unstored else "on disk")
    page = await place.client(MEMBER).sync_page()
    (entry,) = [one for one in page.conversations if one.conversation == place.name(MEMBER)]
    return Result("in memory" if entry.unstored else "on disk")


async def _list(place: Place) -> Result:
    users = [entry.user_id for entry in await place.client(MEMBER).members(place.id)]
    if users == sorted(users):  # as all of a list is; a part of it is the earliest, and the owner was first
        return Result("all", f"all {len(users)}")
    return Result("part" if users[0] == OWNER else "in no order", f"the earliest: {len(users)}")


async def _attributes(who: str, place: Place) -> Result:
    await place.client(who).edit_group(place.id, attributes=COLOR)
    return Result(DONE if attributes_of(await place.client(MEMBER).info(place.id)) == COLOR else "not set")


async def _sets_attributes(place: Place) -> Result:
    return await _attributes(place.maker, place)


async def _query(who: str, place: Place) -> Result:
    found = {row.group_id async for row in place.client(who).query({"attr.color": "blue"})}
    return Result("found" if place.id in found else "not found")


async def _room_attributes(place: Place) -> Result:
    async with place.client_of(place.away) as away:
        await refusal(
            away.join(place.id)
        )  # in rooms of one at a time it has left, and a login may have brought it back
        await away.set_attributes(place.id, {"seat": place.away}, with_setter=True)
        told = await place.people[OWNER].hears(place.id, lambda item: isinstance(item, AttributesEvent))
        return Result(DONE if told is not None else "not told")


async def _away(place: Place) -> Result:
    there = inside(place)
    if await there.has(place.away):
        for number in range(MESSAGES):
            await place.say(APP_ADMIN, f"message {number}")
    end = asyncio.get_running_loop().time() + HEARD_S
    while (has := await there.has(place.away)) and place.row.drops_absent:  # it leaves a moment after the last one
        if asyncio.get_running_loop().time() > end:
            break
        await asyncio.sleep(0.02)
    return Result("a member" if has else "has left")


async def _seat(place: Place) -> Result:
    return Result(
        "still there" if "seat" in await place.client(OWNER).attributes(place.id) else "gone", "gone as well"
    )


def _members_says(place: Place) -> str:
    if not place.row.members_at_creation:
        return NOT_PERMITTED.name
    return GROUP_FULL.name if 0 < place.row.member_cap < MEMBERS else DONE


async def _members(place: Place) -> Result:
    await inside(place).create(place.maker, [f"guest-{number}" for number in range(1, MEMBERS)])
    return Result(DONE)


def _unique_says(place: Place) -> str:
    if place.kind is not GROUP:
        return BAD_PARAMETER.name
    return "the same" if place.row.members_at_creation else NOT_PERMITTED.name


async def _unique(place: Place) -> Result:
    client = place.client(place.maker)
    made = [await client.create_unique(place.title, [MEMBER, STRANGER], type_=place.row.name) for _ in range(2)]
    return Result("the same" if made[0].group_id == made[1].group_id and made[1].existed else "another")


def _second_says(place: Place) -> str:
    return "leaves the first" if place.row.one_room else "in both"


async def _second(place: Place) -> Result:
    created_ = inside(place)
    other = await created_.create(place.maker)
    await created_.enter(STRANGER, other)
    both = [await created_.has(STRANGER, group_id) for group_id in (place.id, other)]
    if both == [False, True]:
        await created_.enter(STRANGER, place.id)  # it is to be in the first for what follows
    return Result({(True, True): "in both", (False, True): "leaves the first"}.get((both[0], both[1]), "not in it"))


def _leaver(place: Place) -> str:
    return STRANGER if place.standing.get(STRANGER) is Standing.MEMBER else MEMBER


def _leave_says(place: Place) -> str:
    shared = place.kind.roster is RosterPart.SHARED
    return NOT_PERMITTED.name if shared else may(OP.LEAVE, _leaver(place))(place)


async def _leave(place: Place) -> Result:
    who = _leaver(place)
    await place.client(who).leave(place.id)
    return Result("still there" if await inside(place).has(who) else DONE)


async def _end(place: Place) -> Result:
    if isinstance(place, TemporaryPlace):  # another one, which lives for a second
        place.id = await place.create(OWNER, [MEMBER], ttl_s=1)
    else:
        await place.client(place.maker).dissolve(place.id)
    told = await place.people[MEMBER].hears(place.id, lambda item: isinstance(item, GroupEvent))
    return Result(told.reason.name.lower() if isinstance(told, GroupEvent) else "member not told")


async def _left(place: Place) -> Result:
    codes = {
        await refusal(client.history(place.id)) or "history" for client in (place.client(MEMBER), place.administrator)
    }
    return Result(" and ".join(sorted(codes)))


def _second_offered(place: Place) -> str:
    return _second_says(place) if place.row.join_option is ApplyJoinOption.FREE_ACCESS else NOT_HERE


GONE, ENDED = NO_SUCH_GROUP.name, TEMPORARY_ENDED.name
CHOSEN: Says = created(lambda place: BAD_GROUP_ID.name if place.kind.ids_are_made else DONE)
SEEN: Says = may(OP.HISTORY, STRANGER, lambda _: "visible")
JOINS: Says = created(may(OP.JOIN, STRANGER, lambda row: COMES_OF[row.join_option]))
BEFORE: Says = joined(of_row(lambda row: "visible" if row.history_before_joining else "hidden"))
UNREAD: Says = of_row(lambda row: ("counted" if row.unread else "not counted") if row.listed else "not listed")
STORED: Says = of_row(lambda row: "on disk" if row.stored else "in memory")
LISTS: Says = created(may(OP.MEMBERS, MEMBER, lambda row: row.member_list.value))
MAKER_SETS: Says = created(lambda place: may(OP.EDIT_PROFILE, place.maker)(place))
SEARCHED: Says = created(of_row(lambda row: "found" if row.search is Search.ON else "not found"))
DROPPED: Says = created(of_row(lambda row: "has left" if row.drops_absent else "a member"))
SEAT: Says = created(of_row(lambda row: "gone" if row.room_attributes else NOT_HERE))
END: Says = created(of_row(lambda row: "ended" if row.lifetime_s else "dissolved"))
NOTHING_LEFT: Says = created(of_row(lambda row: ENDED if row.lifetime_s else GONE))
TRIALS: tuple[Trial[Place], ...] = (
    Trial("GR-01", "a user makes it", _made_says, _made),
    Trial("GT-25", "its id is chosen", CHOSEN, _chosen_id),
    Trial("MS-06", "the app sends", may(OP.SEND, APP_ADMIN), partial(_sends, APP_ADMIN, MEMBER)),
    Trial("GT-25", "its id begins with", lambda place: place.kind.prefix, _prefix),
    Trial("SC-01", "a member sends", the_app(may(OP.SEND, MEMBER)), partial(_sends, MEMBER, OWNER)),
    Trial("GT-26", "a stranger sends", the_app(may(OP.SEND, STRANGER)), partial(_sends, STRANGER, OWNER)),
    Trial("RX-06", "a stranger reads history", SEEN, partial(_history, STRANGER)),
    Trial("GR-13", "its maker sets attributes", MAKER_SETS, _sets_attributes),
    Trial("GR-13", "a member sets attributes", created(may(OP.EDIT_PROFILE, MEMBER)), partial(_attributes, MEMBER)),
    Trial("GR-13", "a member queries for them", created(lambda _: "found"), partial(_query, MEMBER)),
    Trial("GR-13", "a stranger queries for them", SEARCHED, partial(_query, STRANGER)),
    Trial("GT-05", "a stranger joins", JOINS, _apply),
    Trial("GT-14", "and reads what was before", BEFORE, partial(_history, STRANGER)),
    Trial("RX-05", "what the app sends is heard", _hearers_says, _hearers),
    Trial("GT-19", "unread for who was away", UNREAD, _unread),
    Trial("GT-22", "its messages are kept", STORED, _stored),
    Trial("GT-03", "a member lists members", LISTS, _list),
    Trial("CR-03", "a member sets a room's attribute", created(may(OP.SET_ATTRIBUTES, MEMBER)), _room_attributes),
    Trial("CR-01", f"away for {MESSAGES} messages, one is", DROPPED, _away),
    Trial("CR-03", "and the attribute that one set is", SEAT, _seat),
    Trial("CR-02", "a member joins a second one", joined(_second_offered), _second),
    Trial("GT-12", f"it is made with {MEMBERS} members", created(of_members(_members_says)), _members),
    Trial("C2-02", "made twice for the same members", created(of_members(_unique_says)), _unique),
    Trial("GR-05", "a member leaves", created(_leave_says), _leave),
)
"""Those that leave it as it was, or nearly."""
LAST: tuple[Trial[Place], ...] = (
    Trial("GR-01", "its end is told as", END, _end),
    Trial("SY-02", "history after its end", NOTHING_LEFT, _left),
)
"""Those that end it."""
