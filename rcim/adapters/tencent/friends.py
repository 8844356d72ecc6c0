"""Friends, groups of friends and of conversations, extensions of messages, and files that the vendor keeps: they have no
subject here (AB-02)."""

from __future__ import annotations

from rcim.adapters.tencent.codes import ONE_TO_ONE, OPERATION, RECENT_CONTACTS, RELATIONS
from rcim.adapters.tencent.command import not_enabled

DISABLED = 10026
"""The vendor's code for a feature that is not enabled for the app."""

FRIENDS = not_enabled(
    RELATIONS,
    DISABLED,
    "users have no friends here: everybody may write to everybody who has not put them on a black list",
    *(
        f"sns/{name}"
        for name in (
            "friend_add",
            "friend_import",
            "friend_update",
            "friend_delete",
            "friend_delete_all",
            "friend_check",
            "friend_get",
            "friend_get_list",
        )
    ),
)
FRIEND_GROUPS = not_enabled(
    RELATIONS,
    DISABLED,
    "users have no friends here, and no groups of friends",
    "sns/group_add",
    "sns/group_delete",
    "sns/group_get",
)
EXTENSIONS = not_enabled(
    ONE_TO_ONE,
    DISABLED,
    "messages have no extensions here; edit the message's CloudCustomData",
    "openim_msg_ext_http_svc/get_key_values",
    "openim_msg_ext_http_svc/set_key_values",
)
ADDRESSES = not_enabled(
    OPERATION,
    DISABLED,
    "this server does not know its public addresses; they are those of the machine that you run it on",
    "ConfigSvc/GetIPList",
)
CONTACT_GROUPS = not_enabled(
    RECENT_CONTACTS,
    DISABLED,
    "conversations have no groups and no marks here",
    *(
        f"recentcontact/{name}"
        for name in (
            "create_contact_group",
            "del_contact_group",
            "update_contact_group",
            "get_contact_group",
            "search_contact_group",
            "mark_contact",
        )
    ),
)
FILES = not_enabled(
    OPERATION,
    DISABLED,
    "files in messages stay where the app keeps them; the server has only their URLs",
    "im_cos_msg/get_cos_sig",
    "im_cos_msg/forbid_illegal_object",
    "im_cos_msg/allow_banned_object",
)
