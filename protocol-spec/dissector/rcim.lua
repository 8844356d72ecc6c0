-- rcim for Wireshark. Made by `make spec` from the table of frames; do not edit.
-- Use: wireshark -X lua_script:rcim.lua, then "Decode As… rcim" on the port (default 7460).
-- TLS: give Wireshark the keys (SSLKEYLOGFILE of the client), or look at a server without TLS.

local rcim_frames = {
  [1] = { name = "HELLO", fields = { { name = "version_min", type = "u16" }, { name = "version_max", type = "u16" }, { name = "heartbeat_ms", type = "u32" }, { name = "features", type = "list16", item = { type = "str8" } }, { name = "agent", type = "str8" } }, extensions = {} },
  [2] = { name = "LOGIN", fields = { { name = "user_id", type = "str16" }, { name = "user_sig", type = "str16" }, { name = "platform", type = "enum8", values = { [1] = "WEB", [2] = "DESKTOP", [3] = "MOBILE", [4] = "PAD", [5] = "SERVER" } }, { name = "device_tag", type = "str8" } }, extensions = { [1] = { name = "began_ms", type = "u64" } } },
  [3] = { name = "LOGOUT", fields = {}, extensions = {} },
  [4] = { name = "PING", fields = { { name = "token", type = "u64" } }, extensions = {} },
  [257] = { name = "SEND", fields = { { name = "conversation", type = "str16" }, { name = "client_msg_id", type = "str8" }, { name = "priority", type = "enum8", values = { [1] = "HIGH", [2] = "NORMAL", [3] = "LOW", [4] = "LOWEST" } }, { name = "body", type = "elements16" } }, extensions = { [1] = { name = "as_user", type = "str16" }, [2] = { name = "type_name", type = "str8" }, [3] = { name = "to", type = "list16", item = { type = "str16" } }, [4] = { name = "mentions", type = "list16", item = { type = "str16" } }, [5] = { name = "mentions_all", type = "bool" }, [6] = { name = "transient", type = "bool" }, [7] = { name = "cloud_data", type = "bytes16" }, [50] = { name = "push", type = "bytes16" } } },
  [258] = { name = "HISTORY", fields = { { name = "conversation", type = "str16" }, { name = "from_seq", type = "u64" }, { name = "to_seq", type = "u64" }, { name = "limit", type = "u16" }, { name = "backwards", type = "bool" } }, extensions = { [1] = { name = "from_time_ms", type = "u64" }, [2] = { name = "to_time_ms", type = "u64" }, [3] = { name = "seqs", type = "list16", item = { type = "struct16", struct = "SeqEntry" } } } },
  [259] = { name = "MESSAGE_RECALL", fields = { { name = "conversation", type = "str16" }, { name = "seq", type = "u64" } }, extensions = {} },
  [260] = { name = "MESSAGE_EDIT", fields = { { name = "conversation", type = "str16" }, { name = "seq", type = "u64" }, { name = "body", type = "elements16" } }, extensions = { [1] = { name = "mentions", type = "list16", item = { type = "str16" } }, [2] = { name = "mentions_all", type = "bool" }, [3] = { name = "cloud_data", type = "bytes16" } } },
  [261] = { name = "MESSAGE_DELETE", fields = { { name = "conversation", type = "str16" }, { name = "seq", type = "u64" } }, extensions = {} },
  [262] = { name = "MESSAGES_ERASE", fields = { { name = "conversation", type = "str16" }, { name = "sender", type = "str16" } }, extensions = {} },
  [263] = { name = "MESSAGES_HIDE", fields = { { name = "conversation", type = "str16" }, { name = "messages", type = "list16", item = { type = "struct16", struct = "SeqEntry" } } }, extensions = {} },
  [264] = { name = "CONVERSATION_CLEAR", fields = { { name = "conversation", type = "str16" } }, extensions = { [1] = { name = "user_id", type = "str16" } } },
  [265] = { name = "MESSAGE_RECEIPTS", fields = { { name = "conversation", type = "str16" }, { name = "seq", type = "u64" }, { name = "read", type = "bool" }, { name = "cursor", type = "str16" }, { name = "limit", type = "u16" } }, extensions = {} },
  [266] = { name = "CONVERSATION_READ", fields = { { name = "conversation", type = "str16" }, { name = "seq", type = "u64" } }, extensions = { [1] = { name = "user_id", type = "str16" } } },
  [272] = { name = "SYNC", fields = { { name = "cursor", type = "bytes16" }, { name = "limit", type = "u16" }, { name = "messages", type = "u8" } }, extensions = { [1] = { name = "user_id", type = "str16" } } },
  [273] = { name = "CONVERSATION_FLAG", fields = { { name = "conversation", type = "str16" }, { name = "msg_flag", type = "enum8", values = { [1] = "ACCEPT_AND_NOTIFY", [2] = "ACCEPT_NOT_NOTIFY", [3] = "DISCARD" } } }, extensions = {} },
  [274] = { name = "CONVERSATION_PIN", fields = { { name = "conversation", type = "str16" }, { name = "pinned", type = "bool" } }, extensions = {} },
  [275] = { name = "CONVERSATION_REMOVE", fields = { { name = "conversation", type = "str16" } }, extensions = { [1] = { name = "user_id", type = "str16" } } },
  [276] = { name = "SEARCH", fields = { { name = "words", type = "str16" }, { name = "cursor", type = "bytes16" }, { name = "limit", type = "u16" } }, extensions = { [1] = { name = "conversation", type = "str16" }, [2] = { name = "sender", type = "str16" }, [3] = { name = "from_time_ms", type = "u64" }, [4] = { name = "to_time_ms", type = "u64" } } },
  [513] = { name = "GROUP_CREATE", fields = { { name = "group_id", type = "str8" }, { name = "type", type = "str8" }, { name = "name", type = "str8" }, { name = "introduction", type = "str8" }, { name = "notification", type = "str8" }, { name = "face_url", type = "str8" }, { name = "apply_join_option", type = "enum8", values = { [0] = "BY_TYPE", [1] = "FREE_ACCESS", [2] = "NEED_PERMISSION", [3] = "DISABLE_APPLY" } }, { name = "members", type = "list16", item = { type = "str16" } } }, extensions = { [1] = { name = "owner", type = "str16" }, [2] = { name = "max_member_num", type = "u32" }, [3] = { name = "fields", type = "list16", item = { type = "struct16", struct = "CustomField" } }, [30] = { name = "attributes", type = "bytes16" }, [40] = { name = "ttl_s", type = "u32" }, [41] = { name = "unique", type = "bool" } } },
  [514] = { name = "GROUP_DISSOLVE", fields = { { name = "group_id", type = "str8" } }, extensions = {} },
  [515] = { name = "GROUP_JOIN", fields = { { name = "group_id", type = "str8" }, { name = "name_card", type = "str8" } }, extensions = { [1] = { name = "text", type = "str16" } } },
  [516] = { name = "GROUP_LEAVE", fields = { { name = "group_id", type = "str8" } }, extensions = {} },
  [517] = { name = "GROUP_INFO", fields = { { name = "group_id", type = "str8" } }, extensions = {} },
  [518] = { name = "GROUP_MEMBERS", fields = { { name = "group_id", type = "str8" }, { name = "cursor", type = "str16" }, { name = "limit", type = "u16" } }, extensions = { [1] = { name = "role", type = "enum8", values = { [1] = "MEMBER", [2] = "ADMIN", [3] = "OWNER" } }, [20] = { name = "order", type = "enum8", values = { [0] = "OF_TYPE", [1] = "EARLIEST", [2] = "LATEST" } } } },
  [519] = { name = "GROUPS_JOINED", fields = { { name = "cursor", type = "str16" }, { name = "limit", type = "u16" } }, extensions = { [1] = { name = "user_id", type = "str16" } } },
  [520] = { name = "GROUP_SET", fields = { { name = "group_id", type = "str8" } }, extensions = { [1] = { name = "name", type = "str8" }, [2] = { name = "introduction", type = "str8" }, [3] = { name = "notification", type = "str8" }, [4] = { name = "face_url", type = "str8" }, [5] = { name = "apply_join_option", type = "enum8", values = { [0] = "BY_TYPE", [1] = "FREE_ACCESS", [2] = "NEED_PERMISSION", [3] = "DISABLE_APPLY" } }, [6] = { name = "max_member_num", type = "u32" }, [7] = { name = "fields", type = "list16", item = { type = "struct16", struct = "CustomField" } }, [31] = { name = "attributes", type = "bytes16" }, [32] = { name = "attribute_changes", type = "list16", item = { type = "struct16", struct = "AttributeChange" } }, [40] = { name = "mute_all", type = "bool" } } },
  [521] = { name = "GROUP_OWNER_SET", fields = { { name = "group_id", type = "str8" }, { name = "user_id", type = "str16" } }, extensions = {} },
  [522] = { name = "GROUP_FIND", fields = { { name = "words", type = "str8" }, { name = "cursor", type = "str16" }, { name = "limit", type = "u16" } }, extensions = {} },
  [528] = { name = "GROUP_INVITE", fields = { { name = "group_id", type = "str8" }, { name = "users", type = "list16", item = { type = "str16" } } }, extensions = { [40] = { name = "silent", type = "bool" } } },
  [529] = { name = "GROUP_KICK", fields = { { name = "group_id", type = "str8" }, { name = "users", type = "list16", item = { type = "str16" } }, { name = "text", type = "str16" } }, extensions = { [40] = { name = "silent", type = "bool" } } },
  [530] = { name = "GROUP_APPLICATIONS", fields = { { name = "group_id", type = "str8" }, { name = "cursor", type = "str16" }, { name = "limit", type = "u16" } }, extensions = {} },
  [531] = { name = "GROUP_APPLICATION_DECIDE", fields = { { name = "group_id", type = "str8" }, { name = "user_id", type = "str16" }, { name = "approve", type = "bool" }, { name = "text", type = "str16" } }, extensions = {} },
  [532] = { name = "GROUP_MEMBER_GET", fields = { { name = "group_id", type = "str8" }, { name = "users", type = "list16", item = { type = "str16" } } }, extensions = {} },
  [533] = { name = "GROUP_MEMBER_SET", fields = { { name = "group_id", type = "str8" }, { name = "user_id", type = "str16" } }, extensions = { [1] = { name = "name_card", type = "str8" }, [2] = { name = "msg_flag", type = "enum8", values = { [1] = "ACCEPT_AND_NOTIFY", [2] = "ACCEPT_NOT_NOTIFY", [3] = "DISCARD" } }, [3] = { name = "role", type = "enum8", values = { [1] = "MEMBER", [2] = "ADMIN", [3] = "OWNER" } }, [4] = { name = "fields", type = "list16", item = { type = "struct16", struct = "CustomField" } }, [40] = { name = "unread", type = "u32" }, [41] = { name = "mute_s", type = "u32" } } },
  [534] = { name = "GROUP_MUTE", fields = { { name = "group_id", type = "str8" }, { name = "users", type = "list16", item = { type = "str16" } }, { name = "seconds", type = "u32" } }, extensions = {} },
  [535] = { name = "GROUP_MUTED", fields = { { name = "group_id", type = "str8" }, { name = "cursor", type = "str16" }, { name = "limit", type = "u16" } }, extensions = {} },
  [536] = { name = "GROUP_MUTE_ALL", fields = { { name = "group_id", type = "str8" }, { name = "on", type = "bool" }, { name = "speakers", type = "list16", item = { type = "str16" } } }, extensions = {} },
  [537] = { name = "GROUP_BLOCK", fields = { { name = "group_id", type = "str8" }, { name = "users", type = "list16", item = { type = "str16" } }, { name = "seconds", type = "u32" }, { name = "text", type = "str16" } }, extensions = {} },
  [538] = { name = "GROUP_BLOCKED", fields = { { name = "group_id", type = "str8" }, { name = "cursor", type = "str16" }, { name = "limit", type = "u16" } }, extensions = {} },
  [560] = { name = "GROUP_INVITATIONS", fields = { { name = "cursor", type = "str16" }, { name = "limit", type = "u16" } }, extensions = {} },
  [561] = { name = "GROUP_INVITATION_ANSWER", fields = { { name = "group_id", type = "str8" }, { name = "accept", type = "bool" } }, extensions = {} },
  [576] = { name = "APPLICATIONS_OWN", fields = { { name = "cursor", type = "str16" }, { name = "limit", type = "u16" } }, extensions = { [1] = { name = "user_id", type = "str16" } } },
  [592] = { name = "ROOM_ATTRIBUTES_SET", fields = { { name = "group_id", type = "str8" }, { name = "attributes", type = "list16", item = { type = "struct16", struct = "AttributeToSet" } } }, extensions = { [1] = { name = "forced", type = "bool" }, [2] = { name = "notice", type = "bytes16" }, [40] = { name = "replace", type = "bool" } } },
  [593] = { name = "ROOM_ATTRIBUTES_DELETE", fields = { { name = "group_id", type = "str8" }, { name = "keys", type = "list16", item = { type = "str16" } } }, extensions = { [1] = { name = "forced", type = "bool" }, [2] = { name = "notice", type = "bytes16" } } },
  [594] = { name = "ROOM_ATTRIBUTES", fields = { { name = "group_id", type = "str8" }, { name = "since", type = "u64" } }, extensions = { [1] = { name = "after", type = "u64" }, [2] = { name = "keys", type = "list16", item = { type = "str16" } } } },
  [608] = { name = "CHANNEL_CREATE", fields = { { name = "group_id", type = "str8" }, { name = "name_id", type = "str8" }, { name = "name", type = "str8" }, { name = "introduction", type = "str8" }, { name = "private", type = "bool" } }, extensions = {} },
  [609] = { name = "CHANNELS", fields = { { name = "group_id", type = "str8" } }, extensions = {} },
  [610] = { name = "CHANNEL_USERS_CHANGE", fields = { { name = "group_id", type = "str8" }, { name = "add", type = "list16", item = { type = "str16" } }, { name = "remove", type = "list16", item = { type = "str16" } } }, extensions = {} },
  [611] = { name = "CHANNEL_USERS", fields = { { name = "group_id", type = "str8" }, { name = "cursor", type = "str16" }, { name = "limit", type = "u16" } }, extensions = {} },
  [612] = { name = "CHANNEL_PRIVATE_SET", fields = { { name = "group_id", type = "str8" }, { name = "private", type = "bool" } }, extensions = {} },
  [613] = { name = "PUSH_LEVEL_SET", fields = { { name = "group_id", type = "str8" }, { name = "level", type = "enum8", values = { [0] = "AS_ABOVE", [1] = "ALL", [2] = "MENTIONS", [3] = "NONE" } }, { name = "whole", type = "bool" } }, extensions = {} },
  [614] = { name = "PUSH_LEVEL", fields = { { name = "group_id", type = "str8" } }, extensions = {} },
  [615] = { name = "HISTORY_TRIM", fields = { { name = "group_id", type = "str8" }, { name = "to_time_ms", type = "u64" } }, extensions = {} },
  [640] = { name = "CONVERSATIONS_QUERY", fields = { { name = "where", type = "str16" }, { name = "sort", type = "str16" }, { name = "skip", type = "u16" }, { name = "limit", type = "u8" } }, extensions = { [1] = { name = "cursor", type = "str16" }, [2] = { name = "compact", type = "bool" }, [3] = { name = "last_message", type = "bool" }, [4] = { name = "counts", type = "bool" } } },
  [769] = { name = "PROFILE_SET", fields = { { name = "nickname", type = "str8" }, { name = "face_url", type = "str8" } }, extensions = { [1] = { name = "gender", type = "enum8", values = { [0] = "UNKNOWN", [1] = "FEMALE", [2] = "MALE" } }, [2] = { name = "signature", type = "str16" }, [3] = { name = "fields", type = "list16", item = { type = "struct16", struct = "CustomField" } } } },
  [770] = { name = "PROFILE_GET", fields = { { name = "user_id", type = "str16" } }, extensions = {} },
  [771] = { name = "USER_LIST_CHANGE", fields = { { name = "which", type = "enum8", values = { [1] = "BLACK", [2] = "WHITE" } }, { name = "add", type = "list16", item = { type = "str16" } }, { name = "remove", type = "list16", item = { type = "str16" } } }, extensions = { [1] = { name = "user_id", type = "str16" } } },
  [772] = { name = "USER_LIST", fields = { { name = "which", type = "enum8", values = { [1] = "BLACK", [2] = "WHITE" } }, { name = "cursor", type = "str16" }, { name = "limit", type = "u16" } }, extensions = { [1] = { name = "user_id", type = "str16" } } },
  [773] = { name = "QUIET_HOURS_SET", fields = { { name = "start_min", type = "u16" }, { name = "end_min", type = "u16" }, { name = "offset_min", type = "i32" } }, extensions = { [1] = { name = "user_id", type = "str16" } } },
  [774] = { name = "QUIET_HOURS", fields = {}, extensions = { [1] = { name = "user_id", type = "str16" } } },
  [784] = { name = "DEVICES", fields = {}, extensions = { [1] = { name = "user_id", type = "str16" } } },
  [785] = { name = "DEVICES_CLOSE", fields = { { name = "connections", type = "list16", item = { type = "struct16", struct = "DeviceId" } }, { name = "text", type = "str8" } }, extensions = { [1] = { name = "user_id", type = "str16" } } },
  [786] = { name = "PRESENCE_SET", fields = { { name = "state", type = "enum8", values = { [1] = "ONLINE", [2] = "BACKGROUND", [3] = "OFFLINE" } } }, extensions = {} },
  [787] = { name = "PRESENCE_GET", fields = { { name = "users", type = "list16", item = { type = "str16" } } }, extensions = {} },
  [788] = { name = "PRESENCE_WATCH", fields = { { name = "users", type = "list16", item = { type = "str16" } } }, extensions = {} },
  [789] = { name = "PRESENCE_UNWATCH", fields = { { name = "users", type = "list16", item = { type = "str16" } } }, extensions = {} },
  [816] = { name = "INVITE_CONSENT_SET", fields = { { name = "consent", type = "enum8", values = { [0] = "AS_APP", [1] = "ASK", [2] = "ADD" } } }, extensions = { [1] = { name = "user_id", type = "str16" } } },
  [817] = { name = "INVITE_CONSENT", fields = {}, extensions = { [1] = { name = "user_id", type = "str16" } } },
  [832] = { name = "PROFILES_GET", fields = { { name = "users", type = "list16", item = { type = "str16" } } }, extensions = {} },
  [848] = { name = "PUSH_TOKEN_SET", fields = { { name = "device_id", type = "str8" }, { name = "provider", type = "str8" }, { name = "token", type = "str16" } }, extensions = { [1] = { name = "topic", type = "str8" }, [2] = { name = "sandbox", type = "bool" }, [3] = { name = "language", type = "str8" }, [4] = { name = "user_id", type = "str16" } } },
  [849] = { name = "PUSH_TOKEN_REMOVE", fields = { { name = "device_id", type = "str8" }, { name = "provider", type = "str8" } }, extensions = { [1] = { name = "user_id", type = "str16" } } },
  [850] = { name = "PUSH_TOKENS", fields = {}, extensions = { [1] = { name = "user_id", type = "str16" } } },
  [3841] = { name = "ADMIN_GROUPS", fields = { { name = "cursor", type = "str16" }, { name = "limit", type = "u16" } }, extensions = {} },
  [3842] = { name = "ADMIN_CONNECTIONS", fields = { { name = "after_id", type = "u64" }, { name = "limit", type = "u16" }, { name = "user_id", type = "str16" } }, extensions = {} },
  [3843] = { name = "ADMIN_STATS", fields = {}, extensions = {} },
  [3844] = { name = "ADMIN_NOTICE", fields = { { name = "group_id", type = "str8" }, { name = "users", type = "list16", item = { type = "str16" } }, { name = "body", type = "elements16" } }, extensions = {} },
  [3845] = { name = "ADMIN_GROUP_IMPORT", fields = { { name = "group_id", type = "str8" }, { name = "type", type = "str8" }, { name = "owner", type = "str16" }, { name = "name", type = "str8" }, { name = "introduction", type = "str8" }, { name = "notification", type = "str8" }, { name = "face_url", type = "str8" }, { name = "apply_join_option", type = "enum8", values = { [0] = "BY_TYPE", [1] = "FREE_ACCESS", [2] = "NEED_PERMISSION", [3] = "DISABLE_APPLY" } }, { name = "create_time_ms", type = "u64" } }, extensions = { [1] = { name = "max_member_num", type = "u32" }, [2] = { name = "fields", type = "list16", item = { type = "struct16", struct = "CustomField" } }, [30] = { name = "attributes", type = "bytes16" }, [31] = { name = "creator", type = "str16" }, [40] = { name = "opened", type = "bool" } } },
  [3846] = { name = "ADMIN_MEMBERS_IMPORT", fields = { { name = "group_id", type = "str8" }, { name = "members", type = "list16", item = { type = "struct16", struct = "ImportedMember" } } }, extensions = {} },
  [3847] = { name = "ADMIN_MESSAGES_IMPORT", fields = { { name = "group_id", type = "str8" }, { name = "messages", type = "list16", item = { type = "struct16", struct = "ImportedMessage" } } }, extensions = {} },
  [3848] = { name = "ADMIN_IMPORT_FINISH", fields = { { name = "group_id", type = "str8" } }, extensions = {} },
  [3849] = { name = "ADMIN_TYPES", fields = { { name = "cursor", type = "str16" } }, extensions = {} },
  [3850] = { name = "ADMIN_TYPE_SET", fields = { { name = "name", type = "str8" }, { name = "base", type = "str8" }, { name = "policies", type = "list16", item = { type = "struct16", struct = "Policy" } } }, extensions = {} },
  [3851] = { name = "ADMIN_TYPE_REMOVE", fields = { { name = "name", type = "str8" } }, extensions = {} },
  [3852] = { name = "ADMIN_USER_MUTE", fields = { { name = "users", type = "list16", item = { type = "str16" } }, { name = "seconds", type = "u32" } }, extensions = { [1] = { name = "where", type = "enum8", values = { [1] = "CHAT_ROOMS", [2] = "GROUPS", [3] = "ONE_TO_ONE" } } } },
  [3853] = { name = "ADMIN_USER_MUTED", fields = { { name = "cursor", type = "str16" }, { name = "limit", type = "u16" } }, extensions = { [1] = { name = "where", type = "enum8", values = { [1] = "CHAT_ROOMS", [2] = "GROUPS", [3] = "ONE_TO_ONE" } }, [2] = { name = "user_id", type = "str16" } } },
  [3854] = { name = "ADMIN_ACCOUNTS_IMPORT", fields = { { name = "accounts", type = "list16", item = { type = "struct16", struct = "Account" } } }, extensions = {} },
  [3855] = { name = "ADMIN_ACCOUNTS_DELETE", fields = { { name = "users", type = "list16", item = { type = "str16" } } }, extensions = {} },
  [3856] = { name = "ADMIN_ACCOUNTS_QUERY", fields = { { name = "users", type = "list16", item = { type = "str16" } } }, extensions = {} },
  [3857] = { name = "ADMIN_ACCOUNT_INVALIDATE", fields = { { name = "user_id", type = "str16" } }, extensions = {} },
  [3858] = { name = "ADMIN_PROFILE_SET", fields = { { name = "user_id", type = "str16" } }, extensions = { [1] = { name = "nickname", type = "str8" }, [2] = { name = "face_url", type = "str8" }, [3] = { name = "gender", type = "enum8", values = { [0] = "UNKNOWN", [1] = "FEMALE", [2] = "MALE" } }, [4] = { name = "signature", type = "str16" }, [5] = { name = "fields", type = "list16", item = { type = "struct16", struct = "CustomField" } } } },
  [3859] = { name = "ADMIN_GROUPS_SYNC", fields = { { name = "user_id", type = "str16" }, { name = "groups", type = "list16", item = { type = "str8" } } }, extensions = {} },
  [3872] = { name = "ADMIN_FLOW", fields = { { name = "group_id", type = "str8" } }, extensions = {} },
  [3873] = { name = "ADMIN_LIST", fields = { { name = "which", type = "enum8", values = { [1] = "REFUSED_WORDS", [2] = "REPLACED_WORDS", [3] = "PROTECTED_USERS", [4] = "PROTECTED_TYPES", [5] = "LOW_TYPES" } }, { name = "cursor", type = "str16" }, { name = "limit", type = "u16" } }, extensions = {} },
  [3874] = { name = "ADMIN_LIST_CHANGE", fields = { { name = "which", type = "enum8", values = { [1] = "REFUSED_WORDS", [2] = "REPLACED_WORDS", [3] = "PROTECTED_USERS", [4] = "PROTECTED_TYPES", [5] = "LOW_TYPES" } }, { name = "add", type = "list16", item = { type = "str16" } }, { name = "remove", type = "list16", item = { type = "str16" } } }, extensions = {} },
  [3875] = { name = "ADMIN_TRACE", fields = { { name = "conversation", type = "str16" }, { name = "sender", type = "str16" }, { name = "client_msg_id", type = "str8" } }, extensions = {} },
  [3888] = { name = "ADMIN_ROOMS", fields = { { name = "groups", type = "list16", item = { type = "str8" } } }, extensions = {} },
  [3889] = { name = "ADMIN_ROOM_SET", fields = { { name = "group_id", type = "str8" } }, extensions = { [1] = { name = "keep_alive", type = "bool" }, [2] = { name = "stopped", type = "bool" }, [3] = { name = "protect", type = "list16", item = { type = "str16" } }, [4] = { name = "unprotect", type = "list16", item = { type = "str16" } } } },
  [3890] = { name = "ADMIN_ROOMS_KEPT", fields = { { name = "cursor", type = "str16" }, { name = "limit", type = "u16" } }, extensions = {} },
  [3891] = { name = "ADMIN_ROOM_PROTECTED", fields = { { name = "group_id", type = "str8" } }, extensions = {} },
  [3920] = { name = "ADMIN_SYSTEM_WRITERS", fields = { { name = "group_id", type = "str8" }, { name = "cursor", type = "str16" }, { name = "limit", type = "u16" } }, extensions = {} },
  [3921] = { name = "ADMIN_SYSTEM_SEND", fields = { { name = "group_id", type = "str8" }, { name = "users", type = "list16", item = { type = "str16" } }, { name = "client_msg_id", type = "str8" }, { name = "priority", type = "enum8", values = { [1] = "HIGH", [2] = "NORMAL", [3] = "LOW", [4] = "LOWEST" } }, { name = "body", type = "elements16" } }, extensions = { [1] = { name = "type_name", type = "str8" }, [2] = { name = "cloud_data", type = "bytes16" }, [50] = { name = "push", type = "bytes16" } } },
  [3922] = { name = "ADMIN_SENDER_SET", fields = { { name = "user_id", type = "str16" }, { name = "on", type = "bool" } }, extensions = {} },
  [3928] = { name = "ADMIN_BROADCAST", fields = { { name = "client_msg_id", type = "str8" }, { name = "priority", type = "enum8", values = { [1] = "HIGH", [2] = "NORMAL", [3] = "LOW", [4] = "LOWEST" } }, { name = "body", type = "elements16" } }, extensions = { [1] = { name = "sender", type = "str16" }, [2] = { name = "type_name", type = "str8" }, [3] = { name = "expires_s", type = "u32" }, [4] = { name = "system_conversation", type = "str8" }, [5] = { name = "tags_any", type = "list16", item = { type = "str8" } }, [6] = { name = "tags_all", type = "list16", item = { type = "str8" } }, [7] = { name = "attributes_any", type = "list16", item = { type = "struct16", struct = "UserAttribute" } }, [8] = { name = "attributes_all", type = "list16", item = { type = "struct16", struct = "UserAttribute" } }, [50] = { name = "push", type = "bytes16" } } },
  [3929] = { name = "ADMIN_BROADCASTS", fields = { { name = "before_seq", type = "u64" }, { name = "limit", type = "u16" } }, extensions = {} },
  [3930] = { name = "ADMIN_BROADCAST_RECALL", fields = { { name = "seq", type = "u64" } }, extensions = {} },
  [3931] = { name = "ADMIN_TAGS_CHANGE", fields = { { name = "users", type = "list16", item = { type = "str16" } }, { name = "add", type = "list16", item = { type = "str8" } }, { name = "remove", type = "list16", item = { type = "str8" } }, { name = "remove_all", type = "bool" } }, extensions = {} },
  [3932] = { name = "ADMIN_ATTRIBUTES_CHANGE", fields = { { name = "users", type = "list16", item = { type = "str16" } }, { name = "set", type = "list16", item = { type = "struct16", struct = "UserAttribute" } }, { name = "remove", type = "list16", item = { type = "str8" } } }, extensions = {} },
  [3933] = { name = "ADMIN_LABELS", fields = { { name = "users", type = "list16", item = { type = "str16" } } }, extensions = {} },
  [3934] = { name = "ADMIN_ATTRIBUTE_NAMES", fields = {}, extensions = {} },
  [3935] = { name = "ADMIN_ATTRIBUTE_NAMES_SET", fields = { { name = "names", type = "list16", item = { type = "struct16", struct = "AttributeName" } } }, extensions = {} },
  [3936] = { name = "OUTBOX_LIST", fields = { { name = "after", type = "str8" }, { name = "limit", type = "u16" } }, extensions = {} },
  [3937] = { name = "OUTBOX_SHOW", fields = { { name = "consumer", type = "str8" } }, extensions = {} },
  [3938] = { name = "OUTBOX_PAUSE", fields = { { name = "consumer", type = "str8" } }, extensions = {} },
  [3939] = { name = "OUTBOX_RESUME", fields = { { name = "consumer", type = "str8" } }, extensions = {} },
  [3940] = { name = "OUTBOX_REPLAY", fields = { { name = "consumer", type = "str8" }, { name = "from_time_ms", type = "u64" } }, extensions = {} },
  [3941] = { name = "OUTBOX_DEAD", fields = { { name = "consumer", type = "str8" }, { name = "after_id", type = "u64" }, { name = "limit", type = "u16" } }, extensions = {} },
  [3942] = { name = "OUTBOX_DEAD_RETRY", fields = { { name = "consumer", type = "str8" }, { name = "letter_id", type = "u64" }, { name = "after_id", type = "u64" } }, extensions = {} },
  [3943] = { name = "OUTBOX_DEAD_DROP", fields = { { name = "consumer", type = "str8" }, { name = "letter_id", type = "u64" } }, extensions = {} },
  [3952] = { name = "MESSAGE_LOG_LIST", fields = { { name = "hour", type = "str8" }, { name = "kind", type = "str8" }, { name = "limit", type = "u16" } }, extensions = {} },
  [3953] = { name = "MESSAGE_LOG_GET", fields = { { name = "hour", type = "str8" }, { name = "kind", type = "str8" }, { name = "offset", type = "u64" }, { name = "limit", type = "u32" }, { name = "sha256", type = "bytes8" } }, extensions = {} },
  [3954] = { name = "MESSAGE_LOG_EXPIRE", fields = { { name = "before", type = "str8" } }, extensions = { [1] = { name = "only", type = "bool" } } },
  [3960] = { name = "ADMIN_PUSH_TEST", fields = { { name = "user_id", type = "str16" }, { name = "title", type = "str8" }, { name = "text", type = "str16" } }, extensions = {} },
  [3962] = { name = "ADMIN_SEND", fields = { { name = "conversation", type = "str16" }, { name = "client_msg_id", type = "str8" }, { name = "priority", type = "enum8", values = { [1] = "HIGH", [2] = "NORMAL", [3] = "LOW", [4] = "LOWEST" } }, { name = "body", type = "elements16" } }, extensions = { [1] = { name = "as_user", type = "str16" }, [2] = { name = "type_name", type = "str8" }, [3] = { name = "to", type = "list16", item = { type = "str16" } }, [4] = { name = "mentions", type = "list16", item = { type = "str16" } }, [5] = { name = "mentions_all", type = "bool" }, [6] = { name = "transient", type = "bool" }, [7] = { name = "cloud_data", type = "bytes16" }, [50] = { name = "push", type = "bytes16" }, [60] = { name = "uncounted", type = "bool" }, [61] = { name = "unasked", type = "bool" }, [62] = { name = "untold", type = "bool" } } },
  [3963] = { name = "ADMIN_GROUP_CREATE", fields = { { name = "group_id", type = "str8" }, { name = "type", type = "str8" }, { name = "name", type = "str8" }, { name = "introduction", type = "str8" }, { name = "notification", type = "str8" }, { name = "face_url", type = "str8" }, { name = "apply_join_option", type = "enum8", values = { [0] = "BY_TYPE", [1] = "FREE_ACCESS", [2] = "NEED_PERMISSION", [3] = "DISABLE_APPLY" } }, { name = "members", type = "list16", item = { type = "str16" } } }, extensions = { [1] = { name = "owner", type = "str16" }, [2] = { name = "max_member_num", type = "u32" }, [3] = { name = "fields", type = "list16", item = { type = "struct16", struct = "CustomField" } }, [30] = { name = "attributes", type = "bytes16" }, [40] = { name = "ttl_s", type = "u32" }, [41] = { name = "unique", type = "bool" }, [60] = { name = "admins", type = "list16", item = { type = "str16" } }, [61] = { name = "member_fields", type = "list16", item = { type = "struct16", struct = "MemberField" } } } },
  [3968] = { name = "ADMIN_PAIR_IMPORT", fields = { { name = "conversation", type = "str16" }, { name = "sender", type = "str16" }, { name = "time_ms", type = "u64" }, { name = "client_msg_id", type = "str8" }, { name = "body", type = "elements16" }, { name = "counted", type = "bool" } }, extensions = { [1] = { name = "cloud_data", type = "bytes16" } } },
  [3974] = { name = "ADMIN_USER_BLOCK", fields = { { name = "users", type = "list16", item = { type = "str16" } }, { name = "seconds", type = "u32" } }, extensions = {} },
  [3975] = { name = "ADMIN_USER_BLOCKED", fields = { { name = "cursor", type = "str16" }, { name = "limit", type = "u16" } }, extensions = {} },
  [3984] = { name = "ADMIN_USER_UNREAD", fields = { { name = "user_id", type = "str16" }, { name = "conversations", type = "list16", item = { type = "str16" } } }, extensions = {} },
  [3985] = { name = "ADMIN_KEY_CREATE", fields = { { name = "name", type = "str8" }, { name = "scopes", type = "list16", item = { type = "str8" } }, { name = "acts_as", type = "str16" }, { name = "expires_ms", type = "u64" }, { name = "per_s", type = "u32" } }, extensions = {} },
  [3986] = { name = "ADMIN_KEYS", fields = { { name = "cursor", type = "str16" }, { name = "limit", type = "u16" } }, extensions = {} },
  [3987] = { name = "ADMIN_KEY_REVOKE", fields = { { name = "key_id", type = "str8" } }, extensions = {} },
  [3988] = { name = "ADMIN_AUDIT", fields = { { name = "from_ms", type = "u64" }, { name = "to_ms", type = "u64" }, { name = "who", type = "str16" }, { name = "operation", type = "str8" }, { name = "cursor", type = "str16" }, { name = "limit", type = "u16" } }, extensions = {} },
  [3989] = { name = "ADMIN_MEMBERS_SET", fields = { { name = "rows", type = "list16", item = { type = "struct16", struct = "MemberChange" } } }, extensions = {} },
  [3990] = { name = "ADMIN_MEMBERS_GET", fields = { { name = "rows", type = "list16", item = { type = "struct16", struct = "MemberPlace" } } }, extensions = {} },
  [3991] = { name = "ADMIN_USER_EXPORT", fields = { { name = "user_id", type = "str16" }, { name = "cursor", type = "str16" } }, extensions = {} },
  [3992] = { name = "ADMIN_USER_ERASE", fields = { { name = "user_id", type = "str16" }, { name = "cursor", type = "bytes16" } }, extensions = {} },
  [4016] = { name = "ADMIN_METRICS", fields = { { name = "after", type = "u32" } }, extensions = {} },
  [4018] = { name = "ADMIN_HEALTH", fields = {}, extensions = {} },
  [4020] = { name = "ADMIN_RELOAD", fields = { { name = "check_only", type = "bool" } }, extensions = {} },
  [4024] = { name = "ADMIN_HOT", fields = { { name = "sort", type = "enum8", values = { [0] = "IN_10S", [1] = "IN_60S", [2] = "SEQ", [3] = "OFFERED", [4] = "WITHHELD", [5] = "WAITING", [6] = "DELIVERIES", [7] = "ONLINE", [8] = "MEMBERS", [9] = "LAST", [10] = "ID" } }, { name = "ascending", type = "bool" }, { name = "search", type = "str8" }, { name = "skip", type = "u16" }, { name = "limit", type = "u16" } }, extensions = {} },
  [4025] = { name = "ADMIN_SLOW", fields = { { name = "sort", type = "enum8", values = { [0] = "QUEUED", [1] = "SLOW", [2] = "RESYNCS", [3] = "DROPPED", [4] = "IN_FLIGHT", [5] = "AGE", [6] = "USER", [7] = "ADDRESS" } }, { name = "ascending", type = "bool" }, { name = "user_id", type = "str16" }, { name = "search", type = "str8" }, { name = "limit", type = "u16" } }, extensions = {} },
  [4026] = { name = "ADMIN_ACTIVITY", fields = { { name = "conversation", type = "str16" } }, extensions = {} },
  [4027] = { name = "ADMIN_PROCESSES", fields = {}, extensions = {} },
  [16385] = { name = "DELIVER", fields = { { name = "conversation", type = "str16" }, { name = "messages", type = "list16", item = { type = "struct16", struct = "Message" } } }, extensions = {} },
  [16386] = { name = "RESYNC", fields = { { name = "conversation", type = "str16" }, { name = "from_seq", type = "u64" }, { name = "newest_seq", type = "u64" } }, extensions = {} },
  [16387] = { name = "GOING_AWAY", fields = { { name = "grace_ms", type = "u32" }, { name = "reconnect_within_ms", type = "u32" }, { name = "host", type = "str8" }, { name = "port", type = "u16" } }, extensions = { [1] = { name = "reconnect_after_ms", type = "u32" } } },
  [16388] = { name = "GROUP_GONE", fields = { { name = "group_id", type = "str8" }, { name = "reason", type = "enum8", values = { [1] = "DISSOLVED", [2] = "LEFT", [3] = "KICKED", [4] = "OFFLINE", [5] = "REMOVED", [6] = "ENDED" } } }, extensions = { [1] = { name = "operator", type = "str16" }, [2] = { name = "text", type = "str16" } } },
  [16389] = { name = "GROUP_CHANGES", fields = { { name = "group_id", type = "str8" }, { name = "changes", type = "list16", item = { type = "struct16", struct = "GroupChange" } } }, extensions = {} },
  [16390] = { name = "JOIN_REQUESTED", fields = { { name = "group_id", type = "str8" }, { name = "user_id", type = "str16" }, { name = "text", type = "str16" }, { name = "time_ms", type = "u64" } }, extensions = {} },
  [16391] = { name = "JOIN_DECIDED", fields = { { name = "group_id", type = "str8" }, { name = "user_id", type = "str16" }, { name = "approved", type = "bool" }, { name = "operator", type = "str16" }, { name = "text", type = "str16" } }, extensions = { [1] = { name = "newest_seq", type = "u64" } } },
  [16392] = { name = "NOTICE", fields = { { name = "group_id", type = "str8" }, { name = "time_ms", type = "u64" }, { name = "body", type = "elements16" } }, extensions = {} },
  [16393] = { name = "TRANSIENT", fields = { { name = "conversation", type = "str16" }, { name = "messages", type = "list16", item = { type = "struct16", struct = "Message" } } }, extensions = {} },
  [16394] = { name = "MESSAGE_CHANGED", fields = { { name = "conversation", type = "str16" }, { name = "messages", type = "list16", item = { type = "struct16", struct = "Message" } } }, extensions = {} },
  [16395] = { name = "MESSAGES_ERASED", fields = { { name = "conversation", type = "str16" }, { name = "sender", type = "str16" }, { name = "to_seq", type = "u64" } }, extensions = {} },
  [16396] = { name = "MESSAGES_HIDDEN", fields = { { name = "conversation", type = "str16" }, { name = "to_seq", type = "u64" }, { name = "messages", type = "list16", item = { type = "struct16", struct = "SeqEntry" } } }, extensions = {} },
  [16397] = { name = "MESSAGES_READ", fields = { { name = "conversation", type = "str16" }, { name = "user_id", type = "str16" }, { name = "seq", type = "u64" }, { name = "time_ms", type = "u64" } }, extensions = {} },
  [16398] = { name = "CONVERSATION_LISTED", fields = { { name = "conversation", type = "str16" }, { name = "pinned_ms", type = "u64" }, { name = "removed", type = "bool" } }, extensions = {} },
  [16399] = { name = "CONVERSATION_FLAGGED", fields = { { name = "conversation", type = "str16" }, { name = "msg_flag", type = "enum8", values = { [1] = "ACCEPT_AND_NOTIFY", [2] = "ACCEPT_NOT_NOTIFY", [3] = "DISCARD" } } }, extensions = { [1] = { name = "newest_seq", type = "u64" } } },
  [16400] = { name = "HEADS", fields = { { name = "heads", type = "list16", item = { type = "struct16", struct = "HeadEntry" } } }, extensions = {} },
  [16401] = { name = "PRESENCE", fields = { { name = "users", type = "list16", item = { type = "struct16", struct = "PresenceEntry" } } }, extensions = {} },
  [16402] = { name = "OWN_CHANGED", fields = { { name = "what", type = "enum8", values = { [1] = "PROFILE", [2] = "BLACK_LIST", [3] = "WHITE_LIST", [4] = "QUIET_HOURS", [5] = "INVITATIONS", [6] = "INVITE_CONSENT" } } }, extensions = {} },
  [16416] = { name = "GROUP_INVITED", fields = { { name = "group_id", type = "str8" }, { name = "name", type = "str8" }, { name = "by", type = "str16" }, { name = "time_ms", type = "u64" } }, extensions = {} },
  [16432] = { name = "GROUP_ENTERED", fields = { { name = "group_id", type = "str8" }, { name = "type", type = "str8" }, { name = "name", type = "str8" }, { name = "face_url", type = "str8" }, { name = "newest_seq", type = "u64" }, { name = "operator", type = "str16" }, { name = "time_ms", type = "u64" } }, extensions = {} },
  [16433] = { name = "MUTE_CHANGED", fields = { { name = "group_id", type = "str8" }, { name = "until_ms", type = "u64" }, { name = "operator", type = "str16" } }, extensions = { [1] = { name = "everyone", type = "bool" } } },
  [16448] = { name = "ROOM_ATTRIBUTES_CHANGED", fields = { { name = "group_id", type = "str8" }, { name = "since", type = "u64" }, { name = "version", type = "u64" }, { name = "attributes", type = "list16", item = { type = "struct16", struct = "RoomAttribute" } } }, extensions = {} },
  [16456] = { name = "HISTORY_TRIMMED", fields = { { name = "conversation", type = "str16" }, { name = "first_seq", type = "u64" } }, extensions = {} },
  [32768] = { name = "ERROR", fields = { { name = "code", type = "u32" }, { name = "closes", type = "bool" }, { name = "about", type = "u16" }, { name = "text", type = "str16" } }, extensions = { [1] = { name = "retry_after_ms", type = "u32" } } },
  [32769] = { name = "HELLO_OK", fields = { { name = "version", type = "u16" }, { name = "heartbeat_ms", type = "u32" }, { name = "silence_ms_max", type = "u32" }, { name = "server_time_ms", type = "u64" }, { name = "frame_bytes_before_login", type = "u32" }, { name = "features", type = "list16", item = { type = "str8" } }, { name = "agent", type = "str8" } }, extensions = {} },
  [32770] = { name = "LOGIN_OK", fields = { { name = "connection_id", type = "u64" }, { name = "server_time_ms", type = "u64" }, { name = "frame_bytes_max", type = "u32" }, { name = "body_bytes_max", type = "u32" }, { name = "is_admin", type = "bool" }, { name = "nickname", type = "str8" }, { name = "face_url", type = "str8" } }, extensions = { [1] = { name = "user_id", type = "str16" }, [2] = { name = "began_ms", type = "u64" }, [3] = { name = "dedupe_ms", type = "u32" }, [4] = { name = "history_id", type = "u64" } } },
  [32771] = { name = "LOGOUT_OK", fields = {}, extensions = {} },
  [32772] = { name = "PONG", fields = { { name = "token", type = "u64" } }, extensions = {} },
  [33025] = { name = "SEND_OK", fields = { { name = "seq", type = "u64" }, { name = "time_ms", type = "u64" }, { name = "message_id", type = "u64" }, { name = "duplicate", type = "bool" } }, extensions = { [1] = { name = "held_back", type = "enum8", values = { [0] = "NO", [1] = "FREQUENCY", [20] = "STOPPED" } } } },
  [33026] = { name = "HISTORY_OK", fields = { { name = "newest_seq", type = "u64" }, { name = "first_seq", type = "u64" }, { name = "more", type = "bool" }, { name = "messages", type = "list16", item = { type = "struct16", struct = "Message" } } }, extensions = {} },
  [33027] = { name = "MESSAGE_RECALL_OK", fields = { { name = "changed_ms", type = "u64" } }, extensions = {} },
  [33028] = { name = "MESSAGE_EDIT_OK", fields = { { name = "changed_ms", type = "u64" } }, extensions = {} },
  [33029] = { name = "MESSAGE_DELETE_OK", fields = { { name = "changed_ms", type = "u64" } }, extensions = {} },
  [33030] = { name = "MESSAGES_ERASE_OK", fields = {}, extensions = {} },
  [33031] = { name = "MESSAGES_HIDE_OK", fields = {}, extensions = {} },
  [33032] = { name = "CONVERSATION_CLEAR_OK", fields = {}, extensions = {} },
  [33033] = { name = "MESSAGE_RECEIPTS_OK", fields = { { name = "read_num", type = "u32" }, { name = "unread_num", type = "u32" }, { name = "users", type = "list16", item = { type = "str16" } }, { name = "next", type = "str16" } }, extensions = {} },
  [33034] = { name = "CONVERSATION_READ_OK", fields = { { name = "read_seq", type = "u64" } }, extensions = {} },
  [33040] = { name = "SYNC_OK", fields = { { name = "conversations", type = "list16", item = { type = "struct16", struct = "ConversationEntry" } }, { name = "gone", type = "list16", item = { type = "str16" } }, { name = "cursor", type = "bytes16" }, { name = "more", type = "bool" }, { name = "reset", type = "bool" } }, extensions = {} },
  [33041] = { name = "CONVERSATION_FLAG_OK", fields = {}, extensions = {} },
  [33042] = { name = "CONVERSATION_PIN_OK", fields = {}, extensions = {} },
  [33043] = { name = "CONVERSATION_REMOVE_OK", fields = {}, extensions = {} },
  [33044] = { name = "SEARCH_OK", fields = { { name = "found", type = "list16", item = { type = "struct16", struct = "FoundEntry" } }, { name = "cursor", type = "bytes16" } }, extensions = {} },
  [33281] = { name = "GROUP_CREATE_OK", fields = { { name = "group_id", type = "str8" } }, extensions = { [1] = { name = "left_out", type = "list16", item = { type = "struct16", struct = "AddedEntry" } }, [41] = { name = "existed", type = "bool" } } },
  [33282] = { name = "GROUP_DISSOLVE_OK", fields = {}, extensions = {} },
  [33283] = { name = "GROUP_JOIN_OK", fields = { { name = "newest_seq", type = "u64" }, { name = "member_num", type = "u32" } }, extensions = { [1] = { name = "status", type = "enum8", values = { [1] = "JOINED", [2] = "WAITING" } } } },
  [33284] = { name = "GROUP_LEAVE_OK", fields = {}, extensions = {} },
  [33285] = { name = "GROUP_INFO_OK", fields = { { name = "group_id", type = "str8" }, { name = "type", type = "str8" }, { name = "name", type = "str8" }, { name = "introduction", type = "str8" }, { name = "notification", type = "str8" }, { name = "face_url", type = "str8" }, { name = "owner", type = "str16" }, { name = "create_time_ms", type = "u64" }, { name = "info_seq", type = "u64" }, { name = "last_info_time_ms", type = "u64" }, { name = "last_msg_time_ms", type = "u64" }, { name = "next_msg_seq", type = "u64" }, { name = "member_num", type = "u32" }, { name = "max_member_num", type = "u32" }, { name = "online_num", type = "u32" }, { name = "apply_join_option", type = "enum8", values = { [0] = "BY_TYPE", [1] = "FREE_ACCESS", [2] = "NEED_PERMISSION", [3] = "DISABLE_APPLY" } } }, extensions = { [1] = { name = "mute_all", type = "bool" }, [2] = { name = "speakers", type = "list16", item = { type = "str16" } }, [3] = { name = "fields", type = "list16", item = { type = "struct16", struct = "CustomField" } }, [30] = { name = "creator", type = "str16" }, [31] = { name = "attributes", type = "bytes16" }, [40] = { name = "ends_ms", type = "u64" }, [41] = { name = "unique", type = "bool" } } },
  [33286] = { name = "GROUP_MEMBERS_OK", fields = { { name = "members", type = "list16", item = { type = "struct16", struct = "MemberEntry" } }, { name = "next", type = "str16" } }, extensions = {} },
  [33287] = { name = "GROUPS_JOINED_OK", fields = { { name = "groups", type = "list16", item = { type = "struct16", struct = "GroupEntry" } }, { name = "next", type = "str16" } }, extensions = {} },
  [33288] = { name = "GROUP_SET_OK", fields = { { name = "info_seq", type = "u64" } }, extensions = {} },
  [33289] = { name = "GROUP_OWNER_SET_OK", fields = {}, extensions = {} },
  [33290] = { name = "GROUP_FIND_OK", fields = { { name = "groups", type = "list16", item = { type = "struct16", struct = "GroupEntry" } }, { name = "next", type = "str16" } }, extensions = {} },
  [33296] = { name = "GROUP_INVITE_OK", fields = { { name = "results", type = "list16", item = { type = "struct16", struct = "AddedEntry" } } }, extensions = {} },
  [33297] = { name = "GROUP_KICK_OK", fields = {}, extensions = {} },
  [33298] = { name = "GROUP_APPLICATIONS_OK", fields = { { name = "applications", type = "list16", item = { type = "struct16", struct = "Application" } }, { name = "next", type = "str16" } }, extensions = {} },
  [33299] = { name = "GROUP_APPLICATION_DECIDE_OK", fields = {}, extensions = {} },
  [33300] = { name = "GROUP_MEMBER_GET_OK", fields = { { name = "members", type = "list16", item = { type = "struct16", struct = "MemberEntry" } } }, extensions = {} },
  [33301] = { name = "GROUP_MEMBER_SET_OK", fields = {}, extensions = {} },
  [33302] = { name = "GROUP_MUTE_OK", fields = {}, extensions = {} },
  [33303] = { name = "GROUP_MUTED_OK", fields = { { name = "muted", type = "list16", item = { type = "struct16", struct = "Until" } }, { name = "next", type = "str16" } }, extensions = {} },
  [33304] = { name = "GROUP_MUTE_ALL_OK", fields = {}, extensions = {} },
  [33305] = { name = "GROUP_BLOCK_OK", fields = {}, extensions = {} },
  [33306] = { name = "GROUP_BLOCKED_OK", fields = { { name = "blocked", type = "list16", item = { type = "struct16", struct = "Until" } }, { name = "next", type = "str16" } }, extensions = {} },
  [33328] = { name = "GROUP_INVITATIONS_OK", fields = { { name = "invitations", type = "list16", item = { type = "struct16", struct = "Invitation" } }, { name = "next", type = "str16" } }, extensions = {} },
  [33329] = { name = "GROUP_INVITATION_ANSWER_OK", fields = { { name = "newest_seq", type = "u64" } }, extensions = {} },
  [33344] = { name = "APPLICATIONS_OWN_OK", fields = { { name = "applications", type = "list16", item = { type = "struct16", struct = "OwnApplication" } }, { name = "next", type = "str16" } }, extensions = {} },
  [33360] = { name = "ROOM_ATTRIBUTES_SET_OK", fields = { { name = "version", type = "u64" } }, extensions = {} },
  [33361] = { name = "ROOM_ATTRIBUTES_DELETE_OK", fields = { { name = "version", type = "u64" } }, extensions = {} },
  [33362] = { name = "ROOM_ATTRIBUTES_OK", fields = { { name = "version", type = "u64" }, { name = "reset", type = "bool" }, { name = "more", type = "bool" }, { name = "attributes", type = "list16", item = { type = "struct16", struct = "RoomAttribute" } } }, extensions = {} },
  [33376] = { name = "CHANNEL_CREATE_OK", fields = { { name = "group_id", type = "str8" } }, extensions = {} },
  [33377] = { name = "CHANNELS_OK", fields = { { name = "channels", type = "list16", item = { type = "struct16", struct = "Channel" } } }, extensions = {} },
  [33378] = { name = "CHANNEL_USERS_CHANGE_OK", fields = {}, extensions = {} },
  [33379] = { name = "CHANNEL_USERS_OK", fields = { { name = "users", type = "list16", item = { type = "str16" } }, { name = "next", type = "str16" } }, extensions = {} },
  [33380] = { name = "CHANNEL_PRIVATE_SET_OK", fields = {}, extensions = {} },
  [33381] = { name = "PUSH_LEVEL_SET_OK", fields = {}, extensions = {} },
  [33382] = { name = "PUSH_LEVEL_OK", fields = { { name = "in_force", type = "enum8", values = { [0] = "AS_ABOVE", [1] = "ALL", [2] = "MENTIONS", [3] = "NONE" } }, { name = "user_in_channel", type = "enum8", values = { [0] = "AS_ABOVE", [1] = "ALL", [2] = "MENTIONS", [3] = "NONE" } }, { name = "user_in_group", type = "enum8", values = { [0] = "AS_ABOVE", [1] = "ALL", [2] = "MENTIONS", [3] = "NONE" } }, { name = "channel", type = "enum8", values = { [0] = "AS_ABOVE", [1] = "ALL", [2] = "MENTIONS", [3] = "NONE" } }, { name = "group", type = "enum8", values = { [0] = "AS_ABOVE", [1] = "ALL", [2] = "MENTIONS", [3] = "NONE" } } }, extensions = {} },
  [33383] = { name = "HISTORY_TRIM_OK", fields = { { name = "first_seq", type = "u64" } }, extensions = {} },
  [33408] = { name = "CONVERSATIONS_QUERY_OK", fields = { { name = "rows", type = "list16", item = { type = "struct16", struct = "QueriedConversation" } }, { name = "count", type = "u32" }, { name = "more", type = "bool" }, { name = "next", type = "str16" } }, extensions = {} },
  [33537] = { name = "PROFILE_SET_OK", fields = {}, extensions = {} },
  [33538] = { name = "PROFILE_GET_OK", fields = { { name = "nickname", type = "str8" }, { name = "face_url", type = "str8" } }, extensions = { [1] = { name = "gender", type = "enum8", values = { [0] = "UNKNOWN", [1] = "FEMALE", [2] = "MALE" } }, [2] = { name = "signature", type = "str16" }, [3] = { name = "fields", type = "list16", item = { type = "struct16", struct = "CustomField" } } } },
  [33539] = { name = "USER_LIST_CHANGE_OK", fields = {}, extensions = {} },
  [33540] = { name = "USER_LIST_OK", fields = { { name = "users", type = "list16", item = { type = "str16" } }, { name = "next", type = "str16" } }, extensions = {} },
  [33541] = { name = "QUIET_HOURS_SET_OK", fields = {}, extensions = {} },
  [33542] = { name = "QUIET_HOURS_OK", fields = { { name = "start_min", type = "u16" }, { name = "end_min", type = "u16" }, { name = "offset_min", type = "i32" } }, extensions = {} },
  [33552] = { name = "DEVICES_OK", fields = { { name = "devices", type = "list16", item = { type = "struct16", struct = "DeviceEntry" } } }, extensions = {} },
  [33553] = { name = "DEVICES_CLOSE_OK", fields = { { name = "count", type = "u32" } }, extensions = {} },
  [33554] = { name = "PRESENCE_SET_OK", fields = {}, extensions = {} },
  [33555] = { name = "PRESENCE_GET_OK", fields = { { name = "users", type = "list16", item = { type = "struct16", struct = "PresenceEntry" } } }, extensions = {} },
  [33556] = { name = "PRESENCE_WATCH_OK", fields = { { name = "users", type = "list16", item = { type = "struct16", struct = "PresenceEntry" } }, { name = "refused", type = "list16", item = { type = "str16" } } }, extensions = {} },
  [33557] = { name = "PRESENCE_UNWATCH_OK", fields = {}, extensions = {} },
  [33584] = { name = "INVITE_CONSENT_SET_OK", fields = {}, extensions = {} },
  [33585] = { name = "INVITE_CONSENT_OK", fields = { { name = "consent", type = "enum8", values = { [0] = "AS_APP", [1] = "ASK", [2] = "ADD" } } }, extensions = {} },
  [33600] = { name = "PROFILES_GET_OK", fields = { { name = "profiles", type = "list16", item = { type = "struct16", struct = "ProfileEntry" } }, { name = "taken", type = "u16" } }, extensions = {} },
  [33616] = { name = "PUSH_TOKEN_SET_OK", fields = {}, extensions = {} },
  [33617] = { name = "PUSH_TOKEN_REMOVE_OK", fields = {}, extensions = {} },
  [33618] = { name = "PUSH_TOKENS_OK", fields = { { name = "tokens", type = "list16", item = { type = "struct16", struct = "PushTokenEntry" } } }, extensions = {} },
  [36609] = { name = "ADMIN_GROUPS_OK", fields = { { name = "groups", type = "list16", item = { type = "struct16", struct = "GroupEntry" } }, { name = "next", type = "str16" } }, extensions = {} },
  [36610] = { name = "ADMIN_CONNECTIONS_OK", fields = { { name = "connections", type = "list16", item = { type = "struct16", struct = "ConnectionEntry" } }, { name = "next_id", type = "u64" } }, extensions = {} },
  [36611] = { name = "ADMIN_STATS_OK", fields = { { name = "stats", type = "list16", item = { type = "struct16", struct = "Stat" } } }, extensions = {} },
  [36612] = { name = "ADMIN_NOTICE_OK", fields = {}, extensions = {} },
  [36613] = { name = "ADMIN_GROUP_IMPORT_OK", fields = { { name = "group_id", type = "str8" } }, extensions = {} },
  [36614] = { name = "ADMIN_MEMBERS_IMPORT_OK", fields = { { name = "results", type = "list16", item = { type = "struct16", struct = "AddedEntry" } } }, extensions = {} },
  [36615] = { name = "ADMIN_MESSAGES_IMPORT_OK", fields = { { name = "first_seq", type = "u64" }, { name = "last_seq", type = "u64" } }, extensions = {} },
  [36616] = { name = "ADMIN_IMPORT_FINISH_OK", fields = {}, extensions = {} },
  [36617] = { name = "ADMIN_TYPES_OK", fields = { { name = "types", type = "list16", item = { type = "struct16", struct = "GroupTypeEntry" } }, { name = "next", type = "str16" } }, extensions = {} },
  [36618] = { name = "ADMIN_TYPE_SET_OK", fields = {}, extensions = {} },
  [36619] = { name = "ADMIN_TYPE_REMOVE_OK", fields = {}, extensions = {} },
  [36620] = { name = "ADMIN_USER_MUTE_OK", fields = {}, extensions = {} },
  [36621] = { name = "ADMIN_USER_MUTED_OK", fields = { { name = "muted", type = "list16", item = { type = "struct16", struct = "Until" } }, { name = "next", type = "str16" } }, extensions = {} },
  [36622] = { name = "ADMIN_ACCOUNTS_IMPORT_OK", fields = { { name = "results", type = "list16", item = { type = "struct16", struct = "AddedEntry" } } }, extensions = {} },
  [36623] = { name = "ADMIN_ACCOUNTS_DELETE_OK", fields = { { name = "results", type = "list16", item = { type = "struct16", struct = "AddedEntry" } } }, extensions = {} },
  [36624] = { name = "ADMIN_ACCOUNTS_QUERY_OK", fields = { { name = "accounts", type = "list16", item = { type = "struct16", struct = "AccountStatus" } } }, extensions = {} },
  [36625] = { name = "ADMIN_ACCOUNT_INVALIDATE_OK", fields = { { name = "valid_from_ms", type = "u64" } }, extensions = {} },
  [36626] = { name = "ADMIN_PROFILE_SET_OK", fields = {}, extensions = {} },
  [36627] = { name = "ADMIN_GROUPS_SYNC_OK", fields = { { name = "results", type = "list16", item = { type = "struct16", struct = "GroupResult" } } }, extensions = { [1] = { name = "left_out", type = "u32" } } },
  [36640] = { name = "ADMIN_FLOW_OK", fields = { { name = "rows", type = "list16", item = { type = "struct16", struct = "FlowEntry" } } }, extensions = {} },
  [36641] = { name = "ADMIN_LIST_OK", fields = { { name = "entries", type = "list16", item = { type = "str16" } }, { name = "next", type = "str16" } }, extensions = {} },
  [36642] = { name = "ADMIN_LIST_CHANGE_OK", fields = {}, extensions = { [1] = { name = "back_later", type = "list16", item = { type = "str16" } } } },
  [36643] = { name = "ADMIN_TRACE_OK", fields = { { name = "stage", type = "str8" }, { name = "time_ms", type = "u64" }, { name = "code", type = "u32" }, { name = "text", type = "str16" }, { name = "seq", type = "u64" }, { name = "state", type = "enum8", values = { [0] = "AS_SENT", [1] = "EDITED", [2] = "RECALLED", [3] = "DELETED", [4] = "NOT_FOR_YOU" } }, { name = "members", type = "u32" }, { name = "silent", type = "u32" }, { name = "online", type = "u32" }, { name = "to", type = "list16", item = { type = "str16" } } }, extensions = {} },
  [36656] = { name = "ADMIN_ROOMS_OK", fields = { { name = "rooms", type = "list16", item = { type = "struct16", struct = "RoomEntry" } } }, extensions = {} },
  [36657] = { name = "ADMIN_ROOM_SET_OK", fields = {}, extensions = {} },
  [36658] = { name = "ADMIN_ROOMS_KEPT_OK", fields = { { name = "rooms", type = "list16", item = { type = "struct16", struct = "RoomEntry" } }, { name = "next", type = "str16" } }, extensions = {} },
  [36659] = { name = "ADMIN_ROOM_PROTECTED_OK", fields = { { name = "users", type = "list16", item = { type = "str16" } } }, extensions = {} },
  [36688] = { name = "ADMIN_SYSTEM_WRITERS_OK", fields = { { name = "writers", type = "list16", item = { type = "struct16", struct = "SystemWriter" } }, { name = "next", type = "str16" } }, extensions = {} },
  [36689] = { name = "ADMIN_SYSTEM_SEND_OK", fields = { { name = "results", type = "list16", item = { type = "struct16", struct = "SystemSending" } } }, extensions = {} },
  [36690] = { name = "ADMIN_SENDER_SET_OK", fields = {}, extensions = {} },
  [36696] = { name = "ADMIN_BROADCAST_OK", fields = { { name = "seq", type = "u64" }, { name = "time_ms", type = "u64" }, { name = "message_id", type = "u64" }, { name = "duplicate", type = "bool" }, { name = "remaining", type = "i32" } }, extensions = {} },
  [36697] = { name = "ADMIN_BROADCASTS_OK", fields = { { name = "broadcasts", type = "list16", item = { type = "struct16", struct = "BroadcastEntry" } }, { name = "more", type = "bool" } }, extensions = {} },
  [36698] = { name = "ADMIN_BROADCAST_RECALL_OK", fields = { { name = "changed_ms", type = "u64" } }, extensions = {} },
  [36699] = { name = "ADMIN_TAGS_CHANGE_OK", fields = { { name = "results", type = "list16", item = { type = "struct16", struct = "AddedEntry" } } }, extensions = {} },
  [36700] = { name = "ADMIN_ATTRIBUTES_CHANGE_OK", fields = { { name = "results", type = "list16", item = { type = "struct16", struct = "AddedEntry" } } }, extensions = {} },
  [36701] = { name = "ADMIN_LABELS_OK", fields = { { name = "users", type = "list16", item = { type = "struct16", struct = "UserLabels" } }, { name = "taken", type = "u16" } }, extensions = {} },
  [36702] = { name = "ADMIN_ATTRIBUTE_NAMES_OK", fields = { { name = "names", type = "list16", item = { type = "struct16", struct = "AttributeName" } } }, extensions = {} },
  [36703] = { name = "ADMIN_ATTRIBUTE_NAMES_SET_OK", fields = {}, extensions = {} },
  [36704] = { name = "OUTBOX_LIST_OK", fields = { { name = "consumers", type = "list16", item = { type = "struct16", struct = "OutboxConsumer" } }, { name = "next", type = "str8" } }, extensions = {} },
  [36705] = { name = "OUTBOX_SHOW_OK", fields = { { name = "consumers", type = "list16", item = { type = "struct16", struct = "OutboxConsumer" } }, { name = "counts", type = "list16", item = { type = "struct16", struct = "Stat" } } }, extensions = {} },
  [36706] = { name = "OUTBOX_PAUSE_OK", fields = {}, extensions = {} },
  [36707] = { name = "OUTBOX_RESUME_OK", fields = {}, extensions = {} },
  [36708] = { name = "OUTBOX_REPLAY_OK", fields = { { name = "events", type = "u64" } }, extensions = {} },
  [36709] = { name = "OUTBOX_DEAD_OK", fields = { { name = "letters", type = "list16", item = { type = "struct16", struct = "DeadLetterEntry" } }, { name = "next_id", type = "u64" } }, extensions = {} },
  [36710] = { name = "OUTBOX_DEAD_RETRY_OK", fields = { { name = "taken", type = "u32" }, { name = "not_taken", type = "u32" }, { name = "reason", type = "str16" }, { name = "next_id", type = "u64" } }, extensions = {} },
  [36711] = { name = "OUTBOX_DEAD_DROP_OK", fields = { { name = "dropped", type = "u32" }, { name = "more", type = "bool" } }, extensions = {} },
  [36720] = { name = "MESSAGE_LOG_LIST_OK", fields = { { name = "files", type = "list16", item = { type = "struct16", struct = "LogFile" } }, { name = "more", type = "bool" } }, extensions = {} },
  [36721] = { name = "MESSAGE_LOG_GET_OK", fields = { { name = "size", type = "u64" }, { name = "messages", type = "u64" }, { name = "sha256", type = "bytes8" }, { name = "data", type = "bytes16" } }, extensions = {} },
  [36722] = { name = "MESSAGE_LOG_EXPIRE_OK", fields = { { name = "count", type = "u32" } }, extensions = {} },
  [36728] = { name = "ADMIN_PUSH_TEST_OK", fields = {}, extensions = {} },
  [36730] = { name = "ADMIN_SEND_OK", fields = { { name = "seq", type = "u64" }, { name = "time_ms", type = "u64" }, { name = "message_id", type = "u64" }, { name = "duplicate", type = "bool" } }, extensions = { [1] = { name = "held_back", type = "enum8", values = { [0] = "NO", [1] = "FREQUENCY", [20] = "STOPPED" } } } },
  [36731] = { name = "ADMIN_GROUP_CREATE_OK", fields = { { name = "group_id", type = "str8" } }, extensions = { [1] = { name = "left_out", type = "list16", item = { type = "struct16", struct = "AddedEntry" } }, [41] = { name = "existed", type = "bool" } } },
  [36736] = { name = "ADMIN_PAIR_IMPORT_OK", fields = { { name = "seq", type = "u64" } }, extensions = {} },
  [36742] = { name = "ADMIN_USER_BLOCK_OK", fields = {}, extensions = {} },
  [36743] = { name = "ADMIN_USER_BLOCKED_OK", fields = { { name = "blocked", type = "list16", item = { type = "struct16", struct = "Until" } }, { name = "next", type = "str16" } }, extensions = {} },
  [36752] = { name = "ADMIN_USER_UNREAD_OK", fields = { { name = "total", type = "u64" }, { name = "more", type = "bool" }, { name = "conversations", type = "list16", item = { type = "struct16", struct = "UnreadEntry" } } }, extensions = {} },
  [36753] = { name = "ADMIN_KEY_CREATE_OK", fields = { { name = "secret", type = "str8" }, { name = "key", type = "list16", item = { type = "struct16", struct = "ApiKey" } } }, extensions = {} },
  [36754] = { name = "ADMIN_KEYS_OK", fields = { { name = "keys", type = "list16", item = { type = "struct16", struct = "ApiKey" } }, { name = "next", type = "str16" } }, extensions = {} },
  [36755] = { name = "ADMIN_KEY_REVOKE_OK", fields = {}, extensions = {} },
  [36756] = { name = "ADMIN_AUDIT_OK", fields = { { name = "entries", type = "list16", item = { type = "struct16", struct = "AuditEntry" } }, { name = "next", type = "str16" } }, extensions = {} },
  [36757] = { name = "ADMIN_MEMBERS_SET_OK", fields = { { name = "codes", type = "list16", item = { type = "struct16", struct = "Code" } } }, extensions = {} },
  [36758] = { name = "ADMIN_MEMBERS_GET_OK", fields = { { name = "rows", type = "list16", item = { type = "struct16", struct = "MemberSettings" } } }, extensions = {} },
  [36759] = { name = "ADMIN_USER_EXPORT_OK", fields = { { name = "data", type = "bytes16" }, { name = "next", type = "str16" } }, extensions = {} },
  [36760] = { name = "ADMIN_USER_ERASE_OK", fields = { { name = "messages", type = "u32" }, { name = "retry_after_ms", type = "u32" }, { name = "next", type = "bytes16" } }, extensions = {} },
  [36784] = { name = "ADMIN_METRICS_OK", fields = { { name = "metrics", type = "list16", item = { type = "struct16", struct = "MetricEntry" } }, { name = "missing", type = "u32" }, { name = "next", type = "u32" } }, extensions = {} },
  [36786] = { name = "ADMIN_HEALTH_OK", fields = { { name = "ready", type = "bool" }, { name = "checks", type = "list16", item = { type = "struct16", struct = "HealthCheck" } } }, extensions = {} },
  [36788] = { name = "ADMIN_RELOAD_OK", fields = { { name = "changes", type = "list16", item = { type = "struct16", struct = "SettingChange" } }, { name = "more", type = "u32" } }, extensions = {} },
  [36792] = { name = "ADMIN_HOT_OK", fields = { { name = "rows", type = "list16", item = { type = "struct16", struct = "HotEntry" } }, { name = "found", type = "u32" } }, extensions = {} },
  [36793] = { name = "ADMIN_SLOW_OK", fields = { { name = "rows", type = "list16", item = { type = "struct16", struct = "SlowEntry" } }, { name = "found", type = "u32" } }, extensions = {} },
  [36794] = { name = "ADMIN_ACTIVITY_OK", fields = { { name = "rows", type = "list16", item = { type = "struct16", struct = "HotEntry" } }, { name = "senders", type = "list16", item = { type = "struct16", struct = "SenderEntry" } }, { name = "complete", type = "bool" } }, extensions = {} },
  [36795] = { name = "ADMIN_PROCESSES_OK", fields = { { name = "rows", type = "list16", item = { type = "struct16", struct = "ProcessEntry" } } }, extensions = {} },
}

local rcim_structs = {
  Account = { name = "Account", fields = { { name = "user_id", type = "str16" }, { name = "nickname", type = "str8" }, { name = "face_url", type = "str8" } }, extensions = {} },
  AccountStatus = { name = "AccountStatus", fields = { { name = "user_id", type = "str16" }, { name = "imported", type = "bool" }, { name = "online", type = "bool" }, { name = "groups", type = "u32" }, { name = "valid_from_ms", type = "u64" } }, extensions = { [30] = { name = "system_sender", type = "bool" } } },
  AddedEntry = { name = "AddedEntry", fields = { { name = "user_id", type = "str16" }, { name = "result", type = "enum8", values = { [0] = "FAILED", [1] = "ADDED", [2] = "ALREADY", [3] = "WAITING", [4] = "FULL" } } }, extensions = {} },
  ApiKey = { name = "ApiKey", fields = { { name = "key_id", type = "str8" }, { name = "name", type = "str8" }, { name = "scopes", type = "list16", item = { type = "str8" } }, { name = "acts_as", type = "str16" }, { name = "created_by", type = "str16" }, { name = "created_ms", type = "u64" }, { name = "expires_ms", type = "u64" }, { name = "per_s", type = "u32" }, { name = "used_ms", type = "u64" } }, extensions = {} },
  Application = { name = "Application", fields = { { name = "user_id", type = "str16" }, { name = "name_card", type = "str8" }, { name = "text", type = "str16" }, { name = "time_ms", type = "u64" } }, extensions = {} },
  AttributeChange = { name = "AttributeChange", fields = { { name = "path", type = "str8" }, { name = "value", type = "bytes16" } }, extensions = {} },
  AttributeName = { name = "AttributeName", fields = { { name = "number", type = "u8" }, { name = "name", type = "str8" } }, extensions = {} },
  AttributeToSet = { name = "AttributeToSet", fields = { { name = "key", type = "str16" }, { name = "value", type = "str16" }, { name = "with_setter", type = "bool" } }, extensions = {} },
  AuditEntry = { name = "AuditEntry", fields = { { name = "time_ms", type = "u64" }, { name = "entry_id", type = "str8" }, { name = "user_id", type = "str16" }, { name = "key_id", type = "str8" }, { name = "api", type = "str8" }, { name = "address", type = "str8" }, { name = "request_id", type = "str8" }, { name = "operation", type = "str8" }, { name = "about", type = "str16" }, { name = "code", type = "u32" } }, extensions = {} },
  BroadcastEntry = { name = "BroadcastEntry", fields = { { name = "seq", type = "u64" }, { name = "time_ms", type = "u64" }, { name = "message_id", type = "u64" }, { name = "sender", type = "str16" }, { name = "client_msg_id", type = "str8" }, { name = "expires_ms", type = "u64" }, { name = "state", type = "enum8", values = { [0] = "AS_SENT", [1] = "EDITED", [2] = "RECALLED", [3] = "DELETED", [4] = "NOT_FOR_YOU" } } }, extensions = { [1] = { name = "system_conversation", type = "str8" }, [2] = { name = "tags_any", type = "list16", item = { type = "str8" } }, [3] = { name = "tags_all", type = "list16", item = { type = "str8" } }, [4] = { name = "attributes_any", type = "list16", item = { type = "struct16", struct = "UserAttribute" } }, [5] = { name = "attributes_all", type = "list16", item = { type = "struct16", struct = "UserAttribute" } } } },
  Channel = { name = "Channel", fields = { { name = "group_id", type = "str8" }, { name = "name", type = "str8" }, { name = "private", type = "bool" }, { name = "newest_seq", type = "u64" } }, extensions = {} },
  Code = { name = "Code", fields = { { name = "code", type = "u32" } }, extensions = {} },
  ConnectionEntry = { name = "ConnectionEntry", fields = { { name = "connection_id", type = "u64" }, { name = "user_id", type = "str16" }, { name = "platform", type = "u8" }, { name = "device_tag", type = "str8" }, { name = "address", type = "str8" }, { name = "connected_ms", type = "u64" }, { name = "queued_bytes", type = "u32" }, { name = "agent", type = "str8" } }, extensions = {} },
  ConversationEntry = { name = "ConversationEntry", fields = { { name = "conversation", type = "str16" }, { name = "type", type = "str8" }, { name = "name", type = "str8" }, { name = "face_url", type = "str8" }, { name = "newest_seq", type = "u64" }, { name = "first_seq", type = "u64" }, { name = "joined_seq", type = "u64" }, { name = "read_seq", type = "u64" }, { name = "unread", type = "u32" }, { name = "last_time_ms", type = "u64" }, { name = "msg_flag", type = "enum8", values = { [1] = "ACCEPT_AND_NOTIFY", [2] = "ACCEPT_NOT_NOTIFY", [3] = "DISCARD" } }, { name = "role", type = "u8" } }, extensions = { [1] = { name = "mentions", type = "u32" }, [2] = { name = "mention_seq", type = "u64" }, [3] = { name = "pinned_ms", type = "u64" }, [4] = { name = "removed", type = "bool" }, [5] = { name = "unstored", type = "bool" }, [6] = { name = "altered", type = "list16", item = { type = "struct16", struct = "SeqEntry" } }, [7] = { name = "reread", type = "bool" }, [8] = { name = "uncounted", type = "bool" }, [9] = { name = "messages", type = "list16", item = { type = "struct16", struct = "Message" } }, [10] = { name = "cleared_seq", type = "u64" }, [11] = { name = "unheard", type = "list16", item = { type = "struct16", struct = "SeqRange" } }, [12] = { name = "applications", type = "u32" }, [40] = { name = "ends_ms", type = "u64" } } },
  CustomField = { name = "CustomField", fields = { { name = "key", type = "str8" }, { name = "value", type = "bytes16" } }, extensions = {} },
  DeadLetterEntry = { name = "DeadLetterEntry", fields = { { name = "letter_id", type = "u64" }, { name = "shard", type = "u16" }, { name = "number", type = "u64" }, { name = "event_type", type = "str8" }, { name = "key", type = "str16" }, { name = "time_ms", type = "u64" }, { name = "dead_ms", type = "u64" }, { name = "reason", type = "str16" } }, extensions = {} },
  DeviceEntry = { name = "DeviceEntry", fields = { { name = "connection_id", type = "u64" }, { name = "platform", type = "enum8", values = { [1] = "WEB", [2] = "DESKTOP", [3] = "MOBILE", [4] = "PAD", [5] = "SERVER" } }, { name = "device_tag", type = "str8" }, { name = "state", type = "enum8", values = { [1] = "ONLINE", [2] = "BACKGROUND", [3] = "OFFLINE" } }, { name = "began_ms", type = "u64" }, { name = "login_ms", type = "u64" } }, extensions = {} },
  DeviceId = { name = "DeviceId", fields = { { name = "connection_id", type = "u64" } }, extensions = {} },
  DeviceState = { name = "DeviceState", fields = { { name = "platform", type = "enum8", values = { [1] = "WEB", [2] = "DESKTOP", [3] = "MOBILE", [4] = "PAD", [5] = "SERVER" } }, { name = "state", type = "enum8", values = { [1] = "ONLINE", [2] = "BACKGROUND", [3] = "OFFLINE" } } }, extensions = {} },
  FlowEntry = { name = "FlowEntry", fields = { { name = "name", type = "str8" }, { name = "priority", type = "enum8", values = { [1] = "HIGH", [2] = "NORMAL", [3] = "LOW", [4] = "LOWEST" } }, { name = "offered", type = "u64" }, { name = "passed", type = "u64" }, { name = "held_by_total", type = "u64" }, { name = "held_by_priority", type = "u64" } }, extensions = {} },
  FoundEntry = { name = "FoundEntry", fields = { { name = "conversation", type = "str16" }, { name = "messages", type = "list16", item = { type = "struct16", struct = "Message" } } }, extensions = {} },
  GroupChange = { name = "GroupChange", fields = { { name = "kind", type = "enum8", values = { [1] = "JOINED", [2] = "INVITED", [3] = "LEFT", [4] = "KICKED", [5] = "OFFLINE", [6] = "ADMIN_APPOINTED", [7] = "ADMIN_REMOVED", [8] = "OWNER_CHANGED", [9] = "PROFILE_CHANGED", [10] = "MUTED", [11] = "UNMUTED", [12] = "BLOCKED" } }, { name = "operator", type = "str16" }, { name = "users", type = "list16", item = { type = "str16" } }, { name = "count", type = "u32" }, { name = "member_num", type = "u32" }, { name = "info_seq", type = "u64" }, { name = "time_ms", type = "u64" } }, extensions = { [1] = { name = "what", type = "list16", item = { type = "str8" } } } },
  GroupEntry = { name = "GroupEntry", fields = { { name = "group_id", type = "str8" }, { name = "type", type = "str8" }, { name = "name", type = "str8" }, { name = "owner", type = "str16" }, { name = "member_num", type = "u32" }, { name = "newest_seq", type = "u64" }, { name = "role", type = "u8" }, { name = "joined_seq", type = "u64" } }, extensions = { [1] = { name = "msg_flag", type = "enum8", values = { [1] = "ACCEPT_AND_NOTIFY", [2] = "ACCEPT_NOT_NOTIFY", [3] = "DISCARD" } }, [2] = { name = "read_seq", type = "u64" }, [3] = { name = "unread", type = "u64" }, [4] = { name = "info_seq", type = "u64" }, [5] = { name = "unstored", type = "bool" }, [6] = { name = "applications", type = "u32" } } },
  GroupResult = { name = "GroupResult", fields = { { name = "group_id", type = "str8" }, { name = "joined", type = "bool" }, { name = "code", type = "u32" } }, extensions = {} },
  GroupTypeEntry = { name = "GroupTypeEntry", fields = { { name = "name", type = "str8" }, { name = "base", type = "str8" }, { name = "changed", type = "bool" }, { name = "groups", type = "u32" }, { name = "policies", type = "list16", item = { type = "struct16", struct = "Policy" } } }, extensions = {} },
  HeadEntry = { name = "HeadEntry", fields = { { name = "conversation", type = "str16" }, { name = "newest_seq", type = "u64" } }, extensions = {} },
  HealthCheck = { name = "HealthCheck", fields = { { name = "name", type = "str8" }, { name = "process", type = "str8" }, { name = "state", type = "str8" }, { name = "reason", type = "str16" }, { name = "figures", type = "list16", item = { type = "struct16", struct = "Stat" } } }, extensions = {} },
  HotEntry = { name = "HotEntry", fields = { { name = "conversation", type = "str16" }, { name = "kind", type = "str8" }, { name = "type", type = "str8" }, { name = "members", type = "u32" }, { name = "online", type = "u32" }, { name = "in_10s", type = "u32" }, { name = "in_60s", type = "u32" }, { name = "seq", type = "u64" }, { name = "offered", type = "u64" }, { name = "withheld", type = "u64" }, { name = "waiting", type = "u32" }, { name = "deliveries", type = "u64" }, { name = "last_msg_time_ms", type = "u64" } }, extensions = {} },
  ImageVariant = { name = "ImageVariant", fields = { { name = "kind", type = "enum8", values = { [1] = "ORIGINAL", [2] = "LARGE", [3] = "THUMB" } }, { name = "size", type = "u32" }, { name = "width", type = "u32" }, { name = "height", type = "u32" }, { name = "url", type = "str16" } }, extensions = {} },
  ImportedMember = { name = "ImportedMember", fields = { { name = "user_id", type = "str16" }, { name = "role", type = "enum8", values = { [1] = "MEMBER", [2] = "ADMIN", [3] = "OWNER" } }, { name = "join_time_ms", type = "u64" }, { name = "unread", type = "u32" } }, extensions = {} },
  ImportedMessage = { name = "ImportedMessage", fields = { { name = "sender", type = "str16" }, { name = "time_ms", type = "u64" }, { name = "priority", type = "enum8", values = { [1] = "HIGH", [2] = "NORMAL", [3] = "LOW", [4] = "LOWEST" } }, { name = "client_msg_id", type = "str8" }, { name = "body", type = "elements16" } }, extensions = {} },
  Invitation = { name = "Invitation", fields = { { name = "group_id", type = "str8" }, { name = "name", type = "str8" }, { name = "by", type = "str16" }, { name = "time_ms", type = "u64" } }, extensions = {} },
  LogFile = { name = "LogFile", fields = { { name = "hour", type = "str8" }, { name = "kind", type = "str8" }, { name = "size", type = "u64" }, { name = "messages", type = "u64" }, { name = "sha256", type = "bytes8" } }, extensions = {} },
  MemberChange = { name = "MemberChange", fields = { { name = "conversation", type = "str16" }, { name = "user_id", type = "str16" } }, extensions = { [1] = { name = "msg_flag", type = "enum8", values = { [1] = "ACCEPT_AND_NOTIFY", [2] = "ACCEPT_NOT_NOTIFY", [3] = "DISCARD" } }, [2] = { name = "read_seq", type = "u64" }, [3] = { name = "name_card", type = "str8" }, [4] = { name = "fields", type = "list16", item = { type = "struct16", struct = "CustomField" } } } },
  MemberEntry = { name = "MemberEntry", fields = { { name = "user_id", type = "str16" }, { name = "role", type = "enum8", values = { [1] = "MEMBER", [2] = "ADMIN", [3] = "OWNER" } }, { name = "join_time_ms", type = "u64" }, { name = "name_card", type = "str8" } }, extensions = { [1] = { name = "msg_flag", type = "enum8", values = { [1] = "ACCEPT_AND_NOTIFY", [2] = "ACCEPT_NOT_NOTIFY", [3] = "DISCARD" } }, [2] = { name = "read_seq", type = "u64" }, [3] = { name = "last_send_time_ms", type = "u64" }, [4] = { name = "muted_until_ms", type = "u64" }, [5] = { name = "fields", type = "list16", item = { type = "struct16", struct = "CustomField" } }, [25] = { name = "push_level", type = "enum8", values = { [0] = "AS_ABOVE", [1] = "ALL", [2] = "MENTIONS", [3] = "NONE" } } } },
  MemberField = { name = "MemberField", fields = { { name = "user_id", type = "str16" }, { name = "key", type = "str8" }, { name = "value", type = "bytes16" } }, extensions = {} },
  MemberPlace = { name = "MemberPlace", fields = { { name = "conversation", type = "str16" }, { name = "user_id", type = "str16" } }, extensions = {} },
  MemberSettings = { name = "MemberSettings", fields = { { name = "conversation", type = "str16" }, { name = "user_id", type = "str16" }, { name = "code", type = "u32" }, { name = "read_seq", type = "u64" }, { name = "msg_flag", type = "enum8", values = { [1] = "ACCEPT_AND_NOTIFY", [2] = "ACCEPT_NOT_NOTIFY", [3] = "DISCARD" } }, { name = "name_card", type = "str8" }, { name = "fields", type = "list16", item = { type = "struct16", struct = "CustomField" } } }, extensions = {} },
  MergedMessage = { name = "MergedMessage", fields = { { name = "sender", type = "str16" }, { name = "nickname", type = "str8" }, { name = "time_ms", type = "u64" }, { name = "body", type = "elements16" } }, extensions = {} },
  Message = { name = "Message", fields = { { name = "seq", type = "u64" }, { name = "time_ms", type = "u64" }, { name = "message_id", type = "u64" }, { name = "priority", type = "enum8", values = { [1] = "HIGH", [2] = "NORMAL", [3] = "LOW", [4] = "LOWEST" } }, { name = "sender", type = "str16" }, { name = "nickname", type = "str8" }, { name = "face_url", type = "str8" }, { name = "name_card", type = "str8" }, { name = "client_msg_id", type = "str8" }, { name = "body", type = "elements16" } }, extensions = { [1] = { name = "user_fields", type = "list16", item = { type = "struct16", struct = "CustomField" } }, [2] = { name = "member_fields", type = "list16", item = { type = "struct16", struct = "CustomField" } }, [3] = { name = "type_name", type = "str8" }, [4] = { name = "to", type = "list16", item = { type = "str16" } }, [5] = { name = "mentions", type = "list16", item = { type = "str16" } }, [6] = { name = "mentions_all", type = "bool" }, [7] = { name = "cloud_data", type = "bytes16" }, [8] = { name = "state", type = "enum8", values = { [0] = "AS_SENT", [1] = "EDITED", [2] = "RECALLED", [3] = "DELETED", [4] = "NOT_FOR_YOU" } }, [9] = { name = "changed_ms", type = "u64" }, [10] = { name = "changed_by", type = "str16" }, [21] = { name = "group_fields", type = "list16", item = { type = "struct16", struct = "CustomField" } }, [35] = { name = "expires_ms", type = "u64" }, [36] = { name = "system_conversation", type = "str8" } } },
  MetricBucket = { name = "MetricBucket", fields = { { name = "bound", type = "u64" }, { name = "count", type = "u64" } }, extensions = {} },
  MetricEntry = { name = "MetricEntry", fields = { { name = "name", type = "str8" }, { name = "kind", type = "str8" }, { name = "labels", type = "list16", item = { type = "struct16", struct = "MetricLabel" } }, { name = "value", type = "u64" }, { name = "buckets", type = "list16", item = { type = "struct16", struct = "MetricBucket" } } }, extensions = {} },
  MetricLabel = { name = "MetricLabel", fields = { { name = "name", type = "str8" }, { name = "value", type = "str8" } }, extensions = {} },
  OutboxConsumer = { name = "OutboxConsumer", fields = { { name = "name", type = "str8" }, { name = "paused_ms", type = "u64" }, { name = "refused", type = "bool" }, { name = "waiting", type = "u64" }, { name = "waiting_bytes", type = "u64" }, { name = "oldest_ms", type = "u64" }, { name = "retrying", type = "u64" }, { name = "retrying_keys", type = "u32" }, { name = "retry_in_ms", type = "u64" }, { name = "delivered", type = "u64" }, { name = "failed", type = "u64" }, { name = "dropped", type = "u64" }, { name = "dead_letters", type = "u32" }, { name = "dead_letter_bytes", type = "u64" }, { name = "dead_letters_dropped", type = "u64" }, { name = "last_error", type = "str16" }, { name = "last_error_ms", type = "u64" } }, extensions = {} },
  OwnApplication = { name = "OwnApplication", fields = { { name = "group_id", type = "str8" }, { name = "state", type = "enum8", values = { [1] = "WAITING", [2] = "APPROVED", [3] = "REFUSED" } }, { name = "time_ms", type = "u64" }, { name = "text", type = "str16" }, { name = "decided_ms", type = "u64" }, { name = "operator", type = "str16" }, { name = "answer", type = "str16" } }, extensions = {} },
  Policy = { name = "Policy", fields = { { name = "name", type = "str8" }, { name = "value", type = "str16" } }, extensions = {} },
  PresenceEntry = { name = "PresenceEntry", fields = { { name = "user_id", type = "str16" }, { name = "state", type = "enum8", values = { [1] = "ONLINE", [2] = "BACKGROUND", [3] = "OFFLINE" } }, { name = "devices", type = "list16", item = { type = "struct16", struct = "DeviceState" } } }, extensions = {} },
  ProcessEntry = { name = "ProcessEntry", fields = { { name = "name", type = "str8" }, { name = "pid", type = "u32" }, { name = "cpu_ms", type = "u64" }, { name = "memory_bytes", type = "u64" }, { name = "open_files", type = "u32" }, { name = "lag_us", type = "u64" }, { name = "connections", type = "u32" }, { name = "users", type = "u32" }, { name = "uptime_ms", type = "u64" } }, extensions = {} },
  ProfileEntry = { name = "ProfileEntry", fields = { { name = "user_id", type = "str16" }, { name = "known", type = "bool" }, { name = "nickname", type = "str8" }, { name = "face_url", type = "str8" } }, extensions = { [1] = { name = "gender", type = "enum8", values = { [0] = "UNKNOWN", [1] = "FEMALE", [2] = "MALE" } }, [2] = { name = "signature", type = "str16" }, [3] = { name = "fields", type = "list16", item = { type = "struct16", struct = "CustomField" } } } },
  PushTokenEntry = { name = "PushTokenEntry", fields = { { name = "device_id", type = "str8" }, { name = "provider", type = "str8" }, { name = "token", type = "str16" }, { name = "topic", type = "str8" }, { name = "sandbox", type = "bool" }, { name = "language", type = "str8" }, { name = "time_ms", type = "u64" } }, extensions = {} },
  QueriedConversation = { name = "QueriedConversation", fields = { { name = "group_id", type = "str8" }, { name = "type", type = "str8" }, { name = "name", type = "str8" }, { name = "creator", type = "str16" }, { name = "member_num", type = "u32" }, { name = "create_time_ms", type = "u64" }, { name = "last_info_time_ms", type = "u64" }, { name = "last_msg_time_ms", type = "u64" } }, extensions = { [1] = { name = "attributes", type = "bytes16" }, [2] = { name = "members", type = "list16", item = { type = "str16" } }, [3] = { name = "muted", type = "bool" }, [4] = { name = "unique", type = "bool" }, [5] = { name = "system", type = "bool" }, [6] = { name = "temporary", type = "bool" }, [7] = { name = "unstored", type = "bool" }, [8] = { name = "ends_ms", type = "u64" }, [9] = { name = "messages", type = "list16", item = { type = "struct16", struct = "Message" } } } },
  RoomAttribute = { name = "RoomAttribute", fields = { { name = "key", type = "str8" }, { name = "value", type = "str16" }, { name = "by", type = "str16" }, { name = "time_ms", type = "u64" }, { name = "version", type = "u64" }, { name = "with_setter", type = "bool" }, { name = "removed", type = "bool" } }, extensions = { [1] = { name = "notice", type = "bytes16" } } },
  RoomEntry = { name = "RoomEntry", fields = { { name = "group_id", type = "str8" }, { name = "type", type = "str8" }, { name = "name", type = "str8" }, { name = "create_time_ms", type = "u64" }, { name = "member_num", type = "u32" }, { name = "keep_alive", type = "bool" }, { name = "stopped", type = "bool" } }, extensions = {} },
  SenderEntry = { name = "SenderEntry", fields = { { name = "user_id", type = "str16" }, { name = "messages", type = "u32" } }, extensions = {} },
  SeqEntry = { name = "SeqEntry", fields = { { name = "seq", type = "u64" } }, extensions = {} },
  SeqRange = { name = "SeqRange", fields = { { name = "from_seq", type = "u64" }, { name = "to_seq", type = "u64" } }, extensions = {} },
  SettingChange = { name = "SettingChange", fields = { { name = "name", type = "str16" }, { name = "before", type = "str16" }, { name = "after", type = "str16" }, { name = "needs_restart", type = "bool" } }, extensions = {} },
  SlowEntry = { name = "SlowEntry", fields = { { name = "connection_id", type = "u64" }, { name = "user_id", type = "str16" }, { name = "platform", type = "u8" }, { name = "device_tag", type = "str8" }, { name = "address", type = "str8" }, { name = "connected_ms", type = "u64" }, { name = "queued_bytes", type = "u32" }, { name = "slow_ms", type = "u64" }, { name = "resyncs", type = "u64" }, { name = "dropped", type = "u64" }, { name = "in_flight", type = "u32" }, { name = "agent", type = "str8" } }, extensions = {} },
  Stat = { name = "Stat", fields = { { name = "name", type = "str8" }, { name = "value", type = "u64" } }, extensions = {} },
  SystemSending = { name = "SystemSending", fields = { { name = "user_id", type = "str16" }, { name = "code", type = "u32" }, { name = "seq", type = "u64" }, { name = "time_ms", type = "u64" }, { name = "message_id", type = "u64" } }, extensions = {} },
  SystemWriter = { name = "SystemWriter", fields = { { name = "user_id", type = "str16" }, { name = "newest_seq", type = "u64" }, { name = "written_ms", type = "u64" } }, extensions = {} },
  UnreadEntry = { name = "UnreadEntry", fields = { { name = "conversation", type = "str16" }, { name = "unread", type = "u32" } }, extensions = {} },
  Until = { name = "Until", fields = { { name = "user_id", type = "str16" }, { name = "until_ms", type = "u64" } }, extensions = {} },
  UserAttribute = { name = "UserAttribute", fields = { { name = "name", type = "str8" }, { name = "value", type = "str8" } }, extensions = {} },
  UserLabels = { name = "UserLabels", fields = { { name = "user_id", type = "str16" }, { name = "tags", type = "list16", item = { type = "str8" } }, { name = "attributes", type = "list16", item = { type = "struct16", struct = "UserAttribute" } } }, extensions = {} },
}

local rcim_elements = {
  [1] = { name = "Text", fields = { { name = "text", type = "str16" } }, extensions = {} },
  [2] = { name = "Custom", fields = { { name = "data", type = "bytes16" }, { name = "description", type = "str16" }, { name = "extension", type = "str16" } }, extensions = {} },
  [3] = { name = "Bytes", fields = { { name = "type_name", type = "str8" }, { name = "data", type = "bytes16" } }, extensions = {} },
  [4] = { name = "GroupTip", fields = { { name = "kind", type = "enum8", values = { [1] = "JOINED", [2] = "INVITED", [3] = "LEFT", [4] = "KICKED", [5] = "OFFLINE", [6] = "ADMIN_APPOINTED", [7] = "ADMIN_REMOVED", [8] = "OWNER_CHANGED", [9] = "PROFILE_CHANGED", [10] = "MUTED", [11] = "UNMUTED", [12] = "BLOCKED" } }, { name = "operator", type = "str16" }, { name = "users", type = "list16", item = { type = "str16" } }, { name = "count", type = "u32" }, { name = "member_num", type = "u32" }, { name = "info_seq", type = "u64" } }, extensions = { [1] = { name = "what", type = "list16", item = { type = "str8" } } } },
  [5] = { name = "Face", fields = { { name = "index", type = "u32" }, { name = "data", type = "bytes16" } }, extensions = {} },
  [6] = { name = "Image", fields = { { name = "uuid", type = "str8" }, { name = "format", type = "enum8", values = { [1] = "JPG", [2] = "GIF", [3] = "PNG", [4] = "BMP", [255] = "OTHER" } }, { name = "variants", type = "list16", item = { type = "struct16", struct = "ImageVariant" } } }, extensions = {} },
  [7] = { name = "Sound", fields = { { name = "url", type = "str16" }, { name = "uuid", type = "str8" }, { name = "size", type = "u32" }, { name = "seconds", type = "u32" } }, extensions = {} },
  [8] = { name = "Video", fields = { { name = "url", type = "str16" }, { name = "uuid", type = "str8" }, { name = "size", type = "u32" }, { name = "seconds", type = "u32" }, { name = "format", type = "str8" }, { name = "thumb_url", type = "str16" }, { name = "thumb_size", type = "u32" }, { name = "thumb_width", type = "u32" }, { name = "thumb_height", type = "u32" }, { name = "thumb_format", type = "str8" } }, extensions = {} },
  [9] = { name = "File", fields = { { name = "url", type = "str16" }, { name = "uuid", type = "str8" }, { name = "size", type = "u32" }, { name = "name", type = "str8" } }, extensions = {} },
  [10] = { name = "Location", fields = { { name = "name", type = "str16" }, { name = "latitude_e6", type = "i32" }, { name = "longitude_e6", type = "i32" } }, extensions = {} },
  [11] = { name = "Merged", fields = { { name = "title", type = "str8" }, { name = "abstracts", type = "list16", item = { type = "str8" } }, { name = "compatible_text", type = "str16" }, { name = "messages", type = "list16", item = { type = "struct16", struct = "MergedMessage" } } }, extensions = {} },
}

local rcim = Proto("rcim", "rcim instant messaging")
local f_length = ProtoField.uint32("rcim.length", "length")
local f_type = ProtoField.uint16("rcim.type", "type", base.HEX)
local f_flags = ProtoField.uint16("rcim.flags", "flags", base.HEX)
local f_id = ProtoField.uint32("rcim.request_id", "request id")
local f_field = ProtoField.bytes("rcim.field", "field")
rcim.fields = { f_length, f_type, f_flags, f_id, f_field }

local HEADER = 12
local widths = { u8 = 1, u16 = 2, u32 = 4, u64 = 8, i32 = 4, bool = 1, enum8 = 1 }
local prefixes = { str8 = 1, str16 = 2, bytes8 = 1, bytes16 = 2, elements16 = 2 }
local read_struct

local function number(buf, at, size)
  if size == 8 then return tostring(buf(at, 8):uint64()) end
  return tostring(buf(at, size):uint())
end

local function read_elements(buf, at, stop, tree)
  while at + 4 <= stop do
    local kind = buf(at, 2):uint()
    local size = buf(at + 2, 2):uint()
    if at + 4 + size > stop then return end
    local known = rcim_elements[kind]
    local name = known and known.name or ("unknown kind " .. kind)
    local node = tree:add(f_field, buf(at, 4 + size)):set_text("element " .. name)
    if known then read_struct(known, buf, at + 4, at + 4 + size, node) end
    at = at + 4 + size
  end
end

local function read_field(field, buf, at, stop, tree)
  local width = widths[field.type]
  if width then
    if at + width > stop then return nil end
    local text = field.type == "i32" and tostring(buf(at, 4):int()) or number(buf, at, width)
    if field.values then text = text .. " " .. (field.values[tonumber(text)] or "?") end
    tree:add(f_field, buf(at, width)):set_text(field.name .. ": " .. text)
    return at + width
  end
  local prefix = prefixes[field.type]
  if prefix then
    if at + prefix > stop then return nil end
    local size = buf(at, prefix):uint()
    local from = at + prefix
    if from + size > stop then return nil end
    local node = tree:add(f_field, buf(at, prefix + size))
    if field.type:sub(1, 3) == "str" then
      node:set_text(field.name .. ": " .. (size > 0 and buf(from, size):string() or ""))
    else
      node:set_text(field.name .. ": " .. size .. " bytes")
      if field.type == "elements16" then read_elements(buf, from, from + size, node) end
    end
    return from + size
  end
  if field.type == "list16" then
    if at + 2 > stop then return nil end
    local count = buf(at, 2):uint()
    local node = tree:add(f_field, buf(at, 2)):set_text(field.name .. ": " .. count .. " rows")
    at = at + 2
    for i = 1, count do
      if field.item.type == "struct16" then
        if at + 2 > stop then return nil end
        local size = buf(at, 2):uint()
        if at + 2 + size > stop then return nil end
        local row = node:add(f_field, buf(at, 2 + size)):set_text(field.item.struct .. " " .. i)
        read_struct(rcim_structs[field.item.struct], buf, at + 2, at + 2 + size, row)
        at = at + 2 + size
      else
        at = read_field({ name = tostring(i), type = field.item.type }, buf, at, stop, node)
        if not at then return nil end
      end
    end
    return at
  end
  return nil
end

read_struct = function(struct, buf, at, stop, tree)
  for _, field in ipairs(struct.fields) do
    local after = read_field(field, buf, at, stop, tree)
    if not after then
      tree:add(f_field, buf(at, stop - at)):set_text("MALFORMED: " .. field.name .. " is cut short")
      return
    end
    at = after
  end
  while at + 4 <= stop do
    local tag = buf(at, 2):uint()
    local size = buf(at + 2, 2):uint()
    if at + 4 + size > stop then break end
    local known = struct.extensions[tag]
    if known then
      read_field(known, buf, at + 4, at + 4 + size, tree)
    else
      tree:add(f_field, buf(at, 4 + size)):set_text("extension " .. tag .. ": " .. size .. " bytes")
    end
    at = at + 4 + size
  end
  if at < stop then tree:add(f_field, buf(at, stop - at)):set_text("MALFORMED: bytes left over") end
end

local function one_frame(buf, at, size, pinfo, root)
  local type = buf(at + 4, 2):uint()
  local known = rcim_frames[type]
  local name = known and known.name or string.format("unknown 0x%04X", type)
  local tree = root:add(rcim, buf(at, size), "rcim " .. name)
  tree:add(f_length, buf(at, 4))
  tree:add(f_type, buf(at + 4, 2)):append_text(" " .. name)
  tree:add(f_flags, buf(at + 6, 2))
  tree:add(f_id, buf(at + 8, 4))
  if known then read_struct(known, buf, at + HEADER, at + size, tree) end
  return name
end

local function length_of(buf, at)
  return buf(at, 4):uint() + 4
end

function rcim.dissector(buf, pinfo, root)
  pinfo.cols.protocol = "rcim"
  local names = {}
  local at = 0
  local stop = buf:len()
  while at < stop do
    if stop - at < HEADER then
      pinfo.desegment_offset = at
      pinfo.desegment_len = DESEGMENT_ONE_MORE_SEGMENT
      break
    end
    local size = length_of(buf, at)
    if size < HEADER then return at end
    if stop - at < size then
      pinfo.desegment_offset = at
      pinfo.desegment_len = size - (stop - at)
      break
    end
    names[#names + 1] = one_frame(buf, at, size, pinfo, root)
    at = at + size
  end
  pinfo.cols.info = table.concat(names, ", ")
  return stop
end

DissectorTable.get("tcp.port"):add(7460, rcim)
DissectorTable.get("tls.port"):add(7460, rcim)
