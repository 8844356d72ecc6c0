"""Accounts (ID-09)."""

from __future__ import annotations

from rcim.adapters.tencent.codes import ACCOUNT
from rcim.adapters.tencent.command import Call, Json, command
from rcim.service import requests
from rcim.service.results import Added


@command(ACCOUNT, "im_open_login_svc/account_import")
async def account_import(call: Call) -> Json:
    """Imports one account; a repeat changes its nickname and face (ID-09)."""
    fields = call.fields
    name = "UserID" if "UserID" in fields else "Identifier"
    account = requests.Account(fields.account(name), fields.text("Nick", ""), fields.text("FaceUrl", ""))
    await call.ask(requests.AdminAccountsImport([account]), Added)
    return {}
