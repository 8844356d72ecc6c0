"""`rcim-admin member`: the members of a group, their roles, mutes, blocks, applications (GR-02, GR-05, GR-11, SC-02)."""

from __future__ import annotations

from typing import Annotated

import typer
from rcim_tools.admin import words
from rcim_tools.admin.calls import REFUSED, USAGE, call, fail
from rcim_tools.admin.output import rows_of, show, show_one, show_results, show_until
from rcim_tools.admin.words import Fields, For, GroupId, UserId, UserIds, Why

from rcim.base.errors import code_of
from rcim.base.terms import GROUP_PREFIX, pair_of
from rcim.client import Client, MemberSetting, User
from rcim.client.model import Where, peer_of
from rcim.wire import frames

app = typer.Typer(
    help="List, invite, mute, block and remove members.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)

Conversation = Annotated[str, typer.Argument(metavar="CONVERSATION", help="Its whole id: g:lobby, c:5:alice:bob.")]
Told = Annotated[str, typer.Option("--text", help="Text for the applicant.")]
COLUMNS = ("user_id", "role", "join_time_ms", "name_card", "last_send_time_ms", "muted_until_ms", "fields")
"""What a table has of a member; JSON has all."""


@app.command("list")
def list_(
    group_id: GroupId,
    role: Annotated[str | None, typer.Option(help="Only members with this role: member, admin or owner.")] = None,
) -> None:
    """List the members of a group."""
    wanted = words.one_of_or_none("--role", role, words.ROLES)
    show(rows_of(call(lambda client: client.members(group_id, role=wanted))), COLUMNS)


@app.command("get")
def get(group_id: GroupId, users: UserIds) -> None:
    """Show those of the users who are members."""

    async def job(client: Client) -> list[frames.MemberEntry]:
        return list((await client.some_members(group_id, users)).values())

    show(rows_of(call(job)), COLUMNS)


@app.command("invite")
def invite(group_id: GroupId, users: UserIds) -> None:
    """Add users to a group without asking them."""
    show_results(call(lambda client: client.invite(group_id, users)))


@app.command("kick")
def kick(group_id: GroupId, users: UserIds, text: Why = "") -> None:
    """Remove members: all of them, or none on an error."""
    call(lambda client: client.kick(group_id, users, text=text))
    show_one({"group_id": group_id, "kicked": users})


@app.command("leave")
def leave(group_id: GroupId) -> None:
    """Leave a group as the user of --user."""
    call(lambda client: client.leave(group_id))
    show_one({"group_id": group_id, "left": True})


@app.command("set")
def set_(
    group_id: GroupId,
    user_id: UserId,
    role: Annotated[str | None, typer.Option(help="member or admin; the owner by `group give`.")] = None,
    card: Annotated[str | None, typer.Option(help="Name card, up to 50 bytes.")] = None,
    flag: Annotated[
        str | None, typer.Option(help="What the member gets of the group: notify, quiet or discard (MsgFlag).")
    ] = None,
    field: Fields = None,
) -> None:
    """Change a member's role, card, flag or fields."""
    changes = words.changes_of(
        role=words.one_of_or_none("--role", role, words.ROLES),
        name_card=card,
        msg_flag=words.one_of_or_none("--flag", flag, words.FLAGS),
        fields=words.fields_of(field),
    )
    call(lambda client: client.edit_member(group_id, user_id, **changes))
    show_one({"group_id": group_id, "user_id": user_id, "changed": True})


@app.command("settings")
def settings(conversation: Conversation, users: UserIds) -> None:
    """Show flag, read position, card and fields of users.

    In any conversation, also a one-to-one one.
    """
    places = [(_where(conversation, user), user) for user in users]
    rows = rows_of(call(lambda client: client.member_settings(places)))
    show([{**row, "code": code_of(row["code"]).name if row["code"] else ""} for row in rows])


@app.command("setting")
def setting(
    conversation: Conversation,
    users: UserIds,
    flag: Annotated[str | None, typer.Option(help="notify, quiet or discard (MsgFlag).")] = None,
    read: Annotated[int | None, typer.Option(min=0, help="Read up to this SEQ; it only grows.")] = None,
    card: Annotated[str | None, typer.Option(help="Name card, up to 50 bytes; not one-to-one.")] = None,
    field: Fields = None,
) -> None:
    """Set flag, read position, card or fields of users.

    In any conversation, as if each of the up to 100 users had done it.
    """
    changes = words.changes_of(
        msg_flag=words.one_of_or_none("--flag", flag, words.FLAGS),
        read_seq=read,
        name_card=card,
        fields=words.fields_of(field),
    )
    rows = [MemberSetting(_where(conversation, user), user, **changes) for user in users]
    codes = call(lambda client: client.set_members(rows))
    found = zip(users, codes, strict=True)
    show([{"user_id": user, "result": f"{code} {code_of(code).name}" if code else "SET"} for user, code in found])
    failed = sum(map(bool, codes))
    if failed:
        raise fail(f"{failed} of {len(users)} failed", REFUSED)


def _where(conversation: str, user_id: str) -> Where:
    """The conversation with this id, as `user_id` calls it."""
    pair = pair_of(conversation)
    if pair is None:
        return conversation.removeprefix(GROUP_PREFIX)
    return User(peer_of(conversation, user_id), user_id)


# -- blocks


@app.command("block")
def block(group_id: GroupId, users: UserIds, duration: For, text: Why = "") -> None:
    """Block users from a group for a time.

    Those who are members are removed.
    """
    seconds = words.seconds_of(duration)
    call(lambda client: client.block(group_id, users, seconds, text=text))
    show_one({"group_id": group_id, "blocked": users, "seconds": words.seconds_shown(seconds)})


@app.command("unblock")
def unblock(group_id: GroupId, users: UserIds) -> None:
    """End the block of users."""
    call(lambda client: client.block(group_id, users, 0))
    show_one({"group_id": group_id, "unblocked": users})


@app.command("blocked")
def blocked(group_id: GroupId) -> None:
    """List the blocked users, and until when."""
    show_until(call(lambda client: client.blocked(group_id)))


# -- mutes


@app.command("mute")
def mute(group_id: GroupId, users: UserIds, duration: For) -> None:
    """Mute users in a group for a time."""
    seconds = words.seconds_of(duration)
    call(lambda client: client.mute(group_id, users, seconds))
    show_one({"group_id": group_id, "muted": users, "seconds": words.seconds_shown(seconds)})


@app.command("unmute")
def unmute(group_id: GroupId, users: UserIds) -> None:
    """End the mute of users."""
    call(lambda client: client.mute(group_id, users, 0))
    show_one({"group_id": group_id, "unmuted": users})


@app.command("muted")
def muted(group_id: GroupId) -> None:
    """List the muted users, and until when."""
    show_until(call(lambda client: client.muted(group_id)))


@app.command("mute-all")
def mute_all(
    group_id: GroupId,
    off: Annotated[bool, typer.Option("--off", help="End the mute.")] = False,
    speaker: Annotated[list[str] | None, typer.Option(help="A member who may still send; may be repeated.")] = None,
) -> None:
    """Mute all ordinary members of a group.

    Its owner, its admins and the speakers may still send.
    """
    if off and speaker:
        raise fail("--off: there are no speakers when it ends", USAGE)
    speakers = speaker or []
    call(lambda client: client.mute_all(group_id, not off, speakers=speakers))
    show_one({"group_id": group_id, "mute_all": not off, "speakers": speakers})


# -- applications


@app.command("applications")
def applications(group_id: GroupId) -> None:
    """List the applications to join."""
    show(rows_of(call(lambda client: client.applications(group_id))), ("user_id", "name_card", "text", "time_ms"))


@app.command("approve")
def approve(group_id: GroupId, user_id: UserId, text: Told = "") -> None:
    """Approve an application to join."""
    _decide(group_id, user_id, True, text)


@app.command("refuse")
def refuse(group_id: GroupId, user_id: UserId, text: Told = "") -> None:
    """Refuse an application to join."""
    _decide(group_id, user_id, False, text)


def _decide(group_id: str, user_id: str, approved: bool, text: str) -> None:
    call(lambda client: client.decide(group_id, user_id, approved, text=text))
    show_one({"group_id": group_id, "user_id": user_id, "approved": approved})
