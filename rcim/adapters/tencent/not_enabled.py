"""Services for groups that have no subject here: counters, message extensions, marks of members (AB-02)."""

from __future__ import annotations

from rcim.adapters.tencent.codes import GROUP
from rcim.adapters.tencent.command import not_enabled

DISABLED = 10026
"""The vendor's code in groups for a feature that is not enabled."""

COUNTERS = not_enabled(
    GROUP,
    DISABLED,
    "groups have no counters here; use group attributes",
    "group_open_http_svc/get_group_counter",
    "group_open_http_svc/update_group_counter",
    "group_open_http_svc/delete_group_counter",
)
EXTENSIONS = not_enabled(
    GROUP,
    DISABLED,
    "messages have no extensions here; edit the message's CloudCustomData",
    "openim_msg_ext_http_svc/group_get_key_values",
    "openim_msg_ext_http_svc/group_set_key_values",
)
MARKS = not_enabled(
    GROUP,
    DISABLED,
    "members of an AVChatRoom have no marks here",
    "group_open_avchatroom_http_svc/modify_user_info",
)
