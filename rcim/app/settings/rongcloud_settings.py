"""Settings of RongCloud's server API (AB-02)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from rcim.app.settings.setting_fields import secret_setting, setting
from rcim.rules.type_table import TypeChange


@dataclass(frozen=True)
class RongCloudSettings:
    """`[rongcloud]`: RongCloud's server API, if `http.apis` names it."""

    RELOADED = True

    app_key: str = setting("", "The App Key that back ends send; any text that they and this server share.")
    app_secret: str = secret_setting("The App Secret that back ends sign with. It can't be given as a flag.")
    app_secret_file: str = setting("", "File that holds this secret, instead of `app_secret`.")
    group_type: str = setting("RongGroup", "Group type of the groups that this API makes.")
    room_type: str = setting("RongRoom", "Group type of the chat rooms that it makes.")
    token_days: int = setting(30, "Days for which a token of /user/getToken logs a user in.")
    window_ms: int = setting(
        86_400_000,
        "How far the time of a signature may be from the server's; 0: any. An official client signs once, when its "
        "process starts, and uses the signature for as long as it runs.",
    )
    utc_offset_min: int = setting(
        480, "Minutes by which times in answers and hours of the message history are ahead of UTC; RongCloud's: 480."
    )


OWNERLESS = "BChatRoom"
"""What both types are made from: groups without an owner, since the vendor's have none who may more than others."""
TYPES = (
    TypeChange(
        "RongGroup",
        OWNERLESS,
        {
            "member_list": "all",
            "apply": "false",
            "join_option": "DisableApply",
            "decide": "nobody",
            "invite": "app_admin",
            "kick": "app_admin",
            "mute": "app_admin",
            "send": "member",
            "mention_all": "member",
            "member_cap": "3000",
            "group_cap": "0",
            "notice": "none",
            "msg_flag": "AcceptAndNotify",
            "unread": "true",
            "guests": "false",
            "roaming_days": "7",
            "importable": "true",
            "chat_room": "false",
            "listed": "true",
            "leave_after_s": "0",
            "leave_after_messages": "0",
            "room_attributes": "false",
            "pushed": "true",
        },
    ),
    TypeChange(
        "RongRoom",
        OWNERLESS,
        {
            "member_list": "part",
            "invite": "nobody",
            "mute": "app_admin",
            "send": "member",
            "mention_all": "member",
            "group_cap": "0",
            "notice": "none",
            "guests": "false",
            "empty_minutes": "60",
        },
    ),
)
"""Group types that are there where the API is served: membership is the app's alone, and nobody is told of changes."""


def with_types(apis: Sequence[str], types: Sequence[TypeChange]) -> dict[str, TypeChange]:
    """The changes of group types by name: those of the settings, and the API's own where it is served. What the settings
    say of one of these, without a base, is added to it."""
    found = {change.name: change for change in types}
    for own in TYPES if "rongcloud" in apis else ():
        said = found.get(own.name)
        if said is None:
            found[own.name] = own
        elif not said.base:
            found[own.name] = msgspec.structs.replace(own, policies={**own.policies, **said.policies})
    return found
