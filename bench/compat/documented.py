"""The commands that each vendor documents, by name: what `rcim-bench compat` has to have a case for.

Names alone, gathered from the vendors' pages and from the paths that their official clients call. A name that ends with
`/*` is a family of commands, of which the references name no single one; a case for one of them is enough.
"""

from __future__ import annotations

TENCENT = """
openim/querystate openim/modify_group_msg openim/query_online_status openim/get_c2c_unread_msg_num
openim/modify_c2c_msg openim/sendmsg openim/importmsg openim/batchsendmsg openim/admin_set_msg_read
openim/admin_msgwithdraw openim/admin_getroammsg
group_open_http_svc/create_group group_open_http_svc/get_appid_group_list group_open_http_svc/get_joined_group_list
group_open_http_svc/destroy_group group_open_http_svc/modify_group_base_info group_open_http_svc/import_group
group_open_http_svc/get_group_info group_open_http_svc/get_group_ban_member group_open_http_svc/delete_group_member
group_open_http_svc/add_group_member group_open_http_svc/import_group_member group_open_http_svc/forbid_send_msg
group_open_http_svc/get_role_in_group group_open_http_svc/ban_group_member group_open_http_svc/unban_group_member
group_open_http_svc/get_group_muted_account group_open_http_svc/change_group_owner
group_open_http_svc/modify_group_member_info group_open_http_svc/get_group_member_info
group_open_http_svc/set_unread_msg_num group_open_http_svc/delete_group_msg_by_sender
group_open_http_svc/group_msg_get_simple group_open_http_svc/send_group_msg
group_open_http_svc/send_group_system_notification group_open_http_svc/import_group_msg
group_open_http_svc/send_broadcast_msg group_open_http_svc/get_group_msg_receipt
group_open_http_svc/get_group_msg_receipt_detail group_open_http_svc/group_msg_recall
group_open_http_svc/get_online_member_num group_open_http_svc/import_topic group_open_http_svc/modify_group_attr
group_open_http_svc/clear_group_attr group_open_http_svc/set_group_attr group_open_http_svc/delete_group_counter
group_open_http_svc/update_group_counter group_open_http_svc/get_group_counter
group_open_http_svc/get_group_shutted_uin group_open_http_svc/get_specified_group_member_info
openim_msg_ext_http_svc/group_get_key_values openim_msg_ext_http_svc/group_set_key_values
openim_msg_ext_http_svc/get_key_values openim_msg_ext_http_svc/set_key_values
group_open_avchatroom_http_svc/get_members group_open_avchatroom_http_svc/modify_user_info
million_group_open_http_svc/modify_topic million_group_open_http_svc/create_topic
million_group_open_http_svc/get_topic million_group_open_http_svc/destroy_topic
group_open_attr_http_svc/get_group_attr
im_open_login_svc/account_delete im_open_login_svc/account_import im_open_login_svc/multiaccount_import
im_open_login_svc/account_check im_open_login_svc/kick
recentcontact/get_list recentcontact/delete recentcontact/create_contact_group recentcontact/del_contact_group
recentcontact/update_contact_group recentcontact/get_contact_group recentcontact/search_contact_group
recentcontact/mark_contact
sns/group_delete sns/group_get sns/group_add sns/friend_delete sns/friend_delete_all sns/friend_import
sns/friend_get sns/friend_get_list sns/friend_update sns/friend_check sns/friend_add sns/black_list_delete
sns/black_list_get sns/black_list_check sns/black_list_add
profile/portrait_get profile/portrait_set
openconfigsvr/getnospeaking openconfigsvr/setnospeaking openconfigsvr/getappinfo
all_member_push/im_push all_member_push/im_remove_attr all_member_push/im_remove_all_tags
all_member_push/im_remove_tag all_member_push/im_add_tag all_member_push/im_get_attr_name
all_member_push/im_get_attr all_member_push/im_get_tag all_member_push/im_set_attr_name all_member_push/im_set_attr
open_msg_svc/get_history
ConfigSvc/GetIPList
im_cos_msg/get_cos_sig im_cos_msg/forbid_illegal_object im_cos_msg/allow_banned_object
"""
"""Below `/v4/`; old names beside the new ones."""

RONGCLOUD = """
/chatroom/join
/chatroom/create /chatroom/destroy /chatroom/keepalive/add /chatroom/keepalive/query /chatroom/keepalive/remove
/chatroom/message/priority/add /chatroom/message/priority/query /chatroom/message/priority/remove
/chatroom/message/resumeDistribution /chatroom/message/stopDistribution /chatroom/query /chatroom/user/ban/add
/chatroom/user/ban/query /chatroom/user/ban/remove /chatroom/user/block/add /chatroom/user/block/list
/chatroom/user/block/rollback /chatroom/user/exist /chatroom/user/gag/add /chatroom/user/gag/list
/chatroom/user/gag/rollback /chatroom/user/query /chatroom/user/whitelist/add /chatroom/user/whitelist/query
/chatroom/user/whitelist/remove /chatroom/users/exist /chatroom/whitelist/add /chatroom/whitelist/delete
/chatroom/whitelist/query /chatroom/create_new /chatroom/get /chatroom/destroy/set /chatroom/entry/set
/chatroom/ban/add /chatroom/user/ban/whitelist/* /chatroom/ban/check /chatroom/ban/query /chatroom/ban/rollback
/chatroom/entry/batch/set /chatroom/entry/remove /chatroom/entry/query
/conversation/notification/get /conversation/notification/set /conversation/message/history/clean
/conversation/type/notification/set /conversation/type/notification/get /conversation/top/set
/group/ban/add /group/ban/query /group/ban/rollback /group/create /group/dismiss /group/join /group/quit
/group/refresh /group/sync /group/user/ban/whitelist/add /group/user/ban/whitelist/query
/group/user/ban/whitelist/rollback /group/user/gag/add /group/user/gag/list /group/user/gag/rollback
/group/user/query /group/remarks/set /group/remarks/get /group/remarks/del /group/info
/message/broadcast /message/chatroom/broadcast /message/chatroom/publish /message/discussion/publish
/message/group/publish /message/history /message/history/delete /message/private/publish
/message/private/publish_template /message/recall /message/system/publish /message/system/publish_template
/message/expansion/set /message/expansion/delete /message/expansion/query /message/ultragroup/publish
/message/online/broadcast /message/broadcast/recall /message/group/publish_template
/push /push/custom /push/user
/sensitiveword/add /sensitiveword/batch/delete /sensitiveword/delete /sensitiveword/list
/wordfilter/add /wordfilter/delete /wordfilter/list
/statusmessage/group/publish /statusmessage/private/publish
/user/blacklist/add /user/blacklist/query /user/blacklist/remove /user/block /user/block/query /user/checkOnline
/user/getToken /user/group/query /user/refresh /user/tag/batch/set /user/tag/set /user/tags/get /user/unblock
/user/token/expire /user/info /user/query /user/deactivate /user/deactivate/query /user/reactivate /user/delusers
/user/whitelist/add /user/whitelist/query /user/whitelist/remove /user/blockPushPeriod/set
/user/blockPushPeriod/get /user/blockPushPeriod/delete /user/chat/fb/set /user/chat/fb/querylist /user/profile/set
/user/profile/query /user/profile/batch/query /user/profile/clean /user/remarks/*
/user/abandon /user/abandon/query /user/activate
/friend/*
/entrust/group/*
/ultragroup/create /ultragroup/dis /ultragroup/join /ultragroup/quit /ultragroup/refresh /ultragroup/channel/create
/ultragroup/channel/del /ultragroup/channel/get /ultragroup/channel/type/change
/ultragroup/channel/private/users/add /ultragroup/channel/private/users/del /ultragroup/channel/private/users/get
/ultragroup/userbanned/add /ultragroup/userbanned/del /ultragroup/userbanned/get /ultragroup/banned/whitelist/add
/ultragroup/banned/whitelist/del /ultragroup/banned/whitelist/get /ultragroup/globalbanned/set
/ultragroup/user/channel/query
/ultragroup/globalbanned/get /ultragroup/notdisturb/set /ultragroup/notdisturb/get /ultragroup/msg/get
/ultragroup/msg/modify /ultragroup/hismsg/query /ultragroup/hismsg/msgid/query /ultragroup/message/expansion/set
/ultragroup/message/expansion/delete /ultragroup/message/expansion/query /ultragroup/member/exist
/ultragroup/usergroup/* /ultragroup/channel/usergroup/*
"""
"""Without `.json`."""

DOCUMENTED = {"tencent": tuple(TENCENT.split()), "rongcloud": tuple(RONGCLOUD.split())}
"""By vendor."""
