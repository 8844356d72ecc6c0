"""Profiles (AB-05). A standard field of the vendor's that rcim has not, and each custom field, is one of the app's own
fields for users, as the settings declare them: `Tag_Profile_Custom_Vip` is the field `Vip`, `Tag_Profile_IM_BirthDay` the
field `BirthDay`. The default of the settings has the vendor's standard fields."""

from __future__ import annotations

import re

from rcim.adapters.tencent.codes import PROFILE
from rcim.adapters.tencent.command import Call, Fields, Json, TencentError, command
from rcim.base.terms import Gender
from rcim.service import requests
from rcim.service.results import Done, Profiles, UserProfile
from rcim.vendors.tencent_ids import PROFILE_NUMBERS

AT_ONCE = 100
STANDARD, CUSTOM = "Tag_Profile_IM_", "Tag_Profile_Custom_"
NICK, GENDER, IMAGE, SIGNATURE = (STANDARD + name for name in ("Nick", "Gender", "Image", "SelfSignature"))
TEXTS = {NICK: "nickname", IMAGE: "face_url", SIGNATURE: "signature"}
"""Tags of texts, and the field of AdminProfileSet that each is."""
GENDERS = {
    "Gender_Type_Unknown": Gender.UNKNOWN,
    "Gender_Type_Female": Gender.FEMALE,
    "Gender_Type_Male": Gender.MALE,
}
NUMBER = re.compile(r"\d{1,18}\Z", re.ASCII)
NO_SUCH_USER, NO_SUCH_TAG, BAD_VALUE, BAD_TYPE = 40003, 40009, 40605, 40610


@command(PROFILE, "profile/portrait_get")
async def portrait_get(call: Call) -> Json:
    """The named fields of up to 100 users; what a user has not set is left out (AB-05)."""
    users = call.fields.accounts("To_Account", AT_ONCE)
    tags = [tag for tag in call.fields.rows("TagList", AT_ONCE, 1) if isinstance(tag, str)]
    for tag in tags:
        _check_tag(call.fields, tag)
    items: list[Json] = []
    left = list(users)
    while left:
        page = await call.ask(requests.ProfilesGet(left), Profiles)
        for row in page.rows:
            if row.known:
                found = _items(row.profile, tags)
                items.append({"To_Account": row.user_id, "ProfileItem": found, "ResultCode": 0, "ResultInfo": ""})
            else:
                items.append(_unknown(row.user_id))
        left = left[max(page.taken, 1) :]
    failed = [item["To_Account"] for item in items if item["ResultCode"]]
    return {"UserProfileItem": items} | ({"Fail_Account": failed} if failed else {})


@command(PROFILE, "profile/portrait_set")
async def portrait_set(call: Call) -> Json:
    """Sets fields of a user's profile: all of them or none (AB-05)."""
    fields = call.fields
    user_id = fields.account("From_Account")
    changes: Json = {"fields": []}
    for item in fields.objects("ProfileItem", AT_ONCE, 1):
        _change(changes, item)
    if user_id not in await call.known([user_id]):
        raise TencentError(NO_SUCH_USER, f"there is no account {user_id}")
    await call.ask(requests.AdminProfileSet(user_id, **changes), Done)
    return {}


def _check_tag(fields: Fields, tag: str) -> None:
    """Raises TencentError."""
    if not tag.startswith((STANDARD, CUSTOM)) or tag in (STANDARD, CUSTOM):
        raise fields.refuse("TagList", f"{tag}: there is no such field", NO_SUCH_TAG)


def _items(profile: UserProfile, tags: list[str]) -> list[Json]:
    """The fields with these tags that are set."""
    genders = {gender: name for name, gender in GENDERS.items()}
    own = {
        NICK: profile.nickname,
        GENDER: genders[profile.gender] if profile.gender else "",
        IMAGE: profile.face_url,
        SIGNATURE: profile.signature,
    }
    found: list[Json] = []
    for tag in tags:
        value = own[tag] if tag in own else _custom(profile, tag)
        if value != "":
            found.append({"Tag": tag, "Value": value})
    return found


def _custom(profile: UserProfile, tag: str) -> str | int:
    """The value of a field of the app's own; empty: it is not set."""
    key = _key(tag)
    text: str = profile.fields.get(key, b"").decode(errors="replace")
    number = tag.startswith(STANDARD) and key in PROFILE_NUMBERS and NUMBER.match(text)
    return int(text) if number else text


def _key(tag: str) -> str:
    return tag.removeprefix(STANDARD).removeprefix(CUSTOM)


def _unknown(user_id: str) -> Json:
    return {
        "To_Account": user_id,
        "ProfileItem": [],
        "ResultCode": NO_SUCH_USER,
        "ResultInfo": "there is no such account",
    }


def _change(changes: Json, item: Fields) -> None:
    """Note one item of ProfileItem in `changes`, fields of AdminProfileSet. Raises TencentError."""
    tag = item.text("Tag")
    if tag in TEXTS:
        changes[TEXTS[tag]] = _text(item)
    elif tag == GENDER:
        if _text(item) not in GENDERS:
            raise item.refuse("Value", f"has to be one of {', '.join(GENDERS)}", BAD_VALUE)
        changes["gender"] = GENDERS[_text(item)]
    elif tag.startswith((STANDARD, CUSTOM)):
        changes["fields"].append((_key(tag), _value(item)))
    else:
        raise item.refuse("Tag", "is no field of a profile", NO_SUCH_TAG)


def _value(item: Fields) -> bytes:
    """The value of a field of the app's own: text, or a number as text. Raises TencentError."""
    found = item.raw("Value")
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found).encode()
    return _text(item).encode()


def _text(item: Fields) -> str:
    """A value that is text. Raises TencentError."""
    found = item.raw("Value")
    if not isinstance(found, str):
        raise item.refuse("Value", "has to be a string", BAD_TYPE)
    return found
