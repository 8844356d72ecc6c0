"""Calls every method of timsdk and prints, as JSON, each method's name with its answer.

The client has Tencent's address in its source. The transport below it brings what it sends there to this server.
"""

import json
import os
import time

import requests
from timsdk import TimClient, api

BASE = os.environ["RCIM_BASE"]


class Here(requests.adapters.HTTPAdapter):
    """Sends to this server what is for Tencent's."""

    def send(self, request, **more):
        request.url = request.url.replace("https://console.tim.qq.com", BASE)
        return super().send(request, **more)


client = TimClient(int(os.environ["SDKAPPID"]), os.environ["KEY"], os.environ["ADMINISTRATOR"])
SERVICES = {name: one for name, one in vars(client).items() if isinstance(one, api.BaseRESTAPI)}
for service in SERVICES.values():
    service.get_client()._http.mount("https://", Here())
calls = []


def call(service, name, /, *given, **named):
    """Calls a method of a service; returns what the server has answered."""
    calls.append([f"{service}.{name}", getattr(SERVICES[service], name)(*given, **named)])
    return calls[-1][1]


now = int(time.time())
login, im, group, sns = "im_open_login_svc", "open_im", "group_open_http_svc", "sns"
call(login, "account_import", "alice", "Al", "https://f/a")
call(login, "im_open_login_svc", ["bob", "carol", "dora", "gone"])
call(login, "account_delete", ["gone", "nobody"])
call(login, "account_check", ["bob", "gone"])
call(login, "kick", "dora")

sent = call(im, "send_text_msg", "bob", "one", "alice")
call(im, "send_text_msg", "bob", "two")
call(im, "batch_send_text_msg", ["bob", "carol"], "three", "alice")
call(im, "import_text_msg", "dora", "carol", "old")
call(im, "admin_msg_withdraw", "bob", "alice", sent["MsgKey"])
call(im, "query_state", ["alice", "nobody"])

profile = [{"Tag": "Tag_Profile_IM_Nick", "Value": "Alice"}]
call("profile", "portrait_set", "alice", profile)
call("profile", "portrait_get", ["alice"])

call(sns, "friend_add", "alice", [{"To_Account": "bob", "AddSource": "AddSource_Type_Web"}])
call(sns, "friend_import", "alice", [{"To_Account": "bob", "AddSource": "AddSource_Type_Web"}])
call(sns, "friend_update", "alice", [{"To_Account": "bob", "SnsItem": []}])
call(sns, "friend_delete", "alice", ["bob"])
call(sns, "friend_delete_all", "alice")
call(sns, "friend_check", "alice", ["bob"])
call(sns, "friend_get", "alice")
call(sns, "friend_get_list", "alice", ["bob"])
call(sns, "group_add", "alice", ["school"])
call(sns, "group_delete", "alice", ["school"])
call(sns, "black_list_add", "alice", ["dora", "eve"])
call(sns, "black_list_delete", "alice", ["eve"])
call(sns, "black_list_get", "alice")
call(sns, "black_list_check", "alice", ["dora", "eve"])

call("open_config_svr", "set_no_speaking", "dora", 60, 4294967295)
call("open_config_svr", "get_no_speaking", "dora")
call("open_config_svr", "get_app_info")
call("open_msg_svc", "get_history", "C2C")

members = [{"Member_Account": "bob"}]
made = call(group, "create_group", "Lobby", "alice", members, introduction="i", apply_join_option="FreeAccess")
lobby = made["GroupId"]
old = call(group, "import_group", "Old", "alice", create_time=now - 1000, group_id="old")["GroupId"]
call(group, "import_group_member", old, members)
body = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "imported"}}]
call(group, "import_group_msg", old, [{"From_Account": "alice", "SendTime": now - 10, "Random": 1, "MsgBody": body}])
call(group, "set_unread_msg_num", old, "bob", 1)
call(group, "get_app_id_group_list")
call(group, "get_group_info", [lobby])
call(group, "add_group_member", lobby, [{"Member_Account": "carol"}, {"Member_Account": "dora"}])
call(group, "delete_group_member", lobby, ["dora"])
call(group, "modify_group_member_info", lobby, "carol", name_card="CC", shut_up_time=60)
call(group, "modify_group_base_info", lobby, name="Hall", shut_up_all_member="Off")
call(group, "get_group_member_info", lobby)
call(group, "get_joined_group_list", "carol")
call(group, "get_role_in_group", lobby, ["alice", "bob", "nobody"])
call(group, "forbid_send_msg", lobby, ["bob"], 60)
call(group, "get_group_shut_uin", lobby)
call(group, "send_group_msg", lobby, body, msg_random=1)
sent = call(group, "send_group_msg", lobby, body, msg_random=2)
call(group, "send_group_system_notification", lobby, "notice")
call(group, "group_msg_recall", lobby, [{"MsgSeq": sent["MsgSeq"]}])
call(group, "delete_group_msg_by_sender", lobby, "bob")
call(group, "group_msg_get_simple", lobby, 10)
call(group, "change_group_owner", lobby, "bob")
call(group, "destroy_group", old)

public = {f"{name}.{method}" for name, one in SERVICES.items() for method in vars(type(one)) if method.islower()}
public -= {one for one in public if one.partition(".")[2].startswith("_")}
assert public == {name for name, _ in calls}, public ^ {name for name, _ in calls}
print(json.dumps(calls))
