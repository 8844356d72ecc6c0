"""Settings of RongCloud's server API (AB-02)."""

from __future__ import annotations

from dataclasses import dataclass

from rcim.app.setting_fields import secret_setting, setting


@dataclass(frozen=True)
class RongCloudSettings:
    """`[rongcloud]`: RongCloud's server API, if `http.apis` names it."""

    app_key: str = setting("", "The App Key that back ends send; any text that they and this server share.")
    app_secret: str = secret_setting("The App Secret that back ends sign with. It can't be given as a flag.")
    app_secret_file: str = setting("", "File that holds this secret, instead of `app_secret`.")
    group_type: str = setting("Public", "Group type of the groups that this API makes.")
    room_type: str = setting("AVChatRoom", "Group type of the chat rooms that it makes.")
    token_days: int = setting(30, "Days for which a token of /user/getToken logs a user in.")
    window_ms: int = setting(
        86_400_000,
        "How far the time of a signature may be from the server's; 0: any. An official client signs once, when its "
        "process starts, and uses the signature for as long as it runs.",
    )
    utc_offset_min: int = setting(
        480, "Minutes by which times in answers and hours of the message history are ahead of UTC; RongCloud's: 480."
    )
