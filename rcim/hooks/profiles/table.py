"""The profiles by name: what each service calls what is asked before it is done and told after it has happened (CB-02).

It stands apart from the profiles, so that checking the settings needs no HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rcim.actor.before_kinds import BeforeKind
from rcim.actor.events import EventKind

STATE_CHANGE = "State.StateChange"
SENT = frozenset({EventKind.MESSAGE_PASSED, EventKind.TRANSIENT_PASSED})


class Names(NamedTuple):
    """`before`: what may be asked. `after`: what may be told, and the events of which each is made."""

    before: Mapping[str, tuple[BeforeKind, ...]]
    after: Mapping[str, frozenset[EventKind]]


TENCENT = Names(
    {
        "Group.CallbackBeforeSendMsg": (BeforeKind.SEND, BeforeKind.EDIT),
        "C2C.CallbackBeforeSendMsg": (BeforeKind.SEND_IN_PAIR, BeforeKind.EDIT_IN_PAIR),
        "Group.CallbackBeforeCreateGroup": (BeforeKind.CREATE,),
        "Group.CallbackBeforeApplyJoinGroup": (BeforeKind.APPLY,),
        "Group.CallbackBeforeInviteJoinGroup": (BeforeKind.INVITE,),
        "Group.CallbackBeforeCreateTopic": (BeforeKind.CREATE_CHANNEL,),
    },
    {
        STATE_CHANGE: frozenset({EventKind.SESSION_CHANGED}),
        "C2C.CallbackAfterSendMsg": SENT,
        "C2C.CallbackAfterMsgReport": frozenset({EventKind.PAIR_READ}),
        "C2C.CallbackAfterMsgWithDraw": frozenset({EventKind.MESSAGE_RECALLED}),
        "Group.CallbackAfterSendMsg": SENT,
        "Group.CallbackSendMsgException": frozenset({EventKind.MESSAGE_WITHHELD}),
        "Group.CallbackAfterRecallMsg": frozenset({EventKind.MESSAGE_RECALLED}),
        "Group.CallbackAfterCreateGroup": frozenset({EventKind.GROUP_CREATED}),
        "Group.CallbackAfterNewMemberJoin": frozenset({EventKind.MEMBERS_ENTERED}),
        "Group.CallbackAfterMemberExit": frozenset({EventKind.MEMBERS_GONE}),
        "Group.CallbackAfterGroupFull": frozenset({EventKind.GROUP_FULL}),
        "Group.CallbackAfterGroupDestroyed": frozenset({EventKind.GROUP_DISSOLVED}),
        "Group.CallbackAfterGroupInfoChanged": frozenset({EventKind.GROUP_CHANGED}),
        "Group.CallbackAfterCreateTopic": frozenset({EventKind.GROUP_CREATED}),
        "Group.CallbackAfterTopicDestroyed": frozenset({EventKind.GROUP_DISSOLVED}),
        "Group.CallbackAfterTopicInfoChanged": frozenset({EventKind.GROUP_CHANGED}),
        "Group.CallbackOnMemberStateChange": frozenset({EventKind.MEMBER_STATE_CHANGED}),
        "Profile.CallbackPortraitSet": frozenset({EventKind.PROFILE_CHANGED}),
        "Sns.CallbackBlackListAdd": frozenset({EventKind.USER_LIST_CHANGED}),
        "Sns.CallbackBlackListDelete": frozenset({EventKind.USER_LIST_CHANGED}),
    },
)
"""Tencent Cloud IM. An edit is asked about as a message is (MS-10)."""
PROFILES: Mapping[str, Names] = {"tencent": TENCENT}
"""`callbacks.profile` names one of these."""
