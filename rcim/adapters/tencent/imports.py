"""Groups, members and messages from elsewhere (GR-08).

The vendor has no end of an import. So a group that is imported here is open from the beginning: members are in it as soon
as they are imported, and messages can be imported until the first one is sent.
"""

from __future__ import annotations

import msgspec

from rcim.adapters.tencent.codes import GROUP
from rcim.adapters.tencent.command import Call, Json, command
from rcim.adapters.tencent.fields import Fields
from rcim.adapters.tencent.group_fields import JOIN_OPTIONS, ROLES, custom_fields, group_of
from rcim.adapters.tencent.members import results_json
from rcim.base.errors import RcimError
from rcim.base.terms import ApplyJoinOption, Priority, Role
from rcim.content.elements import encode_body
from rcim.content.vendor_json import from_json
from rcim.service import requests
from rcim.service.results import Added, Created, Imported
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
    before the first is brought over."""
    group_id = group_of(call.fields)
    rows = call.fields.objects("MsgList", MESSAGES_MAX, least=1)
    results: list[Json] = []
    for at, made in enumerate([_message(row, at) for at, row in enumerate(rows)]):
        try:
            body = encode_body(from_json(rows[at].raw("MsgBody")))
            wanted = requests.AdminMessagesImport(group_id, [msgspec.structs.replace(made, body=body)])
            seq = (await call.ask(wanted, Imported)).first_seq
            results.append({"Result": 0, "MsgTime": made.time_ms // 1000, "MsgSeq": seq})
        except RcimError as error:
            if error.code.name not in BAD_ONE and not at:
                raise
            results.append({"Result": call.code_of(error), "MsgTime": made.time_ms // 1000, "MsgSeq": 0})
    return {"ImportMsgResult": results}


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
