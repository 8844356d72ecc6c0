"""rcim-admin callback-echo answers each profile so that it is understood (CB-01, CB-03)."""

from __future__ import annotations

import asyncio
import json

import pytest
from rcim_tools.admin.echo import ANSWERS, REPLACED, _receive

from rcim.actor.callback_verdicts import CallbackVerdict
from rcim.base.limits import DEFAULTS
from rcim.content.elements import Text, decode_body
from rcim.hooks.profile import Profile
from rcim.hooks.profiles.tencent import TencentProfile
from rcim.hooks.profiles.webhooks import WebhooksProfile
from rcim.web.client import WebClient, WebRequest
from tests.kit import until
from tests.unit.test_vendor_profiles import asked, lean, rong, said, sending

PROFILES: dict[str, Profile] = {
    "tencent": TencentProfile(1, "", DEFAULTS),
    "rongcloud": rong(),
    "rcim": WebhooksProfile("", DEFAULTS),
}


def verdict(profile: str, answer: str) -> CallbackVerdict:
    made = lean() if profile == "leancloud" else PROFILES[profile]
    callback = made.question(asked(sending("hi")), ["alice", "bob"])
    return made.verdict(said(200, ANSWERS[answer]), callback)


@pytest.mark.parametrize("profile", ["tencent", "rongcloud", "leancloud", "rcim"])
async def test_each_profile_understands_the_answers(profile: str) -> None:
    assert verdict(profile, "allow") == CallbackVerdict()
    assert not verdict(profile, "refuse").allow
    assert verdict(profile, "drop").drop or (profile == "rongcloud" and not verdict(profile, "drop").allow)
    replaced = verdict(profile, "replace")
    assert replaced.body is not None and decode_body(replaced.body) == [Text(REPLACED)]


async def test_forms_are_shown_too(capsys: pytest.CaptureFixture[str]) -> None:
    echo = asyncio.create_task(_receive(ANSWERS["allow"], "127.0.0.1", 0, 2))
    printed: list[str] = []
    await until(lambda: printed.append(capsys.readouterr().err) or "".join(printed).endswith("/\n"))
    url = "".join(printed).strip().partition("=")[2] + "1.1/functions/_messageSent"
    client = WebClient(60_000, allow_private=True)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for body, headers in (
        (b"fromUserId=alice&content=%7B%7D", form),
        (b'{"a": 1}', {"Content-Type": "application/json"}),
    ):
        assert (await client.post(WebRequest(url, body, headers))).json()["pass"] == 1
    await client.close()
    await echo
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["body"] for row in rows] == [{"fromUserId": "alice", "content": "{}"}, {"a": 1}]
    assert [row["path"] for row in rows] == ["/1.1/functions/_messageSent"] * 2
