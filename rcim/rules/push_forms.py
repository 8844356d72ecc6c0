"""Reads what a message says of its push (push_info.py), in the form of any of three services.

1. RongCloud's has `pushContent`, `pushData`, `pushExt` or `disablePush`. LeanCloud's has `alert`, `badge`, `sound`, or
   another of its names, which begin with a small letter or `_`. Anything else is Tencent's OfflinePushInfo.
2. Tencent's has fields of ours beside the vendor's: `Badge`, `CollapseKey`, `LifeTime`, `Profile`, `TeamID` (PU-04).
3. Unknown fields are left out, as the vendors do; a known one with a wrong value is an error that names it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from rcim.base.errors import BAD_PUSH_INFO, RcimError
from rcim.rules.json_decoding import decode_json
from rcim.rules.json_nesting import nested_deeper
from rcim.rules.push_info import (
    BADGE_MAX,
    COLLAPSE_MAX,
    EXT_MAX,
    INFO_BYTES_MAX,
    LIFE_S_MAX,
    NAME_MAX,
    OPTIONS_MAX,
    TEXT_MAX,
    TITLE_MAX,
    PushBadge,
    PushInfo,
    PushProfile,
)

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
Fields: TypeAlias = "Mapping[str, Json]"
NESTING_MAX = 8
RONG = ("pushContent", "pushData", "pushExt", "disablePush")
LEAN = (
    *("alert", "title", "badge", "sound", "category", "silent", "thread-id", "mutable-content"),
    *("_profile", "_team_id", "collapse_key", "expiration_interval"),
)
INCREMENT = "Increment"
PROFILES = {"": PushProfile.OF_TOKEN, "dev": PushProfile.DEVELOPMENT, "prod": PushProfile.PRODUCTION}
RONG_OPTIONS = {
    ("HW", "channelId"): "HuaWeiChannelID",
    ("HW", "importance"): "HuaWeiImportance",
    ("HW", "category"): "HuaWeiCategory",
    ("HONOR", "importance"): "HonorImportance",
    ("MI", "channelId"): "XiaoMiChannelID",
    ("OPPO", "channelId"): "OPPOChannelID",
    ("VIVO", "classification"): "VIVOClassification",
    ("VIVO", "category"): "VIVOCategory",
    ("FCM", "channelId"): "GoogleChannelID",
    ("APNs", "thread-id"): "ThreadID",
    ("APNs", "category"): "Category",
    ("APNs", "richMediaUri"): "Image",
}
"""By service and field of `pushConfigs`."""
LEAN_OPTIONS = {"category": "Category", "thread-id": "ThreadID", "mutable-content": "MutableContent"}


def read_push(data: bytes) -> PushInfo:
    """What the JSON says. Raises RcimError(BAD_PUSH_INFO) that names what is wrong."""
    if len(data) > INFO_BYTES_MAX:
        raise _wrong("push", f"{len(data)} bytes, must be at most {INFO_BYTES_MAX}")
    fields = _decoded("push", data)
    if any(name in fields for name in RONG):
        return _rong(fields)
    if any(name in fields for name in LEAN):
        return _lean(fields)
    return _tencent(fields)


def _wrong(place: str, text: str) -> RcimError:
    return RcimError(BAD_PUSH_INFO, f"{place}: {text}")


def _decoded(place: str, data: bytes | str) -> dict[str, Json]:
    raw = data.encode() if isinstance(data, str) else data
    if nested_deeper(raw, NESTING_MAX):
        raise _wrong(place, f"nested more than {NESTING_MAX} deep")
    try:
        found = decode_json(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise _wrong(place, "must be a JSON object")
    return found


def _text(fields: Fields, name: str, most: int) -> str:
    found = fields.get(name)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise _wrong(name, "must be text")
    try:
        size = len(found.encode())
    except UnicodeEncodeError:
        raise _wrong(name, "has half a character") from None
    if size > most:
        raise _wrong(name, f"{size} bytes, must be at most {most}")
    return found


def _number(fields: Fields, name: str, most: int) -> int:
    found = fields.get(name, 0)
    if type(found) is not int or not 0 <= found <= most:
        raise _wrong(name, f"must be a whole number from 0 to {most}")
    return found


def _object(fields: Fields, name: str) -> Fields:
    found = fields.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise _wrong(name, "must be an object")
    return found


def _options(found: Mapping[str, Json]) -> dict[str, str]:
    """Those with plain values, as text. Raises RcimError."""
    kept: dict[str, str] = {}
    for name, value in found.items():
        if isinstance(value, bool):
            value = int(value)
        if isinstance(value, int):
            value = str(value)
        if not isinstance(value, str):
            raise _wrong(name, "must be text or a whole number")
        kept[name] = _text({name: value}, name, NAME_MAX)
    if len(kept) > OPTIONS_MAX:
        raise _wrong("options", f"{len(kept)}, must be at most {OPTIONS_MAX}")
    return kept


def _badge(fields: Fields, name: str) -> tuple[PushBadge, int]:
    if name not in fields:
        return PushBadge.AS_SET, 0
    if fields[name] == INCREMENT:
        return PushBadge.INCREMENT, 1
    return PushBadge.NUMBER, _number(fields, name, BADGE_MAX)


def _profile(fields: Fields, name: str) -> PushProfile:
    found = _text(fields, name, NAME_MAX)
    if found not in PROFILES:
        raise _wrong(name, "must be dev or prod")
    return PROFILES[found]


def _tencent(fields: Fields) -> PushInfo:
    flag = _number(fields, "PushFlag", 1)
    android, apns = _object(fields, "AndroidInfo"), _object(fields, "ApnsInfo")
    mode, badge = _badge(fields, "Badge")
    if _number(apns, "BadgeMode", 1) and mode is PushBadge.AS_SET:
        mode = PushBadge.KEEP  # the vendor's 1: this message does not count
    apart = ("Sound", "BadgeMode", "Title")
    options = {name: value for name, value in apns.items() if name not in apart}
    options |= {name: value for name, value in android.items() if name != "Sound"}
    if apns.get("Title"):
        options["ApnsTitle"] = _text(apns, "Title", TITLE_MAX)
    if android.get("Sound"):
        options["AndroidSound"] = _text(android, "Sound", NAME_MAX)
    if team := _text(fields, "TeamID", NAME_MAX):
        options["TeamID"] = team
    return PushInfo(
        off=flag == 1,
        title=_text(fields, "Title", TITLE_MAX),
        text=_text(fields, "Desc", TEXT_MAX),
        ext=_text(fields, "Ext", EXT_MAX),
        sound=_text(apns, "Sound", NAME_MAX),
        badge_mode=mode,
        badge=badge,
        collapse_key=_text(fields, "CollapseKey", COLLAPSE_MAX),
        life_s=_number(fields, "LifeTime", LIFE_S_MAX),
        profile=_profile(fields, "Profile"),
        options=_options(options),
    )


def _rong(fields: Fields) -> PushInfo:
    raw = fields.get("pushExt")
    ext = _decoded("pushExt", raw) if isinstance(raw, str) and raw else _object(fields, "pushExt") if raw else {}
    options: dict[str, Json] = {}
    collapse = ""
    configs = ext.get("pushConfigs", [])
    if isinstance(configs, dict):  # so an example of an official client has it, for several services at once
        configs = [configs]
    if not isinstance(configs, list):
        raise _wrong("pushConfigs", "must be a list")
    for config in configs:
        if not isinstance(config, dict):
            raise _wrong("pushConfigs", "must be a list of objects")
        for service in config:
            of_service = _object(config, service)
            options |= {
                name: of_service[key]
                for (whose, key), name in RONG_OPTIONS.items()
                if whose == service and key in of_service
            }
            collapse = _text(of_service, "apns-collapse-id", COLLAPSE_MAX) or collapse
    return PushInfo(
        off=fields.get("disablePush") in (True, 1),
        title=_text(ext, "title", TITLE_MAX),
        text=_text(fields, "pushContent", TEXT_MAX),
        ext=_text(fields, "pushData", EXT_MAX),
        collapse_key=collapse,
        options=_options(options),
    )


def _lean(fields: Fields) -> PushInfo:
    alert = fields.get("alert")
    said: Fields = alert if isinstance(alert, dict) else {"body": _text(fields, "alert", TEXT_MAX)}
    title = _text(said, "title", TITLE_MAX) or _text(fields, "title", TITLE_MAX)
    mode, badge = _badge(fields, "badge")
    rest = {name: value for name, value in fields.items() if name not in LEAN}
    options = {name: fields[key] for key, name in LEAN_OPTIONS.items() if key in fields}
    if team := _text(fields, "_team_id", NAME_MAX):
        options["TeamID"] = team
    ext = msgspec.json.encode(rest).decode() if rest else ""
    return PushInfo(
        title=title,
        text=_text(said, "body", TEXT_MAX),
        ext=_text({"pushData": ext}, "pushData", EXT_MAX),
        sound=_text(fields, "sound", NAME_MAX),
        badge_mode=mode,
        badge=badge,
        collapse_key=_text(fields, "collapse_key", COLLAPSE_MAX),
        life_s=_number(fields, "expiration_interval", LIFE_S_MAX),
        profile=_profile(fields, "_profile"),
        options=_options(options),
    )
