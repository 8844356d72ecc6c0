"""Groups, members and messages from elsewhere (GR-08).

The vendor has no end of an import. So a group that is imported here is open from the beginning: members are in it as soon
as they are imported, and messages can be imported until the first one is sent.
"""

from __future__ import annotations

from typing import Any

import msgspec

from rcim.adapters.tencent.codes import GROUP
from rcim.adapters.tencent.command import Call, Json, command
from rcim.adapters.tencent.fields import Fields
from rcim.adapters.tencent.group_fields import JOIN_OPTIONS, ROLES, custom_fields, group_of
from rcim.adapters.tencent.members import results_json
from rcim.adapters.tencent.message_keys import PAGE, PAGES_MAX
from rcim.base.errors import ErrorKind, RcimError
from rcim.base.terms import ApplyJoinOption, Priority, Role, group_conversation
from rcim.content.elements import encode_body
from rcim.content.vendor_json import from_json
from rcim.service import requests
from rcim.service.results import Added, Created, Imported, Page
from rcim.vendors.tencent_ids import type_of

MEMBERS_MAX, MESSAGES_MAX = 300, 100
TOO_MANY_ACCOUNTS = 10005
BAD_ONE = frozenset({"BAD_PARAMETER", "BODY_TOO_LARGE", "BAD_ELEMENT"})
"""What can be wrong with one message, so that others can still be imported."""


@command(GROUP, "group_open_http_svc/import_group")
async def import_group(call: Call) -> Json:
    """Makes a group as it was elsewhere, with the time of its creation (GR-08)."""
    fields = call.fields
    made = await call.ask(
        requests.AdminGroupImport(
            group_id=fields.text("GroupId", ""),
            type=type_of(fields.text("Type")),
            owner=fields.account("Owner_Account", ""),
            name=fields.text("Name"),
            introduction=fields.text("Introduction", ""),
            notification=fields.text("Notification", ""),
            face_url=fields.text("FaceUrl", ""),
            apply_join_option=fields.choice("ApplyJoinOption", JOIN_OPTIONS, ApplyJoinOption.BY_TYPE),
            create_time_ms=fields.number("CreateTime", 0) * 1000,
            max_member_num=fields.number("MaxMemberCount", 0),
            fields=custom_fields(fields, "AppDefinedData"),
            opened=True,
        ),
        Created,
    )
    return {"GroupId": made.group_id}


@command(GROUP, "group_open_http_svc/import_group_member")
async def import_group_member(call: Call) -> Json:
    """Puts up to 300 users into a group, as they were in it elsewhere; nobody else is told (GR-08)."""
    fields = call.fields
    rows = fields.objects("MemberList", MEMBERS_MAX, least=1, code_of_many=TOO_MANY_ACCOUNTS)
    members = {row.account("Member_Account"): _member(row) for row in rows}
    wanted = requests.AdminMembersImport(fields.text("GroupId"), list(members.values()))
    return {"MemberList": results_json(await call.ask(wanted, Added))}


def _member(row: Fields) -> requests.ImportedMember:
    return requests.ImportedMember(
        user_id=row.account("Member_Account"),
        role=row.choice("Role", ROLES, Role.MEMBER),
        join_time_ms=row.number("JoinTime", 0) * 1000,
        unread=row.number("UnreadMsgNum", 0),
    )


@command(GROUP, "group_open_http_svc/import_group_msg")
async def import_group_msg(call: Call) -> Json:
    """Brings messages over, in the order of their times. Each has a result of its own (GR-08). The fields of all are read
    before the first is brought over. What is there already is not brought over again, so a request may be repeated
    whose answer was lost."""
    group_id = group_of(call.fields)
    rows = call.fields.objects("MsgList", MESSAGES_MAX, least=1)
    results: list[Json] = []
    for at, made in enumerate([_message(row, at) for at, row in enumerate(rows)]):
        try:
            seq = await _brought(call, group_id, made, rows[at].raw("MsgBody"))
            results.append({"Result": 0, "MsgTime": made.time_ms // 1000, "MsgSeq": seq})
        except RcimError as error:
            if error.code.name not in BAD_ONE and not at:
                raise
            results.append({"Result": call.code_of(error), "MsgTime": made.time_ms // 1000, "MsgSeq": 0})
    return {"ImportMsgResult": results}


async def _brought(call: Call, group_id: str, message: requests.ImportedMessage, body: Any) -> int:
    """The SEQ of the message, which has this body, in the group: brought over now, or before. Raises RcimError."""
    made = msgspec.structs.replace(message, body=encode_body(from_json(body)))
    async with call.turns.of(group_id):
        seq = await _found(call, group_id, made)
        if seq:
            return seq
        return (await call.ask(requests.AdminMessagesImport(group_id, [made]), Imported)).first_seq


async def _found(call: Call, group_id: str, made: requests.ImportedMessage) -> int:
    """The SEQ of a message of this sender, time and Random; one without Random also has this body. 0: there is none, or
    no such group: the import says why. Raises RcimError if the server failed."""
    from_seq = 0
    for _ in range(PAGES_MAX if made.time_ms else 0):
        asked = requests.History(
            group_conversation(group_id), from_seq, limit=PAGE, from_time_ms=made.time_ms, to_time_ms=made.time_ms
        )
        try:
            page = await call.ask(asked, Page)
        except RcimError as error:
            if error.code.kind is not ErrorKind.MISTAKE:
                raise
            return 0
        for one in page.messages:
            same = one.sender == made.sender and one.client_msg_id == made.client_msg_id
            if same and (made.client_msg_id.isdigit() or one.body == made.body):
                return one.seq
        if not page.more or not page.messages:
            break
        from_seq = page.messages[-1].seq + 1
    return 0


def _message(row: Fields, at: int) -> requests.ImportedMessage:
    """A message of the list, without its body. Raises TencentError."""
    sent_s = row.number("SendTime")
    random = row.number("Random", 0)
    return requests.ImportedMessage(
        sender=row.account("From_Account"),
        time_ms=sent_s * 1000,
        priority=Priority.NORMAL,
        client_msg_id=str(random) if "Random" in row else f"{sent_s}-{at}",
        body=b"",
    )
