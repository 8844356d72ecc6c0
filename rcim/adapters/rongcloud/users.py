"""Users: tokens, profiles, whether they are online, and blocks of their log-ins (ID-09)."""

from __future__ import annotations

from rcim.adapters.rongcloud.codes import TOO_LONG, RongError
from rcim.adapters.rongcloud.command import Call, Json, check_all, command, page_of
from rcim.adapters.rongcloud.form import Form
from rcim.adapters.rongcloud.groups import groups_of_user
from rcim.base.terms import Presence
from rcim.service import requests
from rcim.service.results import Added, BlockedUsers, Done, Invalidated, PresencePage, UserFacts

BLOCK_AT_ONCE, GROUPS_SHOWN = 20, 5000
NAME_BYTES_MAX, PORTRAIT_BYTES_MAX, PORTRAIT_KEPT = 120, 1024, 100


def _account(form: Form) -> requests.Account:
    """A user's id, name and portrait. A portrait whose address is longer than those that are kept is left out: to the
    vendor it may have 1,024 bytes, and it must not keep a user from a token. Raises RongError."""
    portrait = form.text("portraitUri", "")
    size = len(portrait.encode(errors="replace"))
    if size > PORTRAIT_BYTES_MAX:
        raise RongError(TOO_LONG, f"Parameter portraitUri has {size} bytes, at most {PORTRAIT_BYTES_MAX}.")
    return requests.Account(form.user(), form.name("name", NAME_BYTES_MAX), portrait if size <= PORTRAIT_KEPT else "")


@command("/user/getToken")
async def get_token(call: Call) -> Json:
    """Registers a user, and answers a token with which they log in here (ID-02, ID-09)."""
    account = _account(call.form)
    check_all(await call.ask(requests.AdminAccountsImport([account]), Added))
    token = call.service.back_ends.user_sig(account.user_id, call.app.token_s)
    return {"userId": account.user_id, "token": token}


@command("/user/refresh")
async def refresh(call: Call) -> Json:
    """Changes a user's name and portrait."""
    account, form = _account(call.form), call.form
    request = requests.AdminProfileSet(
        account.user_id,
        nickname=account.nickname if "name" in form else None,
        face_url=account.face_url if "portraitUri" in form else None,
    )
    await call.ask(request, Done)
    return {}


@command("/user/info")
async def info(call: Call) -> Json:
    """A user's name and portrait, and when they were first here."""
    profile = (await call.ask(requests.ProfileGet(call.form.user()), UserFacts)).profile
    return {
        "userName": profile.nickname,
        "userPortrait": profile.face_url,
        "createTime": call.app.shown(profile.created_ms) if profile.created_ms else "",
    }


@command("/user/token/expire")
async def expire(call: Call) -> Json:
    """Tokens made before now log in no more; who is logged in with one has to go (ID-09)."""
    changes = [requests.AdminAccountInvalidate(user) for user in call.form.users(20)]
    async for _ in call.ask_each(changes, Invalidated):
        pass
    return {}


@command("/user/block")
async def block(call: Call) -> Json:
    """Users are logged out, and can't log in for a time (ID-09)."""
    await call.ask(requests.AdminUserBlock(call.form.users(BLOCK_AT_ONCE), call.seconds()), Done)
    return {}


@command("/user/unblock")
async def unblock(call: Call) -> Json:
    """Users may log in again, with the tokens that they have."""
    await call.ask(requests.AdminUserBlock(call.form.users(BLOCK_AT_ONCE), 0), Done)
    return {}


@command("/user/block/query")
async def blocked(call: Call) -> Json:
    """Who can't log in, and until when: whose block ends last is first. All, or a page if `page` names one."""
    found: list[tuple[str, int]] = []
    cursor = ""
    while True:
        page = await call.ask(requests.AdminUserBlocked(cursor), BlockedUsers)
        found += page.until_ms
        cursor = page.next
        if not cursor:
            break
    found.sort(key=lambda one: -one[1])
    rows = page_of(call.form, found, size="size", most=1000, whole=True)
    return {"users": [{"userId": user, "blockEndTime": call.app.shown(until_ms)} for user, until_ms in rows]}


@command("/user/checkOnline")
async def check_online(call: Call) -> Json:
    """Whether a user is logged in anywhere (ID-07)."""
    page = await call.ask(requests.PresenceGet([call.form.user()]), PresencePage)
    return {"status": "0" if page.rows[0].state is Presence.OFFLINE else "1"}


@command("/user/delusers", "/user/deactivate", "/user/abandon")
async def delete(call: Call) -> Json:
    """Deletes accounts (ID-09). One field may name several, with commas between them."""
    check_all(await call.ask(requests.AdminAccountsDelete(call.form.users(100, commas=True)), Added))
    return {"operateId": ""}


@command("/user/group/query")
async def groups(call: Call) -> Json:
    """The groups that a user is in, 5,000 at most, or a page if `page` names one; not chat rooms, and nothing whose
    id begins with `@`."""
    found: list[Json] = []
    async for row in groups_of_user(call, call.form.user()):
        one = row.profile
        if one.type != call.app.room_type and not one.group_id.startswith("@"):
            found.append({"id": one.group_id, "name": one.name})
        if len(found) == GROUPS_SHOWN:
            break
    return {"groups": page_of(call.form, found, size="size", most=1000, whole=True)}
