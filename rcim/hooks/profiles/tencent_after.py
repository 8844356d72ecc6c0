"""What Tencent Cloud IM's form tells of events: which callbacks each makes, and their fields (CB-02)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rcim.actor import events as ev
from rcim.actor.records import Message, MessageOptions, Profile
from rcim.base.terms import ChangeKind, DeviceEnd, Gender, GoneReason, Platform, UserList, other_of, pair_of
from rcim.content.elements import decode_body
from rcim.content.vendor_json import to_json
from rcim.hooks.profile import Callback, Facts, Json
from rcim.hooks.profiles.table import STATE_CHANGE
from rcim.hooks.profiles.tencent_fields import accounts, base_of, place_of
from rcim.hooks.unread import unread_of
from rcim.rules.conversation_kinds import GROUP, channel_key, is_channel
from rcim.vendors.tencent_ids import message_key, random_of

ENDS = {
    DeviceEnd.LOGOUT: ("Logout", "Unregister"),
    DeviceEnd.LINK_CLOSE: ("Disconnect", "LinkClose"),
    DeviceEnd.TIME_OUT: ("Disconnect", "TimeOut"),
}
GENDERS = {
    Gender.UNKNOWN: "Gender_Type_Unknown",
    Gender.FEMALE: "Gender_Type_Female",
    Gender.MALE: "Gender_Type_Male",
}
TEXTS = {"name": "Name", "introduction": "Introduction", "notification": "Notification", "face_url": "FaceUrl"}
"""What of a changed group the vendor tells."""
FromDevice = ev.MessagePassed | ev.TransientPassed | ev.MessageWithheld | ev.SessionChanged
TAGS = {
    "nickname": "Tag_Profile_IM_Nick",
    "face_url": "Tag_Profile_IM_Image",
    "gender": "Tag_Profile_IM_Gender",
    "signature": "Tag_Profile_IM_SelfSignature",
}


async def notices(event: ev.AnyEvent, facts: Facts | None) -> Sequence[Callback]:
    """What the vendor tells of the event, in this order. `facts` None: without `UnreadMsgNum`."""
    if isinstance(event, ev.InConversation) and pair_of(event.where.key) is not None:
        return await _one_to_one(event, facts)
    tell = _TELL.get(type(event))
    return tell(event) if tell is not None else ()


# ------------------------------------------------------------------------------------------------- one to one


async def _one_to_one(event: ev.InConversation, facts: Facts | None) -> Sequence[Callback]:
    pair = pair_of(event.where.key)
    assert pair is not None
    match event:
        case ev.MessagePassed() | ev.TransientPassed():
            to = other_of(pair, event.message.sender)
            return [await _sent_to(event, to, facts)]
        case ev.MessageRecalled():
            to = other_of(pair, event.message.sender)
            fields = {
                "CallbackCommand": "C2C.CallbackAfterMsgWithDraw",
                "From_Account": event.message.sender,
                "To_Account": to,
                "MsgKey": message_key(event.message),
                "EventTime": event.time_ms,
                **await _unread(facts, to),
            }
            return [_callback(fields)]
        case ev.PairRead():
            fields = {
                "CallbackCommand": "C2C.CallbackAfterMsgReport",
                "Report_Account": event.reader,
                "Peer_Account": event.peer,
                "LastReadTime": event.time_ms // 1000,
                "LastReadSeq": event.seq,
                "EventTime": event.time_ms,
                **await _unread(facts, event.reader),
            }
            return [_callback(fields)]
        case _:
            return ()


async def _sent_to(event: ev.MessagePassed | ev.TransientPassed, to: str, facts: Facts | None) -> Callback:
    message = event.message
    fields: Json = {
        "CallbackCommand": "C2C.CallbackAfterSendMsg",
        "From_Account": message.sender,
        "To_Account": to,
        "MsgSeq": message.seq,
        "MsgRandom": random_of(message.client_msg_id),
        "MsgId": message.client_msg_id,
        "MsgTime": message.time_ms // 1000,
        "MsgKey": message_key(message),
        "OnlineOnlyFlag": int(isinstance(event, ev.TransientPassed)),
        "SendMsgResult": 0,
        "ErrorInfo": "send msg succeed",
        **_content(message.body, message.extra),
        "EventTime": event.time_ms,
        **await _unread(facts, to),
    }
    return _callback(fields, event)


async def _unread(facts: Facts | None, user_id: str) -> Json:
    found = await unread_of(facts, user_id) if facts is not None else None
    return {} if found is None else {"UnreadMsgNum": found}


def _content(body: bytes, extra: MessageOptions | None) -> Json:
    return {
        "MsgBody": to_json(decode_body(body)),
        "CloudCustomData": (extra.cloud_data if extra is not None else b"").decode(errors="replace"),
    }


def _callback(fields: Json, of: FromDevice | None = None) -> Callback:
    """`of`: an event that a device is the cause of."""
    if of is None:
        return Callback(fields["CallbackCommand"], fields)
    return Callback(fields["CallbackCommand"], fields, platform=of.platform, address=of.address)


# ------------------------------------------------------------------------------------------------- messages


def _sent(event: ev.MessagePassed | ev.TransientPassed) -> Sequence[Callback]:
    message: Message = event.message
    fields = {
        **base_of("Group.CallbackAfterSendMsg", event),
        "From_Account": message.sender,
        "Operator_Account": event.operator or message.sender,
        "Random": random_of(message.client_msg_id),
        "MsgId": message.client_msg_id,
        "MsgSeq": message.seq,
        "MsgTime": message.time_ms // 1000,
        "MsgPriority": message.priority.name.capitalize(),
        "OnlineOnlyFlag": int(isinstance(event, ev.TransientPassed)),
        "To_Account": list(message.extra.to) if message.extra is not None else [],
        **_content(message.body, message.extra),
    }
    return [_callback(fields, event)]


def _withheld(event: ev.MessageWithheld) -> Sequence[Callback]:
    fields = {
        **base_of("Group.CallbackSendMsgException", event),
        "From_Account": event.sender,
        "Operator_Account": event.operator or event.sender,
        "Random": random_of(event.client_msg_id),
        "MsgId": event.client_msg_id,
        "OnlineOnlyFlag": int(event.transient),
        **_content(event.body, event.extra),
        "ErrorInfo": event.reason,
    }
    return [_callback(fields, event)]


def _recalled(event: ev.MessageRecalled) -> Sequence[Callback]:
    fields = {
        **base_of("Group.CallbackAfterRecallMsg", event),
        "Operator_Account": event.operator,
        "MsgSeqList": [{"MsgSeq": event.message.seq}],
    }
    return [_callback(fields)]


# ------------------------------------------------------------------------------------------------- groups


def _created(event: ev.GroupCreated) -> Sequence[Callback]:
    profile, topic = event.profile, is_channel(event.where.key)
    fields = {
        **base_of("Group.CallbackAfterCreateTopic" if topic else "Group.CallbackAfterCreateGroup", event),
        "Operator_Account": event.operator,
        "Owner_Account": profile.owner or (profile.creator if topic else ""),
        "Name": profile.name,
        "UserDefinedDataList": _defined(profile),
    }
    if not topic:
        fields["MemberList"] = accounts(member.user_id for member in event.members)
    return [_callback(fields)]


def _defined(profile: Profile) -> list[Json]:
    return [{"Key": key, "Value": value.decode(errors="replace")} for key, value in profile.fields.items()]


def _changed(event: ev.GroupChanged) -> Sequence[Callback]:
    told = {TEXTS[name]: getattr(event.profile, name) for name in event.what if name in TEXTS}
    if "fields" in event.what:
        told["UserDefinedDataList"] = _defined(event.profile)
    if not told:
        return ()
    topic = is_channel(event.where.key)
    command = "Group.CallbackAfterTopicInfoChanged" if topic else "Group.CallbackAfterGroupInfoChanged"
    return [_callback({**base_of(command, event), "Operator_Account": event.operator, **told})]


def _dissolved(event: ev.GroupDissolved) -> Sequence[Callback]:
    """The end of a channel, or of a group; with an ultra group its channels end, and are told before it."""
    key = event.where.key
    if is_channel(key):
        return [_topics_gone(event, [key])]
    fields = {
        **base_of("Group.CallbackAfterGroupDestroyed", event),
        "Operator_Account": event.operator,
        "Owner_Account": event.where.owner,
        "Name": event.where.name,
        "MemberNum": event.where.member_num,
    }
    if event.members:
        fields["MemberList"] = accounts(event.members)
    topics = [channel_key(key, name) for name in event.channels]
    return [*([_topics_gone(event, topics)] if topics else []), _callback(fields)]


def _topics_gone(event: ev.GroupDissolved, keys: Sequence[str]) -> Callback:
    fields = base_of("Group.CallbackAfterTopicDestroyed", event)
    fields.pop("TopicId", None)
    return _callback({**fields, "TopicIdList": [GROUP.inner_id(key) for key in keys]})


def _full(event: ev.GroupFull) -> Sequence[Callback]:
    return [_callback(base_of("Group.CallbackAfterGroupFull", event))]


# ------------------------------------------------------------------------------------------------- members


def _entered(event: ev.MembersEntered) -> Sequence[Callback]:
    """Whom the app has put in without asking has been invited, in the vendor's words."""
    invited = event.how is ChangeKind.INVITED or not event.operator
    fields = {
        **base_of("Group.CallbackAfterNewMemberJoin", event),
        "JoinType": "Invited" if invited else "Apply",
        "Operator_Account": event.operator,
        "NewMemberList": accounts(event.users),
    }
    return [_callback(fields)]


def _gone(event: ev.MembersGone) -> Sequence[Callback]:
    removed = event.reason in (GoneReason.KICKED, GoneReason.REMOVED)
    fields = {
        **base_of("Group.CallbackAfterMemberExit", event),
        "ExitType": "Kicked" if removed else "Quit",
        "Operator_Account": event.operator,
        "ExitMemberList": accounts(event.users),
    }
    return [_callback(fields)]


def _state_changed(event: ev.MemberStateChanged) -> Sequence[Callback]:
    fields = {
        "CallbackCommand": "Group.CallbackOnMemberStateChange",
        **place_of(event.where.key),
        "EventType": "Online" if event.online else "Offline",
        "MemberList": accounts(event.users),
        "EventTime": event.time_ms,
    }
    return [_callback(fields)]


# ------------------------------------------------------------------------------------------------- users


def fields_of_state(change: ev.SessionChanged) -> Json:
    """The body of State.StateChange (ID-07). `Platform` beside the vendor's fields: of the device itself."""
    action, reason = ("Login", "Register") if change.end is None else ENDS[change.end]
    made: Json = {
        "CallbackCommand": STATE_CHANGE,
        "EventTime": change.time_ms,
        "Info": {
            "Action": action,
            "To_Account": change.user_id,
            "Reason": reason,
            "Platform": _platform(change.platform),
        },
    }
    if change.replaced:
        made["KickedDevice"] = [{"Platform": _platform(platform)} for platform in change.replaced]
    return made


def _platform(platform: Platform) -> str:
    return platform.name.capitalize()


def _session(event: ev.SessionChanged) -> Sequence[Callback]:
    return [_callback(fields_of_state(event), event)]


def _profile(event: ev.ProfileChanged) -> Sequence[Callback]:
    """AB-05. Of a deleted account the vendor tells nothing."""
    if event.profile.deleted or not event.what:
        return ()
    fields = {
        "CallbackCommand": "Profile.CallbackPortraitSet",
        "Operator_Account": event.operator,
        "From_Account": event.user_id,
        "EventTime": event.time_ms,
        "ProfileItem": [_item(event, name) for name in event.what],
    }
    return [_callback(fields)]


def _item(event: ev.ProfileChanged, name: str) -> Json:
    if name in TAGS:
        value = getattr(event.profile, name)
        return {"Tag": TAGS[name], "Value": GENDERS[value] if name == "gender" else value}
    key = name.removeprefix("fields.")
    return {
        "Tag": f"Tag_Profile_Custom_{key}",
        "Value": event.profile.fields.get(key, b"").decode(errors="replace"),
    }


def _listed(event: ev.UserListChanged) -> Sequence[Callback]:
    """SC-07: the black list. The vendor has no white one."""
    if event.which is not UserList.BLACK:
        return ()
    changes = ("Sns.CallbackBlackListDelete", event.removed), ("Sns.CallbackBlackListAdd", event.added)
    return [
        _callback(
            {
                "CallbackCommand": command,
                "PairList": [{"From_Account": event.user_id, "To_Account": user} for user in users],
                "EventTime": event.time_ms,
            }
        )
        for command, users in changes
        if users
    ]


_TELL: dict[type, Callable[[Any], Sequence[Callback]]] = {
    ev.MessagePassed: _sent,
    ev.TransientPassed: _sent,
    ev.MessageWithheld: _withheld,
    ev.MessageRecalled: _recalled,
    ev.GroupCreated: _created,
    ev.GroupChanged: _changed,
    ev.GroupDissolved: _dissolved,
    ev.GroupFull: _full,
    ev.MembersEntered: _entered,
    ev.MembersGone: _gone,
    ev.MemberStateChanged: _state_changed,
    ev.SessionChanged: _session,
    ev.ProfileChanged: _profile,
    ev.UserListChanged: _listed,
}
