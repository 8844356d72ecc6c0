"""Workflows about one or many persons: settings of members (AB-08), erasing (AB-06)."""

from __future__ import annotations

import msgspec

from rcim.actor.records import Fields
from rcim.actor.workflow import Workflow
from rcim.base.terms import MsgFlag


class MemberChange(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What is to be set of a user in a conversation; None and empty: as it was."""

    key: str
    user_id: str
    msg_flag: MsgFlag | None = None
    read_seq: int | None = None
    name_card: str | None = None
    fields: Fields = ()


class SetMembers(Workflow, frozen=True, gc=False):
    """AB-08: `by`, an app administrator, sets this of members."""

    rows: list[MemberChange]


class EraseUser(Workflow, frozen=True, gc=False):
    """AB-06: a step of erasing all that is kept of `user_id`; `after`: behind this row of all messages, empty at
    first."""

    user_id: str
    after: bytes


PersonWorkflow = SetMembers | EraseUser
