"""Accounts: import, delete, look up, log out everywhere (ID-09)."""

from __future__ import annotations

from rcim.adapters.tencent.codes import ACCOUNT, USER_UNKNOWN
from rcim.adapters.tencent.command import Call, Fields, Json, TencentError, command
from rcim.base.terms import AddResult
from rcim.service import requests
from rcim.service.results import Accounts, Added, Invalidated

AT_ONCE = 100
"""Accounts in one request, as the vendor has it."""
PER_S = 100


@command(ACCOUNT, "im_open_login_svc/account_import")
async def account_import(call: Call) -> Json:
    """Imports one account; a repeat changes its nickname and face (ID-09)."""
    account = _account(call.fields, _named(call.fields))
    imported = await call.ask(requests.AdminAccountsImport([account]), Added)
    if imported.results[0][1] is AddResult.FAILED:
        raise TencentError(call.family.server, f"{account.user_id} was not imported; try again")
    return {}


@command(ACCOUNT, "im_open_login_svc/multiaccount_import", per_s=PER_S)
async def multiaccount_import(call: Call) -> Json:
    """Imports accounts: `AccountList` of objects, or `Accounts` of ids alone (ID-09). All are checked before the first
    is imported."""
    fields = call.fields
    if "AccountList" in fields:
        rows = fields.objects("AccountList", AT_ONCE, 1)
        accounts = [_account(row, "UserID") for row in rows]
    else:
        accounts = [requests.Account(user_id, "") for user_id in fields.accounts("Accounts", AT_ONCE)]
    imported = await call.ask(requests.AdminAccountsImport(accounts), Added)
    failed = [user_id for user_id, result in imported.results if result is AddResult.FAILED]
    return {"FailAccounts": failed}


@command(ACCOUNT, "im_open_login_svc/account_delete", per_s=PER_S)
async def account_delete(call: Call) -> Json:
    """Deletes accounts: they are logged out and leave their groups; each has its own result (ID-09)."""
    deleted = await call.ask(requests.AdminAccountsDelete(_users(call.fields, "DeleteItem")), Added)
    codes = {AddResult.ADDED: 0, AddResult.ALREADY: USER_UNKNOWN}
    return {"ResultItem": [_result(user, codes.get(result, call.family.server)) for user, result in deleted.results]}


@command(ACCOUNT, "im_open_login_svc/account_check", per_s=PER_S)
async def account_check(call: Call) -> Json:
    """Says which users have an account (ID-09)."""
    found = await call.ask(requests.AdminAccountsQuery(_users(call.fields, "CheckItem")), Accounts)
    return {
        "ResultItem": [
            _result(row.user_id, 0) | {"AccountStatus": "Imported" if row.known else "NotImported"}
            for row in found.rows
        ]
    }


@command(ACCOUNT, "im_open_login_svc/kick")
async def kick(call: Call) -> Json:
    """Logs a user out everywhere; UserSigs of before are refused from now on (ID-09)."""
    user_id = call.fields.account(_named(call.fields))
    known = await call.ask(requests.AdminAccountsQuery([user_id]), Accounts)
    if not known.rows[0].known:
        raise TencentError(USER_UNKNOWN, f"there is no account {user_id}")
    await call.ask(requests.AdminAccountInvalidate(user_id), Invalidated)
    return {}


def _named(fields: Fields) -> str:
    """The name of the field with the user: `UserID`, or `Identifier` as of old."""
    return "Identifier" if "Identifier" in fields and "UserID" not in fields else "UserID"


def _account(fields: Fields, name: str) -> requests.Account:
    return requests.Account(fields.account(name), fields.text("Nick", ""), fields.text("FaceUrl", ""))


def _users(fields: Fields, name: str) -> list[str]:
    """The users of a list of objects, each once."""
    return list(dict.fromkeys(row.account("UserID") for row in fields.objects(name, AT_ONCE, 1)))


def _result(user_id: str, code: int) -> Json:
    info = {0: "", USER_UNKNOWN: "there is no such account"}.get(code, "not done; try again")
    return {"UserID": user_id, "ResultCode": code, "ResultInfo": info}
