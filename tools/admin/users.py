"""`rcim-admin user`: accounts, devices, profiles, groups, lists, mutes in all chat rooms (ID-04, ID-09, AB-05,
GR-10, SC-04, SC-07)."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from rcim_tools.admin import importing, words
from rcim_tools.admin.calls import REFUSED, USAGE, call, fail
from rcim_tools.admin.output import DELETED, Row, row_of, rows_of, show, show_one, show_results, show_until
from rcim_tools.admin.words import Fields, For, UserId, UserIds

from rcim.base.errors import code_of
from rcim.base.terms import InviteConsent, MuteScope, Platform, Presence, UserList
from rcim.client import Client
from rcim.wire import frames

app = typer.Typer(
    help="Import, show, change, mute and delete users.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

ROLES = {0: "", 1: "MEMBER", 2: "ADMIN", 3: "OWNER"}


@app.command("import")
def import_(file: Annotated[str, typer.Argument(help="File of JSON lines; `-`: standard input.")]) -> None:
    """Import accounts from another service.

    Each line has user_id, nickname and face_url.
    """
    found = importing.check_accounts(file)
    show_results(call(found.send))


@app.command("delete")
def delete(users: UserIds) -> None:
    """Delete accounts.

    The users are logged out and leave all groups, their profiles are deleted; their messages stay.
    """
    show_results(call(lambda client: client.delete_accounts(users)), DELETED)


@app.command("show")
def show_(user_id: UserId) -> None:
    """Show a user's account and profile."""

    async def job(client: Client) -> Row:
        (account,) = await client.query_accounts([user_id])
        return row_of(account) | row_of(await client.profile(user_id))

    show_one(call(job))


@app.command("profiles")
def profiles(users: UserIds) -> None:
    """Show the profiles of up to 100 users.

    `known` says whether the server has anything of a user.
    """
    show(rows_of(call(lambda client: client.profiles(users)).values()))


@app.command("invalidate")
def invalidate(user_id: UserId) -> None:
    """Log a user out and invalidate their UserSigs.

    On all devices; UserSigs made up to now are refused.
    """
    valid_from_ms = call(lambda client: client.invalidate_account(user_id))
    show_one({"user_id": user_id, "valid_from_ms": valid_from_ms})


@app.command("devices")
def devices(user_id: UserId) -> None:
    """List the devices on which a user is logged in."""
    rows = rows_of(call(lambda client: client.devices(user_id)))
    platforms, states = {p.value: p.name for p in Platform}, {s.value: s.name for s in Presence}
    show([{**row, "platform": platforms[row["platform"]], "state": states[row["state"]]} for row in rows])


@app.command("logout")
def logout(
    user_id: UserId,
    connection: Annotated[list[int] | None, typer.Option(help="Only the device with this connection id.")] = None,
    text: Annotated[str, typer.Option(help="Reason, for the devices.")] = "",
) -> None:
    """Log out a user's devices.

    Their UserSigs stay valid; `rcim-admin user invalidate` refuses them too.
    """
    closed = call(lambda client: client.close_devices(connection or (), user_id=user_id, text=text))
    show_one({"user_id": user_id, "closed": closed})


@app.command("quiet")
def quiet(
    user_id: UserId,
    start: Annotated[int | None, typer.Option(min=0, max=1439, help="From this minute of the user's day.")] = None,
    end: Annotated[int, typer.Option(min=0, max=1439, help="Until before this one.")] = 0,
    offset: Annotated[int, typer.Option(min=-840, max=840, help="Minutes ahead of UTC.")] = 0,
) -> None:
    """Show or set a user's hours without push.

    --start sets them; with --start equal to --end there are none.
    """
    if start is not None:
        call(lambda client: client.set_quiet_hours(start, end, offset, user_id=user_id))
    show_one(row_of(call(lambda client: client.quiet_hours(user_id=user_id))))


@app.command("consent")
def consent(
    user_id: UserId,
    ask: Annotated[
        bool | None, typer.Option("--ask/--add", help="Ask the user first, or add them without asking.")
    ] = None,
    as_app: Annotated[bool, typer.Option("--as-app", help="As the setting app.invite_consent says.")] = False,
) -> None:
    """Show or set whether a user is asked before being added.

    That is, before others add them to a group.
    """
    if as_app:
        call(lambda client: client.set_invite_consent(InviteConsent.AS_APP, user_id=user_id))
    elif ask is not None:
        wanted = InviteConsent.ASK if ask else InviteConsent.ADD
        call(lambda client: client.set_invite_consent(wanted, user_id=user_id))
    show_one({"user_id": user_id, "consent": call(lambda client: client.invite_consent(user_id=user_id)).name})


@app.command("applications")
def applications(user_id: UserId) -> None:
    """Show what became of a user's applications to join groups."""
    show(rows_of(call(lambda client: client.own_applications(user_id=user_id))))


@app.command("set")
def set_(
    user_id: UserId,
    nickname: Annotated[str | None, typer.Option(help="Nickname, up to 120 bytes.")] = None,
    face_url: Annotated[str | None, typer.Option("--face-url", help="Face URL, up to 100 bytes.")] = None,
    gender: Annotated[str | None, typer.Option(help="unknown, female or male.")] = None,
    signature: Annotated[str | None, typer.Option(help="A line about the user, up to 500 bytes.")] = None,
    field: Fields = None,
) -> None:
    """Change a user's profile: what is given, nothing else."""
    changes = words.changes_of(
        nickname=nickname,
        face_url=face_url,
        gender=words.one_of_or_none("--gender", gender, words.GENDERS),
        signature=signature,
        fields=words.fields_of(field),
    )
    call(lambda client: client.set_profile_of(user_id, **changes))
    show_one({"user_id": user_id, "changed": True})


@app.command("groups")
def groups(user_id: UserId) -> None:
    """List the groups of a user."""
    rows = rows_of(call(lambda client: client.groups(user_id)))
    columns = ("group_id", "type", "name", "role", "newest_seq", "read_seq", "unread")
    show([{**row, "role": ROLES.get(row["role"], row["role"])} for row in rows], columns)


@app.command("unread")
def unread(user_id: UserId) -> None:
    """Show how many messages a user has not read, by conversation.

    The last row is the total. Of conversations that have been silent for longest nothing is counted.
    """
    found = call(lambda client: client.unread_of(user_id))
    show([*rows_of(found.conversations), {"conversation": "total", "unread": found.total}])


@app.command("export")
def export(user_id: UserId) -> None:
    """Write all that is kept of a user as lines of JSON.

    `rcim-admin user export alice > alice.jsonl`
    """

    async def job(client: Client) -> None:
        async for part in client.export_user(user_id):
            sys.stdout.buffer.write(part)

    call(job)
    sys.stdout.flush()


@app.command("erase")
def erase(
    user_id: UserId,
    sure: Annotated[bool, typer.Option("--yes", help="It can't be undone: say that you want it.")] = False,
) -> None:
    """Erase all that is kept of a user.

    The account is deleted, and the user's messages become placeholders. If it is broken off, run it again.
    """
    if not sure:
        raise fail("erasing can't be undone: say --yes", USAGE)

    async def job(client: Client) -> int:
        done = 0
        async for done in client.erase_user(user_id):
            print(f"{done} messages", file=sys.stderr)
        return done

    show_one({"user_id": user_id, "messages": call(job)})


@app.command("sync")
def sync(
    user_id: UserId,
    groups: Annotated[
        list[str] | None, typer.Argument(metavar="GROUP", help="All groups that the user is to be in.")
    ] = None,
    none: Annotated[bool, typer.Option("--none", help="The user is to be in no group.")] = False,
) -> None:
    """Put a user into exactly these groups.

    The user joins and leaves what differs; the output shows the changes.
    """
    if none == bool(groups):
        raise fail("give the groups, or --none", USAGE)
    results: list[frames.GroupResult] = call(lambda client: client.sync_groups(user_id, groups or ()))
    show([_synced(result) for result in results])
    failed = sum(result.code != 0 for result in results)
    if failed:
        raise fail(f"{failed} of {len(results)} failed", REFUSED)


def _synced(result: frames.GroupResult) -> dict[str, Any]:
    error = f"{result.code} {code_of(result.code).name}" if result.code else ""
    return {"group_id": result.group_id, "joined": result.joined, "error": error}


@app.command("block")
def block(users: UserIds, duration: For) -> None:
    """Log users out, and keep them from logging in for a time."""
    seconds = words.seconds_of(duration)
    call(lambda client: client.block_logins(users, seconds))
    show_one({"blocked": users, "seconds": words.seconds_shown(seconds)})


@app.command("unblock")
def unblock(users: UserIds) -> None:
    """Let users log in again."""
    call(lambda client: client.block_logins(users, 0))
    show_one({"unblocked": users})


@app.command("blocked")
def blocked() -> None:
    """List the users who are kept from logging in."""
    show_until(call(lambda client: client.blocked_logins()))


SCOPES = {scope.name.lower().replace("_", "-"): scope for scope in MuteScope}
Where = Annotated[str, typer.Option("--where", help=f"Where: {', '.join(SCOPES)}.")]
CHAT_ROOMS = "chat-rooms"


@app.command("mute")
def mute(users: UserIds, duration: For, where: Where = CHAT_ROOMS) -> None:
    """Mute users in all chat rooms, or elsewhere, for a time."""
    seconds, scope = words.seconds_of(duration), words.one_of("--where", where, SCOPES)
    call(lambda client: client.mute_everywhere(users, seconds, scope))
    show_one({"muted": users, "seconds": words.seconds_shown(seconds)})


@app.command("unmute")
def unmute(users: UserIds, where: Where = CHAT_ROOMS) -> None:
    """End the mute of users in all chat rooms, or elsewhere."""
    scope = words.one_of("--where", where, SCOPES)
    call(lambda client: client.mute_everywhere(users, 0, scope))
    show_one({"unmuted": users})


@app.command("muted")
def muted(where: Where = CHAT_ROOMS) -> None:
    """List the users muted in all chat rooms, or elsewhere."""
    scope = words.one_of("--where", where, SCOPES)
    show_until(call(lambda client: client.muted_everywhere(scope)))


# ------------------------------------------------------------------------------------------------- lists (SC-07)

Others = Annotated[list[str], typer.Argument(metavar="OTHER", help="Ids of the users on it.")]
LISTS = {which.name.lower(): which for which in UserList}
ListName = Annotated[str, typer.Argument(metavar="LIST", help="black or white.")]
AT_ONCE = 100


@app.command("listed")
def listed(user_id: UserId, name: ListName) -> None:
    """Show a user's black or white list."""
    which = words.one_of("LIST", name, LISTS)
    show([{"user_id": other} for other in call(lambda client: client.user_list(which, user_id=user_id))])


@app.command("list-add")
def list_add(user_id: UserId, name: ListName, users: Others) -> None:
    """Add users to a user's black or white list."""
    _change_list(user_id, name, users, adding=True)


@app.command("list-remove")
def list_remove(user_id: UserId, name: ListName, users: Others) -> None:
    """Remove users from a user's black or white list."""
    _change_list(user_id, name, users, adding=False)


def _change_list(user_id: str, name: str, users: list[str], *, adding: bool) -> None:
    which = words.one_of("LIST", name, LISTS)

    async def job(client: Client) -> None:
        for at in range(0, len(users), AT_ONCE):
            part = users[at : at + AT_ONCE]
            await client.change_user_list(which, part if adding else (), () if adding else part, user_id=user_id)

    call(job)
    show_one({"user_id": user_id, "list": name, "added" if adding else "removed": users})
