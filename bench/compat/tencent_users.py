"""Cases for Tencent's commands about users: accounts, presence, profiles, lists, mutes, pushes, the message log."""

from __future__ import annotations

from rcim_bench.compat.case import Found, Json, State, Trial, case, check

from rcim.base import clock
from rcim.base.terms import MuteScope, UserList

TENCENT = "tencent"
TEXT = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello"}}]
NOT_ENABLED = 10026
LOGIN, PUSH = "im_open_login_svc", "all_member_push"


async def account(trial: Trial, prefix: str = "user") -> str:
    """A new account."""
    user_id = trial.name(prefix)
    await trial.tencent_ok(f"{LOGIN}/account_import", {"UserID": user_id})
    return user_id


async def is_imported(trial: Trial, user_id: str) -> bool:
    """Whether there is such an account, as frames say."""
    return (await trial.admin.query_accounts([user_id]))[0].imported


@case(TENCENT, f"{LOGIN}/account_import")
async def account_import(trial: Trial) -> None:
    user_id = trial.name("user")
    await trial.tencent_ok(f"{LOGIN}/account_import", {"UserID": user_id, "Nick": "Al", "FaceUrl": "https://f"})
    profile = await trial.admin.profile(user_id)
    check((profile.nickname, profile.face_url) == ("Al", "https://f"), "the account has its nickname and face")


@case(TENCENT, f"{LOGIN}/multiaccount_import")
async def multiaccount_import(trial: Trial) -> None:
    old, new = trial.name("user"), trial.name("user")
    await trial.tencent_ok(f"{LOGIN}/multiaccount_import", {"Accounts": [old]})
    said = await trial.tencent_ok(f"{LOGIN}/multiaccount_import", {"AccountList": [{"UserID": new, "Nick": "N"}]})
    check(said["FailAccounts"] == [], "nothing failed")
    check(await is_imported(trial, old) and await is_imported(trial, new), "both forms import")


@case(TENCENT, f"{LOGIN}/account_delete")
async def account_delete(trial: Trial) -> Found:
    user_id = await account(trial)
    items = [{"UserID": user_id}, {"UserID": trial.name("nobody")}]
    said = await trial.tencent_ok(f"{LOGIN}/account_delete", {"DeleteItem": items})
    check([row["ResultCode"] for row in said["ResultItem"]] == [0, 70107], "each has its own result")
    check(not await is_imported(trial, user_id), "the account is gone")
    return Found(State.DIFFERS, "any account can be deleted, but not the administrator who asks")


@case(TENCENT, f"{LOGIN}/account_check")
async def account_check(trial: Trial) -> None:
    items = [{"UserID": await account(trial)}, {"UserID": trial.name("nobody")}]
    said = await trial.tencent_ok(f"{LOGIN}/account_check", {"CheckItem": items})
    check([row["AccountStatus"] for row in said["ResultItem"]] == ["Imported", "NotImported"], "who is imported")


@case(TENCENT, f"{LOGIN}/kick")
async def kick(trial: Trial) -> None:
    user_id = await account(trial)
    await trial.tencent_ok(f"{LOGIN}/kick", {"UserID": user_id})
    check((await trial.admin.query_accounts([user_id]))[0].valid_from_ms > 0, "older UserSigs are refused")


@case(TENCENT, "openim/query_online_status")
async def query_online_status(trial: Trial) -> Found:
    return await _status(trial, "query_online_status", "Status")


@case(TENCENT, "openim/querystate")
async def querystate(trial: Trial) -> Found:
    return await _status(trial, "querystate", "State")


async def _status(trial: Trial, command: str, name: str) -> Found:
    user_id, nobody = await account(trial), trial.name("nobody")
    here = trial.admin.user_id
    said = await trial.tencent_ok(f"openim/{command}", {"To_Account": [here, user_id, nobody], "IsNeedDetail": 1})
    check([row[name] for row in said["QueryResult"]] == ["Online", "Offline"], "who is online")
    check(said["ErrorList"] == [{"To_Account": nobody, "ErrorCode": 70107}], "who is unknown")
    return Found(State.DIFFERS, "PushOnline means that the app is in the background; platforms are rcim's five")


@case(TENCENT, "profile/portrait_set")
async def portrait_set(trial: Trial) -> None:
    user_id = await account(trial)
    values = {"Nick": "Al", "SelfSignature": "hi", "BirthDay": 20000101, "Location": "Basel"}
    items = [{"Tag": f"Tag_Profile_IM_{name}", "Value": value} for name, value in values.items()]
    await trial.tencent_ok("profile/portrait_set", {"From_Account": user_id, "ProfileItem": items})
    profile = await trial.admin.profile(user_id)
    check((profile.nickname, profile.signature) == ("Al", "hi"), "the profile has them")
    own = {row.key: row.value for row in profile.fields}
    check(own == {"BirthDay": b"20000101", "Location": b"Basel"}, "and the standard fields that are custom ones here")


@case(TENCENT, "profile/portrait_get")
async def portrait_get(trial: Trial) -> None:
    user_id, nobody = await account(trial), trial.name("nobody")
    await trial.admin.set_profile_of(user_id, nickname="Al")
    tags = ["Tag_Profile_IM_Nick", "Tag_Profile_IM_Gender", "Tag_Profile_IM_AllowType"]
    said = await trial.tencent_ok("profile/portrait_get", {"To_Account": [user_id, nobody], "TagList": tags})
    there, unknown = said["UserProfileItem"]
    check(there["ProfileItem"] == [{"Tag": "Tag_Profile_IM_Nick", "Value": "Al"}], "what is set")
    check(unknown["ResultCode"] == 40003 and said["Fail_Account"] == [nobody], "who is unknown")


async def black_list(trial: Trial, user_id: str) -> list[str]:
    """The user's black list, as frames say."""
    return list(await trial.admin.user_list(UserList.BLACK, user_id=user_id))


@case(TENCENT, "sns/black_list_add", "sns/black_list_delete")
async def black_list_change(trial: Trial) -> None:
    user_id, other = await account(trial), trial.name("other")
    body = {"From_Account": user_id, "To_Account": [other]}
    said = await trial.tencent_ok("sns/black_list_add", body)
    check(
        said["ResultItem"][0]["ResultCode"] == 0 and await black_list(trial, user_id) == [other], "it is on the list"
    )
    await trial.tencent_ok("sns/black_list_delete", body)
    check(await black_list(trial, user_id) == [], "it is off the list")


@case(TENCENT, "sns/black_list_get")
async def black_list_get(trial: Trial) -> Found:
    user_id = await account(trial)
    await trial.admin.change_user_list(UserList.BLACK, add=["a", "b", "c"], user_id=user_id)
    body = {"From_Account": user_id, "StartIndex": 0, "MaxLimited": 2, "LastSequence": 0}
    said = await trial.tencent_ok("sns/black_list_get", body)
    check([row["To_Account"] for row in said["BlackListItem"]] == ["a", "b"] and said["StartIndex"] == 2, "a page")
    return Found(State.DIFFERS, "AddBlackTimeStamp and CurruentSequence are 0: neither is kept")


@case(TENCENT, "sns/black_list_check")
async def black_list_check(trial: Trial) -> None:
    user_id, other = await account(trial), await account(trial)
    await trial.admin.change_user_list(UserList.BLACK, add=[other], user_id=user_id)
    body = {"From_Account": user_id, "To_Account": [other], "CheckType": "BlackCheckResult_Type_Both"}
    said = await trial.tencent_ok("sns/black_list_check", body)
    check(said["BlackListCheckItem"][0]["Relation"] == "BlackCheckResult_Type_AWithB", "the relation")


async def refused(trial: Trial, command: str, body: Json, why: str) -> Found:
    """A command without a subject here: it answers that the service is not enabled."""
    said = await trial.tencent(command, body)
    check(said["ErrorCode"] == NOT_ENABLED, f"{said['ErrorCode']} in place of {NOT_ENABLED}")
    return Found(State.NOT_OFFERED, why)


def _not_offered(why: str, *commands: str) -> None:
    """A case for each of these commands."""
    for name in commands:

        async def run(trial: Trial, command: str = name) -> Found:
            return await refused(trial, command, {"From_Account": "alice"}, why)

        case(TENCENT, name)(run)


_not_offered(
    "users have no friends here: everybody may write to everybody who has not put them on a black list",
    *(
        f"sns/friend_{name}"
        for name in ("add", "import", "update", "delete", "delete_all", "check", "get", "get_list")
    ),
    *(f"sns/group_{name}" for name in ("add", "delete", "get")),
)
_not_offered(
    "messages have no extensions here; edit the message's CloudCustomData",
    "openim_msg_ext_http_svc/get_key_values",
    "openim_msg_ext_http_svc/set_key_values",
)
_not_offered(
    "conversations have no groups and no marks",
    *(f"recentcontact/{name}_contact_group" for name in ("create", "del", "update", "get", "search")),
    "recentcontact/mark_contact",
)
_not_offered(
    "files in messages stay where the app keeps them; the server has only their URLs",
    *(f"im_cos_msg/{name}" for name in ("get_cos_sig", "forbid_illegal_object", "allow_banned_object")),
)
_not_offered("the server's addresses are those of the machine that you run it on", "ConfigSvc/GetIPList")


@case(TENCENT, "openconfigsvr/setnospeaking")
async def setnospeaking(trial: Trial) -> None:
    user_id = await account(trial)
    body = {"Set_Account": user_id, "C2CmsgNospeakingTime": 60, "GroupmsgNospeakingTime": 4294967295}
    await trial.tencent_ok("openconfigsvr/setnospeaking", body)
    for scope in (MuteScope.ONE_TO_ONE, MuteScope.GROUPS):
        check(user_id in await trial.admin.muted_everywhere(scope), f"muted: {scope.name}")


@case(TENCENT, "openconfigsvr/getnospeaking")
async def getnospeaking(trial: Trial) -> None:
    user_id = await account(trial)
    await trial.admin.mute_everywhere([user_id], 600, MuteScope.GROUPS)
    said = await trial.tencent_ok("openconfigsvr/getnospeaking", {"Get_Account": user_id})
    check(said["C2CmsgNospeakingTime"] == 0 and 500 < said["GroupmsgNospeakingTime"] <= 600, "how long")


@case(TENCENT, "openconfigsvr/getappinfo")
async def getappinfo(trial: Trial) -> Found:
    [row] = (await trial.tencent_ok("openconfigsvr/getappinfo"))["Result"]
    check(int(row["MaxOnlineNum"]) >= 1, "the administrator is online")
    return Found(State.DIFFERS, "AppId, Date and MaxOnlineNum of today: rcim keeps no statistics of days")


@case(TENCENT, f"{PUSH}/im_push")
async def im_push(trial: Trial) -> Found:
    random = clock.wall_ms() % (1 << 32)
    body = {"MsgRandom": random, "MsgBody": TEXT, "MsgLifeTime": 60, "Condition": {"TagsOr": [trial.name("tag")]}}
    said = await trial.tencent_ok(f"{PUSH}/im_push", body)
    check(said["TaskId"], "it has a task id")
    check((await trial.admin.broadcasts(1))[0].tags_any == body["Condition"]["TagsOr"], "it is the newest broadcast")
    return Found(
        State.DIFFERS, "as many as the settings allow in a day and an hour; it is a message, with a push if offline"
    )


@case(TENCENT, f"{PUSH}/im_set_attr_name", f"{PUSH}/im_get_attr_name")
async def attribute_names(trial: Trial) -> None:
    name = trial.name("city")
    await trial.tencent_ok(f"{PUSH}/im_set_attr_name", {"AttrNames": {"0": name}})
    check((await trial.admin.attribute_names())[0] == name, "it is declared")
    check((await trial.tencent_ok(f"{PUSH}/im_get_attr_name"))["AttrNames"]["0"] == name, "it is told")


@case(TENCENT, f"{PUSH}/im_set_attr", f"{PUSH}/im_get_attr", f"{PUSH}/im_remove_attr")
async def attributes(trial: Trial) -> None:
    user_id, name = await account(trial), trial.name("level")
    await trial.admin.set_attribute_names({1: name})
    await trial.tencent_ok(f"{PUSH}/im_set_attr", {"UserAttrs": [{"To_Account": user_id, "Attrs": {name: "1"}}]})
    labels = (await trial.admin.labels([user_id]))[user_id]
    check([(row.name, row.value) for row in labels.attributes] == [(name, "1")], "the user has it")
    said = await trial.tencent_ok(f"{PUSH}/im_get_attr", {"To_Account": [user_id]})
    check(said["UserAttrs"] == [{"To_Account": user_id, "Attrs": {name: "1"}}], "it is told")
    await trial.tencent_ok(f"{PUSH}/im_remove_attr", {"UserAttrs": [{"To_Account": user_id, "Attrs": [name]}]})
    check(not (await trial.admin.labels([user_id]))[user_id].attributes, "it is gone")


@case(TENCENT, f"{PUSH}/im_add_tag", f"{PUSH}/im_get_tag", f"{PUSH}/im_remove_tag", f"{PUSH}/im_remove_all_tags")
async def tags(trial: Trial) -> None:
    user_id = await account(trial)

    async def there() -> list[str]:
        return list((await trial.admin.labels([user_id]))[user_id].tags)

    await trial.tencent_ok(f"{PUSH}/im_add_tag", {"UserTags": [{"To_Account": user_id, "Tags": ["a", "b", "c"]}]})
    check(await there() == ["a", "b", "c"], "the user has them")
    said = await trial.tencent_ok(f"{PUSH}/im_get_tag", {"To_Account": [user_id]})
    check(said["UserTags"] == [{"To_Account": user_id, "Tags": ["a", "b", "c"]}], "they are told")
    await trial.tencent_ok(f"{PUSH}/im_remove_tag", {"UserTags": [{"To_Account": user_id, "Tags": ["b"]}]})
    check(await there() == ["a", "c"], "one is gone")
    await trial.tencent_ok(f"{PUSH}/im_remove_all_tags", {"To_Account": [user_id]})
    check(await there() == [], "all are gone")


@case(TENCENT, "open_msg_svc/get_history")
async def get_history(trial: Trial) -> Found:
    said = await trial.tencent("open_msg_svc/get_history", {"ChatType": "C2C", "MsgTime": "2020010100"})
    check(said["ErrorCode"] == 1004, "there is no file of this hour")
    return Found(
        State.DIFFERS,
        "needs message_log.enabled; one file for each kind of group; sizes and a SHA-256 of what is downloaded, no MD5",
    )
