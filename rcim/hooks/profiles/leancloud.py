"""The form of LeanCloud's hooks (CB-02 to CB-04, ID-07): functions of the app's engine, called by their names.

A hook is `POST {engine}/1.1/functions/{hook}` with its parameters as JSON; what the function returns is the `result` of
the answer. The master key and the hook key go in headers. A hook that the engine has not defined is not called
(discovery.py). The hook of service conversations is an array of JSON, posted to a URL of its own.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rcim.actor.before_callbacks import BeforeCallback
from rcim.actor.callback_verdicts import ALLOWED, CallbackVerdict
from rcim.actor.commands import AlterMessage, SendMessage
from rcim.actor.events import AnyEvent
from rcim.base.limits import Limits
from rcim.content.leancloud_json import from_leancloud
from rcim.content.vendor_json import is_text
from rcim.hooks.discovery import DefinedHooks
from rcim.hooks.profile import Callback, Facts, Json
from rcim.hooks.profiles.answers import body_of, refusal
from rcim.hooks.profiles.leancloud_notices import MEMBERS_MAX, ChatRoom, notices_of
from rcim.hooks.profiles.leancloud_questions import fields_of
from rcim.hooks.profiles.leancloud_updates import update_verdict
from rcim.hooks.profiles.table import LEANCLOUD, WEB_HOOK
from rcim.rules.conversation_kinds import PAIR, kind_of
from rcim.web.client import BadAnswer, WebAnswer, WebClient, WebRequest

FUNCTIONS = "/1.1/functions/"
LIST_OF_HOOKS = "_ops/metadatas"
SIGN = "_rtmClientSign"
UPDATE = "_conversationUpdate"
OF_MESSAGES = ("_messageReceived", "_messageUpdate")
_NAMES = {kind: name for name, kinds in LEANCLOUD.before.items() for kind in kinds}


class Engine:
    """Where the app's engine is, and what it lets in."""

    def __init__(self, url: str, app_id: str, master_key: str, hook_key: str) -> None:
        self._url = url
        self._headers = {
            "Content-Type": "application/json",
            "X-LC-Id": app_id,
            "X-LC-Key": f"{master_key},master",
            "X-LC-Hook-Key": hook_key,
        }

    def call(self, function: str, fields: Json, url: str = "") -> WebRequest:
        """The request that calls a function; `url`: of the engine that has it, if not of this one."""
        body = json.dumps(fields).encode()
        return WebRequest((url or self._url).rstrip("/") + FUNCTIONS + function, body, self._headers)

    def defined_hooks(self, client: WebClient) -> DefinedHooks:
        """Which hooks it has."""
        return DefinedHooks(self.call(LIST_OF_HOOKS, {}), client)


class LeanCloudProfile:
    """See the module's text. `hooks` are those that are defined."""

    before = LEANCLOUD.before
    after = LEANCLOUD.after

    def __init__(self, engine: Engine, hooks: DefinedHooks, limits: Limits, chat_room: ChatRoom) -> None:
        self._engine = engine
        self._hooks = hooks
        self._limits = limits
        self._chat_room = chat_room

    def asks(self, ask: BeforeCallback) -> bool:
        """About what its engine has a hook for."""
        return self._hooks.has(_NAMES[ask.kind])

    def members_for(self, ask: BeforeCallback) -> int:
        """Those who get a message, but in a chat room, and where the question names them itself."""
        if isinstance(ask.command, SendMessage):
            options = ask.command.extra
        elif isinstance(ask.command, AlterMessage) and ask.message is not None:
            options = ask.message.extra
        else:
            return 0
        named = kind_of(ask.key) is PAIR or (options is not None and options.to)
        return 0 if named or self._chat_room(ask.type) else MEMBERS_MAX

    def question(self, ask: BeforeCallback, members: Sequence[str] = ()) -> Callback:
        """The hook that is called to ask."""
        return Callback(_NAMES[ask.kind], fields_of(ask, members))

    def verdict(self, answer: WebAnswer, asked: Callback) -> CallbackVerdict:
        """What the hook has returned; for one that is not defined, nothing. Raises BadAnswer."""
        if _is_undefined(answer):
            return ALLOWED
        result = result_of(answer)
        if asked.command == SIGN:
            return _signed(result)
        if result is None:
            return ALLOWED
        if not isinstance(result, dict):
            raise BadAnswer("the result is no JSON object")
        if result.get("drop" if asked.command in OF_MESSAGES else "reject"):
            return refusal(result.get("code"), result.get("detail"))
        if asked.command == UPDATE:
            return update_verdict(result, asked.fields["attr"])
        if asked.command not in OF_MESSAGES or asked.fields.get("recall"):
            return ALLOWED
        return self._changed(result, asked.fields)

    def _changed(self, result: Json, asked: Json) -> CallbackVerdict:
        """A message goes on, as the hook has changed it. Raises BadAnswer."""
        body = None
        content, binary = result.get("content"), bool(result.get("bin", asked["bin"]))
        if content is not None and (content, binary) != (asked["content"], asked["bin"]):
            if not is_text(content):
                raise BadAnswer("content is no text")
            body = body_of(self._limits, "content", lambda: from_leancloud(content, binary=binary))
        peers = result.get("toPeers")
        if peers is None:
            return CallbackVerdict(body=body)
        if not isinstance(peers, list) or not all(map(is_text, peers)):
            raise BadAnswer("toPeers is no list of users")
        named = set(peers)
        left = tuple(user for user in asked["toPeers"] if user in named)  # a hook leaves receivers out, and adds none
        if len(left) == len(asked["toPeers"]):
            return CallbackVerdict(body=body)
        return CallbackVerdict(body=body, to=left) if left else CallbackVerdict(drop=True)

    async def notices(self, event: AnyEvent, facts: Facts) -> Sequence[Callback]:
        """The hooks that are called to tell of the event, as far as they are defined."""
        await self._hooks.looked()
        found = await notices_of(event, facts, self._chat_room)
        return [one for one in found if one.command == WEB_HOOK or self._hooks.has(one.command)]

    def request(self, url: str, callbacks: Sequence[Callback]) -> WebRequest:
        """The request that calls a hook, or carries messages to service conversations."""
        if callbacks[0].command == WEB_HOOK:
            rows = [row for callback in callbacks for row in callback.fields["rows"]]
            body = json.dumps(rows).encode()
            return WebRequest(url, body, {"Content-Type": "application/json"})
        (callback,) = callbacks
        return self._engine.call(callback.command, callback.fields, url)


def result_of(answer: WebAnswer) -> Any:
    """What a function has returned; None: nothing. Raises BadAnswer."""
    if answer.status != 200:
        raise BadAnswer(f"HTTP status {answer.status}")
    found = answer.json()
    if not isinstance(found, dict):
        raise BadAnswer("it is no JSON object")
    return found.get("result")


def _is_undefined(answer: WebAnswer) -> bool:
    """True if the engine has said that it has no such function."""
    if answer.status != 404:
        return False
    found = answer.json()
    return isinstance(found, dict) and "code" in found and "error" in found


def _signed(result: Any) -> CallbackVerdict:
    """A login: the hook returns true or false, or an object that has it as `result`, and why as `error`. Raises
    BadAnswer."""
    error = None
    if isinstance(result, dict):
        result, error = result.get("result"), result.get("error")
    if not isinstance(result, bool):
        raise BadAnswer("the result is neither true nor false")
    return ALLOWED if result else refusal(None, error)
