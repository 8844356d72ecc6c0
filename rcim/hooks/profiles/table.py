"""The profiles by name: what each service calls what is asked before it is done and told after it has happened (CB-02).

It stands apart from the profiles, so that checking the settings needs no HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rcim.actor.before_kinds import BeforeKind
from rcim.actor.events import EventKind
from rcim.hooks.event_types import KINDS

STATE_CHANGE = "State.StateChange"


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
    {STATE_CHANGE: frozenset({EventKind.SESSION_CHANGED})},
)
"""Tencent Cloud IM. An edit is asked about as a message is (MS-10)."""
RCIM = Names(
    {
        "before.message.send": (BeforeKind.SEND, BeforeKind.SEND_IN_PAIR),
        "before.message.edit": (BeforeKind.EDIT, BeforeKind.EDIT_IN_PAIR),
        "before.message.recall": (BeforeKind.RECALL, BeforeKind.RECALL_IN_PAIR),
        "before.group.create": (BeforeKind.CREATE,),
        "before.group.change": (BeforeKind.UPDATE,),
        "before.group.join": (BeforeKind.APPLY,),
        "before.members.invite": (BeforeKind.INVITE,),
        "before.members.remove": (BeforeKind.REMOVE,),
        "before.channel.create": (BeforeKind.CREATE_CHANNEL,),
    },
    {name: frozenset({kind}) for name, kind in KINDS.items()},
)
"""The server's own form (protocol-spec/events.md): everything has a name."""
PROFILES: Mapping[str, Names] = {"tencent": TENCENT, "rcim": RCIM}
"""`callbacks.profile` names one of these."""
