"""What `rcim demo kinds` tries in one kind alone: channels, rooms that are kept alive, system accounts, broadcasts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from rcim.base import clock
from rcim.base.errors import (
    BROADCAST_LIMIT,
    NO_SUCH_GROUP,
    ROOM_KEPT_ALIVE,
    SYSTEM_SENDER,
    TOO_MANY_CHANNELS,
    RcimError,
)
from rcim.base.limits import DEFAULTS
from rcim.base.terms import BROADCAST_ALL, MessageState
from rcim.client import BROADCASTS, BroadcastTarget, Client, User
from rcim.client.model import conversation_of
from rcim.demo.places import ChannelPlace, Place
from rcim.demo.trying import APP_ADMIN, MEMBER, OWNER, STRANGER, Result, Trial, heard_by, refusal
from rcim.rules.broadcasts import Viewer, expires_at, is_offline_message
from rcim.rules.conversation_kinds import BROADCAST, CHANNEL, SYSTEM, ULTRA, ConversationKind
from rcim.rules.targets import Labels, Target, matches

TAG = "beta"
SHORT, FOR_SOME, LASTING = "for a second", "for some", "for a week"
NAMED, AFTER = "for one user", "for all subscribers"
NEWCOMER = "newcomer"
"""A user who logs in for the first time when there have been broadcasts."""


def only(kind: ConversationKind, says: Callable[[], str]) -> Callable[[Place], str]:
    """What it says of one kind; to no other the trial applies."""
    return lambda place: says() if place.kind is kind else ""


async def _channels(place: Place) -> Result:
    client = place.client(place.maker)
    for number in range(DEFAULTS.channels_per_group_max):
        no = await refusal(client.create_channel(place.id, f"c{number}"))
        if no:
            return Result(f"{no} after {number}")
    return Result(await refusal(client.create_channel(place.id, "another")) or "made")


async def _private(place: Place) -> Result:
    if not isinstance(place, ChannelPlace):
        raise TypeError(f"{place.title}: no channel")
    owner, member = place.client(OWNER), place.client(MEMBER)
    private = await owner.create_channel(place.parent, "private", private=True)
    await owner.send(private, "a secret")
    if private in {row.group_id for row in await member.channels(place.parent)}:
        return Result("listed")
    return Result(await refusal(member.history(private)) or "read")


async def _kept_alive(place: Place) -> Result:
    await place.administrator.set_room(place.id, keep_alive=True)
    no = await refusal(place.client(OWNER).dissolve(place.id))
    await place.administrator.set_room(place.id, keep_alive=False)
    return Result(no or "dissolved")


async def _log_in(place: Place) -> Result:
    client = place.client_of(place.id)
    try:
        await client.connect()
    finally:
        await client.close()
    return Result("logged in")


async def _named(place: Place) -> Result:
    if not place.id:
        return Result("not made")
    await place.administrator.system_send_to(place.id, [STRANGER], NAMED)
    await place.say(APP_ADMIN, AFTER)
    if not await place.heard(MEMBER, AFTER):
        return Result("later one not heard")
    await place.people[STRANGER].reads(conversation_of(User(place.id), STRANGER), NAMED)
    return Result(heard_by([who for who in (MEMBER, STRANGER) if place.people[who].has_heard(NAMED)]))


# -- broadcasts


async def synced(client: Client) -> set[str]:
    """The texts of the offline broadcasts that a login is told. Raises RcimError."""
    page = await client.sync_page(messages=20)
    row = next((row for row in page.conversations if row.conversation == BROADCAST_ALL), None)
    seqs = [message.seq for message in row.messages] if row is not None else []
    return {message.text for message in await client.history_of(BROADCASTS, seqs)}


async def shown(client: Client) -> list[str]:
    """The texts of the broadcasts that are in the user's history. Raises RcimError."""
    return [m.text for m in await client.history(BROADCASTS) if m.state is not MessageState.NOT_FOR_YOU]


def _expired_says() -> str:
    offline = is_offline_message(1, 0, None, Viewer(), expires_ms=expires_at(0, 1), now_ms=1000)
    return "an offline message" if offline else "in history alone"


async def _expired(place: Place) -> Result:
    sent = await place.administrator.broadcast(SHORT, expires_s=1)
    await asyncio.sleep(max(0, expires_at(sent.time_ms, 1) - clock.wall_ms()) / 1000 + 0.01)
    async with place.client_of(place.away) as client:
        if SHORT not in await shown(client):
            return Result("not even in history")
        return Result("an offline message" if SHORT in await synced(client) else "in history alone")


def _target_says() -> str:
    target = Target(tags_any=(TAG,))
    labels = {MEMBER: Labels((TAG,)), STRANGER: Labels()}
    return heard_by([who for who, has in labels.items() if matches(target, has)])


async def _target(place: Place) -> Result:
    await place.administrator.change_tags([MEMBER], add=[TAG])
    await place.administrator.broadcast(FOR_SOME, target=BroadcastTarget(tags_any=[TAG]))
    await place.administrator.broadcast(LASTING)
    heard = []
    for who in (MEMBER, STRANGER):
        if not await place.heard(who, LASTING):
            return Result("later one not heard")
        if place.people[who].has_heard(FOR_SOME):
            heard.append(who)
    return Result(heard_by(heard))


async def _new_user(place: Place) -> Result:
    async with place.client_of(NEWCOMER) as client:
        texts = await shown(client)
    return Result("the newest alone" if texts == [LASTING] else f"{len(texts)} of them")


async def _limit(place: Place) -> Result:
    sent = len(await place.administrator.broadcasts(DEFAULTS.broadcasts_per_day + 1))
    for _ in range(DEFAULTS.broadcasts_per_day - sent):
        await place.say(APP_ADMIN, "one more")
    try:
        await place.say(APP_ADMIN, "one too many")
    except RcimError as error:
        return Result(error.code.name)
    return Result("sent")


def _kept_says(place: Place) -> str:
    return ROOM_KEPT_ALIVE.name if place.row.empty_minutes else ""


FULL = only(ULTRA, lambda: TOO_MANY_CHANNELS.name)
CLOSED = only(CHANNEL, lambda: NO_SUCH_GROUP.name)
LIMITED = only(BROADCAST, lambda: BROADCAST_LIMIT.name)
TRIALS: tuple[Trial[Place], ...] = (
    Trial("UG-02", f"channel {DEFAULTS.channels_per_group_max + 1}", FULL, _channels),
    Trial("UG-05", "a private channel from outside", CLOSED, _private),
    Trial("CR-04", "kept alive, its owner ends it", _kept_says, _kept_alive),
    Trial("SY-01", "one for a user is heard", only(SYSTEM, lambda: heard_by([STRANGER])), _named),
    Trial("SY-06", "its account logs in", only(SYSTEM, lambda: SYSTEM_SENDER.name), _log_in),
    Trial("SY-06", "an expired one is", only(BROADCAST, _expired_says), _expired),
    Trial("SY-04", "one for a tag is heard", only(BROADCAST, _target_says), _target),
    Trial("SY-03", "a new user finds", only(BROADCAST, lambda: "the newest alone"), _new_user),
    Trial("SY-03", f"number {DEFAULTS.broadcasts_per_day + 1} in a day", LIMITED, _limit),
)
