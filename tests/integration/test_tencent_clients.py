"""The unmodified clients of Tencent's REST API that PyPI has: every method of theirs, and what it leaves behind (AB-02).

What they do wrong themselves is not put right here:

- timsdk's `send_group_msg` sets none of its optional fields (it writes `data[...]: value`), so the sender is always the
  administrator; its `MsgRandom` and `import_text_msg`'s are one number for the whole program, unless they are given.
- timsdk asks for the log of the hour three hours ago by the clock of its machine, and the vendor's hours are Beijing's.
- tencentcloud-sdk-python-im sends `UnreadMsgNum` 0 whatever it is given, and makes no group of an unknown type: it
  answers None and asks nobody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rcim.base.terms import MessageState, MuteScope, Role, UserList
from rcim.client import User
from rcim.client.client import Client
from tests.kit_http import BackEnd, back_end
from tests.kit_tencent import calls

NOT_ENABLED = 10026
TCIM_OFF = (
    "add_friend",
    "delete_friends",
    "update_friend",
    "get_target_friends",
    "get_friends",
    "add_sns_group",
    "delete_sns_group",
    "get_sns_group",
)
OLD = {"Type": "Public", "Name": "Old", "GroupId": "old", "Owner_Account": "alice", "CreateTime": 1_700_000_000}


class Ledger:
    """What a client was answered, and how much of it was looked at."""

    def __init__(self, client: str, found: Sequence[Sequence[Any]]) -> None:
        self._client = client
        self._found = found
        self._made = 0

    def same(self, got: Any, expected: Any, what: str = "") -> None:
        """One assertion."""
        assert got == expected, what
        self._made += 1

    def codes(self, others: dict[str, int]) -> None:
        """Each call has succeeded, but for these."""
        for name, answer in self._found:
            if isinstance(answer, dict):
                self.same(answer["ErrorCode"], others.get(name, 0), f"{name}: {answer}")

    def of(self, name: str, at: int = 0) -> Any:
        """The answer to a method's call."""
        return [answer for called, answer in self._found if called == name][at]

    def show(self) -> None:
        """Say how many methods were called, and how many assertions made."""
        methods = len({name for name, _ in self._found})
        print(f"{self._client}: {methods} methods, {len(self._found)} calls, {self._made} assertions")


async def called(client: str, app: BackEnd) -> Ledger:
    """All methods of this client, called."""
    return Ledger(client, await asyncio.to_thread(calls, client, app))


async def test_tcim(tmp_path: Path) -> None:
    async with back_end(tmp_path) as app, app.server.client("administrator") as root, app.server.client("bob") as bob:
        await app.tencent("group_open_http_svc/import_group", OLD)
        ledger = await called("tcim", app)
        ledger.codes(dict.fromkeys(TCIM_OFF, NOT_ENABLED))
        await tcim_users(ledger, root, bob)
        await tcim_groups(ledger, root)
        ledger.show()


async def tcim_users(ledger: Ledger, root: Client, bob: Client) -> None:
    """Accounts and one-to-one messages, read back over frames."""
    same = ledger.same
    profile = await root.profile("alice")
    same((profile.nickname, profile.face_url), ("Al", "https://f/a"))
    accounts = {row.user_id: row for row in await root.query_accounts(["bob", "carol", "dora", "gone"])}
    same([row.imported for row in accounts.values()], [True, True, True, False])
    same(accounts["dora"].valid_from_ms > 0, True, "its UserSigs are invalidated")
    same([row["ResultCode"] for row in ledger.of("del_user")["ResultItem"]], [0, 70107])
    statuses = [row["AccountStatus"] for row in ledger.of("search_user")["ResultItem"]]
    same(statuses, ["Imported", "NotImported"])
    same(ledger.of("check_user_online")["QueryResult"], [{"To_Account": "alice", "Status": "Offline"}])
    found = await bob.history(User("alice"))
    same([m.text for m in found], ["", "two", "three"])
    same(found[0].state, MessageState.RECALLED)
    same([type(item).__name__ for item in found[1].elements], ["Text", "File"])
    same((await root.history(User("dora", "carol")))[0].text, "old")
    same([m.text for m in await root.history(User("carol", "alice"))], ["three"])
    same(ledger.of("get_unread_num")["C2CUnreadMsgNumList"], [{"Peer_Account": "alice", "C2CUnreadMsgNum": 2}])
    same(ledger.of("get_unread_num", 1)["AllC2CUnreadMsgNum"], 0)
    same((await root.unread_of("bob", [User("alice")])).total, 0)
    page = ledger.of("get_message_list")
    same([row["MsgFlagBits"] for row in page["MsgList"]], [8, 0, 0])
    same([row["IsPeerRead"] for row in page["MsgList"]], [1, 1, 1])
    same(page["MsgList"][2]["MsgKey"], ledger.of("batch_send_message")["MsgKey"])


async def tcim_groups(ledger: Ledger, root: Client) -> None:
    """Groups, read back over frames."""
    same = ledger.same
    info = await root.info("lobby")
    same((info.name, info.introduction, info.owner), ("Hall", "new", "bob"))
    members = {member.user_id: member for member in await root.members("lobby")}
    same(sorted(members), ["alice", "bob", "carol"])
    same((members["carol"].name_card, members["bob"].role), ("CC", Role.OWNER))
    same(list(await root.muted("lobby")), ["carol"])
    rows = [m for m in await root.history("lobby") if not m.tip]
    same(
        [(m.sender, m.state) for m in rows][-3:],
        [
            ("bob", MessageState.RECALLED),
            ("carol", MessageState.DELETED),
            ("alice", MessageState.AS_SENT),
        ],
    )
    same({row.group_id for row in await root.all_groups()}, {"lobby", "room"})
    same(ledger.of("create_group", 2), None)
    same(ledger.of("get_group_attr")["GroupAttrAry"], [{"key": "color", "value": "red"}])
    same((await root.attributes("room")), {})
    same([row["Role"] for row in ledger.of("get_mem_role_in_group")["UserIdList"]], ["Owner", "Admin", "NotMember"])
    same(ledger.of("get_joined_groups")["GroupIdList"], [{"GroupId": "lobby"}])
    same(ledger.of("import_group_members")["MemberList"], [{"Member_Account": "bob", "Result": 1}])
    same(ledger.of("import_message_to_group")["ImportMsgResult"][0]["MsgSeq"], 1)


async def test_timsdk(tmp_path: Path) -> None:
    async with back_end(tmp_path) as app, app.server.client("administrator") as root, app.server.client("bob") as bob:
        ledger = await called("timsdk", app)
        off = {f"sns.friend_{name}" for name in ("add", "import", "update", "delete", "delete_all", "check", "get")}
        off |= {"sns.friend_get_list", "sns.group_add", "sns.group_delete"}
        ledger.codes(dict.fromkeys(off, NOT_ENABLED) | {"open_msg_svc.get_history": 1004})
        await timsdk_users(ledger, root, bob)
        await timsdk_groups(ledger, root)
        ledger.show()


async def timsdk_users(ledger: Ledger, root: Client, bob: Client) -> None:
    """Accounts, one-to-one messages, profiles, lists and mutes, read back over frames."""
    same = ledger.same
    profile = await root.profile("alice")
    same((profile.nickname, profile.face_url), ("Alice", "https://f/a"))
    accounts = {row.user_id: row for row in await root.query_accounts(["bob", "carol", "dora", "gone"])}
    same([row.imported for row in accounts.values()], [True, True, True, False])
    same(accounts["dora"].valid_from_ms > 0, True, "its UserSigs are invalidated")
    found = await bob.history(User("alice"))
    same([(m.text, m.state) for m in found], [("", MessageState.RECALLED), ("three", MessageState.AS_SENT)])
    same([m.text for m in await bob.history(User("administrator"))], ["two"])
    same([(m.sender, m.text) for m in await root.history(User("dora", "carol"))], [("carol", "old")])
    same(ledger.of("open_im.query_state")["QueryResult"], [{"To_Account": "alice", "State": "Offline"}])
    [row] = ledger.of("profile.portrait_get")["UserProfileItem"]
    same(row["ProfileItem"], [{"Tag": "Tag_Profile_IM_Nick", "Value": "Alice"}])
    same(await root.user_list(UserList.BLACK, user_id="alice"), ["dora"])
    same([row["To_Account"] for row in ledger.of("sns.black_list_get")["BlackListItem"]], ["dora"])
    relations = [row["Relation"] for row in ledger.of("sns.black_list_check")["BlackListCheckItem"]]
    same(relations, ["BlackCheckResult_Type_AWithB", "BlackCheckResult_Type_NO"])
    for scope in (MuteScope.GROUPS, MuteScope.ONE_TO_ONE):
        same(list(await root.muted_everywhere(scope)), ["dora"])
    same(ledger.of("open_config_svr.get_no_speaking")["GroupmsgNospeakingTime"], 4294967295)
    same(len(ledger.of("open_config_svr.get_app_info")["Result"]), 1)


async def timsdk_groups(ledger: Ledger, root: Client) -> None:
    """Groups, read back over frames."""
    same, svc = ledger.same, "group_open_http_svc"
    [row] = await root.all_groups()
    lobby = ledger.of(f"{svc}.create_group")["GroupId"]
    same(row.group_id, lobby)
    info = await root.info(lobby)
    same((info.name, info.introduction, info.owner), ("Hall", "i", "bob"))
    members = {member.user_id: member for member in await root.members(lobby)}
    same(sorted(members), ["alice", "bob", "carol"])
    same(members["carol"].name_card, "CC")
    silent = [row["Member_Account"] for row in ledger.of(f"{svc}.get_group_shut_uin")["ShuttedUinList"]]
    same((silent, list(await root.muted(lobby))), (["bob", "carol"], ["carol"]), "the new owner is muted no more")
    rows = [m for m in await root.history(lobby) if not m.tip]
    same([(m.sender, m.state.name) for m in rows][-2:], [("administrator", "AS_SENT"), ("administrator", "RECALLED")])
    same(
        [row["Role"] for row in ledger.of(f"{svc}.get_role_in_group")["UserIdList"]], ["Owner", "Member", "NotMember"]
    )
    same(ledger.of(f"{svc}.get_app_id_group_list")["TotalCount"], 2)
    same(ledger.of(f"{svc}.import_group_msg")["ImportMsgResult"][0]["MsgSeq"], 1)
    same(ledger.of(f"{svc}.get_joined_group_list")["GroupIdList"], [{"GroupId": lobby}])
    same(len(ledger.of(f"{svc}.get_group_member_info")["MemberList"]), 3)
