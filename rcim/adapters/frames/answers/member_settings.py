"""Settings of any members, for app administrators (AB-08)."""

from __future__ import annotations

from rcim.adapters.frames.answers.messages import to_fields
from rcim.base.errors import NO_SUCH_MEMBER
from rcim.base.terms import MsgFlag
from rcim.service import results
from rcim.wire import frames


def set_ok(result: results.MembersSet) -> frames.AdminMembersSetOk:
    """What became of each row (AB-08)."""
    return frames.AdminMembersSetOk([frames.Code(code) for code in result.codes])


def get_ok(result: results.MemberRows) -> frames.AdminMembersGetOk:
    """The settings of each member (AB-08)."""
    return frames.AdminMembersGetOk([_row(row) for row in result.rows])


def _row(row: results.MemberAt) -> frames.MemberSettings:
    member = row.member
    if member is None:
        return frames.MemberSettings(
            row.key, row.user_id, NO_SUCH_MEMBER.number, 0, MsgFlag.ACCEPT_AND_NOTIFY, "", []
        )
    fields = list(to_fields(member.fields.items()) or ())
    return frames.MemberSettings(row.key, row.user_id, 0, member.read_seq, member.msg_flag, member.name_card, fields)
