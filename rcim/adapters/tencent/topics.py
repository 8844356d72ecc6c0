"""Topics of communities: channels of ultra groups (UG-02, UG-05)."""

from __future__ import annotations

import secrets
from typing import Any

import msgspec

from rcim.adapters.tencent.codes import TOPIC, TencentError
from rcim.adapters.tencent.command import Call, Json, command
from rcim.adapters.tencent.fields import Fields
from rcim.adapters.tencent.group_fields import FLAG_NAMES, SWITCH, chosen, group_of, names_in
from rcim.base.errors import RcimError
from rcim.base.terms import CHANNEL_MARK
from rcim.http.json_bodies import kept_json
from rcim.service import requests
from rcim.service.results import Channels, Created, Done, Edited, Members

NO_SUCH_TOPIC = 110003
TOPICS_AT_ONCE = 50
CUSTOM = "CustomString"
"""The attribute of the channel that has it (GR-13)."""


@command(TOPIC, "million_group_open_http_svc/create_topic", "group_open_http_svc/import_topic")
async def create_topic(call: Call) -> Json:
    """Makes a topic. If the rest of its profile is refused, there is none (UG-02)."""
    fields = call.fields
    group_id = fields.text("GroupId")
    name = _own_name(fields, group_id)
    create = requests.ChannelCreate(group_id, name, fields.text("TopicName"), fields.text("Introduction", ""))
    wanted = requests.GroupSet(
        group_id=group_id + CHANNEL_MARK + name,
        notification=fields.text("Notification", "") or None,
        face_url=fields.text("FaceUrl", "") or None,
        attribute_changes=_custom(fields),
    )
    made = await call.ask(create, Created)
    if (wanted.notification, wanted.face_url, wanted.attribute_changes) != (None, None, ()):
        try:
            await call.ask(wanted, Edited)
        except RcimError:
            await call.ask(requests.GroupDissolve(made.group_id), Done)
            raise
    return {"TopicId": made.group_id}


def _own_name(fields: Fields, group_id: str) -> str:
    """What a topic's id has after the mark; without an id of the caller's the server makes one. Raises TencentError."""
    topic = fields.text("TopicId", "")
    if not topic:
        return secrets.token_hex(8)
    if not topic.startswith(group_id + CHANNEL_MARK):
        raise fields.refuse("TopicId", f"has to begin with {group_id}{CHANNEL_MARK}")
    return topic.removeprefix(group_id + CHANNEL_MARK)


def _custom(fields: Fields) -> tuple[tuple[str, bytes], ...]:
    """The change of the attribute that has CustomString. Raises TencentError."""
    return ((CUSTOM, msgspec.json.encode(fields.text(CUSTOM))),) if CUSTOM in fields else ()


@command(TOPIC, "million_group_open_http_svc/modify_topic")
async def modify_topic(call: Call) -> Json:
    """Changes a topic's profile, all of it or nothing; also whether all are muted in it (UG-05)."""
    fields = call.fields
    fields.text("TopicId")
    await call.ask(
        requests.GroupSet(
            group_id=group_of(fields),
            name=fields.text("TopicName") if "TopicName" in fields else None,
            introduction=fields.text("Introduction") if "Introduction" in fields else None,
            notification=fields.text("Notification") if "Notification" in fields else None,
            face_url=fields.text("FaceUrl") if "FaceUrl" in fields else None,
            attribute_changes=_custom(fields),
            mute_all=fields.choice("MuteAllMember", SWITCH, None),
        ),
        Edited,
    )
    return {}


@command(TOPIC, "million_group_open_http_svc/destroy_topic")
async def destroy_topic(call: Call) -> Json:
    """Ends topics; each has a code of its own (UG-02)."""
    fields = call.fields
    group_id, topics = fields.text("GroupId"), _topics(fields, least=1)
    await call.ask(requests.Channels(group_id), Channels)
    results: list[Json] = []
    for topic in topics:
        code, info = 0, ""
        try:
            _own_name_of(fields, group_id, topic)
            await call.ask(requests.GroupDissolve(topic), Done)
        except TencentError as error:
            code, info = error.code, error.info
        except RcimError as error:
            code, info = _topic_code(call, error), error.detail or error.code.meaning
        results.append({"TopicId": topic, "ErrorCode": code, "ErrorInfo": info})
    return {"DestroyResultItem": results}


def _topics(fields: Fields, least: int) -> list[str]:
    """The ids of topics in a request. Raises TencentError."""
    found = fields.rows("TopicIdList", TOPICS_AT_ONCE, least)
    if not all(isinstance(one, str) for one in found):
        raise fields.refuse("TopicIdList", "has to be an array of strings")
    return list(dict.fromkeys(found))


def _own_name_of(fields: Fields, group_id: str, topic: str) -> None:
    """Raises TencentError if the id is not of a topic of this group."""
    if not topic.startswith(group_id + CHANNEL_MARK):
        raise fields.refuse("TopicIdList", f"names {topic}, which is no topic of the group", NO_SUCH_TOPIC)


def _topic_code(call: Call, error: RcimError) -> int:
    return NO_SUCH_TOPIC if error.code.name == "NO_SUCH_GROUP" else call.code_of(error)


@command(TOPIC, "million_group_open_http_svc/get_topic")
async def get_topic(call: Call) -> Json:
    """Some topics of a community, or all of them, and what `From_Account` has set for each (UG-02, UG-03)."""
    fields = call.fields
    group_id, user_id = fields.text("GroupId"), fields.account("From_Account", "")
    wanted = _topics(fields, least=0)
    filters = fields.within("ResponseFilter") if isinstance(fields.raw("ResponseFilter"), dict) else None
    base = names_in(filters, "TopicBaseInfoFilter") if filters is not None else None
    page = await call.ask(requests.Channels(group_id), Channels)
    there = {row.profile.group_id: row for row in page.rows}
    found: list[Json] = []
    for topic in wanted or there:
        row = there.get(topic)
        if row is None:
            found.append({"TopicInfo": {"TopicId": topic, "ErrorCode": NO_SUCH_TOPIC, "ErrorInfo": "no such topic"}})
            continue
        info = {"TopicId": topic, "ErrorCode": 0, "ErrorInfo": "", **chosen(_info(row), base)}
        found.append({"TopicInfo": info, "SelfInfo": await _self_info(call, topic, user_id)})
    return {"TopicAndSelfInfo": found}


def _info(row: Any) -> Json:
    """What there is of a topic."""
    profile = row.profile
    attributes = kept_json(profile.attributes) if profile.attributes else {}
    return {
        "TopicName": profile.name,
        "FaceUrl": profile.face_url,
        "CustomString": str(attributes.get(CUSTOM, "")),
        "Introduction": profile.introduction,
        "Notification": profile.notification,
        "CreateTime": profile.create_time_ms // 1000,
        "NextMsgSeq": row.newest_seq + 1,
        "MuteAllMember": "On" if profile.mute_all else "Off",
    }


async def _self_info(call: Call, topic: str, user_id: str) -> Json:
    """What a topic keeps of a member; nothing of who is none."""
    if not user_id:
        return {}
    found = await call.ask(requests.GroupMemberGet(topic, [user_id]), Members)
    return {
        name: value
        for row in found.rows
        for name, value in (("MsgFlag", FLAG_NAMES[row.member.msg_flag]), ("ReadedSeq", row.member.read_seq))
    }
