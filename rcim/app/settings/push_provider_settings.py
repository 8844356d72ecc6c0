"""`[push_providers.NAME]`: how the server reaches one push service for one app (PU-01, PU-04)."""

from __future__ import annotations

from dataclasses import dataclass

from rcim.app.settings.setting_fields import secret_setting, setting


@dataclass(frozen=True)
class PushProvider:
    """`[push_providers.NAME]`: a push service, and the app's credentials there (PU-01)."""

    RELOADED = True

    provider: str = setting(
        "", "Which service: apns, fcm, huawei, xiaomi, oppo, vivo, meizu, honor or webhook; it has to be given."
    )
    topic: str = setting("", "The app, if a device names none: APNs' bundle id, Android's package name.")
    sandbox: bool = setting(False, "APNs: all devices have development builds. Else each device says it (PU-04).")
    key_file: str = setting("", "APNs: file with the .p8 key; FCM: file with the service account, JSON.")
    key_id: str = setting("", "APNs: the key's id, ten characters.")
    team_id: str = setting("", "APNs: the team's id, ten characters.")
    rotated_key_file: str = setting("", "APNs: a second key, which is used when Apple refuses the first one.")
    rotated_key_id: str = setting("", "APNs: the id of the second key.")
    app_id: str = setting("", "Huawei, Honor, vivo, Meizu: the app's id with the service.")
    app_key: str = setting("", "OPPO, vivo: the app's key; Honor: the client's id.")
    secret: str = secret_setting(
        "The app's secret with the service (OPPO: the master secret), or the one that signs webhooks. It can't be given "
        "as a flag."
    )
    secret_file: str = setting("", "File that holds this secret, instead of `secret`.")
    rotated_secret: str = secret_setting("Webhook: a second secret, which signs too. It can't be given as a flag.")
    rotated_secret_file: str = setting("", "File that holds this second secret, instead of `rotated_secret`.")
    channel: str = setting("", "Android's notification channel, if a message names none (FCM, Huawei, Xiaomi, OPPO).")
    badge_class: str = setting("", "Huawei, Honor: the app's entry activity, without which there are no badges.")
    url: str = setting(
        "", "Webhook: the receiver's URL. Others: a host to use instead of the service's own, such as a proxy."
    )
    ca_file: str = setting("", "PEM file with the certificates to trust; empty: those of the system.")
    timeout_ms: int = setting(5000, "How long the server waits for the whole answer to one push.")
    pushes_per_s: int = setting(0, "Pushes a second at most; 0: the limit that the service documents, if it does.")
    allow_private: bool = setting(False, "Also use addresses that are not public, such as 127.0.0.1 and 10.0.0.1.")
