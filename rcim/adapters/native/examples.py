"""An example of each route. In their order they are a story: on a new server that keeps a message log and has a
push provider `unified`, each of them works."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from rcim.adapters.native.forms import Json

ALICE = {"user_id": "alice"}
BOB = {"user_id": "bob"}
LOBBY = {"group_id": "lobby"}
STAGE = {"group_id": "stage"}
ULTRA = {"group_id": "@TGS#_town"}
IN_TALK = {"conversation": "g:talk"}
HELLO = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello"}}]


class Example(NamedTuple):
    """A request: the route's name, and what path, query and body have."""

    route: str
    path: Mapping[str, str] = {}
    query: Mapping[str, Any] = {}
    body: Json | None = None


def _get(route: str, path: Mapping[str, str] | None = None, **query: Any) -> Example:
    return Example(route, path or {}, query)


def _do(route: str, path: Mapping[str, str] | None = None, **body: Any) -> Example:
    return Example(route, path or {}, {}, body)


GROUPS = (
    _do(
        "admin_accounts_import",
        accounts=[{"user_id": "alice", "nickname": "Alice"}, {"user_id": "bob", "nickname": "Bob"}],
    ),
    _do("admin_group_create", group_id="lobby", type="Public", name="Lobby", owner="alice", members=["bob"]),
    _get("group_info", LOBBY),
    _do("group_set", LOBBY, introduction="Come in", notification="Welcome"),
    _get("admin_groups", limit=20),
    _get("group_find", words="Lobby"),
    _do("group_invite", LOBBY, users=["carol", "dave"]),
    _get("group_members", LOBBY, limit=100),
    _get("group_member_get", LOBBY | BOB),
    _do("group_member_set", LOBBY | BOB, name_card="Bobby"),
    _do("group_mute", LOBBY, users=["bob"], seconds=60),
    _get("group_muted", LOBBY),
    _do("group_mute", LOBBY, users=["bob"], seconds=0),
    _do("group_block", LOBBY, users=["mallory"], seconds=3600, text="spam"),
    _get("group_blocked", LOBBY),
    _do("group_mute_all", LOBBY, on=True, speakers=["bob"]),
    _do("group_mute_all", LOBBY, on=False),
    _do("as_user_group_join", {"user_id": "erin"}, group_id="lobby", text="I play the Sicilian"),
    _get("group_applications", LOBBY),
    _get("applications_own", {"user_id": "erin"}),
    _do("group_application_decide", LOBBY | {"user_id": "erin"}, approve=True, text="welcome"),
    _do("admin_notice", LOBBY, body=HELLO),
    _get("groups_joined", ALICE),
    Example("group_kick", LOBBY, {"users": ["dave"], "text": "bye"}),
    Example("as_user_group_leave", {"user_id": "erin", "group_id": "lobby"}),
)
MESSAGES = (
    _do("admin_group_create", group_id="talk", type="Private", name="Talk", owner="alice", members=["bob"]),
    _do("admin_send", IN_TALK, as_user="alice", client_msg_id="c-0001", body=HELLO),
    _do("admin_send", IN_TALK, as_user="bob", body=HELLO, mentions=["alice"], cloud_data="v1"),
    _do("admin_send", IN_TALK, as_user="alice", body=HELLO, push={"Title": "Lobby", "Desc": "hello"}),
    _get("history", IN_TALK, limit=20, backwards=True),
    _do(
        "message_edit",
        IN_TALK | {"seq": "2"},
        body=[{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hello all"}}],
    ),
    _get("message_receipts", IN_TALK | {"seq": "2"}, read=True),
    _do("message_recall", IN_TALK | {"seq": "2"}),
    Example("message_delete", IN_TALK | {"seq": "3"}),
    _get("admin_trace", IN_TALK | {"sender": "alice", "client_msg_id": "c-0001"}),
    _get("as_user_sync", ALICE, limit=20),
    _do("as_user_conversation_flag", ALICE | IN_TALK, msg_flag="accept_not_notify"),
    _do("as_user_conversation_pin", ALICE | IN_TALK, pinned=True),
    _do("as_user_conversation_read", ALICE | IN_TALK, seq=1),
    _get("as_user_history", ALICE | IN_TALK, limit=20),
    _get("as_user_search", ALICE, words="hello"),
    _do("as_user_messages_hide", ALICE | IN_TALK, messages=[1]),
    Example("as_user_conversation_clear", ALICE | IN_TALK),
    Example("as_user_conversation_remove", ALICE | IN_TALK),
    Example("messages_erase", IN_TALK | {"sender": "bob"}),
    _get("conversations_query", where='{"name": "Lobby"}', limit=20),
    _do("admin_broadcast", body=HELLO, client_msg_id="b-0001"),
    _get("admin_broadcasts", limit=20),
    _do("admin_broadcast_recall", {"seq": "1"}),
    _do("admin_group_create", group_id="@SYS#news", type="System", name="News"),
    _do("admin_system_send", {"group_id": "@SYS#news"}, users=["alice", "bob"], body=HELLO),
    _get("admin_system_writers", {"group_id": "@SYS#news"}),
)
USERS = (
    _get("admin_accounts_query", users=["alice", "nobody"]),
    _do("admin_profile_set", ALICE, nickname="Alice L.", gender="female"),
    _get("profile_get", ALICE),
    _get("profiles_get", users=["alice", "bob"]),
    _do("user_list_change", ALICE | {"which": "black"}, add=["mallory"]),
    _get("user_list", ALICE | {"which": "black"}),
    _do("quiet_hours_set", ALICE, start_min=1320, end_min=420, offset_min=60),
    _get("quiet_hours", ALICE),
    _do("invite_consent_set", ALICE, consent="ask"),
    _get("invite_consent", ALICE),
    _do("admin_group_create", group_id="chess", type="Private", name="Chess", owner="bob"),
    _do("as_user_group_invite", {"user_id": "bob", "group_id": "chess"}, users=["alice"]),
    _get("as_user_group_invitations", ALICE),
    _do("as_user_group_invitation_answer", {"user_id": "alice", "group_id": "chess"}, accept=True),
    _do("group_owner_set", {"group_id": "chess"}, user_id="alice"),
    _do("admin_groups_sync", {"user_id": "frank"}, groups=["lobby"]),
    _get("devices", ALICE),
    Example("devices_close", ALICE, {"text": "see you"}),
    _get("admin_user_unread", ALICE),
    _do(
        "admin_members_set", rows=[{"conversation": "g:talk", "user_id": "bob", "read_seq": 1, "name_card": "Bobby"}]
    ),
    _do("admin_members_get", rows=[{"conversation": "g:talk", "user_id": "bob"}]),
    _get("admin_user_export", ALICE),
    _do("admin_user_erase", {"user_id": "frank"}),
    _get("presence_get", users=["alice", "bob"]),
    _do("push_token_set", ALICE | {"device_id": "phone-1", "provider": "unified"}, token="a" * 64, language="en"),
    _get("push_tokens", ALICE),
    _do("admin_push_test", ALICE, title="Test", text="Is it there?"),
    Example("push_token_remove", ALICE | {"device_id": "phone-1", "provider": "unified"}),
    _do("admin_attribute_names_set", names=[{"number": 0, "name": "city"}]),
    _get("admin_attribute_names"),
    _do("admin_tags_change", users=["alice"], add=["vip"]),
    _do("admin_attributes_change", users=["alice"], set=[{"name": "city", "value": "Oslo"}]),
    _get("admin_labels", users=["alice"]),
    _do("admin_user_mute", users=["mallory"], seconds=600),
    _get("admin_user_muted"),
    _do("admin_user_block", users=["mallory"], seconds=600),
    _get("admin_user_blocked"),
    _do("admin_sender_set", {"user_id": "helpdesk"}, on=True),
    _do("admin_account_invalidate", {"user_id": "carol"}),
    Example("admin_accounts_delete", {}, {"users": ["carol"]}),
)
ROOMS = (
    _do("admin_group_create", group_id="stage", type="ChatRoom", name="Stage", owner="alice"),
    _do("room_attributes_set", STAGE, attributes=[{"key": "song", "value": "Blue Moon"}]),
    _get("room_attributes", STAGE),
    Example("room_attributes_delete", STAGE, {"keys": ["song"]}),
    _do("admin_room_set", STAGE, keep_alive=True, protect=["alice"]),
    _get("admin_rooms", groups=["stage"]),
    _get("admin_rooms_kept"),
    _get("admin_room_protected", STAGE),
    _do("admin_group_create", group_id="@TGS#_town", type="UltraGroup", name="Town", owner="alice", members=["bob"]),
    _do("channel_create", ULTRA, name_id="news", name="News"),
    _get("channels", ULTRA),
    _do("channel_private_set", {"group_id": "@TGS#_town@TOPIC#_news"}, private=True),
    _do("channel_users_change", {"group_id": "@TGS#_town@TOPIC#_news"}, add=["bob"]),
    _get("channel_users", {"group_id": "@TGS#_town@TOPIC#_news"}),
    _do("push_level_set", ULTRA, level="mentions", whole=True),
    _do("as_user_push_level_set", {"user_id": "bob", **ULTRA}, level="none"),
    _get("as_user_push_level", {"user_id": "bob", **ULTRA}),
    _do("history_trim", ULTRA, to_time_ms=1_700_000_000_000),
    Example("group_dissolve", {"group_id": "@TGS#_town"}),
    _do(
        "admin_group_import",
        group_id="old",
        type="Public",
        name="Old club",
        owner="alice",
        create_time_ms=1_690_000_000_000,
    ),
    _do(
        "admin_members_import",
        {"group_id": "old"},
        members=[{"user_id": "bob", "role": "member", "join_time_ms": 1_700_000_000_000, "unread": 1}],
    ),
    _do(
        "admin_pair_import",
        {"conversation": "c:5:old-a:old-b"},
        sender="old-a",
        time_ms=1_700_000_001_000,
        client_msg_id="old-1",
        body=HELLO,
    ),
    _do(
        "admin_messages_import",
        {"group_id": "old"},
        messages=[
            {
                "sender": "alice",
                "time_ms": 1_700_000_001_000,
                "priority": "normal",
                "client_msg_id": "old-1",
                "body": HELLO,
            }
        ],
    ),
    _do("admin_import_finish", {"group_id": "old"}),
)
SERVER = (
    _do("admin_key_create", name="billing", scopes=["messages:write", "groups:read"], per_s=50),
    _get("admin_keys"),
    _get("admin_audit", limit=20),
    _do("admin_reload", check_only=True),
    _get("admin_stats"),
    _get("admin_health"),
    _get("admin_connections", limit=20),
    _get("admin_flow"),
    _get("admin_hot", sort="withheld", search="lobby", limit=20),
    _get("admin_activity", {"conversation": "g:lobby"}),
    _get("admin_slow", sort="queued", limit=20),
    _get("admin_processes"),
    _do("admin_list_change", {"which": "refused_words"}, add=["badword"]),
    _get("admin_list", {"which": "refused_words"}),
    _get("admin_types"),
    _do("admin_type_set", {"name": "Club"}, base="Public", policies={"member_cap": "50"}),
    Example("admin_type_remove", {"name": "Club"}),
    _get("message_log_list"),
    Example("message_log_expire", {}, {"before": "2023010100"}),
    _get("outbox_list"),
    _get("outbox_show", {"consumer": "message_log"}),
    _do("outbox_pause", {"consumer": "message_log"}),
    _do("outbox_replay", {"consumer": "message_log"}, from_time_ms=1_700_000_000_000),
    _get("outbox_dead", {"consumer": "message_log"}),
    _do("outbox_dead_retry", {"consumer": "message_log"}),
    Example("outbox_dead_drop", {"consumer": "message_log"}),
    _do("outbox_resume", {"consumer": "message_log"}),
)
EXAMPLES = (*GROUPS, *MESSAGES, *USERS, *ROOMS, *SERVER)
BY_ROUTE = {one.route: one for one in reversed(EXAMPLES)}
"""The first example of each route."""
WITHOUT = {
    "admin_key_revoke": "the ids of keys are random",
    "message_log_get": "the newest file is there some seconds after the end of its hour",
}
"""Routes whose example could not be run at once, with the reason."""
