"""Calls every method of tencentcloud-sdk-python-im and prints, as JSON, each method's name with its answer."""

import json
import os
import time

from tencentcloud_im import tcim_client as sdk

client = sdk.TCIMClient(
    int(os.environ["SDKAPPID"]), os.environ["KEY"], os.environ["ADMINISTRATOR"], os.environ["RCIM_BASE"] + "/v4"
)
calls = []


def call(name, /, *given, **named):
    """Calls a method; returns what the server has answered."""
    answer = getattr(client, name)(*given, **named)
    if answer is None or isinstance(answer, str):
        calls.append([name, answer])
        return {}
    calls.append([name, answer.json()])
    return calls[-1][1]


def text(said):
    """A message of one text."""
    return [sdk.MessageText(said)]


now = int(time.time())
calls.append(["get_user_sig", bool(client.get_user_sig("alice"))])
call("add_single_user", "alice", "Al", "https://f/a")
call("batch_add_users", ["bob", "carol", "dora", "gone"])
call("del_user", ["gone", "nobody"])
call("search_user", ["bob", "gone"])
call("abolition_user_sig", "dora")
call("check_user_online", ["alice", "nobody"])

friend = sdk.FriendObj("bob", "web")
call("add_friend", "alice", [friend])
call("delete_friends", "alice", ["bob"])
call("update_friend", "alice", [sdk.UpdateFriendObj("bob", [sdk.SnsItemObj("Tag_SNS_IM_Remark", "r")])])
call("get_target_friends", "alice", ["bob"], ["Tag_Profile_IM_Nick"])
call("get_friends", "alice")
call("add_sns_group", "alice", ["school"], ["bob"])
call("delete_sns_group", "alice", ["school"])
call("get_sns_group", "alice", ["school"])

sent = call("send_message", sdk.MessageObj("alice", "bob", text("one"), extra_data="data"))
files = [sdk.MessageFile("https://f/file", 12, "file.txt")]
call("send_message", sdk.MessageObj("alice", "bob", text("two"), files))
call("batch_send_message", sdk.BatchMessageObj("alice", ["bob", "carol"], text("three")))
call("import_message_to_im", sdk.MessageObj("carol", "dora", text("old")), now - 1000)
call("draw_message", "alice", "bob", sent["MsgKey"])
call("get_unread_num", "bob", ["alice"])
call("set_user_message_read", "bob", "alice")
call("get_unread_num", "bob")
call("get_message_list", "alice", "bob", 10, now - 100, now + 100)

members = [sdk.GroupMemObj("bob", "Admin")]
made = sdk.GroupObj("alice", "Public", "Lobby", "i", "n", "https://f/g", 100, members, group_id="lobby")
call("create_group", made)
call("create_group", sdk.GroupObj("alice", "AVChatRoom", "Room", group_id="room"))
call("create_group", sdk.GroupObj("alice", "NoSuch", "Old"))
call("get_group")
call("get_group_detail", ["lobby"])
call("add_group_member", "lobby", [sdk.GroupMemObj("carol"), sdk.GroupMemObj("dora")])
call("delete_group_mem", "lobby", ["dora"])
call("update_group_mem_info", "lobby", "carol", namecard="CC")
call("update_group_baseinfo", "lobby", group_name="Hall", introduction="new")
call("get_group_mem_info_detail", "lobby")
call("get_joined_groups", "carol")
call("get_mem_role_in_group", "lobby", ["alice", "bob", "nobody"])
call("forbid_send_msg", "lobby", ["carol"], 60)
call("get_group_shutup_list", "lobby")
call("send_group_message", "lobby", text("g1"), from_account="bob", msgPriority="High")
call("send_group_message", "lobby", text("g2"), from_account="carol")
call("send_group_message", "lobby", text("g3"), from_account="alice")
call("send_system_message_in_group", "lobby", "notice")
call("recall_group_message", "lobby", [3])
call("delete_group_msg_by_sender", "lobby", "carol")
call("set_group_unread_msg_num", "lobby", "carol", 1)
call("get_msg_in_group", "lobby", 10)
call("get_online_member_num", "lobby")
call("import_group_members", "old", [sdk.GroupMemObj("bob", join_time=now)])
call("import_message_to_group", "old", 1, [sdk.GroupMessageObj("alice", now, text("imported"))])
call("update_group_attr", "room", [sdk.GroupAttr("color", "red")])
call("get_group_attr", "room")
call("clean_group_attr", "room")
call("change_group_owner", "lobby", "bob")
call("delete_group", "old")

public = {name for name in vars(sdk.TCIMClient) if not name.startswith("_")}
assert public == {name for name, _ in calls}, public - {name for name, _ in calls}
print(json.dumps(calls))
