"""Routes of users: accounts, profiles, settings, devices, pushes, labels."""

from __future__ import annotations

from rcim.adapters.native import pages
from rcim.adapters.native.routes import Route
from rcim.service import requests

USER = "/v1/users/{user_id}"

ACCOUNTS = (
    Route("POST", "/v1/accounts", requests.AdminAccountsImport, pages=pages.whole("results")),
    Route("GET", "/v1/accounts", requests.AdminAccountsQuery, pages=pages.whole("rows", "online")),
    Route("DELETE", "/v1/accounts", requests.AdminAccountsDelete, pages=pages.whole("results")),
    Route("POST", USER + "/invalidate", requests.AdminAccountInvalidate),
    Route("PUT", USER + "/system-sender", requests.AdminSenderSet),
    Route("POST", "/v1/blocked-users", requests.AdminUserBlock),
    Route("GET", "/v1/blocked-users", requests.AdminUserBlocked, pages=pages.by_cursor("until_ms")),
    Route("POST", "/v1/muted-users", requests.AdminUserMute),
    Route("GET", "/v1/muted-users", requests.AdminUserMuted, pages=pages.by_cursor("until_ms")),
)
PROFILES = (
    Route("GET", USER + "/profile", requests.ProfileGet),
    Route("PUT", USER + "/profile", requests.AdminProfileSet),
    Route("GET", "/v1/profiles", requests.ProfilesGet, pages=pages.whole("rows", "taken")),
    Route("GET", USER + "/lists/{which}", requests.UserListGet, pages=pages.by_cursor("entries")),
    Route("PATCH", USER + "/lists/{which}", requests.UserListChange),
    Route("GET", USER + "/quiet-hours", requests.QuietHoursGet, shows=("quiet",)),
    Route("PUT", USER + "/quiet-hours", requests.QuietHoursSet),
    Route("GET", USER + "/invite-consent", requests.InviteConsentGet, shows=("consent",)),
    Route("PUT", USER + "/invite-consent", requests.InviteConsentSet),
)
DEVICES = (
    Route("GET", USER + "/devices", requests.Devices, pages=pages.whole("devices")),
    Route("DELETE", USER + "/devices", requests.DevicesClose),
    Route("GET", "/v1/presence", requests.PresenceGet, pages=pages.whole("rows", "unseen")),
    Route("GET", USER + "/push-tokens", requests.PushTokens, pages=pages.whole("tokens")),
    Route("PUT", USER + "/push-tokens/{device_id}/{provider}", requests.PushTokenSet),
    Route("DELETE", USER + "/push-tokens/{device_id}/{provider}", requests.PushTokenRemove),
    Route("POST", USER + "/test-push", requests.AdminPushTest),
)
LABELS = (
    Route("GET", "/v1/labels", requests.AdminLabels, pages=pages.whole("rows", "taken")),
    Route("PATCH", "/v1/labels/tags", requests.AdminTagsChange, pages=pages.whole("results")),
    Route("PATCH", "/v1/labels/attributes", requests.AdminAttributesChange, pages=pages.whole("results")),
    Route("GET", "/v1/attribute-names", requests.AdminAttributeNames),
    Route("PUT", "/v1/attribute-names", requests.AdminAttributeNamesSet),
)
PERSONAL_DATA = (
    Route("GET", USER + "/unread", requests.AdminUserUnread),
    Route("GET", USER + "/export", requests.AdminUserExport),
    Route("POST", USER + "/erase", requests.AdminUserErase),
    Route("PATCH", "/v1/member-settings", requests.AdminMembersSet),
    Route("POST", "/v1/member-settings/find", requests.AdminMembersGet, pages=pages.whole("rows")),
)
ROUTES = (*PERSONAL_DATA, *ACCOUNTS, *PROFILES, *DEVICES, *LABELS)
