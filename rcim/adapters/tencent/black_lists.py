"""Black lists: whom a user does not want to hear of (SC-07)."""

from __future__ import annotations

from rcim.adapters.tencent.codes import RELATIONS
from rcim.adapters.tencent.command import Call, Json, batches, command
from rcim.base.errors import RcimError
from rcim.base.terms import UserList
from rcim.service import requests
from rcim.service.results import Done, Listed

AT_ONCE = 1000
PAGE_MAX = 1000
SINGLE, BOTH = "BlackCheckResult_Type_Single", "BlackCheckResult_Type_Both"


@command(RELATIONS, "sns/black_list_add")
async def black_list_add(call: Call) -> Json:
    """Puts users on a user's black list; each has its own result (SC-07)."""
    return await _change(call, add=True)


@command(RELATIONS, "sns/black_list_delete")
async def black_list_delete(call: Call) -> Json:
    """Takes users off a user's black list; each has its own result (SC-07)."""
    return await _change(call, add=False)


async def _change(call: Call, *, add: bool) -> Json:
    """Change the list in steps of as many users as the service takes. Users of a step that fails have its code."""
    owner = call.fields.account("From_Account")
    users = call.fields.accounts("To_Account", AT_ONCE)
    items: list[Json] = []
    for some in batches(users):
        code, info = 0, ""
        change = requests.UserListChange(
            UserList.BLACK, add=some if add else (), remove=() if add else some, user_id=owner
        )
        try:
            await call.ask(change, Done)
        except RcimError as error:
            code, info = call.code_of(error), error.detail
        items += [{"To_Account": user, "ResultCode": code, "ResultInfo": info} for user in some]
    return _with_failures("ResultItem", items)


@command(RELATIONS, "sns/black_list_get")
async def black_list_get(call: Call) -> Json:
    """A page of a user's black list, from position `StartIndex`; the answer's StartIndex is 0 at its end (SC-07)."""
    fields = call.fields
    owner = fields.account("From_Account")
    start, most = fields.number("StartIndex"), fields.number("MaxLimited", most=PAGE_MAX)
    fields.number("LastSequence")
    if not most:
        raise fields.refuse("MaxLimited", "has to be at least 1")
    listed = await _black_list(call, owner)
    page = listed[start : start + most]
    after = start + len(page)
    return {
        "BlackListItem": [{"To_Account": user, "AddBlackTimeStamp": 0} for user in page],
        "StartIndex": after if after < len(listed) else 0,
        "CurruentSequence": 0,
    }


@command(RELATIONS, "sns/black_list_check")
async def black_list_check(call: Call) -> Json:
    """Whether users are on a user's black list, and, with the type Both, the user on theirs (SC-07)."""
    fields = call.fields
    owner = fields.account("From_Account")
    users = fields.accounts("To_Account", AT_ONCE)
    fields.text("CheckType")
    both = fields.choice("CheckType", {SINGLE: False, BOTH: True}, default=False)
    own = set(await _black_list(call, owner))
    items: list[Json] = []
    for user in users:
        theirs = both and owner in await _black_list(call, user)
        items.append(
            {"To_Account": user, "Relation": _relation(user in own, theirs), "ResultCode": 0, "ResultInfo": ""}
        )
    return _with_failures("BlackListCheckItem", items)


def _relation(own: bool, theirs: bool) -> str:
    """The vendor's word: A is who is asked about, B the other."""
    if own:
        return "BlackCheckResult_Type_BOTH" if theirs else "BlackCheckResult_Type_AWithB"
    return "BlackCheckResult_Type_BWithA" if theirs else "BlackCheckResult_Type_NO"


async def _black_list(call: Call, owner: str) -> list[str]:
    """All of a user's black list, by user id: the service bounds it."""
    found: list[str] = []
    cursor = ""
    while True:
        page = await call.ask(requests.UserListGet(UserList.BLACK, cursor=cursor, user_id=owner), Listed)
        found += page.entries
        cursor = page.next
        if not cursor:
            return found


def _with_failures(name: str, items: list[Json]) -> Json:
    failed = [item["To_Account"] for item in items if item["ResultCode"]]
    return {name: items} | ({"Fail_Account": failed} if failed else {})
