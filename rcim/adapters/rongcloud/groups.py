"""Groups: create, join, quit, dismiss, rename, sync, members (GR-01, GR-05, GR-10)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from rcim.adapters.rongcloud.codes import WRONG_PARAMETER, RongError
from rcim.adapters.rongcloud.command import Call, Json, chunks, command, failures
from rcim.adapters.rongcloud.form import Form, cut
from rcim.adapters.rongcloud.targets import all_members, facts_of, is_there, present
from rcim.base.errors import BY_NUMBER, GROUP_ID_TAKEN, GROUP_ID_TAKEN_BY_YOU, NO_SUCH_GROUP, RcimError
from rcim.base.terms import GROUP_PREFIX, AddResult, ApplyJoinOption
from rcim.service import requests
from rcim.service.results import Added, Created, Done, Edited, GroupRow, GroupsPage, Members, SyncedGroups

USERS_AT_ONCE = 1000
INVITED_AT_ONCE = 300
KICKED_AT_ONCE = 100
ULTRA_TYPE = "UltraGroup"
NAME_BYTES_MAX = 30
MEMBERS_SHOWN = 10_000
SYNC_GROUPS_MAX = 1000
NOT_ADDED = {
    AddResult.FAILED: RongError(WRONG_PARAMETER, "The user could not be added."),
    AddResult.FULL: RongError(WRONG_PARAMETER, "The group is full, or the user is in too many."),
}
"""What is said of users who did not come into a group."""


def group_name(form: Form, group_id: str) -> str:
    """The name that a group is to have; without one the beginning of its id. Raises RongError."""
    return form.name("groupName", NAME_BYTES_MAX, group_id)


async def create_group(call: Call, group_id: str, users: Sequence[str], name: str, *, ultra: bool = False) -> Json:
    """Makes a group, or an ultra group, of these users; one that is there gets them as members. Where the type has an
    owner it is the first of them. As `add`; if none of them could be added to a group that was not there before, there
    is none."""
    made = not await is_there(call, group_id)
    if made:
        request = requests.GroupCreate(
            group_id=group_id,
            type=ULTRA_TYPE if ultra else call.app.group_type,
            name=name,
            apply_join_option=ApplyJoinOption.DISABLE_APPLY,
            owner=users[0] if ultra or call.app.group_has_owner else "",
        )
        try:
            await call.ask(request, Created)
        except RcimError as error:
            if error.code not in (GROUP_ID_TAKEN, GROUP_ID_TAKEN_BY_YOU):
                raise
            made = False  # by another request, a moment ago
    try:
        return await add(call, group_id, users)
    except (RongError, RcimError):
        if made and not await all_members(call, group_id, 1):
            await call.ask(requests.GroupDissolve(group_id), Done)
        raise


async def add(call: Call, group_id: str, users: Sequence[str]) -> Json:
    """Adds users to a group; who is in it already stays. `failed` in what it returns says who could not be added, and
    why; without it, all are in. Raises RongError or RcimError if none could be added."""
    wanted = [requests.GroupInvite(group_id, list(some)) for some in chunks(users, INVITED_AT_ONCE)]
    for request in wanted:
        call.service.check(call.principal, request)
    found: dict[str, BaseException | None] = {}
    for request in wanted:
        try:
            added = await call.ask(request, Added)
            found |= {user: NOT_ADDED.get(result) for user, result in added.results}
        except RcimError as error:
            found |= dict.fromkeys(request.users, error)
    return failures(list(found), list(found.values()), "userId")


async def remove(call: Call, group_id: str, users: Sequence[str]) -> None:
    """Removes those of the users who are in a group. If its owner is one of them, the member who has been there longest
    owns it from then on. Requests for one group take turns. Raises RcimError."""
    async with call.turns.of(f"leaving {group_id}"):
        await _remove(call, group_id, users)


async def _remove(call: Call, group_id: str, users: Sequence[str]) -> None:
    there = await present(call, group_id, users)
    owner = (await facts_of(call, group_id)).info.profile.owner
    if owner in there:
        rest = [(joined_ms, user) for user, joined_ms in await all_members(call, group_id, MEMBERS_SHOWN)]
        heirs = [user for _, user in sorted(rest) if user not in there]
        if not heirs:
            await call.ask(requests.GroupDissolve(group_id), Done)
            return
        await call.ask(requests.GroupOwnerSet(group_id, heirs[0]), Done)
    for some in chunks(there, KICKED_AT_ONCE):
        await call.ask(requests.GroupKick(group_id, list(some)), Done)


@command("/group/create")
async def create(call: Call) -> Json:
    """Makes a group, or adds users to one that is there (GR-01)."""
    form = call.form
    group_id, users = form.text("groupId", most=64), form.users(USERS_AT_ONCE)
    return await create_group(call, group_id, users, group_name(form, group_id))


@command("/group/join")
async def join(call: Call) -> Json:
    """Adds users to a group (GR-05)."""
    return await add(call, call.form.text("groupId", most=64), call.form.users(USERS_AT_ONCE))


@command("/group/quit")
async def quit_(call: Call) -> Json:
    """Removes users from a group (GR-05)."""
    await remove(call, call.form.text("groupId", most=64), call.form.users(USERS_AT_ONCE))
    return {}


@command("/group/dismiss")
async def dismiss(call: Call) -> Json:
    """Dissolves a group (GR-01); who it is that wants that, the back end has asked itself."""
    call.form.user()
    await call.ask(requests.GroupDissolve(call.form.text("groupId", most=64)), Done)
    return {}


@command("/group/refresh")
async def refresh(call: Call) -> Json:
    """Renames a group."""
    group_id = call.form.text("groupId", most=64)
    call.form.text("groupName")
    await call.ask(requests.GroupSet(group_id, name=group_name(call.form, group_id)), Edited)
    return {}


@command("/group/sync")
async def sync(call: Call) -> Json:
    """A user is from now on in these groups and no others (GR-10). Groups that are not there are made; others get the
    name that stands with them. Each is tried; `failed` says which groups the user can't be in, and why."""
    user, named = call.form.user(), call.form.indexed("group")
    if len(named) > SYNC_GROUPS_MAX:
        raise RongError(WRONG_PARAMETER, f"{len(named)} groups, at most {SYNC_GROUPS_MAX}.")
    found = await call.ask(requests.AdminGroupsSync(user, list(named)), SyncedGroups)
    failed: dict[str, BaseException] = {}
    for key, inside, number in found.results:
        group_id = key.removeprefix(GROUP_PREFIX)
        if number == NO_SUCH_GROUP.number and group_id in named:
            try:
                await create_group(call, group_id, [user], cut(named[group_id] or group_id, NAME_BYTES_MAX))
            except (RongError, RcimError) as error:
                failed[group_id] = error
        elif number and inside:
            failed[group_id] = RcimError(BY_NUMBER[number])
    async for row in groups_of_user(call, user):
        name = cut(named.get(row.profile.group_id, ""), NAME_BYTES_MAX)
        if name not in ("", row.profile.name):
            await call.ask(requests.GroupSet(row.profile.group_id, name=name), Edited)
    return failures(list(named), [failed.get(group_id) for group_id in named], "groupId")


async def groups_of_user(call: Call, user: str) -> AsyncIterator[GroupRow]:
    """The groups and chat rooms that a user is in. Raises RcimError."""
    cursor = ""
    while True:
        page = await call.ask(requests.GroupsJoined(cursor, user_id=user), GroupsPage)
        for row in page.groups:
            yield row
        cursor = page.next
        if not cursor:
            return


@command("/group/user/query")
async def members(call: Call) -> Json:
    """The members of a group, at most 10,000."""
    rows = await all_members(call, call.form.text("groupId", most=64), MEMBERS_SHOWN)
    return {"users": [{"id": user} for user, _ in rows]}


@command("/group/info")
async def info(call: Call) -> Json:
    """The name, owner and size of a group."""
    facts = (await facts_of(call, call.form.text("groupId", most=64))).info
    profile = facts.profile
    return {
        "groupId": profile.group_id,
        "groupName": profile.name,
        "owner": profile.owner,
        "memberCount": facts.member_num,
        "createTime": call.app.shown(profile.create_time_ms),
    }


@command("/group/remarks/set")
async def remarks_set(call: Call) -> Json:
    """Sets what a user is called in a group: their name card."""
    form = call.form
    return await _name_card(call, form.user(), form.text("remark", most=64))


@command("/group/remarks/del")
async def remarks_delete(call: Call) -> Json:
    """A user has no name card in a group any more."""
    return await _name_card(call, call.form.user(), "")


async def _name_card(call: Call, user: str, card: str) -> Json:
    request = requests.GroupMemberSet(call.form.text("groupId", most=64), user, name_card=card)
    await call.ask(request, Done)
    return {}


@command("/group/remarks/get")
async def remarks_get(call: Call) -> Json:
    """What a user is called in a group."""
    group_id, user = call.form.text("groupId", most=64), call.form.user()
    page = await call.ask(requests.GroupMemberGet(group_id, [user]), Members)
    if not page.rows:
        raise RongError(WRONG_PARAMETER, f"{user} is not in the group.")
    return {"remark": page.rows[0].member.name_card}
