"""The profile `rcim` (CB-01, CB-03): bodies of our own form, signed by Standard Webhooks, and what the app answers."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from rcim_tools.event_examples import EXAMPLES, HISTORY, MESSAGE, kept
from standardwebhooks import Webhook, WebhookVerificationError

from rcim.actor import commands as c
from rcim.actor.before_callbacks import BeforeCallback, CallbackSubject, LogIn
from rcim.actor.before_kinds import BeforeKind
from rcim.actor.callback_verdicts import CallbackVerdict
from rcim.actor.ultra_commands import ListChannel
from rcim.app.settings.all_settings import SettingsError
from rcim.app.settings.sources import load
from rcim.base.limits import DEFAULTS
from rcim.base.terms import ApplyJoinOption, MessageState, Priority
from rcim.content.elements import Text, encode_body
from rcim.hooks.event_json import event_id
from rcim.hooks.profile import Callback
from rcim.hooks.profiles.table import PROFILES
from rcim.hooks.profiles.webhooks import WebhooksProfile
from rcim.web.client import BadAnswer, WebAnswer, WebRequest

OLD = "whsec_" + base64.b64encode(b"o" * 24).decode()
NEW = "whsec_" + base64.b64encode(b"n" * 32).decode()
OTHER = "whsec_" + base64.b64encode(b"x" * 24).decode()


def request_of(secrets: str, *callbacks: Callback) -> WebRequest:
    return WebhooksProfile(secrets, DEFAULTS).request("https://example.org/", callbacks)


async def noticed() -> Callback:
    (made,) = await WebhooksProfile("", DEFAULTS).notices(EXAMPLES[0], None)  # type: ignore[arg-type]
    return made._replace(id=f"{event_id(HISTORY, kept(EXAMPLES[0]))}-message.sent")


async def test_the_old_and_the_new_secret_sign() -> None:
    request = request_of(f"{OLD}\n{NEW}\n", await noticed())
    headers = dict(request.headers)
    for secret in (OLD, NEW):
        found = Webhook(secret).verify(request.body, headers)
        assert found["id"] == headers["webhook-id"] == "6a1f03-12-345" and found["type"] == "message.sent"
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(request.body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(OLD).verify(request.body.replace(b"hello", b"hullo"), headers)


async def test_several_in_one_request_and_none_signed() -> None:
    one = await noticed()
    request = request_of("", one, one._replace(id="6a1f03-12-346-message.sent"))
    assert "webhook-signature" not in request.headers and request.headers["webhook-id"] == "6a1f03-12-345+1"
    body = json.loads(request.body)
    assert body["type"] == "batch" and [event["id"] for event in body["events"]] == ["6a1f03-12-345", "6a1f03-12-346"]


BODY = encode_body([Text("hi")])
CREATE = c.CreateGroup(
    "alice",
    False,
    "g",
    "Public",
    "Chess",
    "",
    "",
    "",
    ApplyJoinOption.FREE_ACCESS,
    ["bob"],
    "alice",
    attributes=b'{"a":1}',
)
SUBJECTS: dict[BeforeKind, CallbackSubject | LogIn] = {
    BeforeKind.SEND: c.SendMessage("alice", False, "Alice", "", "c1", Priority.NORMAL, BODY),
    BeforeKind.SEND_IN_PAIR: c.SendMessage("alice", False, "Alice", "", "c1", Priority.NORMAL, BODY),
    BeforeKind.EDIT: c.AlterMessage("alice", False, 7, MessageState.EDITED, BODY),
    BeforeKind.EDIT_IN_PAIR: c.AlterMessage("alice", False, 7, MessageState.EDITED, BODY),
    BeforeKind.RECALL: c.AlterMessage("alice", False, 7, MessageState.RECALLED),
    BeforeKind.RECALL_IN_PAIR: c.AlterMessage("alice", False, 7, MessageState.RECALLED),
    BeforeKind.CREATE: CREATE,
    BeforeKind.APPLY: c.JoinGroup("carol", False, "", "please"),
    BeforeKind.INVITE: c.InviteUsers("alice", False, ["carol"]),
    BeforeKind.REMOVE: c.KickMembers("alice", False, ["bob"], "bye"),
    BeforeKind.UPDATE: c.EditGroup(
        "alice", False, {"name": "New"}, None, 10, (("f", b"v"),), b'{"b":2}', (("b.c", b"3"), ("b.d", b""))
    ),
    BeforeKind.CREATE_CHANNEL: ListChannel("alice", False, "news", "News"),
    BeforeKind.LOGIN: LogIn("alice", False),
}


def asked(kind: BeforeKind, command: CallbackSubject | None = None) -> dict[str, Any]:
    """What the app gets; its signature is good."""
    where = {"group_id": "g", "type": "Public", "key": "g:g"}
    if kind is BeforeKind.LOGIN:
        where = {"group_id": "", "type": ""}
    ask = BeforeCallback(number=1, kind=kind, command=command or SUBJECTS[kind], message=MESSAGE, **where)
    profile = WebhooksProfile(NEW, DEFAULTS)
    callback = profile.question(ask)
    assert callback.command in PROFILES["rcim"].before
    request = profile.request("https://example.org/", [callback])
    found: dict[str, Any] = Webhook(NEW).verify(request.body, dict(request.headers))
    assert found["id"].startswith("ask-")
    return found


def test_everything_that_may_be_asked_has_a_name() -> None:
    names = PROFILES["rcim"]
    assert {kind for kinds in names.before.values() for kind in kinds} == set(BeforeKind) == set(SUBJECTS)
    for kind in set(BeforeKind) - {BeforeKind.LOGIN}:
        found = asked(kind)
        assert found["data"]["conversation"] == {"id": "g:g", "kind": "group", "type": "Public"}
        assert (found["key"], found["data"]["operator"]) == ("g:g", SUBJECTS[kind].by)
    spec = (Path(__file__).parents[2] / "protocol-spec/events.md").read_text(encoding="utf-8")
    assert [name for name in names.before if f"| `{name}` |" not in spec] == []


def test_a_login_is_about_no_conversation() -> None:
    found = asked(BeforeKind.LOGIN)
    assert (found["key"], found["data"]) == (
        "alice",
        {"operator": "alice", "platform": None, "address": ""},
    )


def test_what_is_asked() -> None:
    message = asked(BeforeKind.SEND)["data"]["message"]
    assert message["body"] == [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "hi"}}]
    recall = asked(BeforeKind.RECALL)["data"]
    assert (recall["state"], recall["seq"], recall["message"]["sender"]) == ("recalled", 7, "alice")
    update = asked(BeforeKind.UPDATE)["data"]
    assert update["changes"] == {
        "name": "New",
        "max_member_num": 10,
        "fields": {"f": "v"},
        "attributes": {"b": 2},
        "attribute_changes": {"b.c": 3, "b.d": None},
    }
    mute = asked(BeforeKind.UPDATE, c.MuteAll("alice", False, True, ["bob"]))["data"]
    assert mute["changes"] == {"mute_all": True, "speakers": ["bob"]} and mute["what"] == ["mute_all"]
    assert asked(BeforeKind.REMOVE, c.BlockUsers("alice", False, ["bob"], 60, ""))["data"]["blocked"] is True
    assert asked(BeforeKind.CREATE)["data"]["attributes"] == {"a": 1}


def verdict(body: bytes, status: int = 200) -> CallbackVerdict:
    return WebhooksProfile("", DEFAULTS).verdict(WebAnswer(status, {}, body), Callback("before.message.send", {}))


def test_what_the_app_answers() -> None:
    assert verdict(b"{}") == verdict(b"", 204) == CallbackVerdict()
    assert verdict(b'{"drop": true}').drop
    assert verdict(b'{"allow": false}') == CallbackVerdict(allow=False)
    refused = verdict(b'{"allow": false, "code": 10123, "text": "not today"}')
    assert (refused.code, refused.text) == (10123, "not today")
    body = [{"MsgType": "TIMTextElem", "MsgContent": {"Text": "better"}}]
    changed = verdict(json.dumps({"body": body, "cloud_data": "x", "refused": ["bob"]}).encode())
    assert changed == CallbackVerdict(body=encode_body([Text("better")]), cloud_data=b"x", refused=("bob",))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{}", 500),
        (b"[]", 200),
        (b"no", 200),
        (b'{"allow": 1}', 200),
        (b'{"allow": false, "code": 5}', 200),
        (b'{"allow": false, "text": 5}', 200),
        (b'{"refused": "bob"}', 200),
        (b'{"body": [{"MsgType": "none"}]}', 200),
        (b'{"cloud_data": "' + b"x" * 100_000 + b'"}', 200),
    ],
)
def test_answers_that_mean_nothing(body: bytes, status: int) -> None:
    with pytest.raises(BadAnswer):
        verdict(body, status)


def test_the_settings(tmp_path: Path) -> None:
    flags = ("callbacks.url=https://example.org", "callbacks.profile=rcim", "callbacks.commands=message.sent")
    file = tmp_path / "secrets"
    file.write_text(f"{OLD}\n{NEW}\n", encoding="utf-8")
    made = load(None, {}, (*flags, f"callbacks.secrets_file={file}"))
    assert made.callbacks.secrets.split() == [OLD, NEW] and OLD not in repr(made)
    for wrong in ("whsec_short", OLD.removeprefix("whsec_"), " ".join([OLD] * 11)):
        with pytest.raises(SettingsError) as error:
            load(None, {"RCIM__CALLBACKS__SECRETS": wrong}, flags)
        assert wrong not in str(error.value) and "RCIM__CALLBACKS__SECRETS" in str(error.value)
    with pytest.raises(SettingsError, match="only the profile rcim"):
        load(None, {"RCIM__CALLBACKS__SECRETS": OLD}, flags[:1])
