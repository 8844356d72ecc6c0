"""What the service could not do is said, in the form of each vendor's API, and never answered as done (AB-02)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rcim.actor.records import bare_profile
from rcim.adapters.rongcloud.codes import FAILED, WRONG_PARAMETER, RongError, refusal
from rcim.adapters.rongcloud.command import Call as RongCall
from rcim.adapters.rongcloud.command import RongApp
from rcim.adapters.rongcloud.form import Form
from rcim.adapters.rongcloud.table import BY_PATH
from rcim.adapters.tencent.codes import TencentError
from rcim.adapters.tencent.command import Call as TencentCall
from rcim.adapters.tencent.table import BY_NAME
from rcim.base.errors import NO_SUCH_GROUP, NOT_PERMITTED, OVERLOADED, STORE_UNAVAILABLE, RcimError
from rcim.base.terms import AddResult
from rcim.service import requests
from rcim.service.results import Added, GroupRow, GroupsPage, Sent, SystemSending, SystemSent

APP = RongApp("key", "secret", "RongGroup", False, "RongRoom", 60, 0, 480, True)
TEXT = {"objectName": "RC:TxtMsg", "content": '{"content":"hello"}'}


class Service:
    """A service that answers each request as the test says."""

    def __init__(self, answer: Callable[[Any], Any]) -> None:
        self._answer = answer
        self.asked: list[Any] = []
        self.back_ends = self

    def user_sig(self, user_id: str, lasts_s: int) -> str:
        return f"sig of {user_id}"

    def check(self, principal: object, request: Any) -> None:
        """Every request is as it has to be."""

    async def call(self, principal: object, request: Any) -> Any:
        self.asked.append(request)
        found = self._answer(request)
        if isinstance(found, RcimError):
            raise found
        return found


def all_fail(request: Any) -> Added:
    """Each user of the request fails, as when nothing can be written."""
    users = request.users if hasattr(request, "users") else [one.user_id for one in request.accounts]
    return Added([(user, AddResult.FAILED) for user in users])


async def rong(path: str, service: Service, **fields: Any) -> dict[str, Any]:
    form = Form({name: value if isinstance(value, list) else [value] for name, value in fields.items()})
    service_of_call: Any = service
    principal: Any = None
    return await BY_PATH[path].answer(RongCall(service_of_call, principal, APP, form, "localhost"))


async def tencent(name: str, service: Service, body: dict[str, Any]) -> dict[str, Any]:
    command = BY_NAME[name]
    service_of_call: Any = service
    principal: Any = None
    return await command.answer(TencentCall(service_of_call, principal, command.family, body))


async def test_an_account_that_was_not_imported_is_no_success() -> None:
    with pytest.raises(TencentError) as caught:
        await tencent("im_open_login_svc/account_import", Service(all_fail), {"UserID": "alice"})
    assert caught.value.code == 70500
    assert "alice" in caught.value.info
    many = {"Accounts": ["alice", "bob"]}
    found = await tencent("im_open_login_svc/multiaccount_import", Service(all_fail), many)
    assert found == {"FailAccounts": ["alice", "bob"]}


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/user/getToken", {"userId": "alice", "name": "Alice"}),
        ("/user/delusers", {"userId": "alice"}),
        ("/user/deactivate", {"userId": "alice"}),
        ("/user/tag/set", {"userId": "alice", "tags": ["vip"]}),
        ("/user/tag/batch/set", {"userIds": ["alice", "bob"], "tags": ["vip"]}),
    ],
)
async def test_what_failed_for_a_user_of_rongcloud_is_no_success(path: str, fields: dict[str, Any]) -> None:
    with pytest.raises(RongError) as caught:
        await rong(path, Service(all_fail), **fields)
    assert caught.value.code == FAILED
    assert "alice" in caught.value.text


def to_bob_alone(request: Any) -> SystemSent:
    return SystemSent(
        [
            SystemSending(user, 0, 1, 2, 3) if user == "bob" else SystemSending(user, STORE_UNAVAILABLE.number)
            for user in request.users
        ]
    )


async def test_a_system_message_says_whom_it_did_not_reach() -> None:
    fields: dict[str, Any] = {"fromUserId": "@SYS#news", "toUserId": ["alice", "bob"], **TEXT}
    found = await rong("/message/system/publish", Service(to_bob_alone), **fields)
    assert [one["userId"] for one in found["messageUIDs"]] == ["bob"]
    assert [(one["userId"], one["code"]) for one in found["failed"]] == [("alice", FAILED)]
    assert found["failed"][0]["errorMessage"] == f"STORE_UNAVAILABLE: {STORE_UNAVAILABLE.meaning}"
    template = fields | {"values": [{}, {}], "pushContent": ["", ""]}
    assert await rong("/message/system/publish_template", Service(to_bob_alone), **template) == found


async def test_a_system_message_that_reached_nobody_is_an_error() -> None:
    fields: dict[str, Any] = {"fromUserId": "@SYS#news", "toUserId": ["alice", "carol"], **TEXT}
    for answer in (to_bob_alone, lambda request: RcimError(NO_SUCH_GROUP)):
        with pytest.raises(RongError) as caught:
            await rong("/message/system/publish", Service(answer), **fields)
        assert caught.value.code == (FAILED if answer is to_bob_alone else WRONG_PARAMETER)


async def test_what_one_part_of_a_large_system_message_meets_does_not_hide_the_others() -> None:
    """The service takes 100 users at once; the message to the first hundred was sent."""
    users = [f"u{number}" for number in range(150)]

    def answer(request: Any) -> Any:
        if "u149" in request.users:
            return RcimError(OVERLOADED)
        return SystemSent([SystemSending(user, 0, 1, 2, 3) for user in request.users])

    found = await rong(
        "/message/system/publish", Service(answer), **{"fromUserId": "@SYS#news", "toUserId": users, **TEXT}
    )
    assert [one["userId"] for one in found["messageUIDs"]] == users[:100]
    assert [one["userId"] for one in found["failed"]] == users[100:]


ROOMS = GroupsPage(
    [
        GroupRow(bare_profile("RongRoom", group_id), member_num=0, newest_seq=0, info_seq=0, member=None)
        for group_id in ("room1", "room2", "room3")
    ],
    "",
)


@pytest.mark.parametrize(
    ("met", "code"), [(RcimError(STORE_UNAVAILABLE), FAILED), (RcimError(NOT_PERMITTED), WRONG_PARAMETER)]
)
async def test_a_room_that_a_broadcast_did_not_reach_is_an_error(met: RcimError, code: int) -> None:
    """The others get it all the same."""

    def answer(request: Any) -> Any:
        if isinstance(request, requests.AdminGroups):
            return ROOMS
        return met if request.conversation == "g:room1" else Sent(1, 2, 3, False)

    service = Service(answer)
    with pytest.raises(RcimError) as caught:
        await rong("/message/chatroom/broadcast", service, fromUserId="a", **TEXT)
    assert caught.value is met
    assert refusal(caught.value).code == code
    assert len([one for one in service.asked if isinstance(one, requests.Send)]) == 3


async def test_a_room_that_has_ended_meanwhile_is_no_error_of_a_broadcast() -> None:
    def answer(request: Any) -> Any:
        if isinstance(request, requests.AdminGroups):
            return ROOMS
        return RcimError(NO_SUCH_GROUP) if request.conversation == "g:room1" else Sent(1, 2, 3, False)

    assert await rong("/message/chatroom/broadcast", Service(answer), fromUserId="a", **TEXT) == {}
