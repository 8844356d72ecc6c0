"""Groups and members as the vendor's JSON has them, and the filters that say which fields an answer has (GR-03, GR-04,
GR-06)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from rcim.adapters.tencent.command import Call
from rcim.adapters.tencent.fields import Fields, Json
from rcim.base.terms import CHANNEL_MARK, PERMANENT_S, ApplyJoinOption, MsgFlag, Role
from rcim.service.results import GroupRow, Info, MemberRow
from rcim.vendors.tencent_ids import type_name

JOIN_OPTIONS = {
    "FreeAccess": ApplyJoinOption.FREE_ACCESS,
    "NeedPermission": ApplyJoinOption.NEED_PERMISSION,
    "DisableApply": ApplyJoinOption.DISABLE_APPLY,
}
JOIN_NAMES = {option: name for name, option in JOIN_OPTIONS.items()}
FLAGS = {
    "AcceptAndNotify": MsgFlag.ACCEPT_AND_NOTIFY,
    "AcceptNotNotify": MsgFlag.ACCEPT_NOT_NOTIFY,
    "Discard": MsgFlag.DISCARD,
}
FLAG_NAMES = {flag: name for name, flag in FLAGS.items()}
ROLES = {"Member": Role.MEMBER, "Admin": Role.ADMIN, "Owner": Role.OWNER}
ROLE_NAMES = {role: name for name, role in ROLES.items()}
SWITCH = {"On": True, "Off": False}
CUSTOM_MAX = 20
"""Custom fields in one request; the service has the bound of each kind."""
OLD_NAMES = {"MuteAllMember": "ShutUpAllMember", "MuteUntil": "ShutUpUntil"}
"""What the vendor called a field before; answers have both."""
Names = Collection[str] | None
"""The names that a filter lets pass; None: all."""


class Filters(NamedTuple):
    """Which fields an answer about groups has. `member` empty: it has no members."""

    base: Names = None
    member: Names = None
    group_fields: Names = None
    member_fields: Names = None


def filters_of(fields: Fields) -> Filters:
    """The filters of a request, which stand in its `ResponseFilter` or beside the other fields. With a filter for base
    information alone an answer has no members. Raises TencentError."""
    inner = fields.within("ResponseFilter") if "ResponseFilter" in fields else fields
    base, member = names_in(inner, "GroupBaseInfoFilter"), names_in(inner, "MemberInfoFilter")
    if member is None and (base is not None or "ResponseFilter" in fields):
        member = ()
    group_fields = names_in(inner, "AppDefinedDataFilter_Group")
    return Filters(base, member, group_fields, names_in(inner, "AppDefinedDataFilter_GroupMember"))


def names_in(fields: Fields, name: str) -> Names:
    """The names that this filter lists; None if it is missing. Raises TencentError."""
    return {str(one) for one in fields.rows(name, 100)} if name in fields else None


def chosen(found: Json, names: Names) -> Json:
    """Of these fields those that are asked for; a field under its old name too."""
    with_old = found | {old: found[new] for new, old in OLD_NAMES.items() if new in found}
    if names is None:
        return with_old
    wanted = {*names, *(OLD_NAMES[one] for one in names if one in OLD_NAMES)}
    wanted |= {new for new, old in OLD_NAMES.items() if old in names}
    return {name: value for name, value in with_old.items() if name in wanted}


def group_of(fields: Fields) -> str:
    """The id of the group that a request is about: of its topic, if it names one. Raises TencentError."""
    group_id, topic = fields.text("GroupId"), fields.text("TopicId", "")
    if topic and not topic.startswith(group_id + CHANNEL_MARK):
        raise fields.refuse("TopicId", f"has to begin with {group_id}{CHANNEL_MARK}")
    return topic or group_id


def custom_fields(fields: Fields, name: str) -> list[tuple[str, bytes]]:
    """Custom fields to set, from an array of Key and Value. Raises TencentError."""
    return [(row.text("Key"), row.text("Value", "").encode()) for row in fields.objects(name, CUSTOM_MAX)]


def custom_json(values: Iterable[tuple[str, bytes]], names: Names) -> list[Json]:
    """The vendor's array of custom fields. Bytes that are no UTF-8 are replaced."""
    shown = ((key, value.decode(errors="replace")) for key, value in values if names is None or key in names)
    return [{"Key": key, "Value": value} for key, value in shown]


def until_s(until_ms: int) -> int:
    """The end of a mute or block in seconds; of one without an end the largest number that the vendor has."""
    return min(until_ms // 1000, PERMANENT_S)


def base_info(call: Call, found: Info) -> Json:
    """The base information of a group, all of it."""
    facts = profile_json(found.profile, found.member_num, found.info_seq, found.next_seq)
    times = {"LastInfoTime": found.last_info_time_ms // 1000, "LastMsgTime": found.last_msg_time_ms // 1000}
    return {"Appid": call.service.back_ends.sdkappid} | facts | times


def row_info(row: GroupRow) -> Json:
    """The base information of a group in a list: all but its times."""
    return profile_json(row.profile, row.member_num, row.info_seq, row.newest_seq + 1)


def profile_json(profile: Any, member_num: int, info_seq: int, next_seq: int) -> Json:
    """What is kept of a group, with its counters."""
    return {
        "Type": type_name(profile.type),
        "Name": profile.name,
        "Introduction": profile.introduction,
        "Notification": profile.notification,
        "FaceUrl": profile.face_url,
        "Owner_Account": profile.owner,
        "CreateTime": profile.create_time_ms // 1000,
        "InfoSeq": info_seq,
        "NextMsgSeq": next_seq,
        "MemberNum": member_num,
        "MaxMemberNum": profile.max_member_num,
        "ApplyJoinOption": JOIN_NAMES.get(profile.apply_join_option, "DisableApply"),
        "MuteAllMember": "On" if profile.mute_all else "Off",
    }


def member_json(row: MemberRow, filters: Filters) -> Json:
    """A member, with the fields that are asked for."""
    member = row.member
    found = {
        "Role": ROLE_NAMES[member.role],
        "JoinTime": member.join_time_ms // 1000,
        "MsgSeq": member.read_seq,
        "MsgFlag": FLAG_NAMES[member.msg_flag],
        "LastSendMsgTime": member.last_send_time_ms // 1000,
        "MuteUntil": until_s(row.muted_until_ms),
        "NameCard": member.name_card,
    }
    made: Json = {"Member_Account": member.user_id} | chosen(found, filters.member)
    if row.fields:
        made["AppMemberDefinedData"] = custom_json(row.fields, filters.member_fields)
    return made


def group_fields_json(values: Mapping[str, bytes] | Iterable[tuple[str, bytes]], names: Names) -> Json:
    """The custom fields of a group as a part of an answer."""
    pairs = values.items() if isinstance(values, Mapping) else values
    return {"AppDefinedData": custom_json(pairs, names)}
