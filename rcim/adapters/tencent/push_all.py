"""Pushes to all users: broadcasts (SY-03), and the tags and attributes by which they are targeted (SY-04)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rcim.adapters.tencent.codes import PUSH_TO_ALL
from rcim.adapters.tencent.command import Call, Fields, Json, TencentError, command
from rcim.adapters.tencent.group_messages import push_info
from rcim.adapters.tencent.one_to_one import LIFE_S_MAX, read_body
from rcim.base.terms import AddResult, Priority
from rcim.service import requests
from rcim.service.results import Added, AttributeNames, BroadcastSent, Done, Profiles, UserProfile

USERS_MAX, LABELS_MAX = 100, 100
TAGS_MAX = 100
"""Of one user."""
NAMES_MAX = 10
TOO_MANY_USERS, NO_ROOM = 90018, 90033


@command(PUSH_TO_ALL, "all_member_push/im_push")
async def im_push(call: Call) -> Json:
    """Sends a message to all users, or to those with some tags or attributes; TaskId is the message's id (SY-03, SY-04).
    `MsgLifeTime` says how long it is an offline message; 0, or none: only who is online gets it."""
    fields = call.fields
    condition = fields.within("Condition")
    sent = await call.ask(
        requests.AdminBroadcast(
            client_msg_id=str(fields.number("MsgRandom")),
            priority=Priority.NORMAL,
            body=read_body(fields),
            sender=fields.account("From_Account", ""),
            expires_s=fields.number("MsgLifeTime", 0, most=LIFE_S_MAX),
            tags_any=_texts(condition, "TagsOr"),
            tags_all=_texts(condition, "TagsAnd"),
            attributes_any=_attributes(condition.raw("AttrsOr"), condition, "AttrsOr"),
            attributes_all=_attributes(condition.raw("AttrsAnd"), condition, "AttrsAnd"),
            push=push_info(fields),
        ),
        BroadcastSent,
    )
    return {"TaskId": str(sent.message_id)}


@command(PUSH_TO_ALL, "all_member_push/im_set_attr_name")
async def im_set_attr_name(call: Call) -> Json:
    """Declares attributes that users can have, by number (SY-04)."""
    fields = call.fields
    found = fields.raw("AttrNames")
    if not isinstance(found, dict) or not found:
        raise fields.refuse("AttrNames", "has to be an object of names by number")
    names = [requests.AttributeName(_number(fields, number), _text(fields, name)) for number, name in found.items()]
    await call.ask(requests.AdminAttributeNamesSet(names), Done)
    return {}


@command(PUSH_TO_ALL, "all_member_push/im_get_attr_name")
async def im_get_attr_name(call: Call) -> Json:
    """The attributes that users can have, by number (SY-04)."""
    found = await call.ask(requests.AdminAttributeNames(), AttributeNames)
    return {"AttrNames": {str(number): name for number, name in found.names.items()}}


@command(PUSH_TO_ALL, "all_member_push/im_set_attr")
async def im_set_attr(call: Call) -> Json:
    """Sets attributes of users (SY-04)."""

    def read(row: Fields, user_id: str) -> requests.AdminAttributesChange:
        return requests.AdminAttributesChange([user_id], set=_attributes(row.raw("Attrs"), row, "Attrs"))

    return await _label(call, "UserAttrs", read)


@command(PUSH_TO_ALL, "all_member_push/im_remove_attr")
async def im_remove_attr(call: Call) -> Json:
    """Removes attributes of users (SY-04)."""

    def read(row: Fields, user_id: str) -> requests.AdminAttributesChange:
        return requests.AdminAttributesChange([user_id], remove=_texts(row, "Attrs"))

    return await _label(call, "UserAttrs", read)


@command(PUSH_TO_ALL, "all_member_push/im_get_attr")
async def im_get_attr(call: Call) -> Json:
    """The attributes of up to 100 users (SY-04)."""
    users = await _profiles(call)
    return {"UserAttrs": [{"To_Account": user, "Attrs": one.labels.attributes} for user, one in users]}


@command(PUSH_TO_ALL, "all_member_push/im_add_tag")
async def im_add_tag(call: Call) -> Json:
    """Gives users tags (SY-04)."""

    def read(row: Fields, user_id: str) -> requests.AdminTagsChange:
        return requests.AdminTagsChange([user_id], add=_texts(row, "Tags"))

    return await _label(call, "UserTags", read)


@command(PUSH_TO_ALL, "all_member_push/im_remove_tag")
async def im_remove_tag(call: Call) -> Json:
    """Takes tags from users (SY-04)."""

    def read(row: Fields, user_id: str) -> requests.AdminTagsChange:
        return requests.AdminTagsChange([user_id], remove=_texts(row, "Tags"))

    return await _label(call, "UserTags", read)


@command(PUSH_TO_ALL, "all_member_push/im_get_tag")
async def im_get_tag(call: Call) -> Json:
    """The tags of up to 100 users (SY-04)."""
    return {"UserTags": [{"To_Account": user, "Tags": list(one.labels.tags)} for user, one in await _profiles(call)]}


@command(PUSH_TO_ALL, "all_member_push/im_remove_all_tags")
async def im_remove_all_tags(call: Call) -> Json:
    """Takes all tags from up to 100 users (SY-04)."""
    users = call.fields.accounts("To_Account", USERS_MAX, code_of_many=TOO_MANY_USERS)
    _check(await call.ask(requests.AdminTagsChange(users, remove_all=True), Added))
    return {}


Change = requests.AdminTagsChange | requests.AdminAttributesChange


async def _label(call: Call, name: str, read: Callable[[Fields, str], Change]) -> Json:
    """Make the change of each row. All rows are read and checked before the first is carried out, also whether each user
    has room for more tags: the vendor answers with one code for all of them, so all are done or none. Requests of this
    API for the same users take turns. A request for one user may be the row itself. Raises TencentError or RcimError."""
    fields = call.fields
    alone = "To_Account" in fields and name not in fields
    rows = [fields] if alone else fields.objects(name, USERS_MAX, 1, code_of_many=TOO_MANY_USERS)
    changes = [read(row, row.account("To_Account")) for row in rows]
    for change in changes:
        call.service.check(call.principal, change)
    await _check_names(call, changes)
    async with call.turns.of_all(f"labels {user}" for change in changes for user in change.users):
        await _check_room(call, changes)
        async for made in call.ask_each(changes, Added):
            _check(made)
    return {}


async def _check_names(call: Call, changes: Sequence[Change]) -> None:
    """Raises TencentError if an attribute is to be set that the app has not declared, and RcimError."""
    named = {
        one.name for change in changes if isinstance(change, requests.AdminAttributesChange) for one in change.set
    }
    if named:
        known = (await call.ask(requests.AdminAttributeNames(), AttributeNames)).names.values()
        unknown = sorted(named.difference(known))
        if unknown:
            raise call.fields.refuse("Attrs", f"{unknown[0][:100]} is not declared; im_set_attr_name does that")


async def _check_room(call: Call, changes: Sequence[Change]) -> None:
    """Raises TencentError if a user would have too many tags after these changes, and RcimError."""
    added: dict[str, set[str]] = {}
    for change in changes:
        if isinstance(change, requests.AdminTagsChange) and change.add:
            for user in change.users:
                added.setdefault(user, set()).update(change.add)
    found = await _profiles_of(call, list(added))
    full = [user for user, one in found if len(added[user].union(one.labels.tags)) > TAGS_MAX]
    if full:
        raise _no_room(full)


def _check(made: Added) -> None:
    """Raises TencentError if a user could not be given the labels."""
    failed = [user for user, result in made.results if result is AddResult.FAILED]
    if failed:
        raise _no_room(failed)


def _no_room(users: Sequence[str]) -> TencentError:
    return TencentError(NO_ROOM, f"not done for {', '.join(users)}: they would have more than {TAGS_MAX} tags")


async def _profiles(call: Call) -> list[tuple[str, UserProfile]]:
    """The users of `To_Account`, each with tags and attributes."""
    return await _profiles_of(call, call.fields.accounts("To_Account", USERS_MAX, code_of_many=TOO_MANY_USERS))


async def _profiles_of(call: Call, users: list[str]) -> list[tuple[str, UserProfile]]:
    """These users, each with tags and attributes. Raises RcimError."""
    left = users
    found: list[tuple[str, UserProfile]] = []
    while left:
        page = await call.ask(requests.AdminLabels(left), Profiles)
        found += [(row.user_id, row.profile) for row in page.rows]
        left = left[max(page.taken, 1) :]
    return found


def _texts(fields: Fields, name: str) -> list[str]:
    found = fields.rows(name, LABELS_MAX)
    if not all(isinstance(one, str) for one in found):
        raise fields.refuse(name, "has to be a list of strings")
    return found


def _attributes(found: Any, fields: Fields, name: str) -> list[requests.UserAttribute]:
    """An object of attributes by name. Raises TencentError."""
    if found is None:
        return []
    if not isinstance(found, dict):
        raise fields.refuse(name, "has to be an object of values by name")
    return [requests.UserAttribute(key, _text(fields, value)) for key, value in found.items()]


def _text(fields: Fields, found: Any) -> str:
    """A text. Raises TencentError."""
    if not isinstance(found, str):
        raise fields.refuse("a name or value", "has to be a string")
    return found


def _number(fields: Fields, text: str) -> int:
    """The number of an attribute. Raises TencentError."""
    if not (text.isascii() and text.isdigit() and int(text) < NAMES_MAX):
        raise fields.refuse("AttrNames", f"{text}: has to be a number from 0 to {NAMES_MAX - 1}")
    return int(text)
